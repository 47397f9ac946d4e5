"""Many histories of a channel, and what came of them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from laws.histories import History, histories
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


def lived(world: World, most: int, *, stop: int | None = None) -> Figures:
    """So many histories, or those until the law ``stop`` is broken."""
    figures = Figures()
    begun, calls = time.process_time(), world.wire.total

    @settings(max_examples=most, phases=[Phase.generate], **QUIETLY)
    @given(histories(len(world.modes)))
    def every(history: History) -> None:
        if stop is not None and figures.violations:
            return
        figures.histories += 1
        life = Life(world, history)
        try:
            life.live()
        except Broken as broken:
            if stop in (None, broken.law):
                figures.add(broken, history)
        figures.requests += life.requests

    every()
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
