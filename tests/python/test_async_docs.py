"""The examples of docs/python-async.md print what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Alone

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python-async.md"
EXAMPLES = re.findall(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", PAGE.read_text(), re.S)


def test_each_example_is_run() -> None:
    assert len(EXAMPLES) == PAGE.read_text().count("```python")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example(alone: Alone, number: int) -> None:
    program, printed = EXAMPLES[number]
    assert alone(program) == printed
