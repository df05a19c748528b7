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

# Tags narrow a library to the functions that have one of them; what is unsafe is granted by its name alone.
cat >"$work/tags.mjs" <<'JS'
import * as u from "ffi:unions";
const names = ["read", "write", "plain", "address", "move", "Source", "Word", "UN_KEY", "UnionError"].filter((name) => name in u);
const of = (object) => Object.getOwnPropertyNames(object).filter((name) => typeof object[name] === "function" && !/^(constructor|toJSON)$/.test(name));
let made;
try { made = new u.Source().constructor.name; } catch (error) { made = error.message; }
const leveled = u.Source.leveled?.(5);
console.log(names.join(" "), "|", of(u.Source.prototype).join(" "), "|", of(u.Source).join(" "), "|", made, "|", leveled?.level());
leveled?.free();
JS
every='read write plain'
always='Source Word UN_KEY UnionError'
methods='set clear ask tick run level raise free'
tags() { expect 0 "$1" --idl "$fixture" "--allow-ffi=$2" "$work/tags.mjs"; }
tags "^$every $always [|] $methods [|] count leveled [|] Source [|] 5$" unions
tags "^read $always [|] level free [|] count leveled [|] unions.Source: its constructor was not granted [|] 5$" unions:read
tags "^write $always [|] raise free [|] count [|] unions.Source: its constructor was not granted [|] undefined$" unions:write
tags "^read write $always [|] level raise free [|] count leveled [|]" unions:read,unions:write
tags "^read write $always [|] level raise free [|] count leveled [|]" unions:write,names,unions:read,unions:write
tags "^$every address move $always [|] $methods [|]" unions:unsafe
tags "^read address move $always [|] level free [|]" unions:read,unions:unsafe
tags "^$every $always [|] $methods [|]" unions,unions:read
tags "^$every address move $always [|] $methods [|]" unions:unsafe,unions
expect 0 "^$every address move $always [|] $methods [|]" --idl "$fixture" --allow-ffi "$work/tags.mjs"
expect 1 'unions has no function with the tag "raed": did you mean "read"' --idl "$fixture" --allow-ffi=unions:raed "$work/tags.mjs"
expect 1 '--allow-ffi=unions' --idl "$fixture" --allow-ffi=unions: "$work/tags.mjs"
expect 1 '--allow-ffi=unions' --idl "$fixture" --allow-ffi=unions:read:write "$work/tags.mjs"
expect 1 '--allow-ffi=unions' --idl "$fixture" --allow-ffi=names:read "$work/tags.mjs"
sed 's/library unions;/library own;/' "$fixture/unions.idl" >"$work/own.idl"
cat >"$work/own.mjs" <<'JS'
import { load } from "isthmus:ffi";
const own = load("./own.idl");
console.log(own.read?.(1), own.write?.(1), load("./own.idl") === own);
own.Source.leveled(3)[Symbol.dispose]();
JS
expect 0 '^2 undefined true$' --allow-ffi=./own.idl:read "$work/own.mjs"
expect 0 '^2 3 true$' "--allow-ffi=$work/own.idl:read,./own.idl:write" "$work/own.mjs"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
