#!/usr/bin/env bash
# Runs our side of the Go suite once and shortly: every row that the tables of docs/performance.md show has a figure.
# Usage: bench.sh BUILD_DIR
set -euo pipefail
build=$(cd "${1:?usage: bench.sh BUILD_DIR}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/go.sh
. scripts/go.sh
want_go
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

(cd bench/go/ours && go build -o "$folder/ours" .)
{
  BENCH_QUICK=1 "$folder/ours"
  BENCH_QUICK=1 "$folder/ours" isolate_memory
} >"$folder/rows"
wanted=$(PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=bench python3 -c 'from table import TABLES
for table in TABLES["go"]: print(*table.rows, sep="\n")')
missing=$(grep -vxFf <(cut -f3 "$folder/rows") <<<"$wanted" || true)
[ -z "$missing" ] || {
  printf 'no figure in the row %s\n' "$missing"
  exit 1
}
