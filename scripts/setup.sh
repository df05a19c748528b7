#!/usr/bin/env bash
# Gets what the build (or the tests, the checks, the Python or the Go package) needs:
# `scripts/setup.sh build|test|check|python|go`.
#
# It first looks at what is there and does nothing when nothing is missing. What is missing comes from apt where this
# user may install; what apt refuses, or may not install, is downloaded as packages and unpacked into .deps/, which
# CMake searches first. Nothing outside .deps/ changes without apt. V8 is the one in V8_ROOT, else pkg-config's `v8`,
# else libnode's.
set -euo pipefail

level=${1:-build}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}

# The unpacked packages' own .pc files count as found.
find_unpacked() {
  local dir
  for dir in "$deps"/usr/lib/*/pkgconfig; do
    [ -d "$dir" ] && export PKG_CONFIG_PATH="$dir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
  done
  return 0
}
find_unpacked
build=$root/build
# shellcheck source=scripts/go.sh
. "$root/scripts/go.sh"

# --- What is missing -------------------------------------------------------------------------------------------------

# Rows are "probe package": a probe is a command, or a pkg-config module.
commands=("gcc gcc" "g++ g++" "cmake cmake" "ninja ninja-build" "pkg-config pkg-config")
modules=("libffi libffi-dev" "libcjson libcjson-dev" "libuv libuv1-dev" "zlib zlib1g-dev" "sqlite3 libsqlite3-dev"
  "libedit libedit-dev" "libcbor libcbor-dev" "libseccomp libseccomp-dev" "libwebsockets libwebsockets-dev")
case $level in
build) ;;
test)
  modules+=("cmocka libcmocka-dev")
  optional_commands=("clang clang")
  ;;
check)
  commands+=("clang-format clang-format")
  ;;
python | go) ;;
*) die "unknown level: $level" ;;
esac

have_v8() {
  local lib
  [ -n "${V8_ROOT:-}" ] && return 0
  pkg-config --exists v8 2>/dev/null && return 0
  for lib in "$deps"/usr/lib/*/libnode.so /usr/lib/*/libnode.so; do
    [ -e "$lib" ] && [ -e "${lib%/lib/*}/include/nodejs/deps/v8/include/v8.h" ] && return 0
  done
  return 1
}

# The fuzzers link a runtime that clang's own package leaves out; its package is named after clang's version.
have_fuzzer_runtime() {
  local file
  for file in /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a \
    /usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer*.a; do
    [ -e "$file" ] && return 0
  done
  return 1
}

# Prints the packages that python3 lacks for virtual environments and extensions in C. Debian has them apart from it; a
# python3 from elsewhere that comes first on the PATH may have it all.
python_lacks() {
  command -v python3 >/dev/null || echo python3
  python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
  [ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))' 2>/dev/null)/Python.h" ] || echo python3-dev
}

# Sets `missing` (wanted, may be unpacked), `missing_tools` (must be installed) and `missing_optional`.
look() {
  local row
  missing=() missing_tools=() missing_optional=()
  for row in "${commands[@]}"; do
    command -v "${row% *}" >/dev/null || missing_tools+=("${row#* }")
  done
  if ! pkg-config --exists "${modules[@]% *}" 2>/dev/null; then
    for row in "${modules[@]}"; do
      pkg-config --exists "${row% *}" 2>/dev/null || missing+=("${row#* }")
    done
  fi
  have_v8 || missing+=(libnode-dev)
  for row in ${optional_commands+"${optional_commands[@]}"}; do
    command -v "${row% *}" >/dev/null || missing_optional+=("${row#* }")
  done
  case $level in
  test | check) mapfile -t -O "${#missing_optional[@]}" missing_optional < <(python_lacks) ;;
  python) mapfile -t -O "${#missing_tools[@]}" missing_tools < <(python_lacks) ;;
  esac
  case $level in
  test | check | go) find_go || missing_optional+=(golang-go) ;;
  esac
  if [ "$level" = test ]; then
    have_fuzzer_runtime || missing_optional+=(libclang-rt-dev)
    [ -d /usr/lib/python3/dist-packages/jsonschema ] || missing_optional+=(python3-jsonschema)
    [ -d /usr/lib/python3/dist-packages/websocket ] || missing_optional+=(python3-websocket)
  fi
}

look
[ $((${#missing[@]} + ${#missing_tools[@]} + ${#missing_optional[@]})) = 0 ] && exit 0

# --- Getting it ------------------------------------------------------------------------------------------------------

if ! mkdir -p "$deps" 2>/dev/null || [ ! -w "$deps" ]; then die "cannot write to $deps"; fi
exec 9>"$deps/lock"
if ! flock -n 9; then
  say "waiting for another set-up to end"
  flock 9
fi
look

command -v apt-get >/dev/null || die "needs ${missing_tools[*]} ${missing[*]}, and this machine has no apt-get to get them"

may_install=true as_root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
  else
    may_install=false
  fi
fi
apt_install=(apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
apt_log=$deps/apt.log

# Package lists: the machine's where they exist or may be fetched, else private ones in .deps/.
apt_options=()
updated=
update_lists() {
  [ -z "$updated" ] || return 1
  updated=yes
  say "fetching apt's package lists"
  if $may_install; then
    "${as_root[@]}" apt-get update -o DPkg::Lock::Timeout=300 >"$apt_log" 2>&1
  else
    mkdir -p "$deps/apt/lists/partial" "$deps/apt/cache/archives/partial"
    apt_options=(-o "Dir::State::lists=$deps/apt/lists" -o "Dir::Cache=$deps/apt/cache")
    apt-get "${apt_options[@]}" update >"$apt_log" 2>&1
  fi || die "apt-get update failed: $(apt_said)"
  # apt calls it success when it reached nothing at all.
  grep -qE '^(Get|Hit):' "$apt_log" || die "cannot fetch apt's package lists: $(apt_said)"
}

# The line of apt's last output that tells most.
apt_said() { grep -m1 '^E:' "$apt_log" || grep -m1 '^W:' "$apt_log" || tail -n1 "$apt_log"; }

# A package that the lists do not name is a reason to renew them, once.
know() {
  local name
  for name in "$@"; do
    known "$name" || { update_lists && known "$name"; } ||
      die "apt knows no package $name"
  done
}
known() { apt-cache ${apt_options+"${apt_options[@]}"} show "$1" >/dev/null 2>&1; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Build trees older than this file were configured without what is here now.
mark_change() { touch "$deps/changed"; }

# Installs all the given packages, or nothing. An old list is renewed once.
install_packages() {
  $may_install || return 1
  "${as_root[@]}" "${apt_install[@]}" -s "$@" >"$apt_log" 2>&1 || return 1
  say "installing with apt: $*"
  "${as_root[@]}" "${apt_install[@]}" "$@" >"$apt_log" 2>&1 ||
    { update_lists && "${as_root[@]}" "${apt_install[@]}" "$@" >"$apt_log" 2>&1; } || return 1
  mark_change
}

# Prints "name version" for what a package depends on: the first of alternatives, and a version only where it is exact.
depends_of() {
  apt-cache ${apt_options+"${apt_options[@]}"} show --no-all-versions "$1" | sed -n 's/^\(Pre-\)\?Depends: //p' |
    tr ',' '\n' | sed -n 's/^ *\([^ :|(]*\)[^(|]*\((= \([^)]*\))\)\?.*/\1 \3/p'
}

# The packages to unpack for the given ones: themselves, and all they need that the machine has not. node's JavaScript
# packages and OpenSSL's headers serve node, not V8.
closure() {
  local queue=("$@") seen=" $* " name version
  while [ ${#queue[@]} -gt 0 ]; do
    printf '%s\n' "${queue[0]}"
    while read -r name version; do
      case $name in '' | node-* | nodejs* | libssl-dev | libc6 | libc6-dev | libc-dev) continue ;; esac
      [[ $seen = *" $name "* ]] && continue
      installed "$name" && { [ -z "$version" ] ||
        [ "$(dpkg-query -W -f '${Version}' "$name")" = "$version" ]; } && continue
      seen+="$name "
      queue+=("$name")
    done < <(depends_of "${queue[0]}")
    queue=("${queue[@]:1}")
  done
}

# A development link whose library the machine already has points to that one.
mend_links() {
  local link name file
  find "$deps/usr/lib" -xtype l -name '*.so*' | while read -r link; do
    name=$(basename "$(readlink "$link")")
    for file in "$deps"/usr/lib/*/"$name" /usr/lib/*/"$name" /lib/*/"$name"; do
      if [ -e "$file" ]; then
        ln -sfn "$file" "$link"
        break
      fi
    done
  done
}

unpack_packages() {
  local names file
  know "$@"
  mapfile -t names < <(closure "$@")
  say "unpacking into .deps/: ${names[*]}"
  rm -rf "$deps/archives" && mkdir "$deps/archives"
  fetch() { (cd "$deps/archives" && apt-get ${apt_options+"${apt_options[@]}"} download "${names[@]}") >"$apt_log" 2>&1; }
  fetch || { update_lists && fetch; } ||
    die "cannot download ${names[*]}: $(apt_said)"
  # Everything is unpacked and mended aside, then copied in one go, so that a probe finds all of it or nothing.
  local new=$deps/new
  rm -rf "$new"
  for file in "$deps"/archives/*.deb; do
    dpkg -x "$file" "$new"
  done
  # Where /lib is not yet merged into /usr, some runtime libraries unpack beside usr/.
  if [ -d "$new/lib" ]; then cp -a "$new/lib/." "$new/usr/lib/"; fi
  find "$new/usr" -name '*.pc' -exec sed -i -E "/^[A-Za-z_]+ *=/ s|([= ])/usr|\1$deps/usr|g" {} +
  cp -a "$new/usr" "$deps/"
  rm -rf "$new" "$deps/archives"
  mend_links
  mark_change
}

if [ ${#missing_tools[@]} -gt 0 ]; then
  $may_install || die "needs ${missing_tools[*]}: install as root with: apt-get install ${missing_tools[*]}"
  know "${missing_tools[@]}"
  install_packages "${missing_tools[@]}" ||
    die "apt cannot install ${missing_tools[*]}: $(apt_said)"
  look
fi

if [ ${#missing[@]} -gt 0 ]; then
  know "${missing[@]}"
  # libnode-dev goes alone: where apt refuses it, the rest need not suffer.
  others=() node=()
  for name in "${missing[@]}"; do
    if [ "$name" = libnode-dev ]; then node=("$name"); else others+=("$name"); fi
  done
  unpack=()
  [ ${#others[@]} = 0 ] || install_packages "${others[@]}" || unpack+=("${others[@]}")
  [ ${#node[@]} = 0 ] || install_packages "${node[@]}" || unpack+=("${node[@]}")
  [ ${#unpack[@]} = 0 ] || unpack_packages "${unpack[@]}"
fi

if [ ${#missing_optional[@]} -gt 0 ]; then
  optional=()
  if $may_install; then
    known "${missing_optional[0]}" || update_lists || true
    for name in "${missing_optional[@]}"; do
      if [ "$name" = libclang-rt-dev ]; then
        # clang depends on clang-N, whose runtime is libclang-rt-N-dev.
        name=$(apt-cache depends clang 2>/dev/null |
          sed -n 's/.*Depends: clang-\([0-9]\+\)$/libclang-rt-\1-dev/p' | head -n1)
      elif [ "$name" = golang-go ]; then
        # A release keeps the Go that it came with, which may be too old.
        new_enough "$(apt-cache policy golang-go 2>/dev/null | sed -n 's/.*Candidate: \([0-9]*:\)\?\([0-9.]*\).*/\2/p')" ||
          name=
      fi
      [ -z "$name" ] || optional+=("$name")
    done
  fi
  if [ ${#optional[@]} = 0 ] || ! install_packages "${optional[@]}"; then
    say "going on without ${missing_optional[*]}: the tests that need them are left out"
  fi
fi

find_unpacked
look
[ $((${#missing[@]} + ${#missing_tools[@]})) = 0 ] || die "still missing after set-up: ${missing_tools[*]} ${missing[*]}"
[ "$level" != go ] || find_go || die "needs Go from $GO_WANTED on, on the PATH or in /usr/local/go/bin"
say "done"
