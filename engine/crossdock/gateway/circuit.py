"""Pauses the queued runs of a channel that gives no answer: each of them would only use up a try.

circuit = Circuit()
if circuit.allows():
    circuit.begins()
    circuit.ended(answered=False)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

FAILURES: Final = 5
"""Runs in a row without an answer before a pause."""
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0


@dataclass(slots=True)
class Circuit:
    """The state for one channel of one profile, for any number of threads. ``clock`` is in seconds.

    After a pause there is one run at a time, until one is answered. Each that is not doubles the pause.
    """

    first_pause: float = FIRST_PAUSE
    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _until: float = 0.0
    _trying: bool = False
    _gate: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES

    def allows(self) -> bool:
        """Whether a run may begin now."""
        return not self.is_open or (not self._trying and self.clock() >= self._until)

    def begins(self) -> None:
        with self._gate:
            self._trying = self.is_open

    def ended(self, *, answered: bool) -> float | None:
        """A run is over. The seconds of the pause that begins now, or 0 when one has ended; else None."""
        with self._gate:
            was_open, self._trying = self.is_open, False
            if answered:
                self._failures = 0
                return 0.0 if was_open else None
            if was_open and self.clock() < self._until:
                return None  # it had begun before the pause
            self._failures += 1
            if not self.is_open:
                return None
            pause = min(LONGEST_PAUSE, self.first_pause * 2.0 ** min(self._failures - FAILURES, 10))
            self._until = self.clock() + pause
            return pause
