#!/usr/bin/env bash
# Compares `aimapper` with DuckDB on the same file, the same work and the same machine.
#
#   bash benches/compare.sh [ROWS]          default: 500,000
#
# DuckDB comes from PyPI into a virtual environment under target/. AIMAPPER names a binary that is
# built already; without it a release build is made.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-500000}
target=${CARGO_TARGET_DIR:-target}
venv=$target/bench-venv

if [ -z "${AIMAPPER:-}" ]; then
    cargo build --release --locked
    AIMAPPER=$target/release/aimapper
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -c 'import duckdb' 2>/dev/null || "$venv/bin/pip" install --quiet 'duckdb>=1.4,<2'

exec "$venv/bin/python" benches/compare.py --aimapper "$AIMAPPER" --rows "$rows" --folder "$target/bench"
