#!/usr/bin/env bash
# Holds the sources to the house rules, and every interface file to its header: `scripts/check.sh BUILD`.
# Each rule prints one line, after what broke it; the exit code is 1 when any is broken.
set -uo pipefail
build=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
export LC_ALL=C

broken=0
# report NAME OUTPUT: a rule that printed nothing holds.
report() {
  if [ -z "$2" ]; then
    printf 'holds   %s\n' "$1"
  else
    printf '%s\nBROKEN  %s\n' "$2" "$1"
    broken=1
  fi
}

rooms=()
for room in gen runtime cli tests bindings examples bench; do
  [ -d "$room" ] && rooms+=("$room")
done
mapfile -t sources < <(find "${rooms[@]}" -name golden -prune -o -type f \( -name '*.[ch]' -o -name '*.cc' \) -print | sort)
mapfile -t pythons < <(find "${rooms[@]}" -name '.*' -prune -o -type f -name '*.py' -print | sort)
mapfile -t gos < <(find "${rooms[@]}" -name golden -prune -o -type f -name '*.go' -print | sort)
mapfile -t scripts < <(find build.sh .ci scripts cmake "${rooms[@]}" -type f \( -name '*.sh' -o -path .ci/run \) | sort)

# Another version of clang-format would format otherwise.
formatter=
for name in clang-format-14 clang-format; do
  if command -v $name >/dev/null && $name --version | grep -q 'version 14\.'; then
    formatter=$name
    break
  fi
done
if [ -n "$formatter" ]; then
  report "clang-format (${#sources[@]} files)" "$(
    printf '%s\0' "${sources[@]}" | xargs -0 -n 16 -P 2 "$formatter" --dry-run -Werror 2>&1 |
      sed -n "s/^\([^:]*\):.*error: .*/\1: not formatted; $formatter -i mends it/p" | sort -u
  )"
else
  echo "left out  clang-format: this machine has no version 14"
fi

includes() { # includes PATTERN PATH...: the lines that include a header whose name matches.
  local pattern=$1
  shift
  grep -rnE "^ *# *include *[<\"]($pattern)[>\"]" --include='*.[ch]' --include='*.cc' "$@" 2>/dev/null
}
report "V8's headers in runtime/v8 only" "$(includes 'v8[^/]*\.h|libplatform/.*' gen runtime/ffi runtime/host runtime/include cli)"
report "libffi's header in runtime/ffi only" "$(includes 'ffi\.h' gen runtime/host runtime/include cli | grep -v '"ffi.h"')"
report "gen knows no runtime" "$(includes 'isthmus\.h|ffi/.*|v8/.*|host/.*|uv\.h' gen)"
report "runtime/ffi knows no V8 and no host" "$(includes 'v8/.*|host/.*|uv\.h' runtime/ffi)"
report "the public headers are plain C" "$(
  for header in runtime/include/isthmus.h gen/include/isthmus-gen.h; do
    [ -f "$header" ] || continue
    "${CC:-cc}" -std=c99 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -x c "$header" 2>&1
    "${CXX:-c++}" -std=c++17 -Wall -Wextra -Werror -fsyntax-only -x c++ "$header" 2>&1
  done
)"
report "every C file opens with what it is for" "$(
  for file in "${sources[@]}"; do
    read -r line <"$file"
    case $line in '/*'* | '//'*) ;; *) echo "$file:1: no opening comment" ;; esac
  done
)"
report "every Python file opens with what it is for" "$(
  for file in "${pythons[@]}"; do
    # A program's first line is for the kernel.
    line=$(sed -n '1{/^#!/n}; p; q' "$file")
    case $line in '"""'* | 'r"""'*) ;; *) echo "$file:1: no docstring" ;; esac
  done
)"
report "every Go package says what it is for" "$(
  # The package clause follows a comment in one of its files; tests from outside are part of what they test.
  for dir in $(printf '%s\n' "${gos[@]}" | xargs dirname | sort -u); do
    awk 'FNR == 1 { last = "" }
      /^package / { found = found || last ~ /^(\/\/[ \t]|.*\*\/$)/; nextfile }
      { last = $0 }
      END { exit !found }' "$dir"/*.go || echo "$dir: no comment at a package clause"
  done
)"
report "nothing left for later" "$(
  grep -nE '\b(TO''DO|FIX''ME|X''XX)\b' "${sources[@]}" "${scripts[@]}" "${pythons[@]}" "${gos[@]}"
)"
report "libisthmus.so exports ist_ names only" "$(nm -D --defined-only "$build/libisthmus.so" | awk '$3 !~ /^ist_[a-z]/')"
if command -v shellcheck >/dev/null; then
  report "shellcheck (${#scripts[@]} scripts)" "$(shellcheck "${scripts[@]}")"
fi

# The Python package, its tests and its measurements, by tools in an environment of their own.
tools=$build/python/check
wanted="$(python3 --version 2>&1) $(sha256sum <scripts/requirements-check.txt)"
if [ "$(cat "$tools/made-for" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$tools"
  if python3 -m venv "$tools" >/dev/null 2>&1 &&
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check -r scripts/requirements-check.txt; then
    printf '%s\n' "$wanted" >"$tools/made-for"
  fi
fi
if [ -f "$tools/made-for" ]; then
  export RUFF_CACHE_DIR=$build/python/ruff MYPY_CACHE_DIR=$build/python/mypy
  folders=(bindings/python tests/python bench examples/python scripts)
  report "ruff format" "$("$tools/bin/ruff" format --quiet --check --output-format concise "${folders[@]}" 2>&1)"
  report "ruff check" "$("$tools/bin/ruff" check --quiet --output-format concise "${folders[@]}" 2>&1)"
  report "mypy --strict" "$(
    cd bindings/python && said=$("$tools/bin/mypy" --config-file pyproject.toml src/isthmus 2>&1) || echo "$said"
  )"
  headers=$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')
  report "the Python package's C compiles without a warning" "$(
    "${CC:-cc}" -std=c17 -D_GNU_SOURCE -DPy_LIMITED_API=0x03090000 -Wall -Wextra -Wconversion -Werror -fsyntax-only \
      -Iruntime/include -Ibindings/python/src/bridge -isystem "$headers" bindings/python/src/{bridge,calls}/*.c 2>&1
  )"
else
  echo "left out  Python: ruff and mypy cannot be had here"
fi

# shellcheck source=scripts/go.sh
. scripts/go.sh
if find_go; then
  report "gofmt (${#gos[@]} files)" "$(gofmt -l "${gos[@]}" 2>&1)"
  report "go vet" "$(
    go_modules | while read -r module; do (cd "$module" && said=$(go vet ./... 2>&1) || echo "$module: $said"); done
  )"
  report "the Go package's C compiles without a warning" "$(
    exported=$(mktemp -d)
    cd bindings/go || exit
    go list -f '{{if and .CgoFiles .CFiles}}{{.Dir}} {{join .CgoFiles " "}}{{end}}' ./... | while read -ra package; do
      # The headers of what Go exports are cgo's.
      (cd "${package[0]}" &&
        go tool cgo -objdir "$exported" -- -I"$root/runtime/include" "${package[@]:1}" 2>&1 &&
        "${CC:-cc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Werror -fsyntax-only -I. -I"$root/runtime/include" \
          -isystem "$exported" ./*.c 2>&1)
    done
    rm -rf "$exported"
  )"
else
  echo "left out  Go: there is none from $GO_WANTED on"
fi

# What is unsafe is listed behind the proof, and the library's own header is the tree's.
export PKG_CONFIG_PATH="$build${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
for file in idl/*.idl; do
  [ -e "$file" ] || continue
  if proof=$("$build/isthmus" check "$file" 2>&1); then
    printf 'proven  %s: %s\n' "$file" "$(head -n1 <<<"$proof")"
  else
    report "$file agrees with its header" "${proof:-no proof}"
  fi
done
exit $broken
