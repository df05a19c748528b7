"""Every function, method, class and property of every library survives every stranger."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARIES = [
    "buffers",
    "callbacks",
    "failures",
    "gauges",
    "handles",
    "names",
    "nesting",
    "numbers",
    "pointers",
    "structs",
    "texts",
    "unions",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARIES)
def test_everybody_is_refused_or_served(name: str) -> None:
    # A process of its own: what crashes is seen.
    program = Path(__file__).parent / "strangers.py"
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "ignore", str(program), name],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    counts = re.search(r"(\d+) calls, (\d+) refused", ended.stdout)
    assert counts, ended.stdout
    assert int(counts[2]) > 1000
    assert "0 misused" in ended.stdout
