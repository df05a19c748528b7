from typing import Any, Callable as _Callable

class Proxy:
    _at: int
    _id: int

class Callable(Proxy):
    def __call__(self, *args: Any) -> Any: ...

def start(
    call: int,
    reset: int,
    otherwise: _Callable[[Any, tuple[Any, ...]], Any],
    finish: _Callable[[Any, int, int], Any],
) -> None: ...
