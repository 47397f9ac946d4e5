"""Every place where a gateway dies, with every fault of the channel and every action with an effect."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from faults.crash import DIED, POINTS
from faults.kit import ACTIONS, actions
from faults.ledger import Ledger, running
from faults.proxy import SHARES, FaultProxy, Plan

FAULTS = ["none", *SHARES]
_NUMBER = 1001
# A process only adopts what another one had when it died.
_BEFORE = {"in_adopt": ["after_claim"]}


@dataclass(frozen=True)
class Cell:
    """A place, what happens to the first call that changes something, and the action."""

    point: str
    fault: str
    name: str

    def __str__(self) -> str:
        return f"{self.point}-{self.fault}-{self.name}"

    @property
    def key(self) -> str:
        return actions(_NUMBER)[ACTIONS.index(self.name)].key


@dataclass(frozen=True)
class Outcome:
    """``died``: at the place, and not otherwise. ``last``: the state of the newest entry of the journal."""

    died: bool
    counts: dict[str, int]
    last: str


def cells(all_of_them: bool) -> list[Cell]:
    """The whole matrix; or each place once, with faults and actions in turn."""
    if all_of_them:
        return [Cell(point, fault, name) for point in POINTS for fault in FAULTS for name in ACTIONS]
    turn = range(len(POINTS))
    return [
        Cell(point, FAULTS[5 * each % len(FAULTS)], ACTIONS[each % len(ACTIONS)])
        for each, point in zip(turn, POINTS, strict=True)
    ]


class Zygote:
    """The process of faults/zygote.py. Use it as a context."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "faults.zygote"]
        self._process = subprocess.Popen(
            command, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def run(self, cell: Cell, folder: Path) -> Outcome:
        """Let a gateway die there, and the next one do the rest."""
        ledger = Ledger()
        script = [] if cell.fault == "none" else [("POST", cell.fault)]
        proxy = FaultProxy(lambda: ledger.port, Plan(script=script))
        action = actions(_NUMBER)[ACTIONS.index(cell.name)]
        task = {
            "journal": f"sqlite:///{folder}/journal.db",
            "queued": [cell.name] if cell.name in ("order_ack", "inv_push", "catpush_transmit") else [],
            "path": action.path,
            "request": action.request,
        }
        with running(proxy, ledger):
            deaths = [
                self._ask({**task, "url": proxy.url, "crash": point})
                for point in [*_BEFORE.get(cell.point, []), cell.point]
            ]
            last = self._ask({**task, "url": proxy.url, "crash": None})
            if "error" in last or last["code"]:
                raise AssertionError(f"{cell}: {last}")
        died = all(death == {"code": DIED} for death in deaths)
        return Outcome(died, dict(ledger.counts), last["states"][-1])

    def _ask(self, task: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(task) + "\n")
        stdin.flush()
        found: dict[str, Any] = json.loads(stdout.readline())
        return found
