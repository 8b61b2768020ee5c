INSERT INTO jobs (id, tenant_id, kind, class, priority, payload, created_by, created_at, state, epoch,
    attempt, max_attempts, crashes, run_at, lease_owner, lease_until, cancel_requested, events)
VALUES ('j1', 't1', 'run', 'batch', 0, '{}', 'u1', 1, 'running', 1, 1, 5, 0, 1, 'w1', 9, FALSE, 1),
       ('j2', 't2', 'read', 'interactive', 0, '{}', 'u2', 1, 'queued', 0, 0, 5, 0, 1, NULL, NULL, FALSE, 1);
INSERT INTO job_events (job_id, seq, tenant_id, epoch, kind, body, at)
VALUES ('j1', 1, 't1', 0, 'accepted', '{}', 1);
INSERT INTO outbox (job_id, tenant_id, class, priority, epoch, due_at, tries)
VALUES ('j2', 't2', 'interactive', 0, 0, 1, 0);
INSERT INTO turns (class, tenant_id, started, finished) VALUES ('batch', 't1', 0, 1000000);
INSERT INTO worker_slots (worker, class, slots, seen_at) VALUES ('w1', 'batch', 2, 1);
INSERT INTO idempotency_keys (tenant_id, route, idem_key, body_sha256, job_id, expires_at)
VALUES ('t1', 'runs', 'key', 'hash', 'j1', 9);
