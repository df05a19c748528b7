from __future__ import annotations

from typing import Any
from typing import Callable as _Callable

class Proxy:
    _at: int
    _id: int
    def __getitem__(self, key: Any, /) -> Any: ...

class Owner:
    def __new__(cls, release: int, pointer: int, /) -> Owner: ...

class Keeper:
    def _keep(self, leave: int, hold: int, /) -> None: ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *ignored: Any) -> None: ...

class Callable(Proxy):
    def __call__(self, *args: Any) -> Any: ...

def start(
    call: int,
    get: int,
    reset: int,
    drop: int,
    call_otherwise: _Callable[[Any, tuple[Any, ...]], Any],
    get_otherwise: _Callable[[Any, Any], Any],
    get_undefined: _Callable[[Any, str], Any],
    finish: _Callable[[Any, int, int], Any],
    pinned: _Callable[[Any, Any], int],
) -> None: ...
def answer_by(
    cores: dict[int, Any],
    lift: _Callable[..., Any],
    settle: _Callable[..., int],
    throw: int,
    /,
) -> int: ...
def evaluate(function: int, place: int, source: str, filename: str, context: Any, /) -> Any: ...
def utf8(text: str, what: str, /) -> bytes: ...
def text_address(text: str, /) -> int: ...
def doubles(values: list[Any], /) -> bytes | None: ...
def numbers(address: int, count: int, kind: int, /) -> list[Any]: ...
def items(address: int, count: int, other: _Callable[[int], Any], /) -> list[Any]: ...
def encode(
    value: Any,
    undefined: Any,
    other: _Callable[[Any], tuple[int, Any]],
    trail: list[Any],
    depth: int,
) -> bytes: ...
def decode(
    data: Any,
    undefined: Any,
    references: list[Any],
    tagged: _Callable[[int, Any], Any],
    key: _Callable[[Any], Any],
) -> Any: ...
