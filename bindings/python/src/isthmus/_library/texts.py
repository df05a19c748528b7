"""The words of errors: where something is wrong, what was expected, what came.

They are those that JavaScript sees, in Python's terms, and every error carries `library`,
`function` and, where there is one, `parameter`. Nothing here runs code of the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from .descriptor import Type

E = TypeVar("E", bound=BaseException)

_MOST_NAMES = 12
_MOST_TEXT = 40
_MOST_BITS = 256


class Site:
    """A place that errors speak of: a function, and what of its arguments."""

    __slots__ = ("label", "library", "member", "place")

    def __init__(self, library: str, label: str, place: str = "", member: bool = False) -> None:
        self.library = library
        self.label = label
        self.place = place
        self.member = member
        """The place is written as a member of the label: "shapes.Point.x"."""

    def at(self, name: str) -> Site:
        """The place of a member of this one."""
        place = f"{self.place}.{name}" if self.place else name
        return Site(self.library, self.label, place, self.member)

    def index(self, index: int) -> Site:
        """The place of an element of this one."""
        return Site(self.library, self.label, f"{self.place}[{index}]", self.member)

    def error(self, kind: type[E], text: str) -> E:
        """An exception that says `text` of this place."""
        label, place = self.label, self.place
        if place and self.member:
            label = f"{label}{place}" if place[0] == "[" else f"{label}.{place}"
        elif place:
            label = f"{label}: {place}"
        error: Any = kind(f"{label}: {text}")
        error.library = self.library
        prefix = self.library + "."
        named = self.label
        error.function = named.removeprefix(prefix)
        if place and not self.member:
            error.parameter = place.split(".")[0].split("[")[0].split(":")[0]
        made: E = error
        return made

    def expected(self, kind: type[E], what: str, value: Any) -> E:
        """An exception: "expected WHAT, got VALUE"."""
        return self.error(kind, f"expected {what}, got {got(value, self.library)}")

    def wrong(self, kind: type[E], type: Type, null: bool, value: Any) -> E:
        """The same for what a type takes."""
        return self.expected(kind, expected(type, null), value)


def article(name: str) -> str:
    """A name with its article."""
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"


def got(value: Any, library: str = "") -> str:
    """What a value is, in a few words."""
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if kind is float:
        return float.__repr__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if int.bit_length(value) > _MOST_BITS:
            return f"an integer of more than {_MOST_BITS} bits"
        return int.__repr__(value)
    if isinstance(value, str):
        text = str.__str__(value)
        shown = text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + "…"
        shown = "".join(max(one, " ") for one in shown)
        return '"' + shown.encode("utf-8", "backslashreplace").decode() + '"'
    native: Type | None = getattr(kind, "__isthmus_type__", None)
    if isinstance(native, Type):
        owner = native.label.split(".")[0]
        if native.kind != "array" and library and owner != library:
            return article(native.label)
        return article(native.name if native.kind != "array" else "StructArray")
    if isinstance(value, type):
        return "a class"
    if kind.__name__ in ("function", "builtin_function_or_method", "method"):
        return "a function"
    return "bytes" if kind is bytes else article(kind.__name__)


def integer_words(type: Type) -> str:
    """The range of an integer type."""
    return f"an integer from {type.minimum} to {type.maximum}"


def expected(type: Type, null: bool) -> str:
    """What a type takes."""
    kind = type.kind
    if kind == "ref":
        return expected(type.to, null)
    if kind == "int" or (kind == "enum" and (type.open or not type.values)):
        text = integer_words(type)
    elif kind == "enum":
        names = [value["name"] for value in type.values[:_MOST_NAMES]]
        if len(type.values) > _MOST_NAMES:
            names.append("…")
        text = ("a combination of " if type.flags else "one of ") + ", ".join(names)
    elif kind == "array":
        text = "a string" if type.is_text else f"an array of {type.count} elements"
    elif kind == "struct":
        text = f"{article(type.name)} or a dict"
    elif kind == "handle":
        text = article(type.name)
    else:
        text = _WORDS.get(kind, "a value")
    return text + " or None" if null else text


_WORDS = {"bool": "a bool", "float": "a number", "string": "a string", "callback": "a function"}


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            best = min(diagonal + (one != other), row[j] + 1, row[j - 1] + 1)
            diagonal, row[j] = row[j], best
    return row[-1]


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was perhaps meant."""
    if len(name) > _MOST_TEXT:
        return None
    least, best = min(len(name) // 2 + 1, 3), None
    for other in names:
        apart = _distance(name, other) if len(other) <= _MOST_TEXT else least
        if apart < least:
            least, best = apart, other
    return best


def perhaps(name: str, names: Iterable[str]) -> str:
    """ ": did you mean …", or nothing."""
    near = nearest(name, names)
    return f': did you mean "{near}"?' if near else ""


def listed(values: list[int]) -> str:
    """Numbers with commas and an "or"."""
    words = [str(value) for value in values]
    return " or ".join(words) if len(words) < 3 else ", ".join(words[:-1]) + " or " + words[-1]
