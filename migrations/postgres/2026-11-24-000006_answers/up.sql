-- What was answered to a request with an idempotency key, so that its repetition gets the same.
CREATE TABLE answers (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    route TEXT NOT NULL,
    idem_key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    status INTEGER NOT NULL,
    location TEXT,
    body TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, route, idem_key)
);

CREATE INDEX answers_by_expiry ON answers (expires_at);
