#!/usr/bin/env bash
# Installs into a new prefix and uses what is there: the command with an installed interface file, the
# pkg-config file with a C program. Usage: run.sh BUILD_DIR
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
passed=0 failed=0

# expect NAME WANTED COMMAND...
expect() {
  local name=$1 wanted=$2 got
  shift 2
  got=$("$@" 2>&1) || got+=" (exit code $?)"
  if [ "$got" = "$wanted" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted: %s\n  got:    %s\n' "$name" "$wanted" "$got"
  fi
}

cmake --install "$build" --prefix "$prefix" >/dev/null
cd "$prefix"

expect 'the installed command finds the installed interface files' 3421780262 \
  bin/isthmus eval --allow-ffi=zlib -p \
  'const { crc32 } = await import("ffi:zlib"); crc32(0, new TextEncoder().encode("123456789"))'
expect 'the prefix holds the interface files' 'cjson.idl isthmus.idl libc.idl libm.idl sqlite3.idl zlib.idl' \
  bash -c 'cd share/isthmus/idl && echo *.idl'
expect 'the installed command proves an installed interface file' 0 \
  bash -c 'bin/isthmus check share/isthmus/idl/libm.idl >/dev/null; echo $?'

# Sanitizers' runtimes are in the programs that are built with them, which a plain C program is not.
if [ -z "${ISTHMUS_SANITIZE:-}" ]; then
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
  read -ra flags <<<"$(pkg-config --cflags --libs isthmus)"
  cc -std=c17 -Wall -Wextra -Werror "$here/embed.c" -o embed "${flags[@]}"
  expect 'a C program runs against the package' '42' ./embed
  cc -std=c17 -Wall -Wextra -Werror "$here/compile.c" -o compile -Iinclude -Llib -listhmus-gen -Wl,-rpath,"$prefix/lib"
  expect 'a C program compiles an installed interface file without V8' "$(realpath share/isthmus/idl)/libm.idl
/* libm, for cffi's ABI mode. */" ./compile libm
  expect 'the compiler needs no V8' 'libcjson libisthmus-gen' \
    bash -c 'ldd compile | grep -oE "libnode|libv8|libffi|libuv|libcjson|libisthmus-gen|libisthmus" | sort -u | paste -sd " "'
fi

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
