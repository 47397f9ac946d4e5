"""Which entries the threads of this process run, and which they wait for.

An entry that is neither, though the journal says that this process has it, would stay open for ever: its
sender did not wait long enough, or the database broke off when it was to confirm a commit.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from crossdock.gateway.journal.entries import State


class InHand:
    """The entries that have a thread. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[int] = Counter()
        self._awaited: Counter[int] = Counter()

    def has(self, entry: int, state: State) -> bool:
        """Whether a thread runs an entry that is running, or waits for one that waits."""
        with self._lock:
            return entry in self._running or (state == "waiting" and entry in self._awaited)

    @contextmanager
    def runs(self, entry: int) -> Iterator[None]:
        with self._counted(self._running, entry):
            yield

    @contextmanager
    def waits(self, entry: int) -> Iterator[None]:
        with self._counted(self._awaited, entry):
            yield

    @contextmanager
    def _counted(self, counter: Counter[int], entry: int) -> Iterator[None]:
        with self._lock:
            counter[entry] += 1
        try:
            yield
        finally:
            with self._lock:
                counter[entry] -= 1
                if not counter[entry]:
                    del counter[entry]
