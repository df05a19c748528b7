from typing import Any, Callable as _Callable

class Proxy:
    _at: int
    _id: int
    def __getitem__(self, key: str) -> Any: ...

class Callable(Proxy):
    def __call__(self, *args: Any) -> Any: ...

def start(
    call: int,
    get: int,
    reset: int,
    call_otherwise: _Callable[[Any, tuple[Any, ...]], Any],
    get_otherwise: _Callable[[Any, Any], Any],
    get_undefined: _Callable[[Any, str], Any],
    finish: _Callable[[Any, int, int], Any],
) -> None: ...

def text_address(text: str, /) -> int: ...
