#!/usr/bin/env bash
# Holds that the weights of matching are what training/train.py makes of training/features.bin.gz, to the
# byte.
#
#   bash deploy/dev/training.sh
#
# Network: PyPI and Debian's packages, once.
set -euo pipefail
cd "$(dirname "$0")/../.."

weights=crates/core/src/matching/model/weights.json
pins=$(grep -E '^(lightgbm|narwhals|numpy|scipy)==' training/requirements.txt)
tools=${CARGO_TARGET_DIR:-target}/dev/training-$(printf '%s' "$pins" | sha256sum | cut -c 1-12)

if [ ! -e "$tools/ready" ]; then
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        root=()
        if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
        "${root[@]}" apt-get update -q >&2
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv >&2
    fi
    # LightGBM's library wants GCC's OpenMP.
    if ! ldconfig -p | grep -q libgomp; then
        root=()
        if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q libgomp1 >&2
    fi
    rm -rf "$tools"
    python3 -m venv "$tools"
    # shellcheck disable=SC2086
    "$tools/bin/pip" -q install --no-deps $pins >&2
    touch "$tools/ready"
fi

made=$(mktemp)
trap 'rm -f "$made"' EXIT
"$tools/bin/python" training/train.py training/features.bin.gz "$made"
if ! cmp "$made" "$weights"; then
    printf 'error: %s is not what training/train.py makes of training/features.bin.gz\n' "$weights" >&2
    printf 'hint: after a change of features or script, train again (just train) and commit both files\n' >&2
    exit 1
fi
printf 'the weights of matching are what the script makes\n'
