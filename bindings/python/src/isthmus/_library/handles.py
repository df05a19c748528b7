"""Handles as classes: constructors, methods, properties for fields, and ends.

The destructor is a method under its own name, and what the `with` statement calls. An object that
Python forgets is destroyed when nothing of the library is under way.
"""

from __future__ import annotations

from typing import Any, Callable

from .._errors import ClosedError
from . import faces
from .descriptor import Function, Type
from .native import NEVER, Native, check_live
from .owners import LIVE
from .structs import add_fields, kind_of
from .texts import Site


class Handle(Native):
    """The base of all handles: an object of the library, reached by pointer."""

    __slots__ = ()
    __isthmus_type__: Type

    def __enter__(self) -> Any:
        _, site = kind_of(self, Handle)
        check_live(site, self)
        return self

    def __exit__(self, *_: Any) -> None:
        _dispose(self)

    def __repr__(self) -> str:
        name = type(self).__name__
        try:
            owner = self._owner
        except AttributeError:
            return f"<{name}: {NEVER}>"
        if owner is not None and owner.state != LIVE:
            return f"<{name}: {owner.fault()}>"
        return f"<{name} at {self._address:#x}>"


def _dispose(self: Any) -> None:
    """Destroys the object; twice is no error."""
    _, site = kind_of(self, Handle)
    if not hasattr(self, "_type"):
        raise site.error(ClosedError, NEVER)
    destructor = self._type.destructor
    if destructor is None:
        return
    plan = self._type.library.plan(destructor)
    given = tuple(plan.defaults.get(index) for index in destructor.args)
    plan.run(self, given, disposing=True)


def handle_class(kind: Type, granted: Callable[[Function], bool]) -> type[Any]:
    """The class of a handle."""
    library = kind.library
    members: dict[str, Any] = {
        "__slots__": (),
        "__isthmus_type__": kind,
        "__doc__": kind.doc,
        "__module__": f"isthmus.library.{library.name}",
        "__init__": _constructor(kind, granted),
    }
    if kind.size:
        add_fields(kind, members)
    for function in kind.methods:
        if granted(function) and not function.hidden:
            _add(members, function, faces.method(library, function))
    for function in kind.statics:
        if granted(function) and not function.hidden:
            _add(members, function, staticmethod(faces.function(library, function)))
    for function in kind.constructors[1:]:
        if granted(function):
            _add(members, function, staticmethod(faces.function(library, function)))
    if kind.destructor is not None:
        if not kind.destructor.hidden:
            _add(members, kind.destructor, faces.method(library, kind.destructor))
        members.setdefault("close", _close_of(kind))
    return type(kind.name, (Handle,), members)


def _add(members: dict[str, Any], function: Function, made: Any) -> None:
    from .descriptor import python_name

    members[python_name(function.name)] = made
    members[function.name] = made


def _close_of(kind: Type) -> Any:
    def close(self: Any) -> None:
        _dispose(self)

    close.__qualname__ = f"{kind.label}.close"
    close.__doc__ = kind.destructor.doc if kind.destructor is not None else None
    return close


def _constructor(kind: Type, granted: Callable[[Function], bool]) -> Any:
    site = Site(kind.library.name, kind.label)
    if kind.constructors and granted(kind.constructors[0]):
        return faces.constructor(kind.library, kind, kind.constructors[0])
    if kind.constructors:
        why = "its constructor was not granted"
    else:
        why = "has no constructor: the library's functions give its instances"

    def __init__(self: Any, *_: Any, **__: Any) -> None:
        raise site.error(TypeError, why)

    return __init__
