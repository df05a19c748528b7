"""V8 in the process, and C libraries through interface files.

Importing this loads neither V8 nor anything beyond the standard library: what needs V8 loads it on
first use, and then raises ImportError, which says what to install, where V8 is not on the machine.
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
    from ._async import JSAsyncIterator
    from ._bytes import detach
    from ._collections import JSArray, JSIterator, JSMap, JSSet
    from ._context import Context
    from ._convert import register
    from ._expose import expose
    from ._grant import CLibrary
    from ._inspector import Inspector, Session
    from ._isolate import Isolate, Statistics
    from ._library import Library, close, errno, load
    from ._modules import Folder, Module
    from ._pool import Outcome, Pool, PoolStatistics, Program
    from ._profile import Profile
    from ._promise import JSPromise
    from ._proxies import JSFunction, JSMethod, JSObject, JSProxy, JSSymbol
    from ._script import Script
    from ._snapshot import Snapshot
    from ._source import Source
    from ._trees import RegExp

    v8_version: str

__version__ = "0.1.0"

__all__ = [
    "CLibrary",
    "ClosedError",
    "Context",
    "ConversionError",
    "DeniedError",
    "Error",
    "Folder",
    "ForkedError",
    "Frame",
    "Inspector",
    "InterfaceError",
    "Isolate",
    "JSArray",
    "JSAsyncIterator",
    "JSDiedError",
    "JSError",
    "JSFunction",
    "JSIterator",
    "JSMap",
    "JSMemoryError",
    "JSMethod",
    "JSObject",
    "JSPromise",
    "JSProxy",
    "JSSet",
    "JSSymbol",
    "JSSyntaxError",
    "JSTerminated",
    "JSTimeoutError",
    "Library",
    "LimitError",
    "Module",
    "NotFoundError",
    "Outcome",
    "Pool",
    "PoolStatistics",
    "Profile",
    "Program",
    "RegExp",
    "ResourceError",
    "Script",
    "Session",
    "Snapshot",
    "Source",
    "StateError",
    "Statistics",
    "Undefined",
    "__version__",
    "close",
    "detach",
    "errno",
    "expose",
    "load",
    "register",
    "undefined",
    "v8_version",
]

for _name in list(globals()):
    # Where people know them from, which is what tracebacks say.
    if _name in __all__ and isinstance(globals()[_name], type):
        globals()[_name].__module__ = __name__
del _name

# Where the names are that load V8, or cffi.
_LATER = {
    "CLibrary": "_grant",
    "Context": "_context",
    "Folder": "_modules",
    "Inspector": "_inspector",
    "Isolate": "_isolate",
    "JSArray": "_collections",
    "JSAsyncIterator": "_async",
    "JSFunction": "_proxies",
    "JSIterator": "_collections",
    "JSMap": "_collections",
    "JSMethod": "_proxies",
    "JSObject": "_proxies",
    "JSPromise": "_promise",
    "JSProxy": "_proxies",
    "JSSet": "_collections",
    "JSSymbol": "_proxies",
    "Library": "_library",
    "Module": "_modules",
    "Outcome": "_pool",
    "Pool": "_pool",
    "PoolStatistics": "_pool",
    "Profile": "_profile",
    "Program": "_pool",
    "RegExp": "_trees",
    "Script": "_script",
    "Session": "_inspector",
    "Snapshot": "_snapshot",
    "Source": "_source",
    "Statistics": "_isolate",
    "close": "_library",
    "detach": "_bytes",
    "errno": "_library",
    "expose": "_expose",
    "load": "_library",
    "register": "_convert",
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
