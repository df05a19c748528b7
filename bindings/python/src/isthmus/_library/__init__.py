"""C libraries as Python modules, through interface files and cffi: no compiler, and no V8.

`load` opens one. The modules here, from the outside in:

- library.py (what `load` gives), faces.py and fast.py (functions as Python calls them), handles.py,
  structs.py and native.py (objects);
- plans.py, state.py, lowering.py, resolving.py, results.py, calls.py: one call in full;
- callbacks.py, buffers.py, scalars.py, pins.py: values; owners.py: who owns what;
- expressions.py, texts.py (errors), descriptor.py, abi.py and generator.py (where it comes from).
"""

from __future__ import annotations

from .library import Library, close, errno, load

__all__ = ["Library", "close", "errno", "load"]
