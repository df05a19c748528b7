"""What Python sees of native memory: objects of structs, unions and handles, and views of the
arrays in them. This file knows where their memory is and whether it may be used; structs.py knows
what is in it.

An object of a part keeps the whole alive, and ends with it. No object is trusted by its class
alone: what counts is the type and the record that it has.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .._errors import ClosedError, StateError
from .descriptor import Field, Type
from .owners import BORROWED, LIVE, Owner
from .texts import Site

NEVER = "was never constructed"


class Native:
    """The base of all of them."""

    __slots__ = (
        "__weakref__",
        "_address",
        "_frozen",
        "_functions",
        "_guard",
        "_held",
        "_memory",
        "_owner",
        "_pins",
        "_plain",
        "_root",
        "_type",
    )
    __isthmus_type__: Type | None = None

    _type: Type
    _owner: Owner | None
    _address: int
    _memory: Any
    _root: Native | None
    """The object whose memory it shows a part of; None: it is whole."""
    _plain: bool
    """Neither a record nor a tag says when it ends."""
    _frozen: bool
    _guard: Guard | None
    _pins: dict[int, Any] | None
    _held: Any
    _functions: dict[Any, Any] | None

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} objects cannot be pickled or copied")

    def __copy__(self) -> Any:
        self.__reduce__()

    def __deepcopy__(self, memo: Any) -> Any:
        self.__reduce__()


class ArrayView(Native):
    """The base of views of arrays, for those who must know one; see structs.py."""

    __slots__ = ()


class Guard:
    """Ends a view of what a tag selects, when the tag says otherwise."""

    __slots__ = ("field", "member", "memory")

    def __init__(self, field: Field, member: Field | None, memory: Any) -> None:
        self.field = field
        self.member = member
        self.memory = memory

    def there(self) -> bool:
        """Whether what it guards is still there."""
        is_there, member = field_there(self.field, self.memory)
        return is_there and member is self.member


def field_there(field: Field, memory: Any) -> tuple[bool, Field | None]:
    """Whether a field of the struct in `memory` can be used now, as far as its tag says, and the
    union's member that it is."""
    if field.tag is None:
        return True, None
    value = number_at(field.tag, memory)
    if value not in field.tag_values:
        return False, None
    return True, field.cases.get(value)


def number_at(field: Field, memory: Any) -> int:
    """The value of an integer field."""
    from .scalars import load_bits, packer

    if field.bit_width:
        return load_bits(field, memory)
    return int(packer(field.type).unpack_from(memory, field.offset)[0])


def place(
    cls: type[Any],
    type: Type,
    address: int,
    memory: Any,
    owner: Owner | None,
    root: Native | None = None,
) -> Any:
    """A new object over memory."""
    made: Any = object.__new__(cls)
    settle(made, type, address, memory, owner, root)
    return made


def settle(
    made: Native,
    type: Type,
    address: int,
    memory: Any,
    owner: Owner | None,
    root: Native | None = None,
) -> None:
    """Gives an object its memory."""
    made._type = type
    made._address = address
    made._memory = memory
    made._owner = owner
    made._root = root
    made._plain = owner is None
    made._frozen = False
    made._guard = None
    made._pins = None
    made._held = None
    made._functions = None


def root_of(value: Native) -> Native:
    """The whole object that a view is a part of, or the object itself."""
    return value if value._root is None else value._root


def native(value: Any, type: Type) -> Native | None:
    """The value itself when it is a constructed object of exactly this type."""
    if isinstance(value, Native):
        try:
            return value if value._type is type else None
        except AttributeError:
            return None
    return None


def is_unmade(value: Any, type: Type) -> bool:
    """Whether a value is of the type's class, but was never constructed."""
    return (
        isinstance(value, Native)
        and not hasattr(value, "_type")
        and (value.__isthmus_type__ is type)
    )


def check_live(site: Site, value: Native) -> None:
    """Raises unless the object can be used. ClosedError, TypeError."""
    try:
        if value._plain:
            return
    except AttributeError:
        raise site.error(ClosedError, NEVER) from None
    owner = value._owner
    if owner is not None and owner.state != LIVE:
        raise site.error(ClosedError, owner.fault())
    guard = value._guard
    if guard is not None and not guard.there():
        tag = guard.field.tag
        name = tag.name if tag is not None else "the tag"
        raise site.error(TypeError, f"is no longer there: {name} has changed")


def check_writable(
    site: Site, value: Native, kind: type[TypeError] | type[AttributeError] = TypeError
) -> None:
    """Raises unless its memory can be written. ClosedError; `kind` when it is read-only."""
    check_live(site, value)
    owner = value._owner
    whole = owner.type if owner is not None else root_of(value)._type
    is_view = value._root is not None
    inside = whole.kind == "handle" and not whole.inline and is_view
    is_const = owner is not None and owner.is_const
    if value._frozen and not inside and not is_const:
        raise site.error(kind, "is read-only")
    if is_const or inside:
        how = "the library's" if inside else "const"
        raise site.error(kind, f"the {whole.name} is {how} and cannot be changed")


def check_idle(site: Site, value: Native) -> None:
    """Raises while a call uses the object, or when its pointers are not ours to set."""
    owner = value._owner
    if owner is None:
        return
    busy = owner.busy()
    if busy:
        raise site.error(StateError, busy)
    if owner.kind == BORROWED:
        raise site.error(TypeError, f"cannot be set: the {owner.type.name} is C's own")
    if owner.type.kind == "handle" and not owner.type.inline:
        raise site.error(TypeError, f"cannot be set: the {owner.type.name} is C's own")


def locked(value: Any) -> AbstractContextManager[Any]:
    """Keeps other threads from ending what an object shows while it is looked at."""
    if getattr(value, "_plain", True) or value._owner is None:
        return _nothing
    lock: AbstractContextManager[Any] = value._owner.domain.lock
    return lock


_nothing: AbstractContextManager[Any] = nullcontext()


def hold(value: Native, others: list[Any]) -> None:
    """Keeps other objects alive as long as this one."""
    if others:
        value._held = others
