-- A file that is not named here is an orphan.
CREATE TABLE blobs (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL,
    object_key TEXT NOT NULL UNIQUE,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- What a job wrote, chunk by chunk. Listed only once the job has succeeded.
CREATE TABLE outputs (
    tenant_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    part TEXT NOT NULL,
    chunk BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    blob_id TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, job_id, part, chunk),
    UNIQUE (tenant_id, blob_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id),
    FOREIGN KEY (tenant_id, blob_id) REFERENCES blobs (tenant_id, id)
);
