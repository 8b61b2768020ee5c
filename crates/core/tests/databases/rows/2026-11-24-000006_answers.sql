INSERT INTO answers (tenant_id, route, idem_key, body_sha256, status, location, body, expires_at)
VALUES ('t1', 'POST /sources', 'key', 'hash', 202, '/api/v1/jobs/j1', '{}', 9);
