"""`isthmus.distributed.Pool` maps over a Dask cluster, and loses nothing when a worker dies."""

from __future__ import annotations

import os
import signal
from array import array
from collections.abc import Iterator
from typing import Any

import isthmus as ist
import pytest

dask = pytest.importorskip("distributed")
from dask import config  # noqa: E402
from isthmus.distributed import Pool  # noqa: E402


def cluster_of(workers: int, processes: bool) -> Any:
    return dask.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=processes,
        dashboard_address=":0",
        memory_limit=0,
    )


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    # So long after a worker has gone, Dask gives its place up if there is none at that moment:
    # another one may just have been ended.
    patience = config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    with patience, cluster_of(2, True) as cluster, dask.Client(cluster, timeout=60) as made:
        yield made


@pytest.fixture
def pool(client: Any) -> Iterator[Pool]:
    with Pool(client, timeout=20) as made:
        yield made


def pids(client: Any) -> list[int]:
    return list(client.run(os.getpid).values())


def test_values_in_the_order_of_the_inputs(pool: Pool) -> None:
    program = ist.Program("let n = 0; while (n < (input % 50) * 1000) n++; input * 2", "twice.js")
    assert list(pool.map(program, range(1000), chunk=30)) == [2 * i for i in range(1000)]
    assert pool.statistics().runs >= 1000


def test_values_of_every_kind(pool: Pool) -> None:
    inputs = [2**70, b"x", {1: 2}, {"a": [ist.undefined]}, {3}, 1.5, "\ud800", None]
    assert list(pool.map("input", inputs, chunk=3)) == inputs
    assert list(pool.map("new Float32Array([1.5])", [0])) == [array("f", [1.5])]


@pytest.mark.slow
def test_all_workers_take_part(client: Any, pool: Pool) -> None:
    program = "const end = Date.now() + 20; while (Date.now() < end); 1"
    assert sum(pool.map(program, range(40), chunk=2)) == 40
    name = pool._name
    each = client.run(lambda dask_worker: dask_worker.plugins[name].pool.statistics().runs)
    assert len(each) == 2 and all(runs > 0 for runs in each.values())


def test_errors_cross_as_themselves(pool: Pool) -> None:
    program = ist.Program("if (input == 3) throw new RangeError('three'); input", "three.js")
    got = []
    with pytest.raises(ist.JSError, match="RangeError: three") as caught:
        for value in pool.map(program, range(10), chunk=2):
            got.append(value)
    assert got == [0, 1, 2]
    assert (caught.value.filename, caught.value.line) == ("three.js", 1)
    mixed = list(pool.map(program, [1, object(), 3, 4], return_exceptions=True))
    assert [mixed[0], mixed[3]] == [1, 4]
    assert isinstance(mixed[1], ist.ConversionError) and isinstance(mixed[2], ist.JSError)


def test_outcomes(pool: Pool) -> None:
    program = "if (input % 2) throw new Error('odd'); input"
    got = list(pool.outcomes(program, range(7), chunk=2))
    assert [(one.index, one.value) for one in got] == [(i, None if i % 2 else i) for i in range(7)]
    assert all((one.error is None) == (one.index % 2 == 0) and one.wall > 0 for one in got)


def test_no_more_chunks_are_under_way_than_the_window(pool: Pool) -> None:
    taken = 0

    def inputs() -> Iterator[int]:
        nonlocal taken
        while taken < 200:
            taken += 1
            yield taken

    for value in pool.map("input", inputs(), chunk=5, window=3):
        assert taken - value <= 5 * 4


def test_what_inputs_raise_comes_after_the_values_before_it(pool: Pool) -> None:
    def inputs() -> Iterator[int]:
        yield from range(7)
        raise LookupError("no more")

    got = []
    with pytest.raises(LookupError, match="no more"):
        for value in pool.map("input", inputs(), chunk=5):
            got.append(value)
    assert got == list(range(7))


def test_progress(pool: Pool) -> None:
    calls: list[Any] = []
    list(pool.map("1", range(10), chunk=3, progress=lambda *each: calls.append(each)))
    assert calls == [(3, 10), (6, 10), (9, 10), (10, 10), (10, 10)]


def test_closing_the_iterator_ends_what_runs(client: Any) -> None:
    with Pool(client) as pool:
        values: Any = pool.map("if (input > 0) for (;;); 0", range(10), chunk=1)
        assert next(values) == 0
        values.close()
        # Both workers are free again.
        assert list(pool.map("input", range(20), chunk=2)) == list(range(20))


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(client: Any, pool: Pool) -> None:
    before = set(pids(client))
    program = "const end = Date.now() + 10; while (Date.now() < end); input"
    got = []
    for value in pool.map(program, range(300), chunk=10):
        got.append(value)
        if value == 55:
            os.kill(next(iter(before)), signal.SIGKILL)
    assert got == list(range(300))
    client.wait_for_workers(2)
    assert len(set(pids(client)) - before) == 1
    # The new one has a pool, too.
    assert list(pool.map("input", range(40), chunk=5)) == list(range(40))


def test_two_pools_at_a_time(client: Any, pool: Pool) -> None:
    with Pool(client, 2, isolation="context") as other:
        pairs = zip(
            pool.map("input", range(100), chunk=9), other.map("-input", range(100), chunk=7)
        )
        assert all(a == -b for a, b in pairs)
    assert other.closed
    with pytest.raises(ist.ClosedError, match="the pool is closed"):
        other.map("1", [1])


def test_wrong_arguments(client: Any, pool: Pool) -> None:
    with pytest.raises(ValueError, match="isolation must be one of"):
        Pool(client, isolation="none")
    with pytest.raises(ValueError, match="chunk must be greater than 0, not 0"):
        pool.map("1", [1], chunk=0)
    with pytest.raises(TypeError, match="program must be a str or a Program, not int"):
        pool.map(1, [1])  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_restart_of_the_cluster_is_told(client: Any) -> None:
    pool = Pool(client, timeout=20)
    program = "const end = Date.now() + 50; while (Date.now() < end); input"
    values = pool.map(program, range(100), chunk=2)
    assert next(values) == 0
    client.restart()
    with pytest.raises(ist.StateError, match="the Dask cluster has given up inputs"):
        list(values)
    assert list(pool.map("input", range(10))) == list(range(10))
    pool.close()


@pytest.mark.slow
def test_the_end_of_the_cluster_is_told() -> None:
    with cluster_of(1, False) as cluster, dask.Client(cluster, timeout=60) as client:
        pool = Pool(client, timeout=20)
        program = "const end = Date.now() + 50; while (Date.now() < end); input"
        values = pool.map(program, range(100), chunk=2)
        assert next(values) == 0
        cluster.close()
        with pytest.raises(ist.StateError, match="the Dask cluster"):
            list(values)
        pool.close()
