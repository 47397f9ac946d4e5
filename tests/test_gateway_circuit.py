"""Queued requests pause while a channel gives no answer, and what a deadline cuts goes on afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock import Project
from crossdock.gateway.circuit import FAILURES, FIRST_PAUSE, Circuit
from crossdock.gateway.journal.entries import JournalEntry
from fakes import faults, retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import config_for, project_for, served, until

pytestmark = pytest.mark.usefixtures("soon")


@pytest.fixture(scope="module")
def kibo() -> Iterator[FakeKibo]:
    with FakeKibo() as fake:
        fake.add(*(order(number, line(1, "MUG-BLUE", 2, 10)) for number in range(1001, 1020)))
        yield fake


@pytest.fixture(scope="module")
def project(kibo: FakeKibo, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    place = project_for(tmp_path_factory.mktemp("shop"), repository, "kibo", kibo.url, seconds=2, attempts=1)
    return Project.open(place)


def test_a_pause_ends_with_one_trial_at_a_time() -> None:
    time = [0.0]
    tried = Circuit(10, lambda: time[0])
    for _ in range(FAILURES - 1):
        assert tried.ended(answered=False) is None
    assert tried.allows()
    assert tried.ended(answered=False) == 10.0
    assert not tried.allows()
    assert tried.ended(answered=False) is None  # it had begun before

    time[0] = 10
    assert tried.allows()
    tried.begins()
    assert not tried.allows()
    assert tried.ended(answered=False) == 20.0
    time[0] = 30
    tried.begins()
    assert tried.ended(answered=True) == 0.0
    assert tried.allows()
    assert tried.ended(answered=True) is None


def test_a_pause_has_a_longest() -> None:
    hours = iter(range(0, 1_000_000, 3600))
    tried = Circuit(10, lambda: float(next(hours)))
    pauses = [tried.ended(answered=False) for _ in range(FAILURES + 10)]
    assert pauses[-1] == 300.0


def test_queued_requests_pause_while_the_channel_is_silent(
    project: Project, kibo: FakeKibo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = config_for("kibo", f"sqlite:///{tmp_path}/journal.db", queued=("order_ack",))
    rule = kibo.fault(faults.reset, matching="GET .*/orders")
    paused = 'crossdock_channel_paused{profile="kibo"} '
    moment = [0.0]
    with served(project, config) as shop:
        shop.gateway.keeper.circuits["kibo"].clock = lambda: moment[0]
        assert paused + "0.0" in shop.client.get("/metrics").text
        for number in range(1001, 1013):
            shop.post("/orders/order_ack", retailops.acknowledge(number))
        until(lambda: paused + "1.0" in shop.client.get("/metrics").text)
        entries = until(lambda: (found := shop.gateway.journal.entries()) and _at_rest(found) and found)
        # Four threads: those that had begun before the fifth failure end as well.
        assert FAILURES <= sum(entry.tries for entry in entries) <= FAILURES + 3
        assert shop.client.get("/readyz").text == "ok\n"
        rule.left = 0
        moment[0] = FIRST_PAUSE
        until(lambda: {entry.state for entry in shop.gateway.journal.entries()} == {"done"}, 60)
        assert paused + "0.0" in shop.client.get("/metrics").text
    told = [record.message for record in caplog.records if record.name == "crossdock.gateway"]
    assert "a channel gives no answer, and its queued requests pause" in told


def _at_rest(entries: list[JournalEntry]) -> bool:
    return all(entry.state == "queued" for entry in entries)


def test_what_a_deadline_cuts_goes_on_in_the_background(
    project: Project, kibo: FakeKibo, tmp_path: Path
) -> None:
    """Stock is a state: its sender need not ask again."""
    config = config_for("kibo", f"sqlite:///{tmp_path}/journal.db", deadline_seconds=1)
    rule = kibo.fault(faults.never, matching="inventory", times=1)
    with served(project, config) as shop:
        answer = shop.post("/inventory", retailops.stock(("MUG-BLUE", 5)))
        assert answer.status_code == 201
        (event,) = answer.json()["events"]
        assert event["data"]["is_failure"] == 1
        done = until(lambda: (entry := shop.gateway.journal.entries()[0]).state == "done" and entry, 30)
        again = shop.post("/inventory", retailops.stock(("MUG-BLUE", 5)))
    assert (rule.hits, done.tries, done.response) == (1, 2, '{"events":[]}')
    assert (again.status_code, again.json()) == (201, {"events": []})


def test_a_fetch_that_a_deadline_cuts_is_504(project: Project, kibo: FakeKibo, tmp_path: Path) -> None:
    config = config_for("kibo", f"sqlite:///{tmp_path}/journal.db", deadline_seconds=1)
    rule = kibo.fault(faults.never, matching="GET .*/orders", times=1)
    with served(project, config) as shop:
        answer = shop.post("/orders", retailops.fetch())
    assert (rule.hits, answer.status_code) == (1, 504)
    assert answer.json()["detail"].startswith("channel-failed: the step `page` failed: ")


def test_a_shipment_that_a_deadline_cuts_is_told_and_left(
    project: Project, kibo: FakeKibo, tmp_path: Path
) -> None:
    """Its sender knows that it failed, and asks again."""
    config = config_for("kibo", f"sqlite:///{tmp_path}/journal.db", deadline_seconds=1)
    kibo.fault(faults.never, matching="GET .*/orders", times=1)
    (mug,) = kibo.numbered(1015)["items"]
    body = retailops.ship(1015, "900", retailops.package("370", "1Z370", (mug, 1)))
    with served(project, config) as shop:
        cut = shop.post("/orders/shipment_submit", body)
        assert len(cut.json()["events"]) == 1
        assert [entry.state for entry in shop.gateway.journal.entries()] == ["failed"]
