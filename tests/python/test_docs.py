"""What docs/python.md and its kin, and the README, show of Python does what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Alone

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in [*sorted((ROOT / "docs").glob("python*.md")), ROOT / "README.md"]
    if page.name != "python-reference.md"
]
RUN = (
    f"import runpy; runpy.run_path({str(Path(__file__).with_name('pages.py'))!r}, None, '__main__')"
)


@pytest.mark.slow
@pytest.mark.unsanitized  # What is shown has limits of time that a sanitizer's pace would reach.
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path, alone: Alone) -> None:
    said = alone(RUN, str(page), cwd=tmp_path)
    assert int(re.findall(r"^(\d+) claims$", said, re.M)[-1]) > 0


@pytest.mark.parametrize(
    ("page", "difference"),
    [
        ("```python\n1 + 1  # -> 3\n```\n", "page.md:2: is 2, not 3"),
        ("```python\nx = 'a b'  # -> 'a…c'\n```\n", "page.md:2: is 'a b', not 'a…c'"),
        ("```python\nint('x')  # raises TypeError: …\n```\n", "page.md:2: raises ValueError: inv"),
        ("```python\nint('1')  # raises ValueError: …\n```\n", "page.md:2: raises nothing"),
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "page.md:2: prints\n1"),
        ("```python\nprint(1)\n```\n", "page.md:2: prints\n1"),
        ("```python\nif True:\n    assert False\n```\n", "page.md:2: Traceback"),
    ],
)
def test_a_difference_is_found(page: str, difference: str, tmp_path: Path, alone: Alone) -> None:
    (tmp_path / "page.md").write_text(page)
    assert difference in alone(RUN, str(tmp_path / "page.md"), code=1)
