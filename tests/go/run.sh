#!/usr/bin/env bash
# Holds the Go package to gofmt and go vet and runs its tests and its examples', against the library of a build tree.
# Usage: run.sh BUILD_DIR [GO TEST ARGS]
#
# Among the arguments are the packages, or all are tested. A library with AddressSanitizer is run under Go's own
# instrumentation for it.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR [GO TEST ARGS]}" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/sanitize.sh
. scripts/sanitize.sh
# shellcheck source=scripts/go.sh
. scripts/go.sh
want_go

# What a test says depends on the library too, which the cache of results knows nothing of.
export ISTHMUS_BUILD=$build
arguments=(-count=1) limit=9m
case $ISTHMUS_SANITIZE in
'') ;;
*thread*)
  echo "left out: ThreadSanitizer's runtime does not bear Go's"
  exit 77
  ;;
*)
  arguments+=(-asan) limit=27m
  # Go's runtime keeps memory until the end.
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
  ;;
esac
# ctest's own limit ends a test without a word; this one tells where each goroutine is.
arguments+=(-timeout "$limit")
packages=false
for argument in "$@"; do
  case $argument in ./* | ../* | isthmus | isthmus/*) packages=true ;; esac
done
if $packages; then
  cd bindings/go
  exec go test "${arguments[@]}" "$@"
fi

failed=false
mapfile -t modules < <(go_modules)
unformatted=$(gofmt -l "${modules[@]}")
[ -z "$unformatted" ] || {
  printf 'not formatted (gofmt -w mends it):\n%s\n' "$unformatted"
  failed=true
}
for module in "${modules[@]}"; do
  (cd "$module" && go vet ./...) || failed=true
  (cd "$module" && go test "${arguments[@]}" "$@" ./...) || failed=true
done
! $failed
