#!/usr/bin/env bash
# Fuzzes the reading and the check of tokens, target by target, on the stable toolchain
# (RUSTC_BOOTSTRAP lets it take the flags that a nightly one would). Needs a C++ compiler.
#
#   bash fuzz/run.sh [SECONDS] [TARGET..]      default: 300 seconds for each of all five
#
# Seeds are the fault corpus, and tokens for `verify`. What is found on the way stays in
# target/fuzz/corpus, and an input that fails in target/fuzz/failures/TARGET; to run it again:
#   target/fuzz/x86_64-unknown-linux-gnu/debug/TARGET FILE
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-300}
shift || true
targets=("$@")
[ "$#" -gt 0 ] || targets=(sniffer reader auditor agree verify)
host=$(rustc -vV | sed -n 's/^host: //p')
built=${CARGO_TARGET_DIR:-target}/fuzz

# The sources of an input are files; in memory they cost nothing.
scratch=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
trap 'rm -rf "$scratch"' EXIT

# As cargo-fuzz sets them. With --target they are not for build scripts.
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
flags+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
flags+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Cdebug-assertions"
flags+=" -Ccodegen-units=1"
RUSTC_BOOTSTRAP=1 RUSTFLAGS=$flags cargo build --manifest-path fuzz/Cargo.toml \
    --target "$host" --target-dir "$built"

failed=()
for target in "${targets[@]}"; do
    printf '\n== %s (%s s)\n' "$target" "$seconds"
    seeds=crates/core/tests/corpus
    marks=fuzz/marks.dict
    if [ "$target" = verify ]; then
        seeds=fuzz/tokens/seeds
        marks=fuzz/tokens/claims.dict
    fi
    mkdir -p "$built/corpus/$target" "$built/failures/$target"
    TMPDIR=$scratch "$built/$host/debug/$target" "$built/corpus/$target" "$seeds" \
        -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=2048 -timeout=120 -workers=0 -jobs=0 \
        -dict="$marks" -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="$built/failures/$target/" || failed+=("$target")
done
[ "${#failed[@]}" -eq 0 ] || { printf 'error: failed: %s\n' "${failed[*]}" >&2; exit 1; }
