"""Profiles and heap snapshots have the form that Chrome DevTools opens."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import isthmus as ist
import pytest

# Long enough that a busy machine takes samples of it.
WORK = """
function hot() { const end = Date.now() + 300; while (Date.now() < end); }
hot()
"""


def names(record: dict[str, Any]) -> set[str]:
    return {node["callFrame"]["functionName"] for node in record["nodes"]}


def test_a_profile(context: ist.Context, tmp_path: Path) -> None:
    with context.isolate.profile() as profile:
        context.eval(WORK)
    record = profile.to_dict()
    assert "hot" in names(record)
    assert len(record["samples"]) == len(record["timeDeltas"])
    assert record["endTime"] >= record["startTime"]
    path = tmp_path / "run.cpuprofile"
    profile.write(path)
    assert json.loads(path.read_text()) == record
    stream = io.BytesIO()
    profile.write(stream)
    assert stream.getvalue() == profile.to_bytes()


@pytest.mark.slow
def test_the_interval(context: ist.Context) -> None:
    counts = []
    for interval in (0.0002, 10.0):
        with context.isolate.profile(interval=interval) as profile:
            context.eval(WORK)
        counts.append(len(profile.to_dict()["samples"]))
    assert counts[0] > counts[1]


def test_one_at_a_time(context: ist.Context) -> None:
    isolate = context.isolate
    with isolate.profile():
        with pytest.raises(ist.StateError, match="the isolate is being profiled already"):
            with isolate.profile():
                pass
    with isolate.profile():
        pass


def test_before_its_end(isolate: ist.Isolate) -> None:
    with isolate.profile() as profile:
        with pytest.raises(ist.StateError, match="the profile is not over"):
            profile.to_bytes()


def test_an_exception_ends_it(context: ist.Context) -> None:
    with pytest.raises(ist.JSError, match="out"):
        with context.isolate.profile() as profile:
            context.eval("throw new Error('out')")
    assert profile.to_dict()["nodes"]


def test_wrong_intervals(isolate: ist.Isolate) -> None:
    with pytest.raises(ValueError, match="interval must be greater than 0, not 0"):
        isolate.profile(interval=0)
    with pytest.raises(ValueError, match="interval must be less than an hour"):
        isolate.profile(interval=1e8)


def test_a_closed_isolate(isolate: ist.Isolate) -> None:
    with pytest.raises(ist.ClosedError, match="the isolate is closed"):
        with isolate.profile():
            isolate.close()
    with pytest.raises(ist.ClosedError, match="the isolate is closed"):
        with isolate.profile():
            pass


def test_a_heap_snapshot(context: ist.Context, tmp_path: Path) -> None:
    context.eval("class Findable {}; globalThis.kept = new Findable()")
    path = tmp_path / "heap.heapsnapshot"
    context.isolate.write_heap(path)
    record = json.loads(path.read_text())
    assert "Findable" in record["strings"]
    stream = io.BytesIO()
    context.isolate.write_heap(stream)
    assert json.loads(stream.getvalue())["snapshot"]["node_count"] > 0


def test_a_file_that_fails(isolate: ist.Isolate) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        isolate.write_heap(Full())
    with pytest.raises(TypeError):
        isolate.write_heap(io.StringIO())  # type: ignore[arg-type]
    assert isolate.context().eval("1") == 1
