#!/usr/bin/env bash
# Installs into a new prefix and builds a program with the Go package against what is there, as where the prefix is the
# system's: pkg-config finds it where it looks by itself, and nothing else tells of it. Usage: prefix.sh BUILD_DIR
set -euo pipefail
build=$(cd "${1:?usage: prefix.sh BUILD_DIR}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/go.sh
. scripts/go.sh
want_go
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/prefix" >/dev/null
cp -r bindings/go "$folder/isthmus"
cp -r tests/go/program "$folder/program"
cd "$folder/program"
unset PKG_CONFIG_PATH CGO_CFLAGS LD_LIBRARY_PATH
cat >go.mod <<'TEXT'
module program

go 1.24.0

require isthmus/bindings/go v0.0.0

replace isthmus/bindings/go => ../isthmus
TEXT
go mod tidy
PKG_CONFIG_LIBDIR=$folder/prefix/lib/pkgconfig go build -o program .
said=$(./program)
[ "$said" = 42 ] || {
  printf 'expected 42, got %s\n' "$said"
  exit 1
}
# The library that it uses is the installed one.
ldd program | grep -q "libisthmus.so.0 => $folder/prefix/" || {
  ldd program
  exit 1
}
