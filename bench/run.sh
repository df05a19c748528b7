#!/usr/bin/env bash
# The benchmarks: run.sh BUILD_DIR [SUITE] [--json FILE]. `./build.sh bench` calls it. Suites:
#   ffi     calls from JavaScript to C, in nanoseconds (sqlite_rows in milliseconds), beside koffi on Node
#   embed   what driving V8 through isthmus.h costs, beside V8's own interface in C++ (`floor`)
#   judge   a short program never seen before, at each rung of isolation, in microseconds a run, beside V8 alone (`floor`: a
#           context for each; `floor_isolate`: an isolate for each) and a process of Node for each (`node_spawn`)
#   start   an empty script from start to end, in milliseconds, beside Node
# Peers are fetched by name from npm into BUILD_DIR/bench, and left out where there is no Node. Absolute times drift; what
# counts is the ratio in one run. Every figure is the median of several runs, ours and theirs in turn; --json FILE writes
# their spread too.
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
  ffi | embed | judge | start) suites+=("$1") ;;
  -h | --help)
    printf 'usage: ./build.sh bench [ffi] [embed] [judge] [start] [--json FILE]\n'
    exit 0
    ;;
  *) die "no such suite: $1 (there are: ffi, embed, judge, start)" ;;
  esac
  shift
done
[ ${#suites[@]} -gt 0 ] || suites=(ffi embed judge start)
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

suite_embed() {
  local round
  for round in 1 2 3 4 5 6 7; do
    echo "bench: embed, run $round of 7" >&2
    "$build/bench-embed-floor" | sed -n 's/^ROW/floor/p'
    "$build/bench-embed" | sed -n 's/^ROW/ours/p'
  done
}

suite_judge() {
  local round kind
  command -v node >/dev/null || echo "bench: no node here: its column stays empty" >&2
  printf 'floor\tthreads_2\tratio\t1\n'
  # What is measured beside something else is measured more often than what is only told.
  local rows=()
  for round in 1 2 3 4 5 6 7 8 9; do
    echo "bench: judge, run $round of 9" >&2
    [ "$round" -le 3 ] || rows=(context compartment shared isolate process threads_2)
    "$build/bench-judge-floor" | sed -n 's/^ROW\t//p'
    "$build/bench-judge" ${rows+"${rows[@]}"} | sed -n 's/^ROW\t//p'
    "$build/bench-judge-spawn" | sed -n 's/^ROW\t//p'
  done
  "$build/bench-judge-floor" tenants | sed -n 's/^ROW\t//p'
  for kind in isolate context frozen; do "$build/bench-judge" "tenants_$kind" | sed -n 's/^ROW\t//p'; done
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
    printf 'ours\tstart\tms\t%s\n' "$(time_of "$isthmus" run "$work/empty.mjs")"
    if $node; then printf 'node\tstart\tms\t%s\n' "$(time_of node "$work/empty.mjs")"; fi
  done
}

machine="$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
for suite in "${suites[@]}"; do
  case $suite in
  ffi) suite_ffi >"$work/figures" ;;
  embed) suite_embed >"$work/figures" ;;
  judge) suite_judge >"$work/figures" ;;
  start) suite_start >"$work/figures" ;;
  esac
  awk -F'\t' -v suite="$suite" -v machine="$machine" -v json="$json" -f "$here/report.awk" "$work/figures"
done
