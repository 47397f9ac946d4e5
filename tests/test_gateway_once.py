"""What the gateway promises: a request is done once, whatever repeats or dies, and none is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossdock import Project
from crossdock.gateway.config import GatewayConfig
from crossdock.gateway.journal.entries import JournalEntry
from crossdock.gateway.journal.store import JournalError
from fakes import faults, retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import Served, config_for, own_schema, project_for, served, until

pytestmark = pytest.mark.usefixtures("soon")


@pytest.fixture(scope="module")
def kibo() -> Iterator[FakeKibo]:
    with FakeKibo() as fake:
        fake.add(*(order(number, line(1, "MUG-BLUE", 2, 10)) for number in range(1001, 1400)))
        yield fake


@pytest.fixture(scope="module")
def project(kibo: FakeKibo, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    place = project_for(tmp_path_factory.mktemp("shop"), repository, "kibo", kibo.url, seconds=1, attempts=1)
    return Project.open(place)


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> GatewayConfig:
    if request.param == "sqlite":
        return config_for("kibo", f"sqlite:///{tmp_path}/journal.db")
    return config_for("kibo", own_schema(request.getfixturevalue("postgres_url")))


NUMBERS = iter(range(1001, 1400))


@pytest.fixture
def number() -> int:
    """The number of an order of its own."""
    return next(NUMBERS)


def shipping(kibo: FakeKibo, number: int, id: str = "900", tracking: str = "1Z370") -> dict[str, Any]:
    (mug,) = kibo.numbered(number)["items"]
    return retailops.ship(number, id, retailops.package(f"{number}-{id}", tracking, (mug, 1)))


def packages(kibo: FakeKibo, number: int) -> int:
    return kibo.effects("packages").count(str(number))


def only(shop: Served) -> JournalEntry:
    (entry,) = shop.gateway.journal.entries()
    return entry


class Failing:
    """A function of the journal that fails so many times first."""

    def __init__(self, function: Callable[..., Any], times: int) -> None:
        self.function, self.left = function, times

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self.left:
            self.left -= 1
            raise JournalError("the journal cannot be written: disk I/O error")
        return self.function(*given, **named)


def test_a_repeat_is_answered_from_the_journal(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    with served(project, config) as shop:
        first = shop.post("/orders/shipment_submit", shipping(kibo, number))
        calls = len(kibo.seen)
        reordered = dict(reversed(shipping(kibo, number).items()))
        again = shop.post("/orders/shipment_submit", reordered)

    assert first.json() == {"events": []}
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (packages(kibo, number), len(kibo.seen)) == (1, calls)


def test_a_request_that_names_no_order_is_done_once(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    with served(project, config) as shop:
        done = kibo.effects("stock")
        answers = [shop.post("/inventory", retailops.stock(("MUG-BLUE", number))) for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(201, {"events": []})] * 2
    assert kibo.effects("stock") == [*done, "MUG-BLUE"]


@pytest.mark.parametrize("threads", [2, 8])
def test_equal_requests_at_one_moment_have_one_effect(
    project: Project, kibo: FakeKibo, config: GatewayConfig, threads: int
) -> None:
    with served(project, config) as shop, ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            number = next(NUMBERS)
            body = shipping(kibo, number)
            answers = list(
                pool.map(lambda _, body=body: shop.post("/orders/shipment_submit", body), range(threads))
            )
            assert {(answer.status_code, answer.content) for answer in answers} == {(200, b'{"events":[]}')}
            assert packages(kibo, number) == 1


def test_requests_for_one_order_run_one_after_the_other(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    """Two shipments of one unit each, and a third for which nothing is left, at one moment."""
    bodies = [shipping(kibo, number, str(900 + each), f"1Z{each}") for each in range(3)]
    with served(project, config) as shop, ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda body: shop.post("/orders/shipment_submit", body), bodies))
        journal = shop.gateway.journal.entries()

    assert sorted(len(answer.json()["events"]) for answer in answers) == [0, 0, 1]
    assert packages(kibo, number) == 2
    assert sorted(entry.state for entry in journal) == ["done", "done", "failed"]


def test_what_failed_is_tried_anew_by_a_repeat(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    rule = kibo.fault(faults.status(503), matching=f"{number}")
    with served(project, config) as shop:
        failed = shop.post("/orders/order_ack", retailops.acknowledge(number))
        rule.left = 0
        again = shop.post("/orders/order_ack", retailops.acknowledge(number))
        states = [entry.state for entry in shop.gateway.journal.entries()]

    assert (len(failed.json()["events"]), again.json()) == (1, {"events": []})
    assert states == ["failed", "done"]


def test_a_call_whose_answer_was_lost_is_looked_up_before_it_is_made_again(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    kibo.fault(faults.late_reset, matching=f"POST .*{number:032x}/packages", times=1)
    body = shipping(kibo, number)
    with served(project, config) as shop:
        failed = shop.post("/orders/shipment_submit", body)
        again = shop.post("/orders/shipment_submit", body)
        entry = shop.gateway.journal.entries()[0]
        outcomes = [(call.step, call.outcome) for call in shop.gateway.journal.calls(entry.id)]

    assert (len(failed.json()["events"]), again.json()) == (1, {"events": []})
    assert packages(kibo, number) == 1
    assert ("package", "unknown") in outcomes


def test_a_queued_action_is_answered_at_once_and_done_afterwards(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    kibo.fault(faults.status(503), matching=f"{number}", times=1)
    profile = replace(config.profiles[0], queued=("order_ack",))
    with served(project, replace(config, profiles=(profile,))) as shop:
        answer = shop.post("/orders/order_ack", retailops.acknowledge(number))
        assert (answer.status_code, answer.json()) == (200, {"events": []})
        done = until(lambda: (entry := only(shop)).state == "done" and entry, 30)

    assert done.tries == 2
    assert kibo.effects("attribute").count(str(number)) == 1


def test_a_journal_that_fails_for_a_while_holds_nothing_up(
    project: Project,
    kibo: FakeKibo,
    config: GatewayConfig,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It fails when entries are looked for, more often than there are threads, and when one is finished."""
    profile = replace(config.profiles[0], queued=("order_ack",))
    with served(project, replace(config, profiles=(profile,))) as shop:
        journal = shop.gateway.journal
        finding, finishing = Failing(journal.claim_due, 6), Failing(journal.finish, 1)
        monkeypatch.setattr(journal, "claim_due", finding)
        monkeypatch.setattr(journal, "finish", finishing)
        shop.post("/orders/order_ack", retailops.acknowledge(number))
        until(lambda: only(shop).state == "done", 30)

    assert (finding.left, finishing.left) == (0, 0)
    assert kibo.effects("attribute").count(str(number)) == 1


def test_a_queued_request_that_cannot_be_done_is_a_dead_letter(
    project: Project, kibo: FakeKibo, config: GatewayConfig
) -> None:
    profile = replace(config.profiles[0], queued=("order_cancel",))
    with served(project, replace(config, profiles=(profile,))) as shop:
        shop.post("/orders/cancel", retailops.cancel(9999))
        dead = until(lambda: (entry := only(shop)).state == "dead" and entry)

    assert dead.reason == "reported"
    assert "9999" in (dead.response or "")


def test_a_call_that_stays_unknown_is_not_made_for_ever(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    rule = kibo.fault(faults.reset, matching=f"POST .*{number:032x}/packages")
    body = shipping(kibo, number)
    with served(project, config) as shop:
        for repeat in range(4):
            time.sleep(1.1 if repeat else 0)
            assert len(shop.post("/orders/shipment_submit", body).json()["events"]) == 1
        states = [entry.state for entry in shop.gateway.journal.entries()]
        (dead,) = shop.gateway.journal.entries(["dead"])
        assert (states, rule.hits) == (["failed", "failed", "failed", "dead"], 3)
        rule.left = 0
        assert shop.gateway.journal.drop(dead.id, "looked up by hand")
        assert shop.post("/orders/shipment_submit", body).json() == {"events": []}
    assert packages(kibo, number) == 1


def test_a_gateway_that_stops_leaves_the_rest_to_the_next(
    project: Project, kibo: FakeKibo, config: GatewayConfig, number: int
) -> None:
    profile = replace(config.profiles[0], queued=("order_ack",))
    config = replace(config, profiles=(profile,))
    rule = kibo.fault(faults.status(503), matching=f"{number}")
    with served(project, config) as shop:
        shop.post("/orders/order_ack", retailops.acknowledge(number))
        until(lambda: only(shop).tries)
    rule.left = 0
    with served(project, config) as shop:
        until(lambda: only(shop).state == "done", 30)
    assert kibo.effects("attribute").count(str(number)) == 1
