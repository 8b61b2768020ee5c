#!/usr/bin/env bash
# A PostgreSQL of its own for the tests: on a free port of the loopback, with its own data folder, and
# gone afterwards.
#
#   postgres.sh start [NAME=VALUE..]    installs it if it is missing, starts it, prints the folder and the
#                              URL, tab between. Settings of its own go before those here, such as fsync=on
#   postgres.sh up FOLDER      starts the one of that folder again, after it was killed or went down
#   postgres.sh down FOLDER    ends it, and every connection to it
#   postgres.sh kill FOLDER    ends it without any order: recovery is left to the next start
#   postgres.sh stop FOLDER    stops the one of that folder and deletes the folder
#
# Works as root and not; PostgreSQL itself refuses root, so then it runs as the user `postgres`.
set -euo pipefail

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs a command as the user that may run PostgreSQL.
as_postgres() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif command -v runuser >/dev/null; then
        runuser -u postgres -- "$@"
    else
        setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
    fi
}

# The newest version that is here; Debian keeps it out of the PATH.
programs() {
    local found
    found=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
    [ -n "$found" ] || found=$(command -v initdb || true)
    [ -n "$found" ] && dirname "$found"
}

install() {
    programs >/dev/null && return
    command -v apt-get >/dev/null || die "PostgreSQL is not here" "install PostgreSQL 15 or newer, or set AIMAPPER_TEST_POSTGRES_URL"
    echo "installing postgresql" >&2
    as_root apt-get update -q >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql >&2
    programs >/dev/null || die "PostgreSQL is still not here" "see the output above"
}

up() {
    local folder=$1
    (cd "$folder" && as_postgres "$(programs)/pg_ctl" --pgdata="$folder/data" --log="$folder/server.log" \
        --options="$(cat "$folder/options")" --timeout=60 -w start) >/dev/null 2>&1
}

start() {
    install
    local bin folder password port
    bin=$(programs)
    folder=$(mktemp -d "${TMPDIR:-/tmp}/aimapper-postgres.XXXXXX")
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "$password" >"$folder/password"
    if [ "$(id -u)" -eq 0 ]; then chown -R postgres: "$folder"; fi
    # Speed over safety: the data do not outlive the tests. Byte order, so that no locale is needed.
    (cd "$folder" && as_postgres "$bin/initdb" --pgdata="$folder/data" --username=aimapper \
        --pwfile="$folder/password" --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync) >"$folder/initdb.log" 2>&1 \
        || { cat "$folder/initdb.log" >&2; die "initdb failed" "see the output above"; }
    local options setting
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + RANDOM % 12000))
        options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder"
        options="$options -c fsync=off -c max_connections=200 -c log_min_messages=fatal"
        # Of two values the later one counts.
        for setting in "$@"; do options="$options -c $setting"; done
        printf '%s\n' "$options" >"$folder/options"
        if up "$folder"; then
            printf '%s\tpostgres://aimapper:%s@127.0.0.1:%s/postgres\n' "$folder" "$password" "$port"
            return
        fi
    done
    cat "$folder/server.log" >&2
    rm -rf "$folder"
    die "PostgreSQL does not start" "see the output above"
}

down() {
    local folder=$1 mode=$2
    (cd "$folder" && as_postgres "$(programs)/pg_ctl" --pgdata="$folder/data" --mode="$mode" -w stop) >/dev/null 2>&1
}

stop() {
    local folder=$1
    down "$folder" immediate || true
    rm -rf "$folder"
}

case "${1:-}" in
    start) start "${@:2}" ;;
    up) up "${2:?postgres.sh up FOLDER}" ;;
    down) down "${2:?postgres.sh down FOLDER}" fast ;;
    kill) down "${2:?postgres.sh kill FOLDER}" immediate ;;
    stop) stop "${2:?postgres.sh stop FOLDER}" ;;
    *) die "no such verb: ${1:-}" "postgres.sh start [NAME=VALUE..] | up FOLDER | down FOLDER | kill FOLDER | stop FOLDER" ;;
esac
