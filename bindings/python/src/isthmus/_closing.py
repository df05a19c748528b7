"""What is closed at the end of a `with`."""

from __future__ import annotations

from types import TracebackType
from typing import Optional, TypeVar

Self = TypeVar("Self", bound="Closing")


class Closing:
    """A context manager of itself."""

    __slots__ = ()

    def close(self) -> None:
        """What the end of a `with` does."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()
