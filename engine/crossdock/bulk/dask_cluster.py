"""The unit of bulk work on a Dask cluster: blocks are tasks, and the scheduler gives them to its workers.

A task that was lost with its worker is run again elsewhere; its results are taken once, in the order of the
blocks. The workers need this version of Crossdock, and the project's files at the same path: each compares
the digest of its mappings with that of the run.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import lru_cache
from itertools import count
from multiprocessing import get_all_start_methods
from pathlib import Path
from typing import Any, Final

import dask
from distributed import Client, KilledWorker, LocalCluster

from crossdock.bulk.blocks import Lines
from crossdock.bulk.converter import PayloadConverter
from crossdock.bulk.pool import Conversion, Feed, WorkerDiedError, lines_of
from crossdock.bulk.unit import Converted, convert
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import ProjectError
from crossdock.core.version import __version__

_AHEAD: Final = 3
_COUNTED: Final = 64
_SECONDS: Final = 5


@contextmanager
def cluster(converter: PayloadConverter, scheduler: str, workers: int, digest: str) -> Iterator[Conversion]:
    """Blocks are converted by the cluster of a scheduler: its address, or ``local`` for one of this machine.

    Raises ProjectError for a scheduler that cannot be reached, WorkerDiedError.
    """
    for name in ("distributed", "distributed.client"):  # the run reports what matters
        logging.getLogger(name).setLevel(logging.CRITICAL)
    converter.warm()
    shared = replace(converter, directory=str(converter.roots[0].resolve()))
    begun = _local(workers) if scheduler == "local" else nullcontext(scheduler)
    with begun as address, _client(address, scheduler) as client:
        yield lambda blocks: _converted(client, shared, digest, blocks)


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    """A cluster of this machine. Its workers are forked from one process that has imported Dask.

    They then share most of their memory, and begin sooner. Dask starts a worker again that was killed.
    """
    made: Any = LocalCluster  # has no annotations
    slim: dict[str, Any] = {"distributed.worker.profile.enabled": False}
    if "forkserver" in get_all_start_methods():
        slim["distributed.worker.multiprocessing-method"] = "forkserver"
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    with dask.config.set(slim), made(n_workers=workers, threads_per_worker=1, **quiet) as local:
        yield local


def _client(address: Any, shown: str) -> Any:
    made: Any = Client  # has no annotations
    try:
        return made(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError):
        message = f"the scheduler `{shorten(shown, 200)}` cannot be reached"
        raise ProjectError([Diagnostic("no-scheduler", message)]) from None


def _converted(
    client: Any, converter: PayloadConverter, digest: str, blocks: Iterable[Lines]
) -> Iterator[tuple[Lines, Converted]]:
    """Each block and what it gives, in order; a few blocks for each thread of the cluster are in flight."""
    waiting, most, shared = deque[tuple[Lines, Any]](), 0, True
    feed = Feed(block if shared else lines_of(block) for block in blocks)

    def submit(block: Lines) -> Any:
        return client.submit(on_worker, converter, digest, __version__, block, pure=False)

    for taken in count():
        if taken % _COUNTED == 0:  # the cluster may grow
            most = _AHEAD * max(1, sum(client.nthreads().values()))
        while len(waiting) < most and (block := feed.take()) is not None:
            waiting.append((block, submit(block)))
        if not waiting:
            break
        block, future = waiting.popleft()
        if (made := _result(future)) is None:  # the worker does not have this file: the lines are sent
            shared, made = False, _result(submit(lines_of(block)))
        assert made is not None
        yield block, made
    if feed.failure is not None:
        raise feed.failure


def _result(future: Any) -> Converted | None:
    try:
        made = future.result()
    except KilledWorker:
        message = "workers of the cluster have ended again and again with the same lines"
        raise WorkerDiedError([Diagnostic("worker-died", message)]) from None
    except (OSError, CancelledError):
        message = "the scheduler was lost"
        raise WorkerDiedError([Diagnostic("no-scheduler", message)]) from None
    assert made is None or isinstance(made, Converted)
    return made


def on_worker(converter: PayloadConverter, digest: str, version: str, block: Lines) -> Converted | None:
    """The task: the unit, with the mapping that this process has compiled. Raises ProjectError.

    None for a range of a file that this worker cannot read, or that is another one here.
    """
    ready = _ready(converter, digest, version)
    try:
        lines = lines_of(block)
    except Exception:  # what the package of a store raises is its own; the run reads the lines and reports
        return None
    return convert(ready, lines)


@lru_cache(maxsize=8)
def _ready(converter: PayloadConverter, digest: str, version: str) -> PayloadConverter:
    """The converter of this process, once for each digest of the mappings."""
    where = Path(str(converter.directory))
    if version != __version__ or not where.exists() or converter.digest() != digest:
        message = f"a worker of the cluster has other mappings or schemas in `{shorten(str(where), 200)}`"
        help = "the workers need the same version of Crossdock, and the project at the same path"
        raise ProjectError([Diagnostic("other-mappings", message, help=help)])
    converter.warm()
    return converter
