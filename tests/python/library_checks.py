"""How the errors of `isthmus.load`'s libraries are looked at by the tests."""

from __future__ import annotations

import re
from typing import Any, Callable, Optional, Union

import pytest

Text = Union[str, "re.Pattern[str]"]


def refused(
    call: Callable[[], Any], kind: type[BaseException], text: Text, parameter: Optional[str] = None
) -> Any:
    """Gives the exception of a call, which must be of exactly this kind and have this text.

    A pattern finds a part of the text. `parameter` is what the exception must say of itself.
    """
    with pytest.raises(kind) as caught:
        call()
    error: Any = caught.value
    assert type(error) is kind, repr(error)
    if isinstance(text, str):
        assert str(error) == text, f"{error} is not {text}"
    else:
        assert text.search(str(error)), str(error)
    if parameter is not None:
        assert error.parameter == parameter, error.parameter
    return error
