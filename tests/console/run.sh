#!/usr/bin/env bash
# What console prints: run.sh BUILD_DIR runs each script of this folder and compares its standard output with NAME.out and
# its standard error with NAME.err (where there is one; else it must be empty). Times and frames are replaced first, since
# they differ from run to run. UPDATE=1 writes the expected files anew.
set -euo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

plain() {
  sed -E -e 's/: [0-9.]+m?s( |$)/: TIME\1/' -e "s#(file://)?$here/##g" "$1"
}

failed=0
for script in *.mjs; do
  name=${script%.mjs}
  status=0
  NO_COLOR=1 "$build/isthmus" run "$script" >"$work/out" 2>"$work/err" || status=$?
  expected_status=0
  [ ! -f "$name.status" ] || expected_status=$(<"$name.status")
  if [ "$status" != "$expected_status" ]; then
    echo "$script: exit code $status instead of $expected_status" >&2
    cat "$work/err" >&2
    failed=1
  fi
  for stream in out err; do
    plain "$work/$stream" >"$work/$stream.plain"
    if [ -n "${UPDATE:-}" ]; then
      cp "$work/$stream.plain" "$name.$stream"
      [ -s "$name.$stream" ] || rm "$name.$stream"
    fi
    expected=$name.$stream
    [ -f "$expected" ] || expected=/dev/null
    diff -u --label "$name.$stream" --label "what came" "$expected" "$work/$stream.plain" >&2 || failed=1
  done
done
exit $failed
