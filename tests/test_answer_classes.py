"""Classes of answers, headers in conditions, and how long a channel asks to wait."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug import Request

from conftest import MakeProject
from crossdock.channels.answer_classes import AnswerClasses
from crossdock.channels.config import Channel, parse_channel
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.dry_run import given_answer
from crossdock.channels.http import Transport
from crossdock.channels.messages import Answer, Call
from crossdock.channels.retry_after import retry_after, seconds_of
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core.diagnostics import Source
from crossdock.core.json_types import JSON, MISSING, Missing
from fakes.channel import FakeChannel, answer

CLASSES = """\
settings: {gone: {describe: the code of what is gone, default: GONE}}
answers:
  lost: body.code == settings().gone
  not_found: lost || status == `404`
  old: headers.warning == '110'
  longer: abs(body.size) > `1`
  refused: body.success == `false`
  retry: {when: "body.error == 'LATER'", wait: body.wait}
limits: {wait_seconds: 1}
"""
CONVERSATION = """\
response_schema: desk/any
failure: ../failure
steps:
  - {{step: a, call: GET /a, {keys}}}
response: {{events: events(), answers: answers()}}
"""

Held = Callable[..., ConversationResult]


@pytest.fixture
def compiled(project: MakeProject) -> Callable[[str], Conversation]:
    def compile_step(keys: str) -> Conversation:
        made = project(
            {
                "mappings/shop/failure.yaml": "map: {kind: kind, message: message}",
                "mappings/shop/channel.yaml": CLASSES,
                "schemas/desk/any.schema.json": '{"type": "object"}',
                "mappings/shop/notify/conversation.yaml": CONVERSATION.format(keys=keys),
            }
        )
        return made.conversation("shop", "notify")

    return compile_step


def told(made: Conversation, reply: Answer, **settings: JSON) -> JSON:
    def ask(_call: Call, _given: JSON | Missing) -> Answer:
        return reply

    return run_conversation(made, {}, ask, settings=settings).response


DELAYED: JSON = {
    "events": [{"kind": "refused", "message": "the channel put the call off at every attempt (200)"}]
}
REFUSED: JSON = {"events": [{"kind": "refused", "message": "the channel refused the call (200)"}]}
FINE: JSON = {"events": [], "answers": {}}


@pytest.mark.parametrize(
    "keys, reply, expected",
    [
        ("tolerate: not_found", Answer(404), {}),
        ("tolerate: not_found", Answer(400, {"code": "GONE"}), {}),
        ("tolerate: '!not_found && status == `400`'", Answer(400, {"code": "X"}), {}),
        ("tolerate: not_found || status == `409`", Answer(409), {}),
        ("tolerate: not_found", Answer(409), {"kind": "status", "message": "the channel answered 409"}),
        ("tolerate: old", Answer(500, headers={"warning": "110"}), {}),
        ('tolerate: "headers.\\"x-code\\" == \'E7\'"', Answer(500, headers={"x-code": "E7"}), {}),
        ("tolerate: headers.age", Answer(500), {"kind": "status", "message": "the channel answered 500"}),
        ("refuse: old", Answer(200, {}, headers={"warning": "110"}), REFUSED),
        ("repeatable: true", Answer(200, {"success": False}), REFUSED),
        ("tolerate: refused", Answer(200, {"success": False}), {}),
        ("repeatable: true", Answer(200, {"error": "LATER"}), DELAYED),
        ("tolerate: retry", Answer(200, {"error": "LATER"}), {}),
        (
            "tolerate: longer",
            Answer(500, {"size": "x"}),
            {"kind": "answer", "message": "`abs` takes a number, not text"},
        ),
        # A class that no condition names is not computed.
        ("repeatable: true", Answer(200, {"size": "x"}), {"size": "x"}),
    ],
)
def test_a_condition_sees_headers_and_classes(
    compiled: Callable[[str], Conversation], keys: str, reply: Answer, expected: JSON
) -> None:
    response = told(compiled(keys), reply)
    assert isinstance(response, dict) and isinstance(expected, dict)
    if "kind" in expected:
        assert response["events"] == [expected]
    elif "events" in expected:
        assert response["events"] == expected["events"]
    else:
        assert response == {"events": [], "answers": {"a": expected} if expected else {}}


def test_a_class_reads_the_settings_of_the_run(compiled: Callable[[str], Conversation]) -> None:
    made = compiled("tolerate: not_found")
    assert told(made, Answer(400, {"code": "NO"}), gone="NO") == FINE
    response = told(made, Answer(400, {"code": "GONE"}), gone="NO")
    assert isinstance(response, dict)
    assert response["events"] == [{"kind": "status", "message": "the channel answered 400"}]


def test_headers_are_given_in_a_plan(compiled: Callable[[str], Conversation]) -> None:
    made = compiled("tolerate: old")
    given: JSON = {"a": {"$status": 500, "$headers": {"Warning": "110"}}}
    assert run_conversation(made, {}, given_answer, given=given).response == FINE


# --- over the network


class Queue(FakeChannel):
    """A channel that answers 200 with an error until it has been asked often enough."""

    def __init__(self, often: int, wait: JSON = 0) -> None:
        super().__init__()
        self.left = often
        self.wait = wait

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [("POST", "/jobs", self.job), ("GET", "/headers", self.headers)]

    def _authorize(self, request: Request) -> None:
        """Everybody may ask."""

    def job(self, request: Request) -> Any:
        self.left -= 1
        if self.left >= 0:
            return {"error": "LATER", "wait": self.wait}
        self.record("job", "1")
        return {"id": 1}

    def headers(self, request: Request) -> Any:
        found = answer({})
        for name, value in (("Link", "</a>; rel=a"), ("link", "</b>; rel=b"), ("X-Seen", "canary-bearer!")):
            found.headers.add(name, value)
        found.set_cookie("session", "1")
        return found


def channel(url: str, auth: str = "{kind: none}") -> Channel:
    return parse_channel(Source("channel.yaml", f"base_url: {url}\nauth: {auth}\n{CLASSES}"))


@pytest.fixture
def queue() -> Iterator[Queue]:
    with Queue(2) as made:
        yield made


MAKE = Call("job", "POST", "/jobs", body={})


def test_an_answer_of_the_class_retry_is_asked_for_again_also_by_a_post(queue: Queue) -> None:
    with Transport(channel(queue.url), {"gone": "GONE"}, environ={}) as made:
        assert made.ask(MAKE).body == {"id": 1}
    assert len(queue.calls("POST")) == 3
    assert queue.effects("job") == ["1"]


def test_attempts_bound_the_class_retry(queue: Queue) -> None:
    queue.left = 9
    with Transport(channel(queue.url), {"gone": "GONE"}, environ={}) as made:
        assert made.ask(MAKE).body == {"error": "LATER", "wait": 0}
    assert len(queue.calls("POST")) == 3


@pytest.mark.parametrize("wait, least", [(0.3, 0.3), ("0.25", 0.25), (1000, 1.0)])
def test_the_class_retry_says_how_long_to_wait(wait: JSON, least: float) -> None:
    with Queue(1, wait) as queue, Transport(channel(queue.url), {"gone": "G"}, environ={}) as made:
        start = time.monotonic()
        assert made.ask(MAKE).body == {"id": 1}
        assert time.monotonic() - start >= least


def test_headers_arrive_in_lower_case_without_cookies_and_secrets(queue: Queue) -> None:
    auth = "{kind: bearer, token: {env: TOKEN}}"
    with Transport(channel(queue.url, auth), {"gone": "G"}, environ={"TOKEN": "canary-bearer"}) as made:
        found = dict(made.ask(Call("a", "GET", "/headers")).headers)
    assert found["link"] == "</a>; rel=a, </b>; rel=b"
    assert found["x-seen"] == "***!"
    assert "set-cookie" not in found
    assert [name for name in found if name != name.lower()] == []


# --- how long to wait


NOW = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    "text, seconds",
    [
        (None, None),
        ("0", 0.0),
        ("1.5", 1.5),
        (" 2 ", 2.0),
        ("0.001", 0.001),
        ("-1", None),
        ("1e3", None),
        ("1,5", None),
        (".5", None),
        ("٣", None),
        ("", None),
        ("soon", None),
        # The three forms of RFC 9110, 5.6.7.
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10.0),
        ("Sun Nov  6 08:49:47 1994", 10.0),
        ("Sun, 06 Nov 1994 08:49:07 GMT", -30.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    headers = {"date": NOW} | ({} if text is None else {"retry-after": text})
    assert retry_after(headers) == seconds


def test_a_date_is_compared_with_this_clock_where_the_answer_names_none() -> None:
    until = datetime.fromtimestamp(time.time() + 100, UTC)
    waited = retry_after({"retry-after": until.strftime("%a %b %d %H:%M:%S %Y")})
    assert waited is not None and 95 < waited <= 100
    assert retry_after({"retry-after": NOW, "date": "today"}) is not None


@pytest.mark.parametrize("value", [None, True, "x", [], {}, MISSING])
def test_what_is_not_a_number_of_seconds(value: Any) -> None:
    assert seconds_of(value) is None


def test_a_channel_without_classes_has_none() -> None:
    found = AnswerClasses()
    seen = found.seen(Answer(200), {}, ["retry"])
    assert seen == {"status": 200, "headers": {}, "body": None, "too_large": False}
    assert not found.holds("retry", Answer(200), {})


ERRORS = {"type": "object", "properties": {"code": {"type": "string"}}}
ORDER = {"type": "object", "properties": {"number": {"type": "string"}}}


@pytest.mark.parametrize(
    ("condition", "errors", "name"),
    [
        ("body.code == 'X' || body.number == 'Y'", "errors: desk/error\n", None),
        ("body.cod == 'X'", "errors: desk/error\n", "cod"),
        ("body.nmber == 'X'", "errors: desk/error\n", "nmber"),
        ("body.cod == 'X'", "", None),  # without a schema of errors nothing says what they have
    ],
)
def test_a_class_reads_what_an_answer_or_an_error_documents(
    condition: str, errors: str, name: str | None, project: MakeProject
) -> None:
    made = project(
        {
            "mappings/desk/channel.yaml": f"{errors}answers:\n  gone: {condition}\n",
            "schemas/desk/error.schema.json": json.dumps(ERRORS),
            "schemas/desk/order.schema.json": json.dumps(ORDER),
            "schemas/retailops/notify.response.schema.json": "{}",
            "mappings/desk/notify/conversation.yaml": (
                "steps:\n"
                "  - {step: a, call: GET /a, answer: desk/order, tolerate: gone}\n"
                "  - {step: b, call: GET /b, tolerate: gone}\n"
                "response: {}\n"
            ),
        }
    )
    found = [(item.id, item.message, str(item.span)) for item in made.check()]
    message = f"`desk/error or desk/order` has no property `{name}`"
    place = "mappings/desk/channel.yaml:3:14"
    assert found == ([("unknown-property", message, place)] if name else [])
