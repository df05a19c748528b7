"""`Context.eval` takes texts, whatever is in them, and says what it does not take."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest

# With limits, and without: two ways through the package.
WAYS: list[dict[str, Any]] = [{}, {"timeout": 60}, {"line_offset": 1}]
ways = pytest.mark.parametrize("options", WAYS, ids=["plain", "timeout", "line_offset"])


@ways
def test_what_is_no_text(context: ist.Context, options: dict[str, Any]) -> None:
    wrong: Any
    for wrong, name in ((1, "int"), (b"1", "bytes"), (None, "NoneType")):
        with pytest.raises(TypeError, match=f"^the source must be str, not {name}$"):
            context.eval(wrong, **options)
        with pytest.raises(TypeError, match=f"^the filename must be str, not {name}$"):
            context.eval("1", filename=wrong, **options)


@ways
def test_lone_surrogates_are_replaced(context: ist.Context, options: dict[str, Any]) -> None:
    assert context.eval("'a\ud800b'", **options) == "a\ufffdb"
    assert context.eval("'\ud83d\ude00'", **options) == "\U0001f600"
    with pytest.raises(ist.JSError) as caught:
        context.eval("x.y", filename="a\udc80.js", **options)
    assert caught.value.filename == "a\ufffd.js"


@ways
def test_a_nul(context: ist.Context, options: dict[str, Any]) -> None:
    assert context.eval("'a\0b'", **options) == "a\0b"
    with pytest.raises(ValueError, match=r"^embedded null byte$"):
        context.eval("1", filename="a\0b", **options)
