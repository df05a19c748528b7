"""An isolate as the rest of the package uses it: operations, and calls that come back from
JavaScript.

An operation takes a frame from the isolate's store, puts the arguments in, calls one function of
the bridge (which waits for the isolate at most a tenth of a second), and reads the result. A frame
is in nobody else's hands meanwhile, so that a signal's handler, the collector or another thread may
come between any two steps.
"""

from __future__ import annotations

import atexit
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._calls import Keeper, Owner, answer_by
from ._errors import (
    ClosedError,
    ConversionError,
    DeniedError,
    Error,
    ErrorDetails,
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
from ._extension import ffi, lib
from ._undefined import undefined

if TYPE_CHECKING:
    from ._context import Context

# The numbers of the bridge, as Python's own: reading them from `lib` each time would cost more.
FAILED, BUSY, CLOSED, STALE = -1, -2, -3, -4
UNDEFINED, NULL, FALSE, TRUE, INT, DOUBLE, LATIN1, UTF16, BIGINT = range(9)
DATE, OBJECT, SYMBOL, HOST, VIEW, DOUBLES, COPY, CBOR, LENT = range(9, 18)
SAFE = 2**53 - 1
WIDE = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"


class OpFrame:
    """The arguments and the result of one operation: an `ipy_frame` with its parts at hand."""

    __slots__ = ("args", "at", "c", "result")

    def __init__(self) -> None:
        self.c = ffi.gc(ffi.new("ipy_frame *"), lib.ipy_frame_reset)
        self.at = int(ffi.cast("uintptr_t", self.c))
        self.result = self.c.result
        self.args = tuple(self.c.args[i] for i in range(8))
        self.c.argv = self.c.args


def text_of(pointer: Any) -> Optional[str]:
    """The text at a `const char *` that may be NULL."""
    if not pointer:
        return None
    text: str = ffi.string(pointer).decode("utf-8", "replace")
    return text


def nanoseconds(seconds: Optional[float], what: str) -> int:
    """A limit in seconds as the library counts it; 0 for none.

    Raises:
        TypeError, ValueError: it is no number that is greater than 0.
    """
    if seconds is None:
        return 0
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{what} must be a number of seconds or None, not {type(seconds).__name__}")
    if not seconds > 0:
        raise ValueError(f"{what} must be greater than 0, not {seconds!r}")
    return min(max(1, int(min(seconds, 1e9) * 1e9)), 2**63)


def byte_count(size: Optional[int], what: str) -> int:
    """A limit in bytes; 0 for none.

    Raises:
        TypeError, ValueError: it is no integer that is greater than 0.
    """
    if size is None:
        return 0
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"{what} must be a number of bytes or None, not {type(size).__name__}")
    if not 0 < size < 2**63:
        raise ValueError(f"{what} must be greater than 0, not {size!r}")
    return size


_JS_ERRORS: dict[int, type[JSError]] = {
    lib.IST_ERR_SYNTAX: JSSyntaxError,
    lib.IST_ERR_TERMINATED: JSTerminated,
    lib.IST_ERR_MEMORY: JSMemoryError,
    lib.IST_ERR_TIMEOUT: JSTimeoutError,
    lib.IST_ERR_DIED: JSDiedError,
}
_OWN_ERRORS: dict[int, type[Error]] = {
    lib.IST_ERR_HANDLE: ClosedError,
    lib.IST_ERR_TYPE: ConversionError,
    lib.IST_ERR_STATE: StateError,
    lib.IST_ERR_NOT_FOUND: NotFoundError,
    lib.IST_ERR_DENIED: DeniedError,
    lib.IST_ERR_INTERFACE: InterfaceError,
    lib.IST_ERR_RESOURCE: ResourceError,
    lib.IST_ERR_FORKED: ForkedError,
    lib.IST_ERR_LIMIT: LimitError,
}


def status_error(status: int, message: Optional[str] = None) -> Error:
    """The exception of a status that came without an `ist_error`."""
    text = message or text_of(lib.ist_status_text(status)) or "unknown"
    if status in _JS_ERRORS:
        return _JS_ERRORS[status](text)
    return _OWN_ERRORS.get(status, Error)(text)


def check(status: int, error: Any = None) -> None:
    """Raises what a status of isthmus.h says, for calls that stand outside of every isolate.

    Args:
        status: what the function has given.
        error: the `ist_error **` that it was given, or None. Its error is freed.

    Raises:
        Error: the status is not IST_OK.
    """
    if not status:
        return
    if error is None or not error[0]:
        raise status_error(status)
    made = error[0]
    try:
        raise plain_error(made)
    finally:
        lib.ist_error_free(made)


def plain_error(made: Any) -> Error:
    """The exception of an `ist_error` that holds no value of an isolate's; everything is copied."""
    status = made.status
    message = text_of(made.message) or text_of(lib.ist_status_text(status)) or ""
    if status not in _JS_ERRORS and status != lib.IST_ERR_EXCEPTION:
        return _OWN_ERRORS.get(status, Error)(message)
    details = ErrorDetails()
    read_details(details, made)
    return _JS_ERRORS.get(status, JSError)(message, text_of(made.name), details)


def read_details(details: ErrorDetails, made: Any) -> None:
    """Copies the texts and places of an `ist_error`."""
    details.stack = text_of(made.stack)
    details.filename = text_of(made.file)
    details.source_line = text_of(made.source_line)
    details.line = made.line
    details.column = made.column
    details.end_column = made.end_column
    details.frames = tuple(
        Frame(
            text_of(frame.function) or "",
            text_of(frame.script) or "",
            frame.line,
            frame.column,
            bool(frame.flags & lib.IST_FRAME_ASYNC),
        )
        for frame in (ffi.unpack(made.frames, made.frame_count) if made.frame_count else ())
    )
    text = lib.ist_error_format(made)
    details.formatted = text_of(text) or ""
    lib.ist_free(text)
    if made.cause:
        cause = plain_error(made.cause)
        details.cause = cause if isinstance(cause, JSError) else None


class LiveDetails(ErrorDetails):
    """The details of an error that came out of an isolate, read when somebody asks, or when that is
    closed.

    Args:
        context: which it came out of.
        kept: the address of its `ipy_error`, which this owns; 0 when memory was out.
    """

    __slots__ = ("_context", "_core_ptr", "_kept", "_read")

    def __init__(self, context: Context, kept: int) -> None:
        self._context = context
        self._core_ptr = context._core.ptr
        self._kept = kept
        self._read: Optional[ErrorDetails] = None

    @property
    def _made(self) -> Any:
        """The `ist_error *`."""
        return ffi.cast("ipy_error *", self._kept).error

    def read(self) -> ErrorDetails:
        if self._read is not None:
            return self._read
        read = ErrorDetails()
        if self._kept:
            made = self._made
            if made.brief and not self._context._core.closed:
                try:
                    with Hold(self._context) as hold:
                        lib.ipy_error_complete(hold.context._ptr, self._kept)
                except Error:
                    # It was closed meanwhile, or cannot run any more.
                    pass
            read_details(read, made)
        self._read = read
        return read

    @property
    def value(self) -> Any:
        read = self.read()
        if "value" not in read.__dict__:
            with Hold(self._context) as hold:
                read.value = hold.lift(self._made.value)
        return read.value

    def __del__(self, drop: Callable[[Any, int], None] = lib.ipy_error_drop) -> None:
        # A default, since the module may be gone when the interpreter ends.
        drop(self._core_ptr, self._kept)


class Core:
    """What an isolate's contexts and proxies share.

    The package's objects hold it, and it holds none of them strongly but `objects`: what JavaScript
    refers to. So Python's collector finds circles that no JavaScript is part of.
    """

    __slots__ = (
        "__weakref__",
        "closed",
        "contexts",
        "extra",
        "frames",
        "key",
        "looks",
        "made",
        "next_host",
        "objects",
        "owner",
        "pending",
        "proxies",
        "ptr",
        "spent",
    )

    def __init__(self, isolate: Any, wall: int, cpu: int) -> None:
        global _last_key
        _last_key += 1
        self.key = _last_key
        made = lib.ipy_isolate_new(isolate, self.key, wall, cpu)
        if not made:
            lib.ist_isolate_free(isolate)
            raise MemoryError
        self.ptr = made
        self.owner = Owner(
            int(ffi.cast("uintptr_t", ffi.addressof(lib, "ipy_isolate_free"))),
            int(ffi.cast("uintptr_t", made)),
        )
        self.frames = [OpFrame() for _ in range(4)]
        # What JavaScript refers to, by the number that stands for it there.
        self.objects: dict[int, Any] = {}
        self.next_host = 1
        # What was made for a Python object, by its id(): its number in the table, and the object's.
        self.made: dict[int, tuple[int, int]] = {}
        # The live proxies, by their number in the table.
        self.proxies: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        # What is to be raised when JavaScript was ended because of it, by thread.
        self.pending: dict[int, BaseException] = {}
        self.contexts: dict[int, weakref.ref[Context]] = {}
        # What the event loop keeps of it (`_loop.Extra`).
        self.extra: Any = None
        # Asked while the main thread is long in JavaScript: what ends it.
        self.looks: list[Callable[[], Optional[BaseException]]] = []
        self.closed = False
        self.spent = False
        _cores[self.key] = weakref.ref(self)

    def frame(self) -> OpFrame:
        """A frame that nobody else has; given back by `frames.append`."""
        try:
            return self.frames.pop()
        except IndexError:
            return OpFrame()

    def host(self, thing: Any) -> int:
        """A number for a Python object that JavaScript is going to refer to."""
        number = self.next_host
        self.next_host = number + 1
        self.objects[number] = thing
        return number

    def hook(self, thing: Any = None) -> Any:
        """What names a Python object (None: none) to functions of isthmus.h as their `env`, until
        FORGET is called with it."""
        made = lib.ipy_hook_new(self.ptr, 0 if thing is None else self.host(thing))
        if not made:
            raise MemoryError
        return made

    def again(
        self,
        answer: int,
        frame: OpFrame,
        context: Optional[Context],
        op: Callable[..., int],
        *args: Any,
    ) -> int:
        """Goes on with an operation that was answered with less than 0: tries again while another
        thread has the isolate, and raises what went wrong otherwise. The result's tag."""
        while answer == BUSY:
            answer = op(*args)
        if answer >= 0:
            return answer
        problem = self.error(answer, frame, context)
        frame.c.wall = frame.c.cpu = 0
        self.frames.append(frame)
        raise problem

    def error(self, answer: int, frame: OpFrame, context: Optional[Context]) -> BaseException:
        """The exception of an operation that has failed."""
        park_if_ending()
        if answer == CLOSED:
            return self.closed_error(context)
        if answer == STALE:
            return self.closed_error(context, "the object belongs to a context that is closed")
        status = frame.c.status
        made = frame.c.error
        frame.c.error = ffi.NULL
        pending = self.pending.pop(threading.get_ident(), None) if self.pending else None
        if pending is not None:
            self.drop(made)
            return pending
        if status == lib.IST_ERR_MEMORY and lib.ist_isolate_spent(self.isolate()):
            self.spent = True
        if not made:
            if status == lib.IST_ERR_MEMORY and self.spent:
                return JSMemoryError("the isolate has reached its heap limit and is closed")
            return status_error(status)
        number = lib.ipy_error_host(made)
        if number:
            thing = self.objects.get(number)
            if isinstance(thing, BaseException):
                self.drop(made)
                return thing
        message = text_of(made.message) or text_of(lib.ist_status_text(status)) or ""
        if status == lib.IST_ERR_EXCEPTION or status in _JS_ERRORS:
            cls = _JS_ERRORS.get(status, JSError)
            if context is not None:
                name = text_of(made.name)
                kept = lib.ipy_error_keep(self.ptr, context._ptr, made)
                return cls(message, name, LiveDetails(context, kept))
        else:
            cls = _OWN_ERRORS.get(status, Error)  # type: ignore[assignment]
        self.drop(made)
        return cls(message)

    def drop(self, made: Any) -> None:
        """Frees an `ist_error` (which may be NULL) at the next operation; to do it now would wait
        for who has the isolate.
        """
        if made:
            lib.ipy_error_drop(self.ptr, lib.ipy_error_keep(self.ptr, ffi.NULL, made))

    def closed_error(self, context: Optional[Context], otherwise: Optional[str] = None) -> Error:
        """What to raise for something that is closed."""
        if self.spent:
            return JSMemoryError("the isolate has reached its heap limit and is closed")
        if self.closed:
            return ClosedError("the isolate is closed")
        if context is not None and context.closed:
            return ClosedError("the context is closed")
        return ClosedError(otherwise or "the isolate is closed")

    def isolate(self) -> Any:
        """The `ist_isolate *`."""
        return lib.ipy_isolate_pointer(self.ptr)

    def close(self) -> None:
        """Frees the isolate. Repeating it does nothing.

        Raises:
            StateError: within one of its callbacks.
        """
        if self.closed:
            return
        answer = lib.ipy_isolate_close(self.ptr)
        while answer == BUSY:
            # What runs there would not end by itself.
            lib.ipy_isolate_terminate(self.ptr)
            answer = lib.ipy_isolate_close(self.ptr)
        if answer == FAILED:
            raise StateError("the isolate is in use by this thread: it cannot be closed now")
        self.closed = True
        self.made.clear()
        objects, self.objects = self.objects, {}
        del objects


LEAVE = int(ffi.cast("uintptr_t", ffi.addressof(lib, "ipy_leave")))
FORGET = ffi.addressof(lib, "ipy_hook_forget")


class Held(Keeper):
    """Holds an isolate for the length of a `with`.

    Args:
        core: the isolate's.
        wall, cpu: nanoseconds that all within may take; 0: no limit of its own.
        limited: whether these limits, or else the isolate's, are on it.
    """

    __slots__ = ("_hold", "_limited", "_limits", "core")

    def __init__(self, core: Core, wall: int = 0, cpu: int = 0, limited: bool = False) -> None:
        self.core = core
        self._limits = (wall, cpu) if wall or cpu else None
        self._limited = limited
        self._hold = ffi.gc(ffi.new("ipy_hold *"), lib.ipy_abandon)
        self._keep(LEAVE, int(ffi.cast("uintptr_t", self._hold)))

    def _begin(self) -> Any:
        frame = self.core.frame()
        self._enter(frame, None)
        self.core.frames.append(frame)

    def _enter(self, frame: OpFrame, context: Optional[Context]) -> None:
        core = self.core
        limits = self._limits
        if limits:
            frame.c.wall, frame.c.cpu = limits
        args = (core.ptr, self._hold, frame.c, self._limited)
        answer = lib.ipy_enter(*args)
        if answer:
            core.again(answer, frame, context, lib.ipy_enter, *args)
        if limits:
            frame.c.wall = frame.c.cpu = 0

    def _end(self) -> None:
        pass


class Hold(Held):
    """Holds an isolate over several calls of isthmus.h, in a scope of its own.

    Args:
        context: whose limits hold, and which the values belong to.
        wall, cpu, limited: as for `Held`.
    """

    __slots__ = ("context", "frame")
    context: Context

    def __init__(self, context: Context, wall: int = 0, cpu: int = 0, limited: bool = True) -> None:
        Held.__init__(self, context._core, wall, cpu, limited)
        self.context = context
        self.frame = self.core.frame()

    if TYPE_CHECKING:

        def __enter__(self) -> Hold: ...

    def _begin(self) -> Hold:
        core = self.core
        if not self.context._ptr:
            raise core.closed_error(self.context)
        self._enter(self.frame, self.context)
        if not self.context._ptr:
            # Another thread has closed it while this one waited.
            raise core.closed_error(self.context)
        return self

    def _end(self) -> None:
        lib.ipy_frame_reset(self.frame.c)
        self.core.frames.append(self.frame)

    def check(self, status: int, error: Any = None) -> None:
        """Raises what a status says; `error` is the `ist_error **` that was given, or None."""
        if not status:
            return
        frame = self.frame
        frame.c.status = status
        if error is not None:
            frame.c.error = error[0]
            error[0] = ffi.NULL
        raise self.core.error(FAILED, frame, self.context)

    def lift(self, value: Any) -> Any:
        """The Python form of an `ist_value`."""
        frame = self.frame
        item = frame.result
        answer = lib.ipy_lift(self.core.ptr, self.context._ptr, value, ffi.addressof(item), frame.c)
        if answer:
            raise self.core.error(answer, frame, self.context)
        return lift(self.context, item, item.tag)

    def lower(self, thing: Any) -> Any:
        """The `ist_value` (an owned struct) of a Python object, valid within this hold."""
        from ._convert import lower

        frame = self.frame
        item = ffi.new("ipy_item *")
        value = ffi.new("ist_value *")
        keep: list[Any] = []
        try:
            lower(self.context, thing, item, keep)
            answer = lib.ipy_lower(self.core.ptr, self.context._ptr, item, value, frame.c)
        finally:
            let_go(self.core, keep)
        if answer:
            raise self.core.error(answer, frame, self.context)
        return value[0]


class Dropped:
    """A number in the table that is to be given back when an operation is over."""

    __slots__ = ("id",)

    def __init__(self, number: int) -> None:
        self.id = number


class Lent:
    """A text that JavaScript reads in place; it is Python's again when the operation has not taken
    it.
    """

    __slots__ = ("host", "item")

    def __init__(self, item: Any, host: int) -> None:
        self.item = item
        self.host = host


def let_go(core: Core, keep: list[Any]) -> None:
    """Gives back what arguments held for the length of an operation."""
    for thing in keep:
        kind = type(thing)
        if kind is Dropped:
            lib.ipy_drop(core.ptr, thing.id)
        elif kind is Lent and thing.item.integer:
            core.objects.pop(thing.host, None)
    # A traceback would hold them on.
    keep.clear()


# ---- From an item to Python ----------------------------------------------------------------------


def _lift_latin1(context: Context, item: Any) -> str:
    return str(ffi.buffer(item.data, item.length), "latin-1")


def _lift_utf16(context: Context, item: Any) -> str:
    return str(ffi.buffer(item.data, item.length * 2), WIDE, "surrogatepass")


def _lift_bigint(context: Context, item: Any) -> int:
    value = int.from_bytes(ffi.buffer(item.data, item.length * 8), sys.byteorder)
    return -value if item.kind else value


def _lift_host(context: Context, item: Any) -> Any:
    return context._core.objects[item.integer]


def _lift_later(context: Context, item: Any) -> Any:
    # The parts that make proxies, dates and views are only loaded when one comes.
    from ._proxies import lifters

    _LIFT.update(lifters)
    return _LIFT[item.tag](context, item)


_LIFT: dict[int, Callable[[Any, Any], Any]] = {
    UNDEFINED: lambda context, item: undefined,
    NULL: lambda context, item: None,
    FALSE: lambda context, item: False,
    TRUE: lambda context, item: True,
    INT: lambda context, item: item.integer,
    DOUBLE: lambda context, item: item.number,
    LATIN1: _lift_latin1,
    UTF16: _lift_utf16,
    BIGINT: _lift_bigint,
    HOST: _lift_host,
    DATE: _lift_later,
    OBJECT: _lift_later,
    SYMBOL: _lift_later,
    VIEW: _lift_later,
}


def lift(context: Context, item: Any, tag: int) -> Any:
    """The Python form of an item."""
    return _LIFT[tag](context, item)


def finish(context: Context, frame: OpFrame, tag: int) -> Any:
    """The end of an operation whose result is more than a number: the value; the frame goes
    back.
    """
    value = _LIFT[tag](context, frame.result)
    if frame.c.more:
        lib.ipy_frame_reset(frame.c)
    else:
        frame.c.used = 0
    context._core.frames.append(frame)
    return value


# ---- Calls from JavaScript -----------------------------------------------------------------------

_cores: dict[int, weakref.ref[Core]] = {}
# Memory of Python's that an isolate has, by its key and a number of its own. What has come out of
# the isolate may stand on it when that is closed.
lent: dict[tuple[int, int], Any] = {}
_last_key = 0


def _interrupted(kind: type[BaseException], problem: BaseException, trace: Any) -> int:
    """Keeps what was raised where nothing could catch it, such as by a signal's handler before the
    first line, and ends JavaScript."""
    reference = _cores.get(trace.tb_frame.f_locals["key"])
    core = reference() if reference else None
    if core is not None:
        core.pending[threading.get_ident()] = problem
    return 3


def _context_of(core: Core, number: int) -> Context:
    """The context that JavaScript calls from.

    Raises:
        ClosedError: it was closed meanwhile, or no Python object has it any more.
    """
    reference = core.contexts.get(number)
    context = reference() if reference is not None else None
    if context is None:
        raise ClosedError("the context is closed")
    return context


def _lift_argument(core: Core, context_number: int, at: int) -> Any:
    """The Python form of an argument that is not plain."""
    item = ffi.cast("ipy_item *", at)
    return _LIFT[item.tag](_context_of(core, context_number), item)


def _give_back(core: Core, context: Context, result: Any, frame: Any) -> int:
    """Gives a result to JavaScript, at once: what its item points to goes with `keep`, and any
    finalizer may run before the call has ended.
    """
    from ._convert import lower

    keep: list[Any] = []
    try:
        lower(context, result, frame.result, keep)
        return lib.ipy_take(frame)  # type: ignore[no-any-return]
    finally:
        let_go(core, keep)


def _settle(
    core: Core, context_number: int, result: Any, problem: Optional[BaseException], at: int
) -> int:
    """Ends a call: with a result that is not plain, or an exception."""
    frame = ffi.cast("ipy_frame *", at)
    if problem is None:
        try:
            context = _context_of(core, context_number)
            return _give_back(core, context, result, frame)
        except BaseException as worse:
            problem = worse
    return _throw(core, problem, frame)


lib.ipy_answer_by(
    answer_by(
        _cores, _lift_argument, _settle, int(ffi.cast("uintptr_t", ffi.addressof(lib, "ipy_throw")))
    )
)


def _throw(core: Core, problem: BaseException, frame: Any) -> int:
    """Makes JavaScript see an exception; what no program should catch ends it instead."""
    if not isinstance(problem, Exception):
        core.pending[threading.get_ident()] = problem
        return 3
    if isinstance(problem, JSError):
        details = problem._details
        if isinstance(details, LiveDetails):
            if details._context._core is core and details._made.status == lib.IST_ERR_EXCEPTION:
                lib.ipy_rethrow(frame, details._made)
                return 2
    name, message = told_as(problem)
    lib.ipy_throw(frame, name, message, core.host(problem))
    return 1


def told_as(problem: BaseException) -> tuple[bytes, bytes]:
    """The class and message by which JavaScript sees an exception."""
    name = type(problem).__name__
    try:
        message = str(problem)
    except Exception as worse:
        message = f"<{type(worse).__name__} in str()>"
    return (
        name.encode("utf-8", "replace"),
        message.encode("utf-8", "replace").replace(b"\0", b"\\0"),
    )


@ffi.def_extern(error=1, onerror=_interrupted)  # type: ignore[untyped-decorator]
def ipy_on_look(key: int) -> int:
    """Lets Python run its signal handlers, as it does at the start of every function; what one
    raises ends JavaScript, and is raised there. asyncio's handler only notes that a task is
    cancelled.
    """
    reference = _cores.get(key)
    core = reference() if reference else None
    asyncio = sys.modules.get("asyncio")
    if core is None or asyncio is None:
        return 0
    problem: Optional[BaseException] = core.looks[-1]() if core.looks else None
    try:
        if getattr(asyncio.current_task(), "_must_cancel", False):
            problem = asyncio.CancelledError()
    except RuntimeError:
        # No loop runs here.
        pass
    if problem is None:
        return 0
    core.pending[threading.get_ident()] = problem
    return 1


@ffi.def_extern()  # type: ignore[untyped-decorator]
def ipy_on_release(key: int, hosts: Any, count: int) -> None:
    """Lets go of Python objects that JavaScript has forgotten."""
    numbers = ffi.unpack(hosts, count)
    if lent:
        for number in numbers:
            lent.pop((key, number), None)
    reference = _cores.get(key)
    core = reference() if reference else None
    if core is None:
        return
    for number in numbers:
        thing = core.objects.pop(number, None)
        known = core.made.get(id(thing))
        if known is not None and known[1] == number:
            del core.made[id(thing)]


_ending: list[bool] = []


def park_if_ending() -> None:
    """Keeps a thread that Python is about to leave behind from telling that it was ended."""
    if _ending and threading.current_thread() is not threading.main_thread():
        threading.Event().wait()


def _stop() -> None:
    _ending.append(True)
    lib.ipy_stop()
    for reference in list(_cores.values()):
        core = reference()
        if core is not None and not core.closed:
            lib.ipy_isolate_terminate(core.ptr)


lib.ipy_warm()
lib.ipy_start(threading.main_thread().ident)
atexit.register(_stop)
