"""Types that derive from Python's plain ones are their values, whatever they say of themselves."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest


class Text(str):
    """Lies about itself."""

    def encode(self, *args: Any) -> bytes:  # type: ignore[override]
        return b"lied"

    def __len__(self) -> int:
        return 1 << 40


class Number(int):
    """Lies about itself."""

    def __abs__(self) -> int:
        return 1

    def bit_length(self) -> int:
        return 1

    def __le__(self, other: object) -> bool:
        return True

    def __int__(self) -> int:
        raise OSError

    __index__ = __int__


class Real(float):
    """Lies about itself."""

    def __float__(self) -> float:
        raise OSError


class Data(bytes):
    """Lies about itself."""

    def __len__(self) -> int:
        return 1 << 40

    def __bytes__(self) -> bytes:
        raise OSError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Text("text \u4e2d"), "text \u4e2d"),
        (Text("\ud800"), "\ud800"),
        (Number(5), 5),
        (Number(1 << 70), 1 << 70),
        (Real(1.5), 1.5),
    ],
    ids=["text", "surrogate", "small", "large", "real"],
)
def test_they_are_what_they_derive_from(context: ist.Context, value: Any, shown: Any) -> None:
    same = context.eval("x => x")
    assert same(value) == shown and type(same(value)) is type(shown)
    assert list(same([value, None])) == [shown, None]
    assert same({"key": value}).to_python() == {"key": shown}


def test_bytes(context: ist.Context) -> None:
    same = context.eval("x => x")
    assert bytes(same(Data(b"abc"))) == b"abc"
    assert same([Data(b"abc")]).to_python() == [b"abc"]
