"""The code of a module is kept and given along with the same text another time."""

from __future__ import annotations

import isthmus as ist
import pytest

TEXT = "export function f(x) { return x + 1 } export default f(1)"


def test_a_cache_is_used() -> None:
    with ist.Isolate() as isolate:
        module = isolate.context().module(TEXT, "a.mjs")
        assert not module.cache_used
        module.run()
        cache = module.cache()
    with ist.Isolate() as isolate:
        again = isolate.context().module(TEXT, "a.mjs", cache=cache)
        assert again.cache_used
        assert again.run()["default"] == 2


def test_by_a_resolver() -> None:
    with ist.Isolate() as isolate:
        cache = isolate.context().module(TEXT, "a.mjs").cache()
        context = isolate.context(modules=lambda *asked: ist.Source(TEXT, "a.mjs", cache=cache))
        assert context.import_module("x")["default"] == 2


@pytest.mark.parametrize("damage", [b"", b"no code", b"\0" * 1000])
def test_bytes_that_are_no_code(context: ist.Context, damage: bytes) -> None:
    module = context.module(TEXT, "a.mjs", cache=damage)
    assert not module.cache_used
    assert module.run()["default"] == 2


def test_what_has_no_text(isolate: ist.Isolate) -> None:
    context = isolate.context(modules={"made": {"x": 1}})
    context.import_module("made")
    with pytest.raises(ist.StateError):
        context._modules["made"].cache()


def test_a_namespace_before_it_is_loaded(context: ist.Context) -> None:
    with pytest.raises(ist.StateError, match="the module was not loaded"):
        _ = context.module(TEXT, "a.mjs").namespace


def test_a_text_that_does_not_parse(context: ist.Context) -> None:
    with pytest.raises(ist.JSSyntaxError) as caught:
        context.module("export const", "bad.mjs", line_offset=9)
    assert (caught.value.filename, caught.value.line) == ("bad.mjs", 10)
