#!/usr/bin/env bash
# Compares a protected endpoint of `aimapper-api` with the same check in Django: Django REST framework,
# PyJWT and gunicorn, asked by the same program (wrk) in turns.
#
#   bash benches/auth.sh [SECONDS]          of each turn; default: 10
#
# PROGRAMS names a folder with `aimapper` (feature `server`) and `aimapper-api`; without it a release
# build is made. Django and the rest come from PyPI into a virtual environment under target/, wrk from
# Debian; PostgreSQL is started for it and stopped again.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-10}
target=${CARGO_TARGET_DIR:-target}
packages=(Django==5.1.15 djangorestframework==3.16.1 PyJWT==2.15.1 cryptography==50.0.2 gunicorn==27.0.1)

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

install() {
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -q >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

if [ -z "${PROGRAMS:-}" ]; then
    cargo build --release --locked --workspace --all-features
    PROGRAMS=$target/release
fi
for program in aimapper aimapper-api; do
    [ -x "$PROGRAMS/$program" ] || die "$PROGRAMS has no $program" "cargo build --release --workspace --all-features"
done
command -v wrk >/dev/null || install wrk

# Another set of packages is another folder.
sum=$(printf '%s\n' "${packages[@]}" | sha256sum)
venv=$target/auth-bench-${sum:0:12}
if [ ! -e "$venv/complete" ]; then
    python3 -c 'import ensurepip' 2>/dev/null || install python3-venv
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet "${packages[@]}" >&2
    touch "$venv/complete"
fi

started=$(bash deploy/dev/postgres.sh start)
trap 'bash deploy/dev/postgres.sh stop "${started%%$'"'\t'"'*}"' EXIT

"$venv/bin/python" benches/auth.py --programs "$PROGRAMS" --database "${started#*$'\t'}" \
    --seconds "$seconds"
