#!/usr/bin/env bash
# idl/isthmus.idl describes isthmus.h, all of it: what both have is proven by the C compiler, and what one of them lacks is named.
# run.sh BUILD_DIR.
set -uo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
header=$root/runtime/include/isthmus.h
export PKG_CONFIG_PATH="$build${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  echo "FAILED $1"
  failed=1
}

"$build/isthmus" check "$root/idl/isthmus.idl" || fail "the proof against the header"
"$build/isthmus" gen --descriptor "$root/idl/isthmus.idl" >"$work/descriptor.json" || fail "the descriptor"
python3 "$here/compare.py" "$header" "$work/descriptor.json" || fail "the comparison of names"

# The comparison itself must see a name that goes, and one that comes, of each kind.
sed -e 's/ist_isolate_collect(/ist_isolate_gather(/' -e 's/\bist_statistics\b/ist_figures/g' -e 's/\bist_session\b/ist_visit/g' \
  -e 's/\bist_element\b/ist_unit/g' -e 's/IST_PROP_ALL/IST_PROP_EVERY/' -e 's/IST_LOOP_ONCE/IST_LOOP_SINGLE/' \
  -e 's/\bist_getter\b/ist_asker/g' "$header" >"$work/isthmus.h"
for name in ist_isolate_collect ist_isolate_gather ist_statistics ist_figures ist_session ist_visit ist_element ist_unit \
  IST_PROP_ALL IST_PROP_EVERY IST_LOOP_ONCE IST_LOOP_SINGLE ist_getter ist_asker; do
  python3 "$here/compare.py" "$work/isthmus.h" "$work/descriptor.json" >"$work/out" 2>&1
  grep -q "^$name: this [a-z]* is in the" "$work/out" || fail "a changed name is not seen: $name"
done
printf 'library wrong;\nheader <isthmus.h>;\npkg "isthmus";\nuint64_t ist_abi_version(void);\n' >"$work/wrong.idl"
"$build/isthmus" check "$work/wrong.idl" >/dev/null 2>&1 && fail "a changed type is not seen"

exit $failed
