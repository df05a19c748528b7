"""Memory that both languages see: buffers, without a copy.

A typed array, DataView or ArrayBuffer comes as a memoryview of its very memory, which stays valid
whatever becomes of the buffer and its isolate. What Python gives with writable memory (bytearray,
array.array, a numpy array, a writable memoryview) is lent: JavaScript gets a typed array over the
very memory, the same one each time, until it has forgotten it. As long as memory is lent its owner
cannot be resized, as is the rule for everything that has a memoryview; `detach` ends that early.
Memory that is read-only is copied.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, Optional

from . import _core
from ._core import COPY, OBJECT, Core, Dropped
from ._errors import ConversionError
from ._extension import ffi, lib

if TYPE_CHECKING:
    from ._context import Context

_BYTE_ORDER = "<" if sys.byteorder == "little" else ">"

# The element types by the size and kind of Python's formats.
_ELEMENTS: dict[tuple[str, int], int] = {
    ("i", 1): lib.IST_ELEMENT_INT8,
    ("u", 1): lib.IST_ELEMENT_UINT8,
    ("i", 2): lib.IST_ELEMENT_INT16,
    ("u", 2): lib.IST_ELEMENT_UINT16,
    ("i", 4): lib.IST_ELEMENT_INT32,
    ("u", 4): lib.IST_ELEMENT_UINT32,
    ("f", 4): lib.IST_ELEMENT_FLOAT32,
    ("f", 8): lib.IST_ELEMENT_FLOAT64,
    ("i", 8): lib.IST_ELEMENT_BIGINT64,
    ("u", 8): lib.IST_ELEMENT_BIGUINT64,
}
_KINDS = {
    **dict.fromkeys("bhilqn", "i"),
    **dict.fromkeys("BcHILQNP", "u"),
    **dict.fromkeys("fd", "f"),
}

# The format of each class of view, from IST_CLASS_INT8_ARRAY on.
_FORMATS = ("b", "B", "B", "h", "H", "i", "I", "f", "d", "q", "Q", "B")
_FIRST = lib.IST_CLASS_INT8_ARRAY
_WHOLE = (lib.IST_CLASS_ARRAY_BUFFER, lib.IST_CLASS_SHARED_ARRAY_BUFFER)


class _Books:
    """What one isolate and Python have of each other's memory."""

    __slots__ = ("lent", "views")

    def __init__(self) -> None:
        # What JavaScript has of Python's memory, by the id() of what it belongs to.
        self.lent: dict[int, _Lent] = {}
        # The memoryviews of JavaScript's memory that are in use, by their number in the table.
        self.views: dict[int, weakref.ref[memoryview]] = {}


# By the key of the isolate's core.
_books: dict[int, _Books] = {}


def _open(core: Core) -> _Books:
    """The books of an isolate that has none yet."""
    made = _books.setdefault(core.key, _Books())
    closing = weakref.finalize(core, _books.pop, core.key, None)
    closing.atexit = False  # type: ignore[misc]
    return made


class _View:
    """Memory of JavaScript's that Python has a memoryview of. It is called when nobody uses it any
    more.
    """

    __slots__ = (
        "books",
        "core",
        "data",
        "format",
        "key",
        "kind",
        "length",
        "number",
        "store",
        "view",
    )
    core: Core
    books: _Books
    number: int
    kind: int
    data: Any
    length: int
    format: str
    store: Any
    key: int
    view: weakref.ref[memoryview]

    def __call__(self, data: Any) -> None:
        number = self.number
        _views.pop(self.key, None)
        if self.books.views.get(number) is self.view:
            del self.books.views[number]
        _let_go(self.core.ptr, number, self.store)


# By the id of the object that all memoryviews of that memory have as their `obj`.
_views: dict[int, _View] = {}
_memory_of_none = ffi.new("char[1]")
_NOTHING = ffi.cast("char *", _memory_of_none)
_let_go = lib.ipy_drop_view
_pin_lent = lib.ipy_lent


def lift_view(context: Context, item: Any) -> memoryview:
    """The memoryview of a buffer or view; the same one as long as it is in use."""
    core = context._core
    books = _books.get(core.key) or _open(core)
    number = item.integer
    length = item.length
    reference = books.views.get(number)
    known = reference() if reference is not None else None
    if known is not None:
        try:
            same = known.nbytes == length
        except ValueError:
            # It was released.
            same = False
        if same:
            _let_go(core.ptr, number, item.store)
            return known
    record = _View()
    record.core = core
    record.books = books
    record.number = number
    record.length = length
    record.kind = kind = item.kind
    record.store = item.store
    record.data = data = item.data if length else _NOTHING
    record.format = name = "B" if kind in _WHOLE else _FORMATS[kind - _FIRST]
    memory = ffi.buffer(ffi.gc(data, record), length)
    record.key = id(memory)
    _views[id(memory)] = record
    view = memoryview(memory)
    if name != "B":
        view = view.cast(name)  # type: ignore[call-overload]
    record.view = books.views[number] = weakref.ref(view)
    return view


def _element(view: memoryview, value: Any) -> int:
    """The element type of a memoryview's format."""
    text = view.format
    plain = text[1:] if text[:1] in ("@", "=", _BYTE_ORDER) else text
    if view.itemsize == 1 and text[:1] in ("<", ">", "!"):
        plain = text[1:]
    found = _ELEMENTS.get((_KINDS.get(plain, ""), view.itemsize))
    if found is None:
        hint = ": its view as uint8 has one" if plain == "?" else ""
        raise ConversionError(
            f"{_name(value)} of format {text!r} has no typed array in JavaScript{hint}"
        )
    return found


def _name(value: Any) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _lower_back(
    context: Context, value: memoryview, record: _View, item: Any, keep: list[Any]
) -> bool:
    """A memoryview of JavaScript's own memory goes back as the object that it came from, or as a
    view on the same ArrayBuffer.
    """
    if record.core is not context._core or not value.c_contiguous:
        return False
    offset = ffi.cast("char *", ffi.from_buffer(value)) - record.data if value.nbytes else 0
    if (
        not offset
        and value.nbytes == record.length
        and value.format == record.format
        and value.ndim == 1
    ):
        item.tag = OBJECT
        item.integer = record.number
        return True
    if value.format == record.format and record.kind == lib.IST_CLASS_UINT8_CLAMPED_ARRAY:
        element = lib.IST_ELEMENT_UINT8_CLAMPED
    else:
        element = _element(value, value)
    frame = context._core.frame()
    args = (context._at, record.number, element, offset, value.nbytes // value.itemsize, frame.at)
    answer = lib.ipy_view_on(*args)
    if answer < 0:
        context._core.again(answer, frame, context, lib.ipy_view_on, *args)
    item.tag = OBJECT
    item.integer = frame.result.integer
    keep.append(Dropped(item.integer))
    context._core.frames.append(frame)
    return True


class _Lent:
    """What was lent to an isolate, and how: the numbers of its typed array and of its ArrayBuffer
    there are in `share`.
    """

    __slots__ = ("__weakref__", "format", "length", "pointer", "share", "view")

    def __init__(self) -> None:
        self.share: Any = None
        self.pointer: Any = None
        self.format = ""
        self.length = 0
        self.view = 0

    def holds(self, value: Any) -> bool:
        """Whether the object, which is the one that was lent, still has the same memory."""
        if type(value) is bytearray:
            return True
        view = memoryview(value)
        return (
            view.format == self.format
            and not view.readonly
            and view.c_contiguous
            and view.nbytes == self.length
            and ffi.from_buffer(view) == self.pointer
        )


class _Memory:
    """Keeps memory where it is while JavaScript has it."""

    __slots__ = ("all", "key", "lent", "pointer")

    def __init__(self, everything: dict[int, _Lent], key: int, lent: _Lent, pointer: Any) -> None:
        self.all = everything
        self.key = key
        self.lent = lent
        self.pointer = pointer

    def __del__(self) -> None:
        if self.all.get(self.key) is self.lent:
            del self.all[self.key]


def lower_buffer(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """An object with the buffer protocol: lent when its memory is writable, else copied."""
    number = pinned(context, value)
    if number:
        item.tag = OBJECT
        item.integer = number
        keep.append(Dropped(number))
        return
    try:
        view = value if type(value) is memoryview else memoryview(value)
    except (BufferError, TypeError, ValueError) as problem:
        raise ConversionError(f"no memory of {_name(value)} can be had: {problem}") from problem
    if type(value) is memoryview:
        try:
            record = _views.get(id(value.obj))
        except ValueError as problem:
            raise ConversionError(f"no memory of memoryview can be had: {problem}") from problem
        if record is not None and _lower_back(context, view, record, item, keep):
            return
    element = _element(view, value)
    if view.readonly:
        _copy(context, view, element, item, keep)
        return
    if not view.c_contiguous:
        raise ConversionError(f"the memory of this {_name(value)} is not contiguous: give a copy")
    _lend(context, value, element, item, keep)


def pinned(context: Context, value: Any) -> int:
    """The number of the typed array over memory that JavaScript has, to be dropped after use; 0
    when it is not there, or not the same.
    """
    core = context._core
    books = _books.get(core.key)
    lent = books.lent.get(id(value)) if books is not None else None
    if lent is None:
        return 0
    try:
        if not lent.holds(value):
            return 0
    except (BufferError, TypeError, ValueError):
        return 0
    frame = core.frame()
    answer = _pin_lent(context._at, lent.share, frame.at)
    if answer < 0:
        answer = core.again(answer, frame, context, _pin_lent, context._at, lent.share, frame.at)
    core.frames.append(frame)
    return 0 if answer else lent.view


def _copy(context: Context, view: memoryview, element: int, item: Any, keep: list[Any]) -> None:
    if element != lib.IST_ELEMENT_UINT8:
        # A typed array over memory that nobody else has.
        _lend(context, bytearray(view.tobytes()), element, item, keep, known=False)
        return
    item.tag = COPY
    item.data = pointer = ffi.from_buffer(view if view.c_contiguous else view.tobytes())
    item.length = view.nbytes
    keep.append(pointer)


def _lend(
    context: Context, value: Any, element: int, item: Any, keep: list[Any], known: bool = True
) -> None:
    """Lends the memory of an object; when it is `known`, JavaScript's typed array stands for the
    object.
    """
    core = context._core
    everything = (_books.get(core.key) or _open(core)).lent
    try:
        with memoryview(value) as view:
            form = view.format
        pointer = ffi.from_buffer(value, require_writable=True)
    except (BufferError, TypeError, ValueError) as problem:
        raise ConversionError(f"no memory of {_name(value)} can be had: {problem}") from problem
    key = id(value)
    before = everything.get(key)
    now = _Lent()
    share = ffi.new("ipy_share *")
    share.bytes = pointer
    share.length = len(pointer)
    share.element = element
    if before is not None:
        share.buffer = before.share.buffer
        if before.share.element == element:
            share.view = before.share.view
    share.host = host = core.host(value) if known else 0
    share.memory = memory = core.next_host
    core.next_host = memory + 1
    _core.lent[core.key, memory] = _Memory(everything, key, now, pointer)
    frame = core.frame()
    args = (context._at, share, frame.at)
    try:
        answer = lib.ipy_lend(*args)
        if answer < 0:
            core.again(answer, frame, context, lib.ipy_lend, *args)
    except BaseException:
        # A traceback would hold the memory on.
        pointer = None
        raise
    finally:
        if not share.new_view:
            core.objects.pop(host, None)
        if not share.new_memory:
            _core.lent.pop((core.key, memory), None)
    core.frames.append(frame)
    if share.new_memory:
        if known:
            everything[key] = now
    elif before is not None:
        now = before
    now.share = share
    now.pointer = ffi.cast("char *", pointer)
    now.format = form
    now.length = len(pointer)
    now.view = number = share.view
    item.tag = OBJECT
    item.integer = number
    keep.append(Dropped(number))


def detach(value: Any) -> None:
    """Ends the lending of memory: from now on the buffers of JavaScript's that stand on it are
    empty (their length is 0), and a bytearray can be resized again. Nothing happens when no
    JavaScript has it.

    Where Python has a memoryview of a lent buffer that came back out of JavaScript, the memory is
    held until that has gone, too.

    Args:
        value: what was given to JavaScript: a bytearray, array.array, numpy array or memoryview; or
            a memoryview that came out of JavaScript, whose own memory stays readable.

    Raises:
        StateError: JavaScript is using it in a way that cannot be ended (WebAssembly memory).
    """
    record = _views.get(id(value.obj)) if type(value) is memoryview else None
    for reference in list(_core._cores.values()):
        core = reference()
        if core is None or core.closed:
            continue
        if record is not None and record.core is core:
            _detach(core, record.number)
        books = _books.get(core.key)
        known = books.lent.get(id(value)) if books is not None else None
        if books is not None and known is not None:
            _detach(core, known.share.buffer)
            if books.lent.get(id(value)) is known:
                del books.lent[id(value)]


def _detach(core: Core, number: int) -> None:
    context: Optional[Context] = None
    for reference in list(core.contexts.values()):
        context = reference()
        if context is not None and not context.closed:
            break
    else:
        return
    assert context is not None
    frame = core.frame()
    args = (context._at, number, frame.at)
    answer = lib.ipy_detach(*args)
    if answer < 0:
        core.again(answer, frame, context, lib.ipy_detach, *args)
    core.frames.append(frame)
