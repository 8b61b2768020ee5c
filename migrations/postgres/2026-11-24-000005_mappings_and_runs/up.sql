CREATE TABLE mappings (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);

CREATE TABLE mapping_versions (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    mapping_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    source_version_id TEXT NOT NULL,
    target_version_id TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    approved_by TEXT,
    approved_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, mapping_id, number),
    FOREIGN KEY (tenant_id, mapping_id) REFERENCES mappings (tenant_id, id),
    FOREIGN KEY (tenant_id, source_version_id) REFERENCES source_versions (tenant_id, id),
    FOREIGN KEY (tenant_id, target_version_id) REFERENCES target_versions (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id),
    FOREIGN KEY (tenant_id, approved_by) REFERENCES users (tenant_id, id)
);

-- Who decided what, and when: one row for each edit that led to a version.
CREATE TABLE mapping_decisions (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    mapping_version_id TEXT NOT NULL,
    field TEXT NOT NULL,
    verdict TEXT NOT NULL,
    rule TEXT NOT NULL,
    note TEXT,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mapping_version_id) REFERENCES mapping_versions (tenant_id, id),
    FOREIGN KEY (tenant_id, decided_by) REFERENCES users (tenant_id, id)
);

CREATE INDEX mapping_decisions_by_version ON mapping_decisions (tenant_id, mapping_version_id);

CREATE TABLE runs (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    mapping_version_id TEXT NOT NULL,
    source_version_id TEXT NOT NULL,
    format TEXT NOT NULL,
    max_rejects BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, job_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id),
    FOREIGN KEY (tenant_id, mapping_version_id) REFERENCES mapping_versions (tenant_id, id),
    FOREIGN KEY (tenant_id, source_version_id) REFERENCES source_versions (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id)
);

CREATE INDEX runs_by_mapping ON runs (tenant_id, mapping_version_id);

-- What people decided before, as evidence for the next proposal.
CREATE TABLE memory_decisions (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    field TEXT NOT NULL,
    source_column TEXT NOT NULL,
    verdict TEXT NOT NULL,
    rule TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, target_name, field, source_column),
    FOREIGN KEY (tenant_id, decided_by) REFERENCES users (tenant_id, id)
);
