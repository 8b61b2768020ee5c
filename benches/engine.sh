#!/usr/bin/env bash
# Compares `aimapper run`, `read` and `profile` with DuckDB, and with Polars for information, on one file.
#
#   bash benches/engine.sh [ROWS] [THREADS]          default: 7,000,000 rows (1.2 GB), 2 threads
#
# DuckDB and Polars come from PyPI into a virtual environment under target/. AIMAPPER names a binary that
# is built already; without it a release build is made.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-7000000}
threads=${2:-2}
target=${CARGO_TARGET_DIR:-target}
venv=$target/engine-venv

if [ -z "${AIMAPPER:-}" ]; then
    cargo build --release --locked
    AIMAPPER=$target/release/aimapper
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet duckdb==2.0.1 polars==2.1.0

exec "$venv/bin/python" benches/engine.py --aimapper "$AIMAPPER" --rows "$rows" --threads "$threads" \
    --folder "$target/bench"
