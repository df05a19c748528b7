#!/usr/bin/env bash
# What docs/embedding.md, docs/isolation.md, docs/limits.md and the README show of C is run: run.sh BUILD. A block of C with a `main` is a program, which compiles against the installed
# package and prints what the next block of text says; any other block of C stands, word for word, in a file of examples/embedding or idl.
set -uo pipefail
build=$(cd "${1:?usage: run.sh BUILD}" && pwd) || exit 2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

fail() {
  printf 'FAIL %s, line %s: %s\n' "$page" "$1" "$2"
  failed=$((failed + 1))
}

# split PAGE: each fenced block into NUMBER.block, with its mark and the line where it begins in NUMBER.mark.
split() {
  rm -f "$work"/*.block "$work"/*.mark
  awk -v dir="$work" '
    /^```/ && !inside { inside = 1; n++; print substr($0, 4), NR > (dir "/" n ".mark"); close(dir "/" n ".mark");
                        file = dir "/" n ".block"; printf "" > file; next }
    /^```/ { inside = 0; close(file); next }
    inside { print > file }' "$root/$1"
}

# A sanitizer's runtime is in the programs that are built with it, which these are not.
programs=1
if [ -n "${ISTHMUS_SANITIZE:-}" ]; then
  programs=0
else
  cmake --install "$build" --prefix "$work/prefix" >/dev/null || exit 1
  export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig
  read -ra flags <<<"$(pkg-config --cflags --libs isthmus)"
fi

# stands BLOCK: whether a sample holds these lines.
stands() {
  local wanted sample text
  wanted=$(<"$1")
  for sample in "$root"/examples/embedding/*.c "$root"/idl/*.idl; do
    text=$'\n'$(<"$sample")$'\n'
    [[ $text == *$'\n'"$wanted"$'\n'* ]] && return 0
  done
  return 1
}

for page in docs/embedding.md docs/isolation.md docs/limits.md README.md; do
  split "$page"
  for ((n = 1; ; n++)); do
    [ -f "$work/$n.mark" ] || break
    read -r mark line <"$work/$n.mark"
    [ "$mark" = c ] || continue
    if ! grep -q '^int main(' "$work/$n.block"; then
      if stands "$work/$n.block"; then passed=$((passed + 1)); else fail "$line" "no sample holds these lines"; fi
      continue
    fi
    [ "$programs" = 1 ] || continue
    read -r next _ <"$work/$((n + 1)).mark"
    if [ "$next" != text ]; then
      fail "$line" "the next block does not say what it prints"
    elif ! (cd "$work" && cp "$n.block" page.c &&
      "${CC:-cc}" -std=c17 -Wall -Wextra -Werror page.c -o page "${flags[@]}" -Wl,-rpath,"$work/prefix/lib"); then
      fail "$line" "it does not compile"
    elif ! (cd "$work" && ./page >out 2>&1 && diff -u "$((n + 1)).block" out); then
      fail "$line" "it prints something else"
    else
      passed=$((passed + 1))
    fi
  done
  [ "$n" -gt 2 ] || fail 1 "too few blocks"
done

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
