"""JavaScript objects as Python sees them.

A proxy is the only one of its object as long as it lives, so that `is` tells whether two are the same. It
keeps the object alive, until it or its context is closed or forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ._convert import _LOWER, let_go, lower_args
from ._core import DATE, DOUBLE, INT, OBJECT, SYMBOL, VIEW, finish
from ._errors import ClosedError
from ._extension import ffi, lib

if TYPE_CHECKING:
    from ._context import Context

_call = lib.ipy_call
_drop = lib.ipy_drop


class JSObject:
    """Any object of JavaScript's."""

    __slots__ = ("__weakref__", "_context", "_core_ptr", "_id")

    _context: Context

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} objects come out of JavaScript")

    def __del__(self) -> None:
        number = getattr(self, "_id", 0)
        if number:
            _drop(self._core_ptr, number)


class JSFunction(JSObject):
    """A function of JavaScript's, which can be called."""

    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        context = self._context
        core = context._core
        try:
            frame = core.frames.pop()
        except IndexError:
            frame = core.frame()
        c = frame.c
        if args:
            keep = lower_args(context, frame, args)
        else:
            c.argc = 0
            keep = None
        tag = _call(core.ptr, context._ptr, self._id, 0, c)
        if tag < 0:
            try:
                tag = core.again(
                    tag, frame, context, _call, core.ptr, context._ptr, self._id, 0, c
                )
            finally:
                if keep:
                    let_go(core, keep)
        elif keep:
            let_go(core, keep)
        if tag == INT:
            value: Any = frame.result.integer
        elif tag == DOUBLE:
            value = frame.result.number
        else:
            return finish(context, frame, tag)
        core.frames.append(frame)
        return value


_CLASSES: dict[int, type[JSObject]] = {lib.IST_CLASS_FUNCTION: JSFunction}


def _lift_object(context: Context, item: Any) -> JSObject:
    core = context._core
    number = item.integer
    proxy = core.proxies.get(number)
    if proxy is not None:
        # The result has counted once more; one proxy counts once.
        _drop(core.ptr, number)
        return proxy
    cls = _CLASSES.get(item.kind, JSObject)
    proxy = cls.__new__(cls)
    proxy._context = context
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
