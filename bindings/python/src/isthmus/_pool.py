"""Pools: one program over many inputs, in parallel, each run within limits of its own.

The threads of a pool are the library's and never run Python. The caller's thread reads inputs
ahead, no further than the window, hands them over many at a time, and takes outcomes many at a
time; while it waits it looks for signals ten times a second.
"""

from __future__ import annotations

import asyncio
import atexit
import operator
import os
import sys
import threading
import time
import weakref
from array import array
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Callable, Literal, Optional, Union

from ._cbor import decode, encode
from ._closing import Closing
from ._core import (
    _ending,
    byte_count,
    check,
    nanoseconds,
    park_if_ending,
    plain_error,
    status_error,
)
from ._errors import ClosedError
from ._extension import ffi, lib
from ._source import name_of, offset, utf8

__all__ = ["Outcome", "Pool", "PoolStatistics", "Program"]

Isolation = Literal["shared", "compartment", "context", "isolate", "process"]
Progress = Union[bool, Callable[[int, Optional[int]], object]]

SLICE = 100
"""Milliseconds that a wait lasts before Python looks for signals."""
AHEAD = 256
"""How many inputs a window holds for each thread, unless it is told otherwise."""
PATIENCE = 0.002
"""Seconds that are spent on reading inputs while outcomes may be there."""

_ISOLATIONS: dict[str, int] = {
    "shared": lib.IST_ISOLATION_SHARED,
    "compartment": lib.IST_ISOLATION_COMPARTMENT,
    "context": lib.IST_ISOLATION_CONTEXT,
    "isolate": lib.IST_ISOLATION_ISOLATE,
    "process": lib.IST_ISOLATION_PROCESS,
}


@dataclass(frozen=True)
class Program:
    """A classic script for a pool: it finds its input in the global `input`, and the value of its
    last statement is its result; when that is a promise, what it is fulfilled with. It can be
    pickled."""

    source: str
    """Its text."""
    filename: str = "<program>"
    """Names it in errors."""
    line_offset: int = 0
    """How many lines stand before it in its file."""


@dataclass(frozen=True)
class Outcome:
    """How the run of one input ended."""

    index: int
    """The input's number, from 0."""
    value: Any
    """What it gave; None when it failed."""
    error: Optional[Exception]
    """Why it failed; None when it did not."""
    wall: float
    """Seconds that it took."""
    cpu: Optional[float]
    """Seconds of processor time that it took; None when nobody has counted them, which limits of
    time do."""


@dataclass(frozen=True)
class PoolStatistics:
    """What a pool has done so far."""

    runs: int
    """How many inputs were run."""
    failed: int
    """Of these, how many gave no value."""
    timeouts: int
    """Of those that failed, for time."""
    spent: int
    """Of those that failed, for memory."""
    replaced: int
    """Contexts, isolates or processes that had to be made anew because of a run."""


class Pool(Closing):
    """Threads that run programs over inputs, outside of Python's lock.

    Any number of threads may use one pool; their maps take turns. It is a context manager, and is
    closed when it is collected or Python ends.

    Args:
        threads: how many runs go on at a time; None: as many as there are processors.
        isolation: what stands between one run and the next: "shared", "compartment", "context",
            "isolate" or "process"; docs/isolation.md says what each promises and costs.
        timeout: seconds that a run may take; None: no limit.
        cpu_timeout: seconds of processor time that a run may take.
        memory: bytes that the heap of each thread may grow to, at least 4 MiB.
        buffers: bytes of ArrayBuffers and WebAssembly memories that live at one time in each.
        stack: bytes of stack that a run may use, at least 64 KiB.
        command: the isthmus command that "process" starts; None: what the environment variable
            ISTHMUS_CELL names, or the one that came with this package.

    Raises:
        NotFoundError: there is no such command.
        StateError: the command is of another release.
        ResourceError: threads or processes cannot be started.
        ForkedError: in a process made by fork after V8 was used.
    """

    def __init__(
        self,
        threads: Optional[int] = None,
        isolation: Isolation = "compartment",
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        memory: Optional[int] = None,
        buffers: Optional[int] = None,
        stack: Optional[int] = None,
        command: Union[str, os.PathLike[str], None] = None,
    ) -> None:
        if threads is None:
            threads = len(os.sched_getaffinity(0))
        elif isinstance(threads, bool) or not isinstance(threads, int):
            raise TypeError(f"threads must be a number or None, not {type(threads).__name__}")
        elif not 0 < threads <= 4096:
            raise ValueError(f"threads must be between 1 and 4096, not {threads}")
        if isolation not in _ISOLATIONS:
            known = ", ".join(map(repr, _ISOLATIONS))
            raise ValueError(f"isolation must be one of {known}, not {isolation!r}")
        options = ffi.new("ist_pool_options *")
        options.size = ffi.sizeof("ist_pool_options")
        options.isolation = _ISOLATIONS[isolation]
        options.threads = threads
        options.limits.wall = nanoseconds(timeout, "timeout")
        options.limits.cpu = nanoseconds(cpu_timeout, "cpu_timeout")
        options.heap_limit = byte_count(memory, "memory")
        options.buffer_limit = byte_count(buffers, "buffers")
        options.stack_limit = byte_count(stack, "stack")
        cell = ffi.NULL if command is None else ffi.new("char[]", os.fsencode(command))
        options.cell = cell
        made, error = ffi.new("ipy_pool **"), ffi.new("ist_error **")
        check(lib.ipy_pool_new(options, made, error), error)
        self._ptr = ffi.gc(made[0], lib.ipy_pool_free)
        self._closed = False
        self._lock = threading.Lock()
        self._waiters: Optional[_Waiters] = None
        self._process = os.getpid()
        self.threads: int = threads
        """How many runs go on at a time."""
        self.isolation: str = isolation
        """What stands between one run and the next."""
        _pools.add(self)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"of {self.threads}, {self.isolation}"
        return f"<isthmus.Pool {state}>"

    def __reduce__(self) -> Any:
        raise TypeError("a Pool belongs to its process and cannot be pickled; a Program can")

    def __del__(self) -> None:
        waiters = getattr(self, "_waiters", None)
        if waiters:
            waiters.close()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Ends what runs and frees the threads. Maps that are under way raise ClosedError, and
        futures that are not done are cancelled. From any thread; repeating it does nothing."""
        self._closed = True
        if os.getpid() != self._process:
            return
        with self._lock:
            waiters, self._waiters = self._waiters, None
        if waiters:
            waiters.close()
        lib.ipy_pool_close(self._ptr)

    def statistics(self) -> PoolStatistics:
        """What it has done so far.

        Raises:
            ClosedError: it is closed.
        """
        got = ffi.new("ist_pool_statistics *")
        got.size = ffi.sizeof("ist_pool_statistics")
        self._check(lib.ipy_pool_statistics(self._ptr, got))
        return PoolStatistics(got.runs, got.failed, got.timeouts, got.spent, got.replaced)

    def map(
        self,
        program: Union[str, Program],
        inputs: Iterable[Any],
        *,
        progress: Progress = False,
        window: Optional[int] = None,
        return_exceptions: bool = False,
    ) -> Iterator[Any]:
        """Runs a program over inputs, and gives the values in the order of the inputs.

        Inputs are taken from the iterable as values are taken from this, no more ahead than the
        window. When the iterator that this gives is closed or collected, what runs is ended. What
        an input or a value becomes in the other language is in docs/python.md; they travel as CBOR,
        which loses nothing.

        Args:
            program: a script, or a Program, which has a file's name too.
            inputs: what each run finds in its global `input`. What iterating it raises is raised
                here, after the values of the inputs that came before.
            progress: True shows a bar on standard error, if that is a terminal; a function is
                called now and then, and at the end, with how many inputs are done and how many
                there are (None: nobody knows).
            window: how many inputs may be under way or wait to be taken.
            return_exceptions: whether the error of an input that failed is given in its place,
                instead of raised.

        Raises:
            JSError, JSTimeoutError, JSMemoryError and kin: a run failed; the others are ended.
            ConversionError: an input or a value has no form in the other language.
            ClosedError: the pool is closed.
        """
        run = _Map(
            self, program, inputs, progress, window, _errors if return_exceptions else _raised
        )
        return run.iterate()

    def outcomes(
        self,
        program: Union[str, Program],
        inputs: Iterable[Any],
        *,
        progress: Progress = False,
        window: Optional[int] = None,
    ) -> Iterator[Outcome]:
        """The same as `map`, with all that is known of each run; errors of runs are in their
        outcomes."""
        return _Map(self, program, inputs, progress, window, _outcomes).iterate()

    def amap(
        self,
        program: Union[str, Program],
        inputs: Union[Iterable[Any], AsyncIterable[Any]],
        *,
        progress: Progress = False,
        window: Optional[int] = None,
        return_exceptions: bool = False,
    ) -> AsyncIterator[Any]:
        """`map` for asyncio, with inputs from an iterable or an asynchronous one: `async for value
        in pool.amap(…)`. The event loop goes on while it waits."""
        shape = _errors if return_exceptions else _raised
        return _Map(self, program, inputs, progress, window, shape).aiterate()

    def aoutcomes(
        self,
        program: Union[str, Program],
        inputs: Union[Iterable[Any], AsyncIterable[Any]],
        *,
        progress: Progress = False,
        window: Optional[int] = None,
    ) -> AsyncIterator[Outcome]:
        """`outcomes` for asyncio."""
        return _Map(self, program, inputs, progress, window, _outcomes).aiterate()

    def submit(self, program: Union[str, Program], input: Any = None) -> Future[Any]:
        """Runs a program over one input, and gives its value as a future. For many inputs `map`
        costs less.

        Args:
            program: a script, or a Program.
            input: what the run finds in its global `input`.

        Raises:
            ConversionError: the input has no form in JavaScript.
            ClosedError: the pool is closed.
        """
        run = _Map(self, program, (input,), False, 1, _raised)
        run.feed()
        if run.refused:
            raise run.refused[0][1]
        with self._lock:
            if self._closed:
                raise ClosedError("the pool is closed")
            if not self._waiters:
                self._waiters = _Waiters(self.threads)
            return self._waiters.submit(run)

    def _check(self, status: int) -> None:
        if not status:
            return
        if status == lib.IST_ERR_HANDLE or (status == lib.IST_ERR_TERMINATED and self._closed):
            raise ClosedError("the pool is closed")
        raise status_error(status)


# ---- How a map gives what came of an input -------------------------------------------------------

_Shape = Callable[[Outcome], Any]


def _raised(outcome: Outcome) -> Any:
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def _errors(outcome: Outcome) -> Any:
    return outcome.value if outcome.error is None else outcome.error


def _outcomes(outcome: Outcome) -> Any:
    return outcome


# ---- What pools are given ------------------------------------------------------------------------


def program_of(program: Union[str, Program]) -> Program:
    """A script or a Program as a Program.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(program, str):
        return Program(program)
    if not isinstance(program, Program):
        raise TypeError(f"program must be a str or a Program, not {type(program).__name__}")
    return program


def count_of(count: int, what: str, kind: str = "a number") -> int:
    """How many of something; `kind` says what it may be.

    Raises:
        TypeError, ValueError: it is no integer that is greater than 0.
    """
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"{what} must be {kind}, not {type(count).__name__}")
    if not 0 < count < 1 << 31:
        raise ValueError(f"{what} must be greater than 0, not {count}")
    return count


# ---- One map -------------------------------------------------------------------------------------


class _Map:
    """A batch with what feeds it. One thread at a time uses it, but for `close`."""

    def __init__(
        self,
        pool: Pool,
        program: Union[str, Program],
        inputs: Any,
        progress: Progress,
        window: Optional[int],
        shape: _Shape,
    ) -> None:
        program = program_of(program)
        window = (
            AHEAD * pool.threads
            if window is None
            else count_of(window, "window", "a number or None")
        )
        self.pool = pool
        self.window = window
        self.most = min(1024, (window + 3) // 4)
        self.shape = shape
        self.asynchronous = isinstance(inputs, AsyncIterable) and not isinstance(inputs, Iterable)
        self.inputs: Any = inputs if self.asynchronous else iter(inputs)
        self.progress = _progress_of(progress, _length(inputs))
        self.pulled = 0
        self.given = 0
        self.failed = 0
        # Inputs that have no form in JavaScript: their numbers among all inputs, in order.
        self.refused: list[tuple[int, Exception]] = []
        self.problem: Optional[Exception] = None
        self.ended = False
        self.slow = False
        self.harvest = ffi.new("ipy_harvest *")
        # Held while outcomes are taken, and while the batch is cancelled or freed.
        self.lock, self.guard = threading.Lock(), threading.Lock()
        self.freed = False
        source = utf8(program.source, "the source")
        filename = name_of(program.filename, "the filename")
        lines = offset(program.line_offset, "line_offset")
        made = ffi.new("ipy_batch **")
        pool._check(
            lib.ipy_batch_new(pool._ptr, source, len(source), filename, lines, window, made)
        )
        self.batch = ffi.gc(made[0], lib.ipy_batch_free)
        self.encode: Callable[[Any], bytes] = encode
        self.decode: Callable[[bytes], Any] = decode

    # ---- Inputs

    def feed(self) -> None:
        """Adds inputs while there is room and time."""
        room = self.window - (self.pulled - self.given)
        self.slow = False
        if self.ended or room < (self.window + 3) // 4:
            return
        start = self.pulled
        parts: list[bytes] = []
        until = time.perf_counter() + PATIENCE
        self.ended = True
        try:
            for value in islice(self.inputs, room):
                number = self.pulled
                self.pulled += 1
                try:
                    parts.append(self.encode(value))
                except Exception as problem:
                    self.refused.append((number, problem))
                if time.perf_counter() > until:
                    self.slow = True
                    break
            self.ended = not self.slow and self.pulled - start < room
        except Exception as problem:
            self.problem = problem
        self.add(parts)

    def add(self, parts: list[bytes]) -> None:
        """Hands over what was read."""
        if not parts:
            return
        lengths = array("Q", map(len, parts))
        count = lib.ipy_batch_add_many(
            self.batch, b"".join(parts), ffi.from_buffer("uint64_t[]", lengths), len(parts)
        )
        if count < 0:
            self.pool._check(-count)
        assert count == len(parts)

    # ---- Outcomes

    def take(self, timeout: int) -> list[Any]:
        """What came of the next inputs; nothing when that is not known after so many milliseconds.
        Errors that are to be raised are instances of `_Raise`, and the last of the list."""
        refused = self.refused
        if refused and refused[0][0] == self.given:
            return self.give([Outcome(self.given, None, refused.pop(0)[1], 0.0, 0.0)])
        with self.lock:
            harvest = self.harvest
            most = min(self.most, self.pulled - self.given)
            if refused:
                most = min(most, refused[0][0] - self.given)
            status = lib.ipy_batch_next_many(self.batch, most, timeout, harvest)
            park_if_ending()
            if status == lib.IST_ERR_TIMEOUT:
                return []
            self.pool._check(status)
            data = ffi.buffer(harvest.values, harvest.length)[:]
            if not harvest.failed and not harvest.special and self.shape is not _outcomes:
                try:
                    values: list[Any] = decode(data)
                except Exception:
                    values = self.read(data)
                else:
                    self.given += len(values)
                    return values
            else:
                values = self.read(data)
        return self.give(values)

    def read(self, data: bytes) -> list[Outcome]:
        """The outcomes of a harvest, one by one."""
        outcomes: list[Outcome] = []
        for run in ffi.unpack(self.harvest.runs, self.harvest.count):
            value = error = None
            if run.status:
                error = self.error(run)
            else:
                item = data[run.at : run.at + run.length]
                try:
                    value = self.decode(item)
                except Exception as problem:
                    error = problem
            number = self.given + len(outcomes)
            cpu = run.cpu / 1e9 if run.cpu else None
            outcomes.append(Outcome(number, value, error, run.wall / 1e9, cpu))
        return outcomes

    def error(self, run: Any) -> Exception:
        if run.status == lib.IST_ERR_TERMINATED and self.pool._closed:
            return ClosedError("the pool is closed")
        return plain_error(run.error) if run.error else status_error(run.status)

    def give(self, outcomes: list[Outcome]) -> list[Any]:
        """Outcomes in the shape that they are asked for."""
        shape = self.shape
        given = []
        for outcome in outcomes:
            self.given += 1
            self.failed += outcome.error is not None
            if outcome.error is not None and shape is _raised:
                given.append(_Raise(outcome.error))
                break
            given.append(shape(outcome))
        return given

    # ---- Iterating

    @property
    def done(self) -> bool:
        """Whether there is nothing more to give."""
        return self.ended and self.given == self.pulled

    def told(self, last: bool = False) -> None:
        if self.progress:
            self.progress(self.given, self.failed, last)

    def iterate(self) -> Iterator[Any]:
        """The values, taken on the caller's thread."""
        try:
            while True:
                self.feed()
                if self.done:
                    break
                given = self.take(0 if self.slow else SLICE)
                if given:
                    self.told()
                    if type(given[-1]) is _Raise:
                        yield from given[:-1]
                        raise given[-1].error
                    yield from given
            self.finish()
        finally:
            self.close()

    async def aiterate(self) -> AsyncIterator[Any]:
        """The values, waited for on another thread."""
        loop = asyncio.get_running_loop()
        added, room = asyncio.Event(), asyncio.Event()
        feeder: Optional[asyncio.Task[None]] = None
        try:
            if self.asynchronous:
                feeder = asyncio.ensure_future(self.afeed(added, room))
            while True:
                if not feeder:
                    self.feed()
                if self.done:
                    break
                added.clear()
                given: list[Any] = []
                if self.given < self.pulled:
                    given = self.take(0)
                    if not given and not self.slow:
                        given = await loop.run_in_executor(None, self.take, SLICE)
                elif feeder:
                    await added.wait()
                if given:
                    room.set()
                    self.told()
                    for value in given:
                        if type(value) is _Raise:
                            raise value.error
                        yield value
                await asyncio.sleep(0)
            self.finish()
        finally:
            if feeder:
                feeder.cancel()
                await asyncio.gather(feeder, return_exceptions=True)
            self.close()

    async def afeed(self, added: asyncio.Event, room: asyncio.Event) -> None:
        """Adds inputs as they come; `added` tells of them, and `room` of outcomes that were
        taken."""
        iterator = self.inputs.__aiter__()
        try:
            async for value in iterator:
                while self.pulled - self.given >= self.window:
                    room.clear()
                    await room.wait()
                try:
                    data = self.encode(value)
                except Exception as problem:
                    self.refused.append((self.pulled, problem))
                    self.pulled += 1
                else:
                    self.pulled += 1
                    self.add([data])
                added.set()
        except Exception as problem:
            self.problem = problem
        finally:
            self.ended = True
            added.set()
            if hasattr(iterator, "aclose"):
                await iterator.aclose()

    def only(self) -> Any:
        """The value of a map of one input."""
        try:
            given: list[Any] = []
            while not given:
                given = self.take(SLICE)
            if type(given[0]) is _Raise:
                raise given[0].error
            return given[0]
        finally:
            self.close()

    def finish(self) -> None:
        self.told(True)
        if self.problem is not None:
            try:
                raise self.problem
            finally:
                self.problem = None

    def cancel(self) -> None:
        """Ends what runs, from any thread."""
        with self.guard:
            if not self.freed:
                lib.ipy_batch_cancel(self.batch)

    def close(self) -> None:
        """Ends what runs, and frees it."""
        if self.progress and isinstance(self.progress, _Bar):
            self.progress.close()
        self.cancel()
        with self.lock, self.guard:
            self.freed = True
            ffi.release(self.batch)


class _Waiters:
    """Threads that wait for what was submitted. Unlike those of concurrent.futures, they do not
    keep Python from ending."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        self.queue: SimpleQueue[Optional[tuple[Future[Any], _Map]]] = SimpleQueue()

    def submit(self, run: _Map) -> Future[Any]:
        future: Future[Any] = Future()
        self.queue.put((future, run))
        if self.count < self.most:
            self.count += 1
            name = f"isthmus-pool-{self.count}"
            threading.Thread(target=_wait, args=(self.queue,), name=name, daemon=True).start()
        return future

    def close(self) -> None:
        """Cancels what nobody waits for yet, and ends the threads."""
        try:
            while True:
                job = self.queue.get_nowait()
                if job:
                    job[0].cancel()
        except Empty:
            pass
        for _ in range(self.count):
            self.queue.put(None)


def _wait(queue: SimpleQueue[Optional[tuple[Future[Any], _Map]]]) -> None:
    while True:
        job = queue.get()
        if job is None:
            return
        future, run = job
        if not future.set_running_or_notify_cancel():
            run.close()
        else:
            try:
                future.set_result(run.only())
            except BaseException as problem:
                future.set_exception(problem)
        del job, future, run


class _Raise:
    """An error that is to be raised in its place."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


def encoded(pool: Pool, program: Program, inputs: list[bytes]) -> _Map:
    """A map from inputs that are CBOR already to outcomes whose values are left so."""
    run = _Map(pool, program, inputs, False, None, _outcomes)
    run.encode = run.decode = bytes
    return run


# ---- Progress ------------------------------------------------------------------------------------


def _length(inputs: Any) -> Optional[int]:
    """How many there are, where that is known."""
    total = operator.length_hint(inputs, -1)
    return total if total >= 0 else None


def _progress_of(
    progress: Progress, total: Optional[int]
) -> Optional[Callable[[int, int, bool], object]]:
    if callable(progress):
        tell = progress
        return lambda done, failed, last: tell(done, total)
    if progress and sys.stderr is not None and sys.stderr.isatty():
        return _Bar(total)
    return None


class _Bar:
    """A bar on the terminal, drawn no more than ten times a second."""

    def __init__(self, total: Optional[int]) -> None:
        self.total = total
        self.start = time.monotonic()
        self.next = 0.0
        self.drawn = 0

    def __call__(self, done: int, failed: int, last: bool) -> None:
        now = time.monotonic()
        if now < self.next and not last:
            return
        self.next = now + 0.1
        text = self.text(done, failed, now - self.start)
        sys.stderr.write("\r" + text.ljust(self.drawn))
        sys.stderr.flush()
        self.drawn = len(text)

    def text(self, done: int, failed: int, seconds: float) -> str:
        rate = done / seconds if seconds > 0 else 0.0
        parts = [f"{rate:,.0f}/s", _clock(seconds)]
        if failed:
            parts.append(f"{failed:,} failed")
        if not self.total:
            return f"{done:,} done, {', '.join(parts)}"
        if rate and done < self.total:
            parts[1] += f" < {_clock((self.total - done) / rate)}"
        share = min(1.0, done / self.total)
        blocks = "█" * int(share * 30)
        return f"{share:4.0%} |{blocks:30}| {done:,}/{self.total:,}, {', '.join(parts)}"

    def close(self) -> None:
        """Leaves the line as it is."""
        if self.drawn:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self.drawn = 0


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


# ---- The end of Python ---------------------------------------------------------------------------

_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _close_all() -> None:
    _ending.append(True)
    for pool in list(_pools):
        pool.close()


atexit.register(_close_all)
