"""Builds the wheel: compiles the extension, and puts the library and the command beside it.

One wheel serves every CPython from 3.9 on (the limited API). What a build leaves behind goes into
the library's build tree when there is one, so the sources stay as they are.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
BRIDGE = HERE / "src/bridge"
sys.path.insert(0, str(BRIDGE))
import build as bridge  # noqa: E402

SANITIZE = os.environ.get("ISTHMUS_SANITIZE", "")


def build_base() -> str:
    """The folder for what is built: in the build tree, where the next build finds it, or one that
    goes in the end.
    """
    tree = bridge.build_tree()
    if tree:
        base = tree / "python" / "pip"
        try:
            base.mkdir(parents=True, exist_ok=True)
        except OSError:
            tree = None
        else:
            return str(base)
    passing = tempfile.mkdtemp(prefix="isthmus-")
    atexit.register(shutil.rmtree, passing, ignore_errors=True)
    return passing


class BuildPackage(build_py):
    """Copies the modules and fills isthmus/_native."""

    def run(self) -> None:
        """Does it, for an editable install among the sources."""
        package = Path(self.build_lib) / "isthmus"
        # What an earlier build left and is no longer there must not come into the wheel.
        for path in package.rglob("*") if package.is_dir() else ():
            if path.is_file() and not path.name.endswith(".abi3.so"):
                path.unlink()
        super().run()
        if self.editable_mode:
            package = HERE / "src/isthmus"
        self.carry(bridge.find(), package / "_native")

    def carry(self, library: bridge.Library, native: Path) -> None:
        """Puts what the package needs of the library into the folder `native`."""
        (native / "idl").mkdir(parents=True, exist_ok=True)
        for path in library.carried():
            shutil.copy2(path.resolve(), native / path.name)
            if not SANITIZE and shutil.which("strip"):
                subprocess.run(["strip", "--strip-unneeded", str(native / path.name)], check=True)
        for path in sorted(library.idl.glob("*.idl")):
            shutil.copy2(path, native / "idl" / path.name)


class BuildExtension(build_ext):
    """Writes the extension's source, then compiles it against the library that was found."""

    def run(self) -> None:
        """Does it. SetupError when the library is missing, or of another release."""
        library = bridge.find()
        said = subprocess.run(
            [str(library.command), "--version"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        version = self.distribution.get_version()
        if version not in said.split():
            raise bridge.BuildError(
                f"this is the package of isthmus {version}, but {library.name} is {said.strip()}"
            )
        for one in self.extensions:
            one.include_dirs += [str(library.include)]
            one.depends += [str(library.include / "isthmus.h")]
        source = Path(self.build_temp) / "_v8.c"
        bridge.generate(library, source)
        (v8,) = (one for one in self.extensions if one.name == "isthmus._v8")
        v8.sources = [str(source), *v8.sources]
        v8.library_dirs += [str(library.libraries)]
        super().run()


def extension(name: str, folder: str, *link: str) -> Extension:
    """The extension isthmus.NAME, of the C files in src/FOLDER, which see the bridge's headers."""

    def files(place: str, pattern: str) -> list[str]:
        return sorted(str(path.relative_to(HERE)) for path in (HERE / "src" / place).glob(pattern))

    flags = [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"] if SANITIZE else ["-g0"]
    return Extension(
        f"isthmus.{name}",
        sources=files(folder, "*.c"),
        depends=files("bridge", "*.h") + files(folder, "*.[ch]"),
        include_dirs=["src/bridge"],
        define_macros=[("Py_LIMITED_API", "0x03090000")],
        extra_compile_args=["-std=c17", "-D_GNU_SOURCE", *flags],
        # What names no C library is for none, says auditwheel.
        extra_link_args=[*link, *flags[:1], "-Wl,--no-as-needed", "-lc"],
        py_limited_api=True,
    )


# The library by the name that is in the wheel; a development link may be missing where only that
# was installed.
LIBRARY = ["-l:libisthmus.so.0", "-Wl,-rpath,$ORIGIN/_native", "-Wl,--disable-new-dtags"]

base = build_base()
setup(
    ext_modules=[extension("_v8", "bridge", *LIBRARY), extension("_calls", "calls")],
    cmdclass={"build_py": BuildPackage, "build_ext": BuildExtension},
    options={
        "build": {"build_base": base},
        "egg_info": {"egg_base": base},
        "bdist_wheel": {"py_limited_api": "cp39"},
    },
)
