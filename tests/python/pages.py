"""Runs what a page of documentation shows of Python, in the current folder: `python pages.py PAGE`.

Its blocks of Python run in order, as one program. A line that ends with `# -> X` gives a value
whose repr is X (an assignment: what it assigns), one that ends with `# raises X` raises an
exception of class and message X; `…` stands for any text. What a block prints stands in the block
of text that follows it. Other blocks that are marked with a file's name are that file.

Every difference is printed, with its line; the exit code tells whether there was one.
"""

from __future__ import annotations

import ast
import contextlib
import fnmatch
import io
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Block(NamedTuple):
    """A fenced block: its mark, the line of the page where its text begins, the text."""

    mark: str
    line: int
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for found in re.finditer(r"^```(.*)\n((?:.*\n)*?)```$", page, re.M):
        yield Block(found[1].strip(), page[: found.start(2)].count("\n") + 1, found[2])


class Claims(ast.NodeTransformer):
    """Makes the comments of a block what they claim."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.made = 0

    def claim(self, node: ast.stmt) -> tuple[str, str]:
        """What the comment on a statement's last line claims, if anything."""
        assert node.end_lineno is not None
        comment = self.lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
        found = re.fullmatch(r"\s*# (->|raises) (.*)", comment)
        return (found[1], found[2].strip()) if found else ("", "")

    def visit(self, node: ast.AST) -> Any:
        self.generic_visit(node)
        if not isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)):
            return node
        kind, text = self.claim(node)
        if not kind:
            return node
        self.made += 1
        said = ast.Constant(text)
        made: list[ast.stmt]
        if kind == "raises":
            guard = ast.Call(
                ast.Name("raises__", ast.Load()), [said, ast.Constant(node.lineno)], []
            )
            made = [ast.With([ast.withitem(guard)], [node])]
        else:
            before: list[ast.stmt] = []
            if isinstance(node, ast.Expr):
                value = node.value
            else:
                assert isinstance(node, ast.Assign) and len(node.targets) == 1
                before = [node]
                value = ast.parse(ast.unparse(node.targets[0]), mode="eval").body
            call = ast.Call(
                ast.Name("gives__", ast.Load()), [said, ast.Constant(node.lineno), value], []
            )
            made = [*before, ast.Expr(call)]
        return [ast.fix_missing_locations(ast.copy_location(each, node)) for each in made]


class Page:
    """A page that is run."""

    def __init__(self, path: Path) -> None:
        self.failed = 0
        self.claims = 0
        self.path = path
        self.blocks = list(blocks(path.read_text()))
        self.names: dict[str, Any] = {
            "__name__": "__main__",
            "gives__": self.gives,
            "raises__": self.raises,
        }

    def fail(self, line: int, what: str) -> None:
        """Tells of a difference."""
        self.failed += 1
        print(f"{self.path.name}:{line}: {what}", file=sys.__stdout__)

    def same(self, wanted: str, got: str) -> bool:
        """Whether a text is what was claimed."""
        pattern = re.sub(r"([\[*?])", r"[\1]", wanted).replace("…", "*")
        return fnmatch.fnmatchcase(got, pattern)

    def gives(self, wanted: str, line: int, value: Any) -> None:
        """Checks a value."""
        if not self.same(wanted, repr(value)):
            self.fail(line, f"is {value!r}, not {wanted}")

    @contextlib.contextmanager
    def raises(self, wanted: str, line: int) -> Iterator[None]:
        """Checks an exception."""
        try:
            yield
        except Exception as problem:
            got = f"{type(problem).__name__}: {problem}"
            if not self.same(wanted, got):
                self.fail(line, f"raises {got}, not {wanted}")
        else:
            self.fail(line, f"raises nothing, not {wanted}")

    def block(self, block: Block, wanted: str | None) -> None:
        """Runs a block, which prints what is wanted."""
        # The lines of the page are those of tracebacks.
        text = "\n" * (block.line - 1) + block.text
        tree = ast.parse(text)
        claims = Claims(text.split("\n"))
        tree = claims.visit(tree)
        self.claims += claims.made + (wanted is not None) + block.text.count("assert ")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            try:
                exec(compile(tree, str(self.path), "exec"), self.names)
            except Exception:
                self.fail(block.line, traceback.format_exc())
        got = output.getvalue()
        if not self.same("" if wanted is None else wanted, got):
            self.fail(block.line, f"prints\n{got}")

    def run(self) -> None:
        """Runs all of it."""
        for i, block in enumerate(self.blocks):
            kind, *name = block.mark.split()
            if kind == "python":
                after = self.blocks[i + 1] if i + 1 < len(self.blocks) else None
                self.block(block, after.text if after and after.mark == "text" else None)
            elif name:
                Path(name[0]).write_text(block.text)


if __name__ == "__main__":
    page = Page(Path(sys.argv[1]))
    page.run()
    print(f"{page.claims} claims")
    sys.exit(page.failed > 0)
