#!/usr/bin/env bash
# Uses the wheel that carries libnode in a root folder that has a Python and nothing else: no libnode, no library of
# Isthmus, no build tree. Usage: bundle.sh BUILD_DIR
set -euo pipefail
build=$(cd "${1:?usage: bundle.sh BUILD_DIR}" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
unset LD_LIBRARY_PATH PYTHONPATH PYTHONHOME

if ! unshare --map-root-user --mount true 2>/dev/null; then
  echo "left out: this machine lets nobody make a root folder of their own (unshare --map-root-user --mount)"
  exit 77
fi
wheel=$("$root/scripts/wheel.sh" "$build" --bundle)
case $wheel in
*-cp39-abi3-manylinux_*.whl) ;;
*)
  echo "FAILED the bundled wheel is for any Linux: $wheel"
  exit 1
  ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
python=$(python3 -c 'import sys, os; print(os.path.realpath(sys.executable))')
mkdir -p "$folder"/{proc,tmp,dev,site,new}
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --target "$folder/site" "$wheel"
rm -rf "$folder/venv"

# Python with what it loads, each where it was, and what the wheel's kind says that every machine has.
{
  find "$library/lib-dynload" -name '*.so' -print0 | xargs -0 ldd "$python" | sed -n 's/.*[ \t]\(\/[^ ]*\) (0x.*/\1/p'
  ldd "$build"/{libisthmus.so.0,isthmus-inspect.so} | sed -n 's/.*=> \(.*\/lib\(stdc++\|gcc_s\|m\|z\|dl\|pthread\).so[.0-9]*\) (0x.*/\1/p'
  echo "$python"
} | sort -u | while read -r file; do
  mkdir -p "$folder${file%/*}"
  cp -L "$file" "$folder$file"
done
mkdir -p "$folder$library"

cat >"$folder/program.py" <<'PROGRAM'
"""Runs in the folder as its root."""

import os
import subprocess
import sys

sys.path.insert(0, "/site")
import isthmus as ist

for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/dev", "/site")]
    assert not [name for name in files if name.startswith(("libnode", "libisthmus"))], folder
with ist.Isolate() as isolate, isolate.context() as context:
    print(context.eval("new Intl.NumberFormat('de').format(6 * 7000)"))

with open("/tmp/double.js", "w") as program:
    program.write("input * 2")
command = os.path.join(os.path.dirname(ist.__file__), "_native", "isthmus")
judge = [command, "judge", "--isolation=process", "--quiet", "--inputs=-", "/tmp/double.js"]
judged = subprocess.run(judge, input="21\n", stdout=subprocess.PIPE, text=True, check=True).stdout
print(judged.partition(", \"ms\"")[0])
maps = open("/proc/self/maps").read()
print(sorted({line.split("/")[1] for line in maps.splitlines() if "libnode" in line or "libicu" in line}))
PROGRAM

# shellcheck disable=SC2016 # The inner shell expands it.
got=$(unshare --map-root-user --mount --pid --fork bash -euc '
  folder=$1 library=$2 python=$3
  mount --rbind "$library" "$folder$library"
  mount -t proc proc "$folder/proc"
  mount --rbind /dev "$folder/dev"
  cd "$folder"
  exec timeout 120 env -i "$(PATH=$PATH:/usr/sbin command -v chroot)" "$folder" "$python" -I /program.py
' bash "$folder" "$library" "$python" 2>&1) || got+=" (exit code $?)"
wanted='42.000
{"i": 0, "value": 42
['"'site'"']'
if [ "$got" != "$wanted" ]; then
  printf 'FAILED the wheel works without libnode on the machine\n  wanted: %s\n  got:    %s\n' "$wanted" "$got"
  echo '0 passed, 1 failed'
  exit 1
fi
echo '1 passed, 0 failed'
