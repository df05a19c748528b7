#!/usr/bin/env bash
# Debugs programs over WebSocket as editors and Chrome do: run.sh BUILD_DIR [TEST…]. Needs python3-websocket.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$1" && pwd)
if ! /usr/bin/python3 -c 'import websocket' 2>/dev/null; then
  echo "inspect: python3-websocket is not there: left out"
  exit 0
fi
if [ -n "${ISTHMUS_SANITIZE:-}" ]; then export INSPECT_TIMEOUT=240; fi
PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 "$here/test.py" "$build/isthmus" "${@:2}"
