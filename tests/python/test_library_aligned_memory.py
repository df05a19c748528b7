"""A struct that is aligned to more than eight bytes has memory of its own as long as it lives."""

from __future__ import annotations

from libraries import fixture

structs = fixture("structs")


def test_each_keeps_its_values() -> None:
    made = [structs.Aligned(c=i % 100, v=i) for i in range(500)]
    assert [(one.c, one.v) for one in made] == [(i % 100, i) for i in range(500)]
