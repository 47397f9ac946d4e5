"""Bugs that others made, planted in a process of a test. For each there is a test that fails by it.

Names, functions and modules are those of the program, so that a bug which cannot be planted any more is an
error, and not a test that passes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True)
class Bug:
    """A bug, and the test that finds it."""

    plant: Callable[[], None]
    test: str


def _ack_before_commit() -> None:
    """A queued request is answered, and committed somewhat later."""
    from crossdock.gateway.journal.entries import Accepted
    from crossdock.gateway.journal.journal import Journal

    accept = Journal.accept

    def early(self: Any, new: Any) -> Any:
        if not new.queued:
            return accept(self, new)
        timer = threading.Timer(2, lambda: accept(self, new))
        timer.daemon = True
        timer.start()
        return Accepted(0)

    Journal.accept = early  # type: ignore[method-assign]


def _mark_before_send() -> None:
    """A request is marked as done when it gets its turn."""
    from crossdock.gateway.journal.entries import Answered
    from crossdock.gateway.journal.journal import Journal

    accept = Journal.accept

    def marked(self: Any, new: Any) -> Any:
        accepted = accept(self, new)
        if accepted.turn is not None:
            self.finish(accepted.turn, "done", Answered(200, '{"events":[]}'))
        return accepted

    Journal.accept = marked  # type: ignore[method-assign]


def _no_fencing() -> None:
    """A run may write whatever run the entry is in by now."""
    from crossdock.gateway.journal.journal import Journal

    finish, begin_call = Journal.finish, Journal.begin_call

    def newest(self: Any, turn: Any) -> Any:
        entry = self.entry(turn.entry)
        return turn if entry is None else replace(turn, fence=entry.fence)

    def finish_newest(self: Any, turn: Any, *given: Any, **named: Any) -> Any:
        return finish(self, newest(self, turn), *given, **named)

    def begin_newest(self: Any, turn: Any, *given: Any, **named: Any) -> Any:
        return begin_call(self, newest(self, turn), *given, **named)

    Journal.finish = finish_newest  # type: ignore[method-assign]
    Journal.begin_call = begin_newest  # type: ignore[method-assign]


def _dedupe_outside() -> None:
    """A repeat is looked for in one transaction, and its entry made in the next."""
    from sqlalchemy import select, update

    from crossdock.gateway.journal.entries import Accepted
    from crossdock.gateway.journal.journal import Journal
    from crossdock.gateway.journal.tables import ENTRY

    accept = Journal.accept

    def in_two(self: Any, new: Any) -> Any:
        live = ENTRY.c.live_key == new.key
        row = self.store.write(lambda connection: connection.execute(select(ENTRY.c.id).where(live)).first())
        if row is not None:
            return Accepted(row.id, same=self.entry(row.id))
        time.sleep(0.05)
        forgotten = update(ENTRY).where(live).values(live_key=None)
        self.store.write(lambda connection: connection.execute(forgotten).close())
        return accept(self, new)

    Journal.accept = in_two  # type: ignore[method-assign]


def _key_without_channel() -> None:
    from crossdock.gateway import gateway

    key_of = gateway.key_of
    gateway.key_of = lambda _profile, *more: key_of("", *more)


def _content_for_ever() -> None:
    """A state is a repeat of an equal one, whatever came between."""
    from crossdock.gateway.journal.journal import Journal

    Journal._forget_others = lambda *_: None  # type: ignore[method-assign]


def _retry_on_4xx() -> None:
    from crossdock.gateway import running

    running._is_passing = lambda _failed: True


def _no_total_deadline() -> None:
    """Each read of an answer may take its time, and so all of them may take any."""
    from crossdock.channels import http

    @asynccontextmanager
    async def endless(_seconds: float) -> Any:
        yield

    names = {name: getattr(asyncio, name) for name in asyncio.__all__}
    http.asyncio = SimpleNamespace(**{**names, "timeout": endless})  # type: ignore[attr-defined]


def _float_money() -> None:
    from crossdock.language.functions import arithmetic

    arithmetic.scaled = lambda value: None if value is None else float(value)  # type: ignore
    arithmetic.unscaled = lambda value, *_: value  # type: ignore


def _ticket_before_encoding() -> None:
    import hmac

    from crossdock.gateway import served
    from crossdock.gateway.requests import found_in

    def is_valid(actions: Any, request: Any, tickets: Any) -> bool:
        given = found_in(request, actions.ticket)
        return any(hmac.compare_digest(given, ticket) for ticket in tickets)  # type: ignore[type-var]

    served.is_valid_ticket = is_valid


def _follow_redirects() -> None:
    import httpx

    from crossdock.channels.http import Transport

    exchange = Transport._exchange

    async def following(self: Any, request: Any) -> Any:
        data, response = await exchange(self, request)
        if response.is_redirect:
            headers = {name: value for name, value in request.headers.items() if "content" not in name}
            to = httpx.Request("GET", response.headers["location"], headers=headers)
            return await exchange(self, to)
        return data, response

    Transport._exchange = following  # type: ignore[method-assign]


def _secret_in_log() -> None:
    from crossdock.gateway.gateway import Gateway
    from crossdock.gateway.logs import LOG

    answer = Gateway.answer

    def chatty(self: Any, http: Any, found: Any = None) -> Any:
        reply = answer(self, http, found)
        if reply.status == 401:
            LOG.warning("refused", extra={"body": http.body.decode(errors="replace")})
        return reply

    Gateway.answer = chatty  # type: ignore[method-assign]


_FAULTS = "tests/test_gateway_faults.py::test_"
_KILLED = "tests/test_gateway_killed.py::test_"
_JOURNAL = "tests/test_gateway_journal.py::test_"

BUGS = {
    "ack_before_commit": Bug(_ack_before_commit, f"{_KILLED}what_was_acknowledged_is_in_the_journal"),
    "mark_before_send": Bug(_mark_before_send, f"{_KILLED}what_was_not_sent_is_done_by_the_next_process"),
    "no_fencing": Bug(_no_fencing, f"{_JOURNAL}the_entries_of_a_dead_process_are_taken_by_another[sqlite]"),
    "dedupe_outside": Bug(_dedupe_outside, f"{_JOURNAL}equal_requests_at_one_moment_are_one[sqlite]"),
    "key_without_channel": Bug(_key_without_channel, f"{_FAULTS}two_channels_do_the_same_request_each"),
    "content_for_ever": Bug(_content_for_ever, f"{_FAULTS}stock_of_5_3_and_5_is_three_changes"),
    "retry_on_4xx": Bug(_retry_on_4xx, f"{_FAULTS}what_the_channel_refuses_is_not_tried_again"),
    "no_total_deadline": Bug(_no_total_deadline, f"{_FAULTS}an_answer_that_drips_is_no_answer"),
    "float_money": Bug(_float_money, f"{_FAULTS}amounts_are_added_exactly"),
    "ticket_before_encoding": Bug(_ticket_before_encoding, f"{_FAULTS}every_wrong_ticket_is_refused_alike"),
    "follow_redirects": Bug(_follow_redirects, f"{_FAULTS}a_redirect_is_not_followed"),
    "secret_in_log": Bug(_secret_in_log, f"{_FAULTS}no_secret_is_in_the_log"),
}
"""Each bug by its name."""
