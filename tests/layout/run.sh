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
export LD_LIBRARY_PATH="$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ISTHMUS="$build/isthmus" HERE="$here"
status=0

# one NAME: compiles a batch both ways, compares what both say, and runs it.
one() {
  local ok=0
  "${CC:-gcc}" -O1 -w -Wno-psabi -Wno-packed-bitfield-compat -shared -fPIC -o "$1.so" "$1.c" || return
  "${CC:-gcc}" -O0 -w -Wno-psabi -Wno-packed-bitfield-compat -o "$1_facts" "$1_facts.c" || return
  "./$1_facts" >"$1.facts" || return
  "$ISTHMUS" gen --descriptor "$1.idl" >"$1.json" || return
  { python3 "$HERE/compare.py" "$1.json" "$1.facts" && "$ISTHMUS" run --idl . --allow-ffi="$1" "$1.mjs"; } >"$1.out" 2>&1 || ok=1
  sed "s/^/$1: /" "$1.out"
  return "$ok"
}
export -f one
printf '%s\n' layout*.idl | sed 's/\.idl$//' | xargs -P "$(nproc)" -I{} bash -c "one {}" || status=1
[ "$status" = 0 ] || echo "layout: failed; again with LAYOUT_SEED=$seed LAYOUT_CASES=$cases"
exit "$status"
