#!/usr/bin/env bash
# The command and its host, from the outside. Each folder here is a case: the shell script `cmd` runs in it with `isthmus` on the
# PATH, and what it prints must be the files `stdout` and `stderr` (none: nothing), its exit code the file `exit` (none: 0).
# In the output the folder's path reads DIR. run.sh BUILD_DIR [CASE…]; UPDATE=1 writes what was seen into the cases.
set -uo pipefail
build=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH="$build:$PATH" LC_ALL=C.UTF-8 NO_COLOR=1
export LD_LIBRARY_PATH="$build/tests${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
unset FORCE_COLOR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work/state"
passed=0 failed=0

cases=("$@")
[ ${#cases[@]} -gt 0 ] || for cmd in "$here"/*/cmd; do cases+=("$(basename "$(dirname "$cmd")")"); done

for name in "${cases[@]}"; do
  dir=$here/$name
  touch "$work/stdout.expect" "$work/stderr.expect"
  (cd "$dir" && timeout 300 bash ./cmd) >"$work/stdout.raw" 2>"$work/stderr.raw" </dev/null
  status=$?
  for stream in stdout stderr; do
    sed "s|$dir|DIR|g" "$work/$stream.raw" >"$work/$stream"
  done
  echo $status >"$work/exit"
  if [ -n "${UPDATE:-}" ]; then
    for file in stdout stderr exit; do
      cp "$work/$file" "$dir/$file"
      [ -s "$dir/$file" ] || rm -f "$dir/$file"
    done
    [ $status -ne 0 ] || rm -f "$dir/exit"
  fi
  good=1
  for file in stdout stderr exit; do
    expect=$dir/$file
    if [ ! -e "$expect" ]; then
      expect=$work/$file.none
      if [ $file = exit ]; then echo 0 >"$expect"; else : >"$expect"; fi
    fi
    if ! diff -u "$expect" "$work/$file" >"$work/diff"; then
      good=0
      printf 'FAILED %s: %s\n' "$name" "$file"
      tail -n +3 "$work/diff"
    fi
  done
  if [ $good = 1 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
