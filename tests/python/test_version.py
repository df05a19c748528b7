"""The package, its metadata and the command that it carries say the same versions."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata

import isthmus


def command_says() -> str:
    return subprocess.run(
        [sys.executable, "-m", "isthmus", "--version"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_package_and_metadata_agree() -> None:
    assert isthmus.__version__ == metadata.version("isthmus")


def test_command_has_the_same_version() -> None:
    assert command_says() == f"isthmus {isthmus.__version__} (V8 {isthmus.v8_version})\n"


def test_v8_version_is_v8s() -> None:
    assert re.match(r"\d+\.\d+\.\d+\.\d+", isthmus.v8_version)
