#!/usr/bin/env bash
# What each kind of evidence is worth: features, training and judging without it, each suite answered by
# weights that had no part of it. One forest instead of several, so that it ends within the hour.
#
#   bash training/ablate.sh BINARY CASES FOLDER [--split FILE:KEY]
set -euo pipefail

binary=$1 cases=$2 folder=$3
shift 3
here=$(dirname "$0")
for kind in none names meaning texts values forms types tables rivals; do
    out=$folder/$kind
    mkdir -p "$out/each"
    without=()
    if [ "$kind" != none ]; then without=(--without "$kind"); fi
    "$binary" eval "$cases" --features "$out/features.gz" "${without[@]}" >/dev/null
    python3 "$here/train.py" "$out/features.gz" "$out/all.json" --seeds 1 --without-each "$out/each"
    python3 "$here/judge.py" "$binary" "$cases" "$out/all.json" "$out/each" "$out/predictions.json" \
        "${without[@]}" "$@" >"$out/figures.txt"
    printf '%-8s %s\n' "$kind" "$(tail -1 "$out/figures.txt")"
done
