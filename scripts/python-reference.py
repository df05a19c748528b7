#!/usr/bin/env python3
"""Writes docs/python-reference.md from the docstrings of the Python package.

Usage: scripts/python-reference.py [--check]. Nothing is imported or built: what the page says
stands in the sources, and is the same for every Python. Public is what is in `__all__` of the
package and of isthmus.distributed, and their members without a leading underscore. --check writes
nothing, and fails when the page is not what would be written. Public names without a docstring are
named, and fail.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional, Union

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bindings" / "python" / "src" / "isthmus"
PAGE = ROOT / "docs" / "python-reference.md"
WIDTH = 100

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]

# What a reader looks for together.
GROUPS = {
    "Isolates and contexts": "Isolate Context Statistics",
    "Scripts, modules, snapshots": "Script Source Module Folder Snapshot",
    "Objects of JavaScript's": "JSObject JSFunction JSMethod JSArray JSMap JSSet JSPromise JSSymbol"
    " JSIterator JSAsyncIterator JSProxy RegExp Undefined undefined",
    "What Python gives": "expose register detach",
    "Pools": "Pool Program Outcome PoolStatistics",
    "C libraries": "load Library close errno CLibrary",
    "Looking inside": "Profile Inspector Session",
    "Errors": "Error JSError JSSyntaxError JSTimeoutError JSMemoryError JSTerminated JSDiedError"
    " Frame ConversionError LimitError ClosedError StateError ForkedError DeniedError"
    " NotFoundError InterfaceError ResourceError",
    "The package": "__version__ v8_version",
}
# What is no definition that a docstring could stand in.
SAID = {
    "undefined": "JavaScript's `undefined`, the only one of its type. `None` is JavaScript's null.",
    "__version__": "The release of this package: a `str`.",
    "v8_version": "The version of the V8 that is in use: a `str`. Reading it loads V8.",
}


class Source:
    """A module of the package: its text, its tree and its definitions."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text()
        self.tree = ast.parse(self.text)
        self.names = {
            node.name: node
            for node in self.tree.body
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        }
        self.imports = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.level == 1
            for alias in node.names
        }

    def piece(self, node: ast.AST) -> str:
        """The text of a node, on one line."""
        return re.sub(r"\s+", " ", ast.get_source_segment(self.text, node) or "").strip()


def module(name: str) -> Source:
    """A module by its name in the package."""
    path = PACKAGE.joinpath(*name.split("."))
    return Source(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))


def strings(source: Source, name: str) -> list[str]:
    """The list of strings that a module sets a name to."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return list(ast.literal_eval(node.value))
    raise SystemExit(f"python-reference: no {name}")


def definition(source: Source, name: str) -> Optional[tuple[Source, ast.AST]]:
    """Where a name is defined that a module has defined or imported."""
    inside = ""
    while name not in source.names:
        if name not in source.imports:
            return None
        where, name = source.imports[name]
        inside = f"{inside}.{where}" if inside else where
        source = module(inside)
        if not (PACKAGE.joinpath(*inside.split("."))).is_dir():
            inside = inside.rpartition(".")[0]
    return source, source.names[name]


def decorators(node: Function) -> set[str]:
    """The names of a function's decorators."""
    return {ast.unparse(each).partition("(")[0].rpartition(".")[2] for each in node.decorator_list}


def signature(source: Source, node: Function, name: str) -> str:
    """A function's signature, wrapped when it is long."""
    all_ = node.args
    parts: list[str] = []
    positional = [*all_.posonlyargs, *all_.args]
    defaults: list[Optional[ast.expr]] = [None] * (len(positional) - len(all_.defaults))
    defaults += all_.defaults
    inner = "staticmethod" not in decorators(node) and (name[:1] != "@")
    for i, (arg, default) in enumerate(zip(positional, defaults)):
        if not (i == 0 and inner and arg.arg in ("self", "cls") and arg.annotation is None):
            parts.append(argument(source, arg, default))
        if all_.posonlyargs and i == len(all_.posonlyargs) - 1:
            parts.append("/")
    if all_.vararg:
        parts.append("*" + argument(source, all_.vararg, None))
    elif all_.kwonlyargs:
        parts.append("*")
    parts += [
        argument(source, arg, default) for arg, default in zip(all_.kwonlyargs, all_.kw_defaults)
    ]
    if all_.kwarg:
        parts.append("**" + argument(source, all_.kwarg, None))
    lead = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    answer = f" -> {source.piece(node.returns)}" if node.returns and name[0].islower() else ""
    line = f"{lead}{name}({', '.join(parts)}){answer}"
    if len(line) > WIDTH:
        line = f"{lead}{name}(\n    " + ",\n    ".join(parts) + f",\n){answer}"
    return line.replace("Optional[Any]", "Any")


def argument(source: Source, arg: ast.arg, default: Optional[ast.expr]) -> str:
    """One parameter."""
    text = arg.arg + (f": {source.piece(arg.annotation)}" if arg.annotation else "")
    if default is None:
        return text
    return text + (" = " if arg.annotation else "=") + source.piece(default)


def prose(doc: str) -> str:
    """A docstring as Markdown: its sections (Args, Returns, Raises) as lists."""
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", doc.strip()):
        head, _, rest = block.partition("\n")
        section = re.fullmatch(r"(Args|Returns|Raises|Yields):", head.strip())
        if not section:
            blocks.append(block)
            continue
        lines = [line for line in rest.split("\n") if line.strip()]
        indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
        items: list[str] = []
        for line in lines:
            if line[indent] != " " and (section[1] != "Returns" or not items):
                items.append(line.strip())
            else:
                items[-1] += " " + line.strip()
        if section[1] == "Returns":
            blocks.append("Returns " + items[0][0].lower() + items[0][1:])
        else:
            said = [re.sub(r"^([^:]+): ", lambda m: f"{names(m[1])}: ", item) for item in items]
            blocks.append(
                {"Args": "", "Raises": "Raises\n\n"}[section[1]]
                + "\n".join(f"- {item}" for item in said)
            )
    return "\n\n".join(blocks)


def names(text: str) -> str:
    """Names before a colon, as code."""
    return re.sub(
        r"\*{0,2}\b[A-Za-z_][A-Za-z_.]*\b",
        lambda m: m[0] if m[0] in ("and", "kin") else f"`{m[0]}`",
        text,
    )


class Writer:
    """The page, as it grows."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.missing: list[str] = []

    def doc(self, text: Optional[str], name: str) -> None:
        """A docstring, which must be there."""
        if text:
            self.parts.append(prose(text))
        else:
            self.missing.append(name)

    def entry(self, source: Source, name: str, prefix: str) -> None:
        """A public name."""
        self.parts.append(f"### {prefix}{name}")
        found = definition(source, name)
        if name in SAID:
            self.parts.append(SAID[name])
        elif found is None:
            self.missing.append(name)
        elif isinstance(found[1], ast.ClassDef):
            self.cls(found[0], found[1], prefix)
        else:
            assert isinstance(found[1], (ast.FunctionDef, ast.AsyncFunctionDef))
            self.parts.append(f"```text\n{signature(found[0], found[1], name)}\n```")
            self.doc(ast.get_docstring(found[1]), name)

    def cls(self, source: Source, node: ast.ClassDef, prefix: str) -> None:
        """A class with its members."""
        bases = [source.piece(base) for base in node.bases]
        bases = [
            base for base in bases if base not in ("_calls.Proxy", "_calls.Callable", "Closing")
        ]
        if bases:
            self.parts.append("Derives from " + ", ".join(f"`{base}`" for base in bases) + ".")
        doc = ast.get_docstring(node)
        start = next((each for each in node.body if getattr(each, "name", "") == "__init__"), None)
        if isinstance(start, ast.FunctionDef) and doc and "Args:" in doc:
            self.parts.append(f"```text\n{signature(source, start, prefix + node.name)}\n```")
        self.doc(doc, node.name)
        done = set()
        for member, said in members(source, node):
            if member in done:
                continue
            done.add(member)
            if isinstance(said, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.member(source, node.name, said)
            else:
                kind, text = said
                self.parts.append(f"#### {node.name}.{member}" + (f": `{kind}`" if kind else ""))
                self.doc(text, f"{node.name}.{member}")

    def member(self, source: Source, owner: str, node: Function) -> None:
        """A method or property."""
        if "property" in decorators(node):
            kind = f": `{source.piece(node.returns)}`" if node.returns else ""
            self.parts.append(f"#### {owner}.{node.name}{kind}")
        else:
            self.parts.append(f"#### {owner}.{node.name}")
            self.parts.append(f"```text\n{signature(source, node, node.name)}\n```")
        self.doc(ast.get_docstring(node), f"{owner}.{node.name}")


def members(
    source: Source, node: ast.ClassDef
) -> Iterator[tuple[str, Union[Function, tuple[str, str]]]]:
    """The public members of a class: functions, and attributes with what is said below them."""
    for start in [node, *node.body]:
        if start is not node and getattr(start, "name", "") != "__init__":
            continue
        assert isinstance(start, (ast.ClassDef, ast.FunctionDef))
        for each, after in zip(start.body, [*start.body[1:], None]):
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if each.name[0] != "_" and not decorators(each) & {"setter", "overload", "deleter"}:
                    yield each.name, each
                continue
            target: ast.expr
            if isinstance(each, ast.AnnAssign):
                target, kind = each.target, source.piece(each.annotation)
            elif isinstance(each, ast.Assign):
                target, kind = each.targets[0], ""
            else:
                continue
            said = after.value if isinstance(after, ast.Expr) else None
            text = str(said.value) if isinstance(said, ast.Constant) else ""
            if isinstance(target, ast.Name) and start is node:
                name = target.id
            elif isinstance(target, ast.Attribute) and text:
                name = target.attr
            else:
                continue
            if name[0] != "_":
                yield name, (kind, re.sub(r"\s+", " ", text).strip())


def page() -> tuple[str, list[str]]:
    """The page, and the public names without a docstring."""
    writer = Writer()
    writer.parts.append(
        "# Reference of the Python package\n\n"
        "Made of the docstrings by `scripts/python-reference.py`; the guide is\n"
        "[python.md](python.md). Times are in seconds, sizes in bytes. Unless something else is\n"
        "said, everything may be used from any thread, and raises `ClosedError` when what it\n"
        "belongs to is closed."
    )
    package = module("")
    public = strings(package, "__all__")
    grouped = {name: title for title, names_ in GROUPS.items() for name in names_.split()}
    rest = [name for name in public if name not in grouped]
    if rest:
        raise SystemExit(
            f"python-reference: in no group of {Path(__file__).name}: {', '.join(rest)}"
        )
    for title, names_ in GROUPS.items():
        writer.parts.append(f"## {title}")
        for name in names_.split():
            if name in public:
                writer.entry(package, name, "")
    cluster = module("distributed")
    writer.parts.append("## isthmus.distributed\n\n" + prose(ast.get_docstring(cluster.tree) or ""))
    for name in strings(cluster, "__all__"):
        writer.entry(cluster, name, "distributed.")
    return "\n\n".join(part for part in writer.parts if part) + "\n", writer.missing


def main() -> None:
    """Writes or checks."""
    text, missing = page()
    check = sys.argv[1:] == ["--check"]
    if missing:
        raise SystemExit("python-reference: no docstring: " + ", ".join(missing))
    if not check:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        raise SystemExit(
            f"{PAGE.relative_to(ROOT)} is out of date: run scripts/python-reference.py"
        )


if __name__ == "__main__":
    main()
