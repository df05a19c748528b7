"""V8 in the process, and C libraries through interface files.

Importing this loads neither V8 nor anything beyond the standard library: what needs V8 loads it on first use, and then
raises ImportError, which says what to install, where V8 is not on the machine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._errors import (
    ClosedError,
    ConversionError,
    DeniedError,
    Error,
    ForkedError,
    Frame,
    InterfaceError,
    JSDiedError,
    JSError,
    JSMemoryError,
    JSSyntaxError,
    JSTerminated,
    JSTimeoutError,
    LimitError,
    NotFoundError,
    ResourceError,
    StateError,
)
from ._undefined import Undefined, undefined

if TYPE_CHECKING:
    from ._context import Context
    from ._isolate import Isolate, Statistics
    from ._pool import Outcome, Pool, PoolStatistics, Program
    from ._proxies import JSFunction, JSObject

    v8_version: str

__version__ = "0.1.0"

__all__ = [
    "ClosedError",
    "Context",
    "ConversionError",
    "DeniedError",
    "Error",
    "ForkedError",
    "Frame",
    "InterfaceError",
    "Isolate",
    "JSDiedError",
    "JSError",
    "JSFunction",
    "JSMemoryError",
    "JSObject",
    "JSSyntaxError",
    "JSTerminated",
    "JSTimeoutError",
    "LimitError",
    "NotFoundError",
    "Outcome",
    "Pool",
    "PoolStatistics",
    "Program",
    "ResourceError",
    "StateError",
    "Statistics",
    "Undefined",
    "__version__",
    "undefined",
    "v8_version",
]

# Where the names are that load V8.
_LATER = {
    "Context": "_context",
    "Isolate": "_isolate",
    "JSFunction": "_proxies",
    "JSObject": "_proxies",
    "Outcome": "_pool",
    "Pool": "_pool",
    "PoolStatistics": "_pool",
    "Program": "_pool",
    "Statistics": "_isolate",
}


def __getattr__(name: str) -> Any:
    value: Any
    if name == "v8_version":
        from ._extension import ffi, lib

        value = ffi.string(lib.ist_v8_version()).decode()
    elif name in _LATER:
        value = getattr(import_module("." + _LATER[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # From now on it is found without coming here.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
