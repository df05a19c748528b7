"""JavaScript's `undefined`, which Python has no word for; `None` is JavaScript's null."""

from __future__ import annotations

from typing import Literal


class Undefined:
    """The type of `undefined`: one value, which is false and equal to itself alone."""

    __slots__ = ()
    _one: Undefined

    def __new__(cls) -> Undefined:
        return cls._one

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> Literal[False]:
        return False

    def __reduce__(self) -> str:
        return "undefined"


Undefined._one = object.__new__(Undefined)
undefined = Undefined()
