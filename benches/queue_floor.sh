#!/usr/bin/env bash
# The least that the parts of the job system take for a job, in processor time of theirs: what no design over them
# can go below. Its figures are in docs/operations.md.
#
#   bash benches/queue_floor.sh [JOBS]        default: 16,000
#
# PostgreSQL with fsync: a row and its place in the outbox as one statement, over 16 connections; then
# published, claimed and ended fifty at a time. No events, no foreign keys, no turns, no index but the key.
# RabbitMQ: one persistent message through a quorum queue, published with confirmations, delivered and
# acknowledged, 200 under way.
# Needs Python's venv; both servers come from deploy/dev and are gone at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${1:-16000}
target=${CARGO_TARGET_DIR:-target}
venv=$target/queue-floor-venv
if [ ! -e "$venv/complete" ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet pika==1.3.2
    touch "$venv/complete"
fi

postgres=
rabbitmq=
scripts=$(mktemp -d)
# shellcheck disable=SC2329
end() {
    if [ -n "$postgres" ]; then bash deploy/dev/postgres.sh stop "$postgres"; fi
    if [ -n "$rabbitmq" ]; then bash deploy/dev/rabbitmq.sh stop "$rabbitmq"; fi
    rm -rf "$scripts"
}
trap end EXIT
started=$(bash deploy/dev/postgres.sh start fsync=on)
postgres=${started%%$'\t'*}
postgres_url=${started#*$'\t'}
started=$(bash deploy/dev/rabbitmq.sh start)
rabbitmq=${started%%$'\t'*}
rabbitmq_url=${started#*$'\t'}

psql --quiet --no-psqlrc "$postgres_url" <<'SQL'
CREATE SEQUENCE ids;
CREATE TABLE jobs (id bigint PRIMARY KEY, payload text NOT NULL, state smallint NOT NULL, epoch bigint NOT NULL,
    owner bigint, lease bigint, result text) WITH (fillfactor = 50);
CREATE TABLE outbox (id bigint PRIMARY KEY);
SQL
cat >"$scripts/accept" <<'SQL'
WITH job AS (INSERT INTO jobs VALUES (nextval('ids'), '{"kind":"run","format":"csv"}', 0, 0) RETURNING id)
    INSERT INTO outbox SELECT id FROM job;
SQL
cat >"$scripts/publish" <<'SQL'
WITH gone AS (DELETE FROM outbox WHERE id BETWEEN :n AND :n + 49 RETURNING id)
    UPDATE jobs SET state = 1 FROM gone WHERE jobs.id = gone.id;
\set n :n + 50
SQL
cat >"$scripts/claim" <<'SQL'
UPDATE jobs SET state = 2, epoch = epoch + 1, owner = 7, lease = 1 FROM generate_series(:n, :n + 49) AS hint (id)
    WHERE jobs.id = hint.id AND state IN (0, 1) RETURNING jobs.id, payload, epoch;
\set n :n + 50
SQL
cat >"$scripts/end" <<'SQL'
UPDATE jobs SET state = 3, owner = NULL, lease = NULL, result = '{"counted":0}'
    FROM generate_series(:n, :n + 49) AS done (id) WHERE jobs.id = done.id AND state = 2 AND epoch = 1;
\set n :n + 50
SQL

"$venv/bin/python" benches/queue_floor.py "$jobs" "$scripts" "$postgres" "$postgres_url" "$rabbitmq" "$rabbitmq_url"
