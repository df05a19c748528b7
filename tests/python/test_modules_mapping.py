"""Python objects are modules: mappings of exports, beside folders and functions."""

from __future__ import annotations

from pathlib import Path

import isthmus as ist
import pytest


def test_exports_of_python(isolate: ist.Isolate) -> None:
    context = isolate.context(modules={"math": {"pi": 3, "add": lambda a, b: a + b}})
    source = "import {add, pi} from 'math'; export const sum = add(pi, 1);"
    assert context.module(source, "main").run().sum == 4


def test_other_answers(isolate: ist.Isolate) -> None:
    context = isolate.context(
        modules={"text": "export const x = 1", "source": ist.Source("export const x = 2", "u:rl")}
    )
    assert context.import_module("text").x == 1
    assert context.import_module("source").x == 2
    with pytest.raises(ist.NotFoundError, match="Cannot find module 'other'"):
        context.import_module("other")


def test_names_that_are_no_text(isolate: ist.Isolate) -> None:
    context = isolate.context(modules={"bad": {1: 2}})
    with pytest.raises(TypeError, match="the exports of 'bad' have a name that is no str: 1"):
        context.import_module("bad")


def test_setters_of_programs_are_not_run(isolate: ist.Isolate) -> None:
    context = isolate.context(modules={"math": {"pi": 3}})
    context.eval("Object.defineProperty(Object.prototype, 'pi', {set() { throw 1 }})")
    assert context.import_module("math").pi == 3


def test_an_export_without_form(isolate: ist.Isolate) -> None:
    context = isolate.context(modules={"bad": {"x": object()}})
    with pytest.raises(ist.ConversionError, match="has no form in JavaScript"):
        context.import_module("bad")


def test_several_in_turn(isolate: ist.Isolate, tmp_path: Path) -> None:
    (tmp_path / "file.mjs").write_text(
        "import {pi} from 'math'; import x from 'made'; export const all = pi + x;"
        "export const {filename} = import.meta;"
    )

    async def made(specifier: str, referrer: str, type: str) -> object:
        return "export default 1" if specifier == "made" else None

    context = isolate.context(modules=[{"math": {"pi": 3}}, made, tmp_path])

    import asyncio

    namespace = asyncio.run(context.import_module_async("./file.mjs"))
    assert namespace.all == 4
    assert namespace.filename == str(tmp_path / "file.mjs")


def test_an_export_that_changes(isolate: ist.Isolate) -> None:
    context = isolate.context(modules={"state": {"x": 1}})
    context.import_module("state")
    context.module("import {x} from 'state'; globalThis.read = () => x;", "main").run()
    assert context["read"]() == 1
    made = context._modules["state"]
    made.set_export("x", 2)
    assert context["read"]() == 2
    with pytest.raises(ist.StateError):
        made.set_export("y", 1)
