"""JavaScript objects as Python sees them.

A proxy is the only one of its object as long as it lives, so that `is` tells whether two are the
same. It keeps the object alive, until it or its context is closed or forgotten. Properties are
attributes and items of every proxy (`o.name`, `o["name"]`); those of `_collections.py` are Python's
collections besides. A function that is read as an attribute is bound: `o.method(1)` is called with
`o` as `this`.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Callable, Optional

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
_HAS, _HAS_OWN, _ITERABLE, _NEXT = lib.IPY_HAS, lib.IPY_HAS_OWN, lib.IPY_ITERABLE, lib.IPY_NEXT
_KEYS, _VALUES, _ENTRIES = lib.IPY_KEYS, lib.IPY_VALUES, lib.IPY_ENTRIES

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
_SET, _DELETE, SPLICE, _ITERATE, _END, NUMBERS, WRAP, _DIR = range(8)


def helper(context: Context, which: int) -> JSFunction:
    """One of the functions above, in a context."""
    made = context._helpers
    if made is None:
        made = context._helpers = list(context.eval(_HELPERS, filename="isthmus:proxies"))
    return made[which]


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


# ---- What the extension asks of the package ------------------------------------------------------


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
    lib.IST_CLASS_PROXY: JSProxy,
}


def _class_of(kind: int) -> type[JSObject]:
    """The class of the first object of its kind: what has it is loaded when one comes."""
    if kind == lib.IST_CLASS_PROMISE:
        from ._promise import JSPromise

        _CLASSES[kind] = JSPromise
    else:
        from ._collections import CLASSES

        _CLASSES.update(CLASSES)
    return _CLASSES.setdefault(kind, JSObject)


def _lift_object(context: Context, item: Any) -> JSObject:
    core = context._core
    number = item.integer
    proxy = core.proxies.get(number)
    if proxy is not None:
        # The result has counted once more; one proxy counts once.
        _drop(core.ptr, number)
        return proxy  # type: ignore[no-any-return]
    kind = item.kind
    cls = _CLASSES.get(kind) or _class_of(kind)
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

for _kind in (JSObject, JSFunction, JSMethod, JSSymbol, JSProxy):
    # Where people know them from, which is what messages say.
    _kind.__module__ = "isthmus"
del _kind
