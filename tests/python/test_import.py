"""Importing the package loads neither V8 nor any other package."""

from __future__ import annotations

from conftest import Alone


def test_import_does_not_load_v8(alone: Alone) -> None:
    said = alone(
        """
        import isthmus
        maps = open("/proc/self/maps").read()
        print("libnode" in maps, "libisthmus" in maps, "_v8.abi3" in maps)
        isthmus.v8_version
        maps = open("/proc/self/maps").read()
        print("libisthmus" in maps, "_v8.abi3" in maps)
        """
    )
    assert said == "False False False\nTrue True\n"


def test_import_loads_no_other_package(alone: Alone) -> None:
    said = alone(
        """
        import sys
        import isthmus
        heavy = ["asyncio", "cffi", "_cffi_backend", "ctypes", "dask", "distributed", "numpy"]
        print([name for name in heavy if name in sys.modules])
        """
    )
    assert said == "[]\n"


def test_v8_is_found_without_library_path(alone: Alone) -> None:
    program = (
        "import isthmus, os; print('LD_LIBRARY_PATH' in os.environ, len(isthmus.v8_version) > 4)"
    )
    assert alone(program, environment={"LD_LIBRARY_PATH": None}) == "False True\n"
