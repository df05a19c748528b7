"""The programs in examples/python print what stands beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Alone

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "python").glob("*.py"))


def test_there_are_some() -> None:
    assert [example.stem for example in EXAMPLES] == ["judge", "rules", "zlib_sqlite"]


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example(example: Path, alone: Alone) -> None:
    run = f"import runpy; runpy.run_path({str(example)!r}, None, '__main__')"
    assert alone(run) == example.with_suffix(".expect").read_text()
