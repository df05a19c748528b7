"""Promises as Python sees them: awaitables, or something to wait for without asyncio.

Python is told of a promise's end by a reaction of its own, so that what programs do to `then` is no
matter.
"""

from __future__ import annotations

import copy
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._core import BUSY, FAILED, Core, Hold, LiveDetails, finish, lift, told_as
from ._errors import JSError
from ._extension import ffi, lib
from ._loop import core_of, interrupted, run_until
from ._proxies import JSObject
from ._uncaught import forgotten, handled
from ._undefined import undefined

if TYPE_CHECKING:
    from ._context import Context

_STATES = ("pending", "fulfilled", "rejected")


class JSPromise(JSObject):
    """A promise of JavaScript's.

    `await promise` gives what it is fulfilled with, or raises why it was rejected: a JSError, or
    the Python exception that it came from. asyncio serves the isolate's loop meanwhile: timers
    fire, jobs run, Python's coroutines that JavaScript has called go on.
    """

    __slots__ = ()

    def __del__(self, drop: Any = lib.ipy_drop) -> None:
        number = self._id
        if number:
            core = self._context._core
            drop(self._core_ptr, number)
            if core.extra is not None and core.extra.rejections:
                forgotten(core, number)

    @property
    def state(self) -> str:
        """ "pending", "fulfilled" or "rejected"."""
        with Hold(self._context) as hold:
            state, result = ffi.new("ist_promise_state *"), ffi.new("ist_value *")
            hold.check(lib.ist_promise_read(hold.core.isolate(), hold.lower(self), state, result))
        return _STATES[state[0]]

    def result(self, timeout: Optional[float] = None) -> Any:
        """Waits without asyncio: runs the isolate's loop until the promise is settled.

        Args:
            timeout: seconds that it may take; None: as long as it takes, or the isolate's own limit
                for each turn of the loop.

        Raises:
            JSTimeoutError: the time is over.
            StateError: nothing is left to happen in the isolate that could settle it; or it is not
                settled, and JavaScript has called this function, or asyncio runs on this thread
                (use `await`).
            JSError: it was rejected; or the Python exception that it was rejected with.
            ClosedError: its context is closed.
        """
        state, value = read(self)
        if state:
            return value
        from ._async import refuse_within_loop

        refuse_within_loop()
        box: list[tuple[Any, Optional[BaseException]]] = []
        context = self._context
        watch(self, lambda value, problem: box.append((value, problem)))

        def look() -> None:
            if context.closed:
                raise context._core.closed_error(context)

        run_until(context._core, lambda: bool(box), timeout, look)
        value, problem = box[0]
        if problem is not None:
            raise problem
        return value

    def then(
        self,
        fulfilled: Optional[Callable[[Any], Any]] = None,
        rejected: Optional[Callable[[Any], Any]] = None,
    ) -> JSPromise:
        """What `promise.then(fulfilled, rejected)` gives in JavaScript; each may be None.

        Args:
            fulfilled: called with the value.
            rejected: called with the reason as JavaScript has it: most often an object of class
                Error.
        """
        handled(self._context._core, self._id)
        with Hold(self._context) as hold:
            result = ffi.new("ist_value *")
            reactions = [
                hold.lower(undefined if reaction is None else reaction)
                for reaction in (fulfilled, rejected)
            ]
            pointer = self._context._ptr
            hold.check(lib.ist_promise_then(pointer, hold.lower(self), *reactions, result))
            made: JSPromise = hold.lift(result[0])
        return made

    def __await__(self) -> Generator[Any, None, Any]:
        state, value = read(self, False)
        if state:
            return value
        from ._async import future_of

        return (yield from future_of(self))


def read(promise: JSPromise, wait: bool = True) -> tuple[int, Any]:
    """The state of a promise, 0 while it is pending, and its value; raises why it was rejected.
    With `wait` false, 0 also when another thread has the isolate."""
    context = promise._context
    core = context._core
    frame = core.frame()
    args = (context._at, promise._id, frame.at)
    answer = lib.ipy_promise_read(*args)
    if answer < 0 and (wait or answer != BUSY):
        answer = core.again(answer, frame, context, lib.ipy_promise_read, *args)
    if answer == lib.IST_PROMISE_FULFILLED:
        return answer, finish(context, frame, frame.result.tag)
    if answer == lib.IST_PROMISE_REJECTED:
        handled(core, promise._id)
        problem = reason_of(core, frame, context)
        core.frames.append(frame)
        raise problem
    core.frames.append(frame)
    return 0, undefined


def reason_of(core: Core, frame: Any, context: Context) -> BaseException:
    """Why a promise was rejected, from a frame that has failed.

    An exception of Python's comes back as itself once. JavaScript keeps a copy from then on: the
    exception's traceback has frames that have the promise, whose reason would have the exception,
    and no collector sees such a circle.
    """
    number = lib.ipy_error_host(frame.c.error) if frame.c.error else 0
    problem: BaseException = core.error(FAILED, frame, context)
    known: object = core.objects.get(number) if number else None
    if known is problem:
        try:
            twin = copy.copy(problem)
        except Exception:
            # It cannot be made from its arguments again.
            return problem
        if isinstance(twin, type(problem)):
            core.objects[number] = twin
    return problem


def watch(promise: JSPromise, told: Callable[[Any, Optional[BaseException]], None]) -> int:
    """Has `told(value, problem)` called when the promise is settled, on the thread that runs
    JavaScript then."""
    context = promise._context
    core = context._core
    # The promise, and so its context, stay as long as somebody waits.
    number = core.host((promise, told))
    frame = core.frame()
    args = (context._at, promise._id, number, frame.at)
    answer = lib.ipy_promise_watch(*args)
    while answer == BUSY:
        answer = lib.ipy_promise_watch(*args)
    if answer < 0:
        core.again(answer, frame, context, lib.ipy_promise_watch, *args)
    core.frames.append(frame)
    handled(core, promise._id)
    return number


class _Passing:
    """A frame of the bridge's, for the length of a call."""

    __slots__ = ("c",)

    def __init__(self, frame: Any) -> None:
        self.c = frame


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_settled(key: int, number: int, host: int, frame: Any) -> None:
    """Tells who waits for a promise."""
    core = core_of(key)
    waiting = core.objects.pop(host, None) if core is not None else None
    if core is None or waiting is None:
        return
    promise, told = waiting
    tag = frame.result.tag
    if tag < 0:
        told(undefined, reason_of(core, _Passing(frame), promise._context))
    else:
        told(lift(promise._context, frame.result, tag), None)


def error_value(hold: Hold, problem: BaseException) -> tuple[Any, Any]:
    """The JavaScript value of an exception, valid within the hold, and an `ist_error *` to be freed
    with it."""
    core: Core = hold.core
    if isinstance(problem, JSError):
        details = problem._details
        if isinstance(details, LiveDetails):
            if details._context._core is core and details._made.status == lib.IST_ERR_EXCEPTION:
                return details._made.value, ffi.NULL
    name, message = told_as(problem)
    made = lib.ipy_error_new(core.ptr, hold.context._ptr, name, message, core.host(problem))
    if not made:
        raise MemoryError
    return made.value, made


def new_promise(context: Context) -> JSPromise:
    """A promise that Python settles by `settle`."""
    with Hold(context) as hold:
        made = ffi.new("ist_value *")
        hold.check(lib.ist_promise_new(context._ptr, made))
        promise: JSPromise = hold.lift(made[0])
    return promise


def settle(promise: JSPromise, value: Any, problem: Optional[BaseException]) -> None:
    """Fulfils a promise of `new_promise`, or rejects it when there is a problem; and runs its
    reactions."""
    context = promise._context
    with Hold(context) as hold:
        target = hold.lower(promise)
        if problem is None:
            try:
                lowered = hold.lower(value)
            except Exception as refused:
                problem = refused
            else:
                hold.check(lib.ist_promise_resolve(context._ptr, target, lowered))
        if problem is not None:
            reason, made = error_value(hold, problem)
            try:
                hold.check(lib.ist_promise_reject(context._ptr, target, reason))
            finally:
                lib.ist_error_free(made)
        hold.check(lib.ist_isolate_run_microtasks(hold.core.isolate()))
