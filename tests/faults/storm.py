"""A storm: a gateway that is killed again and again before a channel that fails, and a client that repeats.

From the folder ``tests``: ``python -m faults.storm --events 20000 --kills 200 --seed 1 --channel naive``.
At the end what was accepted is compared with what the ledger has. The status is 1 when anything is lost
or doubled, or when the time was over before everything was sent and done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import gateway_kit
from faults.events import QUEUED, Sender, events
from faults.ledger import Ledger, running
from faults.operator import Operator
from faults.plant import inside
from faults.process import Process
from faults.proxy import FaultProxy, Plan

LATE = 0.5  # seconds: within the time of one attempt at the ledger, which is one second


@dataclass
class Report:
    """What came of a storm. Times are in seconds."""

    channel: str
    journal: str
    events: int
    seed: int
    accepted: int = 0
    done: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    open: int = 0
    kills: int = 0
    stops: int = 0
    faults: int = 0
    requests: int = 0
    repeats: int = 0
    calls: int = 0
    redelivered: int = 0
    dead_letters: int = 0
    slowest_recovery: float = 0.0
    integrity: str = ""
    odd: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether everything was accepted, and done once."""
        wrong = self.lost or self.doubled or self.unknown or self.open or self.odd
        return not wrong and self.accepted == self.done == self.events and self.integrity == "ok"

    def shown(self) -> str:
        """One figure a line, and of what is wrong the first ten."""
        rows = []
        for name, value in vars(self).items():
            text = f"{len(value)} {value[:10] if value else ''}" if isinstance(value, list) else value
            text = f"{value:.1f}" if isinstance(value, float) else text
            rows.append(f"{name.replace('_', ' '):<18}{text}".rstrip())
        return "\n".join(rows)


class Storm:
    """One storm. ``kills`` are spread over the events, ``share`` is that of calls which are broken."""

    def __init__(
        self,
        number: int,
        kills: int,
        seed: int,
        channel: str,
        *,
        workers: int = 1,
        share: float = 0.2,
        connections: int = 24,
        most_seconds: float = 3600,
    ) -> None:
        self._events, self._kills, self._seed = list(events(number)), kills, seed
        self._channel, self._workers, self._share = channel, workers, share
        self._connections, self._most = connections, most_seconds
        self._random = random.Random(seed)
        self._recovery = 0.0
        self._stops = 0
        self._killed = 0

    def run(self, folder: Path, journal: str) -> Report:
        """Run it with a journal at a URL. The gateway writes into a folder."""
        begun = time.monotonic()
        ledger = Ledger()
        proxy = FaultProxy(lambda: ledger.port, Plan(self._seed, self._share), late=LATE)
        with running(proxy, ledger):
            process = Process(
                folder,
                proxy.url,
                mode=self._channel,
                journal=journal,
                workers=self._workers,
                queued=QUEUED,
                environ=inside("schedule=0.3"),
            )
            with process:
                process.ready()
                sender, operator = Sender(process.port, self._seed), Operator(journal)
                asyncio.run(self._weather(process, sender, operator, begun + self._most))
                left = self._drained(process, operator, begun + self._most + 60)
                process.signal(signal.SIGTERM)
                process.ended()
            report = self._report(journal, ledger, sender, operator)
            report.open, report.faults, report.seconds = left, proxy.hits.total(), time.monotonic() - begun
        return report

    async def _weather(self, process: Process, sender: Sender, operator: Operator, until: float) -> None:
        tending = asyncio.create_task(operator.tend())
        killing = asyncio.create_task(self._killing(process, sender))
        try:
            await sender.run(self._events, self._connections, until)
        finally:
            for task in (killing, tending):
                task.cancel()
            await asyncio.gather(killing, tending, return_exceptions=True)
            if process.process is not None and process.process.poll() is not None:
                process.start()

    async def _killing(self, process: Process, sender: Sender) -> None:
        """Kill the gateway whenever so many more events were accepted; now and then let it sleep before."""
        apart = len(self._events) / (self._kills + 1)
        for number in range(self._kills):
            at = (number + self._random.random()) * apart
            while len(sender.accepted) < at:
                await asyncio.sleep(0.005)
            await asyncio.sleep(self._random.uniform(0, 0.15))
            if self._random.random() < 0.1:
                process.signal(signal.SIGSTOP)
                await asyncio.sleep(self._random.uniform(0.2, 1.5))
                process.signal(signal.SIGCONT)
                self._stops += 1
                await asyncio.sleep(self._random.uniform(0, 0.3))
            await self._killed_once(process, sender)

    async def _killed_once(self, process: Process, sender: Sender) -> None:
        children = process.children()
        if self._workers > 1 and children and self._random.random() < 0.5:
            os.kill(self._random.choice(children), signal.SIGKILL)  # the one above starts another
            self._killed += 1
            return
        process.kill()
        self._killed += 1
        at = time.monotonic()
        process.start()
        sender.answered.clear()
        while not sender.answered.is_set():
            await asyncio.sleep(0.02)
            assert process.process is not None
            if process.process.poll() is not None:  # the port of the one before was not free yet
                process.start()
        self._recovery = max(self._recovery, sender.answered_at - at)

    def _drained(self, process: Process, operator: Operator, until: float) -> int:
        """Wait until nothing is open: how many entries are, when the time is over."""
        while time.monotonic() < until:
            operator.look()
            if not (left := operator.left()):
                return 0
            if process.process is not None and process.process.poll() is not None:
                process.start()
            time.sleep(0.3)
        return left

    def _report(self, journal: str, ledger: Ledger, sender: Sender, operator: Operator) -> Report:
        known = {event.key for event in self._events}
        report = Report(self._channel, journal.partition(":")[0], len(self._events), self._seed)
        report.accepted, report.done = len(sender.accepted), len(ledger.counts)
        report.lost = sorted(sender.accepted - ledger.counts.keys())
        report.doubled = sorted(key for key, times in ledger.counts.items() if times > 1)
        report.unknown = sorted(ledger.counts.keys() - known)
        report.kills, report.stops = self._killed, self._stops
        report.requests, report.repeats = sender.sent, max(sender.sent - len(self._events), 0)
        report.calls = len(ledger.seen)
        report.redelivered = ledger.repeated
        report.dead_letters, report.odd = operator.replayed, sender.odd
        report.slowest_recovery, report.integrity = self._recovery, operator.integrity()
        operator.close()
        return report


@contextmanager
def journal_in(folder: Path, kind: str) -> Iterator[str]:
    """The URL of an empty journal: in a file of a folder, or in a PostgreSQL that is started for it."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/journal.db"
        return
    with gateway_kit.postgres() as url:
        yield url


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults.storm", description=__doc__)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the faults, the kills and the duplicates")
    parser.add_argument("--channel", choices=["idempotent", "naive"], default="idempotent")
    parser.add_argument("--journal", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.2, help="the share of calls that are broken")
    parser.add_argument("--minutes", type=float, default=0, help="the most; by default 1 for 300 events")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    given = parser.parse_args()
    minutes = given.minutes or 2 + given.events / 300
    storm = Storm(
        given.events,
        given.kills,
        given.seed,
        given.channel,
        workers=given.workers,
        share=given.share,
        most_seconds=minutes * 60,
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storm-")))
        report = storm.run(folder, stack.enter_context(journal_in(folder, given.journal)))
        if not report.good:
            sys.stderr.write((folder / "gateway.log").read_text()[-5000:])
    print(report.shown())
    if given.json:
        given.json.write_text(json.dumps(vars(report), indent=2) + "\n", encoding="utf-8")
    return int(not report.good)


if __name__ == "__main__":
    sys.exit(main())
