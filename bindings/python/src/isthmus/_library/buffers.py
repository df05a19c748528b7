"""Counted buffers: which Python objects stand for an array of C, and the bytes behind them.

C gets the memory of the object itself, which is exported for the length of the call: it cannot be
resized or freed meanwhile. Only writable memory is ever written. What has another element type, is
not contiguous, or holds Python objects is refused.
"""

from __future__ import annotations

from typing import Any

from . import abi
from .descriptor import Param, Type
from .native import ArrayView, Native
from .scalars import code_of
from .texts import Site, got

MOST_BYTES = 1 << 32
EMPTY = abi.new("char[16]")
"""What a C pointer to nothing points to."""

_NAMES = {"b": "int8", "B": "uint8", "h": "int16", "H": "uint16", "i": "int32", "I": "uint32"}
_NAMES.update({"q": "int64", "Q": "uint64", "f": "float32", "d": "float64", "?": "bool"})
_SIGNED = frozenset("bhilqn")
_UNSIGNED = frozenset("BHILQNc")


class Span:
    """The bytes of a buffer while they are exported."""

    __slots__ = ("_held", "address", "passed", "size", "unit")

    def __init__(self, passed: Any, size: int, unit: int, held: Any = None) -> None:
        self.passed = passed if size else EMPTY
        """What cffi takes for a pointer to them."""
        self.size = size
        self.unit = unit
        self._held = held

    def release(self) -> None:
        """Ends the export."""
        held, self._held = self._held, None
        if held is not None:
            if held[0] is not None:
                abi.ffi.release(held[0])
            held[1].release()

    def start(self) -> int:
        """The address of the first byte."""
        passed = self.passed
        return abi.address_of(abi.from_buffer(passed) if type(passed) is bytes else passed)


def is_bytes(of: Type) -> bool:
    """Whether elements are single bytes, which Python has as `bytes`."""
    return of.kind == "void" or (
        of.kind == "int" and of.size == 1 and (not of.signed or of.name == "char")
    )


def words(of: Type, text: str | None) -> str:
    """What a buffer of such elements is called."""
    if text == "utf16":
        return "a string or a buffer of uint16"
    if text is not None:
        return "a string or a bytes-like object"
    if is_bytes(of):
        return "a bytes-like object"
    if not of.scalar:
        return "a list"
    return f"a buffer of {_NAMES[code_of(of)]}"


def fits(of: Type, view: ArrayView) -> bool:
    """Whether a view of an array in a struct can serve as a buffer of these elements."""
    kind = view._type
    if kind.encoding is not None:
        return False
    holds = kind.to
    if holds is of:
        return True
    if of.kind == "void":
        return holds.scalar
    return (
        of.scalar
        and holds.kind == of.kind
        and holds.size == of.size
        and holds.signed == of.signed
        and of.kind not in ("enum", "bool")
    )


def _matches(of: Type, view: memoryview) -> bool:
    form = view.format
    if of.kind == "void":
        return not any(letter in form for letter in "OP&X")
    if form[:1] in "@=<":
        form = form[1:]
    if len(form) != 1 or view.itemsize != of.size:
        return False
    if of.kind == "float":
        return form in "fd"
    if of.kind == "bool":
        return form in "?B"
    if of.size == 1 and of.name == "char":
        return form in "Bc"
    return form in (_SIGNED if of.signed else _UNSIGNED)


def span_of(
    site: Site, of: Type, text: str | None, value: Any, writable: bool, null: bool = False
) -> Span:
    """The bytes behind a value that fits the element type. TypeError."""
    if type(value) is bytes and not writable and (is_bytes(of) or text is not None):
        return Span(value, len(value), 1)
    try:
        if isinstance(value, (str, Native)):
            raise TypeError
        view = memoryview(value)
    except (TypeError, ValueError, BufferError):
        shown = words(of, None if writable else text) + (" or None" if null else "")
        raise site.expected(TypeError, shown, value) from None
    try:
        if not _matches(of, view):
            shown = words(of, None if writable else text) + (" or None" if null else "")
            came = f"{got(value, site.library)} of format {view.format!r}"
            raise site.error(TypeError, f"expected {shown}, got {came}")
        if not view.c_contiguous:
            raise site.error(TypeError, "expected a contiguous buffer")
        if writable and view.readonly:
            raise site.error(TypeError, f"expected a writable buffer, got {got(value)}")
        size = view.nbytes
        unit = view.itemsize
        exported = abi.from_buffer(view) if size else None
        return Span(exported, size, unit, (exported, view))
    except BaseException:
        view.release()
        raise


def allocate(site: Site, of: Type, count: int) -> Any:
    """Zeroed memory for an output: what keeps it, whose buffer has at least `count` elements."""
    size = count * of.element
    if size >= MOST_BYTES:
        raise site.error(ValueError, f"a buffer of {count} elements is too large")
    try:
        # Nobody else has these bytes yet, so that C may fill them; the system gives them zeroed.
        return bytes(size) if is_bytes(of) and size > 1 else bytearray(size + of.element)
    except MemoryError:
        raise site.error(MemoryError, f"cannot allocate a buffer of {size} bytes") from None


def values_of(of: Type, data: Any, count: int) -> Any:
    """The first `count` elements of bytes that are nobody else's, as Python sees them."""
    size = count * of.element
    if is_bytes(of):
        if type(data) is bytes:
            return data if len(data) == size else data[:size]
        return bytes(memoryview(data)[:size])
    if type(data) is not bytearray:
        data = bytearray(data)
    if len(data) > size:
        del data[size:]
    view: Any = memoryview(data)
    return view.cast(code_of(of))


def copy_of(site: Site, of: Type, address: int, count: int) -> Any:
    """A copy of `count` elements at an address."""
    size = count * of.element
    if size >= MOST_BYTES:
        raise site.error(ValueError, f"{count} elements are too many for a buffer")
    memory = abi.memory_at(address, size)
    return values_of(of, memory[:] if is_bytes(of) else bytearray(memory), count)


def is_zero(address: int, size: int) -> bool:
    """Whether so many bytes are all zero."""
    return not any(abi.memory_at(address, size))


def terminated_count(address: int, size: int) -> int:
    """How many elements come before one that is zero."""
    count = 0
    while not is_zero(address + count * size, size):
        count += 1
    return count


def terminated(site: Site, param: Param, span: Span) -> Any:
    """A copy of a span that a zero element ends; the elements before must not be zero."""
    size = param.type.to.element
    data = bytes(abi.buffer(abi.cast("char *", span.start()), span.size)) if span.size else b""
    for at in range(0, span.size, size):
        if not any(data[at : at + size]):
            raise site.error(TypeError, "expected no zero element, which would end it")
    return data + bytes(size)


def ended(site: Site, param: Param, span: Span) -> None:
    """Checks that a span that C changes has the zero element that ends it."""
    size = param.type.to.element
    start = span.start()
    for at in range(0, span.size, size):
        if is_zero(start + at, size):
            return
    raise site.error(TypeError, "expected a zero element, which ends it")


def release_all(spans: list[Span]) -> None:
    """Ends exports."""
    for span in spans:
        span.release()
