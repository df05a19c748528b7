"""V8 in the process, and C libraries through interface files.

Importing this loads neither V8 nor anything beyond the standard library: what needs V8 loads it on first use, and then
raises ImportError, which says what to install, where V8 is not on the machine.
"""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__", "v8_version"]


def __getattr__(name: str) -> str:
    if name == "v8_version":
        from ._extension import ffi, lib

        version: str = ffi.string(lib.ist_v8_version()).decode()
        return version
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
