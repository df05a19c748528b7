"""From Python to JavaScript: what each kind of object becomes.

A value is put into an item of the bridge. What the item points to, and what must stay alive until the
operation is over, goes into the caller's `keep`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ._calls import text_address
from ._core import (
    BIGINT,
    COPY,
    DOUBLE,
    DOUBLES,
    FALSE,
    INT,
    LATIN1,
    LENT,
    NULL,
    OBJECT,
    SAFE,
    TRUE,
    UNDEFINED,
    UTF16,
    WIDE,
    Core,
    Dropped,
    Lent,
    OpFrame,
    let_go,
)
from ._errors import ConversionError
from ._extension import ffi, lib
from ._undefined import Undefined

if TYPE_CHECKING:
    from ._context import Context

# From here on a text is not copied: its characters are read where Python has them.
_LONG = 4096

__all__ = ["let_go", "lower", "lower_args", "lower_text"]


def lower_text(text: str, item: Any, keep: list[Any]) -> None:
    """Puts a text into an item, lone surrogates and NUL included."""
    try:
        data = text.encode("latin-1")
        item.tag = LATIN1
        item.length = len(data)
    except UnicodeEncodeError:
        data = text.encode(WIDE, "surrogatepass")
        item.tag = UTF16
        item.length = len(data) >> 1
    item.data = pointer = ffi.from_buffer(data)
    keep.append(pointer)


def _lower_int(context: Context, value: int, item: Any, keep: list[Any]) -> None:
    if -SAFE <= value <= SAFE:
        item.tag = INT
        item.integer = value
        return
    size = max(1, (abs(value).bit_length() + 63) // 64)
    words = abs(value).to_bytes(size * 8, "little")
    item.tag = BIGINT
    item.kind = value < 0
    item.length = size
    item.data = pointer = ffi.new("char[]", words)
    keep.append(pointer)


def _lower_float(context: Context, value: float, item: Any, keep: list[Any]) -> None:
    item.tag = DOUBLE
    item.number = value


def _lower_str(context: Context, value: str, item: Any, keep: list[Any]) -> None:
    if len(value) < _LONG or not value.isascii():
        return lower_text(value, item, keep)
    host = context._core.host(value)
    item.tag = LENT
    item.integer = host
    item.data = ffi.cast("char *", text_address(value))
    item.length = len(value)
    keep.append(Lent(item, host))


def _lower_bool(context: Context, value: bool, item: Any, keep: list[Any]) -> None:
    item.tag = TRUE if value else FALSE


def _lower_none(context: Context, value: None, item: Any, keep: list[Any]) -> None:
    item.tag = NULL


def _lower_undefined(context: Context, value: Undefined, item: Any, keep: list[Any]) -> None:
    item.tag = UNDEFINED


def _lower_bytes(context: Context, value: bytes, item: Any, keep: list[Any]) -> None:
    item.tag = COPY
    item.data = pointer = ffi.from_buffer(value)
    item.length = len(value)
    keep.append(pointer)


def lower_callable(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """A Python callable as a JavaScript function: the same one as long as JavaScript has it."""
    core = context._core
    number = core.made.get(id(value))
    if number is not None:
        answer = lib.ipy_pin(core.ptr, number)
        while answer == -2:
            answer = lib.ipy_pin(core.ptr, number)
        if answer == 1:
            item.tag = OBJECT
            item.integer = number
            keep.append(Dropped(number))
            return
    frame = core.frame()
    name = getattr(value, "__name__", "")
    text = name.encode("utf-8", "replace") if isinstance(name, str) else b""
    args = (context._at, text, core.host(value), 0, frame.at)
    answer = lib.ipy_function(*args)
    if answer < 0:
        answer = core.again(answer, frame, context, lib.ipy_function, *args)
    number = frame.result.integer
    core.frames.append(frame)
    core.made[id(value)] = number
    item.tag = OBJECT
    item.integer = number
    keep.append(Dropped(number))


_LOWER: dict[type, Callable[[Context, Any, Any, list[Any]], None]] = {
    int: _lower_int,
    float: _lower_float,
    str: _lower_str,
    bool: _lower_bool,
    type(None): _lower_none,
    Undefined: _lower_undefined,
    bytes: _lower_bytes,
}


def lower(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """Puts the JavaScript form of any Python object into an item.

    Raises:
        ConversionError: it has none.
        ClosedError: it belongs to another isolate, or to a context that is closed.
    """
    found = _LOWER.get(type(value))
    if found is None:
        found = _find(type(value))
    found(context, value, item, keep)


def _find(kind: type) -> Callable[[Context, Any, Any, list[Any]], None]:
    for base in kind.__mro__:
        if base in _LOWER:
            return _LOWER[base]
    if hasattr(kind, "__await__"):
        from ._async import lower_awaitable

        return lower_awaitable
    if hasattr(kind, "__aiter__"):
        from ._async import lower_async_iterable

        return lower_async_iterable
    if callable(getattr(kind, "__call__", None)):
        return lower_callable
    raise ConversionError(f"a {kind.__module__}.{kind.__qualname__} has no form in JavaScript")


def lower_args(context: Context, frame: OpFrame, args: tuple[Any, ...]) -> list[Any]:
    """Puts the arguments of a call into a frame. What must stay alive until its end."""
    count = len(args)
    keep: list[Any] = []
    if count > 8:
        c = frame.c
        if not lib.ipy_frame_args(c, count):
            raise MemoryError
        items: Any = [c.argv[i] for i in range(count)]
    else:
        items = frame.args
    for item, value in zip(items, args):
        kind = type(value)
        if kind is float:
            item.tag = DOUBLE
            item.number = value
        elif kind is int and -SAFE <= value <= SAFE:
            item.tag = INT
            item.integer = value
        else:
            lower(context, value, item, keep)
    return keep
