"""What docs/python-libraries.md shows is true."""

from __future__ import annotations

import re

import isthmus as ist
from libraries import ROOT, real


def test_the_examples_run() -> None:
    text = (ROOT / "docs" / "python-libraries.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) >= 9
    names = {"load": lambda name: real(name)}
    source = "\n".join(blocks).replace("import isthmus as ist\n", "")
    everything: dict[str, object] = {"ist": _Module(names)}
    exec(compile(source, "docs/python-libraries.md", "exec"), everything)


class _Module:
    """The package, whose `load` finds the interface files of this tree."""

    def __init__(self, names: dict[str, object]) -> None:
        self._names = names

    def __getattr__(self, name: str) -> object:
        return self._names[name] if name in self._names else getattr(ist, name)
