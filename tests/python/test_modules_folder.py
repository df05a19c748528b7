"""A context that is granted a folder imports files below it, and nothing else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import isthmus as ist
import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "modules"
    (root / "sub").mkdir(parents=True)
    (root / "main.mjs").write_text(
        "import {deep} from './sub/deep.mjs';\nimport data from './data.json';\n"
        "export const sum = deep + data.n;\nexport const meta = import.meta;\n"
    )
    (root / "sub" / "deep.mjs").write_text("import '../data.json'; export const deep = 1;")
    (root / "data.json").write_text('{"n": 41}')
    (root / "late.mjs").write_text(
        "export const value = await new Promise((resolve) => setTimeout(() => resolve(7), 1));"
    )
    (root / "a b%.mjs").write_text("export default 'odd name';")
    (root / "bom.mjs").write_bytes(b"\xef\xbb\xbfexport default 'mark';")
    (root / "broken.mjs").write_text("\nlet let = 1;")
    (root / "throws.mjs").write_text("\n\nthrow new RangeError('at the top');")
    (root / "missing.mjs").write_text("import {nothing} from './data.json';")
    (tmp_path / "secret.mjs").write_text("export default 'secret';")
    (root / "link.mjs").symlink_to(tmp_path / "secret.mjs")
    (root / "out").symlink_to(tmp_path)
    (root / "inner.mjs").symlink_to(root / "sub" / "deep.mjs")
    os.mkfifo(root / "pipe.mjs")
    return root


@pytest.fixture
def context(isolate: ist.Isolate, folder: Path) -> ist.Context:
    return isolate.context(modules=folder)


def test_files_import_each_other(context: ist.Context, folder: Path) -> None:
    namespace = context.import_module("./main.mjs")
    assert namespace.sum == 42
    assert namespace.meta.url == f"file://{folder}/main.mjs"
    assert namespace.meta.filename == f"{folder}/main.mjs"
    assert namespace.meta.dirname == str(folder)


def test_scripts_import_from_the_folder(context: ist.Context) -> None:
    assert asyncio.run(context.eval_async("import('./main.mjs').then((m) => m.sum)")) == 42
    assert context.run("import('./sub/deep.mjs').then((m) => m.deep)") == 1


def test_a_script_that_is_a_file_there(context: ist.Context, folder: Path) -> None:
    source = "import('./deep.mjs').then((m) => m.deep)"
    assert context.run(source, filename=f"{folder}/sub/script.js") == 1


def test_the_folder_as_text(isolate: ist.Isolate, folder: Path) -> None:
    context = isolate.context(modules=str(folder))
    assert context.import_module("./sub/deep.mjs").deep == 1


def test_one_module_for_one_file(context: ist.Context, folder: Path) -> None:
    first = context.import_module("./sub/deep.mjs")
    assert context.import_module("./sub/../sub/deep.mjs") is first
    assert context.import_module(f"file://{folder}/sub/deep.mjs") is first
    assert context.import_module("./inner.mjs") is first
    assert context.import_module("./sub/deep.mjs?again") is not first


def test_each_context_has_its_own(isolate: ist.Isolate, folder: Path) -> None:
    contexts = [isolate.context(modules=folder) for _ in range(2)]
    first, second = (context.import_module("./main.mjs") for context in contexts)
    assert first is not second


def test_top_level_await(context: ist.Context) -> None:
    assert context.import_module("./late.mjs").value == 7


def test_with_asyncio(context: ist.Context) -> None:
    assert asyncio.run(context.import_module_async("./late.mjs")).value == 7


def test_names_are_percent_encoded(context: ist.Context) -> None:
    assert context.import_module("./a%20b%25.mjs")["default"] == "odd name"


def test_a_byte_order_mark(context: ist.Context) -> None:
    assert context.import_module("./bom.mjs")["default"] == "mark"


def test_json_by_assertion(context: ist.Context) -> None:
    namespace = context.import_module("./data.json", type="json")
    assert namespace["default"].n == 41
    with pytest.raises(TypeError, match="Module type 'css' of "):
        context.import_module("./data.json", type="css")


@pytest.mark.parametrize(
    "specifier",
    [
        "../secret.mjs",
        "./../secret.mjs",
        "./sub/../../secret.mjs",
        "./%2e%2e/secret.mjs",
        "./link.mjs",
        "./out/secret.mjs",
        "/etc/passwd",
        "file:///etc/passwd",
        "/proc/self/environ",
        "./",
        ".",
    ],
)
def test_what_leads_out_is_refused(context: ist.Context, folder: Path, specifier: str) -> None:
    with pytest.raises(ist.DeniedError) as caught:
        context.import_module(specifier)
    assert str(caught.value) == (
        f"Cannot import '{specifier}' from <import>: it is outside of the folder {folder}"
    )


def test_a_script_from_elsewhere_gets_no_further(context: ist.Context, folder: Path) -> None:
    with pytest.raises(ist.DeniedError, match="outside of the folder"):
        context.run("import('./secret.mjs')", filename=f"{folder.parent}/script.js")


@pytest.mark.parametrize(
    ("specifier", "message"),
    [
        ("./nothing.mjs", "Cannot find module './nothing.mjs' imported from <import>"),
        (
            "./main",
            "Cannot find module './main' imported from <import>; did you mean './main.mjs'?",
        ),
        ("./sub", "Cannot import directory './sub' imported from <import>"),
        (
            "lodash",
            "Cannot find module 'lodash' imported from <import>: a file is imported as './lodash'",
        ),
        ("http://example.com/x.mjs", "Cannot find module 'http://example.com/x.mjs'"),
    ],
)
def test_what_is_not_there(context: ist.Context, specifier: str, message: str) -> None:
    with pytest.raises(ist.NotFoundError) as caught:
        context.import_module(specifier)
    assert str(caught.value).startswith(message)


def test_a_pipe_does_not_hang(context: ist.Context) -> None:
    assert list(context.import_module("./pipe.mjs")) == []


def test_strange_specifiers(context: ist.Context) -> None:
    with pytest.raises(TypeError, match="Invalid module specifier"):
        context.import_module("./%00.mjs")
    with pytest.raises(TypeError, match="Invalid file: URL 'file:relative'"):
        context.import_module("file:relative")
    with pytest.raises(TypeError, match="Invalid module specifier"):
        context.run("import('./a\\0b.mjs')")


def test_errors_of_modules(context: ist.Context, folder: Path) -> None:
    with pytest.raises(ist.JSSyntaxError) as syntax:
        context.import_module("./broken.mjs")
    assert (syntax.value.filename, syntax.value.line) == (f"file://{folder}/broken.mjs", 2)
    with pytest.raises(ist.JSError, match="RangeError: at the top") as thrown:
        context.import_module("./throws.mjs")
    assert thrown.value.line == 3
    with pytest.raises(ist.JSError, match="nothing"):
        context.import_module("./missing.mjs")


def test_programs_catch_the_errors(context: ist.Context) -> None:
    source = "import('./nothing.mjs').catch((error) => `${error.name}: ${error.message}`)"
    assert context.run(source).startswith("NotFoundError: Cannot find module './nothing.mjs'")


def test_a_folder_that_is_not_there(isolate: ist.Isolate) -> None:
    with pytest.raises(ist.NotFoundError, match="there is no folder '/no/such/folder'"):
        isolate.context(modules="/no/such/folder")
