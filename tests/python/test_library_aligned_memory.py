"""A struct that is aligned to more than eight bytes keeps its memory."""

from __future__ import annotations

import gc

import pytest
from libraries import fixture

structs = fixture("structs")


@pytest.mark.parametrize("value", [9, -5])
def test_it_stays_what_it_is(value: int) -> None:
    made = [structs.Aligned(c=1, v=value) for _ in range(500)]
    gc.collect()
    # What is free now is used again.
    others = [b"\xff" * size for size in range(32, 160) for _ in range(50)]
    assert all((one.c, one.v) == (1, value) for one in made)
    assert len(others) == 6400
