#!/usr/bin/env bash
# Tests everything, from a fresh machine with only cargo and Debian's packages: format, lints, all
# tests, a release build, and the README's commands with what they promise.
#
# Network: the registries of cargo, PyPI and npm, and Maven Central, once; Debian's, for what is missing: a C
# compiler, curl, jq, Python's venv, PostgreSQL, RabbitMQ, Chromium, Node, Java, Maven. Where Maven Central
# cannot be reached, the tests with Keycloak are skipped, and it says so at the end.
# AIMAPPER_TEST_POSTGRES_URL may name a PostgreSQL server that the tests use (each test makes a schema
# of its own in it and drops it), AIMAPPER_TEST_RABBITMQ_URL a RabbitMQ (each test makes queues of its own
# in it), AIMAPPER_TEST_S3_URL a server of moto (each test makes a bucket of its own),
# AIMAPPER_TEST_OIDC_PEER_URL the provider of deploy/dev/oidc-peer (each test registers a client of its own),
# AIMAPPER_TEST_KEYCLOAK_URL a Keycloak (each test makes a realm of its own, as the administrator of the file
# `admin` in AIMAPPER_TEST_KEYCLOAK_FOLDER); without them, they are started, and stopped at the end.
# AIMAPPER_TEST_CHROMEDRIVER and AIMAPPER_TEST_AXE may name what the test of the pages needs; without
# them, deploy/dev/chromium.sh gets it.
# CARGO_TARGET_DIR may name a folder outside of the clone that is kept between runs.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '\n== %s (after %s s)\n' "$*" "$SECONDS"; }
die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

# A step runs only if its tool is there; what was left out is said again at the end.
skipped=()

# What was started is stopped at the end, the last first.
started=()
# The process that starts Keycloak, until it has, and the file of what it prints.
keycloak_starting=
keycloak_said=
# Whether Keycloak cannot be had.
without_keycloak=
# shellcheck disable=SC2329
stop_all() {
    local at
    if [ -n "$keycloak_starting" ]; then
        kill "$keycloak_starting" 2>/dev/null || true
        take_keycloak || true
    fi
    for ((at = ${#started[@]} - 1; at >= 0; at--)); do
        bash "deploy/dev/${started[at]%%$'\t'*}" stop "${started[at]#*$'\t'}" || true
    done
}
trap stop_all EXIT

need_cargo() {
    command -v cargo >/dev/null || die "cargo is not here" "install Rust 1.95 or newer, see https://rustup.rs"
    cargo --version
}

# zstd, SQLite and libpq are C.
need_c_compiler() {
    command -v cc >/dev/null && return
    say "installing a C compiler (build-essential)"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -q
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q build-essential
}

# The walk-through of the README needs them.
need_curl_and_jq() {
    command -v curl >/dev/null && command -v jq >/dev/null && return
    say "installing curl and jq"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -q
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q curl jq
}

# Starts a server of deploy/dev, unless a variable names one. The folder of what was started is in
# another variable, for whoever has to ask the server's own tools.
need_server() {
    local script=$1 url=AIMAPPER_TEST_$2_URL folder=AIMAPPER_TEST_$2_FOLDER server
    [ -z "${!url:-}" ] || return 0
    server=$(bash "deploy/dev/$script" start)
    started+=("$script"$'\t'"${server%%$'\t'*}")
    export "$folder=${server%%$'\t'*}" "$url=${server#*$'\t'}"
}

# Keycloak takes its time to start, most of all for the first time, so it does that while others build.
begin_keycloak() {
    [ -z "${AIMAPPER_TEST_KEYCLOAK_URL:-}" ] || return 0
    keycloak_said=$(mktemp)
    bash deploy/dev/keycloak.sh start >"$keycloak_said" &
    keycloak_starting=$!
}

# Waits until it is up.
take_keycloak() {
    local code=0 server
    wait "$keycloak_starting" || code=$?
    keycloak_starting=
    server=$(cat "$keycloak_said")
    rm -f "$keycloak_said"
    [ "$code" -eq 0 ] || return "$code"
    started+=(keycloak.sh$'\t'"${server%%$'\t'*}")
    export AIMAPPER_TEST_KEYCLOAK_FOLDER=${server%%$'\t'*} AIMAPPER_TEST_KEYCLOAK_URL=${server#*$'\t'}
}

need_keycloak() {
    [ -n "$keycloak_starting" ] || return 0
    local code=0
    take_keycloak || code=$?
    case $code in
        0) ;;
        3) without_keycloak=yes ;;
        *) die "Keycloak does not start" "see the output above" ;;
    esac
}

# How many tests have said that they are skipped.
count_keycloak_tests() {
    cargo test --workspace --all-features --locked --test keycloak -- --list --skip secrets:: 2>/dev/null \
        | grep -c ': test$'
}

# The pages are tested in a browser.
need_chromium() {
    local found line
    found=$(bash deploy/dev/chromium.sh)
    while IFS= read -r line; do export "${line?}"; done <<<"$found"
}

# Whether cargo has a component; with rustup, a missing one is installed.
has_component() {
    local component=$1 verb=$2
    cargo "$verb" --version >/dev/null 2>&1 && return
    if command -v rustup >/dev/null; then
        say "installing $component"
        rustup component add "$component"
        return
    fi
    skipped+=("cargo $verb: no $component, and no rustup to install it")
    return 1
}

# Runs a command of the README, which has to be there word for word, and checks its exit code.
readme() {
    local wanted=$1 command=$2
    grep -qF -- "$command" README.md || die "README.md does not say: $command" "change both together"
    printf '$ %s\n' "$command"
    local code=0
    bash -c "$command" || code=$?
    [ "$code" -eq "$wanted" ] || die "exit code $code instead of $wanted: $command" "see the output above"
}

# Whether a report says this.
reports() {
    grep -qF -- "$2" "$1" || die "$1 does not say: $2" "look at its balance"
}

# What builds from nothing gains nothing from notes for the next build and for debuggers, and they take half of
# the room.
if [ ! -e "${CARGO_TARGET_DIR:-target}/debug" ]; then
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
fi

need_cargo
need_c_compiler
begin_keycloak

if has_component rustfmt fmt; then
    say "format"
    cargo fmt --all -- --check
    cargo fmt --manifest-path fuzz/Cargo.toml -- --check
fi
if has_component clippy clippy; then
    say "lints"
    cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
fi

# Always the whole workspace, so that features are unified once and nothing is built twice.
say "tests"
need_keycloak
need_curl_and_jq
need_server postgres.sh POSTGRES
need_server rabbitmq.sh RABBITMQ
need_server s3.sh S3
if [ -n "${AIMAPPER_TEST_OIDC_PEER_URL:-}" ] || bash deploy/dev/oidc_peer.sh check; then
    need_server oidc_peer.sh OIDC_PEER
else
    skipped+=("signing in at a provider that is not ours: it needs Node 20 or newer")
fi
need_chromium
cargo test --workspace --all-features --locked
if [ -n "$without_keycloak" ]; then
    skipped+=("$(count_keycloak_tests) Keycloak tests: Maven Central cannot be reached")
fi

say "REST, pages and signing in on PostgreSQL, clicks and keys over api and worker apart"
AIMAPPER_TEST_REST=postgres cargo test --workspace --all-features --locked --test rest --test pages --test oidc
AIMAPPER_TEST_APART=1 cargo test --workspace --all-features --locked --test browser -- clicks keys plain

say "the weights of matching against their script"
bash deploy/dev/training.sh

say "the interface against its document"
bash deploy/dev/schemathesis.sh "${CARGO_TARGET_DIR:-target}/debug/aimapper"

say "the compose file, as plain processes"
bash deploy/dev/compose.sh "${CARGO_TARGET_DIR:-target}/debug"

# The command that most people use stays free of the service.
say "the plain command's dependencies"
for crate in actix-web diesel tokio jsonwebtoken object_store tracing; do
    if cargo tree --locked --edges no-dev --prefix none -p aimapper-cli | grep -q "^$crate v"; then
        die "the plain command depends on $crate" "it belongs behind the feature \`server\`"
    fi
done

say "release build"
cargo build --release --locked

# Results of an earlier run would answer for this one.
rm -rf target/example
say "the README's example"
readme 0 "cargo run --release -- map examples/bank/umsaetze_2026-03.csv --to examples/bank/transaction.schema.json --accept 0.75 --max-rejects 2 -o target/example --force"
report=target/example/umsaetze_2026-03.report.json
reports "$report" '"read": 45'
reports "$report" '"good": 38'
reports "$report" '"rejected": 2'
reports "$report" '"non_data": 5'
reports "$report" '"balanced": true'

say "an ambiguous date is asked, and settled"
readme 4 "cargo run --release -- map examples/bank/statement_2026-03.csv --to examples/bank/transaction.schema.json -o target/example --force"
[ ! -e target/example/statement_2026-03.good.csv ] || die "rows were written before the decision" "exit code 4 publishes no rows"
readme 0 "cargo run --release -- map examples/bank/statement_2026-03.csv --to examples/bank/transaction.schema.json --set date_order=mdy --accept 0.6 -o target/example --force"
reports target/example/statement_2026-03.report.json '"good": 40'

say "done"
for step in "${skipped[@]}"; do
    printf 'skipped: %s\n' "$step"
done
