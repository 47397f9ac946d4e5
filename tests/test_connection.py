"""Connections: many answers over one transport, rates, deadlines and cancellation, over real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug import Request

from conftest import MakeProject
from crossdock import (
    Cancellation,
    ChannelError,
    CompileError,
    Connection,
    ConversationResult,
    Project,
    ProjectError,
)
from crossdock.channels.patience import Patience
from crossdock.channels.rate import Pace, Rate, parse_rate
from crossdock.core.json_types import JSON
from fakes import faults
from fakes.channel import CLIENT_ID, CLIENT_SECRET, FakeChannel

SECRETS = {"DESK_ID": CLIENT_ID, "DESK_SECRET": CLIENT_SECRET}
CHANNEL = """\
base_url: "{url}"
auth:
  kind: client_credentials
  url: /token
  client_id: {{env: DESK_ID}}
  client_secret: {{env: DESK_SECRET}}
settings:
  till: {{describe: which till, default: T1, one_of: [T1, T2]}}
  host: {{describe: the host's name, default: main}}
  copies: {{describe: how many, default: 1}}
headers: {{x-host: settings().host}}
limits: {{seconds: 5, attempts: 3, wait_seconds: 30{limits}}}
"""
CONVERSATION = """\
response_schema: desk/any
failure: ../failure
{head}
steps:
{steps}
response: {{events: events(), answers: answers(), till: settings().till}}
"""
LINES = """\
  - {step: line, each: {n: lines}, about: {id: '@'}, call: 'POST /lines/{{ $n }}'}
  - {step: last, call: GET /last}
"""


class Desk(FakeChannel):
    """Takes lines, and remembers when each call came."""

    base = "/api"
    open_paths = frozenset({"/token"})

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("POST", "/token", self.token),
            ("POST", "/lines/<name>", self.line),
            ("GET", "/last", self.last),
        ]

    def token(self, request: Request) -> Any:
        given = request.json
        return self.give_token(given["client_id"], given["client_secret"])

    def line(self, request: Request, name: str) -> Any:
        self.times.append(time.monotonic())
        self.record("line", name)
        return {"line": name}

    def last(self, request: Request) -> Any:
        self.times.append(time.monotonic())
        return {"last": True}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as made:
        yield made


Open = Callable[..., Project]


@pytest.fixture
def opened(project: MakeProject, desk: Desk) -> Open:
    def open_project(steps: str = LINES, *, limits: str = "", head: str = "") -> Project:
        return project(
            {
                "mappings/desk/failure.yaml": (
                    "map: {kind: kind, message: message, step: step, id: id, skipped: skipped}"
                ),
                "mappings/desk/channel.yaml": CHANNEL.format(url=desk.url, limits=limits),
                "schemas/desk/any.schema.json": '{"type": "object"}',
                "mappings/desk/notify/conversation.yaml": CONVERSATION.format(steps=steps, head=head),
            }
        )

    return open_project


def connected(made: Project, **settings: JSON) -> Connection:
    return made.connect("desk", settings=settings, environ=SECRETS)


def response(result: ConversationResult) -> dict[str, Any]:
    assert isinstance(result.response, dict)
    return result.response


# --- many answers


def test_many_requests_share_one_token_and_the_settings(opened: Open, desk: Desk) -> None:
    with connected(opened(), till="T2") as shop:
        for number in (1, 2, 3):
            found = response(shop.answer("notify", {"lines": [number]}))
            assert found["till"] == "T2"
            assert found["answers"] == {"line": [{"line": str(number)}], "last": {"last": True}}
    assert len(desk.calls("POST /api/token")) == 1
    assert desk.effects("line") == ["1", "2", "3"]


def test_threads_share_a_connection(opened: Open, desk: Desk) -> None:
    with connected(opened()) as shop:

        def answered(number: int) -> Any:
            return response(shop.answer("notify", {"lines": [number]}))["answers"]["line"]

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(answered, range(40)))
    assert found == [[{"line": str(number)}] for number in range(40)]
    assert len(desk.calls("POST /api/token")) == 1


def test_a_transport_is_shared_by_connections(opened: Open, desk: Desk) -> None:
    made = opened()
    with connected(made) as shop:
        with made.connect("desk", settings={"till": "T2"}, transport=shop.transport) as other:
            assert response(other.answer("notify", {"lines": [1]}))["till"] == "T2"
        # The connection that opened it is still open.
        assert response(shop.answer("notify", {"lines": [2]}))["till"] == "T1"
    assert len(desk.calls("POST /api/token")) == 1
    assert response(shop.answer("notify", {"lines": []}))["events"] == [
        {
            "kind": "unreachable",
            "message": "the transport is closed",
            "step": "last",
            "skipped": [],
        }
    ]


def test_a_transport_of_other_settings_is_refused(opened: Open) -> None:
    made = opened()
    with connected(made) as shop, pytest.raises(ValueError, match="of another channel, or of other settings"):
        made.connect("desk", settings={"host": "else"}, transport=shop.transport)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"tills": "T2"}, "there is no setting `tills`"),
        ({"till": "T3"}, "the setting `till` takes one of T1, T2"),
        ({"till": 2}, "the setting `till` takes one of T1, T2"),
        ({"copies": "many"}, "the setting `copies` takes a whole number"),
        ({"copies": True}, "the setting `copies` takes a whole number"),
        ({"copies": None}, "the setting `copies` takes a whole number"),
    ],
)
def test_settings_are_checked(opened: Open, settings: dict[str, JSON], message: str) -> None:
    with pytest.raises(CompileError) as caught:
        connected(opened(), **settings)
    assert caught.value.diagnostics[0].message == message


@pytest.mark.parametrize("copies", [3, "3"])
def test_a_setting_may_be_given_as_text(opened: Open, copies: JSON) -> None:
    with connected(opened(), copies=copies) as shop:
        assert shop.settings == {"till": "T1", "host": "main", "copies": 3}


def test_what_is_not_there_is_named(opened: Open) -> None:
    made = opened()
    with pytest.raises(ProjectError, match="there is no channel `dsk`"):
        made.connect("dsk", environ={})
    with pytest.raises(ProjectError, match="the environment variable `DESK_ID` is not set"):
        made.connect("desk", environ={})
    with connected(made) as shop, pytest.raises(ProjectError, match="has no conversation for `notfy`"):
        shop.answer("notfy", {})


# --- rates


def test_a_rate_is_kept_by_all_threads(opened: Open, desk: Desk) -> None:
    steps = "  - {step: line, each: {n: lines}, at_once: 4, call: 'POST /lines/{{ $n }}'}"
    with connected(opened(steps, limits=", rate: 5/s")) as shop, ThreadPoolExecutor(4) as pool:
        start = time.monotonic()
        list(pool.map(lambda n: shop.answer("notify", {"lines": [n, n + 1, n + 2]}), (0, 3, 6, 9)))
        took = time.monotonic() - start
    # 12 calls and the one for the token: 5 at once, 5 after a second, 3 after two.
    assert len(desk.times) == 12
    assert took >= 2
    # A call is never seen before it began; on their way to the server they may come closer together.
    assert all(seen - start >= number // 5 for number, seen in enumerate(sorted(desk.times), 1))


def test_attempts_count_for_the_rate(opened: Open, desk: Desk) -> None:
    desk.fault(faults.status(429, Retry_After="0"), matching="/last", times=2)
    steps = "  - {step: last, call: GET /last}"
    with connected(opened(steps, limits=", rate: 2/s")) as shop:
        start = time.monotonic()
        assert response(shop.answer("notify", {}))["events"] == []
        # The token and the first attempt, then two more attempts.
        assert time.monotonic() - start >= 1


@pytest.mark.parametrize(
    "text, rate",
    [
        ("2/s", Rate(2, 1)),
        ("30/min", Rate(30, 60)),
        ("1000/h", Rate(1000, 3600)),
        ("0/s", None),
        ("02/s", None),
        ("-1/s", None),
        ("1.5/s", None),
        ("2/sec", None),
        ("2 / s", None),
        ("2", None),
        ("٣/s", None),
        ("1000000/s", None),
    ],
)
def test_a_rate(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


def test_a_pace_lets_the_first_calls_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = Pace(Rate(2, 10))
    assert [pace.take() for _ in range(5)] == [0, 0, 10, 10, 20]
    now = 115.0
    assert (pace.delay, pace.take(), pace.delay) == (5, 5, 15)
    now = 200.0
    assert [pace.take() for _ in range(3)] == [0, 0, 10]


# --- deadlines and cancellation


def kinds(result: ConversationResult) -> list[tuple[Any, ...]]:
    return [(event["kind"], event["step"], event.get("id")) for event in response(result)["events"]]


NOT_MADE = "the deadline of the conversation came before this call was made"


def slow(seconds: float) -> faults.Fault:
    def fault(wire: faults.Wire) -> Any:
        time.sleep(seconds)
        return wire.real()

    return fault


def test_a_deadline_in_the_middle_leaves_events_for_the_rest(opened: Open, desk: Desk) -> None:
    desk.fault(slow(0.6), matching="lines/2")
    with connected(opened()) as shop:
        shop.answer("notify", {"lines": []})  # the token
        result = shop.answer("notify", {"lines": [1, 2, 3, 4]}, deadline=0.4)
    # The call that was on its way is awaited, so that its outcome is known.
    assert desk.effects("line") == ["1", "2"]
    assert response(result)["answers"] == {"line": [{"line": "1"}, {"line": "2"}]}
    assert kinds(result) == [("deadline", "line", 3), ("deadline", "line", 4), ("deadline", "last", None)]
    assert {event["message"] for event in response(result)["events"]} == {NOT_MADE}


def test_what_follows_a_step_that_met_the_deadline_is_named(opened: Open, desk: Desk) -> None:
    steps = "  - {step: first, call: GET /last}\n  - {step: second, call: GET /last}\n"
    with connected(opened(steps)) as shop:
        (event,) = response(shop.answer("notify", {}, deadline=0))["events"]
    assert (event["step"], event["kind"], event["skipped"]) == ("first", "deadline", ["second"])
    assert desk.seen == []


@pytest.mark.parametrize("deadline", [0, -5])
def test_a_deadline_that_has_passed_makes_no_call(opened: Open, desk: Desk, deadline: float) -> None:
    with connected(opened()) as shop:
        result = shop.answer("notify", {"lines": [1, 2]}, deadline=deadline)
    assert kinds(result) == [("deadline", "line", 1), ("deadline", "line", 2), ("deadline", "last", None)]
    assert desk.seen == []


def test_without_a_failure_mapping_a_deadline_is_an_error(opened: Open) -> None:
    made = opened()
    path = made.roots[0] / "mappings/desk/notify/conversation.yaml"
    path.write_text(path.read_text().replace("failure: ../failure\n", ""))
    with connected(Project(made.roots)) as shop, pytest.raises(ChannelError) as caught:
        shop.answer("notify", {"lines": []}, deadline=0)
    assert f"the step `last` failed: {NOT_MADE}" in str(caught.value)


@pytest.mark.parametrize(
    "limits, head, given, expected",
    [
        (", deadline_seconds: 7", "", None, 7),
        (", deadline_seconds: 7", "deadline_seconds: 9", None, 9),
        ("", "deadline_seconds: 9", 20, 9),
        ("", "deadline_seconds: 9", 2, 2),
        ("", "", 2, 2),
        ("", "", None, None),
    ],
)
def test_the_shortest_deadline_holds(
    opened: Open,
    monkeypatch: pytest.MonkeyPatch,
    limits: str,
    head: str,
    given: float | None,
    expected: float | None,
) -> None:
    seen: list[float | None] = []
    of = Patience.of

    def noting(seconds: float | None, cancellation: Cancellation | None = None) -> Patience:
        seen.append(seconds)
        return of(seconds, cancellation)

    monkeypatch.setattr(Patience, "of", noting)
    with connected(opened(limits=limits, head=head)) as shop:
        shop.answer("notify", {"lines": []}, deadline=given)
    assert seen == [expected]


def test_a_wait_is_not_begun_that_the_deadline_would_cut(opened: Open, desk: Desk) -> None:
    desk.fault(faults.status(429, Retry_After="20"), matching="/last")
    with connected(opened()) as shop:
        start = time.monotonic()
        (event,) = response(shop.answer("notify", {"lines": []}, deadline=10))["events"]
        assert time.monotonic() - start < 8
    # What the channel answered says more than that the deadline came.
    assert (event["kind"], event["message"]) == ("status", "the channel answered 429")


def test_a_repeatable_call_is_cut_at_the_deadline(opened: Open, desk: Desk) -> None:
    desk.fault(faults.never, matching="/last")
    with connected(opened()) as shop:
        start = time.monotonic()
        (event,) = response(shop.answer("notify", {"lines": []}, deadline=0.5))["events"]
        assert time.monotonic() - start < 4
    assert (event["kind"], event["message"]) == ("timeout", "the channel did not answer before the deadline")


def test_the_wait_for_a_rate_is_cut(opened: Open, desk: Desk) -> None:
    with connected(opened(limits=", rate: 2/h")) as shop:
        start = time.monotonic()
        result = shop.answer("notify", {"lines": [1, 2]}, deadline=30)
        assert time.monotonic() - start < 20
    assert kinds(result) == [("deadline", "line", 2), ("deadline", "last", None)]


def test_the_wait_for_a_token_is_cut(opened: Open, desk: Desk) -> None:
    desk.fault(faults.never, matching="/token")
    with connected(opened()) as shop:
        start = time.monotonic()
        result = shop.answer("notify", {"lines": [1]}, deadline=0.3)
        assert time.monotonic() - start < 4
    assert kinds(result) == [("deadline", "line", 1), ("deadline", "last", None)]


POLLED = """\
  - {step: job, call: GET /last, again: {when: body.last, wait: 25}}
  - {step: then, call: GET /last}
"""


def test_a_wait_between_calls_is_cut_by_the_deadline(opened: Open, desk: Desk) -> None:
    with connected(opened(POLLED)) as shop:
        start = time.monotonic()
        result = shop.answer("notify", {}, deadline=10)
        assert time.monotonic() - start < 8
    assert kinds(result) == [("deadline", "job", None)]


def test_cancellation_from_another_thread_ends_a_wait(opened: Open, desk: Desk) -> None:
    cancel = Cancellation()
    with connected(opened(POLLED)) as shop:
        timer = threading.Timer(0.3, cancel.cancel)
        timer.start()
        start = time.monotonic()
        (event,) = response(shop.answer("notify", {}, cancel=cancel))["events"]
        assert time.monotonic() - start < 15
        assert (event["kind"], event["skipped"]) == ("cancelled", ["then"])
        assert event["message"] == "the conversation was cancelled before this call was made"
        made = len(desk.seen)
        # It is cancelled for good, and other conversations go on.
        assert kinds(shop.answer("notify", {}, cancel=cancel)) == [("cancelled", "job", None)]
        assert len(desk.seen) == made
    assert cancel.cancelled


def test_a_call_that_is_on_its_way_is_awaited(opened: Open, desk: Desk) -> None:
    cancel = Cancellation()
    desk.fault(lambda wire: (cancel.cancel(), time.sleep(0.1), wire.real())[-1], matching="lines/1")
    with connected(opened()) as shop:
        result = shop.answer("notify", {"lines": [1, 2]}, cancel=cancel)
    assert response(result)["answers"] == {"line": [{"line": "1"}]}
    assert kinds(result) == [("cancelled", "line", 2), ("cancelled", "last", None)]


def test_elements_at_once_are_cancelled_together(opened: Open, desk: Desk) -> None:
    cancel = Cancellation()
    steps = "  - {step: job, each: lines, at_once: 4, call: GET /last, again: {when: body.last, wait: 25}}"
    with connected(opened(steps)) as shop:
        threading.Timer(0.5, cancel.cancel).start()
        start = time.monotonic()
        result = shop.answer("notify", {"lines": [1, 2, 3, 4, 5, 6]}, cancel=cancel)
        assert time.monotonic() - start < 15
    assert kinds(result) == [("cancelled", "job", None)] * 6
