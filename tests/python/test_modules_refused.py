"""A context imports nothing unless it was granted to it."""

from __future__ import annotations

import isthmus as ist
import pytest

REFUSED = (
    "Cannot import './rules.mjs': the context was granted no imports. Give it a folder or a "
    "function that finds them: isolate.context(modules=…)"
)


def test_import_is_refused(context: ist.Context) -> None:
    with pytest.raises(ist.DeniedError) as caught:
        context.run("import('./rules.mjs')")
    assert str(caught.value) == REFUSED


def test_static_imports_are_refused(context: ist.Context) -> None:
    with pytest.raises(ist.DeniedError) as caught:
        context.module("import './rules.mjs'", "main.mjs").run()
    assert str(caught.value) == REFUSED


def test_programs_see_it(context: ist.Context) -> None:
    assert context.run("import('./rules.mjs').catch((error) => error.name)") == "DeniedError"


def test_modules_without_imports_run(context: ist.Context) -> None:
    module = context.module("export const x = 1; export const url = import.meta.url;", "main.mjs")
    assert module.run().x == 1
    assert module.namespace.url == "main.mjs"


def test_a_frozen_context_takes_none(isolate: ist.Isolate) -> None:
    with pytest.raises(ist.StateError, match="a frozen context has no imports"):
        isolate.context(frozen=True, modules={})
    with pytest.raises(ist.JSError):
        isolate.context(frozen=True).run("import('x')")


@pytest.mark.parametrize("modules", [5, b"folder", object()])
def test_what_finds_none(isolate: ist.Isolate, modules: object) -> None:
    with pytest.raises(TypeError, match="modules must be a folder, a function that finds modules"):
        isolate.context(modules=modules)
