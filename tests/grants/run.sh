#!/usr/bin/env bash
# What a script may load depends on the command line alone: nothing by default, a library by its name from the --idl folders, any
# other interface file by its path, everything by a bare --allow-ffi. run.sh BUILD_DIR.
set -uo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fixture=$here/../fixture
export LD_LIBRARY_PATH="$build/tests${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# expect STATUS PATTERN ARGS...: `isthmus run ARGS` ends with STATUS, and its output has the pattern.
expect() {
  local status=$1 pattern=$2 got output
  shift 2
  output=$("$build/isthmus" run "$@" 2>&1)
  got=$?
  if [ "$got" = "$status" ] && grep -qE -- "$pattern" <<<"$output"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED isthmus run %s\n  expected exit %s and /%s/, got exit %s:\n%s\n' "$*" "$status" "$pattern" "$got" "$output"
  fi
}

cat >"$work/static.mjs" <<'JS'
import { plain } from "ffi:names";
console.log("plain", plain(1));
JS
cat >"$work/dynamic.mjs" <<'JS'
try {
  const names = await import("ffi:names");
  console.log("plain", names.plain(1));
} catch (error) {
  console.log("caught", error.message);
}
JS
cat >"$work/path.mjs" <<JS
import { load } from "isthmus:ffi";
console.log("plain", load("$work/copy.idl").plain(1));
JS
cat >"$work/relative.mjs" <<'JS'
import { load } from "isthmus:ffi";
console.log("plain", load("./copy.idl").plain(1));
JS
cat >"$work/granted.mjs" <<'JS'
import { plain } from "ffi:names";
console.log("plain", plain(1));
try {
  await import("ffi:numbers");
} catch (error) {
  console.log("numbers refused:", error.message);
}
JS
sed 's/library names;/library copy;/' "$fixture/names.idl" >"$work/copy.idl"
printf 'library broken;\nlink "libfixture.so";\nheader "names.h";\nint nm_plain(innt v);\n' >"$work/broken.idl"
printf 'library lost;\nlink "libno-such-thing.so.7";\nheader "names.h";\nint nm_plain(int v);\n' >"$work/lost.idl"
printf 'library gap;\nlink "libfixture.so";\nheader "names.h";\nint not_there_at_all(int v);\n' >"$work/gap.idl"
for name in broken lost gap; do printf 'import * as it from "ffi:%s";\n' "$name" >"$work/$name.mjs"; done

expect 1 '--allow-ffi=names' --idl "$fixture" "$work/static.mjs"
expect 0 'caught .*--allow-ffi=names' --idl "$fixture" "$work/dynamic.mjs"
expect 0 'plain 2' --idl "$fixture" --allow-ffi=names "$work/static.mjs"
expect 0 'plain 2' --idl "$fixture" --allow-ffi=numbers,names "$work/static.mjs"
expect 0 'plain 2' --idl "$fixture" --allow-ffi "$work/static.mjs"
expect 0 'plain 2' --idl "$fixture" --idl "$work" --allow-ffi=names "$work/static.mjs"
expect 0 'numbers refused: .*--allow-ffi=.*numbers' --idl "$fixture" --allow-ffi=names "$work/granted.mjs"
expect 1 'names' --allow-ffi=names "$work/static.mjs"
expect 1 '--allow-ffi' --allow-ffi=names "$work/path.mjs"
expect 1 '--allow-ffi' --allow-ffi=copy "$work/path.mjs"
expect 0 'plain 2' "--allow-ffi=$work/copy.idl" "$work/path.mjs"
cd "$work" || exit 1
expect 0 'plain 2' --allow-ffi=./copy.idl "$work/relative.mjs"
expect 1 '--allow-ffi=./copy\.idl' --allow-ffi=copy "$work/relative.mjs"
expect 0 'plain 2' --allow-ffi "$work/path.mjs"
expect 1 'broken\.idl:4:14: error: ' --idl "$work" --allow-ffi=broken "$work/broken.mjs"
expect 1 'libno-such-thing\.so\.7' --idl "$work" --allow-ffi=lost "$work/lost.mjs"
expect 1 'not_there_at_all' --idl "$work" --allow-ffi=gap "$work/gap.mjs"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
