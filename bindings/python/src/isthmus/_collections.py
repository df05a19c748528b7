"""Arrays, Maps, Sets and iterators of JavaScript: proxies that are Python's collections besides."""

from __future__ import annotations

from collections.abc import (
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    MutableMapping,
    MutableSequence,
    MutableSet,
    ValuesView,
)
from typing import TYPE_CHECKING, Any, Optional, Union, overload

from . import _calls
from ._extension import ffi, lib
from ._proxies import NUMBERS, SPLICE, JSObject, JSSymbol, ask, helper
from ._undefined import undefined

_LENGTH, _ELEMENTS = lib.IPY_LENGTH, lib.IPY_ELEMENTS
_SIZE, _MEMBERS = lib.IPY_SIZE, lib.IPY_MEMBERS
_CONTAINS, _REMOVE, _CLEAR, _NEXT = lib.IPY_CONTAINS, lib.IPY_REMOVE, lib.IPY_CLEAR, lib.IPY_NEXT
_MAP_GET, _MAP_SET, _SET_ADD = lib.IPY_MAP_GET, lib.IPY_MAP_SET, lib.IPY_SET_ADD
# A call has no room for more arguments than some 65,000.
_MOST_AT_ONCE = 10_000


class JSArray(JSObject, MutableSequence[Any]):
    """An array: a sequence, whose indices and slices are as in a list; a slice is a list. All that
    a list has by these names is Python's (`append`, `extend`, `insert`, `pop`, `remove`, `reverse`,
    `index`, `count`, `clear`), all else JavaScript's (`a.map(f)`, `a.length`). Holes are
    `undefined`. Iteration goes over what is there when it begins.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, key: int) -> Any: ...
        @overload
        def __getitem__(self, key: slice) -> list[Any]: ...
        @overload
        def __getitem__(self, key: Union[str, JSSymbol]) -> Any: ...
        def __getitem__(self, key: Any) -> Any: ...

    def _list(self) -> list[Any]:
        length = len(self)
        if 32 < length < 1 << 26:
            # What is nothing but numbers comes as one block.
            block = helper(self._context, NUMBERS)(self)
            if block is not undefined:
                at = int(ffi.cast("uintptr_t", ffi.from_buffer(block)))
                return _calls.numbers(at, len(block), 2)
        return self._elements(0, 2**32)

    def _elements(self, start: int, count: int) -> list[Any]:
        return ask(self._context, self._id, _ELEMENTS, start, count)  # type: ignore[no-any-return]

    def _index(self, index: int) -> int:
        """An index from the end as one from the start; IndexError when it is beyond either."""
        length = len(self)
        at = index + length if index < 0 else index
        if not 0 <= at < length:
            raise IndexError(f"index {index} of an array of {length}")
        return at

    def _item(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return self._elements(start, max(0, stop - start))
            return self._list()[key]
        if isinstance(key, int) and not isinstance(key, bool):
            value = undefined if key < 0 or key > 2**32 - 2 else self._property(key)
            return self._property(self._index(key)) if value is undefined else value
        return super()._item(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, slice):
            values = list(value)
            start, stop, step = key.indices(len(self))
            if step == 1:
                self._splice(start, max(0, stop - start), values)
                return
            places = range(start, stop, step)
            if len(places) != len(values):
                raise ValueError(f"{len(values)} values for a slice of {len(places)}")
            for at, one in zip(places, values):
                super().__setitem__(at, one)
        elif isinstance(key, int) and not isinstance(key, bool):
            super().__setitem__(self._index(key), value)
        else:
            super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                helper(self._context, SPLICE)(self, start, max(0, stop - start))
                return
            for at in sorted(range(start, stop, step), reverse=True):
                helper(self._context, SPLICE)(self, at, 1)
        elif isinstance(key, int) and not isinstance(key, bool):
            helper(self._context, SPLICE)(self, self._index(key), 1)
        else:
            super().__delitem__(key)

    def _splice(self, start: int, count: int, values: list[Any]) -> None:
        splice = helper(self._context, SPLICE)
        splice(self, start, count, *values[:_MOST_AT_ONCE])
        for at in range(_MOST_AT_ONCE, len(values), _MOST_AT_ONCE):
            splice(self, start + at, 0, *values[at : at + _MOST_AT_ONCE])

    def insert(self, index: int, value: Any) -> None:
        """Puts a value before the one at an index, as `list.insert` does."""
        length = len(self)
        at = max(0, index + length) if index < 0 else min(index, length)
        helper(self._context, SPLICE)(self, at, 0, value)

    def extend(self, values: Iterable[Any]) -> None:
        """Puts values at the end."""
        self._splice(len(self), 0, list(values))

    def append(self, value: Any) -> None:
        """Puts a value at the end."""
        self.extend((value,))

    def clear(self) -> None:
        """Takes all elements out."""
        helper(self._context, SPLICE)(self, 0, len(self))

    def index(self, value: Any, start: int = 0, stop: Optional[int] = None) -> int:
        """Where a value is first, as `list.index` says."""
        return self._list().index(value, start, 2**32 if stop is None else stop)

    def count(self, value: Any) -> int:
        """How often a value is there."""
        return self._list().count(value)

    def __len__(self) -> int:
        return ask(self._context, self._id, _LENGTH)  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return len(self) > 0

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list())

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._list())

    def __contains__(self, value: object) -> bool:
        return value in self._list()

    def _equals(self, other: object) -> bool:
        return self._list() == other if type(other) is list else NotImplemented


class JSMap(JSObject, MutableMapping[Any, Any]):
    """A Map: a mapping, whose keys are compared as JavaScript does (objects by identity). Its
    properties are attributes (`m.size`, `m.set(1, 2)`) where a dict has nothing by that name.
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        value = ask(self._context, self._id, _MAP_GET, key)
        if value is undefined and not ask(self._context, self._id, _CONTAINS, key):
            raise KeyError(key)
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        ask(self._context, self._id, _MAP_SET, key, value)

    def __delitem__(self, key: Any) -> None:
        if not ask(self._context, self._id, _REMOVE, key):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return ask(self._context, self._id, _CONTAINS, key)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return ask(self._context, self._id, _SIZE)  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return len(self) > 0

    def _flat(self) -> list[Any]:
        return ask(self._context, self._id, _MEMBERS)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._flat()[::2])

    def keys(self) -> KeysView[Any]:
        """The keys."""
        return KeysView(self)

    def values(self) -> ValuesView[Any]:
        """The values."""
        return _Values(self)

    def items(self) -> ItemsView[Any, Any]:
        """Keys and values."""
        return _Items(self)

    def clear(self) -> None:
        """Takes all out."""
        ask(self._context, self._id, _CLEAR)

    def _equals(self, other: object) -> bool:
        if type(other) is not dict:
            return NotImplemented  # type: ignore[no-any-return]
        pairs = list(self.items())
        return len(pairs) == len(other) and all(
            _hashable(key) and key in other and other[key] == value for key, value in pairs
        )


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


class _Values(ValuesView[Any]):
    def __init__(self, about: JSMap) -> None:
        super().__init__(about)
        self._about = about

    def __iter__(self) -> Iterator[Any]:
        return iter(self._about._flat()[1::2])


class _Items(ItemsView[Any, Any]):
    def __init__(self, about: JSMap) -> None:
        super().__init__(about)
        self._about = about

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        flat = self._about._flat()
        return iter(list(zip(flat[::2], flat[1::2])))


class JSSet(JSObject, MutableSet[Any]):
    """A Set, whose members are compared as JavaScript does (objects by identity)."""

    __slots__ = ()

    @classmethod
    def _from_iterable(cls, values: Iterable[Any]) -> set[Any]:
        return set(values)

    def add(self, value: Any) -> None:
        """Puts a member in."""
        ask(self._context, self._id, _SET_ADD, value)

    def discard(self, value: Any) -> None:
        """Takes a member out, if it is there."""
        ask(self._context, self._id, _REMOVE, value)

    def clear(self) -> None:
        """Takes all out."""
        ask(self._context, self._id, _CLEAR)

    def __contains__(self, value: object) -> bool:
        return ask(self._context, self._id, _CONTAINS, value)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return ask(self._context, self._id, _SIZE)  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return len(self) > 0

    def __iter__(self) -> Iterator[Any]:
        return iter(ask(self._context, self._id, _MEMBERS))

    def _equals(self, other: object) -> bool:
        if type(other) is not set:
            return NotImplemented  # type: ignore[no-any-return]
        members = list(self)
        return len(members) == len(other) and all(
            _hashable(one) and one in other for one in members
        )


class JSIterator(JSObject, Iterator[Any]):
    """A generator's object, or an iterator of a Map or Set."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return ask(self._context, self._id, _NEXT)


CLASSES: dict[int, type[JSObject]] = {
    lib.IST_CLASS_ARRAY: JSArray,
    lib.IST_CLASS_MAP: JSMap,
    lib.IST_CLASS_SET: JSSet,
    lib.IST_CLASS_GENERATOR: JSIterator,
    lib.IST_CLASS_ITERATOR: JSIterator,
}

for _class in CLASSES.values():
    # Where people know them from, which is what messages say.
    _class.__module__ = "isthmus"
del _class
