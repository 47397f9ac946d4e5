"""Blocks converted in this process or in several: in order, and with few of them in memory.

Each worker is a process with a pipe of its own, and gets a block when it is idle: lines, or a range of a file
that it reads itself. When a worker dies, the run ends, and what was yielded until then is complete. When this
process dies, its workers read the end of their pipes and end too.
"""

from __future__ import annotations

import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from crossdock.bulk.unit import Converted, LineBlock, convert
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError, InputError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from crossdock.bulk.blocks import Lines
    from crossdock.bulk.converter import PayloadConverter

Conversion: TypeAlias = Callable[["Iterable[Lines]"], "Iterator[tuple[Lines, Converted]]"]
"""Blocks to the same blocks and what each gives, in order. What the blocks raise is raised at its place."""

_AHEAD: Final = 2
"""Blocks for each worker that were read and whose results were not taken yet."""


class WorkerDiedError(CrossdockError):
    """A worker has ended before its work was done."""

    exit_code = 6


@contextmanager
def conversion(converter: PayloadConverter, workers: int, *, every: bool = False) -> Iterator[Conversion]:
    """Blocks are converted in this process, or in so many ``workers``. Raises CrossdockError."""
    converter.warm()
    if workers == 1:
        yield lambda blocks: ((block, convert(converter, lines_of(block), every=every)) for block in blocks)
        return
    started: list[_Worker] = []
    try:
        for _ in range(workers):
            started.append(_start(converter, every, started))
        yield _Pool(started)
    finally:
        for worker in started:
            worker.process.kill()
            worker.pipe.close()
        for worker in started:
            worker.process.join()


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: int | None = None


@dataclass(slots=True)
class _Pool:
    """Processes that convert blocks. Raises WorkerDiedError."""

    workers: Sequence[_Worker]
    made: dict[int, Converted | InputError] = field(default_factory=dict)

    def __call__(self, blocks: Iterable[Lines]) -> Iterator[tuple[Lines, Converted]]:
        feed, sent, taken = Feed(iter(blocks)), 0, 0
        waiting: deque[Lines] = deque()
        while True:
            for worker in self.workers:
                full = sent - taken >= _AHEAD * len(self.workers)
                if worker.task is None and not full and (block := feed.take()) is not None:
                    _send(worker, sent, block)
                    waiting.append(block)
                    sent += 1
            if taken in self.made:
                found = self.made.pop(taken)
                if isinstance(found, InputError):
                    raise found
                yield waiting.popleft(), found
                taken += 1
            elif taken < sent:
                self._receive()
            else:
                break
        if feed.failure is not None:
            raise feed.failure

    def _receive(self) -> None:
        """Wait for at least one worker that has converted its block."""
        from multiprocessing.connection import wait

        busy = {worker.pipe: worker for worker in self.workers if worker.task is not None}
        for pipe in wait(list(busy)):
            worker = busy[pipe]  # type: ignore[index]
            assert worker.task is not None
            self.made[worker.task] = _received(worker)
            worker.task = None


@dataclass(slots=True)
class Feed:
    """An iterator, and what it raised: that is only raised after what came before it was taken."""

    blocks: Iterator[Lines]
    failure: Exception | None = None

    def take(self) -> Lines | None:
        try:
            return None if self.failure else next(self.blocks, None)
        except Exception as error:
            self.failure = error
            return None


# The two ends of a pipe. Bytes are sent beside what is pickled, which saves a copy.


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why a worker could not read a range."""

    diagnostics: Sequence[Diagnostic]


def _start(converter: PayloadConverter, every: bool, others: Sequence[_Worker]) -> _Worker:
    from multiprocessing import get_context

    forked = sys.platform == "linux"  # elsewhere a fork is not safe, and a process compiles for itself
    context: Any = get_context("fork" if forked else "spawn")
    here, there = context.Pipe()
    inherited = [here, *(worker.pipe for worker in others)] if forked else []
    process = context.Process(target=_work, args=(there, converter, every, inherited), daemon=True)
    process.start()
    there.close()
    return _Worker(process, here)


def _work(
    pipe: Connection, converter: PayloadConverter, every: bool, inherited: Sequence[Connection]
) -> None:
    """A worker: convert blocks until the other end of the pipe is closed."""
    for each in inherited:  # as long as one process has the other end open, a pipe does not end
        each.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, OSError):
        while True:
            block = pipe.recv()
            if isinstance(block, tuple):
                file, first = block
                block = LineBlock(file, first, pipe.recv_bytes())
            try:
                made = convert(converter, lines_of(block), every=every)
            except InputError as error:
                pipe.send(_Unread(error.diagnostics))
                continue
            pipe.send((made.taken, made.findings, made.more))
            pipe.send_bytes(made.results)


def lines_of(block: Lines) -> LineBlock:
    """The lines themselves. Raises InputError for a range that cannot be read, or whose file has changed."""
    return block if isinstance(block, LineBlock) else block.read()


def _send(worker: _Worker, task: int, block: Lines) -> None:
    try:
        if isinstance(block, LineBlock):
            worker.pipe.send((block.file, block.first))
            worker.pipe.send_bytes(block.data)
        else:
            worker.pipe.send(block)
    except OSError:
        raise _died(worker) from None
    worker.task = task


def _received(worker: _Worker) -> Converted | InputError:
    try:
        said = worker.pipe.recv()
        if isinstance(said, _Unread):
            return InputError(said.diagnostics)
        taken, findings, more = said
        return Converted(worker.pipe.recv_bytes(), taken, findings, more)
    except (EOFError, OSError):
        raise _died(worker) from None


def _died(worker: _Worker) -> WorkerDiedError:
    worker.process.join()
    code = worker.process.exitcode or 0
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with the exit code {code}"
    help = "SIGKILL often means that the memory was used up: take fewer workers" if code == -9 else None
    return WorkerDiedError([Diagnostic("worker-died", f"a worker process {how}", help=help)])
