#!/usr/bin/env bash
# Runs the tests of the Python package against its wheel, in a virtual environment that has nothing else of this tree.
# Usage: run.sh BUILD_DIR [--python VERSION] [PYTEST ARGS]
#
# VERSION (such as 3.12) takes another Python than python3, with the same wheel, and leaves out what is marked slow. The
# wheel is made anew when the sources or the library have changed, the environment when the requirements have. A library
# with a sanitizer is run with the sanitizer's runtime loaded first.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR [--python VERSION] [PYTEST ARGS]}" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=scripts/sanitize.sh
. "$root/scripts/sanitize.sh"
sanitize=$ISTHMUS_SANITIZE
version='' chosen=()
if [ "${1:-}" = --python ]; then
  version=$2 chosen=(-m 'not slow')
  shift 2
fi

if [ -n "$version" ]; then
  python=$("$here/pythons.sh" | sed -n "s/^${version//./\\.} //p")
  [ -n "$python" ] || {
    echo "run.sh: this machine has no Python $version" >&2
    exit 1
  }
else
  python=$(command -v "${ISTHMUS_PYTHON:-python3}")
  # What else there is, has tests of its own.
  left_out='' there=$("$here/pythons.sh")
  for each in 3.9 3.10 3.11 3.12 3.13 3.14; do
    grep -q "^$each " <<<"$there" || left_out+=" $each"
  done
  [ -z "$left_out" ] || echo "left out, since this machine does not have them: Python$left_out"
fi

ready='import sys, sysconfig, venv, ensurepip, pathlib
sys.exit(sys.version_info < (3, 9) or not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())'
if ! "${ISTHMUS_PYTHON:-python3}" -c "$ready" 2>/dev/null; then
  echo "left out: python3 is not there, is older than 3.9, or lacks venv or the headers (./build.sh setup names packages)"
  exit 77
fi
wheel=$("$root/scripts/wheel.sh" "$build")
venv=$build/python/venv${version:+-$version}
exec 9>"$venv.lock"
flock 9
made_for="$("$python" -c 'import sys; print(sys.version, sys.executable)') $(sha256sum <"$here/requirements.txt")"
if [ "$(cat "$venv/made-for" 2>/dev/null)" != "$made_for" ]; then
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --prefer-binary "$wheel" \
    -r "$here/requirements.txt"
  printf '%s\n' "$made_for" >"$venv/made-for"
  rm -f "$venv/has"
  cp -p "$wheel" "$venv/has"
fi
if ! cmp -s "$wheel" "$venv/has"; then
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall "$wheel"
  cp -p "$wheel" "$venv/has"
fi
flock -u 9

environment=(PYTHONDONTWRITEBYTECODE=1 "ISTHMUS_BUILD=$build" "HYPOTHESIS_STORAGE_DIRECTORY=$build/python/hypothesis")
case $sanitize in
'') ;;
*thread*) environment+=("LD_PRELOAD=$(cc -print-file-name=libtsan.so) $(cc -print-file-name=libstdc++.so)") ;;
*)
  # libstdc++ too: what intercepts its exceptions looks for them when the process starts. The interpreter and what it
  # loads keep memory until the end.
  environment+=("LD_PRELOAD=$(cc -print-file-name=libasan.so) $(cc -print-file-name=libstdc++.so)"
    "ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" PYTHONMALLOC=malloc)
  ;;
esac
cd "$here"
exec env -u LD_LIBRARY_PATH -u PYTHONPATH "${environment[@]}" "$venv/bin/python" -m pytest -q -p no:cacheprovider \
  ${sanitize:+-o timeout=600} ${chosen+"${chosen[@]}"} "$@"
