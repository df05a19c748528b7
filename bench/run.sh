#!/usr/bin/env bash
# The benchmarks: run.sh BUILD_DIR [SUITE] [--json FILE]. `./build.sh bench` calls it. Suites:
#   ffi     calls from JavaScript to C, in nanoseconds (sqlite_rows in milliseconds), beside koffi on Node
#   start   an empty script from start to end, in milliseconds, beside Node
# Peers are fetched by name from npm into BUILD_DIR/bench, and left out where there is no Node. Absolute times drift; what
# counts is the ratio in one run. Every figure is the least of the medians of three runs, ours and theirs in turn.
set -euo pipefail
build=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() {
  printf 'bench: error: %s\n' "$*" >&2
  exit 1
}

suites=() json=
while [ $# -gt 0 ]; do
  case $1 in
  --json)
    [ $# -gt 1 ] || die "--json needs a file"
    json=$2
    shift
    ;;
  ffi | start) suites+=("$1") ;;
  -h | --help)
    printf 'usage: ./build.sh bench [ffi] [start] [--json FILE]\n'
    exit 0
    ;;
  *) die "no such suite: $1 (there are: ffi, start)" ;;
  esac
  shift
done
[ ${#suites[@]} -gt 0 ] || suites=(ffi start)
[ -z "$json" ] || [ ${#suites[@]} = 1 ] || die "--json needs one suite"

work=$build/bench
mkdir -p "$work"
cp "$here"/ffi/*.mjs "$here"/ffi/bench.idl "$work"
printf '' >"$work/empty.mjs"
isthmus=$build/isthmus

have_koffi() {
  command -v node >/dev/null && command -v npm >/dev/null || return 1
  [ -d "$work/node_modules/koffi" ] && return 0
  echo "bench: fetching koffi" >&2
  (cd "$work" && npm install --no-save --no-audit --no-fund --loglevel=error koffi >/dev/null) || return 1
}

suite_ffi() {
  gcc -O2 -shared -fPIC -o "$work/libbench.so" "$here/ffi/bench.c"
  local koffi=false round
  if have_koffi; then koffi=true; else echo "bench: no koffi here: its column stays empty" >&2; fi
  for round in 1 2 3; do
    echo "bench: ffi, run $round of 3" >&2
    (cd "$work" && LD_LIBRARY_PATH="$work" "$isthmus" run --idl "$work" --allow-ffi=bench,sqlite3 ours.mjs) |
      sed -n 's/^ROW/ours/p'
    if $koffi; then (cd "$work" && node koffi.mjs "$work/libbench.so") | sed -n 's/^ROW/koffi/p'; fi
  done
}

# time_of COMMAND...: milliseconds
time_of() {
  local from=$EPOCHREALTIME to
  "$@" >/dev/null
  to=$EPOCHREALTIME
  awk -v a="$from" -v b="$to" 'BEGIN { printf "%.2f", (b - a) * 1000 }'
}

suite_start() {
  local node=false
  command -v node >/dev/null && node=true
  for _ in $(seq 31); do
    printf 'ours\tstart\t%s\n' "$(time_of "$isthmus" run "$work/empty.mjs")"
    if $node; then printf 'node\tstart\t%s\n' "$(time_of node "$work/empty.mjs")"; fi
  done
}

for suite in "${suites[@]}"; do
  case $suite in
  ffi) suite_ffi >"$work/figures" ;;
  start) suite_start >"$work/figures" ;;
  esac
  awk -F'\t' -v suite="$suite" -v json="$json" -f "$here/report.awk" "$work/figures"
done
