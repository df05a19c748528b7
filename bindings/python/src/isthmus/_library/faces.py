"""What Python calls: functions with the parameters, defaults and documentation of the interface.

Each is made from a line of source, so that Python itself binds arguments and keywords, and
`inspect.signature` tells the truth. What the line calls is a plan, or a shorter way to C.
"""

from __future__ import annotations

from typing import Any

from . import fast
from .descriptor import Function, Type
from .plans import takes_into
from .texts import Site


class Parameters:
    """The parameters of a function as Python has them."""

    def __init__(self, library: Any, function: Function, has_self: bool) -> None:
        self.library = library
        self.function = function
        plan = library.plan(function)
        self.plan = plan
        taken = {"self", "into"}
        self.names: list[str] = []
        self.values: dict[str, Any] = {}
        parts = ["self", "/"] if has_self else []
        seen_default = False
        for position, index in enumerate(function.args):
            param = function.params[index]
            name = param.attribute
            while name in taken or name.startswith("__"):
                name = name.lstrip("_") + "_"
            taken.add(name)
            self.names.append(name)
            has_default = index in plan.defaults
            if has_default or position >= function.required or seen_default:
                seen_default = True
                default = f"_default_{position}"
                self.values[default] = plan.defaults.get(index)
                parts.append(f"{name}={default}")
            else:
                parts.append(name)
        self.has_into = any(takes_into(plan, param) for param in function.params)
        if self.has_into:
            parts += ["*", "into=None"]
        self.declared = ", ".join(parts)
        self.tuple = "(" + "".join(f"{name}, " for name in self.names) + ")"


def _finish(made: Any, library: Any, function: Function, label: str) -> Any:
    made.__name__ = function.name
    made.__qualname__ = label
    # What Python says of wrong arguments names the function by its code before version 3.10.
    made.__code__ = made.__code__.replace(co_name=label)
    made.__module__ = f"isthmus.library.{library.name}"
    made.__doc__ = _doc(function)
    return made


def _doc(function: Function) -> str:
    text = function.doc or ""
    if function.throws is not None:
        text += f"\n\nRaises {function.throws.name}."
    if function.unsafe:
        text += f"\n\nUnsafe: {function.unsafe}."
    return text.strip()


def _make(source: str, values: dict[str, Any], name: str, filename: str) -> Any:
    code = compile(source, filename, "exec")
    exec(code, values)  # the source is made of names that the compiler has checked
    return values[name]


def function(library: Any, function: Function) -> Any:
    """A function or static."""
    return _face(library, function, "None")


def method(library: Any, function: Function) -> Any:
    """A method."""
    return _face(library, function, "self")


def _face(library: Any, function: Function, this: str) -> Any:
    has_self = this == "self"
    parameters = Parameters(library, function, has_self)
    body, values = fast.body(parameters, has_self)
    values.update(parameters.values)
    values["_run"] = parameters.plan.run
    into = "into" if parameters.has_into else "None"
    source = (
        f"def face({parameters.declared}):\n{body}"
        f"    return _run({this}, {parameters.tuple}, {into})\n"
    )
    made = _make(source, values, "face", f"<{function.label}>")
    return _finish(made, library, function, function.label)


def constructor(library: Any, kind: Type, function: Function) -> Any:
    """What constructs an object: `__init__`."""
    parameters = Parameters(library, function, True)
    site = Site(library.name, kind.label)
    into = "into" if parameters.has_into else "None"
    source = f"def face({parameters.declared}):\n    _construct(self, {parameters.tuple}, {into})\n"
    run = parameters.plan.run

    def construct(self: Any, given: tuple[Any, ...], into: Any) -> None:
        if hasattr(self, "_type"):
            raise site.error(TypeError, "is constructed already")
        run(None, given, into, self, site)
        if not hasattr(self, "_type"):
            raise site.error(library.Error, "the constructor gave nothing")

    values = dict(parameters.values, _construct=construct)
    made = _make(source, values, "face", f"<{kind.label}>")
    made.__name__ = "__init__"
    made.__qualname__ = kind.label
    made.__code__ = made.__code__.replace(co_name=kind.label)
    made.__module__ = f"isthmus.library.{library.name}"
    made.__doc__ = _doc(function)
    return made
