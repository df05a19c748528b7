#!/usr/bin/env bash
# What cffi makes of the declarations of `isthmus gen --cdef`: layouts against descriptors, calls by value against
# libfixture, and for API mode everything of isthmus.h against a compiler: run.sh BUILD_DIR.
set -uo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  echo "FAILED $1"
  failed=1
}

python=python3
if ! "$python" -c 'import cffi, setuptools' 2>/dev/null; then
  python=$build/cffi-venv/bin/python3
  if ! "$python" -c 'import cffi, setuptools' 2>/dev/null; then
    if ! { python3 -m venv "$build/cffi-venv" >/dev/null && "$python" -m pip install -q cffi setuptools; }; then
      echo "FAILED: python3 has no module cffi, and pip cannot have it"
      exit 1
    fi
  fi
fi

# Random structs, packed, aligned and with bit-fields, beside those that people wrote.
mkdir "$work/random" "$work/all"
python3 "$root/tests/layout/generate.py" "$work/random" 500 "${LAYOUT_SEED:-77}"
for file in "$root"/idl/*.idl "$root"/tests/fixture/*.idl "$root"/examples/*/*.idl "$root"/tests/gen/*.idl \
  "$work"/random/*.idl; do
  name=$(basename "$(dirname "$file")")-$(basename "$file" .idl)
  case ${name#gen-} in bad-* | prove-* | *-aarch64) continue ;; esac
  "$build/isthmus" gen --cdef=abi -I "$root/idl" "$file" >"$work/all/$name.cdef" || fail "$file: no declarations"
  "$build/isthmus" gen --descriptor -I "$root/idl" "$file" >"$work/all/$name.json" || fail "$file: no descriptor"
done
"$python" "$here/layout.py" "$work/all" || fail "the layouts"

# The comparison itself must see a member that is elsewhere, and a struct that is larger.
mkdir "$work/wrong"
sed 's/int32_t id;/int32_t before[3]; int32_t id;/' "$work/all/fixture-structs.cdef" >"$work/wrong/structs.cdef"
cp "$work/all/fixture-structs.json" "$work/wrong/structs.json"
"$python" "$here/layout.py" "$work/wrong" >"$work/out" && fail "a moved member is not seen"
for what in 'Seg.id: cffi has (44, 4), the descriptor (32, 4)' 'Seg: cffi has 56 bytes, the descriptor 48'; do
  grep -qF "$what" "$work/out" || fail "not seen: $what"
done

# A sanitizer's libraries cannot be loaded into Python.
[ -n "${ISTHMUS_SANITIZE:-}" ] && exit $failed
"$python" "$here/calls.py" "$work/all" "$build/tests/libfixture.so" || fail "calls by value"

for name in isthmus structs unions; do
  file=$root/idl/$name.idl
  [ -f "$file" ] || file=$root/tests/fixture/$name.idl
  "$build/isthmus" gen --cdef "$file" >"$work/$name.cdef" || fail "$file does not compile"
done
"$python" "$here/compiled.py" "$work" "$build" "$root" || fail "the compiled declarations"
exit $failed
