#!/usr/bin/env bash
# Builds each program of examples/embedding in C17 against a newly installed package, as a newcomer would, runs it, and
# compares what it prints with NAME.expect. Under a sanitizer the programs are built with it too. Usage: run.sh BUILD_DIR [NAME...]
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR [NAME...]}" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
examples=$(cd "$here/../../examples/embedding" && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
passed=0 failed=0

cmake --install "$build" --prefix "$prefix" >/dev/null
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
read -ra package <<<"$(pkg-config --cflags --libs isthmus)"
flags=(-std=c17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Wconversion -Werror)
[ -z "${ISTHMUS_SANITIZE:-}" ] || flags+=("-fsanitize=$ISTHMUS_SANITIZE")

names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(cd "$examples" && printf '%s\n' *.c | sed 's/\.c$//')
# Programs find the interface files that they name from here.
cd "$examples/../.."
for name in "${names[@]}"; do
  program=$prefix/$name
  if ! cc "${flags[@]}" "$examples/$name.c" -o "$program" "${package[@]}" -pthread -Wl,-rpath,"$prefix/lib"; then
    printf 'FAILED %s: does not build\n' "$name"
    failed=$((failed + 1))
    continue
  fi
  code=0
  timeout 120 "$program" >"$program.out" 2>"$program.err" || code=$?
  if [ "$code" = 0 ] && diff -u "$examples/$name.expect" "$program.out"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED %s: exit code %s\n' "$name" "$code"
    head -n 40 "$program.err"
  fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
