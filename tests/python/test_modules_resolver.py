"""A function of Python's finds modules, also asynchronously, and fails by its own errors."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import isthmus as ist
import pytest


def test_it_is_asked(isolate: ist.Isolate) -> None:
    asked: list[tuple[str, str, str]] = []

    def resolve(specifier: str, referrer: str, type: str) -> Any:
        asked.append((specifier, referrer, type))
        return "export default 1" if specifier == "b" else "import 'b'; export default 2"

    context = isolate.context(modules=resolve)
    assert context.run("import('a').then((m) => m.default)", filename="start.js") == 2
    assert asked == [("a", "start.js", ""), ("b", "a", "")]


@pytest.mark.parametrize(
    "answer",
    [
        "export const x = 1",
        b"export const x = 1",
        ist.Source("export const x = 1"),
        ist.Source("export const x = 1", "memory:x"),
        {"x": 1},
    ],
)
def test_what_it_answers(isolate: ist.Isolate, answer: Any) -> None:
    context = isolate.context(modules=lambda specifier, referrer, type: answer)
    assert context.import_module("a").x == 1


def test_json(isolate: ist.Isolate) -> None:
    texts = {"a.json": '{"n": 1}', "b": '{"n": 2}', "c": ist.Source('{"n": 3}', type="json")}
    context = isolate.context(modules=lambda specifier, referrer, type: texts[specifier])
    assert context.import_module("a.json")["default"].n == 1
    assert context.import_module("b", type="json")["default"].n == 2
    assert context.import_module("c")["default"].n == 3
    texts["bad.json"] = "{"
    with pytest.raises(ist.JSSyntaxError):
        context.import_module("bad.json")


def test_a_module_that_was_compiled(isolate: ist.Isolate) -> None:
    modules: dict[str, Any] = {}
    context = isolate.context(modules=lambda specifier, referrer, type: modules[specifier])
    other = isolate.context()
    modules["mine"] = context.module("export const x = {};", "mine.mjs")
    modules["other"] = other.module("export const x = {};", "other.mjs")
    first = context.import_module("mine")
    assert first is modules["mine"].namespace
    with pytest.raises(ist.ClosedError, match="the module for 'other' belongs to another context"):
        context.import_module("other")


def test_one_module_for_one_url(isolate: ist.Isolate) -> None:
    count = 0

    def resolve(specifier: str, referrer: str, type: str) -> ist.Source:
        nonlocal count
        count += 1
        return ist.Source(f"export const number = {count}", "the:same")

    context = isolate.context(modules=resolve)
    assert context.import_module("a") is context.import_module("b")
    assert context.import_module("c").number == 1


def test_relative_specifiers_are_joined(isolate: ist.Isolate) -> None:
    def resolve(specifier: str, referrer: str, type: str) -> str:
        if specifier == "./b.mjs":
            return "export const {url} = import.meta"
        return "export * from './b.mjs'"

    context = isolate.context(modules=resolve)
    assert context.import_module("https://example.com/x/a.mjs").url == "https://example.com/x/b.mjs"


def test_nothing(isolate: ist.Isolate) -> None:
    context = isolate.context(modules=lambda specifier, referrer, type: None)
    with pytest.raises(ist.NotFoundError, match="Cannot find module 'x' imported from <import>"):
        context.import_module("x")


def test_the_wrong_type(isolate: ist.Isolate) -> None:
    context = isolate.context(modules=lambda specifier, referrer, type: 5)
    with pytest.raises(TypeError) as caught:
        context.import_module("x")
    assert str(caught.value) == (
        "what finds modules must answer 'x' with a Source, str, bytes, Module, a mapping of "
        "exports or None, not int"
    )
    context = isolate.context(modules=lambda specifier, referrer, type: ist.Source(5))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the source must be str or bytes, not int"):
        context.import_module("x")
    context = isolate.context(modules=lambda *asked: ist.Source("", type="css"))
    with pytest.raises(ValueError, match="must be 'js' or 'json', not 'css'"):
        context.import_module("x")


def test_its_errors_are_themselves(isolate: ist.Isolate) -> None:
    problem = KeyError("mine")

    def resolve(specifier: str, referrer: str, type: str) -> str:
        if specifier == "fails":
            raise problem
        return "import 'fails'"

    context = isolate.context(modules=resolve)
    for specifier in ("fails", "deep"):
        with pytest.raises(KeyError) as caught:
            context.import_module(specifier)
        assert caught.value is problem


def test_a_signal_within_it_is_no_error_of_the_module(isolate: ist.Isolate) -> None:
    def resolve(specifier: str, referrer: str, type: str) -> str:
        raise KeyboardInterrupt

    context = isolate.context(modules=resolve)
    with pytest.raises(KeyboardInterrupt):
        context.import_module("x")
    assert context.eval("1") == 1


def test_cycles(isolate: ist.Isolate) -> None:
    texts = {
        "a": "import {b} from 'b'; export function a() { return 'a'; } export const seen = b();",
        "b": "import {a} from 'a'; export function b() { return a() + 'b'; }",
        "self": "import * as me from 'self'; export const names = () => Object.keys(me).join();",
    }
    context = isolate.context(modules=lambda specifier, referrer, type: texts[specifier])
    assert context.import_module("a").seen == "ab"
    assert context.import_module("self").names() == "names"


def test_a_long_chain(isolate: ist.Isolate) -> None:
    def resolve(specifier: str, referrer: str, type: str) -> str:
        number = int(specifier)
        return f"import '{number - 1}'" if number else "globalThis.reached = true"

    context = isolate.context(modules=resolve)
    context.import_module("3000")
    assert context["reached"] is True


def test_it_may_use_the_context(isolate: ist.Isolate) -> None:
    def resolve(specifier: str, referrer: str, type: str) -> str:
        return f"export default {context.eval('40 + 2')}"

    context = isolate.context(modules=resolve)
    assert context.import_module("x")["default"] == 42


def test_it_imports_itself(isolate: ist.Isolate) -> None:
    def resolve(specifier: str, referrer: str, type: str) -> Any:
        return context.import_module("again")

    context = isolate.context(modules=resolve)
    with pytest.raises(ist.StateError, match="JavaScript has called this function"):
        context.import_module("x")


def test_asynchronously(isolate: ist.Isolate) -> None:
    async def resolve(specifier: str, referrer: str, type: str) -> str:
        await asyncio.sleep(0.001)
        if specifier == "fails":
            raise KeyError(specifier)
        number = int(specifier)
        return f"import '{number - 1}'; export const x = {number}" if number else ""

    context = isolate.context(modules=resolve)

    async def main() -> None:
        assert (await context.import_module_async("5")).x == 5
        assert await context.eval_async("import('7').then((m) => m.x)") == 7
        with pytest.raises(KeyError, match="fails"):
            await context.import_module_async("fails")
        both = await asyncio.gather(
            context.import_module_async("20"), context.import_module_async("20")
        )
        assert both[0] is both[1]

    asyncio.run(main())


def test_asynchronously_without_asyncio(isolate: ist.Isolate) -> None:
    async def resolve(prefix: str, specifier: str, referrer: str, type: str) -> str:
        return ""

    context = isolate.context(modules=functools.partial(resolve, "x"))
    with pytest.raises(ist.StateError, match="Cannot import 'a': what finds modules is asynchr"):
        context.import_module("a")


def test_closed_while_it_is_asked(isolate: ist.Isolate) -> None:
    async def main() -> None:
        context = isolate.context(modules=resolve)
        contexts.append(context)
        with pytest.raises(ist.ClosedError, match="the context is closed"):
            await context.import_module_async("x")

    async def resolve(specifier: str, referrer: str, type: str) -> str:
        contexts[0].close()
        return "export default 1"

    contexts: list[ist.Context] = []
    asyncio.run(main())


def test_import_meta(isolate: ist.Isolate) -> None:
    context = isolate.context(
        modules=lambda *asked: "export const {url, answer} = import.meta",
        import_meta=lambda url: {"answer": len(url)},
    )
    assert context.import_module("x:abc").answer == 5
    with pytest.raises(TypeError, match="import_meta must be a callable or None, not int"):
        isolate.context(import_meta=5)


def test_top_level_await_that_never_ends(isolate: ist.Isolate) -> None:
    context = isolate.context(modules=lambda *asked: "await new Promise(() => {})")
    with pytest.raises(ist.StateError, match="the promise is never settled"):
        context.import_module("x")
    context = isolate.context(modules=lambda *asked: "await new Promise((r) => setTimeout(r, 1e6))")
    with pytest.raises(ist.JSTimeoutError):
        context.import_module("x", timeout=0.02)


def test_a_module_that_does_not_end(isolate: ist.Isolate) -> None:
    context = isolate.context(modules=lambda *asked: "for (;;);")
    with isolate.limits(timeout=0.05), pytest.raises(ist.JSTimeoutError):
        context.import_module("x")
    assert context.eval("1") == 1
