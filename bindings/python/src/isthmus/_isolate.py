"""Isolates: JavaScript heaps with their limits."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._core import Core, byte_count, check, nanoseconds
from ._errors import StateError
from ._extension import ffi, lib
from ._loop import extra_of, interrupt, post, run_until, under_way
from ._profile import File, Profile, write_heap
from ._uncaught import install

if TYPE_CHECKING:
    from ._context import Context
    from ._inspector import Inspector


@dataclass(frozen=True)
class Statistics:
    """What an isolate holds, in bytes unless said."""

    heap_used: int
    heap_total: int
    """Taken from the system for the heap."""
    heap_limit: int
    heap_physical: int
    malloced: int
    """By V8, beside its heap."""
    external: int
    """Native memory that JavaScript objects hold, buffers among it."""
    native_contexts: int
    """How many."""
    detached_contexts: int
    """How many contexts were closed and are still reachable."""
    handles: int
    """How many handles are in use."""
    buffers: int
    """In buffers and WebAssembly memories, which `buffer_limit` is about."""


class Isolate:
    """A JavaScript heap with its collector and its limits; contexts live in it.

    Any thread may use it, one at a time: an operation waits until it is free, and lets other Python
    threads run meanwhile, as it does while JavaScript runs.

    Args:
        heap_limit: bytes that the heap may grow to, at least 4 MiB. A program that needs more is
            ended by JSMemoryError, and the isolate is closed. None: V8's own choice, between one
            and four gigabytes.
        buffer_limit: bytes of ArrayBuffers and WebAssembly memories that live at one time; more is
            a RangeError. None: no limit.
        stack_limit: bytes of stack that JavaScript may use, at least 64 KiB. None: about a
            megabyte.
        timeout: seconds that each operation may take, unless it says otherwise; JSTimeoutError
            beyond. None: no limit.
        cpu_timeout: the same in seconds of processor time.
        snapshot: what its contexts start from.
        on_uncaught: called with what nobody in JavaScript catches: what timers and jobs throw, and
            why promises were rejected that nobody handles. None: sys.unraisablehook is.

    Raises:
        ForkedError: in a process made by fork after V8 was used.
        ResourceError: the system has no room for one more.
    """

    def __init__(
        self,
        *,
        heap_limit: Optional[int] = None,
        buffer_limit: Optional[int] = None,
        stack_limit: Optional[int] = None,
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        snapshot: Optional[Any] = None,
        on_uncaught: Optional[Callable[[BaseException], Any]] = None,
    ) -> None:
        wall, cpu = nanoseconds(timeout, "timeout"), nanoseconds(cpu_timeout, "cpu_timeout")
        options = ffi.new("ist_isolate_options *")
        options.size = ffi.sizeof("ist_isolate_options")
        options.heap_limit = byte_count(heap_limit, "heap_limit")
        options.buffer_limit = byte_count(buffer_limit, "buffer_limit")
        options.stack_limit = byte_count(stack_limit, "stack_limit")
        options.microtasks = lib.IST_MICROTASKS_AUTO
        options.brief_errors = True
        if snapshot is not None:
            options.snapshot = snapshot._ptr
        made = ffi.new("ist_isolate **")
        check(lib.ist_isolate_new(options, made))
        self._core = Core(made[0], wall, cpu)
        extra_of(self._core).wall = wall
        install(self._core)
        self.on_uncaught = on_uncaught
        self._contexts: weakref.WeakSet[Context] = weakref.WeakSet()
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"<isthmus.Isolate {'closed' if self.closed else hex(id(self))}>"

    def __enter__(self) -> Isolate:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        core = getattr(self, "_core", None)
        if core is not None and not core.closed:
            try:
                core.close()
            except StateError:
                pass

    def close(self) -> None:
        """Frees the isolate with its contexts and objects, ending what runs in it. Using any of
        them afterwards raises ClosedError. Repeating it does nothing.

        Raises:
            StateError: within a function that JavaScript in this isolate has called.
        """
        self._core.close()
        for context in list(self._contexts):
            context._place.context = ffi.NULL
        if self._core.extra.pumps:
            from ._async import closed

            closed(self._core)

    @property
    def closed(self) -> bool:
        """Whether `close` was called, or the heap limit was reached."""
        return self._core.closed or self._core.spent

    @property
    def spent(self) -> bool:
        """Whether the heap limit was reached: all that is left to do is to close it."""
        return self._core.spent

    def context(self, **options: Any) -> Context:
        """Makes a context: a global object with its own built-ins. Takes what `Context` takes."""
        from ._context import Context

        return Context(self, **options)

    def terminate(self) -> None:
        """Ends the JavaScript that runs in the isolate now, by JSTerminated; the isolate can be
        used again. Nothing happens when none runs. From any thread."""
        if not self._core.closed:
            lib.ipy_isolate_terminate(self._core.ptr)

    @contextmanager
    def _held(self, wall: int, cpu: int, limited: bool) -> Iterator[None]:
        core = self._core
        frame = core.frame()
        hold = ffi.gc(ffi.new("ipy_hold *"), lib.ipy_abandon)
        frame.c.wall, frame.c.cpu = wall, cpu
        try:
            answer = lib.ipy_enter(core.ptr, hold, frame.c, limited)
            if answer:
                core.again(answer, frame, None, lib.ipy_enter, core.ptr, hold, frame.c, limited)
            yield
        finally:
            frame.c.wall = frame.c.cpu = 0
            lib.ipy_leave(hold)
            core.frames.append(frame)

    def entered(self) -> Any:
        """A context manager that keeps the isolate for this thread: operations within it are
        faster, and other threads wait until its end."""
        return self._held(0, 0, False)

    def limits(self, timeout: Optional[float] = None, cpu_timeout: Optional[float] = None) -> Any:
        """A context manager that puts limits on all that this thread runs in the isolate until its
        end, taken together; it keeps the isolate for this thread.

        Args:
            timeout: seconds that may pass.
            cpu_timeout: seconds of processor time.
        """
        wall, cpu = nanoseconds(timeout, "timeout"), nanoseconds(cpu_timeout, "cpu_timeout")
        return self._held(wall, cpu, bool(wall or cpu))

    def _pointer(self) -> Any:
        core = self._core
        if core.closed or core.spent:
            raise core.closed_error(None)
        return core.isolate()

    def collect(self) -> None:
        """Collects all garbage that V8 can find now; takes milliseconds to seconds."""
        with self._held(0, 0, False):
            check(lib.ist_isolate_collect(self._pointer()))

    def statistics(self) -> Statistics:
        """What the isolate holds."""
        got = ffi.new("ist_statistics *")
        got.size = ffi.sizeof("ist_statistics")
        with self._held(0, 0, False):
            check(lib.ist_isolate_statistics(self._pointer(), got))
        return Statistics(**{name: getattr(got, name) for name in Statistics.__dataclass_fields__})

    def write_heap(self, file: File) -> None:
        """Writes a snapshot of the heap, as Chrome DevTools opens, to a path or a binary file, by
        custom with the ending ".heapsnapshot"."""
        write_heap(self, file)

    def profile(self, interval: float = 0.001) -> Profile:
        """A context manager that records where the time goes that this thread spends in the
        isolate; the record can be read and written afterwards. One at a time.

        Args:
            interval: seconds between samples.
        """
        return Profile(self, interval)

    def inspector(
        self,
        *,
        pause: Optional[Callable[[Inspector], Any]] = None,
        ready: Optional[Callable[[Inspector], Any]] = None,
    ) -> Inspector:
        """Makes the inspector of the isolate, for debuggers: the Chrome DevTools protocol. Takes
        what `Inspector` takes."""
        from ._inspector import Inspector

        return Inspector(self, pause, ready)

    @property
    def on_uncaught(self) -> Optional[Callable[[BaseException], Any]]:
        """What is called with an error that nobody in JavaScript catches; None: sys.unraisablehook
        is."""
        return extra_of(self._core).on_uncaught

    @on_uncaught.setter
    def on_uncaught(self, function: Optional[Callable[[BaseException], Any]]) -> None:
        if function is not None and not callable(function):
            raise TypeError(
                f"on_uncaught must be a callable or None, not {type(function).__name__}"
            )
        extra_of(self._core).on_uncaught = function

    def run_loop(self, timeout: Optional[float] = None) -> None:
        """Runs the isolate's event loop, for programs without asyncio, until nothing is left to
        happen: no timer, no job, nothing under way.

        Args:
            timeout: seconds that it may take; None: as long as it takes.

        Raises:
            JSTimeoutError: the time is over.
            StateError: JavaScript has called this function, or asyncio runs on this thread.
        """
        from ._async import refuse_within_loop

        refuse_within_loop()
        nanoseconds(timeout, "timeout")
        run_until(self._core, None, timeout)

    def under_way(self) -> Any:
        """A context manager that says that something is under way outside which will come back to
        JavaScript,
        such as a thread that settles a promise: whoever waits goes on waiting until its end."""
        return under_way(self._core)

    def post(self, function: Callable[[], Any]) -> None:
        """Has a function called, without arguments, by the thread that runs the isolate's loop, at
        its next turn. From any thread."""
        post(self, function)

    def interrupt(self, function: Callable[[], Any]) -> None:
        """Has a function called, without arguments, in the midst of the JavaScript that runs in the
        isolate, or at its next run. It may read values and `terminate`. From any thread."""
        interrupt(self, function)

    def run_microtasks(self) -> None:
        """Runs the reactions of promises that are queued. They run by themselves when JavaScript
        returns to Python; this is for what Python has queued meanwhile."""
        with self._held(0, 0, True):
            check(lib.ist_isolate_run_microtasks(self._pointer()))
