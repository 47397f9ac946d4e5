"""What the lives of orders have in common, whatever the channel: the shop, the repeats and the faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

import pytest

from crossdock import Connection, Project
from crossdock.channels.call_limits import Limits
from crossdock.channels.config import Channel
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.http import Transport
from crossdock.channels.messages import ChannelError
from crossdock.core.json_types import MISSING
from crossdock.schema.validator import validate
from fakes import faults, retailops
from fakes.channel import FakeChannel, Fault

QUICK = Limits(seconds=5, attempts=3, wait_seconds=0.02)

C = TypeVar("C", bound=FakeChannel)
S = TypeVar("S", bound="Shop[Any]")


@dataclass
class Shop(Generic[C]):
    """Crossdock between RetailOPS and a channel."""

    name: str
    fake: C
    project: Project
    settings: dict[str, Any] = field(default_factory=dict)
    transport: Transport = field(init=False)
    channel: Channel = field(init=False)

    def hold(self, request: dict[str, Any], **settings: Any) -> ConversationResult:
        """The conversation of the request's action, with its response validated against its schema."""
        action = request["action"]
        find = partial(self.project.dialects.conversation_of, self.name)
        connection = Connection(self.channel, {**self.settings, **settings}, find, transport=self.transport)
        with self.fake.described():
            outcome = connection.answer(action, request)
        assert outcome.response is not MISSING
        assert validate(outcome.response, self.project.schema(f"retailops/{action}.response")) == []
        return outcome

    def answer(self, request: dict[str, Any], **settings: Any) -> Any:
        return self.hold(request, **settings).response

    def done(self, request: dict[str, Any], **settings: Any) -> Any:
        """The same, with nothing to tell the merchant."""
        response = self.answer(request, **settings)
        assert (response.get("events") or []) == []
        return response

    def be_impatient(self) -> None:
        """For faults that are silence."""
        self.transport.limits = replace(QUICK, seconds=0.3, attempts=2)


@contextmanager
def opened(shop: S, channel: Channel, environ: Mapping[str, str]) -> Iterator[S]:
    """A shop that is open for as long as the context lasts."""
    shop.settings = {**shop.project.settings(shop.name, {}), **shop.settings}
    shop.channel = replace(channel, limits=QUICK)
    with Transport(shop.channel, shop.settings, environ=environ) as transport:
        shop.transport = transport
        yield shop


class nth:
    """A fault for the request with this number only."""

    def __init__(self, fault: Fault, number: int) -> None:
        self.fault, self.number, self.seen, self.hits = fault, number, 0, 0

    def __call__(self, wire: faults.Wire) -> Any:
        self.seen += 1
        if self.seen - 1 != self.number:
            return wire.real()
        self.hits += 1
        return self.fault(wire)


def live_with_a_loss(shop: Shop[C], requests: list[dict[str, Any]], lost: nth, **settings: Any) -> None:
    """A life in which one change loses its answer; RetailOPS then sends the request again."""
    shop.fake.fault(lost, matching=CHANGES)
    for request in requests:
        for _ in range(3):
            if not shop.answer(request, **settings).get("events"):
                break
    assert lost.hits == 1
    shop.fake.mend()


CHANGES = r"^(POST|PUT|DELETE) (?!.*(oauth|/search|authorize))"


# Fetching


def page_by_page(shop: Shop[C], at_once: int = 10) -> list[str]:
    """The names of all orders, each acknowledged before the next page is asked for."""
    fetched: list[str] = []
    page: int | None = None
    for _ in range(20):
        request = retailops.fetch(page)
        request["data"]["max_page_size"] = at_once
        response = shop.done(request)
        fetched += (names := [each["channel_refnum"] for each in response["orders"]])
        shop.done(retailops.acknowledge(*map(int, names)))
        page = response["next_page_state"]
        if not page:
            break
    return fetched


def a_fetch_fails(shop: Shop[C], fault: str, search: str) -> None:
    """Without orders there is no list, and no message shows a secret."""
    if fault in SILENT:
        shop.be_impatient()
    shop.fake.fault(ALL_FAULTS[fault], matching=search)
    with pytest.raises(ChannelError) as caught:
        shop.answer(retailops.fetch())
    assert "canary" not in str(caught.value)


# Every action once, and again


@dataclass(frozen=True)
class Repeat(Generic[C]):
    """A request, what it does, and that the same request does nothing more."""

    name: str
    request: Callable[[C], dict[str, Any]]
    effects: list[str]
    settings: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[C], None] = lambda fake: None
    codes: list[str] = field(default_factory=list)
    again: list[str] | None = None
    """The codes of the events of a repeat, where they are others."""


def has_its_effects_once(shop: Shop[C], case: Repeat[C]) -> None:
    case.prepare(shop.fake)
    shop.fake.ledger.clear()
    request = case.request(shop.fake)
    assert codes(shop.answer(request, **case.settings)) == case.codes
    assert sorted(each.effect for each in shop.fake.ledger) == sorted(case.effects)
    with shop.fake.unchanged():
        for _ in range(2):
            told = codes(shop.answer(request, **case.settings))
            assert told == (case.codes if case.again is None else case.again)


def codes(response: Any) -> list[str]:
    return [each["data"]["code"] for each in response["events"]]


# Faults: one element of three


@dataclass(frozen=True)
class Three(Generic[C]):
    """A request for three things, the change that the second one needs, and what each change is called."""

    name: str
    request: Callable[[C], dict[str, Any]]
    change: str
    effect: str
    repeatable: bool
    settings: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[C], None] = lambda fake: None
    follows: str = ""
    """The code of what follows from one failure for the whole, and is told too."""
    no_failures: Mapping[str, int] = field(default_factory=dict)
    """Faults that are none here, with the changes that are made then."""


FAULTS: dict[str, Fault] = {
    "404": faults.status(404),
    "409": faults.status(409),
    "422": faults.status(422),
    "never answers": faults.never,
    "reset": faults.reset,
    "HTML 200": faults.text(faults.PAGE),
    "JSON cut off": faults.cut_off(honest=True),
    "JSON cut off, not said": faults.cut_off(honest=False),
}
MORE_FAULTS: dict[str, Fault] = {
    "401": faults.status(401),
    "429": faults.status(429, Retry_After="0"),
    "500": faults.status(500),
    "503 in a page": faults.text(faults.PAGE, 503),
    "drip": faults.drip,
    "gzip bomb": faults.gzip_bomb,
    "redirect": faults.redirect("http://127.0.0.1:9/"),
    "many headers": faults.many_headers,
    "wrong schema 200": faults.json_body([[1]]),
}
ALL_FAULTS = FAULTS | MORE_FAULTS
PASSING_REFUSALS = {"401": faults.status(401), "429": faults.status(429, Retry_After="0")}
DONE_ALL_THE_SAME = {"JSON cut off", "JSON cut off, not said", "drip"}
SILENT = {"never answers", "drip"}


def asked(shop: Shop[C], case: Three[C]) -> tuple[list[Any], list[str]]:
    """The failures that RetailOPS hears of, and the changes that were made."""
    request = case.request(shop.fake)
    events = shop.answer(request, **case.settings)["events"]
    failures = [each["data"]["code"] for each in events if each["data"]["is_failure"]]
    failures = [code for code in failures if code != case.follows]
    return failures, shop.fake.effects(case.effect)


def one_of_three_fails(shop: Shop[C], case: Three[C], fault: str) -> None:
    case.prepare(shop.fake)
    if fault in SILENT:
        shop.be_impatient()
    rule = shop.fake.fault(ALL_FAULTS[fault], matching=case.change)
    failures, changes = asked(shop, case)
    assert rule.hits >= 1
    if fault in case.no_failures:
        assert (failures, len(changes)) == ([], case.no_failures[fault])
        return
    assert len(failures) == 1, failures
    assert len(changes) == (3 if fault in DONE_ALL_THE_SAME else 2)


def an_error_passes(shop: Shop[C], case: Three[C]) -> None:
    """500 twice, then 200: healed where a call may be made again."""
    case.prepare(shop.fake)
    shop.fake.fault(faults.status(500), matching=case.change, times=2)
    failures, changes = asked(shop, case)
    assert (len(failures), len(changes)) == ((0, 3) if case.repeatable else (1, 2))


def a_refusal_passes(shop: Shop[C], case: Three[C], fault: Fault) -> None:
    case.prepare(shop.fake)
    shop.fake.fault(fault, matching=case.change, times=1)
    assert [len(each) for each in asked(shop, case)] == [0, 3]


def a_repeat_does_the_rest(shop: Shop[C], case: Three[C]) -> None:
    case.prepare(shop.fake)
    shop.fake.fault(faults.late_reset, matching=case.change, times=1)
    asked(shop, case)
    assert [len(each) for each in asked(shop, case)] == [0, 3]
