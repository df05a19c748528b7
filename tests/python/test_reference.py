"""docs/python-reference.md is what the docstrings say, and every public name has one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import isthmus as ist
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_page_is_current() -> None:
    command = [sys.executable, ROOT / "scripts" / "python-reference.py", "--check"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_has_every_public_name() -> None:
    page = (ROOT / "docs" / "python-reference.md").read_text()
    assert [name for name in ist.__all__ if f"\n### {name}\n" not in page] == []
