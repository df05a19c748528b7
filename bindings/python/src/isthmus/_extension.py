"""The extension on isthmus.h and the bridge, as `ffi` and `lib`: importing this loads V8.

Everything in the package that needs V8 takes it from here, so that there is one place that says
what is missing when it cannot be loaded.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["ffi", "lib"]

_LIBRARY = Path(__file__).parent / "_native" / "libisthmus.so.0"


def _missing(said: str) -> list[str]:
    """The shared libraries that the loader does not find; `said` is its message, which names the
    first.
    """
    try:
        listed = subprocess.run(
            ["ldd", str(_LIBRARY)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ).stdout
    except OSError:
        listed = ""
    names = re.findall(r"^\s*(\S+) => not found", listed, re.M)
    names += re.findall(r"^(\S+\.so[.\d]*): cannot open shared object file", said)
    return list(dict.fromkeys(names))


def _package(name: str) -> str:
    """Debian's name for the package of a shared library: libuv.so.1 is in libuv1, libicuuc.so.72 in
    libicu72.
    """
    stem, _, version = name.partition(".so.")
    stem = re.sub(r"^libicu\w+$", "libicu", stem.lower())
    return f"{stem}{'-' if stem[-1:].isdigit() else ''}{version}"


def _explain(error: ImportError) -> str:
    """What to do about an extension that cannot be loaded."""
    missing = _missing(str(error))
    if not missing:
        return f"the extension of isthmus cannot be loaded: {error}"
    packages = " ".join(dict.fromkeys(map(_package, missing)))
    return (
        f"isthmus runs JavaScript by V8, and this machine lacks {', '.join(missing)}. On Debian "
        f"and its kin: apt-get install {packages}. Elsewhere: install what holds these files, or "
        "a wheel that carries them, which `./build.sh wheel --bundle` makes."
    )


def _load() -> tuple[Any, Any]:
    try:
        from . import _v8
    except ImportError as error:
        raise ImportError(_explain(error), name="isthmus._v8", path=str(_LIBRARY)) from None
    return _v8.ffi, _v8.lib


ffi: Any
lib: Any
ffi, lib = _load()
