#!/usr/bin/env bash
# Compares a run in the service with the same run by the command, on one file.
#
#   bash benches/service.sh [ROWS] [ROUNDS]          default: 7,000,000 rows (1.2 GB), 3 rounds
#
# AIMAPPER names a release build with the feature `server`; without it, it is built. The source is the one
# of benches/engine.sh, which DuckDB generates.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-7000000}
rounds=${2:-3}
target=${CARGO_TARGET_DIR:-target}
venv=$target/engine-venv

if [ -z "${AIMAPPER:-}" ]; then
    cargo build --release --locked --package aimapper-cli --features server
    AIMAPPER=$target/release/aimapper
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet duckdb==2.0.1 polars==2.1.0

exec "$venv/bin/python" benches/service.py --aimapper "$AIMAPPER" --rows "$rows" --rounds "$rounds" \
    --folder "$target/bench"
