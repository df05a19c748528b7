"""Pins: what the pointer fields of a struct lead to, when Python has set them. It stays alive
beside the struct, and is checked, with the length that another field gives it, before each call
that takes the struct.

Pins stand with the whole struct, not with a view of a part of it; a pointer that C has changed is
C's own. What is read-only is copied, since the interface does not say that C only reads it.
"""

from __future__ import annotations

from typing import Any

from .._errors import ClosedError
from . import abi
from .buffers import Span, span_of
from .descriptor import Field, Type
from .native import (
    Native,
    check_idle,
    check_live,
    check_writable,
    native,
    number_at,
    root_of,
)
from .owners import BORROWED, LIVE, OWNED, Owner
from .scalars import encode, packer, store, store_bits, terminator
from .texts import Site


class Pin:
    """What one pointer field leads to."""

    __slots__ = ("bytes", "field", "keep", "length", "memory", "owner", "start")

    def __init__(self, field: Field, memory: Any, start: int, keep: Any) -> None:
        self.field = field
        self.memory = memory
        """Of the struct that the field is in."""
        self.start = start
        self.bytes = 0
        self.keep = keep
        self.length: Field | None = None
        self.owner: Owner | None = None

    def now(self) -> int:
        """What the field points to now."""
        return int(packer(self.field.type).unpack_from(self.memory, self.field.offset)[0])

    def elements(self) -> int:
        """How many elements lie between the pointer and the end of what is pinned; -1: the pointer
        is not ours."""
        now = self.now()
        if not self.start or not self.start <= now <= self.start + self.bytes:
            return -1
        return (self.start + self.bytes - now) // self.field.type.to.element


def store_length(field: Field, memory: Any, count: int) -> None:
    """Puts a count into its field."""
    if field.bit_width:
        store_bits(field, memory, count & ((1 << field.bit_width) - 1))
    else:
        store(field.type, memory, field.offset, count)


def _pin(target: Native, field: Field, memory: Any, address: int, pin: Pin) -> None:
    root = root_of(target)
    if root._pins is None:
        root._pins = {}
    root._pins[address + field.offset] = pin
    owner = root._owner
    if owner is not None and owner.kind == OWNED and not isinstance(pin.keep, Native):
        # The destructor may still follow it when the object itself is gone.
        owner.kept[address + field.offset] = pin.keep


def bytes_for(site: Site, of: Type, value: Any) -> tuple[Span, Any]:
    """The bytes behind a value; those of what is read-only are copied."""
    span = span_of(site, of, None, value, False, True)
    try:
        writable = type(value) is not bytes
        if writable:
            with memoryview(value) as view:
                writable = not view.readonly
    except BaseException:
        span.release()
        raise
    if writable or not span.size:
        return span, span
    copy = bytearray(abi.buffer(abi.cast("char *", span.start()), span.size))
    span.release()
    return span_of(site, of if of.size == 1 else _VOID, None, copy, True), copy


class _Void:
    kind = "void"
    size = element = 1


_VOID: Any = _Void()


def set_buffer(
    site: Site, target: Native, field: Field, memory: Any, address: int, value: Any
) -> None:
    """Lets a counted pointer field lead to a buffer, and sets the count."""
    check_idle(site, target)
    length = field.length
    assert length is not None
    span: Span | None = None
    start = count = 0
    if value is not None:
        span, _ = bytes_for(site, field.type.to, value)
        start = span.start()
        count = span.size // field.type.to.element
    most = length.type.maximum
    if count > most:
        assert span is not None
        span.release()
        raise site.error(ValueError, f"expected at most {most} elements, got {count}")
    pin = Pin(field, memory, start, span)
    pin.length = length
    pin.bytes = span.size if span is not None else 0
    store(field.type, memory, field.offset, start)
    store_length(length, memory, count)
    _pin(target, field, memory, address, pin)


def set_text(
    site: Site, target: Native, field: Field, memory: Any, address: int, value: Any
) -> None:
    """Lets a text field lead to a copy of a string."""
    check_idle(site, target)
    start, keep = 0, None
    if value is not None:
        if not isinstance(value, str):
            raise site.wrong(TypeError, field.type, True, value)
        encoding = field.type.encoding or "utf8"
        keep = abi.from_buffer(encode(site, encoding, value, False) + terminator(encoding))
        start = abi.address_of(keep)
    store(field.type, memory, field.offset, start)
    _pin(target, field, memory, address, Pin(field, memory, start, keep))


def set_ref(
    site: Site, target: Native, field: Field, memory: Any, address: int, value: Any
) -> None:
    """Lets a pointer field lead to an object."""
    check_idle(site, target)
    start = 0
    given: Native | None = None
    if value is not None:
        given = native(value, field.type.to)
        if given is None:
            raise site.expected(TypeError, field.type.to.name, value)
        if field.type.const:
            check_live(site, given)
        else:
            check_writable(site, given)
        start = given._address
    store(field.type, memory, field.offset, start)
    pin = Pin(field, memory, start, given)
    if given is not None:
        pin.owner = given._owner
    _pin(target, field, memory, address, pin)


def object_at(site: Site, whole: Native, at: int, pointer: int) -> Native | None:
    """The object that Python has put into the field at `at`, while it is what lies there."""
    pin = (root_of(whole)._pins or {}).get(at)
    if pin is None or pin.start != pointer or not isinstance(pin.keep, Native):
        return None
    check_live(site, pin.keep)
    return pin.keep


def check(call: Any, site: Site, value: Native) -> None:
    """Before C gets the struct: what its pointers lead to is there and long enough, and stays as
    it is while C runs. C may follow a pointer to another struct, and that one's pointers."""
    if not value._type.pointers:
        return
    left = [(site, value)]
    while left:
        site, value = left.pop()
        root = root_of(value)
        for pin in list((root._pins or {}).values()):
            _check_pin(call, site.at(pin.field.name), pin, left)
        owner = root._owner
        if owner is None or owner.kind != BORROWED:
            check_lengths(site, value._type, value._memory)


def _check_pin(call: Any, site: Site, pin: Pin, left: list[tuple[Site, Native]]) -> None:
    if pin.field.type.kind == "ref":
        if pin.keep is None or pin.now() != pin.start:
            return
        owner = pin.owner
        if owner is not None:
            if owner.state != LIVE:
                raise site.error(ClosedError, owner.fault())
            call.enter(owner)
        if pin.keep._type.pointers and id(pin.keep) not in call.checking:
            call.checking.add(id(pin.keep))
            left.append((Site(site.library, site.label, site.place), pin.keep))
    elif pin.length is not None:
        available = pin.elements()
        count = number_at(pin.length, pin.memory)
        if 0 <= available < count:
            raise site.error(ValueError, f"expected at least {count} elements, got {available}")


def check_lengths(site: Site, kind: Type, memory: Any) -> None:
    """What points nowhere has no elements."""
    if not kind.holds_pointers:
        return
    whole = memoryview(memory)
    if kind.kind == "array":
        size = kind.to.size
        for i in range(kind.count):
            check_lengths(site, kind.to, whole[i * size : (i + 1) * size])
        return
    for field in kind.fields:
        inner = site.at(field.name)
        if field.type.kind in ("struct", "array"):
            end = field.offset + field.type.size
            check_lengths(inner, field.type, whole[field.offset : end])
        elif field.type.kind == "pointer" and field.length is not None:
            now = packer(field.type).unpack_from(memory, field.offset)[0]
            if not now and number_at(field.length, memory) > 0:
                raise inner.error(ValueError, "is null, but its length is not 0")


def check_length(site: Site, value: Native, field: Field, before: int) -> None:
    """Whether the count that Python has just stored fits what the pointer beside it leads to."""
    for pointer in value._type.fields:
        if pointer.length is not field or pointer.type.kind != "pointer":
            continue
        available = before
        pin = (root_of(value)._pins or {}).get(value._address + pointer.offset)
        if pin is not None:
            pinned = pin.elements()
            if pinned >= 0:
                available = pinned
        count = number_at(field, value._memory)
        if count > available:
            raise site.error(
                ValueError,
                f"expected at most {available}, the elements of {pointer.name}, got {count}",
            )
