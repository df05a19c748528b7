#!/usr/bin/env bash
# The one entry to the project: `./build.sh help` lists what it does.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"

die() {
  printf 'build.sh: error: %s\n' "$*" >&2
  exit 1
}
say() { printf 'build.sh: %s\n' "$*"; }

usage() {
  cat <<'TEXT'
usage: ./build.sh [VERB]

  (none)       set up, build, and run the demo
  setup        get what the build needs
  build        set up and build the command and the libraries into build/
  run ARGS     build, then build/isthmus run ARGS
  test [--asan | --tsan] [CTEST ARGS]
               set up, build everything, run all tests (build/, build-asan/, build-tsan/)
  python [PYTEST ARGS]
               build, then run the tests of the Python package, in build/python/
  go [GO TEST ARGS]
               build, then run the tests of the Go package
  wheel [--bundle]
               build, then make the Python package's wheel in build/wheel/; --bundle: one that carries libnode too, for
               machines without it, in build/wheel/bundled/
  bench ARGS   build, then run the benchmarks
  check        format, house rules, and every interface file proven against its header
  clean        remove the build trees and what set-up unpacked
  help         this text

V8 is libnode's; V8_ROOT=PREFIX in the environment, or a pkg-config module v8, takes its place.
TEXT
}

setup() { scripts/setup.sh "$1"; }

# compile PRESET BUILD_DIR [TARGET...]
compile() {
  local preset=$1 dir=$2
  shift 2
  # A tree that was configured elsewhere and moved here is of no use; one older than the last set-up, or for another V8,
  # misses something.
  local cache=$dir/CMakeCache.txt
  if [ -f "$cache" ]; then
    if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
      rm -rf "$dir"
    elif [ .deps/changed -nt "$cache" ] || ! grep -qxF "V8_ROOT_USED:INTERNAL=${V8_ROOT:-}" "$cache"; then
      rm "$cache"
    fi
  fi
  if [ ! -f "$cache" ] || [ ! -f "$dir/build.ninja" ]; then
    say "configuring $dir"
    mkdir -p "$dir"
    cmake --preset "$preset" >"$dir/configure.log" 2>&1 || {
      cat "$dir/configure.log" >&2
      die "cmake could not configure $dir"
    }
  fi
  say "building $dir"
  flock "$dir/lock" cmake --build "$dir" ${1+--target "$@"} || die "the build in $dir failed"
}

build() {
  setup build
  compile release build isthmus libisthmus libisthmus-gen
}

demo() {
  say "running examples/demo/main.mjs"
  build/isthmus run --allow-ffi=zlib,sqlite3,libc,cjson examples/demo/main.mjs
}

run_tests() {
  local preset=release dir=build runner=()
  case ${1:-} in
  --asan) preset=asan dir=build-asan && shift ;;
  --tsan)
    preset=tsan dir=build-tsan && shift
    # ThreadSanitizer's shadow memory has no room where the kernel spreads addresses too widely.
    setarch -R true 2>/dev/null && runner=(setarch -R)
    ;;
  esac
  setup test
  compile "$preset" "$dir"
  say "testing $dir"
  ${runner+"${runner[@]}"} ctest --test-dir "$dir" --output-on-failure --no-tests=error -j2 "$@"
}

# Verbs stand on lines of their own, since `a && b` would take `set -e` away from all that a calls.
verb=${1:-demo}
[ $# = 0 ] || shift
case $verb in
demo)
  build
  demo
  ;;
setup) setup build ;;
build) build ;;
run)
  build >&2
  exec build/isthmus run "$@"
  ;;
test) run_tests "$@" ;;
bench)
  build >&2
  compile release build bench-embed bench-embed-floor bench-judge bench-judge-floor bench-judge-spawn wheel-parts >&2
  exec bash bench/run.sh build "$@"
  ;;
python)
  setup python
  compile release build wheel-parts fixture
  exec tests/python/run.sh build "$@"
  ;;
go)
  setup go
  compile release build isthmus libisthmus libisthmus-gen fixture
  exec tests/go/run.sh build "$@"
  ;;
wheel)
  setup python
  compile release build wheel-parts
  exec scripts/wheel.sh build "$@"
  ;;
check)
  setup check
  build
  exec scripts/check.sh build
  ;;
clean)
  say "removing the build trees and .deps/"
  rm -rf build build-asan build-tsan build-debug build-fuzz .deps
  ;;
help | --help | -h) usage ;;
*)
  usage >&2
  die "no such verb: $verb"
  ;;
esac
