"""``crossdock serve`` and ``crossdock journal`` as processes: started, killed, stopped, and looked at."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from werkzeug.wrappers import Response

from conftest import Ran, Run
from fakes import faults, retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import SECRETS, TICKET, project_for, until

COMMAND = [sys.executable, "-m", "crossdock.cli"]


@pytest.fixture
def kibo() -> Iterator[FakeKibo]:
    with FakeKibo() as fake:
        fake.add(order(1001, line(1, "MUG-BLUE", 2, 10)), order(1002, line(1, "MUG-BLUE", 2, 10)))
        yield fake


@pytest.fixture
def place(kibo: FakeKibo, repository: Path, tmp_path: Path) -> Path:
    return project_for(tmp_path, repository, "kibo", kibo.url, seconds=1, attempts=1)


@contextmanager
def serving(place: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A gateway in a process of its own; killed at the end if it still lives."""
    environ = {**os.environ, **SECRETS["kibo"], "RETAILOPS_TICKET": TICKET}
    command = [*COMMAND, "-C", str(place), "serve", "kibo", "--port", "0", *options]
    command += ["--journal", f"sqlite:///{place}/journal.db"]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, cwd=place)
    assert process.stderr is not None
    try:
        started = process.stderr.readline()
        assert started.startswith("listening at http://127.0.0.1:"), started
        with httpx.Client(base_url=started.split()[-1], timeout=30) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(10)
        process.stderr.close()


@pytest.fixture
def journal(place: Path, run_crossdock: Run) -> Run:
    """`crossdock journal` for the journal of the gateway, beside its processes."""

    def call(*arguments: str) -> Ran:
        return run_crossdock(
            "-C", str(place), "journal", "--journal", f"sqlite:///{place}/journal.db", *arguments
        )

    return call


def test_a_port_in_use_is_named(kibo: FakeKibo, place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environ = {**os.environ, **SECRETS["kibo"], "RETAILOPS_TICKET": TICKET}
        command = [*COMMAND, "-C", str(place), "serve", "kibo", "--port", port]
        ran = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=place, timeout=60)
    expected = f"Error: cannot listen at 127.0.0.1, port {port}: address already in use\n"
    assert (ran.returncode, ran.stderr) == (2, expected)


def test_a_journal_that_is_not_there_is_not_made(place: Path, journal: Run) -> None:
    """An empty list would say that nothing was asked."""
    ran = journal("list")
    assert (ran.code, ran.err) == (2, f"Error: there is no journal {place}/journal.db\n")
    assert not (place / "journal.db").exists()


def shipping(kibo: FakeKibo, number: int) -> dict[str, object]:
    (mug,) = kibo.numbered(number)["items"]
    return retailops.ship(number, "900", retailops.package("370", "1Z370", (mug, 1)))


def test_a_request_survives_the_process_that_had_it(kibo: FakeKibo, place: Path, journal: Run) -> None:
    """Killed when the channel has done what it was asked for, and before the answer came."""
    body = shipping(kibo, 1001)
    with serving(place) as (process, client):
        rule = kibo.fault(faults.late_silence, matching="POST .*/packages", times=1)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(client.post, "/orders/shipment_submit", json=body)
            until(lambda: rule.hits)
            process.kill()
            with pytest.raises(httpx.TransportError):
                asked.result(20)
    listed = journal("list").out
    assert "shipment_submit running" in listed

    with serving(place) as (_, client):
        again = client.post("/orders/shipment_submit", json=body)
    assert (again.status_code, again.json()) == (200, {"events": []})
    assert kibo.effects("packages") == ["1001"]


def test_two_workers_do_a_request_once(kibo: FakeKibo, place: Path) -> None:
    with serving(place, "--workers", "2") as (process, client):
        answers = [client.post("/orders/shipment_submit", json=shipping(kibo, 1001)) for _ in range(4)]
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert [answer.json() for answer in answers] == [{"events": []}] * 4
    assert kibo.effects("packages") == ["1001"]


def slow(wire: faults.Wire) -> Response:
    time.sleep(0.5)
    return wire.real()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_what_runs_come_to_its_end(
    kibo: FakeKibo, place: Path, number: signal.Signals, journal: Run
) -> None:
    with serving(place) as (process, client):
        rule = kibo.fault(slow, matching="GET .*/orders", times=1)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(client.post, "/orders/order_ack", json=retailops.acknowledge(1001))
            until(lambda: rule.hits)
            process.send_signal(number)
            assert asked.result(20).status_code == 200
        assert process.wait(20) == -signal.SIGTERM
        assert process.stderr is not None and "Traceback" not in process.stderr.read()
    assert "order_ack done" in journal("list").out


def test_the_journal_shows_replays_and_drops(kibo: FakeKibo, place: Path, journal: Run) -> None:
    with serving(place) as (process, client):
        failed = client.post("/orders/cancel", json=retailops.cancel(9999))
        assert len(failed.json()["events"]) == 1
        process.send_signal(signal.SIGTERM)
        process.wait(20)

    shown = journal("show", "1").out
    assert "kibo order_cancel failed" in shown and "GET http://127.0.0.1" in shown
    assert "canary" not in shown
    assert journal("replay", "1").out == "queued as entry 2\n"
    assert [row.split()[-1] for row in journal("list").out.splitlines()] == ["dropped", "queued"]
    again = journal("replay", "1")
    expected = "Error: the request of entry 1 is entry 2, which is queued\n"
    assert (again.code, again.err) == (2, expected)
    refused = journal("drop", "2")
    assert (refused.code, refused.err) == (2, "Error: entry 2 is not finished: it is queued\n")
    missing = journal("show", "99")
    assert (missing.code, missing.err) == (2, "Error: there is no entry 99\n")
    assert journal("prune").out == "deleted 0 entries\n"


def test_a_state_that_is_set_again_is_the_last_one(kibo: FakeKibo, place: Path, journal: Run) -> None:
    """Stock was 5, then 3. With 5 replayed, another 3 is a change, and no repeat."""
    with serving(place) as (process, client):
        five, three = retailops.stock(("MUG-BLUE", 5)), retailops.stock(("MUG-BLUE", 3))
        answers = [client.post("/inventory", json=body) for body in (five, three)]
        assert journal("replay", "1").out == "queued as entry 3\n"
        until(lambda: " inv_push done" in journal("list").out.splitlines()[2])
        answers.append(client.post("/inventory", json=three))
        stopped(process)
    assert [answer.json() for answer in answers] == [{"events": []}] * 3
    assert kibo.effects("stock") == ["MUG-BLUE"] * 4
    again = journal("replay", "2")
    assert (again.code, again.err) == (
        2,
        "Error: the request of entry 2 is entry 4, which is done\n",
    )


def stopped(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def changed_package(place: Path, repository: Path) -> Path:
    """The project with another mapping of packages: its file."""
    name = "mappings/kibo/shipment_submit/package.yaml"
    text = (repository / name).read_text(encoding="utf-8")
    file = place / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        text.replace("trackingNumber: ", "trackingNumber: upper(carrier_code) || "), encoding="utf-8"
    )
    return file


def test_the_mappings_of_now_are_compared_with_those_of_then(
    kibo: FakeKibo, place: Path, repository: Path, journal: Run
) -> None:
    with serving(place) as (process, client):
        client.post("/orders/shipment_submit", json=shipping(kibo, 1001))
        client.post("/orders/cancel", json=retailops.cancel(9999))
        stopped(process)
    calls = len(kibo.seen)

    same = journal("diff", "1")
    assert (same.code, same.err) == (0, "")
    first, *lines = same.out.splitlines()
    assert first.endswith(" kibo shipment_submit done, the mappings of now are the same")
    assert {line.split()[0] for line in lines} == {"same"}
    assert lines[-1] == "  same  response"
    assert journal("diff", "2").code == 0

    changed_package(place, repository)
    other = journal("diff", "1")
    assert other.code == 1, other.err
    first, *lines = other.out.splitlines()
    assert first.endswith(", the mappings of now are others")
    assert [line for line in lines if not line.startswith("  same ")] == [
        f"  other package: POST {kibo.url}/commerce/orders/{kibo.numbered(1001)['id']}/packages",
        "        /trackingNumber",
    ]
    assert lines[-1] == "  same  response"
    assert "1Z370" not in same.out + other.out
    assert len(kibo.seen) == calls


def test_a_replay_with_the_mappings_of_then_waits_for_them(
    kibo: FakeKibo, place: Path, repository: Path, journal: Run
) -> None:
    with serving(place) as (process, client):
        client.post("/orders/order_ack", json=retailops.acknowledge(1001))
        stopped(process)
    shown = journal("replay", "1", "--with", "then").out
    assert shown.startswith("queued as entry 2, for a gateway with the mappings ")

    file = changed_package(place, repository)
    with serving(place) as (process, client):
        client.post("/orders/order_ack", json=retailops.acknowledge(1002))
        stopped(process)
    states = [line.split()[-1] for line in journal("list").out.splitlines()]
    assert states == ["dropped", "queued", "done"]
    assert "  mappings " in journal("show", "2").out

    file.unlink()
    with serving(place) as (process, client):
        until(lambda: " order_ack done" in journal("list").out.splitlines()[1])
        stopped(process)
