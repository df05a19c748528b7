"""The code of a script or function is kept and given along with the same text another time."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest

TEXT = "(function () { return 6 * 7 })()"


def test_a_cache_is_used() -> None:
    with ist.Isolate() as isolate:
        script = isolate.context().compile(TEXT, filename="a.js")
        assert not script.cache_used
        script.run()
        cache = script.cache()
    with ist.Isolate() as isolate:
        again = isolate.context().compile(TEXT, filename="a.js", cache=cache)
        assert again.cache_used
        assert again.run() == 42


def test_another_text(context: ist.Context) -> None:
    cache = context.compile(TEXT, filename="a.js").cache()
    other = context.compile("1 + 1 + 1", filename="a.js", cache=cache)
    assert not other.cache_used
    assert other.run() == 3


@pytest.mark.parametrize("damage", [b"", b"no code", b"\0" * 1000])
def test_bytes_that_are_no_code(context: ist.Context, damage: bytes) -> None:
    script = context.compile(TEXT, cache=damage)
    assert not script.cache_used
    assert script.run() == 42


def test_damaged_bytes(context: ist.Context) -> None:
    cache = bytearray(context.compile(TEXT, filename="a.js").cache())
    cache[len(cache) // 2] ^= 1
    script = context.compile(TEXT, filename="a.js", cache=bytes(cache))
    assert not script.cache_used
    assert script.run() == 42


def test_a_function() -> None:
    with ist.Isolate() as isolate:
        context = isolate.context()
        function = context.function("return a + b", ["a", "b"])
        assert function(1, 2) == 3
        cache = context.function_cache(function)
    with ist.Isolate() as isolate:
        again = isolate.context().function("return a + b", ["a", "b"], cache=cache)
        assert again(3, 4) == 7


def test_what_has_no_code(context: ist.Context) -> None:
    function: Any = context.eval("() => 1")
    with pytest.raises(ist.ConversionError, match=r"was not made by Context\.function"):
        context.function_cache(function)
