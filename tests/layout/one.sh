#!/usr/bin/env bash
# One batch of the layout test, in the folder that holds it: one.sh ISTHMUS NAME. Compiles NAME.c, compares what gcc and the
# interface compiler say of its structs, and passes every byte both ways.
set -euo pipefail
isthmus=$1 name=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cc=${CC:-gcc}
"$cc" -O1 -w -Wno-psabi -Wno-packed-bitfield-compat -shared -fPIC -o "$name.so" "$name.c"
"$cc" -O0 -w -Wno-psabi -Wno-packed-bitfield-compat -o "${name}_facts" "${name}_facts.c"
"./${name}_facts" >"$name.facts"
"$isthmus" gen --descriptor "$name.idl" >"$name.json"
status=0
{ python3 "$here/compare.py" "$name.json" "$name.facts" && "$isthmus" run --idl . --allow-ffi="$name" "$name.mjs"; } >"$name.out" 2>&1 ||
  status=1
sed "s/^/$name: /" "$name.out"
exit "$status"
