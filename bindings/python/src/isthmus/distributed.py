"""Pools over a Dask cluster: `Pool.map` with every worker of the cluster.

Each worker process of Dask holds one warm pool for each of these. Inputs travel in chunks, as CBOR,
and a bounded number of chunks is under way; a chunk whose worker has died is run again by another.
Needs Dask: `pip install isthmus[dask]`.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Optional, Union

try:
    import distributed as _dask
except ImportError as missing:
    raise ImportError(
        "isthmus.distributed needs Dask: pip install 'isthmus[dask]'", name="distributed"
    ) from missing

from . import _pool
from ._cbor import decode, encode
from ._closing import Closing
from ._errors import ClosedError, JSDiedError, StateError
from ._pool import Outcome, PoolStatistics, Program, Progress

__all__ = ["Pool"]

CHUNK = 256
"""How many inputs travel together, unless it is told otherwise."""
PATIENCE = 0.05
"""Seconds that are spent on reading one chunk's inputs."""


class Pool(Closing):
    """A pool on every worker of a Dask cluster, those that join it later among them.

    It is a context manager.

    Args:
        client: the `distributed.Client` of the cluster.
        threads_per_worker: how many runs each worker has at a time; None: as many as its Dask
            threads.
        options: the rest is as for `isthmus.Pool`: isolation, timeout, cpu_timeout, memory,
            buffers, stack, command. They hold on the workers' machines.

    Raises:
        NotFoundError, StateError, ResourceError: a worker's pool cannot be made.
    """

    def __init__(
        self, client: Any, threads_per_worker: Optional[int] = None, **options: Any
    ) -> None:
        # What is wrong with the options is told here, not by a worker.
        _pool.Pool(threads_per_worker or 1, **options).close()
        self._client = client
        self._name = f"isthmus-{uuid.uuid4().hex}"
        self._closed = False
        client.register_plugin(_Warm(threads_per_worker, options), name=self._name)

    def __repr__(self) -> str:
        return f"<isthmus.distributed.Pool {'closed' if self._closed else self._name}>"

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Closes the pools of all workers. Maps that are under way raise ClosedError. Repeating it
        does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._client.status == "running":
            self._client.unregister_worker_plugin(self._name)

    def statistics(self) -> PoolStatistics:
        """What the pools of the workers that live have done so far, together.

        Raises:
            ClosedError: it is closed.
        """
        self._open()
        each = list(self._client.run(_statistics, self._name).values())
        names = PoolStatistics.__dataclass_fields__
        return PoolStatistics(*(sum(getattr(one, name) for one in each) for name in names))

    def map(
        self,
        program: Union[str, Program],
        inputs: Iterable[Any],
        *,
        chunk: int = CHUNK,
        window: Optional[int] = None,
        progress: Progress = False,
        return_exceptions: bool = False,
    ) -> Iterator[Any]:
        """Runs a program over inputs, and gives the values in the order of the inputs.

        All is as with `isthmus.Pool.map`, but that inputs are taken a chunk at a time. A run is
        repeated when its worker dies before its value has come.

        Args:
            program: a script, or a Program.
            inputs: what each run finds in its global `input`.
            chunk: how many inputs travel together.
            window: how many chunks may be under way or wait to be taken; None: two for each worker.
            progress: a bar, or a function of how many inputs are done and how many there are.
            return_exceptions: whether errors of inputs are given in their place.

        Raises:
            JSError and kin: a run failed; the others are ended.
            JSDiedError: several workers have died of a chunk.
            StateError: the cluster was restarted, or is gone.
            ClosedError: the pool is closed.
        """
        shape = _pool._errors if return_exceptions else _pool._raised
        return self._begin(program, inputs, chunk, window, progress, shape)

    def outcomes(
        self,
        program: Union[str, Program],
        inputs: Iterable[Any],
        *,
        chunk: int = CHUNK,
        window: Optional[int] = None,
        progress: Progress = False,
    ) -> Iterator[Outcome]:
        """The same as `map`, with all that is known of each run."""
        return self._begin(program, inputs, chunk, window, progress, _pool._outcomes)

    def _open(self) -> None:
        if self._closed:
            raise ClosedError("the pool is closed")

    def _begin(
        self,
        program: Union[str, Program],
        inputs: Iterable[Any],
        chunk: int,
        window: Optional[int],
        progress: Progress,
        shape: _pool._Shape,
    ) -> Iterator[Any]:
        self._open()
        program = _pool.program_of(program)
        chunk = _pool.count_of(chunk, "chunk")
        if window is not None:
            window = _pool.count_of(window, "window", "a number or None")
        told = _pool._progress_of(progress, _pool._length(inputs))
        return self._iterate(program, iter(inputs), chunk, window, told, shape)

    def _iterate(
        self,
        program: Program,
        inputs: Iterator[Any],
        size: int,
        window: Optional[int],
        told: Any,
        shape: _pool._Shape,
    ) -> Iterator[Any]:
        most = window or max(2, 2 * len(self._client.nthreads()))
        chunks: deque[_Chunk] = deque()
        problem: Optional[Exception] = None
        ended = False
        pulled = given = failed = 0
        try:
            while True:
                while not ended and len(chunks) < most:
                    self._open()
                    if chunks and chunks[0].future.done() and len(chunks) > most // 2:
                        break
                    made = _Chunk(pulled)
                    try:
                        ended = made.fill(inputs, size)
                    except Exception as found:
                        ended, problem = True, found
                    pulled += len(made.items)
                    if made.items:
                        made.future = self._send(program, made)
                        chunks.append(made)
                if not chunks:
                    break
                first = chunks[0]
                outcomes = self._outcomes(first)
                chunks.popleft().future.release()
                for outcome in outcomes:
                    given += 1
                    failed += outcome.error is not None
                if told:
                    told(given, failed, False)
                for outcome in outcomes:
                    yield shape(outcome)
            if told:
                told(given, failed, True)
            if problem is not None:
                raise problem
        finally:
            if isinstance(told, _pool._Bar):
                told.close()
            problem = None
            if chunks and self._client.status == "running":
                self._client.cancel([one.future for one in chunks])

    def _send(self, program: Program, chunk: _Chunk) -> Any:
        key = f"{self._name}-{uuid.uuid4().hex}"
        try:
            return self._client.submit(
                _run, self._name, program, chunk.parts(), key=key, pure=False
            )
        except Exception as error:
            raise StateError(f"the Dask cluster is gone: {error}") from error

    def _outcomes(self, chunk: _Chunk) -> list[Outcome]:
        last = chunk.start + len(chunk.items) - 1
        inputs = f"inputs {chunk.start} to {last}"
        try:
            runs = iter(chunk.future.result())
        except _dask.KilledWorker as error:
            raise JSDiedError(f"the Dask workers that ran {inputs} have died: {error}") from None
        except _dask.CancelledError as error:
            self._open()
            raise StateError(f"the Dask cluster has given up {inputs}: {error}") from None
        except (OSError, TimeoutError) as error:
            raise StateError(f"the Dask cluster is gone: {error}") from error
        outcomes = []
        for number, item in enumerate(chunk.items, chunk.start):
            if isinstance(item, Exception):
                outcomes.append(Outcome(number, None, item, 0.0, 0.0))
                continue
            data, problem, wall, cpu = next(runs)
            value = None
            if problem is None:
                try:
                    value = decode(data)
                except Exception as found:
                    problem = found
            outcomes.append(Outcome(number, value, problem, wall, cpu))
        return outcomes


class _Chunk:
    """Inputs that travel together."""

    def __init__(self, start: int) -> None:
        self.start = start
        # CBOR, or why there is none.
        self.items: list[Union[bytes, Exception]] = []
        self.future: Any = None

    def fill(self, inputs: Iterator[Any], size: int) -> bool:
        """Reads inputs; whether there are no more."""
        until = time.monotonic() + PATIENCE
        for value in inputs:
            try:
                self.items.append(encode(value))
            except Exception as problem:
                self.items.append(problem)
            if len(self.items) == size or time.monotonic() > until:
                return False
        return True

    def parts(self) -> list[bytes]:
        return [item for item in self.items if isinstance(item, bytes)]


# ---- On the workers ------------------------------------------------------------------------------


class _Warm(_dask.WorkerPlugin):
    """Holds a worker's pool."""

    def __init__(self, threads: Optional[int], options: dict[str, Any]) -> None:
        self.threads = threads
        self.options = options

    def setup(self, worker: Any) -> None:
        self.lock = threading.Lock()
        self.runs: dict[Any, Any] = {}
        self.pool = _pool.Pool(self.threads or worker.state.nthreads, **self.options)

    def teardown(self, worker: Any) -> None:
        self.pool.close()

    def transition(self, key: Any, start: Any, finish: Any, **kwargs: Any) -> None:
        # Dask cannot end a task that runs, but its result is not wanted any more.
        if finish in ("cancelled", "released", "forgotten"):
            with self.lock:
                run = self.runs.get(key)
            if run:
                run.cancel()


def _plugin(worker: Any, name: str) -> _Warm:
    plugin = worker.plugins.get(name)
    if plugin is None:
        raise ClosedError("the pool is closed")
    return plugin  # type: ignore[no-any-return]


_Runs = list[tuple[Optional[bytes], Optional[Exception], float, Optional[float]]]


def _run(name: str, program: Program, inputs: list[bytes]) -> _Runs:
    """Runs one chunk; a task."""
    worker = _dask.get_worker()
    plugin = _plugin(worker, name)
    key = worker.get_current_task()
    run = _pool.encoded(plugin.pool, program, inputs)
    with plugin.lock:
        plugin.runs[key] = run
    try:
        got: list[Outcome] = list(run.iterate())
    finally:
        with plugin.lock:
            plugin.runs.pop(key, None)
    return [(one.value, one.error, one.wall, one.cpu) for one in got]


def _statistics(name: str, dask_worker: Any) -> PoolStatistics:
    return _plugin(dask_worker, name).pool.statistics()
