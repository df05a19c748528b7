#!/usr/bin/env bash
# Makes the wheel of the Python package for a build tree: `scripts/wheel.sh BUILD [--bundle]`.
#
# It is left in BUILD/wheel/; nothing is done while what it is made of has not changed. --bundle makes another one beside
# it, in BUILD/wheel/bundled/, that carries libnode and all else that the machine has and others may not. The tools are in
# BUILD/python/tools. Prints the path of the wheel as its last line.
set -euo pipefail
build=$(cd "${1:?usage: wheel.sh BUILD [--bundle]}" && pwd)
bundle=${2:-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${ISTHMUS_PYTHON:-python3}
tools=$build/python/tools
requirements=$root/bindings/python/requirements-build.txt
# shellcheck source=scripts/sanitize.sh
. "$root/scripts/sanitize.sh"

say() { printf 'wheel: %s\n' "$*" >&2; }

# A digest of the names, times and sizes of files.
digest() { find "$@" -type f -not -name '*.pyc' -printf '%p %T@ %s\n' | LC_ALL=C sort | sha256sum; }

mkdir -p "$build/python" "$build/wheel"
exec 9>"$build/python/wheel.lock"
flock 9

wanted="$("$python" -c 'import sys; print(sys.version, sys.executable)') $(digest "$requirements")"
if [ "$(cat "$tools/made-for" 2>/dev/null)" != "$wanted" ]; then
  say "getting the tools into $tools"
  rm -rf "$tools"
  "$python" -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
  printf '%s\n' "$wanted" >"$tools/made-for"
fi

parts=("$build/libisthmus.so.0" "$build/libisthmus-gen.so.0" "$build/isthmus")
[ ! -e "$build/isthmus-inspect.so" ] || parts+=("$build/isthmus-inspect.so")
mapfile -t parts < <(realpath "${parts[@]}")
wanted=$(digest "$root/bindings/python" "$root/idl" "$root/runtime/include" "${parts[@]}" "${BASH_SOURCE[0]}")
if [ "$(cat "$build/wheel/made-of" 2>/dev/null)" != "$wanted" ]; then
  rm -f "$build"/wheel/*.whl "$build/wheel/made-of"
  if ! ISTHMUS_BUILD=$build "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation --wheel-dir "$build/wheel" "$root/bindings/python" >"$build/python/wheel.log" 2>&1; then
    cat "$build/python/wheel.log" >&2
    exit 1
  fi
  printf '%s\n' "$wanted" >"$build/wheel/made-of"
fi
wheel=$(echo "$build"/wheel/*.whl)

if [ "$bundle" = --bundle ]; then
  if [ ! "$build/wheel/bundled/made-of" -nt "$wheel" ]; then
    rm -rf "$build/wheel/bundled"
    # auditwheel runs the patchelf beside it, and does not know that libnode's own libraries are found by libisthmus's path.
    paths=$(readelf -d "$build/libisthmus.so.0" | sed -n 's/.*Library r\(un\)\?path: \[\(.*\)\]$/\2/p')
    if ! PATH=$tools/bin:$PATH LD_LIBRARY_PATH=${paths//\$ORIGIN/$build} "$tools/bin/auditwheel" repair --strip \
      --wheel-dir "$build/wheel/bundled" "$wheel" >"$build/python/bundle.log" 2>&1; then
      cat "$build/python/bundle.log" >&2
      exit 1
    fi
    touch "$build/wheel/bundled/made-of"
  fi
  wheel=$(echo "$build"/wheel/bundled/*.whl)
fi
printf '%s\n' "$wheel"
