"""What docs/python-values.md shows does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python-values.md"
pytestmark = pytest.mark.usefixtures("hooks")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.S | re.M)


def run(block: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile("import isthmus as ist\n" + block, str(PAGE), "exec"), names)
    return names


def test_values_cross() -> None:
    names = run(BLOCKS[0].replace("copy = ", "shown = repr(rows); copy = "))
    assert names["total"] == 6.5
    assert names["copy"] == [{"id": 1, "price": 3}, {"id": 2, "price": 4}]
    assert names["shown"] == "[ { id: 1, price: 3 }, { id: 2, price: 4 } ]"


@pytest.mark.parametrize("block", BLOCKS[1:], ids=range(1, len(BLOCKS)))
def test_the_other_blocks_run(block: str) -> None:
    assert run(block)
