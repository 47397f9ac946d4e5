"""Does what no request waits for: queued entries, those of processes that died, and those left to finish."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from crossdock.channels.patience import Cancellation
from crossdock.gateway.config import GatewayLimits
from crossdock.gateway.journal.entries import JournalEntry, State, Turn
from crossdock.gateway.journal.journal import FencedError, Journal, now
from crossdock.gateway.journal.owners import new_owner
from crossdock.gateway.journal.store import JournalError
from crossdock.gateway.logs import LOG, told
from crossdock.gateway.recorder import CallRecorder
from crossdock.gateway.running import RunOutcome, Task, background_state, finish, run, state_of
from crossdock.gateway.served import Served

_TICK: Final = 0.5  # seconds
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
        self._limits = limits
        self._changed = changed
        self._cancellation = cancellation
        self._wake = threading.Event()
        self._stopping = False
        self._adopted: list[int] = []
        self._unfinished: list[tuple[Turn, RunOutcome]] = []
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

    def finish_later(self, turn: Turn, outcome: RunOutcome) -> None:
        """Keep an outcome that the journal did not take, until it does."""
        self._unfinished.append((turn, outcome))

    def _loop(self) -> None:
        while not self._stopping:
            self._wake.wait(_TICK)
            self._wake.clear()
            try:
                self._tick()
            except JournalError as error:
                LOG.warning("the journal is not available", extra={"reason": str(error)})

    def _tick(self) -> None:
        if not self._journal.owner.holds():
            self._journal.owner = new_owner(self._journal.store)
        self._finish_left()
        self._adopted += self._journal.adopt()
        for entry in [*self._adopted]:
            if self._resumed(entry):
                self._adopted.remove(entry)
        while not self._stopping and self._free.acquire(blocking=False):
            claimed = self._journal.claim_due()
            if claimed is None:
                self._free.release()
                return
            self._submit(*claimed)

    def _finish_left(self) -> None:
        while self._unfinished:
            turn, outcome = self._unfinished[0]
            with suppress(FencedError):
                finish(self._journal, turn, outcome, state_of(outcome))
            self._unfinished.pop(0)
            self._changed()

    def _resumed(self, id: int) -> bool:
        """Whether an adopted entry is on its way, or needs nothing more.

        A call that was sent when its process died may still be at work: the channel has the time of one
        attempt before it is asked what came of it.
        """
        entry = self._journal.entry(id)
        if entry is None or entry.state != "waiting":
            return True
        served = self._served.get(entry.profile)
        sent = self._journal.last_unknown(id)
        if served is not None and sent is not None and 0 <= now() - sent < served.settle * 1000:
            return False
        if not self._free.acquire(blocking=False):
            return False
        turn = self._journal.claim(id)
        if turn is None:
            self._free.release()
            return False
        self._submit(turn, entry)
        return True

    def _submit(self, turn: Turn, entry: JournalEntry) -> None:
        self._pool.submit(self._work, turn, entry)

    def _work(self, turn: Turn, entry: JournalEntry) -> None:
        try:
            self._run(turn, entry)
        except FencedError:
            pass
        except JournalError as error:
            LOG.warning("the journal is not available", extra={"entry": entry.id, "reason": str(error)})
        except Exception:
            LOG.error("a run ended unexpectedly", exc_info=told(), extra={"entry": entry.id})
        finally:
            self._free.release()
            self._changed()
            self._wake.set()

    def _run(self, turn: Turn, entry: JournalEntry) -> None:
        served = self._served.get(entry.profile)
        if served is None:
            self._journal.finish(turn, "dead", reason="its profile is not served any more")
            return
        action = served.dialects[entry.dialect or ""].by_name[entry.action]
        task = Task(served.connection, entry.action, entry.dialect, json.loads(entry.request), action.status)
        recorder = CallRecorder(
            self._journal, turn, served.name, served.connection.transport.base_url, served.settle
        )
        deadline = served.profile.deadline_seconds or self._limits.deadline_seconds
        outcome = run(task, recorder, deadline=deadline, cancel=self._cancellation)
        tries = entry.tries + 1
        state: State
        due: int | None
        if outcome.ended and self._cancellation.cancelled:
            state, due = "queued", 0
        else:
            state, due = background_state(outcome, tries, self._limits.tries)
        finish(self._journal, turn, outcome, state, due=due)
        if state == "dead":
            LOG.error("an entry is a dead letter", extra={"entry": entry.id, "reason": outcome.reason})
