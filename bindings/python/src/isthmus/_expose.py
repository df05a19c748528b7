"""Python classes as JavaScript classes.

An exposed class goes to JavaScript as a class of its own there, the same one in each context; its
instances as instances of that class, the same object as long as JavaScript has it. `new` in
JavaScript makes a Python instance. Both come back to Python as themselves.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, TypeVar, Union, overload

from . import _convert
from ._core import OBJECT, Dropped
from ._errors import ConversionError
from ._extension import lib
from ._undefined import undefined

if TYPE_CHECKING:
    from ._context import Context
    from ._proxies import JSFunction, JSObject

T = TypeVar("T", bound=type)

_MAKE = """\
(() => {
  'use strict';
  const { construct, defineProperty, setPrototypeOf } = Reflect;
  const { create } = Object;
  const { iterator } = Symbol;
  const Base = Object, Refused = TypeError;
  const add = (to, shown, name, get, set, value) => {
    const key = name === '@@iterator' ? iterator : name;
    defineProperty(to, key, value !== undefined
      ? { value, writable: true, configurable: true }
      : { get, set, enumerable: shown, configurable: true });
  };
  const make = (name, parent, build) => {
    const made = function (...args) {
      if (new.target === undefined) {
        throw new Refused(`Class constructor ${name} cannot be invoked without 'new'`);
      }
      const object = construct(Base, [], new.target);
      build(object, ...args);
      return object;
    };
    defineProperty(made, 'name', { value: name, configurable: true });
    if (parent) {
      setPrototypeOf(made, parent);
      made.prototype = create(parent.prototype);
      defineProperty(made.prototype, 'constructor', { value: made, writable: true, configurable:
      true });
    }
    defineProperty(made, 'prototype', { writable: false });
    return made;
  };
  return [make, add];
})()"""


class _Class(NamedTuple):
    """An exposed class in a context."""

    made: JSFunction
    prototype: JSObject


# The names that classes have in JavaScript.
_exposed: dict[type, str] = {}


@overload
def expose(cls: T, /) -> T: ...
@overload
def expose(*, name: Optional[str] = None) -> Callable[[T], T]: ...
def expose(cls: Optional[T] = None, /, *, name: Optional[str] = None) -> Union[T, Callable[[T], T]]:
    """Makes a Python class one of JavaScript's, too: `@isthmus.expose`.

    JavaScript sees what has a name without a leading underscore: methods (async ones give
    promises), properties, annotated attributes and the fields of dataclasses as properties, static
    and class methods and other attributes of the class on the class. `__str__` is `toString`, and
    `__iter__` makes instances iterable. Of bases that are not exposed, it has what they have; an
    exposed base is its base in JavaScript. What is called with a receiver that is no instance is a
    TypeError.

    Args:
        cls: the class.
        name: what JavaScript calls it; None: its name.

    Returns:
        The class.

    Raises:
        TypeError: it is no class.
    """
    if cls is None:
        return lambda given: _expose(given, name)
    return _expose(cls, name)


def _expose(cls: T, name: Optional[str]) -> T:
    if not isinstance(cls, type):
        raise TypeError(f"expose takes a class, not {type(cls).__name__}")
    _exposed[cls] = name or cls.__name__
    _convert.fix(cls, lower_instance)
    return cls


def _nearest(kind: type) -> type:
    """The class that says what instances of a type are."""
    return next(base for base in kind.__mro__ if base in _exposed)


class _Made:
    """A function that was made for a class, on its way there."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


def _lower_made(context: Context, value: _Made, item: Any, keep: list[Any]) -> None:
    item.tag = OBJECT
    item.integer = value.number
    keep.append(Dropped(value.number))


def _method(cls: type, name: str, js_name: str) -> Callable[..., Any]:
    def call(receiver: Any, *args: Any) -> Any:
        if not isinstance(receiver, cls):
            raise TypeError(f"{js_name} was called on what is no {cls.__name__}")
        return getattr(receiver, name)(*args)

    return call


def _class_method(cls: type, name: str) -> Callable[..., Any]:
    def call(receiver: Any, *args: Any) -> Any:
        # Of a class that derives from it, when it is called on that.
        kind = receiver if isinstance(receiver, type) and issubclass(receiver, cls) else cls
        return getattr(kind, name)(*args)

    return call


def _getter(cls: type, name: str) -> Callable[..., Any]:
    def get(receiver: Any, *args: Any) -> Any:
        if not isinstance(receiver, cls):
            raise TypeError(f"{name} was read of what is no {cls.__name__}")
        return getattr(receiver, name)

    return get


def _setter(cls: type, name: str) -> Callable[..., Any]:
    def put(receiver: Any, value: Any = None, *args: Any) -> None:
        if not isinstance(receiver, cls):
            raise TypeError(f"{name} was set on what is no {cls.__name__}")
        setattr(receiver, name, value)

    return put


class _Table:
    """The properties of a class or of its prototype, in lists of the same length."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.names: list[str] = []
        self.columns: tuple[list[Any], list[Any], list[Any]] = ([], [], [])

    def function(self, call: Optional[Callable[..., Any]], name: str, receiver: bool = True) -> Any:
        if call is None:
            return None
        flags = lib.IPY_FN_RECEIVER if receiver else 0
        return _Made(_convert.make_function(self.context, call, name, flags)[0])

    def add(self, name: str, *made: Any) -> None:
        if name in self.names:
            at = self.names.index(name)
            for column, one in zip(self.columns, made):
                column[at] = one
            return
        self.names.append(name)
        for column, one in zip(self.columns, made):
            column.append(one)

    def put(self, add: Any, about: JSObject, shown: bool) -> None:
        """Gives the properties to an object."""
        for name, *made in zip(self.names, *self.columns):
            add(about, shown, name, *(undefined if one is None else one for one in made))


def _annotated(cls: type) -> list[str]:
    names: list[str] = []
    annotations = vars(cls).get("__annotations__")
    if annotations is None:
        # From Python 3.14 on they are made when they are asked for.
        annotations = (
            getattr(cls, "__annotations__", {}) if "__annotate_func__" in cls.__dict__ else {}
        )
    for name, kind in annotations.items():
        if "ClassVar" not in (kind if isinstance(kind, str) else repr(kind)):
            names.append(name)
    return names


def _fill(context: Context, cls: type, own: _Table, fixed: _Table) -> None:
    known = next((base for base in cls.__mro__[1:] if base in _exposed), object)
    for kind in reversed([base for base in cls.__mro__ if not issubclass(known, base)]):
        for name in _annotated(kind):
            if not name.startswith("_"):
                _accessor(own, cls, name, True)
        for name, value in vars(kind).items():
            if name == "__str__":
                own.add(
                    "toString", None, None, own.function(_method(cls, name, "toString"), "toString")
                )
            elif name == "__iter__":
                call = own.function(_method(cls, name, "[Symbol.iterator]"), "[Symbol.iterator]")
                own.add("@@iterator", None, None, call)
            elif name.startswith("_"):
                continue
            elif isinstance(value, classmethod):
                fixed.add(name, None, None, fixed.function(_class_method(cls, name), name))
            elif isinstance(value, staticmethod):
                call = fixed.function(getattr(cls, name), name, receiver=False)
                fixed.add(name, None, None, call)
            elif isinstance(value, property):
                _accessor(own, cls, name, value.fset is not None)
            elif isinstance(value, functools.cached_property):
                _accessor(own, cls, name, True)
            elif name in own.names and not callable(value):
                # The default of an annotated attribute, or its slot.
                continue
            elif hasattr(value, "__set__") and hasattr(value, "__get__"):
                _accessor(own, cls, name, True)
            elif callable(value) and not isinstance(value, type):
                own.add(name, None, None, own.function(_method(cls, name, name), name))
            else:
                get = fixed.function(functools.partial(getattr, cls, name), name, receiver=False)
                fixed.add(name, get, None, None)


def _accessor(table: _Table, cls: type, name: str, writable: bool) -> None:
    put = table.function(_setter(cls, name), name) if writable else None
    table.add(name, table.function(_getter(cls, name), name), put, None)


def class_in(context: Context, cls: type) -> _Class:
    """An exposed class in a context; made when it is first needed."""
    classes = context._classes
    found = classes.get(cls)
    if found is not None:
        return found  # type: ignore[no-any-return]
    make = classes.get("make")
    if make is None:
        make = classes["make"] = list(context.eval(_MAKE, filename="isthmus:expose"))
    known = next((base for base in cls.__mro__[1:] if base in _exposed), None)
    parent = class_in(context, known).made if known else None
    own, fixed = _Table(context), _Table(context)
    _fill(context, cls, own, fixed)

    def build(about: Any, *args: Any) -> None:
        stand(context, cls(*args), about=about)

    made = make[0](_exposed[cls], parent, build)
    prototype = made["prototype"]
    own.put(make[1], prototype, True)
    fixed.put(make[1], made, False)
    found = classes[cls] = _Class(made, prototype)
    stand(context, cls, about=made)
    return found


def stand(
    context: Context,
    value: Any,
    *,
    about: Optional[JSObject] = None,
    prototype: Optional[JSObject] = None,
) -> int:
    """Makes an object of JavaScript's, `about` or a new one, stand for a Python object: its number,
    which has been given back already when `about` is given, and is to be dropped after use
    otherwise.
    """
    core = context._core
    host = core.host(value)
    frame = core.frame()
    at = (
        context._at,
        prototype._id if prototype else 0,
        about._id if about is not None else 0,
        host,
        frame.at,
    )
    try:
        number = lib.ipy_instance(*at)
        if number < 0:
            number = core.again(number, frame, context, lib.ipy_instance, *at)
    except BaseException:
        core.objects.pop(host, None)
        raise
    core.frames.append(frame)
    core.made[id(value)] = number, host
    if about is not None:
        lib.ipy_drop(core.ptr, number)
    return number  # type: ignore[no-any-return]


def lower_instance(context: Context, value: Any, item: Any, keep: list[Any]) -> None:
    """An instance of an exposed class."""
    number = _convert.pinned(context._core, value)
    if not number:
        found = class_in(context, _nearest(type(value)))
        number = stand(context, value, prototype=found.prototype)
    item.tag = OBJECT
    item.integer = number
    keep.append(Dropped(number))


def lower_class(context: Context, value: type, item: Any, keep: list[Any]) -> None:
    """A class: one of JavaScript's when it is exposed, else a function that makes instances."""
    if value not in _exposed:
        _convert.lower_callable(context, value, item, keep)
        return
    item.tag = OBJECT
    item.integer = class_in(context, value).made._id


def lower_iterator(context: Context, value: Iterator[Any], item: Any, keep: list[Any]) -> None:
    """An iterator of Python's as one of JavaScript's, which can be iterated over, too."""
    from ._proxies import WRAP, helper

    number = _convert.pinned(context._core, value)
    if not number:

        def step(end: Any) -> Any:
            return next(value, end)

        about = helper(context, WRAP)(step)
        if not hasattr(about, "_id"):
            raise ConversionError("the iterator could not be made")
        stand(context, value, about=about)
        number = _convert.pinned(context._core, value)
    item.tag = OBJECT
    item.integer = number
    keep.append(Dropped(number))


_convert.fix(_Made, _lower_made)
