"""What is sensitive in a conversation: no plan, message or explanation shows what flows through its steps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from conftest import MakeProject, Run
from crossdock import CompileError, Project
from crossdock.channels.conversation_sensitivity import sensitivity_of_conversation
from crossdock.channels.messages import Answer, Call
from crossdock.checking.held import CLEAR, described
from crossdock.checking.masking import masked, masked_by
from crossdock.core.json_types import JSON
from crossdock.schema.marks import marks_of

MARK = "q7canary"
PERSON = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "email": {"type": ["string", "null"], "x-sensitive": True},
        "address": {
            "type": "object",
            "x-sensitive": True,
            "properties": {"city": {"type": "string"}},
            "additionalProperties": True,
        },
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "gift_to": {"type": "string", "x-sensitive": True}},
            },
        },
        "phones": {"type": "object", "additionalProperties": {"type": "string", "x-sensitive": True}},
        "people": {"type": "object", "propertyNames": {"x-sensitive": True}},
    },
}
REQUEST: JSON = {
    "id": "A-1",
    "email": f"{MARK}@example.com",
    "address": {"city": f"{MARK}-city", f"{MARK}-key": "x"},
    "lines": [{"sku": "S-1", "gift_to": f"{MARK}-gift"}, {"sku": "S-2", "gift_to": f"{MARK}-other"}],
    "phones": {"home": f"{MARK}-phone"},
    "people": {f"{MARK}-name": "x"},
}
FILES = {
    "schemas/s/person.schema.json": json.dumps(PERSON),
    "schemas/s/any.schema.json": "{}",
    "mappings/actions.yaml": "notify: {call: POST /notify, when: id}\n",
    "mappings/shop/channel.yaml": "base_url: https://shop.example.com/api\nauth: {kind: none}\n",
    "mappings/shop/failure.yaml": 'map: "@"\n',
    "mappings/shop/send.yaml": (
        "inputs: {who: {describe: an address}}\nsteps:\n  - {step: s, call: POST /s, body: {to: $who}}\n"
    ),
    "mappings/shop/loud.yaml": (
        "inputs: {who: {describe: an address}}\nvalues: {loud: upper(who)}\n"
        "steps:\n  - {step: s, value: $loud}\nanswer: $s\n"
    ),
    "mappings/shop/notify/line.yaml": 'map: {who: upper(gift_to), by: "request().email"}\n',
    "request.json": json.dumps(REQUEST),
}


def conversation(project: MakeProject, steps: str, head: str = "", response: str = "{ok: id}") -> Project:
    text = f"request: s/person\nresponse_schema: s/any\n{head}steps:\n{steps}response: {response}\n"
    return project({**FILES, "mappings/shop/notify/conversation.yaml": text})


def leaks(*texts: str) -> list[str]:
    return [found for text in texts for found in re.findall(rf"(?i).{{0,60}}{MARK}.{{0,20}}", text)]


# --- masking


MASKED: Mapping[str, tuple[JSON, JSON]] = {
    "a marked text": ({"id": "A", "email": "e"}, {"id": "A", "email": "•••"}),
    "null stays": ({"email": None}, {"email": None}),
    "below a mark": ({"address": {"city": "x", "zip": 1}}, {"address": {"city": "•••", "•••": "•••"}}),
    "elements": ({"lines": [{"sku": "s", "gift_to": "g"}]}, {"lines": [{"sku": "s", "gift_to": "•••"}]}),
    "a typed map": ({"phones": {"home": "1"}}, {"phones": {"home": "•••"}}),
    "keys": ({"people": {"Ada": "1"}}, {"people": {"•••": "1"}}),
    "text in the place of a list": ({"lines": "g"}, {"lines": "•••"}),
    "an object in the place of a list": ({"lines": {"a": "g"}}, {"lines": "•••"}),
    "a list in the place of an object": ({"phones": ["g"]}, {"phones": "•••"}),
    "not documented": ({"more": "x"}, {"more": "x"}),
}


@pytest.mark.parametrize("case", MASKED)
def test_a_payload_is_masked_by_its_schema(project: MakeProject, case: str) -> None:
    schema = project(FILES).schema("s/person")
    value, shown = MASKED[case]
    assert masked_by(value, schema) == shown
    assert masked(value, described(marks_of(schema))) == shown
    assert masked_by(value, None) == masked(value, CLEAR) == value


# --- what flows through the steps


FLOWS = {
    "a body": "{step: a, call: POST /a, body: {to: email, sku: 'lines[0].sku'}}",
    "the whole request as a body": "{step: a, call: POST /a, body: {all: '@'}}",
    "request()": "{step: a, call: POST /a, body: {to: request().email}}",
    "a path": "{step: a, call: 'GET /a/{{ email }}/b'}",
    "a part of a segment": "{step: a, call: 'GET /a/x-{{ email }}'}",
    "a query": "{step: a, call: GET /a, query: {to: email, id: id}}",
    "a filter in a query": "{step: a, call: GET /a, query: {filter: \"{{ 'email eq ' ~ email }}\"}}",
    "headers": "{step: a, call: GET /a, headers: {x-to: email}}",
    "a form": "{step: a, call: POST /a, form: true, body: {to: email}}",
    "an element": "{step: a, each: lines, call: POST /a, body: {to: gift_to}}",
    "request() inside an element": "{step: a, each: lines, call: POST /a, body: {to: request().email}}",
    "a mapping": "{step: a, each: lines, call: POST /a, body: line}",
    "a value": "{step: v, value: email}\n  - {step: a, call: POST /a, body: {to: answers().v}}",
    "all answers": "{step: v, value: email}\n  - {step: a, call: POST /a, body: {to: to_string(answers())}}",
    "a value of elements": (
        "{step: v, each: lines, value: gift_to}\n  - {step: a, call: POST /a, body: {to: answers().v}}"
    ),
    "nested steps": (
        "step: v\n    each: lines\n    steps: [{step: w, value: gift_to}]\n"
        "  - {step: a, call: POST /a, body: {to: 'answers().v[].w'}}"
    ),
    "the element of nested steps": (
        "step: v\n    each: lines\n    steps: [{step: w, value: sku}]\n"
        "  - {step: a, call: POST /a, body: {to: 'answers().v[].element.gift_to'}}"
    ),
    "an answer": (
        "{step: v, call: GET /v, answer: s/person}\n"
        "  - {step: a, call: POST /a, body: {to: answers().v.email}}"
    ),
    "an answer that repeats what was sent": (
        "{step: v, call: POST /v, body: {to: email}}\n  - {step: a, call: POST /a, body: {to: answers().v}}"
    ),
    "the name of an answer": "{step: v, value: email}\n  - {step: a, call: POST /a, body: {to: $v}}",
    "the name of an element": "{step: a, each: {line: lines}, call: POST /a, body: {to: $line.gift_to}}",
    "a named value": "{step: a, call: POST /a, body: {to: $mail}}",
    "a named value of a named value": "{step: a, call: POST /a, body: {to: '{{ $loud }}'}}",
    "an event": "{step: v, event: {to: email}}\n  - {step: a, call: POST /a, body: {to: 'events()'}}",
    "what a report says": (
        "{step: v, warn: A, message: '{{ email }}'}\n  - {step: a, call: POST /a, body: {to: 'events()'}}"
    ),
    "what a report adds": (
        "{step: v, value: people.absent, none: {warn: A, message: m, data: {to: email}}}\n"
        "  - {step: a, call: POST /a, body: {to: 'events()'}}"
    ),
    "the answer of shared steps": (
        "{step: v, use: ../loud, with: {who: email}}\n  - {step: a, call: POST /a, body: {to: $v}}"
    ),
    "a call of shared steps": (
        "{step: v, use: ../send, with: {who: email}}\n  - {step: a, call: POST /a, body: {of: id}}"
    ),
    "what a failure is about": (
        "{step: v, about: {id: email, concept: id}, call: GET /fails}\n"
        "  - {step: a, call: POST /a, body: {to: 'events()'}}"
    ),
    "the call of a failure": (
        "{step: v, call: GET /fails, query: {to: email}}\n"
        "  - {step: a, call: POST /a, body: {to: 'events()'}}"
    ),
    "the answer of a failure": (
        "{step: v, call: POST /fails, body: {to: email}}\n"
        "  - {step: a, call: POST /a, body: {to: 'events()'}}"
    ),
}
ANSWER: JSON = {"id": "A-1", "email": f"{MARK}@example.com"}
FAILS: JSON = {"$status": 500}
ECHO: JSON = {"$status": 500, "$body": {"message": f"no {MARK}"}}


@pytest.mark.parametrize("case", FLOWS)
def test_a_plan_shows_nothing_that_flows_through_the_steps(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    steps = f"  - {FLOWS[case]}\n".replace("- {step: v,", "- {step: v, each: '[@]',", "/fails" in FLOWS[case])
    values = "values: {mail: email, loud: upper($mail)}\n" if "$mail" in steps or "$loud" in steps else ""
    head = f"failure: ../failure\nevents: ../failure\n{values}"
    made = conversation(project, steps, head=head, response="{ok: id, sent: 'answers()'}")
    answers: dict[str, JSON] = {"v": ANSWER, "a": {"ok": 1}}
    if "/fails" in steps:
        answers["v"] = [FAILS if "about" in steps else ECHO]
    elif "use:" in steps or "steps:" in steps.partition("step: v")[2]:
        answers["v"] = {"s": ANSWER} if "../send" in steps else {}
    if "each" in steps.split("step: a,")[1]:
        answers["a"] = [{"ok": 1}, {"ok": 2}]
    if "steps:" in steps or "use:" in steps:  # their answers are those of the steps inside
        del answers["v"]
    given = {name: answer for name, answer in answers.items() if f"step: {name}" in steps}
    root = made.roots[0]
    (root / "answers.json").write_text(json.dumps(given), encoding="utf-8")
    monkeypatch.chdir(root)
    arguments = ("plan", "shop", "notify", "request.json", "--answers", "answers.json")
    shown = run_crossdock(*arguments)
    assert (shown.code, leaks(shown.out, shown.err)) == (0, []), shown.err
    whole = run_crossdock(*arguments, "--show-sensitive")
    assert whole.code == 0
    assert leaks(whole.out), "the case shows nothing at all"
    assert leaks(whole.err) == []


def test_only_what_is_sensitive_is_masked(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = "call: 'POST /of/{{ email }}/{{ id }}', query: {to: email, of: id}, body: {all: '@'}"
    made = conversation(project, f"  - {{step: a, {step}}}\n", response="{ok: id, to: email, all: 'lines'}")
    monkeypatch.chdir(made.roots[0])
    (made.roots[0] / "answers.json").write_text('{"a": {}}', encoding="utf-8")
    ran = run_crossdock("plan", "shop", "notify", "request.json", "--answers", "answers.json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == {
        "calls": [
            {
                "step": "a",
                "method": "POST",
                "url": "https://shop.example.com/api/of/•••/A-1",
                "query": {"to": "•••", "of": "A-1"},
                "body": {
                    "all": {
                        "id": "A-1",
                        "email": "•••",
                        "address": {"city": "•••", "•••": "•••"},
                        "lines": [{"sku": "S-1", "gift_to": "•••"}, {"sku": "S-2", "gift_to": "•••"}],
                        "phones": {"home": "•••"},
                        "people": {"•••": "x"},
                    }
                },
            }
        ],
        "response": {
            "ok": "A-1",
            "to": "•••",
            "all": [{"sku": "S-1", "gift_to": "•••"}, {"sku": "S-2", "gift_to": "•••"}],
        },
    }


def test_an_event_is_masked_by_what_made_it_and_not_by_the_others(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (
        "  - {step: a, event: {say: email}}\n  - {step: b, event: {say: id}}\n"
        "  - {step: c, each: lines, call: GET /c, failure: {say: id}}\n"
    )
    made = conversation(project, steps, response="{events: 'reverse(events())'}")
    monkeypatch.chdir(made.roots[0])
    answers = '{"c": [{"$status": 500}, {"$status": 200}]}'
    (made.roots[0] / "answers.json").write_text(answers, encoding="utf-8")
    ran = run_crossdock("plan", "shop", "notify", "request.json", "--answers", "answers.json")
    assert ran.code == 0, ran.err
    said = [event.get("say") for event in json.loads(ran.out)["response"]["events"]]
    assert said[1:] == ["A-1", "•••"]


def test_a_dry_run_is_masked_as_a_plan_is(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = conversation(project, "  - {step: a, call: POST /a, body: {to: email}}\n")
    monkeypatch.chdir(made.roots[0])
    ran = run_crossdock("answer", "shop", "notify", "request.json", "--dry-run")
    assert json.loads(ran.out)["calls"][0]["body"] == {"to": "•••"}


@pytest.mark.parametrize(("head", "code"), [("", 5), ("failure: ../failure\n", 0)])
def test_the_message_of_a_failure_shows_no_sensitive_part_of_a_path(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch, head: str, code: int
) -> None:
    made = conversation(project, "  - {step: a, call: 'GET /a/{{ email }}/b'}\n", head=head)
    monkeypatch.chdir(made.roots[0])
    (made.roots[0] / "answers.json").write_text('{"a": {"$status": 500}}', encoding="utf-8")
    ran = run_crossdock("plan", "shop", "notify", "request.json", "--answers", "answers.json")
    assert ran.code == code
    assert "note: GET /a/•••/b" in ran.err
    assert leaks(ran.err) == []


CHECKED = "map: {who: gift_to}\nchecks:\n  - check: who == 'x'\n    message: \"it is {{ SHOWN }}\"\n"


@pytest.mark.parametrize(
    ("shown", "name"),
    [("who", "s/person.lines[].gift_to"), ("request.email", "s/person.email")],
)
def test_a_check_of_a_mapping_may_not_show_what_is_sensitive_in_a_conversation(
    project: MakeProject, shown: str, name: str
) -> None:
    files = {**FILES, "mappings/shop/notify/line.yaml": CHECKED.replace("SHOWN", shown)}
    steps = "  - {step: a, each: lines, call: POST /a, body: line}\n"
    text = f"request: s/person\nresponse_schema: s/any\nsteps:\n{steps}response: {{ok: id}}\n"
    made = project({**files, "mappings/shop/notify/conversation.yaml": text})
    made.mapping("shop/notify/line")  # by itself it shows nothing that is known to be sensitive
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "notify")
    found = [(each.id, each.message, str(each.span)) for each in caught.value.diagnostics]
    message = f"a check of `./line` shows `{name}` in its message, which is sensitive here"
    place = "mappings/shop/notify/conversation.yaml:4:49"
    assert found == [("sensitive-in-message", message, place)]


WAYS = {
    "events are read in a step": (
        "  - {step: a, event: {gift_to: email}}\n"
        "  - {step: b, call: POST /a, body: {$with: 'events()[0]', $use: ./line}}\n"
    ),
    "events are read in a fragment": (
        "  - {step: a, event: {gift_to: email}}\n  - {step: b, call: POST /a, body: {$use: seen}}\n"
    ),
    "a report": "  - {step: a, warn: X, message: x, data: {$use: ./line}, each: lines}\n",
    "the mapping of events": "  - {step: a, warn: X, message: x, data: {gift_to: email}}\n",
    "the events of failures": "  - {step: a, failure: ./failed, call: 'GET /a/{{ email }}'}\n",
    "an answer without a schema": (
        "  - {step: a, call: POST /a, body: {gift_to: email}}\n"
        "  - {step: b, call: POST /a, body: {$with: answers().a, $use: ./line}}\n"
    ),
    "shared steps": (
        "  - {step: a, use: ../loud, with: {who: email}}\n"
        "  - {step: b, call: POST /a, body: {$with: '{gift_to: $a}', $use: ./line}}\n"
    ),
    "the response": "",
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_reaches_the_check_of_a_used_mapping_is_followed(project: MakeProject, way: str) -> None:
    made_of_events = "map: {$with: data, $use: ./line}\n" if way == "the mapping of events" else 'map: "@"\n'
    files = {
        **FILES,
        "mappings/shop/notify/line.yaml": CHECKED.replace("SHOWN", "who"),
        "mappings/shop/notify/event.yaml": made_of_events,
        "mappings/shop/notify/failed.yaml": "map: {$with: '{gift_to: url}', $use: ./line}\n",
    }
    head = "request: s/person\nresponse_schema: s/any\nevents: event\n"
    if way == "events are read in a fragment":
        head += "fragments: {seen: {$with: 'events()[0]', $use: ./line}}\n"
    response = "{l: {$with: 'lines[0]', $use: ./line}}" if way == "the response" else "{e: events()}"
    steps = WAYS[way] or "  - {step: a, value: id}\n"
    text = f"{head}steps:\n{steps}response: {response}\n"
    made = project({**files, "mappings/shop/notify/conversation.yaml": text})
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "notify")
    assert [each.id for each in caught.value.diagnostics] == ["sensitive-in-message"]


def test_a_call_and_its_answer_may_be_logged(project: MakeProject) -> None:
    steps = "  - {step: a, call: POST /a, body: {to: email}, answer: s/person}\n"
    known = sensitivity_of_conversation(conversation(project, steps).conversation("shop", "notify"))
    call = Call("a", "POST", "/a", body={"to": "e"})
    assert known.shown_call(call).body == {"to": "•••"}
    given: JSON = {"id": "1", "email": "e"}
    assert known.shown_answer(call, Answer(200, given)) == Answer(200, {"id": "1", "email": "•••"})
    # An answer of another status is not what the schema describes: it may repeat the call.
    assert known.shown_answer(call, Answer(400, given)) == Answer(400, {"id": "•••", "email": "•••"})
    assert known.shown_answer(call, Answer(502, text="<p>e</p>")) == Answer(502, text="•••")


def test_a_call_of_a_step_that_is_not_known_is_masked(project: MakeProject) -> None:
    steps = "  - {step: a, call: POST /a}\n"
    known = sensitivity_of_conversation(conversation(project, steps).conversation("shop", "notify"))
    call = Call("other", "POST", "/of/e", query=(("to", "e"),), headers=(("x", "e"),), body=["e"])
    shown = known.shown_call(call)
    assert (shown.path, shown.query, shown.body) == ("/•••", (("•••", "•••"),), ["•••"])
    assert known.shown_answer(call, Answer(200, "e")) == Answer(200, "•••")
    assert known.shown_call(replace(call, step="a")).body == ["e"]
