"""Many histories of a channel, and what came of them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from laws.histories import History, histories, numbered
from laws.rules import Broken, Life
from laws.worlds import World

QUIETLY: dict[str, Any] = {
    "derandomize": True,
    "database": None,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
}


@dataclass
class Figures:
    """How much was tried, and what broke a law: one history for each kind of violation, the shortest."""

    histories: int = 0
    requests: int = 0
    calls: int = 0
    seconds: float = 0
    violations: int = 0
    examples: dict[str, tuple[str, History]] = field(default_factory=dict)

    def __str__(self) -> str:
        figures = (
            f"{self.histories:,} histories, {self.requests:,} requests, {self.calls:,} calls, "
            f"{self.seconds:.0f} seconds of processor time, {self.violations:,} violations"
        )
        told = (f"\n  {text}\n    {history}" for text, history in self.examples.values())
        return figures + "".join(told)

    def add(self, broken: Broken, history: History) -> None:
        self.violations += 1
        kind = re.sub(r"\d+", "0", str(broken))[:100]
        if kind not in self.examples or len(repr(history)) < len(repr(self.examples[kind][1])):
            self.examples[kind] = (str(broken), history)


def lived(world: World, numbers: Iterable[int], *, law: int | None = None) -> Figures:
    """The histories with these numbers, or those until this law is broken."""
    figures = Figures()
    begun, calls = time.process_time(), world.wire.total
    for number in numbers:
        history = numbered(number, len(world.modes))
        life = Life(world, history)
        try:
            life.live()
        except Broken as broken:
            if law in (None, broken.law):
                figures.add(broken, history)
        figures.histories += 1
        figures.requests += life.requests
        if law and figures.violations:
            break
    figures.calls = world.wire.total - calls
    figures.seconds = time.process_time() - begun
    return figures


def shrunk(world: World, most: int) -> None:
    """So many histories; raises Broken of the simplest one that breaks a law."""

    @settings(max_examples=most, phases=[Phase.generate, Phase.shrink], **QUIETLY)
    @given(histories(len(world.modes)))
    def every(history: History) -> None:
        Life(world, history).live()

    every()
