"""Without libnode on the machine the package is imported all the same, and says what to install
when V8 is needed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import isthmus
import pytest
from conftest import Alone

EXPECTED = (
    "isthmus runs JavaScript by V8, and this machine lacks {files}. On Debian and its kin: "
    "apt-get install {packages}. Elsewhere: install what holds these files, or a wheel that "
    "carries them, which `./build.sh wheel --bundle` makes.\n"
)


@pytest.fixture
def without(tmp_path: Path) -> Path:
    """A copy of the package whose libisthmus needs libraries that are nowhere."""
    package = tmp_path / "isthmus"
    shutil.copytree(Path(isthmus.__file__).parent, package)
    needed = ["libnode.so.999", "libcbor.so.0.77", "libicuuc.so.99", "libicudata.so.99"]
    made = [tmp_path / name for name in needed]
    for library in made:
        soname = f"-Wl,-soname,{library.name}"
        subprocess.run(["cc", "-shared", "-o", library, soname, "-x", "c", "/dev/null"], check=True)
    link = ["-Wl,-soname,libisthmus.so.0", "-Wl,--no-as-needed"]
    target = package / "_native" / "libisthmus.so.0"
    command = ["cc", "-shared", "-o", target, *link, "-x", "c", "/dev/null", "-x", "none", *made]
    subprocess.run(command, check=True)
    for library in made:
        library.unlink()
    return tmp_path


def test_names_what_to_install(alone: Alone, without: Path) -> None:
    program = """
        import isthmus
        print(isthmus.__version__)
        try:
            isthmus.v8_version
        except ImportError as error:
            print(error)
    """
    files = "libnode.so.999, libcbor.so.0.77, libicuuc.so.99, libicudata.so.99"
    said = alone(program, environment={"PYTHONPATH": str(without)})
    packages = "libnode999 libcbor0.77 libicu99"
    assert said == isthmus.__version__ + "\n" + EXPECTED.format(files=files, packages=packages)


def test_isolates_raise_it_too(alone: Alone, without: Path) -> None:
    program = """
        import isthmus
        try:
            isthmus.Isolate()
        except ImportError as error:
            print(str(error).split(".")[0])
    """
    said = alone(program, environment={"PYTHONPATH": str(without)})
    assert said == "isthmus runs JavaScript by V8, and this machine lacks libnode\n"
