"""JavaScript objects as Python sees them.

A proxy is the only one of its object as long as it lives, so that `is` tells whether two are the same. It
keeps the object alive, until it or its context is closed or forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from . import _calls
from ._convert import _LOWER, let_go, lower_args
from ._core import DATE, DOUBLE, INT, OBJECT, SYMBOL, VIEW, finish, lift
from ._errors import ClosedError
from ._extension import ffi, lib
from ._undefined import undefined

if TYPE_CHECKING:
    from ._context import Context

_call = lib.ipy_call
_drop = lib.ipy_drop


class JSObject(_calls.Proxy):
    """Any object of JavaScript's."""

    __slots__ = ("__weakref__", "_context", "_core_ptr")

    _context: Context

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} objects come out of JavaScript")

    def __del__(self, drop: Any = _drop) -> None:
        # A default, since the module may be gone when the interpreter ends.
        if self._id:
            drop(self._core_ptr, self._id)

    def __aiter__(self) -> Any:
        from ._async import JSAsyncIterator

        return JSAsyncIterator(self)


class JSFunction(JSObject, _calls.Callable):
    """A function of JavaScript's, which can be called."""

    __slots__ = ()


def _call_otherwise(function: JSFunction, args: tuple[Any, ...]) -> Any:
    """A call whose arguments are more than plain numbers."""
    context = function._context
    core = context._core
    frame = core.frame()
    keep = lower_args(context, frame, args)
    try:
        tag = _call(context._at, function._id, len(args), frame.at)
        if tag < 0:
            tag = core.again(
                tag, frame, context, _call, context._at, function._id, len(args), frame.at
            )
    finally:
        if keep:
            let_go(core, keep)
    return finish(context, frame, tag)


class _Borrowed:
    """A frame of the extension's, for the length of a call."""

    __slots__ = ("c",)

    def __init__(self, at: int) -> None:
        self.c = ffi.cast("ipy_frame *", at)


def _finish_call(function: JSFunction, at: int, answer: int) -> Any:
    """The result of a call that is more than a number, or what went wrong."""
    context = function._context
    frame = _Borrowed(at)
    if answer < 0:
        raise context._core.error(answer, frame, context)
    return lift(context, frame.c.result, answer)


def _get_otherwise(about: JSObject, key: Any) -> Any:
    """A property whose key is no text of Latin-1."""
    return about._context._get(about._id, key)


def _get_undefined(about: JSObject, key: str) -> Any:
    """What it means that a property is undefined."""
    return undefined


def _address(name: str) -> int:
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


_calls.start(
    _address("ipy_call"),
    _address("ipy_get"),
    _address("ipy_frame_reset"),
    _call_otherwise,
    _get_otherwise,
    _get_undefined,
    _finish_call,
)


_CLASSES: dict[int, type[JSObject]] = {lib.IST_CLASS_FUNCTION: JSFunction}

_PROMISE = lib.IST_CLASS_PROMISE


def _promise_class() -> type[JSObject]:
    # Loaded when the first promise comes.
    from ._promise import JSPromise

    _CLASSES[_PROMISE] = JSPromise
    return JSPromise


def _lift_object(context: Context, item: Any) -> JSObject:
    core = context._core
    number = item.integer
    proxy = core.proxies.get(number)
    if proxy is not None:
        # The result has counted once more; one proxy counts once.
        _drop(core.ptr, number)
        return proxy
    cls = _CLASSES.get(item.kind, JSObject)
    if item.kind == _PROMISE and cls is JSObject:
        cls = _promise_class()
    proxy = cls.__new__(cls)
    proxy._context = context
    proxy._at = context._at
    proxy._core_ptr = core.ptr
    proxy._id = number
    core.proxies[number] = proxy
    return proxy


def _lower_proxy(context: Context, value: JSObject, item: Any, keep: list[Any]) -> None:
    if value._context._core is not context._core:
        raise ClosedError("the object belongs to another isolate")
    item.tag = OBJECT
    item.integer = value._id


_LOWER[JSObject] = _lower_proxy
_LOWER[JSFunction] = _lower_proxy

lifters: dict[int, Callable[[Context, Any], Any]] = {
    OBJECT: _lift_object,
}
