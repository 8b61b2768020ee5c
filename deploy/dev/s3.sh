#!/usr/bin/env bash
# An S3-compatible server of its own for the tests: moto (PyPI) on a free port of the loopback, with all
# that it keeps in its memory and its own folder, and gone afterwards.
#
#   s3.sh start    installs it if it is missing, starts it, prints the folder and the URL, tab between
#   s3.sh stop FOLDER    stops the one of that folder and deletes the folder
#
# Network: PyPI and Debian's packages, once.
set -euo pipefail

version=5.2.5
here=$(cd "$(dirname "$0")/../.." && pwd)
tools=${CARGO_TARGET_DIR:-$here/target}/dev/moto-$version

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

install() {
    [ ! -x "$tools/bin/moto_server" ] || return 0
    command -v python3 >/dev/null || die "Python is not here" "install Python 3.10 or newer, or set AIMAPPER_TEST_S3_URL"
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        local root=()
        if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
        "${root[@]}" apt-get update -q >&2
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv >&2
    fi
    echo "installing moto $version" >&2
    python3 -m venv "$tools"
    "$tools/bin/pip" -q install "moto[s3,server]==$version" >&2
}

# The system chooses the port, so that no two servers want the same.
serve='
import os, signal, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0)
server.start()
host, port = server.get_host_and_port()
folder = sys.argv[1]
with open(os.path.join(folder, "starting"), "w") as file:
    file.write(f"http://{host}:{port}\n")
os.rename(os.path.join(folder, "starting"), os.path.join(folder, "url"))
signal.pause()
'

start() {
    install
    local folder pid
    folder=$(mktemp -d "${TMPDIR:-/tmp}/aimapper-s3.XXXXXX")
    mkdir "$folder/tmp"
    # Large objects go to its temporary folder.
    TMPDIR=$folder/tmp setsid "$tools/bin/python" -c "$serve" "$folder" >"$folder/server.log" 2>&1 </dev/null &
    pid=$!
    printf '%s\n' "$pid" >"$folder/pid"
    until [ -e "$folder/url" ]; do
        if ! kill -0 "$pid" 2>/dev/null; then
            cat "$folder/server.log" >&2
            rm -rf "$folder"
            die "moto does not start" "see the output above"
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
    start) start ;;
    stop) stop "${2:?s3.sh stop FOLDER}" ;;
    *) die "no such verb: ${1:-}" "s3.sh start, or s3.sh stop FOLDER" ;;
esac
