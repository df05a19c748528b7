"""The inspector: sessions of the Chrome DevTools protocol over whatever transport the program has.

What sessions do is done by the thread that has the isolate: the sender's own, one that runs
JavaScript (in its midst), or one that is paused. A sender waits until its message was taken.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from ._closing import Closing
from ._core import BUSY, FORGET, Held, Hold, check
from ._errors import ClosedError, StateError
from ._extension import ffi, lib
from ._loop import interrupt, interrupted, thing_of
from ._source import name_of

if TYPE_CHECKING:
    from ._context import Context
    from ._isolate import Isolate

_LOOK = 0.05


class Inspector(Closing):
    """The inspector of an isolate, made by `Isolate.inspector`; one at a time.

    Args:
        isolate: the isolate.
        pause: called with the inspector when JavaScript is paused, on the thread that runs it;
            JavaScript goes on when it returns. It gives messages to sessions until `paused` is
            false. None: `serve`, so that other threads send them; where there is no other thread,
            nothing pauses.
        ready: called with the inspector when a session has sent Runtime.runIfWaitingForDebugger.

    Raises:
        StateError: the isolate has an inspector.
    """

    def __init__(
        self,
        isolate: Isolate,
        pause: Optional[Callable[[Inspector], Any]] = None,
        ready: Optional[Callable[[Inspector], Any]] = None,
    ) -> None:
        for name, function in (("pause", pause), ("ready", ready)):
            if function is not None and not callable(function):
                raise TypeError(f"{name} must be a callable or None, not {type(function).__name__}")
        self.isolate = isolate
        self._pause, self._ready = pause, ready
        self._waiting: deque[Callable[[], None]] = deque()
        self._change = threading.Condition()
        self._paused_by: Optional[int] = None
        self._sending = False
        self._ptr = ffi.NULL
        options = ffi.new("ist_inspector_options *")
        options.size = ffi.sizeof("ist_inspector_options")
        options.pause = ffi.addressof(lib, "ipy_pause")
        options.quit = ffi.addressof(lib, "ipy_quit")
        options.ready = ffi.addressof(lib, "ipy_ready")
        made = ffi.new("ist_inspector **")
        with Held(isolate._core):
            options.env = isolate._core.hook(self)
            options.finalize = FORGET
            status = lib.ist_inspector_new(isolate._pointer(), options, made)
        if status == lib.IST_ERR_STATE:
            raise StateError("the isolate has an inspector already")
        check(status)
        self._ptr = made[0]

    @property
    def closed(self) -> bool:
        """Whether it, or its isolate, was closed."""
        return not self._ptr or self.isolate._core.closed

    @property
    def paused(self) -> bool:
        """Whether JavaScript is paused."""
        return self._paused_by is not None

    def close(self) -> None:
        """Gives it up with its sessions; what is paused goes on. Repeating it does nothing."""
        if self.closed:
            self._ptr = ffi.NULL
            return

        def end() -> None:
            pointer, self._ptr = self._ptr, ffi.NULL
            lib.ist_inspector_free(pointer)

        self._do(end)

    def add_context(self, context: Context, name: Optional[str] = None) -> None:
        """Shows a context to the sessions.

        Args:
            context: of this isolate.
            name: by which they see it; None: the context's own.

        Raises:
            StateError: it is another isolate's.
            ClosedError: it is closed.
        """
        if context._core is not self.isolate._core:
            raise StateError("the context belongs to another isolate")
        text = ffi.NULL if name is None else name_of(name, "the name")
        with Hold(context) as hold:
            hold.check(lib.ist_inspector_add_context(self._pointer(), context._ptr, text))

    def pause(self, reason: Optional[str] = None) -> None:
        """Pauses at the next statement that runs, as a `debugger` statement would, for the sessions
        that have enabled Debugger now. `reason` is told to them."""
        text = ffi.NULL if reason is None else name_of(reason, "the reason")
        self._do(lambda: check(lib.ist_inspector_pause(self._pointer(), text)))

    def session(self, receive: Optional[Callable[[dict[str, Any]], Any]] = None) -> Session:
        """Opens a session.

        Args:
            receive: called with each answer and event as it comes, on the thread that has the
                isolate. It must not run JavaScript. None: they wait for `Session.receive`.
        """
        if receive is not None and not callable(receive):
            raise TypeError(f"receive must be a callable or None, not {type(receive).__name__}")
        made = Session(self, receive)
        self._do(made._open)
        return made

    def serve(self, timeout: Optional[float] = None) -> None:
        """Within `pause`: takes what other threads send until JavaScript is to go on.

        Args:
            timeout: seconds after which it returns in any case.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while self._paused_by == threading.get_ident() and not self.closed:
            self._take()
            with self._change:
                if not self._waiting and self.paused:
                    self._change.wait(_LOOK)
            if until is not None and time.monotonic() >= until:
                return

    def _pointer(self) -> Any:
        if self.closed:
            raise ClosedError("the inspector is closed")
        return self._ptr

    def _take(self) -> None:
        """Does what waits; with the isolate held."""
        while self._waiting:
            try:
                work = self._waiting.popleft()
            except IndexError:
                return
            work()

    def _do(self, what: Callable[[], None]) -> None:
        """Has something done by the thread that has the isolate, and waits for it; raises what it
        raises."""
        self._pointer()
        if self._sending and lib.ipy_isolate_held(self.isolate._core.ptr):
            raise StateError(
                "an inspector's message is being told: nothing can be sent within `receive`"
            )
        done = threading.Event()
        problems: list[BaseException] = []

        def work() -> None:
            try:
                what()
            except BaseException as problem:
                problems.append(problem)
            finally:
                done.set()

        core = self.isolate._core
        with self._change:
            self._waiting.append(work)
            self._change.notify_all()
        asked = False
        hold = ffi.gc(ffi.new("ipy_hold *"), lib.ipy_abandon)
        while not done.is_set():
            if self.paused and not lib.ipy_isolate_held(core.ptr):
                done.wait(_LOOK)
                if core.closed:
                    raise core.closed_error(None)
                continue
            answer = lib.ipy_enter(core.ptr, hold, ffi.NULL, True)
            if answer == BUSY:
                # JavaScript runs on another thread, which looks at this in its midst.
                if not asked and not self.paused:
                    asked = True
                    interrupt(self.isolate, self._take)
                continue
            if answer:
                raise core.closed_error(None)
            try:
                self._take()
            finally:
                lib.ipy_leave(hold)
        pending = core.pending.pop(threading.get_ident(), None) if core.pending else None
        if pending is not None:
            raise pending
        if problems:
            raise problems[0]

    def _told(self, what: int) -> None:
        if what == 1:
            with self._change:
                self._paused_by = None
                self._change.notify_all()
        elif what == 2:
            if self._ready is not None:
                self._ready(self)
        elif self._pause is not None or threading.active_count() > 1:
            self._paused_by = threading.get_ident()
            try:
                if self._pause is not None:
                    self._pause(self)
                else:
                    self.serve()
            finally:
                self._paused_by = None


class Session(Closing):
    """A session of an inspector, made by `Inspector.session`: messages are dicts, as of the
    protocol's JSON."""

    def __init__(
        self, inspector: Inspector, receive: Optional[Callable[[dict[str, Any]], Any]]
    ) -> None:
        self.inspector = inspector
        self._receive = receive
        self._received: deque[dict[str, Any]] = deque()
        self._ptr = ffi.NULL

    def _open(self) -> None:
        hook = self.inspector.isolate._core.hook(self)
        made = ffi.new("ist_session **")
        send = ffi.addressof(lib, "ipy_send")
        check(lib.ist_session_new(self.inspector._pointer(), send, hook, FORGET, made))
        self._ptr = made[0]

    @property
    def closed(self) -> bool:
        """Whether it, its inspector or its isolate was closed."""
        return not self._ptr or self.inspector.closed

    def close(self) -> None:
        """Ends the session; what is paused for it goes on. Repeating it does nothing."""
        if self.closed:
            return

        def end() -> None:
            pointer, self._ptr = self._ptr, ffi.NULL
            lib.ist_session_free(pointer)

        self.inspector._do(end)

    def send(self, message: Union[dict[str, Any], str, bytes]) -> None:
        """Gives a message to the isolate, from any thread; its answer comes through `receive`,
        often before this returns. While JavaScript is paused or runs on another thread, that thread
        takes it.

        Args:
            message: with "id" and "method", and "params" where the method has some; or its JSON.

        Raises:
            ValueError: it is no JSON object.
            StateError: within the session's `receive`.
            ClosedError: the session is closed.
        """
        if isinstance(message, dict):
            data = json.dumps(message).encode()
        else:
            data = message.encode() if isinstance(message, str) else bytes(message)
            if not isinstance(json.loads(data), dict):
                raise ValueError("an inspector's message is a JSON object")

        def dispatch() -> None:
            if self.closed:
                raise ClosedError("the session is closed")
            status = lib.ist_session_dispatch(self._ptr, data, len(data))
            if status == lib.IST_ERR_FORMAT:
                raise ValueError("an inspector's message is a JSON object")
            check(status)

        if self.closed:
            raise ClosedError("the session is closed")
        self.inspector._do(dispatch)

    def receive(self, timeout: Optional[float] = None) -> dict[str, Any]:
        """The next answer or event.

        Args:
            timeout: seconds to wait for one; None: as long as it takes. Only other threads can make
                one come.

        Raises:
            TimeoutError: there is none; at once with a timeout of 0.
            ClosedError: the session is closed, and there is none.
        """
        until = None if timeout is None else time.monotonic() + timeout
        change = self.inspector._change
        while True:
            with change:
                if self._received:
                    return self._received.popleft()
                if self.closed:
                    raise ClosedError("the session is closed")
                left = _LOOK if until is None else min(_LOOK, until - time.monotonic())
                if left <= 0:
                    raise TimeoutError("the inspector has sent no message")
                change.wait(left)

    def _told(self, message: dict[str, Any]) -> None:
        if self._receive is not None:
            self.inspector._sending = True
            try:
                self._receive(message)
            finally:
                self.inspector._sending = False
            return
        with self.inspector._change:
            self._received.append(message)
            self.inspector._change.notify_all()


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_inspector(key: int, host: int, what: int) -> None:
    """JavaScript is paused (0), is to go on (1), or a session is ready (2)."""
    inspector = thing_of(key, host)
    if inspector is not None:
        inspector._told(what)


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_send(key: int, host: int, text: Any, length: int) -> None:
    """Passes a message to its session."""
    session = thing_of(key, host)
    if session is not None:
        session._told(json.loads(ffi.buffer(text, length)[:]))
