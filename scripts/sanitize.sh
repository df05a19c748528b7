#!/usr/bin/env bash
# Sets ISTHMUS_SANITIZE to the sanitizers of the build tree $build, or to nothing, unless it is set; to be sourced. CMake
# knows them, ctest tells them, and a script may be started by hand.
if [ -z "${ISTHMUS_SANITIZE:-}" ]; then
  # shellcheck disable=SC2154 # Who sources this has the variable.
  ISTHMUS_SANITIZE=$(sed -n 's/^ISTHMUS_SANITIZE:[A-Z]*=//p' "$build/CMakeCache.txt" 2>/dev/null || true)
fi
export ISTHMUS_SANITIZE
