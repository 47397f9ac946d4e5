"""The journal's database fails at every statement, in turn: what was answered is kept, and work goes on.

Once it works again nothing needs a restart. CI runs an action of each kind; ``STORES=all`` all of them.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from crossdock.gateway.journal.store import SqliteStore
from fakes import retailops
from faults.kit import ACTIONS, Action, Shop, actions, shop
from faults.ledger import Ledger, running
from faults.process import Process
from gateway_kit import until

pytestmark = pytest.mark.usefixtures("soon")

ALL = os.environ.get("STORES") == "all"
ERRORS = {
    "full": sqlite3.OperationalError("database or disk is full"),
    "broken": sqlite3.OperationalError("disk I/O error"),
    "busy": sqlite3.OperationalError("database is locked"),
}
TRIED = (
    [(name, error) for name in ACTIONS for error in ERRORS]
    if ALL
    else [("order_cancel", "full"), ("inv_push", "broken"), ("order_ack", "busy")]
)
MOST = 400
"""More statements than a request takes."""


class Failing:
    """The n-th statement or commit of a store fails, and the ``length`` - 1 after it."""

    def __init__(self, shop: Shop, error: Exception) -> None:
        self.left, self.length, self.error = sys.maxsize, 1, error
        store = shop.served.gateway.journal.store
        assert isinstance(store, SqliteStore)
        dialect: Any = store.engine.dialect
        for name in ("do_execute", "do_commit"):
            setattr(dialect, name, self._failing(getattr(dialect, name)))

    def _failing(self, original: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self.left -= 1
            if -self.length < self.left < 1:
                # A new one: an instance that is raised again keeps every traceback, and their frames, alive.
                raise type(self.error)(*self.error.args)
            return original(*given, **named)

        return call

    def at(self, number: int, length: int = 1) -> None:
        self.left, self.length = number, length

    @property
    def reached(self) -> bool:
        return self.left < 1


def kept(found: Shop, action: Action, failing: Failing) -> bool:
    """Ask while the store fails, and until it is done. Whether the failure was reached."""
    answer = found.ask(action)
    if answer.json() == {"events": []}:  # what is queued is done later, and its statements may fail too
        until(lambda: found.ledger.counts[action.key])
    reached = failing.reached
    failing.at(sys.maxsize)
    if answer.status_code == 503:
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["detail"].startswith("the journal cannot be written: ")
    else:  # what was answered is kept, without a repeat
        assert answer.status_code in (200, 201)
        until(lambda: found.states()[-1:] and found.states()[-1] in ("done", "failed"))
    until(lambda: found.ask(action).json() == {"events": []})
    until(lambda: found.states()[-1] == "done")
    return reached


@pytest.mark.parametrize("name, error", TRIED)
def test_the_nth_statement_fails(name: str, error: str, tmp_path: Path) -> None:
    with shop(f"sqlite:///{tmp_path}/journal.db", queued=("order_ack",)) as found:
        failing = Failing(found, ERRORS[error])
        for number in range(1, MOST):
            action = actions(2000 + number)[ACTIONS.index(name)]
            failing.at(number)
            reached = kept(found, action, failing)
            assert found.ledger.counts[action.key] == 1
            if not reached:
                break
        assert 10 < number < MOST - 1


def test_a_store_that_fails_for_a_while_needs_no_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "crossdock")
    with shop(f"sqlite:///{tmp_path}/journal.db", queued=("order_ack",)) as found:
        failing = Failing(found, ERRORS["full"])
        failing.at(1, sys.maxsize)
        for action in actions(1001):
            answer = found.ask(action)
            assert answer.status_code == 503
            assert answer.json()["detail"] == "the journal cannot be written: database or disk is full"
        ready = found.served.client.get("/readyz")
        expected = (503, "the journal cannot be written: database or disk is full\n")
        assert (ready.status_code, ready.text) == expected
        assert found.served.client.get("/healthz").status_code == 200
        assert found.ledger.seen == []
        until(lambda: "the journal is not available" in caplog.messages)

        failing.at(sys.maxsize)
        for action in actions(1001):
            assert found.ask(action).json() == {"events": []}
        until(lambda: set(found.states()) == {"done"})
        until(lambda: "the journal is available again" in caplog.messages)
    assert set(found.ledger.counts.values()) == {1}
    assert caplog.messages.count("the journal is not available") == 1


def test_a_disk_that_is_full_and_then_is_not(tmp_path: Path) -> None:
    """The system refuses to let the file grow; the log cannot be written at all."""
    size = 200 * 1024
    with running(ledger := Ledger()):
        process = Process(
            tmp_path, ledger.url, mode="naive", limits={resource.RLIMIT_FSIZE: (size, resource.RLIM_INFINITY)}
        )
        process.log = Path("/dev/full")
        with process, process.client() as client:
            process.ready()
            answers = {}
            for number in range(1001, 1400):
                answer = client.post("/orders/cancel", json=retailops.cancel(number))
                if answer.status_code == 503:
                    break
                answers[f"cancel-{number}"] = answer.json()
            assert answer.json()["detail"].startswith("the journal cannot be written: ")
            assert client.get("/readyz").status_code == 200
            assert process.process is not None
            resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            until(
                lambda: client.post("/orders/cancel", json=retailops.cancel(number)).json() == {"events": []}
            )
    done = {key for key, answer in answers.items() if answer == {"events": []}}
    assert done <= set(ledger.counts)
    assert set(ledger.counts.values()) == {1}
    connection = sqlite3.connect(tmp_path / "journal.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    kept = connection.execute("SELECT count(*) FROM crossdock_entry").fetchone()[0]
    connection.close()
    assert kept >= len(answers) + 1
