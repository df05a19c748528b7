"""Isolates: JavaScript heaps with their limits."""

from __future__ import annotations

import weakref
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._closing import Closing
from ._core import Core, Held, byte_count, check, nanoseconds
from ._errors import StateError
from ._extension import ffi, lib
from ._loop import extra_of, interrupt, post, run_until, under_way
from ._profile import File, Profile, write_heap
from ._uncaught import install

if TYPE_CHECKING:
    from ._console import Console
    from ._context import Context
    from ._inspector import Inspector
    from ._modules import Modules
    from ._snapshot import Snapshot


@dataclass(frozen=True)
class Statistics:
    """What an isolate holds, in bytes unless said."""

    heap_used: int
    """By objects, living and dead."""
    heap_total: int
    """Taken from the system for the heap."""
    heap_limit: int
    """What it may grow to."""
    heap_physical: int
    """Of it, in memory."""
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


class Isolate(Closing):
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
        TypeError, ValueError: a limit is no number, or less than nothing.
        ForkedError: in a process made by fork after V8 was used.
        ResourceError: the system has no room for one more.
    """

    __slots__ = ("__weakref__", "_contexts", "_core")

    def __init__(
        self,
        *,
        heap_limit: Optional[int] = None,
        buffer_limit: Optional[int] = None,
        stack_limit: Optional[int] = None,
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        snapshot: Optional[Snapshot] = None,
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
            from ._snapshot import pointer_of

            options.snapshot = pointer_of(snapshot)
        made = ffi.new("ist_isolate **")
        check(lib.ist_isolate_new(options, made))
        self._core = Core(made[0], wall, cpu)
        extra_of(self._core).wall = wall
        install(self._core)
        self.on_uncaught = on_uncaught
        self._contexts: weakref.WeakSet[Context] = weakref.WeakSet()

    def __repr__(self) -> str:
        return f"<isthmus.Isolate {'closed' if self.closed else hex(id(self))}>"

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

    def context(
        self,
        *,
        name: Optional[str] = None,
        modules: Modules = None,
        import_meta: Optional[Callable[[str], Any]] = None,
        console: Console = None,
        web: bool = True,
        frozen: bool = False,
        eval_allowed: bool = True,
    ) -> Context:
        """Makes a context: a global object with its own built-ins. What it takes is said at
        `Context`.

        Raises:
            StateError: it is frozen, and was given `modules`.
            NotFoundError: `modules` is a folder that is not there.
            JSMemoryError: the heap limit was reached.
        """
        from ._context import Context

        return Context(
            self,
            name=name,
            modules=modules,
            import_meta=import_meta,
            console=console,
            web=web,
            frozen=frozen,
            eval_allowed=eval_allowed,
        )

    def terminate(self) -> None:
        """Ends the JavaScript that runs in the isolate now, by JSTerminated; the isolate can be
        used again. Nothing happens when none runs. From any thread."""
        if not self._core.closed:
            lib.ipy_isolate_terminate(self._core.ptr)

    def entered(self) -> AbstractContextManager[None]:
        """A context manager that keeps the isolate for this thread: operations within it are
        faster, and other threads wait until its end."""
        return Held(self._core)

    def limits(
        self, timeout: Optional[float] = None, cpu_timeout: Optional[float] = None
    ) -> AbstractContextManager[None]:
        """A context manager that puts limits on all that this thread runs in the isolate until its
        end, taken together; it keeps the isolate for this thread.

        Args:
            timeout: seconds that may pass; JSTimeoutError beyond, from whatever runs within.
            cpu_timeout: seconds of processor time.

        Raises:
            TypeError, ValueError: a limit is no number, or not greater than 0.
        """
        wall, cpu = nanoseconds(timeout, "timeout"), nanoseconds(cpu_timeout, "cpu_timeout")
        return Held(self._core, wall, cpu, limited=bool(wall or cpu))

    def _pointer(self) -> Any:
        core = self._core
        if core.closed or core.spent:
            raise core.closed_error(None)
        return core.isolate()

    def collect(self) -> None:
        """Collects all garbage that V8 can find now; takes milliseconds to seconds."""
        with Held(self._core):
            check(lib.ist_isolate_collect(self._pointer()))

    def statistics(self) -> Statistics:
        """What the isolate holds."""
        got = ffi.new("ist_statistics *")
        got.size = ffi.sizeof("ist_statistics")
        with Held(self._core):
            check(lib.ist_isolate_statistics(self._pointer(), got))
        return Statistics(**{name: getattr(got, name) for name in Statistics.__dataclass_fields__})

    def write_heap(self, file: File) -> None:
        """Writes a snapshot of the heap, as Chrome DevTools opens it. It has the texts and values
        of all that lives.

        Args:
            file: a path, by custom with the ending ".heapsnapshot", or a binary file; what writing
                there raises ends it, and is raised.
        """
        write_heap(self, file)

    def profile(self, interval: float = 0.001) -> Profile:
        """A context manager that records where the time goes that this thread spends in the
        isolate; the record can be read and written afterwards.

        Args:
            interval: seconds between samples.

        Raises:
            StateError: the isolate is being profiled already; by the `with`.
        """
        return Profile(self, interval)

    def inspector(
        self,
        *,
        pause: Optional[Callable[[Inspector], Any]] = None,
        ready: Optional[Callable[[Inspector], Any]] = None,
    ) -> Inspector:
        """Makes the inspector of the isolate, for debuggers: the Chrome DevTools protocol. What it
        takes is said at `Inspector`.

        Raises:
            StateError: the isolate has an inspector.
        """
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

    def under_way(self) -> AbstractContextManager[None]:
        """A context manager that says that something is under way outside which will come back to
        JavaScript, such as a thread that settles a promise: whoever waits goes on waiting until its
        end."""
        return under_way(self._core)

    def post(self, function: Callable[[], Any]) -> None:
        """Has a function called by the thread that runs the isolate's loop, at its next turn. From
        any thread, without waiting.

        Args:
            function: called without arguments. What it raises goes to sys.unraisablehook.

        Raises:
            TypeError: it is no callable.
        """
        post(self, function)

    def interrupt(self, function: Callable[[], Any]) -> None:
        """Has a function called in the midst of the JavaScript that runs in the isolate, or at its
        next run. From any thread, without waiting.

        Args:
            function: called without arguments. It may read values and `terminate`. What it raises
                goes to sys.unraisablehook.

        Raises:
            TypeError: it is no callable.
        """
        interrupt(self, function)

    def run_microtasks(self) -> None:
        """Runs the reactions of promises that are queued. They run by themselves when JavaScript
        returns to Python; this is for what Python has queued meanwhile."""
        with Held(self._core, limited=True):
            check(lib.ist_isolate_run_microtasks(self._pointer()))
