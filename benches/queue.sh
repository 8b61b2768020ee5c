#!/usr/bin/env bash
# Compares AiMapper's job system with Celery 5.4 over Redis: jobs that have nothing to do, submitted over
# HTTP with a token that is checked, results stored, on this machine, in the same run.
#
#   bash benches/queue.sh [JOBS [ROUNDS]]     default: 1,000 jobs, 3 rounds
#
# PROGRAMS names a folder with a release build of aimapper (with the feature `server`) and aimapper-api,
# aimapper-worker; without it, it is built. BENCH_WORKER names the worker whose jobs have nothing to do
# (crates/worker/benches/queue.rs); without it, that is built too.
#
# PostgreSQL runs with fsync. PostgreSQL, RabbitMQ and Redis come from Debian's packages, on ports and in
# folders of their own below TMPDIR, and are gone at the end; Celery comes from PyPI into a virtual
# environment under target/.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(celery==5.4.0 kombu==5.4.2 redis==5.2.1 flask==3.1.0 gunicorn==23.0.0 PyJWT==2.10.1 cryptography==44.0.0)
jobs=${1:-1000}
rounds=${2:-3}
target=${CARGO_TARGET_DIR:-target}

# The path of the program that a build of `--bench queue` has made.
built() {
    cargo build --release --workspace --features aimapper-cli/server --locked --bench queue "$@" \
        --message-format json | sed -n 's/.*"name":"queue".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}

if [ -z "${PROGRAMS:-}" ]; then
    BENCH_WORKER=$(built --bins)
    PROGRAMS=$target/release
elif [ -z "${BENCH_WORKER:-}" ]; then
    BENCH_WORKER=$(built)
fi

sum=$(printf '%s\n' "${packages[@]}" | sha256sum)
venv=$target/queue-venv-${sum:0:12}
if [ ! -e "$venv/complete" ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet "${packages[@]}"
    touch "$venv/complete"
fi
if ! command -v redis-server >/dev/null; then
    echo "installing redis-server" >&2
    root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -q >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends redis-server >&2
fi

postgres=
rabbitmq=
# shellcheck disable=SC2329
end() {
    if [ -n "$postgres" ]; then bash deploy/dev/postgres.sh stop "$postgres"; fi
    if [ -n "$rabbitmq" ]; then bash deploy/dev/rabbitmq.sh stop "$rabbitmq"; fi
}
trap end EXIT
started=$(bash deploy/dev/postgres.sh start fsync=on)
postgres=${started%%$'\t'*}
postgres_url=${started#*$'\t'}
started=$(bash deploy/dev/rabbitmq.sh start)
rabbitmq=${started%%$'\t'*}
rabbitmq_url=${started#*$'\t'}

"$venv/bin/python" benches/queue_compare.py --programs "$PROGRAMS" --worker "$BENCH_WORKER" --jobs "$jobs" --rounds "$rounds" \
    --postgres "$postgres" "$postgres_url" --rabbitmq "$rabbitmq" "$rabbitmq_url"
