"""Makes the extension `isthmus._v8` and finds the library that it is made for.

Used by setup.py alone. What cffi reads (the cdef) is what `isthmus gen --cdef` says of isthmus.h,
and of bridge.h the parts between the marks; declarations there that begin with `extern` are
functions that Python gives to the bridge. The library is never built here behind anybody's back:
only a checkout whose build tree lacks a part is built, by its own build.sh.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from setuptools.errors import SetupError

BRIDGE = Path(__file__).resolve().parent
CHECKOUT = BRIDGE.parents[3]

HOW = """\
cannot find the library of Isthmus, which the Python package is built on. Do one of these:
  - build from a checkout:                   pip install CHECKOUT/bindings/python
  - name a build tree:                       ISTHMUS_BUILD=FOLDER pip install ...
  - name a folder that it is installed in:   ISTHMUS_PREFIX=FOLDER pip install ...
  - let pkg-config find the installed one:   PKG_CONFIG_PATH=FOLDER/lib/pkgconfig pip install ...
"""


class BuildError(SetupError):
    """The library is missing or not whole; the text says what to do."""


@dataclass(frozen=True)
class Library:
    """Where the parts of a built or installed library are."""

    name: str
    libraries: Path
    command: Path
    include: Path
    idl: Path
    tree: Optional[Path] = None

    @property
    def shared(self) -> Path:
        """libisthmus by the name that programs load it by."""
        return self.libraries / "libisthmus.so.0"

    def carried(self) -> list[Path]:
        """The files that the wheel carries, but for the interface files."""
        inspect = self.libraries / "isthmus-inspect.so"
        return [*self.needed(), *([inspect] if inspect.is_file() else [])]

    def needed(self) -> list[Path]:
        """Those of them without which the package does not work."""
        return [self.shared, self.libraries / "libisthmus-gen.so.0", self.command]

    def check(self) -> Library:
        """Itself, when nothing is missing."""
        wanted = [*self.needed(), self.include / "isthmus.h", self.idl / "isthmus.idl"]
        missing = [str(path) for path in wanted if not path.is_file()]
        if missing:
            raise BuildError(f"{self.name} is not a whole Isthmus: it has no {', '.join(missing)}")
        return self


def in_tree(tree: Path, name: str) -> Library:
    """The library in a build tree, whose sources are where CMake's cache says."""
    source = CHECKOUT
    cache = tree / "CMakeCache.txt"
    if cache.is_file():
        said = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", cache.read_text(), re.M)
        source = Path(said.group(1)) if said else source
    return Library(name, tree, tree / "isthmus", source / "runtime/include", source / "idl", tree)


def in_prefix(prefix: Path, name: str) -> Library:
    """The library in a folder that it is installed in."""
    places = [prefix / "lib", prefix / "lib64", *sorted(prefix.glob("lib/*-linux-*"))]
    libraries = next((at for at in places if (at / "libisthmus.so.0").exists()), places[0])
    share = prefix / "share/isthmus/idl"
    return Library(name, libraries, prefix / "bin/isthmus", prefix / "include", share)


def from_pkg_config() -> Optional[Library]:
    """The library that pkg-config knows, if it does."""
    if not shutil.which("pkg-config"):
        return None
    asked = ["pkg-config", "--variable=prefix", "isthmus"]
    answer = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    prefix = answer.stdout.strip()
    if answer.returncode or not prefix:
        return None
    name = f"the library that pkg-config names ({prefix})"
    if (Path(prefix) / "CMakeCache.txt").is_file():
        return in_tree(Path(prefix), name)
    return in_prefix(Path(prefix), name)


def is_checkout() -> bool:
    """Whether this file is where a checkout has it."""
    return (CHECKOUT / "build.sh").is_file() and (CHECKOUT / "runtime/include/isthmus.h").is_file()


def build_tree() -> Optional[Path]:
    """The build tree that `find` will take, if it takes one without asking pkg-config."""
    told = os.environ.get("ISTHMUS_BUILD")
    if told:
        return Path(told).resolve()
    if os.environ.get("ISTHMUS_PREFIX") or not is_checkout():
        return None
    return CHECKOUT / "build"


def build_checkout() -> None:
    """Runs the checkout's build. pip shows nothing of what a build prints, so it also goes to the
    terminal.
    """
    command = [str(CHECKOUT / "build.sh"), "build"]
    try:
        terminal = open("/dev/tty", "w")
    except OSError:
        terminal = None
    shown = [sys.stderr] if terminal is None or sys.stderr.isatty() else [sys.stderr, terminal]
    for to in shown:
        print(f"\nisthmus: building the library first: {' '.join(command)}", file=to, flush=True)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            for to in shown:
                print(line, end="", file=to, flush=True)
    if terminal:
        terminal.close()
    if process.returncode:
        raise BuildError(
            f"{' '.join(command)} failed; what it printed says why (pip install -v shows it)"
        )


def find() -> Library:
    """The library to build on.

    Raises:
        BuildError: there is none, or not all of it.
    """
    prefix = os.environ.get("ISTHMUS_PREFIX")
    tree = build_tree()
    if os.environ.get("ISTHMUS_BUILD") and tree:
        return in_tree(tree, f"ISTHMUS_BUILD={tree}").check()
    if prefix:
        return in_prefix(Path(prefix).resolve(), f"ISTHMUS_PREFIX={prefix}").check()
    if tree:
        built = in_tree(tree, str(tree))
        if not all(path.is_file() for path in built.needed()):
            build_checkout()
        return built.check()
    known = from_pkg_config()
    if not known:
        raise BuildError(HOW)
    return known.check()


def headers() -> list[Path]:
    """The headers that have parts for cffi, in the order to read them."""
    return [
        path for path in sorted(BRIDGE.glob("bridge*.h")) if "/* cdef: begin */" in path.read_text()
    ]


def bridge_cdef(header: str) -> str:
    """What cffi is to know of one of the bridge's headers."""
    marked = re.findall(r"/\* cdef: begin \*/(.*?)/\* cdef: end \*/", header, re.S)
    given = re.findall(r"^extern\s+([^;{]*\([^;]*\));", header, re.M)
    return "\n".join(marked + [f'extern "Python+C" {one};' for one in given])


def library_cdef(library: Library) -> str:
    """What cffi is to know of isthmus.h."""
    command = [str(library.command), "gen", "--cdef", str(library.idl / "isthmus.idl")]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise BuildError(f"{' '.join(command)} failed: {answer.stderr.strip()}")
    return answer.stdout


def generate(library: Library, path: Path) -> None:
    """Writes the extension's C source to `path`, unless it is there and the same."""
    from cffi import FFI

    maker = FFI()
    maker.cdef(library_cdef(library))
    includes = "#include <isthmus.h>\n"
    for header in headers():
        maker.cdef(bridge_cdef(header.read_text()))
        includes += f'#include "{header.name}"\n'
    maker.set_source("isthmus._v8", includes)
    path.parent.mkdir(parents=True, exist_ok=True)
    maker.emit_c_code(str(path))
