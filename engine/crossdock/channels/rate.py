"""A rate that a channel allows: at most so many calls in any second, minute or hour.

pace = Pace(parse_rate("2/s"))
pace.delay          # the seconds until the next call may begin
pace.take()         # the same, and that call counts
"""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

_UNITS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0}
_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/(s|min|h)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``calls`` begin in any period of ``seconds``."""

    calls: int
    seconds: float


def parse_rate(text: str) -> Rate | None:
    """`2/s`, `30/min` or `1000/h`; None for anything else."""
    match = _RATE.fullmatch(text)
    return None if match is None else Rate(int(match[1]), _UNITS[match[2]])


class Pace:
    """When calls may begin. It belongs to one event loop, and so needs no lock.

    It keeps when the last calls begin, as many as the rate has: the next may begin one period after the
    first of them. So calls are not spread evenly, and a conversation of a few calls need not wait.
    """

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._begin: deque[float] = deque(maxlen=rate.calls)

    @property
    def delay(self) -> float:
        """The seconds until another call may begin; 0 for at once."""
        if len(self._begin) < self.rate.calls:
            return 0.0
        return max(self._begin[0] + self.rate.seconds - time.monotonic(), 0.0)

    def take(self) -> float:
        """Count a call, which begins after the seconds that are returned."""
        delay = self.delay
        self._begin.append(time.monotonic() + delay)
        return delay
