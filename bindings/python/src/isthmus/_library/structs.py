"""Structs and unions: classes whose objects own native memory, properties that read and write that
memory itself, views of what is nested in them, and plain copies.

Converting a dict has two steps when a call follows it: what can run the caller's code is done
first; objects whose life or bytes that code could end are resolved after it (`Later`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable, cast

from . import abi, pins
from .buffers import copy_of, span_of
from .descriptor import Field, Type
from .native import (
    ArrayView,
    Guard,
    Native,
    check_live,
    check_writable,
    field_there,
    hold,
    locked,
    native,
    number_at,
    place,
    root_of,
    settle,
)
from .owners import BORROWED, MEMORY, Owner
from .scalars import (
    allocate,
    bounded,
    decode,
    encode,
    lift_scalar,
    lift_text,
    load_bits,
    lower_bits,
    lower_scalar,
    packer,
    store,
    store_bits,
    terminator,
)
from .texts import Site, got, listed, perhaps

MOST_ELEMENTS = 1 << 24


class Later:
    """A conversion that a call is making: what keeps memory, and what is still to be done."""

    __slots__ = ("call", "keep", "steps")

    def __init__(self, call: Any) -> None:
        self.call = call
        self.keep: list[Any] = []
        self.steps: list[Callable[[], None]] = []


def absent(site: Site, field: Field, memory: Any) -> TypeError:
    """What a tag does not select is not there."""
    assert field.tag is not None
    now = number_at(field.tag, memory)
    when = listed(field.tag_values)
    return site.error(TypeError, f"is there only when {field.tag.name} is {when}, and it is {now}")


def prepare(kind: Type, memory: Any, offset: int = 0) -> None:
    """Sets what Python does not see and what always has one value."""
    if kind.kind == "array":
        for i in range(kind.count):
            prepare(kind.to, memory, offset + i * kind.to.size)
        return
    for field in kind.fields:
        if field.value is not None:
            store(field.type, memory, offset + field.offset, int(field.value["int"]))
        elif field.type.kind in ("struct", "array") and field.group is None and not kind.union:
            if _is_prepared(field.type):
                prepare(field.type, memory, offset + field.offset)


def _is_prepared(kind: Type) -> bool:
    if kind.kind == "array":
        return _is_prepared(kind.to)
    return kind.kind == "struct" and any(
        field.value is not None or _is_prepared(field.type) for field in kind.fields
    )


# ---- from Python ----


def lower_array(
    later: Later | None,
    site: Site,
    kind: Type,
    value: Any,
    memory: Any,
    address: int,
    target: Native | None,
) -> None:
    """Puts a value into the memory of a fixed array."""
    if kind.encoding is not None:
        if not isinstance(value, str):
            raise site.wrong(TypeError, kind, False, value)
        _array_text(site, kind, value, memory)
        return
    if isinstance(value, Native):
        given = native(value, kind)
        if given is None or kind.holds_pointers:
            raise site.wrong(TypeError, kind, False, value)
        _copy(later, site, given, memory)
        return
    if kind.to.scalar and not isinstance(value, (list, tuple)):
        try:
            memoryview(value).release()
        except TypeError:
            raise site.wrong(TypeError, kind, False, value) from None
        span = span_of(site, kind.to, None, value, False)
        try:
            if span.size != kind.size:
                count = span.size // kind.to.size
                raise site.error(ValueError, f"expected {kind.count} elements, got {count}")
            abi.ffi.memmove(memory, span.passed, span.size)
        finally:
            span.release()
        return
    if not isinstance(value, (list, tuple)):
        raise site.wrong(TypeError, kind, False, value)
    elements = list(value)
    if len(elements) != kind.count:
        raise site.error(ValueError, f"expected {kind.count} elements, got {len(elements)}")
    size = kind.to.size
    whole = memoryview(memory)
    for i, element in enumerate(elements):
        part = whole[i * size : (i + 1) * size]
        lower_part(later, site.index(i), kind.to, element, part, address + i * size, target)


def _array_text(site: Site, kind: Type, value: str, memory: Any) -> None:
    assert kind.encoding is not None
    data = encode(site, kind.encoding, value, False)
    unit = 2 if kind.encoding == "utf16" else 1
    if len(data) // unit + 1 > kind.count:
        units = "UTF-16 units" if unit == 2 else "bytes"
        raise site.error(
            ValueError,
            f"expected a string of at most {kind.count - 1} {units}, got {len(data) // unit}",
        )
    memory[: kind.size] = data + bytes(kind.size - len(data))


def _copy(later: Later | None, site: Site, given: Native, memory: Any) -> None:
    if later is None:
        check_live(site, given)
        memory[: given._type.size] = bytes(given._memory)
        return

    def step() -> None:
        if given._type.kind == "struct":
            later.call.enter_ref(site, given._type, given)
        else:
            check_live(site, given)
        memory[: given._type.size] = bytes(given._memory)

    later.steps.append(step)


def lower_part(
    later: Later | None,
    site: Site,
    kind: Type,
    value: Any,
    memory: Any,
    address: int,
    target: Native | None,
) -> None:
    """Puts a value into the memory of an element or of a field without pointers."""
    if kind.kind == "struct":
        lower_struct(later, site, kind, value, memory, address, target)
    elif kind.kind == "array":
        lower_array(later, site, kind, value, memory, address, target)
    else:
        store(kind, memory, 0, lower_scalar(site, kind, value))


def _lower_function(
    later: Later | None, site: Site, kind: Type, field: Field, value: Any, memory: Any
) -> None:
    if field.use is None:
        raise site.error(TypeError, "is read-only")
    if later is None:
        raise site.error(TypeError, "can only be given in a dict that is passed to a function")
    if not callable(value) and not (value is None and field.use.null):
        raise site.wrong(TypeError, field.type, field.use.null, value)
    later.steps.append(lambda: later.call.store_callback(site, kind, field, value, memory))


def _lower_field(
    later: Later | None,
    site: Site,
    kind: Type,
    field: Field,
    value: Any,
    memory: Any,
    address: int,
    target: Native | None,
) -> None:
    inner = field.type
    if inner.kind == "callback":
        _lower_function(later, site, kind, field, value, memory)
        return
    if field.readonly:
        raise site.error(TypeError, "is read-only")
    there, member = field_there(field, memory)
    if not there:
        raise absent(site, field, memory)
    if member is not None:
        part = memoryview(memory)[field.offset : field.offset + inner.size]
        _lower_field(later, site, inner, member, value, part, address + field.offset, target)
        return
    if field.bit_width:
        store_bits(field, memory, lower_bits(site, field, value))
    elif inner.kind == "string":
        if later is None:
            assert target is not None
            pins.set_text(site, target, field, memory, address, value)
            return
        if value is not None and not isinstance(value, str):
            raise site.wrong(TypeError, inner, True, value)
        pointer = 0
        if value is not None:
            data = encode(site, inner.encoding or "utf8", value, False)
            kept = abi.from_buffer(data + terminator(inner.encoding or "utf8"))
            later.keep.append(kept)
            pointer = abi.address_of(kept)
        store(inner, memory, field.offset, pointer)
    elif inner.kind == "ref":
        if later is None:
            assert target is not None
            pins.set_ref(site, target, field, memory, address, value)
            return

        def step() -> None:
            found = 0
            if value is not None:
                found = later.call.enter_ref(site, inner.to, value, True)
            store(inner, memory, field.offset, found)

        later.steps.append(step)
    elif inner.kind == "pointer":
        if field.length is None:
            raise site.error(TypeError, "is read-only")
        if later is None:
            assert target is not None
            pins.set_buffer(site, target, field, memory, address, value)
            return
        later.steps.append(lambda: _counted(later, site, field, value, memory))
    else:
        part = memoryview(memory)[field.offset : field.offset + inner.size]
        lower_part(later, site, inner, value, part, address + field.offset, target)


def _counted(later: Later, site: Site, field: Field, value: Any, memory: Any) -> None:
    length = field.length
    assert length is not None
    of = field.type.to
    available, address = 0, 0
    if value is not None:
        span, keep = pins.bytes_for(site, of, value)
        later.call.spans.append(span)
        later.keep.append(keep)
        available = span.size // of.element
        address = span.start()
    store(field.type, memory, field.offset, address)
    given = number_at(length, memory)
    if given > available:
        raise site.error(ValueError, f"expected at least {given} elements, got {available}")
    if given > 0:
        return
    if available > length.type.maximum:
        most = length.type.maximum
        raise site.error(ValueError, f"expected at most {most} elements, got {available}")
    pins.store_length(length, memory, available)


def lower_struct(
    later: Later | None,
    site: Site,
    kind: Type,
    value: Any,
    memory: Any,
    address: int,
    target: Native | None,
) -> None:
    """Puts an object of the struct, or a dict of its fields, into memory."""
    if isinstance(value, Native):
        given = native(value, kind)
        if given is None:
            raise site.wrong(TypeError, kind, False, value)
        if later is None:
            check_live(site, given)
            if kind.pointers:
                raise site.error(TypeError, f"{kind.name} holds pointers and cannot be copied")
        _copy(later, site, given, memory)
        return
    if not isinstance(value, Mapping):
        raise site.wrong(TypeError, kind, False, value)
    known = _known(kind)
    given_fields: dict[str, Any] = {}
    for key in value:
        if not isinstance(key, str) or key not in known:
            hint = perhaps(key, [f.name for f in kind.fields]) if isinstance(key, str) else ""
            shown = key if isinstance(key, str) else type(key).__name__
            raise site.error(TypeError, f'{kind.name} has no field "{shown}"{hint}')
        given_fields[known[key].name] = value[key]
    prepare(kind, memory)
    one: Field | None = None
    members = 0
    for field in kind.fields:
        inner = site.at(field.name)
        if field.name not in given_fields:
            if later is not None and field.use is not None and not field.use.null:
                raise inner.error(TypeError, "expected a function, got nothing")
            continue
        members += 1
        if field.group is not None and one is not None and one.group == field.group:
            raise inner.error(TypeError, f"shares its memory with {one.name}: give one of them")
        one = field
        if kind.union and members > 1:
            break
        found = given_fields[field.name]
        _lower_field(later, inner, kind, field, found, memory, address, target)
    if kind.union and members != 1:
        came = "several" if members else "none"
        raise site.error(
            TypeError, f"expected exactly one member of the union {kind.name}, got {came}"
        )
    if later is not None and kind.holds_pointers:
        later.steps.append(lambda: pins.check_lengths(site, kind, memory))


def _known(kind: Type) -> dict[str, Field]:
    known = {field.name: field for field in kind.fields}
    for field in kind.fields:
        known.setdefault(field.attribute, field)
    return known


# ---- from C ----


def lift_part(
    site: Site,
    whole: Native,
    kind: Type,
    offset: int,
    readonly: bool = False,
    guard: Guard | None = None,
) -> Any:
    """A part of an object's memory as a value."""
    address = whole._address + offset
    if kind.scalar:
        return lift_scalar(kind, packer(kind).unpack_from(whole._memory, offset)[0])
    if kind.is_text:
        encoding = kind.encoding or "utf8"
        return decode(encoding, bounded(encoding, address, kind.count))
    if kind.kind in ("struct", "array"):
        return view_of(whole, kind, offset, readonly, guard)
    pointer: int = packer(kind).unpack_from(whole._memory, offset)[0]
    if not pointer:
        return None
    if kind.kind == "string":
        return lift_text(kind.encoding or "utf8", pointer)
    if kind.kind == "ref":
        return _lift_ref(site, whole, kind, address, pointer)
    return None


def view_of(
    whole: Native, kind: Type, offset: int, readonly: bool = False, guard: Guard | None = None
) -> Any:
    """An object of a part of another's memory."""
    memory = memoryview(whole._memory)[offset : offset + kind.size]
    cls = array_class(kind) if kind.kind == "array" else kind.library.class_of(kind)
    view = place(cls, kind, whole._address + offset, memory, whole._owner, root_of(whole))
    view._frozen = whole._frozen or readonly
    view._guard = guard or whole._guard
    view._plain = view._owner is None and view._guard is None
    view._held = whole
    return view


def _lift_ref(site: Site, whole: Native, kind: Type, at: int, pointer: int) -> Any:
    kept = pins.object_at(site, whole, at, pointer)
    if kept is not None:
        return kept
    library = kind.library
    with library.domain.lock:
        owner, fresh = library.borrow(kind, pointer)
        if owner.kind == BORROWED and whole._owner is not None:
            owner.keep(whole._owner)
        made = library.wrap(owner)
    if fresh:
        hold(made, [whole])
    return made


def _counted_value(site: Site, whole: Native, field: Field, memory: Any) -> Any:
    pointer: int = packer(field.type).unpack_from(memory, field.offset)[0]
    if not pointer:
        return None
    assert field.length is not None
    count = max(number_at(field.length, memory), 0)
    of = field.type.to
    if field.text is not None:
        unit = 2 if field.text == "utf16" else 1
        return decode(field.text, bytes(abi.memory_at(pointer, count * unit)))
    if of.kind == "struct":
        if count > MOST_ELEMENTS:
            raise site.error(ValueError, f"expected at most {MOST_ELEMENTS} elements, got {count}")
        return [_pointed(whole, of, pointer + i * of.size) for i in range(count)]
    if not of.scalar and of.kind != "void":
        return None
    return copy_of(site, of, pointer, count)


def _pointed(whole: Native, kind: Type, address: int) -> Any:
    memory = abi.memory_at(address, kind.size)
    cls = kind.library.class_of(kind)
    view = place(cls, kind, address, memory, whole._owner, root_of(whole))
    view._frozen = True
    view._guard = whole._guard
    view._plain = view._owner is None and view._guard is None
    view._held = whole
    return view


def get_field(site: Site, whole: Native, field: Field) -> Any:
    """The value of a field."""
    if not whole._plain:
        with locked(whole):
            return _get_field(site, whole, field)
    return _get_field(site, whole, field)


def _get_field(site: Site, whole: Native, field: Field) -> Any:
    check_live(site, whole)
    memory: Any = whole._memory
    there, member = field_there(field, memory)
    if not there:
        raise absent(site, field, memory)
    part, offset = field, 0
    if member is not None:
        part, offset = member, field.offset
        memory = memoryview(memory)[offset : offset + field.type.size]
    if not part.shown:
        return None
    if part.bit_width:
        return lift_scalar(part.type, load_bits(part, memory))
    if part.type.kind == "pointer":
        return _counted_value(site, whole, part, memory)
    guard = None
    if field.tag is not None:
        guard = Guard(field, member, whole._memory)
    return lift_part(site, whole, part.type, offset + part.offset, field.readonly, guard)


def set_field(site: Site, whole: Native, field: Field, value: Any) -> None:
    """Assigns to a field. A failure changes nothing."""
    check_writable(site, whole, AttributeError)
    memory = whole._memory
    there, member = field_there(field, memory)
    if not there:
        raise absent(site, field, memory)
    kind = member.type if member is not None else field.type
    if kind.kind == "struct" or (kind.kind == "array" and not kind.is_text):
        _set_whole(site, whole, field, member, kind, value)
        return
    counts = kind.kind == "int" and whole._type.pointers and field.tag is None
    before = number_at(field, memory) if counts else 0
    _lower_field(None, site, whole._type, field, value, memory, whole._address, whole)
    if counts:
        try:
            pins.check_length(site, whole, field, before)
        except BaseException:
            pins.store_length(field, memory, before)
            raise


def _set_whole(
    site: Site, whole: Native, field: Field, member: Field | None, kind: Type, value: Any
) -> None:
    if kind.holds_pointers:
        raise site.error(TypeError, "holds pointers: set its fields one by one")
    if field.readonly or (member is not None and member.readonly):
        raise site.error(TypeError, "is read-only")
    keep, address, copy = allocate(kind.size, kind.align)
    lower_part(None, site, kind, value, copy, address, whole)
    check_writable(site, whole, AttributeError)
    memory = whole._memory
    if field_there(field, memory) != (True, member):
        raise absent(site, field, memory)
    offset = field.offset
    if member is not None:
        memory[offset : offset + field.type.size] = bytes(field.type.size)
        offset += member.offset
    memory[offset : offset + kind.size] = bytes(copy)
    del keep


def plain(site: Site, kind: Type, whole: Native, offset: int) -> Any:
    """A part of an object's memory as plain Python values; what pointers to objects lead to is
    left out."""
    if kind.kind == "struct":
        return plain_struct(site, kind, whole, offset)
    if kind.kind == "array" and not kind.is_text:
        size = kind.to.size
        return [plain(site, kind.to, whole, offset + i * size) for i in range(kind.count)]
    return lift_part(site, whole, kind, offset)


def plain_struct(site: Site, kind: Type, whole: Native, offset: int) -> dict[str, Any]:
    """A struct as a dict."""
    made: dict[str, Any] = {}
    memory = memoryview(whole._memory)[offset : offset + kind.size]
    for field in kind.fields:
        there, member = field_there(field, memory)
        if not there:
            continue
        part, base = (member, field.offset) if member is not None else (field, 0)
        if not part.shown or part.type.kind == "ref":
            continue
        inner = memory[base : base + field.type.size] if member is not None else memory
        if part.bit_width:
            made[field.name] = lift_scalar(part.type, load_bits(part, inner))
        elif part.type.kind == "pointer":
            value = _counted_value(site, whole, part, inner)
            if isinstance(value, list):
                value = [one.to_dict() for one in value]
            made[field.name] = value
        else:
            made[field.name] = plain(site, part.type, whole, offset + base + part.offset)
    return made


# ---- arrays ----


class StructArray(ArrayView):
    """A fixed array in a struct: elements by index, a length, iteration. It ends with the struct
    that it is a part of."""

    __slots__ = ()

    def _site(self, index: int | None = None) -> Site:
        library = self._type.library
        site = Site(library.name, _path(self), "", True)
        return site if index is None else site.index(index)

    def __len__(self) -> int:
        return self._type.count

    def _index(self, index: Any) -> int:
        count = self._type.count
        try:
            number = index.__index__()
        except AttributeError:
            raise TypeError(f"{_path(self)}: indexes are integers") from None
        if not -count <= number < count:
            raise self._site(number).error(
                IndexError, f"is beyond the end: there are {count} elements"
            )
        return int(number) % count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = self._index(index)
        site = self._site(number)
        of = self._type.to
        with locked(self):
            check_live(site, self)
            return lift_part(site, self, of, number * of.size)

    def __setitem__(self, index: Any, value: Any) -> None:
        number = self._index(index)
        site, of = self._site(number), self._type.to
        if of.holds_pointers:
            raise site.error(TypeError, "holds pointers: set its fields one by one")
        check_writable(site, self)
        keep, address, copy = allocate(of.size, of.align)
        lower_part(None, site, of, value, copy, address, self)
        with locked(self):
            check_writable(site, self)
            self._memory[number * of.size : (number + 1) * of.size] = bytes(copy)
        del keep

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def tolist(self) -> list[Any]:
        """A list of the elements."""
        return list(self)

    def to_list(self) -> list[Any]:
        """The elements as plain values."""
        with locked(self):
            check_live(self._site(), self)
            made: list[Any] = plain(self._site(), self._type, self, 0)
        return made

    def __bytes__(self) -> bytes:
        with locked(self):
            check_live(self._site(), self)
            return bytes(self._memory)

    def __repr__(self) -> str:
        try:
            return repr(self.to_list())
        except Exception as error:
            return f"<StructArray: {error}>"


def array_class(kind: Type) -> type[Any]:
    """The class of views of an array type."""
    if kind.bound is None:
        kind.bound = type(
            "StructArray", (StructArray,), {"__slots__": (), "__isthmus_type__": kind}
        )
    return cast(type[Any], kind.bound)


def _path(view: Native) -> str:
    """Where a view lies: "shapes.Style.pattern[0]"."""
    at = root_of(view)._type
    offset = view._address - root_of(view)._address
    path = at.label
    while at is not view._type:
        if at.kind == "array":
            index = offset // at.to.size if at.to.size else 0
            path += f"[{index}]"
            offset -= index * at.to.size
            at = at.to
            continue
        for field in at.fields:
            nested = field.type.kind in ("struct", "array") and not field.bit_width
            if nested and field.offset <= offset < field.offset + field.type.size:
                path += f".{field.name}"
                offset -= field.offset
                at = field.type
                break
        else:
            break
    return path


# ---- classes ----


def kind_of(value: Any, base: type[Native]) -> tuple[Type, Site]:
    """The type of an object that a method of all structs, or of all handles, was called on, and
    the place for its errors. TypeError."""
    if not isinstance(value, base):
        raise TypeError(f"expected a {base.__name__.lower()}, got {got(value)}")
    kind = value.__isthmus_type__
    if kind is None:
        raise TypeError(f"expected a {base.__name__.lower()} of a library")
    return kind, Site(kind.library.name, kind.label)


class Struct(Native):
    """The base of structs and unions."""

    __slots__ = ()
    __isthmus_type__: Type

    def __init__(self, value: Any = None, /, **fields: Any) -> None:
        kind = self.__isthmus_type__
        site = Site(kind.library.name, kind.label)
        if hasattr(self, "_type"):
            raise site.error(TypeError, "is constructed already")
        keep, address, memory = allocate(kind.size, kind.align)
        owner = None
        if kind.pointers:
            with kind.library.domain.lock:
                owner = Owner(kind.library.domain, kind, address, MEMORY, None, keep)
                settle(self, kind, address, memory, owner)
                kind.library.domain.attach(owner, self)
        else:
            settle(self, kind, address, memory, None)
        prepare(kind, memory)
        if value is not None:
            if fields:
                raise site.error(TypeError, "expected one value or keyword arguments, got both")
            lower_struct(None, site, kind, value, memory, address, self)
        elif fields:
            lower_struct(None, site, kind, fields, memory, address, self)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values; objects that fields point to are left out."""
        kind, site = kind_of(self, Struct)
        with locked(self):
            check_live(site, self)
            return plain_struct(site, kind, self, 0)

    def __bytes__(self) -> bytes:
        _, site = kind_of(self, Struct)
        with locked(self):
            check_live(site, self)
            return bytes(self._memory)

    def __repr__(self) -> str:
        name = type(self).__name__
        try:
            fields = Struct.to_dict(self)
        except Exception as error:
            return f"<{name}: {error}>"
        return f"{name}({', '.join(f'{key}={value!r}' for key, value in fields.items())})"


def field_property(kind: Type, field: Field) -> property:
    """The property of a field."""
    site = Site(kind.library.name, kind.label, field.name, True)
    getter = _getter(site, kind, field)
    writable = field.shown and not field.readonly and (kind.kind == "struct" or kind.inline)

    def setter(self: Native, value: Any) -> None:
        _receiver(site, kind, self)
        with locked(self):
            set_field(site, self, field, value)

    return property(getter, setter if writable else _refuse(site), None, field.doc)


def _refuse(site: Site) -> Callable[[Any, Any], None]:
    def setter(self: Native, value: Any) -> None:
        raise site.error(AttributeError, "is read-only")

    return setter


def _receiver(site: Site, kind: Type, value: Any) -> None:
    if native(value, kind) is None:
        if isinstance(value, Native) and not hasattr(value, "_type"):
            check_live(site, value)
        raise site.expected(TypeError, f"this to be a {kind.name}", value)


def _getter(site: Site, kind: Type, field: Field) -> Callable[[Native], Any]:
    if field.type.kind in ("int", "float") and not field.bit_width and field.tag is None:
        if not field.shown:
            return lambda self: None
        unpack = packer(field.type).unpack_from
        offset = field.offset

        def get_number(self: Native) -> Any:
            if not (isinstance(self, Native) and getattr(self, "_type", None) is kind):
                _receiver(site, kind, self)
            if self._plain:
                return unpack(self._memory, offset)[0]
            with locked(self):
                check_live(site, self)
                return unpack(self._memory, offset)[0]

        return get_number

    def get(self: Native) -> Any:
        _receiver(site, kind, self)
        return get_field(site, self, field)

    return get


def struct_class(kind: Type) -> type[Any]:
    """The class of a struct or union."""
    members: dict[str, Any] = {
        "__slots__": (),
        "__isthmus_type__": kind,
        "__doc__": kind.doc,
        "__module__": f"isthmus.library.{kind.library.name}",
        "fields": tuple(f.name for f in kind.fields if f.value is None),
    }
    add_fields(kind, members)
    return type(kind.name, (Struct,), members)


def add_fields(kind: Type, members: dict[str, Any]) -> None:
    """Puts the properties of the fields into a class in the making."""
    for field in kind.fields:
        if field.value is not None:
            continue
        made = field_property(kind, field)
        members[field.attribute] = made
        members[field.name] = made


def copy_struct(kind: Type, data: Any) -> Any:
    """A new object with a copy of the bytes; without pointers, or with such that last for ever."""
    keep, address, memory = allocate(kind.size, kind.align)
    memory[: kind.size] = data
    return adopt_struct(kind, keep, address, memory)


def adopt_struct(kind: Type, keep: Any, address: int, memory: Any) -> Any:
    """An object over memory that is ours."""
    cls = kind.library.class_of(kind)
    if not kind.pointers:
        return place(cls, kind, address, memory, None)
    with kind.library.domain.lock:
        owner = Owner(kind.library.domain, kind, address, MEMORY, None, keep)
        made = place(cls, kind, address, memory, owner)
        kind.library.domain.attach(owner, made)
    return made
