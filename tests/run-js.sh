#!/usr/bin/env bash
# Runs one test in JavaScript: run-js.sh BUILD_DIR FILE [ARGS]. The interface files of tests/fixture are at hand as ffi:NAME,
# and their library, BUILD_DIR/tests/libfixture.so, is found by the loader. A test that ends without its summary has failed:
# a promise that never settles must not look like success.
set -euo pipefail
build=$(cd "$1" && pwd)
file=$2
shift 2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LD_LIBRARY_PATH="$build/tests${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
grants=zlib,sqlite3,libc,libm,cjson
for idl in "$here"/fixture/*.idl; do
  name=$(basename "$idl" .idl)
  [ "$name" = forbidden ] || grants+=",$name"
done
status=0
output=$("$build/isthmus" run --idl "$here/fixture" --allow-ffi="$grants" "$file" "$@" | tee >(cat >&2)) || status=$?
if [ "$status" != 0 ]; then
  echo "$(basename "$file"): exit code $status" >&2
  exit 1
fi
grep -qE '^[0-9]+ passed, 0 failed$' <<<"$output" || {
  echo "$(basename "$file"): ended without its summary" >&2
  exit 1
}
