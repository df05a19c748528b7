"""An array in an object that C works on holds the object, whichever library that is of."""

from __future__ import annotations

import isthmus as ist
import pytest
from libraries import fixture


def test_an_array_of_a_handle_as_a_buffer() -> None:
    gauges, callbacks = fixture("gauges"), fixture("callbacks")
    gauge = gauges.Gauge(3)
    gauge.history[0] = 2.0
    said: list[str] = []

    def compare(a: memoryview, b: memoryview) -> int:
        with pytest.raises(ist.StateError) as raised:
            gauge.end()
        said.append(str(raised.value))
        return int(a.cast("d")[0] - b.cast("d")[0])

    callbacks.sort(gauge.history, 4, 8, compare)
    assert gauge.history.to_list() == [0, 0, 0, 2]
    assert set(said) == {"gauges.Gauge.end: in use by callbacks.sort"}
    gauge.end()
    with pytest.raises(ist.ClosedError, match=r"the Gauge is closed"):
        callbacks.sort(gauge.history, 4, 8, compare)
