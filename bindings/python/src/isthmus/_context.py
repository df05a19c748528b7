"""Contexts: a global object with its own built-ins, and what runs there."""

from __future__ import annotations

import itertools
import time
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Iterator, Optional

from . import _core
from ._convert import let_go, lower, lower_args, lower_text
from ._core import FAILED, INT, Hold, finish, nanoseconds
from ._extension import ffi, lib

if TYPE_CHECKING:
    from ._isolate import Isolate

_numbers = itertools.count(1)


class Context:
    """A global object with its own built-ins; made by `Isolate.context`.

    It is a mapping of its global object: `ctx["x"] = 1`, `ctx["x"]`, `"x" in ctx`, `del ctx["x"]`.

    Args:
        isolate: where it lives.
        name: for inspectors and heap snapshots.
        web: whether it has the globals of the web's common minimum: console, timers, structuredClone,
            TextEncoder and so on.
        frozen: a compartment: all that it begins with is frozen. It has no web globals.
        eval_allowed: whether `eval` and `Function` make code from strings.
    """

    def __init__(
        self,
        isolate: Isolate,
        *,
        name: Optional[str] = None,
        web: bool = True,
        frozen: bool = False,
        eval_allowed: bool = True,
    ) -> None:
        self.isolate = isolate
        self._glue: Any = None
        self._core = isolate._core
        self._place = ffi.new("ipy_place *")
        self._place.core = self._core.ptr
        self._at = int(ffi.cast("uintptr_t", self._place))
        options = ffi.new("ist_context_options *")
        options.size = ffi.sizeof("ist_context_options")
        text = ffi.new("char[]", name.encode()) if name is not None else ffi.NULL
        options.name = text
        options.no_code_from_strings = not eval_allowed
        options.frozen = frozen
        made = ffi.new("ist_context **")
        with isolate._held(0, 0, False):
            _core.check(lib.ist_context_new(isolate._pointer(), options, made))
            self._number = next(_numbers)
            lib.ipy_context_number(made[0], self._number)
            self._place.context = made[0]
            self._core.contexts[self._number] = weakref.ref(self)
            if web and not frozen:
                problem = ffi.new("ist_error **")
                _core.check(lib.ist_context_add_web(self._ptr, ffi.NULL, problem), problem)
        isolate._contexts.add(self)

    def __repr__(self) -> str:
        return f"<isthmus.Context {'closed' if self.closed else hex(id(self))}>"

    def __enter__(self) -> Context:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the context up, with every object that came by it: using one raises ClosedError. Python
        objects that only its functions referred to are let go. Repeating it does nothing."""
        core = self._core
        pointer, self._place.context = self._ptr, ffi.NULL
        core.contexts.pop(self._number, None)
        self._glue = None
        if not pointer or core.closed:
            return
        if core.extra.pumps:
            from ._async import closed

            closed(core, self)
        with self.isolate._held(0, 0, False):
            lib.ipy_forget_context(core.ptr, pointer)
            lib.ist_context_free(pointer)

    def __del__(self) -> None:
        # The isolate frees it; only what is used much longer than its contexts needs to know now.
        if hasattr(self, "_number") and not self._core.closed:
            self._core.contexts.pop(self._number, None)

    @property
    def _ptr(self) -> Any:
        """The `ist_context *`; NULL when it is closed."""
        return self._place.context

    @property
    def closed(self) -> bool:
        """Whether it, or its isolate, was closed."""
        return not self._ptr or self._core.closed

    def eval(
        self,
        source: str,
        *,
        filename: str = "<eval>",
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        line_offset: int = 0,
    ) -> Any:
        """Runs a classic script, and gives the value of its last statement.

        Args:
            source: the text.
            filename: names it in errors.
            timeout: seconds that it may take.
            cpu_timeout: seconds of processor time that it may take.
            line_offset: how many lines stand before the text in its file.

        Raises:
            JSSyntaxError: the text does not parse.
            JSError: it threw.
            JSTimeoutError, JSMemoryError, JSTerminated: it was ended.
            ClosedError: the context is closed.
        """
        core = self._core
        text = source.encode()
        frame = core.frame()
        c = frame.c
        if timeout is not None or cpu_timeout is not None:
            c.wall = nanoseconds(timeout, "timeout")
            c.cpu = nanoseconds(cpu_timeout, "cpu_timeout")
        args = (self._at, text, len(text), filename.encode(), line_offset, frame.at)
        tag = lib.ipy_eval(*args)
        if tag == INT:
            value = frame.result.integer
            core.frames.append(frame)
            return value
        if tag < 0:
            tag = core.again(tag, frame, self, lib.ipy_eval, *args)
        if timeout is not None or cpu_timeout is not None:
            c.wall = c.cpu = 0
        return finish(self, frame, tag)

    async def eval_async(
        self,
        source: str,
        *,
        filename: str = "<eval>",
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        line_offset: int = 0,
    ) -> Any:
        """Runs a classic script, and awaits its result when that is a promise. Timers and jobs run meanwhile.

        Args:
            source: the text.
            filename: names it in errors.
            timeout: seconds that all of it may take.
            cpu_timeout: seconds of processor time that all of it may take.
            line_offset: how many lines stand before the text in its file.

        Raises:
            JSError: it threw, or the promise was rejected; or the Python exception that this came from.
            StateError: nothing can settle the promise any more.
            JSSyntaxError, JSTimeoutError, JSMemoryError, JSTerminated, ClosedError: as `eval`.
        """
        from ._async import eval_async

        return await eval_async(
            self, source, timeout, cpu_timeout, filename=filename, line_offset=line_offset
        )

    def run(
        self,
        source: str,
        *,
        filename: str = "<eval>",
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        line_offset: int = 0,
    ) -> Any:
        """Runs a classic script, and waits for its result when that is a promise, without asyncio: the isolate's
        loop runs until it is settled. Takes and raises what `eval_async` does; `cpu_timeout` is for the
        script alone.
        """
        from ._promise import JSPromise

        until = None if timeout is None else time.monotonic() + timeout
        result = self.eval(
            source,
            filename=filename,
            timeout=timeout,
            cpu_timeout=cpu_timeout,
            line_offset=line_offset,
        )
        if not isinstance(result, JSPromise):
            return result
        return result.result(None if until is None else max(1e-9, until - time.monotonic()))

    def _operate(self, op: Any, frame: Any, *args: Any) -> Any:
        """Runs an operation with a frame whose arguments are set, and gives its value."""
        tag = op(self._at, *args, frame.at)
        if tag < 0:
            tag = self._core.again(tag, frame, self, op, self._at, *args, frame.at)
        return finish(self, frame, tag)

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return self._get(0, name)

    def _get(self, object_id: int, key: Any) -> Any:
        frame = self._core.frame()
        keep: list[Any] = []
        lower_text(key, frame.args[0], keep)
        return self._operate(lib.ipy_get, frame, object_id)

    def __setitem__(self, name: str, value: Any) -> None:
        frame = self._core.frame()
        keep: list[Any] = []
        lower_text(name, frame.args[0], keep)
        lower(self, value, frame.args[1], keep)
        try:
            self._operate(lib.ipy_set, frame, 0)
        finally:
            let_go(self._core, keep)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        found = ffi.new("bool *")
        problem = ffi.new("ist_error **")
        with Hold(self) as hold:
            top = ffi.new("ist_value *")
            hold.check(lib.ist_context_global(self._ptr, top))
            key = hold.lower(name)
            hold.check(lib.ist_object_has_key(self._ptr, top[0], key, found, problem), problem)
        return bool(found[0])
