#!/usr/bin/env bash
# What `isthmus gen --go` writes, compiled and used: a package for every fixture with the tests NAME_test.go beside this
# script, and those of bindings/go/libs, which must be what it writes now. Usage: libraries.sh BUILD_DIR [GO TEST ARGS]
set -euo pipefail
build=$(cd "${1:?usage: libraries.sh BUILD_DIR [GO TEST ARGS]}" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=scripts/go.sh
. "$root/scripts/go.sh"
want_go
# Go's runtime and the sanitizers' do not bear each other everywhere; the code here is compiled by Go alone.
if [ -n "${ISTHMUS_SANITIZE:-}" ]; then
  echo "left out: a sanitizer's library cannot be loaded"
  exit 77
fi
failed=0
fail() {
  echo "FAILED $1"
  failed=1
}

# By their path they are inside of bindings/go, for the sake of its internal packages. They lie at the same place each
# time, so that Go need not compile anew what has not changed.
work=$build/gengo
mkdir -p "$work"
cat >"$work/go.mod" <<END
module isthmus/bindings/go/gengo

go 1.24.0

require isthmus/bindings/go v0.0.0

replace isthmus/bindings/go => $root/bindings/go
END
for file in "$root"/tests/fixture/*.idl "$root"/examples/first/tally.idl; do
  name=$(basename "$file" .idl)
  [ "$name" = forbidden ] && continue
  mkdir -p "$work/$name"
  "$build/isthmus" gen --go -o "$work/$name" "$file" || fail "$file: no package"
  if [ -f "$here/${name}_test.go" ]; then cp "$here/${name}_test.go" "$work/$name/"; fi
done
cc -shared -fPIC -o "$work/libtally.so" "$root/examples/first/tally.c"

# The same text gives the same package, wherever it was written.
for folder in "$root"/bindings/go/libs/*/; do
  name=$(basename "$folder")
  "$build/isthmus" gen --go -o "$work/again" "$root/idl/$name.idl"
  cmp "$work/again/$name.go" "$folder/$name.go" || fail "bindings/go/libs/$name is not what gen writes"
done
rm -rf "$work/again"

unformatted=$(cd "$root" && gofmt -l "$work" bindings/go/clib bindings/go/libs tests/gengo)
[ -z "$unformatted" ] || fail "not formatted: $unformatted"

export CGO_LDFLAGS="-O2 -g -L$build/tests -L$work -Wl,-rpath,$build/tests -Wl,-rpath,$work"
export CGO_CFLAGS="-O2 -g"
arguments=(-count=1 -timeout 9m)
(cd "$work" && go vet ./... && go test "${arguments[@]}" "$@" ./...) || fail "the fixtures"
unset CGO_LDFLAGS
(cd "$root/bindings/go" && go vet ./clib/... ./libs/... && go test "${arguments[@]}" "$@" ./clib/... ./libs/...) ||
  fail "bindings/go/libs"
exit $failed
