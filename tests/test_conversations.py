"""Running conversations: which calls are made, in which order, and what becomes of a failure."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest

from conftest import MakeProject
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.messages import Answer, Call, ChannelError, NoAnswer
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core.errors import CrossdockError, InputError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.execution import cell_code
from crossdock.execution.errors import EvaluationError, OutputError

Reply: TypeAlias = "JSON | Answer | NoAnswer | Callable[[Call], Answer]"
FILES = {
    "mappings/shop/failure.yaml": 'map: "@"',
    "mappings/shop/channel.yaml": "settings: {till: {describe: which till, default: T1}}",
    "schemas/desk/any.schema.json": '{"type": "object"}',
    "schemas/shop/parcel.schema.json": (
        '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "weight": {}}}'
    ),
}
FRAME = """\
response_schema: desk/any
{head}
steps:
{steps}
response: {response}
"""
EVENTS_AND_ANSWERS = "{events: events(), answers: answers()}"


@dataclass
class Shop:
    """A channel that answers by method and path, says nothing it was not told, and remembers its calls."""

    replies: Mapping[str, Reply]
    calls: list[Call] = field(default_factory=list)

    def __call__(self, call: Call, given: JSON | Missing) -> Answer:
        assert given is MISSING or given == {}
        self.calls.append(call)
        reply = self.replies.get(f"{call.method} {call.path}", Answer(404))
        if callable(reply):
            reply = reply(call)
        if isinstance(reply, NoAnswer):
            raise reply
        return reply if isinstance(reply, Answer) else Answer(200, reply)

    @property
    def asked(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.calls]


Compile: TypeAlias = Callable[..., Conversation]


@pytest.fixture
def conversation(project: MakeProject) -> Compile:
    """Compiles the steps of a conversation of an invented shop; every failure becomes an event as it is."""

    def compile_steps(
        steps: str,
        *,
        response: str = EVENTS_AND_ANSWERS,
        head: str = "failure: ../failure",
        files: Mapping[str, str] | None = None,
    ) -> Conversation:
        text = FRAME.format(steps=steps, response=response, head=head)
        made = project({**FILES, **(files or {}), "mappings/shop/notify/conversation.yaml": text})
        return made.conversation("shop", "notify")

    return compile_steps


def held(made: Conversation, request: JSON, replies: Mapping[str, Reply] | None = None) -> ConversationResult:
    return run_conversation(made, request, Shop(replies or {}))


def answers(outcome: ConversationResult) -> JSON:
    assert isinstance(outcome.response, dict)
    return outcome.response["answers"]


def events(outcome: ConversationResult) -> list[dict[str, JSON]]:
    assert isinstance(outcome.response, dict)
    found = outcome.response["events"]
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, dict)]


# --- what a step does


CALL = "  - {step: a, call: GET /a, tolerate: status == `404`}\n"


@pytest.mark.parametrize(
    "step, request_, expected",
    [
        ("{step: b, value: n}", {"n": 1}, {"b": 1}),
        ("{step: b, value: {x: n, y: {$const: z}}}", {"n": 1}, {"b": {"x": 1, "y": "z"}}),
        ("{step: b, value: absent}", {}, {}),
        ("{step: b, if: n, value: n}", {"n": 0}, {"b": 0}),
        ("{step: b, if: n, value: n}", {"n": ""}, {}),
        ("{step: b, unless: n, value: {$const: 1}}", {"n": 1}, {}),
        ("{step: b, unless: n, value: {$const: 1}}", {}, {"b": 1}),
        ("{step: b, if: m, unless: n, value: m}", {"m": 1, "n": 1}, {}),
        ("{step: b, each: n, value: '@'}", {"n": [1, None, 3]}, {"b": [1, 3]}),
        ("{step: b, each: n, value: '@'}", {"n": []}, {"b": []}),
        ("{step: b, each: n, value: '@'}", {}, {"b": []}),
        ("{step: b, each: n, if: '@ > `1`', value: '@'}", {"n": [1, 2, 3]}, {"b": [2, 3]}),
        ("{step: b, each: n, unless: '@ > `1`', value: '@'}", {"n": [1, 2, 3]}, {"b": [1]}),
        (
            "{step: b, each: n, value: '[root(), request().n[0], @]'}",
            {"n": [1, 2]},
            {"b": [[1, 1, 1], [2, 1, 2]]},
        ),
        ("{step: b, steps: [{step: c, value: n}]}", {"n": 1}, {"b": {"c": 1}}),
        ("{step: b, steps: [{step: c, if: m, value: n}]}", {"n": 1}, {"b": {}}),
        (
            "{step: b, each: n, steps: [{step: c, value: '@'}, {step: d, value: answers().c}]}",
            {"n": [1, 2]},
            {"b": [{"c": 1, "d": 1, "element": 1}, {"c": 2, "d": 2, "element": 2}]},
        ),
        ("{step: b, value: settings().till}", {}, {"b": "T1"}),
        ("{step: b, each: n, event: {x: '@'}}", {"n": [1, 2]}, {}),
        ("{step: b, each: n, event: {x: '@'}}", {"n": []}, {}),
        ("{step: b, steps: [{step: c, each: n, event: {x: '@'}}]}", {"n": [1]}, {"b": {}}),
    ],
)
def test_a_value_is_the_answer_of_its_step(
    conversation: Compile, step: str, request_: JSON, expected: JSON
) -> None:
    assert answers(held(conversation(f"  - {step}"), request_)) == expected


def test_steps_inside_an_element_see_the_answers_around_them_and_go_on_inside_elements_of_theirs(
    conversation: Compile,
) -> None:
    made = conversation(
        """
  - {step: first, value: {$const: F}}
  - step: order
    each: orders
    steps:
      - {step: number, value: no}
      - step: line
        each: lines
        steps:
          - {step: seen, value: '[answers().first, answers().number, @, root()]'}
  - {step: last, value: 'answers().order[].line[].element'}
"""
    )
    request: JSON = {"orders": [{"no": 1, "lines": ["x", "y"]}, {"no": 2, "lines": ["z"]}]}
    found = answers(held(made, request))
    assert isinstance(found, dict)
    assert found["last"] == ["x", "y", "z"]
    assert found["order"] == [
        {
            "number": 1,
            "line": [
                {"seen": ["F", 1, "x", "x"], "element": "x"},
                {"seen": ["F", 1, "y", "y"], "element": "y"},
            ],
            "element": {"no": 1, "lines": ["x", "y"]},
        },
        {
            "number": 2,
            "line": [{"seen": ["F", 2, "z", "z"], "element": "z"}],
            "element": {"no": 2, "lines": ["z"]},
        },
    ]


def test_answers_inside_an_element_are_not_those_of_another_or_of_later_steps(conversation: Compile) -> None:
    made = conversation(
        """
  - step: order
    each: n
    steps:
      - {step: before, value: 'keys(answers())'}
      - {step: own, if: '@ == `1`', value: '@'}
      - {step: after, value: 'keys(answers())'}
"""
    )
    assert answers(held(made, {"n": [1, 2]})) == {
        "order": [
            {"before": [], "own": 1, "after": ["before", "own"], "element": 1},
            {"before": [], "after": ["before"], "element": 2},
        ]
    }


def test_events_stand_in_the_order_of_the_steps_and_are_seen_by_those_behind_them(
    conversation: Compile,
) -> None:
    made = conversation(
        """
  - {step: one, event: {n: {$const: 1}, seen: events()}}
  - {step: none, event: absent}
  - step: each
    each: n
    at_once: 4
    steps:
      - {step: two, event: {n: '@', seen: 'length(events())'}}
      - {step: three, event: {n: '@', seen: 'length(events())'}}
  - {step: four, if: 'length(events()) == `5`', event: {n: {$const: 4}}}
"""
    )
    outcome = held(made, {"n": [2, 3]})
    assert [(event["n"], event.get("seen")) for event in events(outcome)] == [
        (1, []),
        *((2, 1), (2, 2), (3, 1), (3, 2)),
        (4, None),
    ]
    assert answers(outcome) == {"each": [{"element": 2}, {"element": 3}]}


def test_a_call_holds_all_that_its_step_says(conversation: Compile) -> None:
    made = conversation(
        """
  - step: a
    call: POST /orders/{{ id }}/parcels
    query: {a: 'n', b: "{{ n }} x", gone: absent, none: null, yes: 'true_', no: 'false_', f: f}
    headers: {x-till: settings().till, x-gone: absent}
    body: parcel
    form: true
    repeatable: true
  - {step: b, call: PUT /b, body: {n: n}}
  - {step: c, call: "DELETE /"}
""",
        files={"mappings/shop/notify/parcel.yaml": "map: {weight: n}"},
    )
    shop = Shop({"POST /orders/7/parcels": {}, "PUT /b": {}, "DELETE /": Answer(204)})
    run_conversation(made, {"id": 7, "n": 2, "true_": True, "false_": False, "f": 1.5}, shop)
    assert shop.calls == [
        Call(
            "a",
            "POST",
            "/orders/7/parcels",
            query=(("a", "2"), ("b", "2 x"), ("yes", "true"), ("no", "false"), ("f", "1.5")),
            headers=(("x-till", "T1"),),
            body={"weight": 2},
            form=True,
            repeatable=True,
        ),
        Call("b", "PUT", "/b", body={"n": 2}, repeatable=True),
        Call("c", "DELETE", "/", repeatable=True),
    ]


@pytest.mark.parametrize(
    "method, repeatable",
    [("GET", True), ("HEAD", True), ("PUT", True), ("DELETE", True), ("POST", False), ("PATCH", False)],
)
def test_calls_without_a_second_effect_are_repeatable(
    conversation: Compile, method: str, repeatable: bool
) -> None:
    outcome = held(conversation(f"  - {{step: a, call: {method} /a}}"), {})
    assert outcome.calls[0].repeatable is repeatable


def test_a_call_that_changes_by_an_amount_can_say_that_it_is_not_repeatable(conversation: Compile) -> None:
    """The method alone does not decide: a PUT may say how many units to take off."""
    outcome = held(conversation("  - {step: a, call: PUT /a, repeatable: false}"), {})
    assert not outcome.calls[0].repeatable


# --- answers


@pytest.mark.parametrize(
    "answer, keys, expected",
    [
        (Answer(200, {"id": 1}), "", {"a": {"id": 1}}),
        (Answer(201, {"id": 1}), "answer: shop/parcel", {"a": {"id": 1}}),
        (Answer(200, None), "", {"a": None}),
        (Answer(200, []), "", {"a": []}),
        (Answer(200), "", {}),
        (Answer(204), "answer: shop/parcel", {}),
        (Answer(404, {"code": "gone"}), "tolerate: body.code == 'gone'", {}),
        (Answer(404, text="<html>"), "tolerate: status == `404`", {}),
        (Answer(200, text="OK"), "tolerate: status == `200`", {}),
        (Answer(500, {"id": 1}), "tolerate: status > `400`, answer: shop/parcel", {}),
        (Answer(200, exceeds=100), "tolerate: too_large, answer: shop/parcel", {}),
        (Answer(200, {"id": 1}), "tolerate: too_large", {"a": {"id": 1}}),
        (Answer(200, {"id": 1}), "refuse: body.error", {"a": {"id": 1}}),
        (Answer(404, {"id": 7}), "tolerate: body.id == root().id", {}),
        (Answer(404, {"id": 7}), "tolerate: body.id == request().id && answers().before", {}),
    ],
)
def test_an_answer_that_is_good_enough(
    conversation: Compile, answer: Answer, keys: str, expected: dict[str, JSON]
) -> None:
    made = conversation(f"  - {{step: before, value: id}}\n  - {{step: a, call: GET /a, {keys}}}")
    outcome = held(made, {"id": 7}, {"GET /a": answer})
    assert answers(outcome) == {"before": 7, **expected}
    assert events(outcome) == []


BREAKS = "the channel's answer breaks `shop/parcel`: "


@pytest.mark.parametrize(
    "answer, keys, expected",
    [
        (Answer(404), "", {"kind": "status", "message": "the channel answered 404", "status": 404}),
        (Answer(302), "", {"kind": "status", "message": "the channel answered 302", "status": 302}),
        (
            Answer(200, exceeds=100),
            "tolerate: status == `404`",
            {"kind": "answer", "message": "the answer is larger than the limit of 100 bytes", "status": 200},
        ),
        (
            Answer(409, {"code": "x"}),
            "tolerate: body.code == 'y', answer: shop/parcel",
            {"kind": "status", "message": "the channel answered 409", "status": 409, "body": {"code": "x"}},
        ),
        (
            Answer(500, text="<html>\nout of order " + "x" * 300),
            "",
            {
                "kind": "status",
                "message": "the channel answered 500",
                "status": 500,
                "text": "<html>\\nout of order " + "x" * 178 + "…",
            },
        ),
        (
            Answer(200, {"error": "sold"}),
            "refuse: body.error",
            {
                "kind": "refused",
                "message": "the channel refused the call (200)",
                "status": 200,
                "body": {"error": "sold"},
            },
        ),
        (
            Answer(500, {"error": "sold"}),
            "refuse: body.error",
            {
                "kind": "status",
                "message": "the channel answered 500",
                "status": 500,
                "body": {"error": "sold"},
            },
        ),
        (
            Answer(200, text="<html>"),
            "",
            {
                "kind": "answer",
                "message": "the channel's answer is not JSON",
                "status": 200,
                "text": "<html>",
            },
        ),
        (
            Answer(200),
            "answer: shop/parcel",
            {"kind": "answer", "message": "the channel's answer is empty", "status": 200},
        ),
        (
            Answer(200, {"id": "x"}),
            "answer: shop/parcel",
            {
                "kind": "answer",
                "message": BREAKS + "expected a whole number, found text at /id",
                "status": 200,
                "body": {"id": "x"},
            },
        ),
        (
            Answer(200, []),
            "answer: shop/parcel",
            {
                "kind": "answer",
                "message": BREAKS + "expected an object, found a list",
                "status": 200,
                "body": [],
            },
        ),
        (
            NoAnswer("timeout", "the channel did not answer in time"),
            "",
            {"kind": "timeout", "message": "the channel did not answer in time"},
        ),
        (NoAnswer("unreachable", "nobody"), "", {"kind": "unreachable", "message": "nobody"}),
        (NoAnswer("answer", "cut off"), "", {"kind": "answer", "message": "cut off"}),
        (
            Answer(200, {"n": "x"}),
            "refuse: abs(body.n) > `1`",
            {
                "kind": "answer",
                "message": "`abs` takes a number, not text",
                "status": 200,
                "body": {"n": "x"},
            },
        ),
    ],
)
def test_a_call_that_fails_is_told_to_the_failure_mapping(
    conversation: Compile, answer: Reply, keys: str, expected: dict[str, JSON]
) -> None:
    made = conversation(f"  - {{step: a, call: GET /a, {keys}}}\n  - {{step: b, call: GET /b}}")
    outcome = run_conversation(made, {}, Shop({"GET /a": answer}), base_url="https://shop.example.com/api")
    where = {"action": "notify", "step": "a", "method": "GET", "url": "https://shop.example.com/api/a"}
    assert events(outcome) == [{**where, "skipped": ["b"], **expected}]
    assert answers(outcome) == {}
    assert [item.severity for item in outcome.warnings] == ["warning"]


@pytest.mark.parametrize(
    "step, message",
    [
        ("call: 'GET /a/{{ gone }}'", "the path has nothing where it needs a value: /a/{{ gone }}"),
        ("call: 'GET /a/{{ list }}'", "a list cannot be printed as text, at /list"),
        (
            "call: GET /a, query: {q: object}",
            "`q` contains an object or a list that only `lists: brackets` can send",
        ),
        (
            "call: GET /a, query: {q: '[list]'}",
            "`q` contains an object or a list that only `lists: brackets` can send",
        ),
        ("call: GET /a, query: {q: '[lines]'}", "`q` contains a line end"),
        ("call: POST /a, form: true, body: [text]", "the body of a form is not an object"),
        ("call: GET /a, headers: {q: list}", "`q` is not text"),
        ("call: GET /a, query: {$with: list, $value: '@'}", "`query` is not an object"),
        ("call: GET /a, query: {q: lines}", "`q` contains a line end"),
        ("call: GET /a, headers: {q: lines}", "`q` contains a line end"),
        ("call: GET /a, headers: {q: accent}", "`q` contains characters that no header can have"),
        ("call: GET /a, headers: {q: tab}", "`q` contains characters that no header can have"),
        ("call: GET /a, body: {n: abs(text)}", "`abs` takes a number, not text, at /text"),
        ("call: GET /a, body: parcel", "the required property `id` is missing"),
        ("call: GET /a, body: sealed", "expected a whole number, found text, at /text"),
        ("call: GET /a, body: strict", "too heavy"),
        ("value: abs(text)", "`abs` takes a number, not text, at /text"),
        ("event: {n: abs(text)}", "`abs` takes a number, not text, at /text"),
        ("if: abs(text), value: text", "`abs` takes a number, not text, at /text"),
        ("each: text, value: text", "`each` takes a list, and this is not one"),
        ("each: to_array(abs(text)), value: {$const: 1}", "`abs` takes a number, not text, at /text"),
    ],
)
def test_a_step_whose_call_cannot_be_made_fails_before_it_is_made(
    conversation: Compile, step: str, message: str
) -> None:
    files = {
        "mappings/shop/notify/parcel.yaml": "from: shop/parcel\nmap: {id: id}",
        "mappings/shop/notify/sealed.yaml": "to: shop/parcel\nmap: {id: text}",
        "mappings/shop/notify/strict.yaml": (
            "checks: [{check: 'n == `0`', message: too heavy, level: error}]\nmap: {n: one}"
        ),
    }
    request: JSON = {
        "one": 1,
        "list": [1],
        "object": {"a": 1},
        "lines": "a\nb",
        "accent": "é",
        "tab": "a\tb",
        "text": "x",
    }
    outcome = held(conversation(f"  - {{step: a, {step}}}", files=files), request)
    assert outcome.calls == []
    (event,) = events(outcome)
    assert event == {"action": "notify", "step": "a", "kind": "request", "message": message, "skipped": []}


@pytest.mark.parametrize("warm", [-1, cell_code.WARM], ids=["generated", "interpreted"])
@pytest.mark.parametrize(
    "cell, message",
    [
        ("{$with: object, $use: ./parcel}", "the required property `id` is missing"),
        ("{$with: fine, $use: ./parcel}", None),
        ("{$with: object, $use: ./sealed}", "expected a whole number, found text, at /object/text"),
        ("{$if: one, $use: ./sealed}", "expected a whole number, found text, at /text"),
        ("{$if: none, $use: ./sealed}", None),
        ("{$with: none, $use: ./parcel}", None),
        ("{$if: none, $with: object, $use: ./parcel}", None),
        ("{$with: object, $if: text, $use: ./parcel}", "the required property `id` is missing"),
    ],
)
def test_a_mapping_in_another_context_is_validated_on_both_sides(
    conversation: Compile, monkeypatch: pytest.MonkeyPatch, warm: int, cell: str, message: str | None
) -> None:
    monkeypatch.setattr(cell_code, "WARM", warm)
    files = {
        "mappings/shop/notify/parcel.yaml": "from: shop/parcel\nmap: {id: id}",
        "mappings/shop/notify/sealed.yaml": "to: shop/parcel\nmap: {id: text}",
    }
    made = conversation(f"  - {{step: a, value: {cell}}}", files=files)
    outcome = held(made, {"one": 1, "text": "x", "object": {"text": "x"}, "fine": {"id": 7}})
    assert [event["message"] for event in events(outcome)] == ([] if message is None else [message])


def test_the_blame_for_what_an_element_holds_names_the_element(conversation: Compile) -> None:
    made = conversation("  - {step: a, each: n, value: abs(x)}")
    outcome = held(made, {"n": [{"x": 1}, {"x": "one"}]})
    assert [str(item.input) for item in outcome.warnings] == ["request, element 2 of `a` at /x"]


# --- the path


@pytest.mark.parametrize(
    "value, path",
    [
        ("7", "/a/7/b"),
        (7, "/a/7/b"),
        (True, "/a/true/b"),
        ("../../admin", "/a/..%2F..%2Fadmin/b"),
        ("..\\x", "/a/..%5Cx/b"),
        ("%2e%2e", "/a/%252e%252e/b"),
        ("%2F", "/a/%252F/b"),
        ("x?y=1&z", "/a/x%3Fy%3D1%26z/b"),
        ("x#y", "/a/x%23y/b"),
        ("x;y@z:1", "/a/x%3By%40z%3A1/b"),
        ("a b", "/a/a%20b/b"),
        (" ", "/a/%20/b"),
        ("a\r\nHost: x", "/a/a%0D%0AHost%3A%20x/b"),
        ("a\0b", "/a/a%00b/b"),
        ("...", "/a/.../b"),
        ("Zoë 日本", "/a/Zo%C3%AB%20%E6%97%A5%E6%9C%AC/b"),
        ("//evil.example.com", "/a/%2F%2Fevil.example.com/b"),
        ("a.b~c-d_e", "/a/a.b~c-d_e/b"),
    ],
)
def test_a_value_in_a_path_is_one_piece_of_it(conversation: Compile, value: JSON, path: str) -> None:
    outcome = held(conversation("  - {step: a, call: 'GET /a/{{ id }}/b'}"), {"id": value})
    assert [call.path for call in outcome.calls] == [path]


@pytest.mark.parametrize(
    "value, problem", [("", "nothing"), (None, "nothing"), (".", "only dots"), ("..", "only dots")]
)
def test_a_value_that_is_no_piece_of_a_path_is_refused(
    conversation: Compile, value: JSON, problem: str
) -> None:
    outcome = held(conversation("  - {step: a, call: 'GET /a/{{ id }}/b'}"), {"id": value})
    message = f"the path has {problem} where it needs a value: /a/{{{{ id }}}}/b"
    assert [event["message"] for event in events(outcome)] == [message]
    assert outcome.calls == []


def test_what_the_file_writes_in_a_path_is_sent_as_it_is(conversation: Compile) -> None:
    call = "GET /a%20b/{{ x }}.{{ y | default('z') }}/{% if x == 'p' %}one/two{% else %}three{% endif %}"
    outcome = held(conversation(f'  - {{step: a, call: "{call}"}}'), {"x": "p"})
    assert [call.path for call in outcome.calls] == ["/a%20b/p.z/one%2Ftwo"]


# --- failures


ONE_OF_THREE = """
  - step: parcel
    each: parcels
    at_once: {at_once}
    about: {{concept: {{$const: parcel}}, id: ref}}
    call: POST /parcels/{{{{ ref }}}}
    body: parcel
    answer: shop/parcel
    refuse: body.error
"""
PARCEL = {
    "mappings/shop/notify/parcel.yaml": "from: shop/parcel\nmap: {id: id, weight: weight && abs(weight)}"
}
TWO: dict[str, JSON] = {"id": 2, "ref": "two"}


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize(
    "broken, answer, kind",
    [
        (TWO, Answer(404), "status"),
        (TWO, Answer(409, {"code": "held"}), "status"),
        (TWO, Answer(500, text="<html>"), "status"),
        (TWO, Answer(200, text="<html>"), "answer"),
        (TWO, Answer(200), "answer"),
        (TWO, Answer(200, {"id": "2"}), "answer"),
        (TWO, Answer(200, {"id": 2, "error": "sold out"}), "refused"),
        (TWO, NoAnswer("timeout", "too late"), "timeout"),
        (TWO, NoAnswer("unreachable", "nobody there"), "unreachable"),
        (TWO, NoAnswer("answer", "cut off"), "answer"),
        ({**TWO, "weight": "heavy"}, None, "request"),
        ({**TWO, "id": "two"}, None, "request"),
        ({"id": 2, "ref": ".."}, None, "request"),
        ({"id": 2, "ref": ""}, None, "request"),
    ],
)
def test_one_element_of_three_fails_and_becomes_one_event(
    conversation: Compile, at_once: int, broken: dict[str, JSON], answer: Reply, kind: str
) -> None:
    made = conversation(ONE_OF_THREE.format(at_once=at_once), files=PARCEL)
    shop = Shop(
        {"POST /parcels/one": {"id": 1}, "POST /parcels/two": answer, "POST /parcels/three": {"id": 3}}
    )
    request: JSON = {"parcels": [{"id": 1, "ref": "one"}, broken, {"id": 3, "ref": "three", "weight": 3}]}
    outcome = run_conversation(made, request, shop)
    assert answers(outcome) == {"parcel": [{"id": 1}, {"id": 3}]}
    (event,) = events(outcome)
    assert (event["kind"], event["concept"], event["id"]) == (kind, "parcel", broken["ref"])
    assert event["skipped"] == []
    paths = [call.path for call in outcome.calls]
    assert paths == ["/parcels/one", *(["/parcels/two"] if kind != "request" else []), "/parcels/three"]
    assert sorted(shop.asked) == sorted(f"POST {path}" for path in paths)


def test_elements_at_once_keep_their_order_and_their_number(conversation: Compile) -> None:
    made = conversation(
        """
  - step: parcel
    each: parcels
    at_once: 4
    about: {concept: {$const: parcel}, id: n}
    call: GET /parcels/{{ n }}
  - {step: after, value: 'length(answers().parcel)'}
"""
    )
    chance = random.Random(7)
    delays = {number: chance.uniform(0, 0.02) for number in range(24)}
    lock, busy, most = threading.Lock(), 0, 0

    def slow(call: Call) -> Answer:
        nonlocal busy, most
        number = int(call.path.rpartition("/")[2])
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(delays[number])
        with lock:
            busy -= 1
        return Answer(500 if number % 5 == 0 else 200, number)

    shop = Shop({f"GET /parcels/{number}": slow for number in delays})
    outcome = run_conversation(made, {"parcels": [{"n": number} for number in delays]}, shop)
    assert answers(outcome) == {"parcel": [n for n in delays if n % 5], "after": 19}
    assert [event["id"] for event in events(outcome)] == [0, 5, 10, 15, 20]
    assert [call.path for call in outcome.calls] == [f"/parcels/{number}" for number in delays]
    assert len(outcome.warnings) == 5
    assert 1 < most <= 4


def test_a_plain_step_that_fails_ends_the_conversation_and_names_what_is_not_done(
    conversation: Compile,
) -> None:
    made = conversation(
        """
  - {step: first, value: '`1`'}
  - {step: order, about: {concept: {$const: order}, id: no}, call: GET /a}
  - {step: parcel, each: parcels, call: GET /b}
  - step: end
    steps: [{step: close, call: GET /c}]
"""
    )
    shop = Shop({})
    outcome = run_conversation(made, {"no": 7, "parcels": [1]}, shop)
    assert shop.asked == ["GET /a"]
    assert answers(outcome) == {"first": 1}
    assert [(e["step"], e["concept"], e["id"], e["skipped"]) for e in events(outcome)] == [
        ("order", "order", 7, ["parcel", "end"])
    ]


def test_a_failure_inside_steps_ends_those_around_it_too_and_names_them_all(conversation: Compile) -> None:
    made = conversation(
        """
  - step: outer
    steps:
      - step: inner
        steps:
          - {step: a, call: GET /a}
          - {step: b, call: GET /b}
      - {step: c, call: GET /c}
  - {step: d, call: GET /d}
"""
    )
    outcome = held(made, {})
    assert [(event["step"], event["skipped"]) for event in events(outcome)] == [("a", ["b", "c", "d"])]
    assert answers(outcome) == {}


def test_a_failure_inside_an_element_ends_that_element_only(conversation: Compile) -> None:
    made = conversation(
        """
  - step: order
    each: orders
    about: {concept: {$const: order}, id: no}
    steps:
      - {step: find, call: 'GET /orders/{{ no }}'}
      - step: line
        each: lines
        call: GET /lines/{{ sku }}
        about: {concept: {$const: line}, id: sku}
      - {step: close, call: 'PUT /orders/{{ no }}'}
      - {step: told, event: {closed: no}}
  - {step: after, value: 'answers().order[].element.no'}
"""
    )
    good: dict[str, Reply] = {
        f"{m} /orders/{n}": {} for m in ("GET", "PUT") for n in (1, 2, 3) if (m, n) != ("GET", 2)
    }
    request: JSON = {"orders": [{"no": n, "lines": [{"sku": f"{n}x"}, {"sku": f"{n}y"}]} for n in (1, 2, 3)]}
    shop = Shop({**good, "GET /lines/1x": {}, "GET /lines/1y": {}, "GET /lines/3y": {}})
    outcome = run_conversation(made, request, shop)
    told = [
        (e.get("closed"), e.get("step"), e.get("concept"), e.get("id"), e.get("skipped"))
        for e in events(outcome)
    ]
    assert told == [
        (1, None, None, None, None),
        (None, "find", "order", 2, ["line", "close"]),
        (None, "line", "line", "3x", []),
        (3, None, None, None, None),
    ]
    found = answers(outcome)
    assert isinstance(found, dict) and found["after"] == [1, 3]
    assert "PUT /orders/2" not in shop.asked and "GET /lines/2x" not in shop.asked


@pytest.mark.parametrize(
    "about, expected",
    [
        ("about: {concept: {$const: line}, id: sku}", {"concept": "line", "id": "x"}),
        ("about: {concept: {$const: line}, id: absent}", {"concept": "line"}),
        ("about: {id: sku, more: sku}", {"id": "x"}),
        ("about: sku", {}),
        ("", {"concept": "order", "id": 1}),
        ("about: {id: abs(sku)}", {"concept": "order", "id": 1}),
    ],
)
def test_a_failure_is_about_what_its_step_says_or_else_the_nearest_around_it(
    conversation: Compile, about: str, expected: dict[str, JSON]
) -> None:
    made = conversation(
        f"""
  - step: order
    about: {{concept: {{$const: order}}, id: no}}
    steps:
      - step: block
        steps: [{{step: line, each: lines, {about + "," if about else ""} call: GET /a}}]
"""
    )
    outcome = held(made, {"no": 1, "lines": [{"sku": "x"}]})
    assert [{k: e[k] for k in ("concept", "id") if k in e} for e in events(outcome)] == [expected]


def test_a_list_that_cannot_be_made_is_not_about_one_of_its_elements(conversation: Compile) -> None:
    made = conversation(
        "  - {step: a, each: n, about: {id: n}, value: n}\n  - {step: b, call: GET /b}",
    )
    outcome = held(made, {"n": "no list"})
    assert [(e["step"], e.get("id"), e["skipped"]) for e in events(outcome)] == [("a", None, ["b"])]


def test_a_step_may_have_a_failure_mapping_of_its_own_also_for_the_steps_inside_it(
    conversation: Compile,
) -> None:
    made = conversation(
        """
  - {step: a, each: n, failure: {own: step}, call: GET /a}
  - step: b
    each: n
    failure: {block: step}
    steps: [{step: c, call: GET /c}, {step: d, call: GET /d}]
  - step: e
    each: n
    failure: {block: step}
    steps: [{step: f, failure: terse, call: GET /f}]
  - {step: g, each: n, call: GET /g}
""",
        files={"mappings/shop/notify/terse.yaml": "map: {terse: step, kind: kind}"},
    )
    outcome = held(made, {"n": [1]})
    assert events(outcome)[:3] == [{"own": "a"}, {"block": "c"}, {"terse": "f", "kind": "status"}]
    assert events(outcome)[3]["step"] == "g"


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize(
    "step, reply, error, id",
    [
        ("call: GET /a", Answer(500), ChannelError, "channel-failed"),
        ("call: GET /a", NoAnswer("timeout", "late"), ChannelError, "channel-failed"),
        ("call: 'GET /{{ gone }}'", None, ChannelError, "channel-failed"),
        ("call: GET /a, body: parcel", None, InputError, "missing-required"),
        ("call: GET /a, body: {n: abs(x)}", None, EvaluationError, "evaluation-failed"),
        ("value: abs(x)", None, EvaluationError, "evaluation-failed"),
        ("call: GET /a, body: sealed", None, OutputError, "wrong-type"),
    ],
)
@pytest.mark.parametrize("each", ["", "each: n, "])
def test_without_a_failure_mapping_a_failure_is_an_error(
    conversation: Compile,
    at_once: int,
    each: str,
    step: str,
    reply: Reply,
    error: type[CrossdockError],
    id: str,
) -> None:
    files = {
        "mappings/shop/notify/parcel.yaml": "from: shop/parcel\nmap: {id: id}",
        "mappings/shop/notify/sealed.yaml": "to: shop/parcel\nmap: {id: x}",
    }
    each = each and f"{each}at_once: {at_once}, "
    made = conversation(f"  - {{step: a, {each}{step}}}", head="", files=files)
    element: dict[str, JSON] = {"x": "text"}
    with pytest.raises(error) as caught:
        run_conversation(made, {**element, "n": [element, element]}, Shop({"GET /a": reply}))
    assert caught.value.diagnostics[0].id == id


def test_the_error_of_a_channel_names_the_step_and_the_call(conversation: Compile) -> None:
    made = conversation("  - {step: order, call: 'GET /orders/{{ id }}', query: {key: id}}", head="")
    with pytest.raises(ChannelError) as caught:
        run_conversation(made, {"id": 7}, Shop({"GET /orders/7": Answer(503, text="<html>")}))
    assert str(caught.value) == (
        "error[channel-failed]: the step `order` failed: the channel answered 503\n"
        "  --> mappings/shop/notify/conversation.yaml:4:12\n"
        "  |\n"
        "4 |   - {step: order, call: 'GET /orders/{{ id }}', query: {key: id}}\n"
        "  |            ^^^^^\n"
        "  = note: GET /orders/7"
    )
    assert caught.value.call is not None and caught.value.call.path == "/orders/7"
    assert caught.value.answer == Answer(503, text="<html>")


def test_a_failure_mapping_that_fails_is_an_error(conversation: Compile) -> None:
    steps = "  - {step: a, each: n, about: {id: {$const: A}}, call: GET /a}"
    made = conversation(steps, head="failure: {status: abs(id)}")
    with pytest.raises(EvaluationError, match="takes a number, not text"):
        held(made, {"n": [1, 2]})


def test_a_failure_mapping_may_say_nothing(conversation: Compile) -> None:
    made = conversation("  - {step: a, call: GET /a}", head="failure: {$if: status != `404`, $value: step}")
    outcome = held(made, {})
    assert events(outcome) == [] and outcome.warnings[0].id == "channel-failed"


def test_warnings_of_every_mapping_are_gathered_in_order(conversation: Compile) -> None:
    checked = "checks: [{check: '!(n >= `2`)', message: 'n is {{ n }}'}]\nmap: {n: n}"
    made = conversation(
        """
  - {step: a, each: parts, at_once: 4, call: GET /a, body: checked}
  - {step: b, steps: [{step: c, value: {$use: ./checked}}]}
""",
        response="checked",
        files={"mappings/shop/notify/checked.yaml": checked},
    )
    outcome = held(made, {"n": 5, "parts": [{"n": n} for n in (3, 1, 2)]}, {"GET /a": {}})
    assert [item.message for item in outcome.warnings] == ["n is 3", "n is 2", "n is 5", "n is 5"]


# --- request and response


def test_a_request_that_breaks_its_schema_is_refused_before_anything_is_asked(conversation: Compile) -> None:
    made = conversation("  - {step: a, call: GET /a}", head="request: shop/parcel\nfailure: ../failure")
    shop = Shop({"GET /a": {}})
    with pytest.raises(InputError) as caught:
        run_conversation(made, {"id": "x"}, shop, name="order.json")
    assert str(caught.value) == (
        "error[wrong-type]: expected a whole number, found text\n  --> order.json at /id"
    )
    assert shop.asked == []


SEALED = {"schemas/desk/any.schema.json": '{"type": "object", "properties": {"n": {"type": "integer"}}}'}


@pytest.mark.parametrize(
    "response, id",
    [
        ("{n: text}", "wrong-type"),
        ("answer", "wrong-type"),
        ("{$use: ./answer}", "wrong-type"),
        ("text", "wrong-type"),
        ("{$if: absent, n: text}", "wrong-type"),
        ("{n: abs(text)}", "evaluation-failed"),
    ],
)
def test_the_response_is_held_against_its_schema(conversation: Compile, response: str, id: str) -> None:
    files = {
        **SEALED,
        "mappings/shop/notify/answer.yaml": "map: {n: text}",
        "mappings/shop/notify/text.yaml": "map: text",
    }
    made = conversation("  - {step: a, value: '`1`'}", response=response, files=files)
    with pytest.raises((OutputError, EvaluationError)) as caught:
        held(made, {"text": "x"})
    assert caught.value.diagnostics[0].id == id
    assert caught.value.diagnostics[0].span is not None


def test_the_response_may_be_a_mapping_whose_payload_is_the_request(conversation: Compile) -> None:
    made = conversation(
        "  - {step: a, value: '`1`'}\n  - {step: b, event: {e: {$const: 2}}}",
        response="answer",
        files={
            "mappings/shop/notify/answer.yaml": "map: {n: n, a: answers().a, e: 'events()[].e', r: root().n}"
        },
    )
    assert held(made, {"n": 5}).response == {"n": 5, "a": 1, "e": [2], "r": 5}


def test_settings_given_override_those_of_the_channel(conversation: Compile) -> None:
    made = conversation(
        "  - {step: a, call: 'GET /{{ settings.till }}', body: till}",
        files={"mappings/shop/notify/till.yaml": "map: {till: settings().till}"},
    )
    outcome = run_conversation(made, {}, Shop({"GET /T2": {}}), settings={"till": "T2"})
    assert [(call.path, call.body) for call in outcome.calls] == [("/T2", {"till": "T2"})]


def test_a_conversation_is_shared_between_threads(conversation: Compile) -> None:
    made = conversation(
        """
  - {step: a, each: n, at_once: 3, call: 'GET /{{ v }}'}
  - {step: b, event: {n: 'answers().a', till: settings().till}}
"""
    )
    found: dict[int, JSON] = {}

    def hold(number: int) -> None:
        request: JSON = {"n": [{"v": number * 10 + n} for n in range(5)]}
        shop = Shop({f"GET /{number * 10 + n}": number * 10 + n for n in range(5)})
        found[number] = run_conversation(made, request, shop, settings={"till": number}).response

    threads = [threading.Thread(target=hold, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        values = [number * 10 + n for n in range(5)]
        assert found[number] == {"events": [{"n": values, "till": number}], "answers": {"a": values}}


def test_a_payload_is_not_changed(conversation: Compile) -> None:
    made = conversation(
        "  - {step: a, each: n, steps: [{step: b, value: '@'}, {step: c, call: POST /c, body: {x: '@'}}]}",
    )
    request: JSON = {"n": [{"x": [1]}, {"x": {}}]}
    before = json.dumps(request)
    held(made, request, {"POST /c": {"element": 1}})
    assert json.dumps(request) == before
