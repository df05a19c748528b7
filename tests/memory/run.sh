#!/usr/bin/env bash
# Memory stays flat over a million rounds of each kind of call: run.sh BUILD_DIR. Under a sanitizer, which keeps what was freed for
# a while, fewer rounds run, and the sanitizer looks for the leaks. MEMORY_ROUNDS and MEMORY_ONLY as memory.mjs says.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -n "${ISTHMUS_SANITIZE:-}" ]; then
  export MEMORY_ROUNDS=${MEMORY_ROUNDS:-5000}
fi
exec bash "$here/../run-js.sh" "$1" "$here/memory.mjs"
