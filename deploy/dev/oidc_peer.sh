#!/usr/bin/env bash
# A provider to sign in at that is not ours, for the tests: npm's oidc-provider on a free port of the loopback,
# with all that it keeps in its memory, and gone afterwards.
#
#   oidc_peer.sh check    installs Node if it is missing; says by its exit code whether it is new enough
#   oidc_peer.sh start    installs it if it is missing, starts it, prints the folder and the issuer, tab between
#   oidc_peer.sh stop FOLDER    stops the one of that folder and deletes the folder
#
# Network: npm's registry and Debian's packages, once. What npm fetches is kept in AIMAPPER_CACHE, or
# XDG_CACHE_HOME/aimapper.
set -euo pipefail

sources=$(cd "$(dirname "$0")/oidc-peer" && pwd)
oldest=20

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

check() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        command -v apt-get >/dev/null || die "Node is not here" "install Node $oldest or newer with npm, or set AIMAPPER_TEST_OIDC_PEER_URL"
        echo "installing nodejs and npm" >&2
        as_root apt-get update -q >&2
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nodejs npm >&2
    fi
    local found
    found=$(node --version)
    found=${found#v}
    [ "${found%%.*}" -ge "$oldest" ] && return
    printf 'Node %s is here, and this needs %s or newer\n' "$found" "$oldest" >&2
    return 1
}

# The lock file names all packages with their sums, so its own sum names the folder.
cache() {
    local sum
    sum=$(sha256sum "$sources/package-lock.json")
    printf '%s/oidc-peer-%s\n' "${AIMAPPER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aimapper}" "${sum:0:16}"
}

install() {
    local folder=$1 lock
    [ ! -e "$folder/complete" ] || return 0
    mkdir -p "$folder"
    exec {lock}>"$folder/lock"
    flock "$lock"
    if [ ! -e "$folder/complete" ]; then
        echo "installing what the provider needs" >&2
        cp "$sources/package.json" "$sources/package-lock.json" "$folder/"
        npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund >&2
        touch "$folder/complete"
    fi
    exec {lock}>&-
}

start() {
    check || die "Node is too old" "install Node $oldest or newer, or set AIMAPPER_TEST_OIDC_PEER_URL"
    local packages folder pid
    packages=$(cache)
    install "$packages"
    folder=$(mktemp -d "${TMPDIR:-/tmp}/aimapper-oidc-peer.XXXXXX")
    # Node looks for packages beside the program.
    cp "$sources/server.mjs" "$sources/package.json" "$folder/"
    ln -s "$packages/node_modules" "$folder/node_modules"
    setsid node "$folder/server.mjs" "$folder" >"$folder/server.log" 2>&1 </dev/null &
    pid=$!
    printf '%s\n' "$pid" >"$folder/pid"
    until [ -e "$folder/url" ]; do
        if ! kill -0 "$pid" 2>/dev/null; then
            cat "$folder/server.log" >&2
            rm -rf "$folder"
            die "the provider does not start" "see the output above"
        fi
        sleep 0.1
    done
    printf '%s\t%s\n' "$folder" "$(cat "$folder/url")"
}

stop() {
    local folder=$1 pid
    pid=$(cat "$folder/pid" 2>/dev/null || true)
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    rm -rf "$folder"
}

case "${1:-}" in
    check) check ;;
    start) start ;;
    stop) stop "${2:?oidc_peer.sh stop FOLDER}" ;;
    *) die "no such verb: ${1:-}" "oidc_peer.sh check | start | stop FOLDER" ;;
esac
