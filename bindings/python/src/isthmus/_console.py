"""What JavaScript's console says, as Python's output or as calls of a function of Python's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable, Union

from ._core import FORGET, Hold
from ._extension import ffi, lib
from ._loop import interrupted, thing_of

if TYPE_CHECKING:
    from ._context import Context

_LEVELS = ("debug", "log", "info", "warn", "error")
_WARN = _LEVELS.index("warn")

Console = Union[None, bool, Callable[[str, str], Any]]


def _to_streams(level: str, text: str) -> None:
    """Warnings and errors to sys.stderr, the rest to sys.stdout, whichever they are now."""
    error = level in _LEVELS[_WARN:]
    # What was said first is to be seen first.
    first = sys.stdout if error else sys.stderr
    if first is not None:
        first.flush()
    stream = sys.stderr if error else sys.stdout
    if stream is not None:
        stream.write(text.encode("utf-8", "replace").decode() + "\n")


def _to_nobody(level: str, text: str) -> None:
    pass


def add_web(context: Context, console: Console) -> None:
    """Adds the globals of the web's common minimum to a new context.

    Raises:
        TypeError: `console` is neither None, False nor callable.
    """
    function: Any = console
    if console is None or console is True:
        function = _to_streams
    elif console is False:
        function = _to_nobody
    elif not callable(console):
        raise TypeError(f"console must be a callable, None or False, not {type(console).__name__}")
    options = ffi.new("ist_web_options *")
    options.size = ffi.sizeof("ist_web_options")
    options.message = ffi.addressof(lib, "ipy_message")
    with Hold(context, limited=False) as hold:
        options.env = context._core.hook(function)
        options.finalize = FORGET
        problem = ffi.new("ist_error **")
        hold.check(lib.ist_context_add_web(context._ptr, options, problem), problem)


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_message(key: int, number: int, host: int, level: int, text: Any, length: int) -> None:
    """Passes a message on."""
    function = thing_of(key, host)
    if function is not None:
        function(_LEVELS[level], ffi.buffer(text, length)[:].decode("utf-8", "replace"))
