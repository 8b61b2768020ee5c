-- A hint names a job by its id alone, so that is the key here; everybody else asks by tenant and id.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    kind TEXT NOT NULL,
    class TEXT NOT NULL,
    priority INTEGER NOT NULL,
    payload TEXT NOT NULL,
    traceparent TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    run_at BIGINT NOT NULL,
    dispatched_at BIGINT,
    lease_owner TEXT,
    lease_until BIGINT,
    cancel_requested BOOLEAN NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    checkpoint TEXT,
    progress TEXT,
    outcome TEXT,
    failure TEXT,
    events BIGINT NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);

CREATE INDEX jobs_by_state ON jobs (tenant_id, state, id);
CREATE INDEX jobs_in_service ON jobs (class, tenant_id) WHERE state IN ('dispatched', 'running');

CREATE TABLE job_events (
    job_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    tenant_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (job_id, seq),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id)
);

-- One row for each job whose hint has to be published; published is deleted.
CREATE TABLE outbox (
    job_id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    class TEXT NOT NULL,
    priority INTEGER NOT NULL,
    epoch BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id)
);

CREATE INDEX outbox_by_tenant ON outbox (class, tenant_id, priority DESC, due_at);

-- Whose turn it is: virtual times of the fair queue, one row for each tenant that was ever served.
CREATE TABLE turns (
    class TEXT NOT NULL,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    started BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    PRIMARY KEY (class, tenant_id)
);

CREATE TABLE worker_slots (
    worker TEXT NOT NULL,
    class TEXT NOT NULL,
    slots INTEGER NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (worker, class)
);

CREATE TABLE idempotency_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    route TEXT NOT NULL,
    idem_key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    job_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, route, idem_key),
    -- The key is taken before the job is written, so that of two requests one waits for the other.
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
