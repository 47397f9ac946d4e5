"""Answers HTTP requests, from any number of threads: each is done once, and none is lost.

gateway = Gateway(project, config, environ=os.environ)
with gateway:
    gateway.answer(HttpRequest("POST", "/orders/cancel", b"", headers, body))
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import replace
from types import TracebackType
from typing import Final, Self, TypeVar

from crossdock.channels.patience import Cancellation
from crossdock.gateway.config import GatewayConfig, journal_url
from crossdock.gateway.intake import Asked, HttpRequest, asked, check_head
from crossdock.gateway.journal.entries import OPEN, Answered, JournalEntry, NewEntry, Turn
from crossdock.gateway.journal.journal import FencedError, Journal
from crossdock.gateway.journal.store import JournalError, open_store
from crossdock.gateway.keeper import Keeper
from crossdock.gateway.logs import LOG, told
from crossdock.gateway.problems import HttpProblem, Reply, unavailable
from crossdock.gateway.recorder import CallRecorder
from crossdock.gateway.requests import key_of, subjects_of, without_ticket
from crossdock.gateway.running import RunOutcome, Task, finish, run, state_of
from crossdock.gateway.served import Destination, Served, check_distinct, serve
from crossdock.project.digest import digest
from crossdock.project.project import Project

T = TypeVar("T")

_POLL: Final = 0.05  # seconds: another process says nothing when it is done


class Gateway:
    """One process's part of a gateway. Raises CrossdockError or JournalError when something is missing."""

    def __init__(self, project: Project, config: GatewayConfig, *, environ: MappingType[str, str]) -> None:
        self.project = project
        self.config = config
        self.cancellation = Cancellation()
        self.served: list[Served] = []
        self._changed = threading.Condition()
        self._draining = False
        self.journal = Journal(
            open_store(journal_url(config, environ)),
            window_hours=config.window_hours,
            mappings=digest(project.roots),
        )
        try:
            self.served += [serve(project, profile, environ) for profile in config.profiles]
            check_distinct(self.served)
        except BaseException:
            self._release()
            raise
        self.keeper = Keeper(self.journal, self.served, config.limits, self.changed, self.cancellation)

    def __enter__(self) -> Self:
        self.keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def drain(self) -> None:
        """Accept nothing more. What runs goes on."""
        self._draining = True

    def close(self) -> None:
        """End the waits and the calls that are left; what is not done, the next process does."""
        self.drain()
        self.cancellation.cancel()
        self.keeper.stop()
        self._release()

    def _release(self) -> None:
        for served in self.served:
            served.connection.close()
        self.journal.close()

    def changed(self) -> None:
        """Tell the requests that wait in this process that an entry has ended."""
        with self._changed:
            self._changed.notify_all()

    # Answering

    def answer(self, http: HttpRequest, found: list[Destination] | None = None) -> Reply:
        """The answer to a request. Raises nothing: a fault of the program is answered 500.

        ``found`` is what ``check_head`` has given for it already.
        """
        try:
            if self._draining:
                raise unavailable("the gateway is stopping")
            known = asked(check_head(self.served, http) if found is None else found, http)
            return replace(self._known(known), profile=known.served.name, action=known.action.name)
        except HttpProblem as problem:
            return problem.reply()
        except JournalError as error:
            return unavailable(str(error)).reply()
        except Exception:
            LOG.error("an answer ended unexpectedly", exc_info=told())
            return HttpProblem(500, "the request could not be answered").reply()

    def _known(self, known: Asked) -> Reply:
        try:
            return self._read_only(known) if known.action.effect == "none" else self._once(known)
        except HttpProblem as problem:
            return problem.reply()

    def not_ready(self) -> str | None:
        """Why no request can be answered now; None when they can."""
        if self._draining:
            return "the gateway is stopping"
        try:
            self.journal.counts()
        except JournalError as error:
            return str(error)
        return self.journal.store.short_of_room()

    def _read_only(self, known: Asked) -> Reply:
        outcome = run(_task(known), None, deadline=self._deadline(known), cancel=self.cancellation)
        return _reply(outcome)

    def _deadline(self, known: Asked) -> float:
        return known.served.profile.deadline_seconds or self.config.limits.deadline_seconds

    def _once(self, known: Asked) -> Reply:
        until = time.monotonic() + self._deadline(known)
        queued = known.action.name in known.served.profile.queued
        new = _entry(known, queued=queued)
        accepted = self.journal.accept(new)
        if accepted.same is not None and accepted.same.state not in OPEN:
            return _saved(accepted.same)
        if queued:
            self.keeper.wake()
            return _json(known.action.status, '{"events":[]}')
        if accepted.turn is not None:
            return self._run(known, accepted.turn, until)
        return self._wait(known, accepted.entry, until)

    def _wait(self, known: Asked, entry: int, until: float) -> Reply:
        """Wait for an entry's turn, and run it; or for its end, if another thread or process runs it."""

        def step() -> Turn | JournalEntry | None:
            if self.cancellation.cancelled:
                raise unavailable("the gateway is stopping")
            found = self.journal.entry(entry)
            if found is None or found.state not in OPEN:
                return found
            if self.keeper.has(entry):
                return None
            if found.state == "queued":
                return self.journal.claim_queued(entry)
            return self.journal.claim(entry) if found.state == "waiting" else None

        with self.keeper.in_hand.waits(entry):
            found = self._until(step, until)
        if isinstance(found, Turn):
            return self._run(known, found, until)
        if isinstance(found, JournalEntry):
            return _saved(found)
        raise unavailable("the request is accepted, and others before it are not done yet")

    def _until(self, step: Callable[[], T | None], until: float) -> T | None:
        """What a step gives, as soon as it gives something; None when the time is over."""
        while True:
            found = step()
            left = until - time.monotonic()
            if found is not None or left <= 0:
                return found
            with self._changed:
                self._changed.wait(min(_POLL, left))

    def _run(self, known: Asked, turn: Turn, until: float) -> Reply:
        served = known.served
        recorder = CallRecorder(
            self.journal, turn, served.name, served.connection.transport.base_url, served.settling
        )
        with self.keeper.in_hand.runs(turn.entry):
            left = max(until - time.monotonic(), 0.0)
            outcome = run(_task(known), recorder, deadline=left, cancel=self.cancellation)
            fenced = not self._kept(known, turn, outcome, until)
        if fenced:
            return self._wait(known, turn.entry, until)
        if self.cancellation.cancelled and outcome.ended:
            raise unavailable("the gateway is stopping")
        return _reply(outcome)

    def _kept(self, known: Asked, turn: Turn, outcome: RunOutcome, until: float) -> bool:
        """Keep what came of a run, now or later. False when another run has taken over."""
        try:
            self._finish(known, turn, outcome, until)
        except FencedError:
            return False
        except JournalError:
            self.keeper.finish_later(turn, outcome, state_of(outcome))
        finally:
            self.changed()
        return True

    def _finish(self, known: Asked, turn: Turn, outcome: RunOutcome, until: float) -> None:
        """What was cut off goes on in the background, if the sender need not know how it ends.

        A call that was at work when the time was over has no answer, and nothing that was left may say so.
        """
        cut = outcome.ended or (outcome.unanswered and time.monotonic() >= until)
        if (cut and known.action.effect == "latest") or (outcome.ended and self.cancellation.cancelled):
            finish(self.journal, turn, outcome, "queued", due=0)
            self.keeper.wake()
        else:
            finish(self.journal, turn, outcome, state_of(outcome))


def _task(known: Asked) -> Task:
    return Task(
        known.served.connection, known.action.name, known.dialect, known.received, known.action.status
    )


def _entry(known: Asked, *, queued: bool) -> NewEntry:
    actions = known.served.dialects[known.dialect or ""]
    request = without_ticket(actions, known.request)
    reach = known.served.reaches[known.dialect or "", known.action.name]
    return NewEntry(
        profile=known.served.name,
        dialect=known.dialect,
        action=known.action.name,
        key=key_of(known.served.name, known.dialect, known.action, request),
        subjects=subjects_of(known.action, known.request, reach.whole),
        request=json.dumps(request, ensure_ascii=False, separators=(",", ":")),
        supersedes=reach.supersedes,
        queued=queued,
    )


def _saved(entry: JournalEntry) -> Reply:
    """The reply to a repeat. A run that ended with an error has none, and another repeat runs anew."""
    if entry.status is None or entry.response is None:
        return HttpProblem(500, "the request could not be answered", errors=()).reply()
    return _json(entry.status, entry.response)


def _reply(outcome: RunOutcome) -> Reply:
    if outcome.answered is not None:
        return _answered(outcome.answered)
    return HttpProblem(outcome.status, outcome.reason or "the request could not be answered").reply()


def _answered(answered: Answered) -> Reply:
    return _json(answered.status, answered.response)


def _json(status: int, text: str) -> Reply:
    return Reply(status, text.encode())
