"""A gateway that dies at every place: what it had accepted is done once, by the process after it.

CI runs a sample. ``CRASHES=all`` has every place with every fault of the channel and every action.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from faults.crash import DIED, POINTS
from faults.kit import ACTIONS, Action, actions
from faults.ledger import Ledger, running
from faults.matrix import FAULTS, Cell, Zygote, cells
from faults.plant import inside
from faults.process import Process
from faults.storm import Storm
from gateway_kit import until

ALL = os.environ.get("CRASHES") == "all"


def journal_of(process: Process) -> dict[str, str]:
    """The state of each action in the journal of a gateway that has ended."""
    from crossdock.gateway.journal.journal import Journal
    from crossdock.gateway.journal.store import open_store

    journal = Journal(open_store(process.journal))
    try:
        return {entry.action: entry.state for entry in journal.entries()}
    finally:
        journal.close()


@contextmanager
def closing_at_end(process: Process) -> Iterator[None]:
    """For a process that is started inside."""
    try:
        yield
    finally:
        process.kill()


def action(name: str, number: int = 1001) -> Action:
    return actions(number)[ACTIONS.index(name)]


def test_what_was_acknowledged_is_in_the_journal(tmp_path: Path) -> None:
    """The process is killed as soon as it has answered."""
    with running(ledger := Ledger()):
        process = Process(tmp_path, ledger.url, queued=["order_ack"])
        with process, process.client() as client:
            process.ready()
            answer = client.post(action("order_ack").path, json=action("order_ack").request)
            process.kill()
        assert answer.json() == {"events": []}
        assert "order_ack" in journal_of(process)


def test_what_was_not_sent_is_done_by_the_next_process(tmp_path: Path) -> None:
    """Without the sender, who heard nothing and may not come again."""
    with running(ledger := Ledger()):
        process = Process(tmp_path, ledger.url, mode="naive")
        with process.client() as client, closing_at_end(process):
            process.start(**inside("crash=before_send"))
            process.ready()
            with pytest.raises(httpx.TransportError):
                client.post(action("order_cancel").path, json=action("order_cancel").request)
            assert process.ended() == DIED
            process.start()
            until(lambda: ledger.counts, 30)
            process.signal(signal.SIGTERM)
            process.ended()
        assert journal_of(process) == {"order_cancel": "done"}
    assert ledger.counts == {"cancel-1001": 1}


def test_workers_that_start_slowly_are_not_replaced(tmp_path: Path) -> None:
    """Longer than uvicorn waits for a sign of a worker."""
    with running(ledger := Ledger()):
        process = Process(tmp_path, ledger.url, workers=2, environ=inside("slow=11"))
        with process, process.client(timeout=60) as client:
            process.ready(90)
            answer = client.post(action("order_cancel").path, json=action("order_cancel").request)
            assert answer.json() == {"events": []}


def test_workers_end_when_what_started_them_is_killed(tmp_path: Path) -> None:
    """They would keep the port otherwise, and no other gateway could start."""
    with running(ledger := Ledger()):
        process = Process(tmp_path, ledger.url, workers=2)
        with process:
            process.ready()
            assert process.process is not None
            process.process.kill()
            process.process.wait(10)
            until(lambda: not listens(process.port), 60)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture(scope="module")
def zygote() -> Zygote:
    with Zygote() as made:
        yield made


@pytest.mark.parametrize("cell", cells(ALL), ids=str)
def test_a_place_where_it_dies(zygote: Zygote, cell: Cell, tmp_path: Path) -> None:
    """One effect, whatever the channel does to the call, and the journal says that it is done."""
    found = zygote.run(cell, tmp_path)
    assert (found.died, found.counts, found.last) == (True, {cell.key: 1}, "done")


def test_every_place_and_fault_and_action_is_in_the_matrix() -> None:
    every = cells(True)
    assert len(every) == len(POINTS) * len(FAULTS) * len(ACTIONS)
    assert {cell.point for cell in cells(False)} == set(POINTS)


@pytest.mark.parametrize("channel", ["idempotent", "naive"])
def test_a_small_storm(channel: str, tmp_path: Path) -> None:
    """The long one is `make storm`."""
    storm = Storm(120, 3, 7, channel, most_seconds=240)
    report = storm.run(tmp_path, f"sqlite:///{tmp_path}/journal.db")
    assert report.good, report.shown()
    assert report.kills == 3
