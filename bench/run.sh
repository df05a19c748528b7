#!/usr/bin/env bash
# The benchmarks: run.sh BUILD_DIR [SUITE] [--json FILE] [--quick]. `./build.sh bench` calls it. Suites:
#   ffi     calls from JavaScript to C, in nanoseconds (sqlite_rows in milliseconds), beside koffi on Node
#   embed   what driving V8 through isthmus.h costs, beside V8's own interface in C++ (`floor`)
#   judge   a short program never seen before, at each rung of isolation, in microseconds a run, beside V8 alone (`floor`: a
#           context for each; `floor_isolate`: an isolate for each) and a process of Node for each (`node_spawn`)
#   start   an empty script from start to end, in milliseconds, beside Node
#   python  the Python package beside mini-racer, STPyV8, PythonMonkey and quickjs, and what stands under each row: V8's own
#           interface in C++, one copy of the same bytes, or the loop in C (`floor`); a call of C by cffi and by ctypes
#   go      the Go package beside tommie/v8go and rogchap's, and what stands under each row: V8's own interface in C++ or one
#           copy of the same bytes (`floor`), cgo's call (`cgo`); a process of Node for each program (`node`)
# Peers are fetched by name from npm and PyPI into BUILD_DIR/bench, and by Go into its own cache, and left out where there is
# no Node, or no package for this Python. Absolute times drift; what counts is the ratio in one run. Every figure is the median of several runs, ours
# and theirs in turn; --json FILE writes their spread too. --quick measures the Python or the Go suite once and shortly, for
# a look while working on it.
set -euo pipefail
build=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() {
  printf 'bench: error: %s\n' "$*" >&2
  exit 1
}

suites=() json='' quick=false
while [ $# -gt 0 ]; do
  case $1 in
  --json)
    [ $# -gt 1 ] || die "--json needs a file"
    json=$2
    shift
    ;;
  --quick) quick=true ;;
  ffi | embed | judge | start | python | go) suites+=("$1") ;;
  -h | --help)
    printf 'usage: ./build.sh bench [ffi] [embed] [judge] [start] [python] [go] [--json FILE] [--quick]\n'
    exit 0
    ;;
  *) die "no such suite: $1 (there are: ffi, embed, judge, start, python, go)" ;;
  esac
  shift
done
[ ${#suites[@]} -gt 0 ] || suites=(ffi embed judge start python go)
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

# make_venv: one environment for ours and for all peers, each of which is then a process of its own. The package is built
# from the sources as they are, against this build.
make_venv() {
  local python=$work/python/bin/python peer missing=()
  if ! "$python" -c '' 2>/dev/null; then
    rm -rf "$work/python"
    python3 -m venv "$work/python" || die "python3 makes no virtual environment (Debian: python3-venv)"
  fi
  local pip=("$python" -m pip --disable-pip-version-check --quiet)
  "$python" -c 'import cffi, numpy, setuptools; assert int(setuptools.__version__.split(".")[0]) >= 77' 2>/dev/null ||
    "${pip[@]}" install --upgrade 'setuptools>=77' 'cffi>=1.17' numpy >&2 ||
    die "no cffi and numpy for $("$python" --version)"
  "${pip[@]}" uninstall --yes isthmus >/dev/null 2>&1 || true
  ISTHMUS_BUILD=$build "${pip[@]}" install --no-build-isolation "$here/../bindings/python" >&2 ||
    die "the Python package does not build"
  for peer in "${python_peers[@]}"; do
    "$python" -c "import importlib.metadata as m; assert m.version('${peer%==*}') == '${peer#*==}'" 2>/dev/null ||
      missing+=("$peer")
  done
  for peer in ${missing+"${missing[@]}"}; do
    echo "bench: fetching $peer" >&2
    "${pip[@]}" install "$peer" >&2 || echo "bench: no $peer for this Python: its column stays empty" >&2
  done
}

python_peers=(mini-racer==0.14.1 stpyv8==13.1.201.22 pythonmonkey==1.4.1 quickjs==1.19.4)

# side SECONDS COMMAND...: the figures that a side prints. One that crashes or hangs has no more rows than it has printed.
side() {
  local seconds=$1
  shift
  timeout -k 5 "$seconds" "$@" | sed -n 's/^ROW\t//p' || echo "bench: ${*:2} has ended early" >&2
}

# V8 alone, in C++, in the rows that are given, with numbers under the NAME that the suite has for them.
floor_rows() { # floor_rows NAME ROW...
  local name=$1
  shift
  "$build/bench-embed-floor" "$@" | sed -n 's/^ROW\t/floor\t/p' | sed "s/\tnumbers_/\t${name}_/"
}

suite_python() {
  local python=$work/python/bin/python round peer
  make_venv >&2
  for round in $(seq $rounds); do
    echo "bench: python, run $round of $rounds" >&2
    side 60 "$python" "$here/python/ours.py"
    floor_rows list call_0 call_2 callback_2 property_get numbers_10k_out numbers_10k_in new_context new_isolate isolate_memory
    side 60 "$python" "$here/python/floor.py" "$work/floor"
    for peer in "${python_peers[@]%==*}" mini-racer-loop; do side 60 "$python" "$here/python/peers.py" "$peer"; done
  done
}

# make_go: a program for each side, in BUILD_DIR/bench/go. Two peers in one program would be two V8s.
make_go() {
  local peer
  # shellcheck source=scripts/go.sh
  . "$here/../scripts/go.sh"
  find_go || die "needs Go from $GO_WANTED on"
  mkdir -p "$work/go"
  (cd "$here/go" && go build -o "$work/go/floor" ./floor) || die "bench/go/floor does not build"
  (cd "$here/go/ours" && go build -o "$work/go/ours" .) || die "bench/go/ours does not build"
  gcc -O2 -c "$here/go/tommie/libc/isoc23.c" -o "$work/go/isoc23.o"
  for peer in "${go_peers[@]}"; do
    # What is given to one's linker by name of an object does not disturb the other.
    (cd "$here/go/$peer" && unset CGO_CFLAGS && CGO_LDFLAGS="-O2 -g $work/go/isoc23.o" CGO_LDFLAGS_ALLOW='.*' \
      go build -o "$work/go/$peer" .) || {
      rm -f "$work/go/$peer"
      echo "bench: no $peer here: its column stays empty" >&2
    }
  done
}

go_peers=(tommie rogchap)

suite_go() {
  local round each
  make_go >&2
  for round in $(seq $rounds); do
    echo "bench: go, run $round of $rounds" >&2
    for each in ours "${go_peers[@]}" floor; do
      [ -x "$work/go/$each" ] || continue
      side 120 "$work/go/$each"
      # What is resident counts only in a process that has done nothing yet.
      side 30 "$work/go/$each" isolate_memory
    done
    floor_rows floats call_0 call_2 callback_2 property_get string_1m_in string_1m_out numbers_10k_out numbers_10k_in \
      new_context new_isolate isolate_memory
    "$build/bench-judge-floor" | sed -n 's/^ROW\t[a-z_]*\tcontext\t/floor\tIsolatesReuse\t/p
      s/^ROW\t[a-z_]*\tcontext_2\t/floor\tReuseParallel\t/p
      s/^ROW\t[a-z_]*\tisolate\t/floor\tNoReuse\t/p
      s/^ROW\t[a-z_]*\tisolate_2\t/floor\tNoReuseParallel\t/p'
  done
}

rounds=5
if $quick; then
  rounds=1
  export BENCH_QUICK=1
fi
machine="$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
for suite in "${suites[@]}"; do
  case $suite in
  ffi) suite_ffi >"$work/figures" ;;
  embed) suite_embed >"$work/figures" ;;
  judge) suite_judge >"$work/figures" ;;
  start) suite_start >"$work/figures" ;;
  python) suite_python >"$work/figures" ;;
  go) suite_go >"$work/figures" ;;
  esac
  awk -F'\t' -v suite="$suite" -v machine="$machine" -v json="$json" -f "$here/report.awk" "$work/figures"
done
