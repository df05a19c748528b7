#!/usr/bin/env bash
# Runs one fuzz target for ISTHMUS_FUZZ_SECONDS (60): `fuzz.sh FUZZ_BUILD NAME`. It starts from idl/, from the folders
# tests/fuzz/NAME/ and tests/NAME/ where there are such, and from what earlier runs in this build tree found. An input that crashes, leaks, or takes over
# ten seconds fails the run and stays in the build tree.
set -euo pipefail
build=$1 name=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
found=$build/found/$name
mkdir -p "$found"
seeds=()
for dir in "$root/idl" "$root/tests/fuzz/$name" "$root/tests/$name"; do
  [ -d "$dir" ] && seeds+=("$dir")
done
exec "$build/fuzz-$name" -max_total_time="${ISTHMUS_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
  -print_final_stats=1 -verbosity=1 -artifact_prefix="$build/" "$found" ${seeds+"${seeds[@]}"}
