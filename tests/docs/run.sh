#!/usr/bin/env bash
# What the documents and examples show is run: `run.sh BUILD`. Every block of docs/idl.md that is marked `c idl` compiles; one
# marked `c idl error` fails with the message in the text block after it. The first interface file, the README's script and
# the demo do what they say.
set -uo pipefail
build=$(cd "${1:?usage: run.sh BUILD}" && pwd) || exit 2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
isthmus=$build/isthmus
passed=0 failed=0

fail() {
  printf 'FAIL %s\n' "$1"
  failed=$((failed + 1))
}
# same WHAT EXPECTED ACTUAL: two files.
same() {
  if diff -u "$2" "$3"; then passed=$((passed + 1)); else fail "$1"; fi
}

# blocks FILE: each fenced block of a document into its own file, named by number, with its mark in NUMBER.mark.
blocks() {
  awk -v dir="$work" '
    /^```/ && !inside { inside = 1; n++; mark = substr($0, 4); print mark > (dir "/" n ".mark"); close(dir "/" n ".mark");
                        file = dir "/" n ".block"; printf "" > file; next }
    /^```/ { inside = 0; close(file); next }
    inside { print > file }' "$1"
}

blocks "$root/docs/idl.md"
n=1
while [ -f "$work/$n.block" ]; do
  mark=$(<"$work/$n.mark")
  cp "$work/$n.block" "$work/page.idl"
  case $mark in
  "c idl")
    if "$isthmus" gen --descriptor "$work/page.idl" >"$work/out" 2>&1; then
      passed=$((passed + 1))
    else
      fail "docs/idl.md, block $n"
      cat "$work/out"
    fi
    ;;
  "c idl error")
    "$isthmus" gen --descriptor "$work/page.idl" 2>&1 | grep -o 'error: .*' >"$work/out"
    same "docs/idl.md, block $n" "$work/$((n + 1)).block" "$work/out"
    ;;
  esac
  n=$((n + 1))
done
[ "$n" -gt 20 ] || fail "docs/idl.md has too few blocks"

# The first interface file: the one in the document is the one that is there, it is proven, and its script runs.
grep -lx 'c idl' "$work"/*.mark | sed 's/mark$/block/' | xargs grep -l 'error TallyError' | head -n1 | xargs cat >"$work/tally.idl"
same "examples/first/tally.idl in docs/idl.md" "$root/examples/first/tally.idl" "$work/tally.idl"
cp "$root"/examples/first/* "$work/"
if (cd "$work" && "${CC:-cc}" -shared -fPIC -o libtally.so tally.c && "$isthmus" check tally.idl >out &&
  "$isthmus" run --allow-ffi=./tally.idl main.mjs >>out); then
  cat >"$work/expected" <<'TEXT'
tally.idl: proven against "tally.h": 10 functions, 1 struct (3 fields), 1 handle, 3 constants
tally 1.0
2 times “the”; the quick brown fox jumps over lazy dog
{ words: '9', distinct: 8, mean_length: 3.888888888888889 } { result: 3, counts: Uint32Array(3) [ 2, 1, 1 ] }
the: 2
TallyError 2: tally.Tally.add: no room for another word
TEXT
  same "examples/first" "$work/expected" "$work/out"
else
  fail "examples/first"
fi

# The README's script, and what it says that it prints; how far zlib packs depends on its version.
rm -f "$work"/*.mark "$work"/*.block
blocks "$root/README.md"
first() { grep -lx "$1" "$work"/*.mark | sort -V | head -n1; }
script=$(first js)
printed=$(first text)
cp "${script%mark}block" "$work/packed.mjs"
"$isthmus" run --allow-ffi=zlib,sqlite3 "$work/packed.mjs" 2>&1 | sed 's/packed [0-9]*/packed N/' >"$work/out"
sed 's/packed [0-9]*/packed N/' "${printed%mark}block" >"$work/expected"
same "README.md" "$work/expected" "$work/out"

# Blocks of docs/judge.md and the README that are marked with a file's name are that file; in those marked `console`, what stands
# behind `$` is run there, and prints the lines below it. How long that took is another number each time.
normal() { sed -E 's/"ms": [0-9.]+/"ms": N/; s/; [0-9.]+ m?s, [0-9]+ a second$/; TIME/'; }
for page in docs/judge.md README.md; do
  rm -rf "$work"/*.mark "$work"/*.block "$work/page"
  blocks "$root/$page"
  mkdir "$work/page"
  for ((n = 1; ; n++)); do
    [ -f "$work/$n.mark" ] || break
    read -r mark file <"$work/$n.mark"
    [ -z "$file" ] || [ "$mark" = c ] || cp "$work/$n.block" "$work/page/$file"
    [ "$mark" = console ] || continue
    grep '^\$ ' "$work/$n.block" | sed 's/^..//' >"$work/commands"
    (cd "$work/page" && PATH=$build:$PATH NO_COLOR=1 bash "$work/commands") 2>&1 | normal >"$work/out"
    grep -v '^\$ ' "$work/$n.block" | normal >"$work/expected"
    same "$page, block $n" "$work/expected" "$work/out"
  done
done

# The demo verifies what it did, and fails where there is nothing to do.
if "$isthmus" run --allow-ffi=zlib,sqlite3,libc,cjson "$root/examples/demo/main.mjs" >"$work/out" 2>&1 &&
  grep -qx 'All 4 files verified.' "$work/out"; then
  passed=$((passed + 1))
else
  fail "examples/demo"
  cat "$work/out"
fi
mkdir "$work/empty"
if "$isthmus" run --allow-ffi=zlib,sqlite3,libc,cjson "$root/examples/demo/main.mjs" "$work/empty" >"$work/out" 2>&1; then
  fail "examples/demo with an empty folder must not succeed"
else
  passed=$((passed + 1))
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
