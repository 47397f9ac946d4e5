"""Does what no request waits for: queued entries, those of processes that died, and those left to finish."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from crossdock.channels.patience import Cancellation
from crossdock.gateway.circuit import Circuit
from crossdock.gateway.config import GatewayLimits
from crossdock.gateway.in_hand import InHand
from crossdock.gateway.journal.entries import JournalEntry, State, Turn
from crossdock.gateway.journal.journal import FencedError, Journal
from crossdock.gateway.journal.owners import new_owner
from crossdock.gateway.journal.store import JournalError
from crossdock.gateway.logs import LOG
from crossdock.gateway.recorder import CallRecorder
from crossdock.gateway.running import RunOutcome, Task, background_state, finish, run
from crossdock.gateway.served import OWN, Served

_TICK: Final = 0.5  # seconds
_APART: Final = 1.0  # seconds between two looks at what this process has
_THREADS: Final = 4


class Keeper:
    """A thread that looks for work, and some that do it."""

    def __init__(
        self,
        journal: Journal,
        served: Sequence[Served],
        limits: GatewayLimits,
        changed: Callable[[], None],
        cancellation: Cancellation,
    ) -> None:
        self._journal = journal
        self._served = {each.name: each for each in served}
        self.circuits = {each.name: Circuit() for each in served}
        self._limits = limits
        self._changed = changed
        self._cancellation = cancellation
        self._wake = threading.Event()
        self._stopping = False
        self._without_journal = False
        self._adopted: dict[int, float] = {}  # since when, by the monotonic clock
        self.in_hand = InHand()
        self._suspected: set[int] = set()
        self._suspected_at = 0.0
        self._unfinished: list[tuple[Turn, RunOutcome, State, int | None]] = []
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="crossdock-keeper")
        self._free = threading.Semaphore(_THREADS)
        self._thread = threading.Thread(target=self._loop, name="crossdock-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Wait for what runs; the cancellation has ended its calls."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown(wait=True)

    def wake(self) -> None:
        """Look at once: something was queued."""
        self._wake.set()

    def has(self, entry: int) -> bool:
        """Whether an entry of a process that died is to be run here."""
        return entry in self._adopted

    def finish_later(self, turn: Turn, outcome: RunOutcome, state: State, due: int | None = None) -> None:
        """Keep an outcome that the journal did not take, until it does."""
        self._unfinished.append((turn, outcome, state, due))

    def _loop(self) -> None:
        while not self._stopping:
            self._wake.wait(_TICK)
            self._wake.clear()
            try:
                self._tick()
            except JournalError as error:
                if not self._without_journal:  # and not again at every look
                    LOG.warning("the journal is not available", extra={"reason": str(error)})
                self._without_journal = True
            else:
                if self._without_journal:
                    LOG.info("the journal is available again")
                self._without_journal = False

    def _tick(self) -> None:
        if not self._journal.owner.holds():
            self._journal.owner = new_owner(self._journal.store)
        self._finish_left()
        self._adopted |= dict.fromkeys(self._journal.adopt(), time.monotonic())
        self._take_back()
        for entry, since in [*self._adopted.items()]:
            if self._resumed(entry, since):
                del self._adopted[entry]
        while not self._stopping and self._started(self._due):
            pass

    def _due(self) -> tuple[Turn, JournalEntry] | None:
        """The next queued entry whose channel gives answers, or may by now."""
        paused = [name for name, circuit in self.circuits.items() if not circuit.allows()]
        claimed = self._journal.claim_due(paused)
        if claimed is not None and claimed[1].profile in self.circuits:
            self.circuits[claimed[1].profile].begins()
        return claimed

    def _learn(self, profile: str, outcome: RunOutcome) -> None:
        """Whether the channel gives answers, as a run has shown."""
        circuit = self.circuits.get(profile)
        if circuit is None or (outcome.ended and self._cancellation.cancelled):
            return
        pause = circuit.ended(answered=not outcome.unanswered)
        if pause:
            more = {"profile": profile, "seconds": pause}
            LOG.warning("a channel gives no answer, and its queued requests pause", extra=more)
        elif pause is not None:
            LOG.info("a channel gives answers again", extra={"profile": profile})

    def _started(self, claim: Callable[[], tuple[Turn, JournalEntry] | None]) -> bool:
        """Whether a thread was free, and something could be claimed for it."""
        if not self._free.acquire(blocking=False):
            return False
        claimed = None
        try:
            claimed = claim()
        finally:
            if claimed is None:
                self._free.release()
        if claimed is not None:
            self._pool.submit(self._work, *claimed)
        return claimed is not None

    def _finish_left(self) -> None:
        while self._unfinished:
            turn, outcome, state, due = self._unfinished[0]
            with suppress(FencedError):
                finish(self._journal, turn, outcome, state, due=due)
            self._unfinished.pop(0)
            self._changed()

    def _take_back(self) -> None:
        """Take what no thread of this process has at two looks: a thread comes a moment after the commit."""
        if time.monotonic() - self._suspected_at < _APART:
            return
        self._suspected_at = time.monotonic()
        held = {*self._adopted, *(turn.entry for turn, *_ in [*self._unfinished])}
        own = self._journal.own()
        found = {id for id, state in own if id not in held and not self.in_hand.has(id, state)}
        taken = self._journal.take_back(sorted(found & self._suspected))
        self._suspected = found
        self._adopted |= dict.fromkeys(taken, time.monotonic())

    def _resumed(self, id: int, since: float) -> bool:
        """Whether an adopted entry is on its way, or needs nothing more.

        A call that was sent before its process died may still be at work: from the adoption on, the channel
        has the time of one attempt before it is asked what came of it.
        """
        entry = self._journal.entry(id)
        if entry is None or entry.state != "waiting":
            return True
        served = self._served.get(entry.profile)
        early = served is not None and time.monotonic() - since < served.settling.seconds
        if early and self._journal.has_unknown(id):
            return False

        def claim() -> tuple[Turn, JournalEntry] | None:
            turn, claimed = self._journal.claim(id), self._journal.entry(id)
            return None if turn is None or claimed is None else (turn, claimed)

        return self._started(claim)

    def _work(self, turn: Turn, entry: JournalEntry) -> None:
        """Run an entry, and keep what came of it: one that stayed open would hold up those behind it."""
        with self.in_hand.runs(entry.id):
            self._kept(turn, entry)

    def _kept(self, turn: Turn, entry: JournalEntry) -> None:
        outcome, state, due = self._ran(turn, entry)
        self._learn(entry.profile, outcome)
        try:
            finish(self._journal, turn, outcome, state, due=due)
        except FencedError:
            pass
        except JournalError as error:
            LOG.warning("the journal is not available", extra={"entry": entry.id, "reason": str(error)})
            self.finish_later(turn, outcome, state, due)
        finally:
            self._free.release()
            self._changed()
            self._wake.set()
        if state == "dead":
            LOG.error("an entry is a dead letter", extra={"entry": entry.id, "reason": outcome.reason})

    def _ran(self, turn: Turn, entry: JournalEntry) -> tuple[RunOutcome, State, int | None]:
        """What came of an entry, the state that it gets, and when it is due again. Raises nothing."""
        served = self._served.get(entry.profile)
        actions = served.dialects.get(entry.dialect or OWN) if served is not None else None
        if served is None or actions is None or entry.action not in actions.by_name:
            return RunOutcome(reason="its profile or its action is not served any more"), "dead", None
        status = actions.by_name[entry.action].status
        task = Task(served.connection, entry.action, entry.dialect, json.loads(entry.request), status)
        url = served.connection.transport.base_url
        recorder = CallRecorder(self._journal, turn, served.name, url, served.settling)
        deadline = served.profile.deadline_seconds or self._limits.deadline_seconds
        outcome = run(task, recorder, deadline=deadline, cancel=self._cancellation)
        if outcome.ended and self._cancellation.cancelled:
            return outcome, "queued", 0
        return outcome, *background_state(outcome, entry.tries, self._limits.tries)
