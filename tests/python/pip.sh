#!/usr/bin/env bash
# Installs the Python package as a newcomer does, by pip from the checkout into a new environment, and uses it.
# Usage: pip.sh BUILD_DIR
set -euo pipefail
build=$(cd "${1:?usage: pip.sh BUILD_DIR}" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0

# expect NAME WANTED COMMAND...
expect() {
  local name=$1 wanted=$2 got
  shift 2
  got=$("$@" 2>&1) || got+=" (exit code $?)"
  # shellcheck disable=SC2053 # what is wanted is a pattern
  if [[ $got == $wanted ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted: %s\n  got:    %s\n' "$name" "$wanted" "$got"
  fi
}

unset LD_LIBRARY_PATH PYTHONPATH ISTHMUS_BUILD ISTHMUS_PREFIX
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
install() { "$python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$@"; }
"$python" -m pip install --quiet --disable-pip-version-check cffi
evaluate='import isthmus as ist
with ist.Isolate() as isolate, isolate.context() as context: print(context.eval("6 * 7"))
print(ist.load("zlib").crc32(0, b"isthmus"))'
does=$'42\n662685058'

cd "$folder"
ISTHMUS_BUILD=$build expect 'pip installs from the checkout, for a build tree' '' install "$root/bindings/python"
expect 'what was installed runs JavaScript and C' "$does" "$python" -c "$evaluate"

cmake --install "$build" --prefix "$folder/prefix" >/dev/null
ISTHMUS_PREFIX=$folder/prefix expect 'pip installs for a prefix' '' install "$root/bindings/python"
expect 'what was installed for a prefix runs JavaScript and C' "$does" "$python" -c "$evaluate"

# Without a checkout around it, there is pkg-config, or a clear word.
cp -rL "$root/bindings/python" "$folder/package"
PKG_CONFIG_PATH=$folder/prefix/lib/pkgconfig expect 'pip installs for what pkg-config names' '' install "$folder/package"
expect 'what was installed for it runs JavaScript and C' "$does" "$python" -c "$evaluate"
PKG_CONFIG_LIBDIR=$folder expect 'pip says what to do without a library' \
  '*cannot find the library of Isthmus*ISTHMUS_BUILD=FOLDER*ISTHMUS_PREFIX=FOLDER*' install "$folder/package"
ISTHMUS_PREFIX=$folder/venv expect 'pip says what a prefix lacks' \
  "*ISTHMUS_PREFIX=$folder/venv is not a whole Isthmus: it has no $folder/venv/lib/libisthmus.so.0, *" \
  install "$folder/package"
find "$folder/prefix" -name 'libisthmus-gen.so*' -delete
ISTHMUS_PREFIX=$folder/prefix expect 'pip says that the interface compiler is missing' \
  "*ISTHMUS_PREFIX=$folder/prefix is not a whole Isthmus: it has no $folder/prefix/*libisthmus-gen.so.0*" \
  install "$folder/package"
expect 'nothing is left among the sources' '' \
  find "$root/bindings/python" -name build -o -name '*.egg-info'

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
