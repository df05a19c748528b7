#!/usr/bin/env bash
# Lists the Pythons of this machine that the package is for, one of each version: "3.12 /path/python3.12". With --others
# all but python3's version.
set -uo pipefail
shopt -s nullglob
versions=(3.9 3.10 3.11 3.12 3.13 3.14)
first=
[ "${1:-}" != --others ] || first=$("${ISTHMUS_PYTHON:-python3}" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for version in "${versions[@]}"; do
  [ "$version" != "$first" ] || continue
  for python in "python$version" ~/.pyenv/versions/"$version".*/bin/"python$version"; do
    # A name on the PATH may be pyenv's, which starts nothing but the versions that were chosen.
    found=$("$python" -c 'import sys, venv; print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
    if [ "${found% *}" = "$version" ]; then
      printf '%s\n' "$found"
      break
    fi
  done
done
