#!/usr/bin/env bash
# Random structs, laid out by the interface compiler and by gcc, and passed between JavaScript and C both ways: run.sh BUILD_DIR.
# LAYOUT_CASES (2000) says how many, LAYOUT_SEED which ones; the seed is printed, so that a failure can be had again.
set -euo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cases=${LAYOUT_CASES:-2000}
seed=${LAYOUT_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "layout: $cases structs, LAYOUT_SEED=$seed"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/generate.py" "$work" "$cases" "$seed"
cd "$work"
export LD_LIBRARY_PATH="$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
status=0
printf '%s\n' layout*.idl | sed 's/\.idl$//' | xargs -P "$(nproc)" -I{} bash "$here/one.sh" "$build/isthmus" {} || status=1
[ "$status" = 0 ] || echo "layout: failed; again with LAYOUT_SEED=$seed LAYOUT_CASES=$cases"
exit "$status"
