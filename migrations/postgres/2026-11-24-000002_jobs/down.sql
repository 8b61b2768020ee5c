DROP TABLE idempotency_keys;
DROP TABLE worker_slots;
DROP TABLE turns;
DROP TABLE outbox;
DROP TABLE job_events;
DROP TABLE jobs;
