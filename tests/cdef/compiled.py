"""Compiles declarations with cffi's API mode: `compiled.py FOLDER BUILD ROOT`.

A compiler sees NAME.cdef of FOLDER beside the header, and complains where they differ; cffi checks
each size, place and value when the module is imported. Nothing of isthmus.h may be missing.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import subprocess
import sys

import cffi

folder, build, root = (pathlib.Path(path) for path in sys.argv[1:])


def compiled(name, header, include, library, libraries):
    ffi = cffi.FFI()
    ffi.cdef((folder / f"{name}.cdef").read_text())
    ffi.set_source(
        f"cdef_{name}",
        f"#include <{header}>",
        include_dirs=[str(include)],
        libraries=[library],
        library_dirs=[str(libraries)],
        extra_link_args=[f"-Wl,-rpath,{libraries}"],
        extra_compile_args=[
            "-O0",
            "-w",
            "-Wno-psabi",
            "-Werror=incompatible-pointer-types",
            "-Werror=implicit-function-declaration",
        ],
    )
    ffi.compile(tmpdir=str(folder))
    return importlib.import_module(f"cdef_{name}")


def sizes(module, names):
    return {name: module.ffi.sizeof(name) for name in names}


def check(got, wanted, what):
    if got != wanted:
        sys.exit(f"{what}: got {got}, expected {wanted}")


sys.path.insert(0, str(folder))
os.chdir(folder)
module = compiled("isthmus", "isthmus.h", root / "runtime/include", "isthmus", build)
command = [str(build / "isthmus"), "gen", "--descriptor", str(root / "idl/isthmus.idl")]
descriptor = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
wanted = {f["symbol"] for f in descriptor["functions"] if f["symbol"].startswith("ist_")}
wanted |= {c["name"] for c in descriptor["constants"]}
wanted |= {v["name"] for t in descriptor["types"] if t["kind"] == "enum" for v in t["values"]}
check(sorted(wanted - set(dir(module.lib))), [], "missing of isthmus.h")
structs = [t for t in descriptor["types"] if t["kind"] == "struct" and t["c"] != "ist_value_as"]
check(
    sizes(module, [t["c"] for t in structs]),
    {t["c"]: t["size"] for t in structs},
    "sizes of isthmus.h",
)
check(module.lib.ist_abi_version(), module.lib.IST_ABI_VERSION, "the ABI's version")
check(
    module.ffi.string(module.lib.ist_status_text(module.lib.IST_ERR_FORKED))[:14],
    b"V8 does not su",
    "a status",
)

fixture = root / "tests/fixture"
module = compiled("structs", "structs.h", fixture, "fixture", build / "tests")
check(
    sizes(module, ["Packed", "Aligned", "struct bits"]),
    {"Packed": 13, "Aligned": 64, "struct bits": 16},
    "structs.h",
)
packed = module.ffi.new("Packed *", {"kind": 3, "value": 70000, "weight": 0.5})
check(module.lib.packed_sum(packed), 70003.5, "packed_sum")
check(module.lib.packed_same(packed[0]).weight, 0.5, "packed_same")
module = compiled("unions", "unions.h", fixture, "fixture", build / "tests")
check(module.lib.un_value_number(2.5).type, 4, "un_value_number")
check(getattr(module.lib.un_value_number(2.5), "as").number, 2.5, "un_value_number")
print(f"isthmus.h, structs.h and unions.h compile; {len(wanted)} names of isthmus.h are there")
