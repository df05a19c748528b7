#!/usr/bin/env bash
# Golden tests of the interface compiler: `run.sh BUILD [--update] [NAME…]`.
# NAME.idl compiles to the descriptor NAME.expect, or fails with the messages NAME.err; prove-NAME.idl is proven
# against prove-NAME.h and says NAME.expect, or NAME.err; a Go package is made of go-NAME.idl; of cdef-NAME.idl the declarations for both of cffi's modes are
# expected. A first line `// target: aarch64` chooses the machine.
# Every descriptor, and those of idl/ and the fixtures too, must follow docs/descriptor.schema.json.
set -uo pipefail
build=$(cd "${1:?usage: run.sh BUILD [--update] [NAME…]}" && pwd) || exit 2
shift
update=false
if [ "${1:-}" = --update ]; then update=true; shift; fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here" || exit 2
failed=0 passed=0

fail() { echo "FAIL $1: $2"; failed=$((failed + 1)); }

# compare NAME SUFFIX: what came out against the golden file; the other golden file must not exist.
compare() {
  local name=$1 suffix=$2 other=err
  [ "$suffix" = err ] && other=expect
  if $update; then
    cp "$work/out" "$name.$suffix"
    rm -f "$name.$other"
  elif [ ! -f "$name.$suffix" ]; then
    fail "$name" "expected $name.$other, but got"
    cat "$work/out"
    return
  elif ! diff -u "$name.$suffix" "$work/out"; then
    fail "$name" "differs from $name.$suffix"
    return
  fi
  passed=$((passed + 1))
}

run_one() {
  local name=$1 target status
  target=$(sed -n 's|^// target: ||p;1q' "$name.idl")
  if [[ $name == prove-* ]]; then
    "$build/isthmus" check "$name.idl" >"$work/json" 2>"$work/err"
  elif [[ $name == cdef-* ]]; then
    "$build/isthmus" gen --cdef=abi ${target:+--target "$target"} "$name.idl" >"$work/json" 2>"$work/err" &&
      "$build/isthmus" gen --cdef ${target:+--target "$target"} "$name.idl" >>"$work/json" 2>>"$work/err"
  elif [[ $name == go-* ]]; then
    "$build/isthmus" gen --go "$name.idl" >"$work/json" 2>"$work/err"
  else
    "$build/isthmus" gen --descriptor ${target:+--target "$target"} "$name.idl" >"$work/json" 2>"$work/err"
  fi
  status=$?
  if [ $status -eq 0 ]; then
    mv "$work/json" "$work/out"
    [ -s "$work/err" ] && fail "$name" "succeeds, but says $(cat "$work/err")"
    [[ $name == prove-* || $name == cdef-* || $name == go-* ]] || cp "$work/out" "$work/$name.json"
    compare "$name" expect
  elif [ $status -ge 128 ]; then
    fail "$name" "exit $status: $(cat "$work/err")"
  else
    # How compilers put it differs from one to the next.
    [[ $name == prove-* ]] && sed -i '/the C compiler says:/d' "$work/err"
    [ -s "$work/json" ] && fail "$name" "fails, but prints a descriptor"
    mv "$work/err" "$work/out"
    compare "$name" err
  fi
}

if [ $# -gt 0 ]; then names=("$@"); else names=(*.idl); fi
for name in "${names[@]}"; do run_one "${name%.idl}"; done

for file in "$root"/idl/*.idl "$root"/tests/fixture/*.idl "$root"/examples/*/*.idl; do
  [ -f "$file" ] || continue
  "$build/isthmus" gen --descriptor -I "$root/idl" "$file" >"$work/$(basename "$file" .idl)-other.json" ||
    fail "$file" "does not compile"
done

# A library given by a path lies beside its interface file, wherever the compiler is started.
mkdir "$work/sub"
printf 'library linked;\nlink "./a.so", "lib/b.so", "c.so", "/d.so", "";\n' >"$work/sub/linked.idl"
for from in "$work/sub:linked.idl" "$work:sub/linked.idl" "/:$work/sub/linked.idl"; do
  got=$(cd "${from%%:*}" && "$build/isthmus" gen --descriptor "${from#*:}" | tr -d '\n\t ')
  real=$(cd "$work/sub" && pwd -P)
  [[ $got == *"\"link\":[\"$real/a.so\",\"$real/lib/b.so\",\"c.so\",\"/d.so\",\"\"]"* ]] ||
    fail linked "from ${from%%:*}: $got"
done

# The same text gives the same descriptor, whatever else the process does.
"$build/isthmus" gen --descriptor callbacks.idl >"$work/again" && cmp -s "$work/again" "$work/callbacks.json" ||
  [ $# -gt 0 ] || fail callbacks "another run gives another descriptor"

# Declarations are refused for what is refused as a descriptor, with the same words.
"$build/isthmus" gen --cdef bad-structs.idl >"$work/out" 2>"$work/err"
cmp -s "$work/err" bad-structs.err || fail bad-structs "--cdef says something else than --descriptor"
[ -s "$work/out" ] && fail bad-structs "fails, but prints declarations"

python=python3
if ! "$python" -c 'import jsonschema' 2>/dev/null; then
  python=$build/schema-venv/bin/python3
  if ! "$python" -c 'import jsonschema' 2>/dev/null; then
    if ! { python3 -m venv "$build/schema-venv" >/dev/null && "$python" -m pip install -q jsonschema; }; then
      echo "FAIL: python3 has no module jsonschema, and pip cannot have it"
      exit 1
    fi
  fi
fi
"$python" schema.py "$root/docs/descriptor.schema.json" "$work"/*.json || failed=$((failed + 1))

echo "gen: $passed golden files agree, $failed failures"
[ $failed -eq 0 ]
