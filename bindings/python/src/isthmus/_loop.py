"""The isolate's event loop: its turns, waiting for something without asyncio, calls from other
threads.

Whatever drives the loop (a call that waits, asyncio) runs turns that never wait, within the
isolate's limits, and waits in between on the loop's descriptor, when nobody holds the isolate. An
error that nobody in JavaScript catches goes to the isolate's hook (`_uncaught`); what ends
JavaScript (a limit, `terminate`, a signal's handler) is raised by the turn.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._core import BUSY, FORGET, Core, _cores, check
from ._errors import JSMemoryError, JSTerminated, JSTimeoutError, StateError
from ._extension import ffi, lib

if TYPE_CHECKING:
    from ._isolate import Isolate

# How long a wait lasts at most before it looks whether something was closed, in milliseconds.
_LOOK = 100

NOTHING_LEFT = (
    "the promise is never settled: nothing is left to happen in the isolate (no timer, no job, no "
    "coroutine of Python's); what is under way outside of it is said by "
    "`with isolate.under_way():`"
)


class Extra:
    """What the loop and its hooks keep of an isolate."""

    __slots__ = (
        "garbage",
        "on_uncaught",
        "promised",
        "pumps",
        "rejections",
        "tasks",
        "thrown",
        "turning",
        "wall",
    )

    def __init__(self) -> None:
        # What isthmus.h has to free, with the function that does, at the next occasion.
        self.garbage: list[tuple[Callable[[Any], None], Any]] = []
        self.on_uncaught: Optional[Callable[[BaseException], Any]] = None
        # Futures that JavaScript has been given, and their promises.
        self.promised: Any = None
        # What serves the loop in asyncio, by the id of asyncio's loop.
        self.pumps: dict[int, Any] = {}
        # Rejections that nobody has handled so far, by the promise's number in the table.
        self.rejections: dict[int, BaseException] = {}
        # Errors that have no promise and were not reported so far.
        self.thrown: list[BaseException] = []
        self.tasks: set[Any] = set()
        self.turning = 0
        # The isolate's own limit for each operation, in nanoseconds.
        self.wall = 0


def extra_of(core: Core) -> Extra:
    """What is kept of an isolate."""
    extra: Optional[Extra] = core.extra
    if extra is None:
        extra = core.extra = Extra()
    return extra


def core_of(key: int) -> Optional[Core]:
    """The isolate that the bridge names, if it still is there."""
    reference = _cores.get(key)
    return reference() if reference else None


def thing_of(key: int, host: int) -> Any:
    """The Python object that a hook names; None when it is gone."""
    core = core_of(key)
    return None if core is None else core.objects.get(host)


class uncaught_in_javascript:
    """What sys.unraisablehook names as the place of an error that nobody in JavaScript has caught:
    raised when this is forgotten."""

    __slots__ = ("problem",)

    def __init__(self, problem: BaseException) -> None:
        self.problem = problem

    def __del__(self) -> None:
        raise self.problem


class ignored_in_a_hook:
    """The same, for what a Python function has raised where nobody can be given it."""

    __slots__ = ("problem",)

    def __init__(self, problem: BaseException) -> None:
        self.problem = problem

    def __del__(self) -> None:
        raise self.problem


def interrupted(kind: type[BaseException], problem: BaseException, trace: Any) -> None:
    """What a hook has let out: an ordinary error is reported; what no program should catch ends
    JavaScript, and is raised by what runs it."""
    core = core_of(trace.tb_frame.f_locals.get("key", 0))
    if core is None or isinstance(problem, Exception):
        ignored_in_a_hook(problem)
        return
    core.pending[threading.get_ident()] = problem
    lib.ipy_isolate_terminate(core.ptr)


def tidy(core: Core) -> None:
    """Frees what was left to be freed; with the isolate held."""
    garbage = extra_of(core).garbage
    while garbage:
        free, thing = garbage.pop()
        free(thing)


def turn(core: Core, wall: int = 0, cpu: int = 0) -> Optional[tuple[bool, int]]:
    """Runs what the loop has ready, without waiting.

    Args:
        core: the isolate.
        wall: nanoseconds that it may take; 0: the isolate's own limit.
        cpu: the same of processor time.

    Returns:
        Whether something can still happen, and the milliseconds until it does (-1: nobody knows);
        None when another thread has the isolate.
    """
    frame = core.frame()
    extra = extra_of(core)
    alive, timeout, ended = ffi.new("bool *"), ffi.new("int *"), ffi.new("int *")
    frame.c.wall, frame.c.cpu = wall, cpu
    extra.turning += 1
    try:
        answer = lib.ipy_turn(core.ptr, frame.c, alive, timeout, ended)
    finally:
        extra.turning -= 1
        frame.c.wall = frame.c.cpu = 0
    status = frame.c.status
    pending = core.pending.pop(threading.get_ident(), None) if core.pending else None
    if pending is not None:
        core.frames.append(frame)
        raise pending
    if answer == BUSY:
        core.frames.append(frame)
        return None
    if answer:
        if status == lib.IST_ERR_STATE:
            core.frames.append(frame)
            raise StateError(
                "the isolate's loop cannot be run here: JavaScript has called this function, or "
                "another thread runs it"
            )
        core.again(answer, frame, None, lib.ipy_turn, core.ptr, frame.c, alive, timeout, ended)
    core.frames.append(frame)
    if ended[0] == lib.IST_ERR_TIMEOUT:
        raise JSTimeoutError("the time limit was reached")
    if ended[0] == lib.IST_ERR_MEMORY or lib.ist_isolate_spent(core.isolate()):
        core.spent = True
        raise JSMemoryError("the isolate has reached its heap limit and is closed")
    for problem in extra.thrown:
        if isinstance(problem, JSTerminated):
            extra.thrown.remove(problem)
            raise problem
    return bool(alive[0]), timeout[0]


def descriptor(core: Core) -> int:
    """A descriptor of one's own that becomes readable when the loop has something to do; to be
    closed by `os.close`.

    Raises:
        ClosedError: the isolate is closed.
    """
    number = ffi.new("int *")
    hold = ffi.gc(ffi.new("ipy_hold *"), lib.ipy_abandon)
    try:
        answer = lib.ipy_enter(core.ptr, hold, ffi.NULL, False)
        while answer == BUSY:
            answer = lib.ipy_enter(core.ptr, hold, ffi.NULL, False)
        if answer:
            raise core.closed_error(None)
        check(lib.ist_loop_fd(core.isolate(), number))
        return os.dup(number[0])
    finally:
        lib.ipy_leave(hold)


def run_until(
    core: Core,
    done: Optional[Callable[[], bool]],
    timeout: Optional[float] = None,
    look: Optional[Callable[[], None]] = None,
) -> None:
    """Runs the loop until `done()`, or, when that is None, until nothing is left to happen.

    Args:
        core: the isolate.
        done: looked at between turns.
        timeout: seconds that it may take altogether; None: as long as it takes.
        look: called between turns, to raise what makes waiting useless.

    Raises:
        JSTimeoutError: the time is over, or the isolate's own limit was reached by one turn.
        StateError: nothing is left to happen, and it is not done; or this is a function that
            JavaScript has called.
    """
    until = None if timeout is None else time.monotonic() + timeout
    number = descriptor(core)
    poller = select.poll()
    poller.register(number, select.POLLIN)
    try:
        while done is None or not done():
            if look is not None:
                look()
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise JSTimeoutError("the time limit was reached")
            wall = extra_of(core).wall
            if left is not None:
                wall = min(wall or 2**62, max(1, int(left * 1e9)))
            turned = turn(core, wall)
            if turned is None:
                continue
            alive, wait = turned
            if done is not None and done():
                return
            if not alive:
                if done is None:
                    return
                raise StateError(NOTHING_LEFT)
            wait = _LOOK if wait < 0 else min(wait, _LOOK)
            if left is not None:
                wait = min(wait, int(left * 1000) + 1)
            poller.poll(wait)
            if core.closed:
                raise core.closed_error(None)
    finally:
        os.close(number)


@contextmanager
def under_way(core: Core) -> Iterator[None]:
    """A reference to the loop for the length of a `with`."""
    if core.closed:
        raise core.closed_error(None)
    check(lib.ist_loop_ref(core.isolate()))
    try:
        yield
    finally:
        if not core.closed:
            check(lib.ist_loop_unref(core.isolate()))


def _hooked(isolate: Isolate, function: Callable[[], Any], give: Any) -> None:
    core = isolate._core
    if core.closed:
        raise core.closed_error(None)
    if not callable(function):
        raise TypeError(f"expected a callable, not {type(function).__name__}")
    hook = core.hook(function)
    check(give(core.isolate(), ffi.addressof(lib, "ipy_interrupt"), hook, FORGET))


def post(isolate: Isolate, function: Callable[[], Any]) -> None:
    """`Isolate.post`."""
    _hooked(isolate, function, lib.ist_loop_post)


def interrupt(isolate: Isolate, function: Callable[[], Any]) -> None:
    """`Isolate.interrupt`."""
    _hooked(isolate, function, lib.ist_isolate_interrupt)


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_interrupt(key: int, host: int) -> None:
    """Calls what was posted, or is to interrupt."""
    function = thing_of(key, host)
    if function is not None:
        function()
