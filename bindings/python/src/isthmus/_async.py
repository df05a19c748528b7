"""asyncio and the isolate's loop.

While something of an asyncio loop waits for JavaScript, or JavaScript for a coroutine, that loop
serves the isolate's: it watches the isolate's descriptor, and wakes for its timers. Several
isolates may be served by one asyncio loop, and one isolate by several, each on its own thread.
Nothing waits for an isolate that another thread uses: the turn is tried again later.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._convert import lower_callable, pinned
from ._core import BUSY, OBJECT, Core, Dropped, Hold, nanoseconds
from ._errors import ClosedError, JSTerminated, JSTimeoutError, StateError
from ._extension import ffi, lib
from ._loop import NOTHING_LEFT, descriptor, extra_of, tidy, turn
from ._promise import JSPromise, new_promise, read, settle, watch
from ._undefined import undefined

if TYPE_CHECKING:
    from ._context import Context

# How soon a turn is tried again when another thread has the isolate, and how often it is looked
# whether anything can still happen, in seconds.
_AGAIN, _LOOK = 0.002, 0.25

# What the pumps of a process have in their loops themselves, which settles nothing.
_own_timers: weakref.WeakSet[Any] = weakref.WeakSet()
_own_descriptors: set[int] = set()


def running_loop() -> Optional[asyncio.AbstractEventLoop]:
    """asyncio's loop on this thread, if one runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def refuse_within_loop() -> None:
    """Raises when asyncio runs on this thread: it would stand still."""
    if running_loop() is not None:
        raise StateError("asyncio runs on this thread: `await` the promise instead")


class Waiter:
    """Somebody who awaits a promise."""

    __slots__ = (
        "context",
        "cpu",
        "future",
        "loop",
        "promise",
        "pump",
        "thread",
        "timer",
        "until",
        "watched",
    )

    def __init__(self, promise: JSPromise, loop: asyncio.AbstractEventLoop) -> None:
        self.context = promise._context
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.thread = threading.get_ident()
        self.until: Optional[float] = None
        self.cpu: Optional[int] = None
        self.timer: Optional[asyncio.TimerHandle] = None
        self.pump = pump_of(self.context._core, loop)
        # What the pump has yet to watch.
        self.promise: Optional[JSPromise] = promise
        self.watched = 0
        self.pump.waiters.add(self)
        self.future.add_done_callback(self.over)
        self.pump.soon()

    def told(self, value: Any, problem: Optional[BaseException]) -> None:
        """The promise is settled; on any thread."""
        if threading.get_ident() == self.thread:
            self.end(value, problem)
            return
        try:
            self.loop.call_soon_threadsafe(self.end, value, problem)
        except RuntimeError:
            # The loop was closed, and nobody waits there any more.
            pass

    def end(self, value: Any, problem: Optional[BaseException]) -> None:
        """Gives the result to who waits."""
        future = self.future
        if future.done():
            return
        if problem is None:
            future.set_result(value)
        elif isinstance(problem, asyncio.CancelledError):
            future.cancel()
        elif isinstance(problem, StopIteration):
            made = RuntimeError("StopIteration was raised")
            made.__cause__ = problem
            future.set_exception(made)
        else:
            future.set_exception(problem)

    def over(self, future: asyncio.Future[Any]) -> None:
        """Nobody waits any more."""
        if self.timer is not None:
            self.timer.cancel()
        self.pump.waiters.discard(self)
        # A promise that is never settled would keep its watcher, which has the promise.
        self.context._core.objects.pop(self.watched, None)
        self.promise = None
        self.pump.soon()

    def limit(self, until: Optional[float], cpu: Optional[int]) -> None:
        """Ends the waiting at a time of time.monotonic(), or when so many nanoseconds of processor
        time are used."""
        self.until, self.cpu = until, cpu
        if until is not None:
            delay = max(0.0, until - time.monotonic())
            self.timer = self.loop.call_later(delay, self.end, None, _late())


def _late() -> JSTimeoutError:
    return JSTimeoutError("the time limit was reached")


class Pump:
    """Serves an isolate's loop in one of asyncio's, as long as something waits."""

    def __init__(self, core: Core, loop: asyncio.AbstractEventLoop) -> None:
        self.core = core
        self.loop = loop
        self.waiters: set[Waiter] = set()
        self.deferred: set[Deferred] = set()
        self.ended: list[Deferred] = []
        self.number = -1
        self.closed = False
        self.timer: Optional[asyncio.TimerHandle] = None
        self.next: Optional[asyncio.Handle] = None
        self.stepping = False

    def open(self) -> None:
        """Begins to watch the isolate's descriptor; with the isolate held."""
        self.number = descriptor(self.core)
        _own_descriptors.add(self.number)
        self.loop.add_reader(self.number, self.step)

    def soon(self) -> None:
        """Sees to a turn; on the loop's thread."""
        if self.next is None and not self.loop.is_closed():
            self.next = self.loop.call_soon(self.step)

    def close(self) -> None:
        """Leaves asyncio's loop alone."""
        if self.closed:
            return
        self.closed = True
        extra = extra_of(self.core)
        if extra.pumps.get(id(self.loop)) is self:
            del extra.pumps[id(self.loop)]
        for handle in (self.timer, self.next):
            if handle is not None:
                handle.cancel()
        if self.number < 0:
            return
        if not self.loop.is_closed():
            self.loop.remove_reader(self.number)
        _own_descriptors.discard(self.number)
        os.close(self.number)
        self.number = -1

    def fail(self, problem: BaseException, only: Optional[list[Waiter]] = None) -> None:
        """Ends the waiting of all, or of some."""
        for waiter in list(self.waiters) if only is None else only:
            waiter.end(None, problem)

    def step(self) -> None:
        """A turn of the isolate's loop, and what follows from it."""
        if self.stepping or self.closed:
            return
        for handle in (self.timer, self.next):
            if handle is not None:
                handle.cancel()
        self.timer = self.next = None
        core = self.core
        try:
            for waiter in list(self.waiters):
                if waiter.context.closed:
                    self.fail(core.closed_error(waiter.context), [waiter])
            if core.closed or not (self.waiters or self.deferred):
                self.close()
                return
            self.stepping = True
            try:
                self.serve()
            finally:
                self.stepping = False
        except Exception as problem:
            self.fail(problem)
            self.soon()
        except BaseException:
            self.fail(JSTerminated("execution was terminated"))
            self.soon()
            raise

    def serve(self) -> None:
        """The turn itself."""
        core, loop = self.core, self.loop
        hold = ffi.gc(ffi.new("ipy_hold *"), lib.ipy_abandon)
        try:
            answer = lib.ipy_enter(core.ptr, hold, ffi.NULL, False)
            if answer == BUSY:
                self.timer = loop.call_later(_AGAIN, self.step)
                return
            if answer:
                raise core.closed_error(None)
            tidy(core)
            if self.number < 0:
                self.open()
            for waiter in list(self.waiters):
                promise, waiter.promise = waiter.promise, None
                if promise is not None:
                    self.watch(waiter, promise)
            while self.ended:
                self.ended.pop(0).settle()
            waiters = list(self.waiters)
            turned = self.turn(waiters)
        finally:
            lib.ipy_leave(hold)
        if turned is None or not (self.waiters or self.deferred):
            self.soon()
            return
        alive, wait = turned
        if self.ended or wait == 0:
            self.soon()
        elif wait > 0:
            self.timer = loop.call_later(wait / 1000, self.step)
        elif not alive and not self.deferred:
            if nothing_else(loop):
                self.fail(StateError(NOTHING_LEFT))
            else:
                self.timer = loop.call_later(_LOOK, self.step)
                _own_timers.add(self.timer)

    def watch(self, waiter: Waiter, promise: JSPromise) -> None:
        """Has a waiter told; with the isolate held."""
        try:
            waiter.watched = watch(promise, waiter.told)
        except Exception as problem:
            waiter.end(None, problem)

    def turn(self, waiters: list[Waiter]) -> Optional[tuple[bool, int]]:
        """A turn within the limits of those who wait."""
        core = self.core
        wall = extra_of(core).wall
        limits = [waiter.until for waiter in waiters if waiter.until is not None]
        if limits:
            wall = min(wall or 2**62, max(1, int((min(limits) - time.monotonic()) * 1e9)))
        budgets = [waiter.cpu for waiter in waiters if waiter.cpu is not None]
        cpu = max(1, min(budgets)) if budgets else 0
        used = time.thread_time_ns() if budgets else 0
        cancelled = [waiter for waiter in waiters if not waiter.future.done()]
        core.looks.append(lambda: _cancelled(cancelled))
        try:
            turned = turn(core, wall, cpu)
        except JSTimeoutError as problem:
            now = time.monotonic()
            late = [
                waiter for waiter in waiters if waiter.until is not None and waiter.until <= now
            ]
            late += [waiter for waiter in waiters if waiter.cpu is not None and waiter.cpu <= cpu]
            self.fail(problem, late or waiters)
            turned = True, 0
        finally:
            core.looks.pop()
        if budgets:
            used = time.thread_time_ns() - used
            for waiter in waiters:
                if waiter.cpu is not None:
                    waiter.cpu -= used
        return turned


def _cancelled(waiters: list[Waiter]) -> Optional[BaseException]:
    """What ends JavaScript because a signal's handler has cancelled who waits for it."""
    if any(waiter.future.cancelled() for waiter in waiters):
        return asyncio.CancelledError()
    return None


def nothing_else(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether it is certain that asyncio's loop will never do anything again by itself: it has no
    timer, waits for no file, executor or signal, and there is no other thread. Of loops other than
    asyncio's own nothing is certain."""
    if threading.active_count() > 1 or getattr(loop, "_default_executor", True) is not None:
        return False
    if getattr(loop, "_ready", True) or getattr(loop, "_signal_handlers", True):
        return False
    for timer in getattr(loop, "_scheduled", (None,)):
        if timer is None or not (timer.cancelled() or timer in _own_timers):
            return False
    selector = getattr(loop, "_selector", None)
    if selector is None:
        return False
    own = getattr(loop, "_ssock", None)
    known = _own_descriptors | ({own.fileno()} if own is not None else set())
    return all(number in known for number in selector.get_map())


def pump_of(core: Core, loop: asyncio.AbstractEventLoop) -> Pump:
    """What serves an isolate in one of asyncio's loops."""
    extra = extra_of(core)
    pump: Optional[Pump] = extra.pumps.get(id(loop))
    if pump is not None and (pump.loop is not loop or pump.closed):
        pump.close()
        pump = None
    if pump is None:
        for other in list(extra.pumps.values()):
            if other.loop.is_closed():
                other.close()
        pump = extra.pumps[id(loop)] = Pump(core, loop)
    return pump


def closed(core: Core, context: Optional[Context] = None) -> None:
    """An isolate or context was closed: who waits for it is told. Any thread."""
    extra: Any = core.extra
    for pump in list(extra.pumps.values()) if extra is not None else ():
        try:
            pump.loop.call_soon_threadsafe(pump.step)
        except RuntimeError:
            # The loop was closed.
            pump.close()


def future_of(promise: JSPromise) -> asyncio.Future[Any]:
    """A future of the running loop for the end of a promise.

    Raises:
        RuntimeError: no loop runs.
    """
    return Waiter(promise, asyncio.get_running_loop()).future


async def eval_async(
    context: Context,
    source: str,
    timeout: Optional[float] = None,
    cpu_timeout: Optional[float] = None,
    **options: Any,
) -> Any:
    """`Context.eval_async`."""
    loop = asyncio.get_running_loop()
    until = None if timeout is None else time.monotonic() + timeout
    cpu = nanoseconds(cpu_timeout, "cpu_timeout") or None
    used = time.thread_time_ns()
    result = context.eval(source, timeout=timeout, cpu_timeout=cpu_timeout, **options)
    if not isinstance(result, JSPromise):
        return result
    state, value = read(result)
    if state:
        return value
    waiter = Waiter(result, loop)
    waiter.limit(until, None if cpu is None else max(1, cpu - (time.thread_time_ns() - used)))
    return await waiter.future


# ---- Coroutines as promises ----------------------------------------------------------------------


class Deferred:
    """Something of JavaScript's that waits for something of asyncio's, such as a promise for a
    coroutine.

    `tell(value, problem)` is called with the isolate held, once asyncio has a result.
    """

    __slots__ = ("core", "pump", "referred", "task", "tell")

    def __init__(
        self,
        core: Core,
        loop: asyncio.AbstractEventLoop,
        awaitable: Any,
        tell: Callable[[Any, Optional[BaseException]], None],
    ) -> None:
        self.core = core
        self.tell = tell
        self.referred = False
        self.pump = pump_of(core, loop)
        task = asyncio.ensure_future(awaitable, loop=loop)
        self.task: Optional[asyncio.Future[Any]] = task
        self.referred = not lib.ist_loop_ref(core.isolate())
        self.pump.deferred.add(self)
        # asyncio itself keeps no task.
        extra_of(core).tasks.add(task)
        task.add_done_callback(self.done)
        self.pump.soon()

    def done(self, task: asyncio.Future[Any]) -> None:
        """asyncio has a result; the next turn tells it to JavaScript."""
        pump = self.pump
        if self.core.closed:
            return
        if pump.closed:
            pump = self.pump = pump_of(self.core, pump.loop)
            pump.deferred.add(self)
        pump.ended.append(self)
        pump.soon()

    def settle(self) -> None:
        """Tells JavaScript; with the isolate held."""
        task, self.task = self.task, None
        self.pump.deferred.discard(self)
        assert task is not None
        extra_of(self.core).tasks.discard(task)
        problem: Optional[BaseException]
        if task.cancelled():
            problem = asyncio.CancelledError()
        else:
            problem = task.exception()
        try:
            self.tell(None if problem is not None else task.result(), problem)
        except ClosedError:
            pass
        finally:
            self.release()

    def release(self) -> None:
        """Gives the loop's reference back."""
        if self.referred and not self.core.closed:
            self.referred = False
            lib.ist_loop_unref(self.core.isolate())

    def __del__(self) -> None:
        self.release()


def lower_awaitable(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """A coroutine or another awaitable as a promise; a coroutine begins to run as a task of the
    running loop.

    Raises:
        StateError: asyncio does not run on this thread.
    """
    loop = running_loop()
    if loop is None:
        if inspect.iscoroutine(value):
            value.close()
        raise StateError(
            "a coroutine becomes a promise only where asyncio runs: call JavaScript from within "
            "`await context.eval_async(…)` or another coroutine"
        )
    extra = extra_of(context._core)
    if extra.promised is None:
        extra.promised = weakref.WeakKeyDictionary()
    promise: Optional[JSPromise] = None
    if isinstance(value, asyncio.Future):
        promise = extra.promised.get(value)
        if promise is not None and promise._context.closed:
            promise = None
    if promise is None:
        promise = made = new_promise(context)
        Deferred(context._core, loop, value, lambda result, problem: settle(made, result, problem))
        if isinstance(value, asyncio.Future):
            extra.promised[value] = promise
    item.tag = OBJECT
    item.integer = promise._id
    keep.append(promise)


# ---- Asynchronous iteration ----------------------------------------------------------------------

_GLUE = """(give) => {
  const finished = {};
  const open = (object) => {
    const method = object[Symbol.asyncIterator] ?? object[Symbol.iterator];
    if (typeof method !== "function") throw new TypeError("the object is not iterable");
    return Reflect.apply(method, object, []);
  };
  const step = async (iterator) => {
    const result = await iterator.next();
    if (Object(result) !== result) throw new TypeError("the iterator's result is not an object");
    return result.done ? finished : result.value;
  };
  const close = async (iterator) => {
    await iterator.return?.();
  };
  const result = (value) =>
    value === finished ? {value: undefined, done: true} : {value, done: false};
  const wrap = (next, end, fail) => ({
    async next(value) {
      return result(await next(value));
    },
    async return(value) {
      await end();
      return {value, done: true};
    },
    async throw(reason) {
      return result(await fail(reason));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  });
  give(finished, open, step, close, wrap);
}"""


class _Glue:
    """The JavaScript that asynchronous iteration needs in a context."""

    __slots__ = ("close", "finished", "open", "step", "wrap")

    def __init__(self, context: Context) -> None:
        def receive(finished: Any, open_: Any, step: Any, close: Any, wrap: Any) -> None:
            self.finished, self.open, self.step = finished, open_, step
            self.close, self.wrap = close, wrap

        context.eval(_GLUE, filename="isthmus:iteration")(receive)


def _glue_of(context: Context) -> _Glue:
    glue: Optional[_Glue] = context._glue
    if glue is None:
        glue = context._glue = _Glue(context)
    return glue


class JSAsyncIterator:
    """An asynchronous iterator over a JavaScript object: what `async for` uses.

    It is over what the object's `Symbol.asyncIterator` gives, or else its `Symbol.iterator`.
    """

    def __init__(self, iterable: Any) -> None:
        self._glue = _glue_of(iterable._context)
        self._iterator = self._glue.open(iterable)

    def __aiter__(self) -> JSAsyncIterator:
        return self

    async def __anext__(self) -> Any:
        value = await self._glue.step(self._iterator)
        if value is self._glue.finished:
            raise StopAsyncIteration
        return value

    async def aclose(self) -> None:
        """Ends the iteration early: calls the iterator's `return`, if it has one."""
        await self._glue.close(self._iterator)


def lower_async_iterable(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """An asynchronous generator, or anything that `async for` takes, as an asynchronous iterator of
    JavaScript's."""
    core = context._core
    number = pinned(core, value)
    if number:
        item.tag = OBJECT
        item.integer = number
        keep.append(Dropped(number))
        return
    glue = _glue_of(context)
    made = glue.wrap(*_steps(value, glue.finished))
    host = core.host(value)
    with Hold(context) as hold:
        number = lib.ipy_own(core.ptr, context._ptr, hold.lower(made), host)
    if number <= 0:
        raise MemoryError
    core.made[id(value)] = number, host
    item.tag = OBJECT
    item.integer = number
    keep.append(Dropped(number))


def _steps(value: Any, finished: Any) -> tuple[Any, Any, Any]:
    iterator: Any = None

    async def next_(sent: Any = undefined) -> Any:
        nonlocal iterator
        if iterator is None:
            iterator = value.__aiter__()
        try:
            if sent is not undefined and hasattr(iterator, "asend"):
                return await iterator.asend(sent)
            return await iterator.__anext__()
        except StopAsyncIteration:
            return finished

    async def end() -> None:
        if iterator is not None and hasattr(iterator, "aclose"):
            await iterator.aclose()

    async def fail(reason: Any = undefined) -> Any:
        problem = reason if isinstance(reason, BaseException) else RuntimeError(f"{reason}")
        if iterator is None or not hasattr(iterator, "athrow"):
            raise problem
        try:
            return await iterator.athrow(problem)
        except StopAsyncIteration:
            return finished

    return next_, end, fail


__all__ = [
    "JSAsyncIterator",
    "eval_async",
    "lower_async_iterable",
    "lower_awaitable",
    "lower_callable",
]
