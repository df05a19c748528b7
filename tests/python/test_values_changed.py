"""A hook may change the tree that is being converted: what it takes out is not mixed up with what
it makes."""

from __future__ import annotations

import isthmus as ist


class Changing:
    """Its hook changes the tree."""


def test_a_list_that_a_hook_takes_out():
    tree = [[1, 2], Changing()]

    def form(value):
        tree[0] = None
        return {"new": [3, 4]}

    ist.register(Changing, form)
    with ist.Isolate() as isolate, isolate.context() as ctx:
        for _ in range(20):
            tree[0] = [1, 2]
            assert ctx.eval("JSON.stringify")(tree) == '[[1,2],{"new":[3,4]}]'
