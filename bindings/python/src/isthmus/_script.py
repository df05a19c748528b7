"""Compiled scripts and functions, and the code cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Optional, Union

from ._core import Hold, nanoseconds
from ._errors import ConversionError, StateError
from ._extension import ffi, lib
from ._loop import extra_of, tidy
from ._source import fill, name_of, taken

if TYPE_CHECKING:
    from ._context import Context
    from ._proxies import JSFunction


class Script:
    """A classic script that is compiled, made by `Context.compile`. It runs in any context of its
    isolate, any number of times."""

    def __init__(self, context: Context, pointer: Any, cache_used: bool) -> None:
        self._context = context
        self._ptr = pointer
        self.cache_used = cache_used
        """Whether the cache was of use; False without one, and when it was damaged or for another
        text or V8."""

    def __del__(self) -> None:
        core = self._context._core
        if not core.closed:
            extra_of(core).garbage.append((lib.ist_script_free, self._ptr))

    def run(
        self,
        context: Optional[Context] = None,
        *,
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
    ) -> Any:
        """Runs it, and gives the value of its last statement.

        Args:
            context: where; None: where it was compiled.
            timeout: seconds that it may take.
            cpu_timeout: seconds of processor time that it may take.

        Raises:
            JSError, JSTimeoutError, JSMemoryError, JSTerminated, ClosedError: as `Context.eval`.
            StateError: the context belongs to another isolate.
        """
        where = self._context if context is None else context
        if where._core is not self._context._core:
            raise StateError("the script belongs to another isolate")
        wall, cpu = nanoseconds(timeout, "timeout"), nanoseconds(cpu_timeout, "cpu_timeout")
        with Hold(where, wall, cpu) as hold:
            result, problem = ffi.new("ist_value *"), ffi.new("ist_error **")
            status = lib.ist_script_run(where._ptr, self._ptr, result, problem)
            hold.check(status, problem)
            return hold.lift(result[0])

    def cache(self) -> bytes:
        """The code, with what was compiled lazily until now: give it to `Context.compile` with the
        same text and filename another time. It is code: bytes that somebody has forged are run, so
        keep it where the text is kept.
        """
        with Hold(self._context) as hold:
            return taken(lambda data, size: hold.check(lib.ist_script_cache(self._ptr, data, size)))


def compile_script(
    context: Context,
    source: Union[str, bytes],
    filename: str,
    cache: Optional[bytes],
    line_offset: int,
    column_offset: int,
) -> Script:
    """`Context.compile`."""
    keep: list[Any] = []
    record = ffi.new("ist_source *")
    fill(record, keep, source, filename, cache, line_offset, column_offset)
    with Hold(context) as hold:
        tidy(context._core)
        made, problem = ffi.new("ist_script **"), ffi.new("ist_error **")
        hold.check(lib.ist_script_compile(context._ptr, record, made, problem), problem)
        used = cache is not None and lib.ist_isolate_cache_used(context._core.isolate())
        return Script(context, made[0], used)


def compile_function(
    context: Context,
    source: Union[str, bytes],
    parameters: Iterable[str],
    filename: str,
    cache: Optional[bytes],
    line_offset: int,
) -> tuple[JSFunction, bool]:
    """`Context.function`; and whether the cache was of use."""
    keep: list[Any] = []
    record = ffi.new("ist_source *")
    fill(record, keep, source, filename, cache, line_offset)
    if isinstance(parameters, str):
        raise TypeError("parameters must be an iterable of names, not one str")
    parameters = tuple(parameters)
    names = [ffi.new("char[]", name_of(name, "a parameter")) for name in parameters]
    array = ffi.new("const char *[]", names)
    with Hold(context) as hold:
        made, problem = ffi.new("ist_value *"), ffi.new("ist_error **")
        status = lib.ist_function_compile(context._ptr, record, array, len(names), made, problem)
        if status == lib.IST_ERR_ARGUMENT:
            lib.ist_error_free(problem[0])
            raise ValueError(f"a parameter is no identifier: {', '.join(map(repr, parameters))}")
        hold.check(status, problem)
        used = cache is not None and lib.ist_isolate_cache_used(context._core.isolate())
        function: JSFunction = hold.lift(made[0])
        return function, used


def function_cache(context: Context, function: JSFunction) -> bytes:
    """`Context.function_cache`."""
    with Hold(context) as hold:
        value = hold.lower(function)
        isolate = context._core.isolate()

        def give(data: Any, size: Any) -> None:
            status = lib.ist_function_cache(isolate, value, data, size)
            if status == lib.IST_ERR_STATE:
                raise ConversionError("the function was not made by Context.function")
            hold.check(status)

        return taken(give)
