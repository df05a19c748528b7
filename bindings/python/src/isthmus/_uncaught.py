"""Errors that nobody in JavaScript catches: what timers and jobs throw, and rejections that nobody
handles.

They are reported when the operation that has made them is over. A promise that Python has is
Python's affair: its rejection is reported when the promise is forgotten without anybody having
looked at it, as asyncio does with its futures.
"""

from __future__ import annotations

import _thread
import threading
from typing import TYPE_CHECKING, Any

from ._core import BUSY, FORGET, Core, check, plain_error
from ._extension import ffi, lib
from ._loop import core_of, extra_of, ignored_in_a_hook, interrupted, uncaught_in_javascript

if TYPE_CHECKING:
    from ._context import Context

_ENDINGS = (lib.IST_ERR_TIMEOUT, lib.IST_ERR_MEMORY)


def install(core: Core) -> None:
    """Sets the hook of a new isolate."""
    uncaught = ffi.addressof(lib, "ipy_uncaught")
    check(lib.ist_isolate_set_uncaught(core.isolate(), uncaught, core.hook(), FORGET))


class _Later:
    """Reports when it is forgotten, which the bridge does when the operation is over."""

    __slots__ = ("core",)

    def __init__(self, core: Core) -> None:
        self.core = core

    def __del__(self) -> None:
        flush(self.core)


def _exception_of(core: Core, error: Any) -> BaseException:
    number = lib.ipy_error_host(error)
    thing = core.objects.get(number) if number else None
    return thing if isinstance(thing, BaseException) else plain_error(error)


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_uncaught(key: int, number: int, error: Any, promise: Any) -> None:
    """Takes an error that nobody has caught."""
    core = core_of(key)
    if core is None:
        return
    extra = extra_of(core)
    status = error.status
    reference = core.contexts.get(number)
    context = reference() if reference else None
    if context is None or promise[0].type == lib.IST_UNDEFINED:
        if extra.turning and (
            status in _ENDINGS or (status == lib.IST_ERR_TERMINATED and core.pending)
        ):
            # The turn tells it to whoever runs the loop.
            return
        extra.thrown.append(_exception_of(core, error))
    else:
        known = _number_of(core, context, promise[0])
        if known in extra.rejections:
            lib.ipy_drop(core.ptr, known)
        elif known:
            extra.rejections[known] = _exception_of(core, error)
    lib.ipy_release(core.ptr, core.host(_Later(core)))


def _number_of(core: Core, context: Context, promise: Any) -> int:
    frame = core.frame()
    try:
        if lib.ipy_lift(core.ptr, context._ptr, promise, ffi.addressof(frame.result), frame.c):
            return 0
        number: int = frame.result.integer
        return number
    finally:
        core.frames.append(frame)


def flush(core: Core) -> None:
    """Reports what has no owner in Python, with nothing held."""
    extra = core.extra
    if extra is None or core.closed or lib.ipy_isolate_held(core.ptr):
        return
    found = []
    if extra.rejections:
        hold = ffi.gc(ffi.new("ipy_hold *"), lib.ipy_abandon)
        try:
            answer = lib.ipy_enter(core.ptr, hold, ffi.NULL, False)
            while answer == BUSY:
                answer = lib.ipy_enter(core.ptr, hold, ffi.NULL, False)
            if not answer:
                for number in list(extra.rejections):
                    references = lib.ipy_references(core.ptr, number)
                    if references <= 1:
                        found.append(extra.rejections.pop(number))
                        lib.ipy_drop(core.ptr, number)
        finally:
            lib.ipy_leave(hold)
    thrown, extra.thrown = extra.thrown, []
    pending = core.pending.get(threading.get_ident())
    for problem in found + thrown:
        if pending is not None and not isinstance(pending, Exception):
            break
        report(core, problem)
    if pending is not None and not extra.turning:
        # It came when what could have raised it was over.
        del core.pending[threading.get_ident()]
        if isinstance(pending, KeyboardInterrupt):
            _thread.interrupt_main()
        else:
            ignored_in_a_hook(pending)


def report(core: Core, problem: BaseException) -> None:
    """Gives an error to the isolate's `on_uncaught`, or to sys.unraisablehook."""
    hook = core.extra.on_uncaught if core.extra is not None else None
    if hook is None:
        uncaught_in_javascript(problem)
        return
    try:
        hook(problem)
    except Exception as worse:
        ignored_in_a_hook(worse)


def handled(core: Core, number: int) -> None:
    """Somebody has looked at a promise: its rejection is not to be reported."""
    extra = core.extra
    if extra is not None and extra.rejections.pop(number, None) is not None:
        lib.ipy_drop(core.ptr, number)


def forgotten(core: Core, number: int) -> None:
    """Nobody in Python has a promise any more."""
    extra = core.extra
    if extra is None or core.closed:
        return
    problem = extra.rejections.pop(number, None)
    if problem is not None:
        lib.ipy_drop(core.ptr, number)
        report(core, problem)
