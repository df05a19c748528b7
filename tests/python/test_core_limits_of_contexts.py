"""An isolate's own limits are for what programs do there: contexts are made without them."""

from __future__ import annotations

import isthmus as ist
import pytest


def test_a_context_is_made_however_long_it_takes() -> None:
    with ist.Isolate(timeout=1e-9, cpu_timeout=1e-9) as isolate:
        context = isolate.context(modules={"a": "export default 1"})
        with pytest.raises(ist.JSTimeoutError):
            context.eval("for (;;);")
        isolate.context(frozen=True).close()
        context.close()
