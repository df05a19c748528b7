"""JavaScript objects as Python sees them.

A proxy is the only one of its object as long as it lives, so that `is` tells whether two are the
same. It keeps the object alive, until it or its context is closed or forgotten. Properties are
attributes and items of every proxy (`o.name`, `o["name"]`); arrays, Maps and Sets are Python's
collections besides. A function that is read as an attribute is bound: `o.method(1)` is called with
`o` as `this`.
"""

from __future__ import annotations

import sys
from collections.abc import (
    Generator,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    MutableMapping,
    MutableSequence,
    MutableSet,
    ValuesView,
)
from typing import TYPE_CHECKING, Any, Callable, Optional, Union, overload

from . import _calls
from ._convert import fix, let_go, lower, lower_args
from ._core import _LIFT, DATE, OBJECT, SYMBOL, VIEW, finish, lift
from ._errors import ClosedError, Error, StateError
from ._extension import ffi, lib
from ._undefined import undefined

if TYPE_CHECKING:
    from ._context import Context

_call = lib.ipy_call
_drop = lib.ipy_drop
_MANY, _DONE = lib.IPY_MANY, lib.IPY_DONE
_HAS, _HAS_OWN, _LENGTH, _SIZE = lib.IPY_HAS, lib.IPY_HAS_OWN, lib.IPY_LENGTH, lib.IPY_SIZE
_KEYS, _VALUES, _ENTRIES = lib.IPY_KEYS, lib.IPY_VALUES, lib.IPY_ENTRIES
_ELEMENTS, _MEMBERS, _CONTAINS = lib.IPY_ELEMENTS, lib.IPY_MEMBERS, lib.IPY_CONTAINS
_MAP_GET, _MAP_SET, _SET_ADD = lib.IPY_MAP_GET, lib.IPY_MAP_SET, lib.IPY_SET_ADD
_REMOVE, _CLEAR, _ITERABLE, _NEXT = lib.IPY_REMOVE, lib.IPY_CLEAR, lib.IPY_ITERABLE, lib.IPY_NEXT

# What Python does by JavaScript's own syntax: writing and deleting as strict code does, which
# throws where other code does nothing; splicing; and iterating.
_HELPERS = """\
(() => {
  'use strict';
  const { splice } = Array.prototype;
  const { apply, getPrototypeOf, ownKeys } = Reflect;
  const { isArray } = Array;
  const { join } = Array.prototype;
  const { iterator } = Symbol;
  const Block = Float64Array;
  return [
    (object, key, value) => { object[key] = value },
    (object, key) => delete object[key],
    (array, ...all) => { apply(splice, array, all) },
    (object) => object[iterator](),
    (it) => { const end = it.return; if (end !== undefined && end !== null) apply(end, it, []) },
    (array) => {
      const { length } = array;
      let block;
      try { block = new Block(length) } catch { return undefined }
      for (let i = 0; i < length; i++) {
        const value = array[i];
        if (typeof value !== 'number') return undefined;
        block[i] = value;
      }
      return block;
    },
    (step) => {
      const end = Symbol();
      return {
        next() {
          const value = step(end);
          return value === end ? { value: undefined, done: true } : { value, done: false };
        },
        [iterator]() { return this },
      };
    },
    (object) => {
      const names = [];
      // An array's own names are its indices. What all objects inherit nobody looks for.
      let part = isArray(object) ? getPrototypeOf(object) : object;
      for (let next; part !== null; part = next) {
        next = getPrototypeOf(part);
        if (next === null && part !== object) break;
        const keys = ownKeys(part);
        for (let i = 0; i < keys.length; i++) {
          if (typeof keys[i] === 'string') names[names.length] = keys[i];
        }
      }
      return apply(join, names, ['\\n']);
    },
  ];
})()"""
# A call has no room for more arguments than some 65,000.
_MOST_AT_ONCE = 10_000
_SET, _DELETE, _SPLICE, _ITERATE, _END, _NUMBERS, _WRAP, _DIR = range(8)


def helper(context: Context, which: int) -> JSFunction:
    """One of the functions above, in a context."""
    made = context.__dict__.get("_helpers")
    if made is None:
        made = context.__dict__["_helpers"] = list(
            context.eval(_HELPERS, filename="isthmus:proxies")
        )
    return made[which]  # type: ignore[no-any-return]


def lift_many(context: Context, frame: Any) -> list[Any]:
    """The items of an answer `_MANY`."""
    result = frame.result
    count = result.length
    items = ffi.cast("ipy_item *", result.data)
    done = -1

    def other(index: int) -> Any:
        nonlocal done
        item = items[index]
        done = index
        return lift(context, item, item.tag)

    try:
        return _calls.items(int(ffi.cast("uintptr_t", items)), count, other)
    except BaseException:
        for i in range(done + 1, count):
            if items[i].tag in (OBJECT, SYMBOL, VIEW):
                _drop(context._core.ptr, items[i].integer)
                if items[i].tag == VIEW:
                    lib.ist_store_free(items[i].store)
        raise


def ask(context: Context, number: int, question: int, *args: Any) -> Any:
    """Asks an object something, in one crossing: bridge_values.h has the questions."""
    core = context._core
    frame = core.frame()
    keep: list[Any] = []
    try:
        for item, value in zip(frame.args, args):
            lower(context, value, item, keep)
        answer = lib.ipy_ask(context._at, question, number, frame.at)
        if answer < 0:
            answer = core.again(
                answer, frame, context, lib.ipy_ask, context._at, question, number, frame.at
            )
    finally:
        if keep:
            let_go(core, keep)
    if answer == _MANY:
        values = lift_many(context, frame)
        lib.ipy_frame_reset(frame.c)
        core.frames.append(frame)
        return values
    if answer == _DONE:
        core.frames.append(frame)
        raise StopIteration
    return finish(context, frame, answer)


def _key(key: Any) -> Any:
    """A property's key, if it is one."""
    kind = type(key)
    if kind is str or kind is int or kind is JSSymbol:
        return key
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return int.__index__(key)
    raise TypeError(f"a property's key is a str, an int or a JSSymbol, not {kind.__name__}")


class JSSymbol:
    """A symbol. `o[symbol]` is the property that it names.

    `JSSymbol.new(ctx, "description")` makes one, `JSSymbol.registered(ctx, "key")` is
    `Symbol.for("key")`, and `JSSymbol.known(ctx, "iterator")` is `Symbol.iterator`.
    """

    __slots__ = ("__weakref__", "_context", "_core_ptr", "_id")

    _context: Context
    _core_ptr: Any
    _id: int

    _KNOWN = (
        "asyncIterator hasInstance isConcatSpreadable iterator match replace search split"
        " toPrimitive toStringTag unscopables"
    ).split()

    def __init__(self) -> None:
        raise TypeError("JSSymbol objects come out of JavaScript")

    @staticmethod
    def new(context: Context, description: Optional[str] = None) -> JSSymbol:
        """A new symbol, which is equal to no other."""
        return _symbol(context, -2, undefined if description is None else description)

    @staticmethod
    def registered(context: Context, key: str) -> JSSymbol:
        """The symbol that `Symbol.for(key)` gives: the same one for the same key."""
        if not isinstance(key, str):
            raise TypeError(f"a symbol's key is a str, not {type(key).__name__}")
        return _symbol(context, -1, key)

    @staticmethod
    def known(context: Context, name: str) -> JSSymbol:
        """The symbol `Symbol.NAME`.

        Raises:
            ValueError: there is none of that name.
        """
        if name not in JSSymbol._KNOWN:
            raise ValueError(f"there is no Symbol.{name}")
        return _symbol(context, JSSymbol._KNOWN.index(name), undefined)

    @property
    def description(self) -> Optional[str]:
        """The text that it was made with, if any."""
        text = ask(self._context, self._id, lib.IPY_DESCRIPTION)
        return None if text is undefined else text

    def __repr__(self) -> str:
        try:
            return f"Symbol({self.description or ''})"
        except ClosedError:
            return "<JSSymbol (closed)>"

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is JSSymbol and other._id == self._id and other._core_ptr == self._core_ptr
        )

    def __hash__(self) -> int:
        return hash(self._id)

    def __del__(self) -> None:
        number = getattr(self, "_id", 0)
        if number:
            _drop(self._core_ptr, number)


def _symbol(context: Context, which: int, text: Any) -> JSSymbol:
    core = context._core
    frame = core.frame()
    keep: list[Any] = []
    lower(context, text, frame.args[0], keep)
    args = (context._at, which, frame.at)
    try:
        answer = lib.ipy_symbol(*args)
        if answer < 0:
            answer = core.again(answer, frame, context, lib.ipy_symbol, *args)
    finally:
        let_go(core, keep)
    return finish(context, frame, answer)  # type: ignore[no-any-return]


class JSObject(_calls.Proxy):
    """Any object of JavaScript's.

    Its properties, those that it inherits included, are its items and attributes: `o["x"]`
    (KeyError when there is none), `o.x` (AttributeError), `o["x"] = 1`, `del o["x"]`, `"x" in o`.
    Items also go by int and JSSymbol. Names with two underscores at both ends are Python's own as
    attributes, and `to_python` is. Writing and deleting what is read-only raises JSError, as in
    strict code.

    `len(o)` and iteration are about its own enumerable names, unless JavaScript can iterate over
    it, too: then iteration gives what that gives. `keys()`, `values()`, `items()` and `get(key,
    default)` are as in a dict, where the object has no properties of these names. `==` is `===`,
    and compares with a dict by the contents.
    """

    __slots__ = ("__weakref__", "_context", "_core_ptr")

    _context: Context
    _core_ptr: Any

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} objects come out of JavaScript")

    def __del__(self) -> None:
        if self._id:
            _drop(self._core_ptr, self._id)

    # -- Properties --

    def _item(self, key: Any) -> Any:
        """An item by a key that is no text of Latin-1."""
        value = self._property(_key(key))
        if value is undefined and not self._has(key):
            raise KeyError(key)
        return value

    def _property(self, key: Any) -> Any:
        context = self._context
        core = context._core
        frame = core.frame()
        keep: list[Any] = []
        lower(context, key, frame.args[0], keep)
        args = (context._at, self._id, frame.at)
        try:
            tag = lib.ipy_get(*args)
            if tag < 0:
                tag = core.again(tag, frame, context, lib.ipy_get, *args)
        finally:
            let_go(core, keep)
        return finish(context, frame, tag)

    def _has(self, key: Any) -> bool:
        return ask(self._context, self._id, _HAS, key)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__" == name[-2:] or not self._id:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        try:
            value = _get(self, name)
        except KeyError:
            if name in _LIKE_DICT:
                return _LIKE_DICT[name].__get__(self)
            raise AttributeError(f"the JavaScript object has no property {name!r}") from None
        if isinstance(value, JSFunction):
            return _bind(value, self)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name[:2] == "__" == name[-2:]:
            object.__setattr__(self, name, value)
        else:
            helper(self._context, _SET)(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name[:2] == "__" == name[-2:]:
            object.__delattr__(self, name)
        elif not ask(self._context, self._id, _HAS_OWN, name):
            raise AttributeError(f"the JavaScript object has no property {name!r} of its own")
        else:
            helper(self._context, _DELETE)(self, name)

    def __setitem__(self, key: Any, value: Any) -> None:
        helper(self._context, _SET)(self, _key(key), value)

    def __delitem__(self, key: Any) -> None:
        if not ask(self._context, self._id, _HAS_OWN, _key(key)):
            raise KeyError(key)
        helper(self._context, _DELETE)(self, _key(key))

    def __contains__(self, key: Any) -> bool:
        if not isinstance(key, (str, int, JSSymbol)) or isinstance(key, bool):
            return False
        return self._has(_key(key))

    def __dir__(self) -> list[str]:
        try:
            names = helper(self._context, _DIR)(self).split("\n")
        except Error:
            # It is closed, or a Proxy that does not tell.
            names = []
        return sorted({*object.__dir__(self), *(name for name in names if name.isidentifier())})

    # -- As a collection --

    def _names(self) -> list[str]:
        return ask(self._context, self._id, _KEYS)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self._names())

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        if ask(self._context, self._id, _ITERABLE):
            return _iterate(helper(self._context, _ITERATE)(self))
        return iter(self._names())

    # -- As a value --

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, JSObject):
            return other._id == self._id and other._core_ptr == self._core_ptr
        return self._equals(other)

    def _equals(self, other: object) -> bool:
        """Whether its contents are those of one of Python's own collections."""
        if type(other) is not dict or type(self) is not JSObject:
            return NotImplemented  # type: ignore[no-any-return]
        return self._entries() == other

    def _entries(self) -> dict[str, Any]:
        flat = ask(self._context, self._id, _ENTRIES)
        return dict(zip(flat[::2], flat[1::2]))

    def __hash__(self) -> int:
        return hash(self._id)

    def __repr__(self) -> str:
        from ._repr import show

        return show(self)

    def __aiter__(self) -> Any:
        from ._async import JSAsyncIterator

        return JSAsyncIterator(self)

    def to_python(self, depth: Optional[int] = None) -> Any:
        """A copy as Python's own objects, with what is shared and circular in it: plain objects and
        Maps become dicts, arrays lists, Sets sets, typed arrays bytes or array.array, errors
        JSError. Functions, symbols, promises and instances of classes stay what they are: proxies,
        or the Python objects that they stand for.

        Args:
            depth: how many levels are copied; what is deeper stays a proxy. None: all of it.

        Raises:
            ConversionError: something has no such form.
            JSError: a getter threw.
            LimitError: it is nested too deep.
        """
        from ._trees import to_python

        return to_python(self, depth)


_get = _calls.Proxy.__getitem__
# Past __setattr__, which is for JavaScript's properties.
_set_context = JSObject.__dict__["_context"].__set__
_set_core_ptr = JSObject.__dict__["_core_ptr"].__set__
_set_at = _calls.Proxy.__dict__["_at"].__set__
_set_id = _calls.Proxy.__dict__["_id"].__set__


def _object_keys(self: JSObject) -> list[str]:
    """The object's own enumerable names."""
    return self._names()


def _object_values(self: JSObject) -> list[Any]:
    """The values of the object's own enumerable properties."""
    return ask(self._context, self._id, _VALUES)  # type: ignore[no-any-return]


def _object_items(self: JSObject) -> list[tuple[str, Any]]:
    """Names and values of the object's own enumerable properties."""
    flat = ask(self._context, self._id, _ENTRIES)
    return list(zip(flat[::2], flat[1::2]))


def _object_get(self: JSObject, key: Any, default: Any = None) -> Any:
    """The property of a name, or `default`."""
    try:
        return self[key]
    except KeyError:
        return default


_LIKE_DICT: dict[str, Any] = {
    "keys": _object_keys,
    "values": _object_values,
    "items": _object_items,
    "get": _object_get,
}


def _iterate(iterator: Any) -> Generator[Any, None, None]:
    """The values of a JavaScript iterator, which is told when nobody asks for more."""
    if not isinstance(iterator, JSObject):
        raise TypeError("the result of Symbol.iterator is no object")
    context, number = iterator._context, iterator._id
    try:
        while True:
            try:
                value = ask(context, number, _NEXT)
            except StopIteration:
                iterator = None
                return
            except BaseException:
                iterator = None
                raise
            yield value
    finally:
        if iterator is not None and not context.closed:
            helper(context, _END)(iterator)


class JSFunction(JSObject, _calls.Callable):
    """A function of JavaScript's, which can be called: with `this` undefined, unless it was read as
    an attribute of an object, or `f.call(this, …)` says otherwise. Arguments go by position.

    A call raises JSError, or the exception of Python's that the function has let through, and
    JSTimeoutError, JSMemoryError and JSTerminated as `Context.eval` does. `Context.call` puts
    limits of time on one.
    """

    __slots__ = ()

    def new(self, *args: Any) -> Any:
        """What `new` gives: calls it as a constructor.

        Args:
            args: its arguments.

        Raises:
            JSError: it threw, or is no constructor.
        """
        context = self._context
        core = context._core
        frame = core.frame()
        keep = lower_args(context, frame, args)
        at = (context._at, self._id, len(args), frame.at)
        try:
            tag = lib.ipy_construct(*at)
            if tag < 0:
                tag = core.again(tag, frame, context, lib.ipy_construct, *at)
        finally:
            let_go(core, keep)
        return finish(context, frame, tag)


class JSProxy(JSFunction):
    """A Proxy of JavaScript's: what it does is up to its handler. It can be called when its target
    can.
    """

    __slots__ = ()


class JSMethod(JSFunction):
    """A function with the object that it was read from, which is its `this`. Equal to the function
    itself, and the same to JavaScript.
    """

    __slots__ = ("_function", "_receiver")

    _function: JSFunction
    _receiver: JSObject

    def __call__(self, *args: Any) -> Any:
        context = self._context
        core = context._core
        frame = core.frame()
        keep = lower_args(context, frame, args)
        at = (context._at, self._id, self._receiver._id, len(args), frame.at)
        try:
            tag = lib.ipy_call_on(*at)
            if tag < 0:
                tag = core.again(tag, frame, context, lib.ipy_call_on, *at)
        finally:
            if keep:
                let_go(core, keep)
        return finish(context, frame, tag)

    def __del__(self) -> None:
        # The number is the function's.
        pass


_set_function = JSMethod.__dict__["_function"].__set__
_set_receiver = JSMethod.__dict__["_receiver"].__set__


def _bind(function: JSFunction, receiver: JSObject) -> JSMethod:
    made = JSMethod.__new__(JSMethod)
    _set_context(made, function._context)
    _set_core_ptr(made, function._core_ptr)
    _set_at(made, function._at)
    _set_id(made, function._id)
    _set_function(made, function)
    _set_receiver(made, receiver)
    return made


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
            block = helper(self._context, _NUMBERS)(self)
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
                helper(self._context, _SPLICE)(self, start, max(0, stop - start))
                return
            for at in sorted(range(start, stop, step), reverse=True):
                helper(self._context, _SPLICE)(self, at, 1)
        elif isinstance(key, int) and not isinstance(key, bool):
            helper(self._context, _SPLICE)(self, self._index(key), 1)
        else:
            super().__delitem__(key)

    def _splice(self, start: int, count: int, values: list[Any]) -> None:
        splice = helper(self._context, _SPLICE)
        splice(self, start, count, *values[:_MOST_AT_ONCE])
        for at in range(_MOST_AT_ONCE, len(values), _MOST_AT_ONCE):
            splice(self, start + at, 0, *values[at : at + _MOST_AT_ONCE])

    def insert(self, index: int, value: Any) -> None:
        """Puts a value before the one at an index, as `list.insert` does."""
        length = len(self)
        at = max(0, index + length) if index < 0 else min(index, length)
        helper(self._context, _SPLICE)(self, at, 0, value)

    def extend(self, values: Iterable[Any]) -> None:
        """Puts values at the end."""
        self._splice(len(self), 0, list(values))

    def append(self, value: Any) -> None:
        """Puts a value at the end."""
        self.extend((value,))

    def clear(self) -> None:
        """Takes all elements out."""
        helper(self._context, _SPLICE)(self, 0, len(self))

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


# ---- What the extension asks of the package
# -------------------------------------------------------


def _call_otherwise(function: JSFunction, args: tuple[Any, ...]) -> Any:
    """A call whose arguments are more than plain numbers."""
    context = function._context
    core = context._core
    frame = core.frame()
    keep = lower_args(context, frame, args)
    try:
        tag = _call(context._at, function._id, len(args), frame.at)
        if tag < 0:
            tag = core.again(
                tag, frame, context, _call, context._at, function._id, len(args), frame.at
            )
    finally:
        if keep:
            let_go(core, keep)
    return finish(context, frame, tag)


_FRAME = ffi.typeof("ipy_frame *")


class _Borrowed:
    """A frame of the extension's, for the length of a call."""

    __slots__ = ("c",)

    def __init__(self, at: int) -> None:
        self.c = ffi.cast(_FRAME, at)


def _finish_call(function: JSFunction, at: int, answer: int) -> Any:
    """The result of a call that is more than a number, or what went wrong."""
    context = function._context
    if answer < 0:
        raise context._core.error(answer, _Borrowed(at), context)  # type: ignore[arg-type]
    return _LIFT[answer](context, ffi.cast(_FRAME, at).result)


def _get_otherwise(about: JSObject, key: Any) -> Any:
    """An item whose key is no text of Latin-1."""
    return about._item(key)


def _get_undefined(about: JSObject, key: str) -> Any:
    """What it means that a property is undefined."""
    if about._has(key):
        return undefined
    raise KeyError(key)


def _pinned(function: JSFunction, value: Any) -> int:
    """The number of what stands for memory that is lent already, to be dropped after use, or 0."""
    # Nothing is lent before the part that lends is loaded.
    find = getattr(sys.modules.get("isthmus._bytes"), "pinned", None)
    return 0 if find is None else find(function._context, value)


def _address(name: str) -> int:
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


_calls.start(
    _address("ipy_call"),
    _address("ipy_get"),
    _address("ipy_frame_reset"),
    _address("ipy_drop"),
    _call_otherwise,
    _get_otherwise,
    _get_undefined,
    _finish_call,
    _pinned,
)


_CLASSES: dict[int, type[JSObject]] = {
    lib.IST_CLASS_FUNCTION: JSFunction,
    lib.IST_CLASS_ARRAY: JSArray,
    lib.IST_CLASS_MAP: JSMap,
    lib.IST_CLASS_SET: JSSet,
    lib.IST_CLASS_PROXY: JSProxy,
    lib.IST_CLASS_GENERATOR: JSIterator,
    lib.IST_CLASS_ITERATOR: JSIterator,
}

_PROMISE = lib.IST_CLASS_PROMISE


def _promise_class() -> type[JSObject]:
    # Loaded when the first promise comes.
    from ._promise import JSPromise

    _CLASSES[_PROMISE] = JSPromise
    return JSPromise


def _lift_object(context: Context, item: Any) -> JSObject:
    core = context._core
    number = item.integer
    proxy = core.proxies.get(number)
    if proxy is not None:
        # The result has counted once more; one proxy counts once.
        _drop(core.ptr, number)
        return proxy  # type: ignore[no-any-return]
    kind = item.kind
    cls = _CLASSES.get(kind, JSObject)
    if kind == _PROMISE and cls is JSObject:
        cls = _promise_class()
    proxy = cls.__new__(cls)
    _set_context(proxy, context)
    _set_at(proxy, context._at)
    _set_core_ptr(proxy, core.ptr)
    _set_id(proxy, number)
    core.proxies[number] = proxy
    return proxy


def _lift_symbol(context: Context, item: Any) -> JSSymbol:
    core = context._core
    number = item.integer
    symbol = core.proxies.get(number)
    if symbol is not None:
        _drop(core.ptr, number)
        return symbol  # type: ignore[no-any-return]
    symbol = JSSymbol.__new__(JSSymbol)
    symbol._context = context
    symbol._core_ptr = core.ptr
    symbol._id = number
    core.proxies[number] = symbol
    return symbol


def _lift_date(context: Context, item: Any) -> Any:
    from ._trees import datetime_of

    return datetime_of(item.number)


def _lift_view(context: Context, item: Any) -> memoryview:
    from ._bytes import lift_view

    _LIFT[VIEW] = lift_view
    return lift_view(context, item)


def _lower_proxy(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    if value._context._core is not context._core:
        raise StateError("the object belongs to another isolate")
    item.tag = OBJECT
    item.integer = value._id


fix(JSObject, _lower_proxy)
fix(JSSymbol, _lower_proxy)

lifters: dict[int, Callable[[Any, Any], Any]] = {
    OBJECT: _lift_object,
    SYMBOL: _lift_symbol,
    DATE: _lift_date,
    VIEW: _lift_view,
}

for _kind in (JSObject, JSFunction, JSMethod, JSArray, JSMap, JSSet, JSSymbol, JSIterator, JSProxy):
    # Where people know them from, which is what messages say.
    _kind.__module__ = "isthmus"
del _kind
