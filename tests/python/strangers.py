"""Gives every function of the fixture's libraries what it does not expect: `strangers.py LIBRARY…`.

Prints for each library how many calls it made and how many were refused. A refusal that does not
name its place, or that tells of our own insides, is printed too, and makes the exit code 1.
"""

from __future__ import annotations

import array
import collections
import ctypes
import datetime
import decimal
import fractions
import itertools
import mmap
import re
import sys
import threading
import types
import weakref
from collections.abc import Iterator
from typing import Any

from libraries import fixture


class _Raises:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("attribute")


class _Index:
    def __index__(self) -> int:
        raise RuntimeError("index")


class _Float:
    def __float__(self) -> float:
        raise RuntimeError("float")


class _List(list):  # type: ignore[type-arg]
    def __len__(self) -> int:
        raise RuntimeError("len")

    def __iter__(self) -> Any:
        raise RuntimeError("iter")

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError("item")


class _Dict(dict):  # type: ignore[type-arg]
    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("item")

    def get(self, *_: Any) -> Any:
        raise RuntimeError("get")

    def keys(self) -> Any:
        raise RuntimeError("keys")

    def items(self) -> Any:
        raise RuntimeError("items")


class _Text(str):
    def encode(self, *_: Any) -> bytes:
        raise RuntimeError("encode")

    def __len__(self) -> int:
        return 1 << 40


class _Shy:
    def __repr__(self) -> str:
        raise RuntimeError("repr")


class _Number(int):
    def __index__(self) -> int:
        return 1 << 200

    def __int__(self) -> int:
        return 1 << 200


class _Unequal:
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")


def strangers() -> list[Any]:
    """Values of every kind, the libraries' own objects among them, made and unmade."""
    structs, handles, numbers = fixture("structs"), fixture("handles"), fixture("numbers")
    released = memoryview(bytearray(8))
    released.release()
    unmapped = mmap.mmap(-1, 4096)
    unmapped.close()
    plain: list[Any] = [
        None,
        True,
        False,
        object(),
        object,
        type,
        int,
        len,
        sys,
        ...,
        NotImplemented,
    ]
    plain += [0, -1, 1, 2**31, 2**53, -(2**63), 2**64, 2**200, 1j, 1.5, 1e308, 5e-324]
    plain += [float("nan"), float("inf"), "", "text", "a\0b", "\ud800", "x" * 100000]
    plain += [decimal.Decimal(1), fractions.Fraction(1, 2), datetime.datetime(2000, 1, 1)]
    plain += [b"", b"bytes", bytearray(8), memoryview(b"12345678"), memoryview(bytes(16))[::2]]
    plain += [released, unmapped, array.array("d", [1, 2, 3]), array.array("q", [1, 2])]
    plain += [(ctypes.c_int * 4)(), ctypes.c_int(4), ctypes.c_void_p(1)]
    plain += [[], [1, 2, 3], [[[]]], (), (1,), {}, {"x": 1, "y": 2}, {"x": {}}, {1: 2}, set()]
    plain += [frozenset([1]), range(3), itertools.count(), iter([1]), (i for i in [1])]
    plain += [lambda *_: 1, Exception("e"), threading.Lock(), weakref.ref(_Shy)]
    plain += [types.SimpleNamespace(x=1), collections.OrderedDict(x=1), collections.UserDict(x=1.0)]
    plain += [_Raises(), _Index(), _Float(), _List([1, 2]), _Dict(x=1), _Text("abc"), _Shy()]
    plain += [_Number(3), _Unequal(), numbers, numbers.id_int, numbers.GREEN]
    plain += [structs.Point(x=1), structs.Seg(), structs.All(), structs.Point, handles.Counter]
    unmade = [object.__new__(handles.Counter), object.__new__(structs.Point)]
    return [*plain, *unmade, fixture("unions").Word()]


def callables(library: Any) -> Iterator[tuple[str, Any]]:
    """All that can be called, by name: functions, classes, methods, properties."""
    for name in dir(library):
        value = getattr(library, name)
        if isinstance(value, type):
            if issubclass(value, (BaseException, int)):
                continue
            yield f"new {name}", value
            for key in dir(value):
                member = vars(value).get(key)
                if isinstance(member, property):
                    yield f"get {name}.{key}", member.fget
                    if member.fset:
                        yield f"set {name}.{key}", member.fset
                elif not key.startswith("__") and callable(getattr(value, key)):
                    yield f"{name}.{key}", getattr(value, key)
        elif callable(value) and name != "close":
            yield name, value


# What takes a size: a great one is no mistake, but takes time and memory.
_SIZED = re.compile(
    "(text_fill|bytes_fill|fill_|pack_bound|matrix_unit|bytes_made|numbers_made|filled)"
)
_INSIDES = (SystemError, AssertionError, UnboundLocalError, NameError, NotImplementedError)


def is_strange(label: str, error: Exception) -> bool:
    """Whether this is no refusal that a user can read."""
    if isinstance(error, _INSIDES):
        return True
    library = getattr(error, "library", None)
    return library is not None and not str(error).startswith(f"{library}.")


def sweep(name: str) -> int:
    """Calls all of one library with everybody; how many refusals are strange."""
    library, calls, refused, strange = fixture(name), 0, 0, 0
    everybody = strangers()
    for label, call in callables(library):
        # What these are given lasts for ever.
        if label.startswith("forever_"):
            continue
        for one in everybody:
            for args in ((one,), (one,) * 4, (1, one), ("s", one), ({}, one, one), (1, 2, 3, one)):
                large = any(type(arg) in (int, _Number) and arg > 10**6 for arg in args)
                if large and _SIZED.match(label):
                    continue
                calls += 1
                try:
                    call(*args)
                except Exception as error:
                    refused += 1
                    if is_strange(label, error):
                        strange += 1
                        print(f"{name}: {label}: {type(error).__name__}: {error}")
    print(f"{name}: {calls} calls, {refused} refused")
    return strange


if __name__ == "__main__":
    strange = sum(sweep(name) for name in sys.argv[1:])
    misused = fixture("handles").counters_misused()
    print(f"{misused} misused")
    sys.exit(strange + misused > 0)
