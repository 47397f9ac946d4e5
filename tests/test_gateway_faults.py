"""A gateway before a channel that fails in every way: what is done is done once, and nothing is lost.

tests/faults/bugs.py has bugs that these tests find.
"""

from __future__ import annotations

import copy
import io
import json
import logging
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import crossdock.gateway.running as gateway_running
import gateway_kit
from crossdock.gateway.logs import LOG, JsonLines
from fakes import retailops
from faults.kit import actions, config, project, shop
from faults.ledger import KEY, Ledger, running
from gateway_kit import TICKET, until

DONE = {"events": []}
ROW = ({"lineId": 1, "id": "1", "product": {"productCode": "MUG"}}, 1)


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/journal.db"


def codes(answer: Any) -> list[str]:
    return [event["data"]["code"] for event in answer.json()["events"]]


# The channel


@pytest.mark.parametrize("fault", ["reset_after", "close_after", "half_body", "garbage_json", "hang_after"])
@pytest.mark.parametrize("mode", ["idempotent", "naive"])
def test_an_effect_without_an_answer_is_not_made_twice(journal: str, fault: str, mode: str) -> None:
    with shop(journal, [("POST", fault)] * 2, mode=mode) as found:
        found.cancel(1001)
        until(lambda: found.cancel(1001).json() == DONE)
        assert found.states()[-1] == "done"
    assert found.ledger.counts == {"cancel-1001": 1}


def test_a_call_waits_until_the_channel_had_its_time_before_the_run_looked(journal: str) -> None:
    """The look-up comes before a late effect, and its answer after the time of one attempt."""
    with shop(journal, [("POST", "late_effect"), ("GET", "latency")], late=0.9) as found:
        begun = time.monotonic()
        assert len(found.cancel(1001).json()["events"]) == 1
        time.sleep(max(begun + 0.85 - time.monotonic(), 0))
        found.cancel(1001)
        until(lambda: found.ledger.counts)
        until(lambda: found.cancel(1001).json() == DONE)
    assert found.ledger.counts == {"cancel-1001": 1}


def test_an_answer_that_drips_is_no_answer(journal: str) -> None:
    """Each byte comes in time, and the whole does not."""
    with shop(journal, [("POST", "drip")]) as found:
        assert codes(found.cancel(1001)) == ["TIMEOUT"]


def test_a_redirect_is_not_followed(journal: str) -> None:
    with running(elsewhere := Ledger()), shop(journal) as found:
        found.ledger.location = f"{elsewhere.url}/entries/cancel-1001"
        assert codes(found.cancel(1001)) == ["STATUS"]
    assert elsewhere.seen == []


def test_what_the_channel_refuses_is_not_tried_again(journal: str) -> None:
    with shop(journal, queued=("order_cancel",)) as found:
        found.ledger.statuses["cancel-1001"] = 422
        assert found.cancel(1001).json() == DONE
        until(lambda: found.states() != ["queued"] and found.states() != ["running"])
        assert found.states() == ["dead"]
    assert found.ledger.seen == ["GET /entries/cancel-1001", "POST /entries"]


# What is the same request


def test_fifty_repeats_at_one_moment_have_one_effect(journal: str) -> None:
    with shop(journal) as found, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(found.cancel, [1001] * 50))
        assert {(answer.status_code, answer.content) for answer in answers} == {(200, b'{"events":[]}')}
    with shop(journal) as again, ThreadPoolExecutor(50) as pool:
        assert [answer.json() for answer in pool.map(again.cancel, [1001] * 50)] == [DONE] * 50
    assert (found.ledger.counts, again.ledger.seen) == ({"cancel-1001": 1}, [])


def test_a_ticket_the_order_of_keys_and_white_space_make_no_other_request(
    journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = config(journal, "http://127.0.0.1:1").profiles[0]
    body = retailops.cancel(1001)
    other = copy.deepcopy(dict(reversed(body.items())))
    other["headers"]["ticket"] = "canary-next"
    with shop(journal, tickets=(*profile.tickets, "NEXT"), environ={"NEXT": "canary-next"}) as found:
        assert found.cancel(1001).json() == DONE
        calls = len(found.ledger.seen)
        spaced = json.dumps(other, indent=3)
        headers = {"content-type": "application/json"}
        answer = found.served.client.post("/orders/cancel", content=spaced, headers=headers)
        assert (answer.json(), len(found.ledger.seen)) == (DONE, calls)


def test_stock_of_5_3_and_5_is_three_changes(journal: str) -> None:
    with shop(journal, mode="idempotent") as found:
        for units in (5, 5, 3, 5):
            answer = found.served.post("/inventory", retailops.stock(("MUG", units)))
            assert (answer.status_code, answer.json()) == (201, DONE)
        assert found.states() == ["done"] * 3
    assert found.ledger.seen == ["POST /entries"] * 3


def test_two_channels_do_the_same_request_each(journal: str) -> None:
    with running(one := Ledger(), two := Ledger()):
        given = [config(journal, each.url).profiles[0] for each in (one, two)]
        names = [replace(each, name=name, path=f"/{name}") for each, name in zip(given, "ab", strict=True)]
        chosen = replace(config(journal, one.url), profiles=tuple(names))
        with gateway_kit.served(project(), chosen, environ={"LEDGER_KEY": KEY}) as served:
            for name in "ab":
                assert served.post(f"/{name}/orders/cancel", retailops.cancel(1001)).json() == DONE
    assert (one.counts, two.counts) == ({"cancel-1001": 1}, {"cancel-1001": 1})


# What is in a request


def test_amounts_are_added_exactly(journal: str) -> None:
    """0.1 and 0.2 are not 0.30000000000000004."""
    request = retailops.take_back(1001, "7", 0.3, ROW)
    request["data"]["return"] |= {"subtotal_amt": "0.10", "tax_amt": "0.20"}
    with shop(journal) as found:
        assert found.served.post("/inventory", request).json() == DONE
    assert found.ledger.amounts == {"return-1001-7": "0.3"}


def test_poison_is_a_dead_letter_at_once_and_holds_nothing_up(journal: str) -> None:
    """A mapping that fails on a request fails on it the next time too."""
    poison = retailops.complete(1001, grand_total="50.5")
    with shop(journal, queued=("order_complete",)) as found:
        assert found.served.post("/orders/complete", poison).json() == DONE
        for number in (1002, 1003):
            found.served.post("/orders/complete", retailops.complete(number))
        until(lambda: found.states() == ["dead", "done", "done"])
        entry = found.served.gateway.journal.entries()[0]
        assert (entry.tries, entry.reason) == (1, "request")
        # What comes later for the same order is not held up either.
        assert found.cancel(1001).json() == DONE
    assert set(found.ledger.counts) == {"complete-1002", "complete-1003", "cancel-1001"}


@pytest.mark.parametrize("ticket", ["", "wrong", "é", "\ud800", 7, None, [TICKET], "x" * 100_000])
def test_every_wrong_ticket_is_refused_alike(journal: str, ticket: Any) -> None:
    request = retailops.cancel(1001)
    request["headers"]["ticket"] = ticket
    with shop(journal) as found:
        first = found.served.post("/orders/cancel", {**request, "headers": {}})
        content = json.dumps(request).encode("utf-8", "surrogatepass")
        headers = {"content-type": "application/json"}
        answer = found.served.client.post("/orders/cancel", content=content, headers=headers)
        expected = 400 if ticket == "\ud800" else 401
        assert answer.status_code == expected
        assert ticket == "\ud800" or answer.content == first.content
    assert found.ledger.seen == []


@contextmanager
def log_lines() -> Iterator[io.StringIO]:
    """What the gateway writes into its log meanwhile."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    before = LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(before)


def test_no_secret_is_in_the_log(journal: str) -> None:
    """Of requests that are done, refused, broken and repeated."""
    wrong = retailops.cancel(1001)
    wrong["headers"]["ticket"] = "canary-wrong"
    with log_lines() as written, shop(journal, [("POST", "reset_after")]) as found:
        for action in actions(1001):
            found.ask(action)
        found.served.post("/orders/cancel", wrong)
        found.served.client.post("/orders/cancel", content=b'{"canary-')
        found.served.client.get("/orders?headers[ticket]=canary-ticket")
        found.ledger.statuses["cancel-1002"] = 500
        found.cancel(1002)
    assert written.getvalue().count("\n") >= 12
    assert "canary" not in written.getvalue()


# Clocks


@pytest.mark.parametrize("jump", [-3600, 86_400])
def test_a_clock_that_jumps_neither_hurries_nor_stops_anything(
    journal: str, jump: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call without an outcome waits for the channel's time; a repeat is one; a queued request is done."""
    real, shift = time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() + shift[0] * 10**9)
    late = [("POST", "late_effect"), ("GET", "latency")]
    with shop(journal, late, late=0.9, queued=("order_ack",)) as found:
        assert found.cancel(1002).json() != DONE
        shift[0] = jump
        found.cancel(1002)
        until(lambda: found.cancel(1002).json() == DONE)
        found.served.post("/orders/order_ack", retailops.acknowledge(1003))
        until(lambda: "ack-1003" in found.ledger.counts)
        calls = len(found.ledger.seen)
        assert (found.cancel(1002).json(), len(found.ledger.seen)) == (DONE, calls)
    assert found.ledger.counts == {"cancel-1002": 1, "ack-1003": 1}


def test_a_process_with_another_clock_takes_what_one_had(
    journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock went back an hour between two processes: what was queued does not wait for it."""
    with shop(journal, [("POST", "reset_before")] * 3, queued=("order_ack",)) as found:
        found.served.post("/orders/order_ack", retailops.acknowledge(1001))
        until(lambda: found.served.gateway.journal.entries()[0].tries)
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3600 * 10**9)
    with shop(journal, queued=("order_ack",)) as again:
        until(lambda: again.ledger.counts == {"ack-1001": 1}, 30)


# What a thread of the gateway leaves behind


def test_a_request_that_was_accepted_is_done_although_its_sender_comes_no_more(
    journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before it took longer than the sender had to wait."""
    monkeypatch.setattr(gateway_running, "wait_before", lambda _tries: 3)
    script = [("GET", "status_503")] * 2
    with shop(journal, script, queued=("order_ack",), deadline_seconds=1) as found:
        found.served.post("/orders/order_ack", retailops.acknowledge(1001))
        answer = found.cancel(1001)
        assert answer.status_code == 503
        expected = "the request is accepted, and others before it are not done yet"
        assert answer.json()["detail"] == expected
        until(lambda: found.states() == ["done", "done"], 30)
    assert found.ledger.order == ["ack-1001", "cancel-1001"]


def test_a_commit_that_was_not_confirmed_leaves_nothing_open(journal: str) -> None:
    """The database did it, and the connection broke before it said so."""
    with shop(journal) as found:
        dialect: Any = found.served.gateway.journal.store.engine.dialect
        commit, left = dialect.do_commit, [True]

        def unconfirmed(connection: Any) -> None:
            commit(connection)
            if left and entries(connection):
                left.clear()
                raise sqlite3.OperationalError("disk I/O error")

        dialect.do_commit = unconfirmed
        answer = found.cancel(1001)
        assert (answer.status_code, left) == (503, [])
        until(lambda: found.states() == ["done"], 30)
        assert found.cancel(1001).json() == DONE
    assert found.ledger.counts == {"cancel-1001": 1}


def entries(connection: Any) -> int:
    (number,) = connection.execute("SELECT count(*) FROM crossdock_entry").fetchone()
    return int(number)
