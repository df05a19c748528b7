"""From Python to JavaScript: what each kind of object becomes.

A value is put into an item of the bridge. What the item points to, and what must stay alive until
the operation is over, goes into the caller's `keep`. What stands for a Python object in JavaScript
(a function, a typed array over its memory, an instance of an exposed class) is one and the same as
long as JavaScript has it. Lists, dicts and their kin are copied, whole trees at once, with what
they share and the circles in them.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import numbers
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from . import _calls
from ._calls import text_address
from ._core import (
    BIGINT,
    CBOR,
    COPY,
    DATE,
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
    Hold,
    Lent,
    OpFrame,
    let_go,
)
from ._errors import ConversionError, LimitError
from ._extension import ffi, lib
from ._mapped import SMALLEST, lower_mapped
from ._undefined import Undefined, undefined

if TYPE_CHECKING:
    from ._context import Context

# From here on a text is not copied: its characters are read where Python has them.
_LONG = 4096

__all__ = ["let_go", "lower", "lower_args", "lower_text", "register"]

Lowerer = Callable[["Context", Any, Any, list[Any]], None]
T = TypeVar("T")

# V8 counts them so.
_MOST_ARGUMENTS = 65535
# How deep a tree may be.
DEEPEST = 900
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MILLISECOND = datetime.timedelta(milliseconds=1)


def lower_text(text: str, item: Any, keep: list[Any]) -> None:
    """Puts a text into an item, lone surrogates and NUL included."""
    try:
        data = str.encode(text, "latin-1")
        item.tag = LATIN1
        item.length = len(data)
    except UnicodeEncodeError:
        data = str.encode(text, WIDE, "surrogatepass")
        item.tag = UTF16
        item.length = len(data) >> 1
    item.data = pointer = ffi.from_buffer(data)
    keep.append(pointer)


def _lower_int(context: Context, value: int, item: Any, keep: list[Any]) -> None:
    # What a type that derives from int says of itself is no matter.
    value = int.__index__(value)
    if -SAFE <= value <= SAFE:
        item.tag = INT
        item.integer = value
        return
    size = max(1, (abs(value).bit_length() + 63) // 64)
    words = abs(value).to_bytes(size * 8, sys.byteorder)
    if sys.byteorder == "big":
        words = b"".join(words[i : i + 8] for i in range(len(words) - 8, -1, -8))
    item.tag = BIGINT
    item.kind = value < 0
    item.length = size
    item.data = pointer = ffi.new("char[]", words)
    keep.append(pointer)


def _lower_float(context: Context, value: float, item: Any, keep: list[Any]) -> None:
    item.tag = DOUBLE
    item.number = value


def _lower_str(context: Context, value: str, item: Any, keep: list[Any]) -> None:
    # What a type that derives from str says of itself is no matter.
    if type(value) is not str:
        value = str.__str__(value)
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
    exact = type(value) is bytes
    if exact and len(value) >= SMALLEST and lower_mapped(context, value, item, keep):
        return
    item.tag = COPY
    item.data = pointer = ffi.from_buffer(value)
    item.length = len(pointer)
    keep.append(pointer)


def _lower_buffer(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    # Few programs need it, so it is loaded when the first one does.
    from ._bytes import lower_buffer

    _LOWER[bytearray] = _LOWER[memoryview] = _LOWER[type(value)] = lower_buffer
    lower_buffer(context, value, item, keep)


def milliseconds(value: datetime.date) -> float:
    """The time of a Date for a datetime, or for a date, whose day begins in UTC. A datetime without
    a time zone is in local time, as everywhere in Python; what is less than a millisecond is left
    out.
    """
    if not isinstance(value, datetime.datetime):
        return (value - _EPOCH.date()).days * 86_400_000.0
    try:
        return float((value.astimezone(datetime.timezone.utc) - _EPOCH) // _MILLISECOND)
    except (OverflowError, ValueError, OSError) as problem:
        raise ConversionError(f"{value!r} has no form in JavaScript: {problem}") from problem


def _lower_date(context: Context, value: datetime.date, item: Any, keep: list[Any]) -> None:
    item.tag = DATE
    item.number = milliseconds(value)


def _lower_exception(context: Context, value: BaseException, item: Any, keep: list[Any]) -> None:
    # The Error that JavaScript would catch if a callback raised it.
    from ._promise import error_value

    with Hold(context, limited=False) as hold:
        thrown, made = error_value(hold, value)
        try:
            error = hold.lift(thrown)
        finally:
            lib.ist_error_free(made)
    keep.append(error)
    lower(context, error, item, keep)


def _lower_enum(context: Context, value: enum.Enum, item: Any, keep: list[Any]) -> None:
    lower(context, value.value, item, keep)


def _lower_integral(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    _lower_int(context, int(value), item, keep)


def _lower_numpy_scalar(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    lower(context, _numpy_scalar(value), item, keep)


def _numpy_scalar(value: Any) -> Any:
    """A number of numpy's as one of Python's."""
    plain = value.item()
    if value.dtype.kind not in "biuf" or type(plain) not in (bool, int, float):
        raise ConversionError(f"type {_name(type(value))} has no form in JavaScript")
    return plain


def pinned(core: Core, value: Any) -> int:
    """The number of what stands for a Python object, to be dropped after use; 0: nothing does
    now.
    """
    known = core.made.get(id(value))
    if known is not None:
        number = known[0]
        answer = lib.ipy_pin(core.ptr, number)
        while answer == -2:
            answer = lib.ipy_pin(core.ptr, number)
        if answer == 1:
            return number
    return 0


def lower_callable(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """A Python callable as a JavaScript function: the same one as long as JavaScript has it."""
    core = context._core
    number = pinned(core, value)
    if not number:
        name = getattr(value, "__name__", "")
        number, host = make_function(context, value, name if isinstance(name, str) else "")
        core.made[id(value)] = number, host
    item.tag = OBJECT
    item.integer = number
    keep.append(Dropped(number))


def make_function(context: Context, value: Any, name: str, flags: int = 0) -> tuple[int, int]:
    """A new JavaScript function for a Python callable: its number in the table, to be dropped after
    use, and that of the callable.
    """
    core = context._core
    frame = core.frame()
    text = name.encode("utf-8", "replace").replace(b"\0", b"")
    host = core.host(value)
    args = (context._at, text, host, flags, frame.at)
    try:
        answer = lib.ipy_function(*args)
        if answer < 0:
            core.again(answer, frame, context, lib.ipy_function, *args)
    except BaseException:
        core.objects.pop(host, None)
        raise
    number: int = frame.result.integer
    core.frames.append(frame)
    return number, host


# ---- Trees ---------------------------------------------------------------------------------------


class _Tree:
    """What is written beside the bytes of a tree: items of the values that have no form there."""

    __slots__ = ("context", "indices", "items", "keep")

    def __init__(self, context: Context, keep: list[Any]) -> None:
        self.context = context
        self.keep = keep
        self.items: list[Any] = []
        self.indices: dict[int, int] = {}

    def encode(self, value: Any) -> bytes:
        """The CBOR of a tree.

        Raises:
            ConversionError: there is none for something in it; the text says where.
            LimitError: it is nested too deeply.
        """
        trail: list[Any] = []
        try:
            return _calls.encode(value, undefined, self.other, trail, DEEPEST)
        except RecursionError as problem:
            raise LimitError(f"a tree is too deep for JavaScript: {problem}") from None
        except ConversionError as problem:
            if trail:
                raise ConversionError(f"{_place(trail)}: {problem}") from problem
            raise
        except RuntimeError as problem:
            if type(problem) is RuntimeError and "changed" in str(problem):
                raise ConversionError(f"{_place(trail)}: {problem}") from problem
            raise

    def other(self, value: Any) -> tuple[int, Any]:
        """How a value is written that is not plain."""
        found = _LOWER.get(type(value)) or _find(value)
        if isinstance(found, _Hook):
            return 2, found.form(value)
        if found is _lower_str:
            # With lone surrogates, or of a type of its own.
            text = str.encode(value, "utf-16-le", "surrogatepass").decode(
                "utf-16-le", "surrogatepass"
            )
            try:
                return 0, _head(3, len(data := text.encode())) + data
            except UnicodeEncodeError:
                data = text.encode("utf-8", "surrogatepass")
                return 0, b"\xd9\x01\x11" + _head(2, len(data)) + data
        if found is _lower_int:
            return 0, _integer(int.__index__(value))
        if found is _lower_enum:
            return 2, value.value
        if found is _lower_float:
            return 2, float.__float__(value)
        if found is _lower_bytes:
            return 2, bytes(memoryview(value))
        if found is _lower_integral:
            return 2, int(value)
        if found is _lower_tree:
            return 2, _plain(value)
        if found is _lower_numpy_scalar:
            return 2, _numpy_scalar(value)
        index = self.indices.get(id(value))
        if index is None:
            item = ffi.new("ipy_item *")
            found(self.context, value, item, self.keep)
            index = len(self.items)
            self.items.append(item)
            # The value lives as long as its number is needed.
            self.keep.append(value)
            self.indices[id(value)] = index
        return 1, index


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes((major << 5 | number,))
    for info, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << 8 * size:
            return bytes((major << 5 | info,)) + number.to_bytes(size, "big")
    return bytes((major << 5 | 27,)) + number.to_bytes(8, "big")


def _integer(value: int) -> bytes:
    if -(2**63) <= value < 2**63:
        return _head(1, ~value) if value < 0 else _head(0, value)
    number = ~value if value < 0 else value
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return (b"\xc3" if value < 0 else b"\xc2") + _head(2, len(data)) + data


def _plain(value: Any) -> Any:
    """A container of any type as one of Python's own."""
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, Mapping):
        return {key: value[key] for key in value}
    if isinstance(value, Set):
        try:
            return set(value)
        except TypeError as problem:
            raise ConversionError(f"the members of a {_name(kind)} cannot be hashed") from problem
    return list(value)


def _place(trail: list[Any]) -> str:
    """The place in a tree that the steps lead to, the innermost first."""
    text = "$"
    for step in reversed(trail):
        if isinstance(step, str):
            text += f".{step}" if step.isidentifier() else f"[{step!r}]"
        else:
            text += f"[{step!r}]"
    return text


def _lower_tree(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """A container with all that is in it."""
    tree = _Tree(context, keep)
    data = tree.encode(value)
    pointer = ffi.from_buffer(data)
    keep.append(pointer)
    if not tree.items:
        item.tag = CBOR
        item.data = pointer
        item.length = len(data)
        return
    items = ffi.new("ipy_item[]", len(tree.items))
    for i, one in enumerate(tree.items):
        items[i] = one[0]
    frame = context._core.frame()
    args = (context._at, pointer, len(data), items, len(tree.items), frame.at)
    answer = lib.ipy_read_tree(*args)
    if answer < 0:
        context._core.again(answer, frame, context, lib.ipy_read_tree, *args)
    item.tag = OBJECT
    item.integer = frame.result.integer
    keep.append(Dropped(frame.result.integer))
    context._core.frames.append(frame)


def _lower_list(context: Context, value: list[Any], item: Any, keep: list[Any]) -> None:
    # The commonest lists are of numbers, which need no tree.
    if value and type(value[0]) in (float, int):
        found = _calls.doubles(value)
        if found is not None:
            item.tag = DOUBLES
            item.data = pointer = ffi.from_buffer(found)
            item.length = len(found) >> 3
            keep.append(pointer)
            return
    _lower_tree(context, value, item, keep)


# ---- Finding the way -----------------------------------------------------------------------------


class _Hook:
    """What `register` keeps."""

    __slots__ = ("kind", "to_js")

    def __init__(self, kind: type, to_js: Callable[[Any], Any]) -> None:
        self.kind = kind
        self.to_js = to_js

    def __call__(self, context: Context, value: Any, item: Any, keep: list[Any]) -> None:
        lower(context, self.form(value), item, keep)

    def form(self, value: Any) -> Any:
        """What goes to JavaScript instead."""
        made = self.to_js(value)
        if type(made) is type(value):
            raise ConversionError(f"the hook for {_name(self.kind)} has given the same type again")
        return made


def register(python_type: type[T], to_js: Callable[[T], Any]) -> None:
    """Says what the objects of a type, and of types that derive from it, become in JavaScript, in
    every isolate.

    Args:
        python_type: the type, such as `decimal.Decimal`.
        to_js: gives for an object what goes to JavaScript instead: anything that has a form there,
            but of another type. What it raises is raised by what was to be done with the object.

    Raises:
        TypeError: `python_type` is no type, or one whose form is fixed (int, float, str, bool,
        None).
    """
    if not isinstance(python_type, type):
        raise TypeError(f"python_type must be a type, not {python_type!r}")
    if python_type in (int, float, str, bool, type(None), Undefined, object):
        raise TypeError(f"the form of {python_type.__name__} is fixed")
    if not callable(to_js):
        raise TypeError(f"to_js must be callable, not {type(to_js).__name__}")
    fix(python_type, _Hook(python_type, to_js))


_LOWER: dict[type, Lowerer] = {
    int: _lower_int,
    float: _lower_float,
    str: _lower_str,
    bool: _lower_bool,
    type(None): _lower_none,
    Undefined: _lower_undefined,
    bytes: _lower_bytes,
    bytearray: _lower_buffer,
    memoryview: _lower_buffer,
    datetime.datetime: _lower_date,
    datetime.date: _lower_date,
    list: _lower_list,
    dict: _lower_tree,
    tuple: _lower_tree,
    set: _lower_tree,
    frozenset: _lower_tree,
    BaseException: _lower_exception,
}
# The types among them that were found by looking at their bases.
_derived: set[type] = set()
_MOST_DERIVED = 1024


def fix(kind: type, lowerer: Lowerer) -> None:
    """Says how the objects of a type, and of types that derive from it, are lowered."""
    _forget_derived()
    _LOWER[kind] = lowerer


def _forget_derived() -> None:
    while True:
        try:
            _LOWER.pop(_derived.pop(), None)
        except KeyError:
            return


def _name(kind: type) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def lower(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """Puts the JavaScript form of any Python object into an item.

    Raises:
        ConversionError: it has none.
        StateError: it belongs to another isolate.
        ClosedError: it belongs to a context that is closed.
    """
    found = _LOWER.get(type(value))
    if found is None:
        found = _find(value)
    found(context, value, item, keep)


def _find(value: Any) -> Lowerer:
    """How an object of a type that was not met before is lowered."""
    kind = type(value)
    found = _look(kind, value)
    if found is None:
        raise ConversionError(
            f"type {_name(kind)} has no form in JavaScript; isthmus.register can give it one,"
            " or isthmus.expose"
        )
    # Types that a program makes over and over are not kept for it.
    if len(_derived) >= _MOST_DERIVED:
        _forget_derived()
    _derived.add(kind)
    _LOWER[kind] = found
    return found


def _look(kind: type, value: Any) -> Optional[Lowerer]:
    for base in kind.__mro__:
        if base in _LOWER and base not in _derived:
            return _lower_tree if base is list else _LOWER[base]
        if base is enum.Enum:
            return _lower_enum
        if base.__module__ == "numpy" and base.__name__ == "generic":
            return _lower_numpy_scalar
    if dataclasses.is_dataclass(kind):
        return _lower_tree
    try:
        with memoryview(value):
            return _lower_buffer
    except (TypeError, BufferError, ValueError):
        pass
    if issubclass(kind, numbers.Integral):
        return _lower_integral
    if issubclass(kind, (Mapping, Set)) or (issubclass(kind, Sequence)):
        return _lower_tree
    if hasattr(kind, "__await__"):
        from ._async import lower_awaitable

        return lower_awaitable
    if hasattr(kind, "__aiter__"):
        from ._async import lower_async_iterable

        return lower_async_iterable
    if isinstance(value, type):
        from ._expose import lower_class

        return lower_class
    if callable(value):
        return lower_callable
    if issubclass(kind, Iterator):
        from ._expose import lower_iterator

        return lower_iterator
    return None


def lower_args(context: Context, frame: OpFrame, args: tuple[Any, ...]) -> list[Any]:
    """Puts the arguments of a call into a frame. What must stay alive until its end."""
    count = len(args)
    keep: list[Any] = []
    if count > 8:
        if count > _MOST_ARGUMENTS:
            raise LimitError(f"a call takes at most {_MOST_ARGUMENTS} arguments, not {count}")
        c = frame.c
        if not lib.ipy_frame_args(c, count):
            raise MemoryError
        items: Any = [c.argv[i] for i in range(count)]
    else:
        items = frame.args
    try:
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
    except BaseException:
        let_go(context._core, keep)
        raise
    return keep
