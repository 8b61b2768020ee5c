INSERT INTO blobs (tenant_id, id, object_key, bytes, sha256, created_at)
VALUES ('t1', 'b1', 'one', 1, 'hash', 1), ('t1', 'b2', 'two', 2, 'hash', 1);
INSERT INTO outputs (tenant_id, job_id, part, chunk, epoch, blob_id, row_count, created_at)
VALUES ('t1', 'j1', 'good', 0, 1, 'b1', 3, 1);
