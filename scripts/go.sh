#!/usr/bin/env bash
# Finds Go; to be sourced, with the build tree in $build.
#
# find_go puts a Go that is new enough first on the PATH and has pkg-config name the library of the build tree, or fails.
# want_go does so for a test, which without one ends here, as left out.
# go_modules prints the folders of the modules that do without anything fetched.

# bindings/go/go.mod says the same.
GO_WANTED=1.24
GO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

new_enough() { [ "$(printf '%s\n' "$GO_WANTED" "$1" | sort -V | head -n1)" = "$GO_WANTED" ]; }

find_go() {
  # shellcheck disable=SC2154 # Who sources this has the variable.
  local dir version unpacked paths=$build
  for dir in "$(dirname "$(command -v go || echo /usr/local/go/bin/go)")" /usr/local/go/bin; do
    version=$(GOTOOLCHAIN=local "$dir/go" env GOVERSION 2>/dev/null) || continue
    version=${version#go}
    new_enough "${version%% *}" || continue
    # Packages that scripts/setup.sh has unpacked come before the system's.
    for unpacked in "$GO_ROOT"/.deps/usr/lib/*/pkgconfig; do
      if [ -d "$unpacked" ]; then paths+=:$unpacked; fi
    done
    export PATH=$dir:$PATH GOTOOLCHAIN=local PKG_CONFIG_PATH="$paths${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
    # Go's cache of what is built knows neither headers outside of the package nor what pkg-config has said.
    CGO_CFLAGS="-O2 -g -DISTHMUS_BUILD_SUM=$({
      cat "$GO_ROOT/runtime/include/isthmus.h"
      echo "$build"
    } | cksum | cut -d' ' -f1)"
    export CGO_CFLAGS
    return 0
  done
  return 1
}

want_go() {
  find_go && return
  echo "left out: no Go from $GO_WANTED on is on the PATH or in /usr/local/go"
  exit 77
}

go_modules() {
  local dir
  for dir in bindings/go examples/go bench/go bench/go/ours; do
    if [ -f "$dir/go.mod" ]; then printf '%s\n' "$dir"; fi
  done
}
