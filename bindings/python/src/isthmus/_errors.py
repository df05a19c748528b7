"""The exceptions of this package.

Everything that goes wrong in here is an `Error`; what JavaScript throws is a `JSError`. Nothing in
this module needs V8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional


class Error(Exception):
    """The base of all errors of this package."""


class ClosedError(Error):
    """Something was used after it, or what it belongs to, was closed."""


class ForkedError(Error):
    """V8 was used in a process made by fork, which it does not survive: start a new process."""


class StateError(Error):
    """What was asked for is not possible now."""


class InterfaceError(Error):
    """An interface file has errors, or the library it describes cannot be opened."""


class NotFoundError(Error, LookupError):
    """A file, library, symbol or module is not there."""


class DeniedError(Error, PermissionError):
    """What was asked for was not granted."""


class ResourceError(Error, OSError):
    """The system has no more of something: memory mappings, threads, processes."""


class LimitError(Error, ValueError):
    """Something is larger than it may be."""


class ConversionError(Error, TypeError):
    """A value has no form in the other language."""


@dataclass(frozen=True)
class Frame:
    """One call on JavaScript's stack. Texts are "" when there is nothing to say."""

    function: str
    """Its name."""
    filename: str
    """The name of the script or module."""
    line: int
    """From 1; 0 when unknown."""
    column: int
    """From 1, in UTF-16 units; 0 when unknown."""
    is_async: bool = False
    """Whether it awaits the call before it."""


class JSError(Error):
    """An error that JavaScript threw, or that ended it.

    `str()` of it is the class and message that JavaScript shows, such as "TypeError: x is not a
    function". It stays readable when its isolate is closed, but for `value`.
    """

    def __init__(
        self, message: str = "", name: Optional[str] = None, details: Optional[ErrorDetails] = None
    ) -> None:
        super().__init__(message)
        self.message = message
        """What went wrong, without the class."""
        self.name = name
        """The class of the error, such as "TypeError"; None when what was thrown is no Error."""
        self._details = details

    def __str__(self) -> str:
        if self.name and self.message:
            return f"{self.name}: {self.message}"
        return self.name or self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> Any:
        # What belongs to an isolate cannot travel; what it says can.
        return _restore, (type(self), self.message, self.name, self._plain())

    def _plain(self) -> dict[str, Any]:
        details = self._details
        if details is None:
            return {}
        read = details.read()
        return {name: getattr(read, name) for name in _plain_names}

    @property
    def stack(self) -> Optional[str]:
        """The stack as JavaScript shows it; its first line repeats name and message."""
        return self._details.read().stack if self._details else None

    @property
    def filename(self) -> Optional[str]:
        """The name of the script or module."""
        return self._details.read().filename if self._details else None

    @property
    def line(self) -> int:
        """From 1; 0 when unknown."""
        return self._details.read().line if self._details else 0

    @property
    def column(self) -> int:
        """From 1, in UTF-16 units; 0 when unknown."""
        return self._details.read().column if self._details else 0

    @property
    def end_column(self) -> int:
        """One beyond the last; 0 when unknown."""
        return self._details.read().end_column if self._details else 0

    @property
    def source_line(self) -> Optional[str]:
        """The text of the line, without its end."""
        return self._details.read().source_line if self._details else None

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The calls that were under way, innermost first; at most ten, and callers that await
        them.
        """
        return self._details.read().frames if self._details else ()

    @property
    def cause(self) -> Optional[JSError]:
        """The error of JavaScript's `cause` property, when that is an error."""
        return self._details.read().cause if self._details else None

    @property
    def value(self) -> Any:
        """What was thrown. ClosedError when its isolate is closed."""
        return self._details.value if self._details else None

    def format(self) -> str:
        """The error as a person wants to read it: place, source line with a caret, stack,
        causes.
        """
        return self._details.read().formatted if self._details else f"{self}\n"


class JSSyntaxError(JSError):
    """A source text does not parse."""


class JSTimeoutError(JSError, TimeoutError):
    """A time limit was reached. The isolate can be used again."""


class JSMemoryError(JSError, MemoryError):
    """A heap limit was reached, or memory is out. An isolate whose heap is full is closed."""


class JSTerminated(JSError):
    """JavaScript was ended by `Isolate.terminate`."""


class JSDiedError(JSError):
    """The process that ran a program has died."""


class ErrorDetails:
    """Where an error keeps what is asked for less often."""

    stack: Optional[str] = None
    filename: Optional[str] = None
    line: int = 0
    column: int = 0
    end_column: int = 0
    source_line: Optional[str] = None
    frames: tuple[Frame, ...] = ()
    cause: Optional[JSError] = None
    value: Any = None
    formatted: str = ""

    def read(self) -> ErrorDetails:
        """All of it; what comes out of an isolate is read when somebody asks."""
        return self


_plain_names = (
    "stack",
    "filename",
    "line",
    "column",
    "end_column",
    "source_line",
    "frames",
    "cause",
    "formatted",
)


def _restore(
    cls: Callable[..., JSError], message: str, name: Optional[str], plain: dict[str, Any]
) -> JSError:
    details = ErrorDetails()
    for key, value in plain.items():
        setattr(details, key, value)
    return cls(message, name, details)
