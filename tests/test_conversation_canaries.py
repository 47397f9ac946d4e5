"""Generated conversations: whatever a marked place flows through, no plan and no message shows it.

Their requests and answers have schemas that mark places in every way, and their steps take them anywhere.
More of it: SENSITIVITY=5000 python -m pytest tests/test_conversation_canaries.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossdock import CompileError, Project
from crossdock.channels import compiler, conversation_sensitivity
from crossdock.channels.dry_run import plan
from crossdock.channels.steps import BlockTask, CallTask, Conversation, ConversationStep, UseTask
from crossdock.checking.held import CLEAR
from crossdock.core.errors import CrossdockError
from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON
from crossdock.core.rendering import render
from crossdock.tools.explain import conversation_json, conversation_text
from crossdock.tools.explain.conversation import explain_conversation
from fuzz.choices import Choices, drawn
from fuzz.marked import Marked
from test_sensitivity import cell, expression, leaks

MANY = int(os.environ.get("SENSITIVITY", "0"))
NAME = "shop/notify/conversation"
SHARED = """\
describe: What another file does with what it is given.
inputs: {who: {describe: anything}, what: {describe: anything}}
steps:
  - {step: sent, call: POST /shared, body: {who: $who, text: "to_string($what)"}}
  - {step: warned, warn: SHARED, message: "it is {{ $who | to_string }}", data: {of: $what}}
answer: {who: $who, all: "@", sent: $sent}
"""
FILES = {
    "mappings/shop/channel.yaml": "base_url: https://shop.example.com\nauth: {kind: none}\n",
    "mappings/shop/failure.yaml": 'map: "@"\n',
    "mappings/shop/notify/part.yaml": "map: {a: a, all: '@', of: request(), text: 'to_string(items)'}\n",
    "mappings/shop/shared.yaml": SHARED,
    "schemas/s/any.schema.json": "{}",
}
# What a cell begins with; `@` is the request, or the element of an `each`.
SOURCES = (
    *("@", "@", "root()", "request()", "request().items", "request().a", "answers()", "answers().one"),
    *("answers().one.a", "answers().two", "answers().two[].inner", "answers().three", "events()"),
    *("$named", "$named.a", "$one", "$one.items", "$two", "not_null($one, request())"),
)
PRINTED = ("request.a", "a", "$named", "answers.one.a", "request | to_string", "answers | to_string")
LISTS = (
    *("[@]", "[@, @]", "not_null(items, `[]`)", "not_null(request().items, `[]`)", "values(@)"),
    *("not_null(answers().one.items, `[]`)", "[request()]", "[$named]", "entries(@)"),
)


def taken(choices: Choices) -> str:
    """An expression over anything that a step can read."""
    return json.dumps(f"{choices.pick(SOURCES)} | {expression(choices)}")


def any_cell(choices: Choices) -> str:
    return cell(choices) if choices.one_in(3) else taken(choices)


def call(choices: Choices) -> str:
    text = choices.pick(("'POST /a'", "'POST /a'", "'PUT /a/{{ a }}/b'", "'POST /a/x-{{ request.a }}'"))
    parts = [f"call: {text}"]
    if choices.one_in(2):
        parts.append(f"query: {{q: {taken(choices)}, to: a}}")
    if choices.one_in(4):
        parts.append(f"headers: {{x-q: {taken(choices)}}}")
    body = "part" if choices.one_in(6) else f"{{n: {any_cell(choices)}, m: {taken(choices)}}}"
    parts.append(f"body: {body}")
    if choices.one_in(2):
        parts.append("answer: s/answer")
    if choices.one_in(4):
        turns = f"query: {{page: turn, after: {taken(choices)}}}, most: 3"
        parts.append(f"again: {{when: turn < `2`, {turns}}}")
    if choices.one_in(6):
        parts.append(f"tolerate: {json.dumps('status == `404` || ' + expression(choices))}")
    return ", ".join(parts)


def task(choices: Choices, depth: int) -> str:
    match choices.below(8 if depth else 5):
        case 0 | 1:
            return call(choices)
        case 2:
            return f"event: {{of: {any_cell(choices)}}}"
        case 5:
            return f"steps: [{{step: inner, {task(choices, 0)}}}, {{step: last, value: {taken(choices)}}}]"
        case 6:
            word = choices.pick(("warn", "fail"))
            message = json.dumps(f"of {{{{ {choices.pick(PRINTED)} }}}}")
            return f"{word}: SAID, message: {message}, data: {{of: {any_cell(choices)}}}"
        case 7:
            return f"use: ../shared, with: {{who: {taken(choices)}, what: {any_cell(choices)}}}"
    return f"value: {any_cell(choices)}"


def step(choices: Choices, name: str) -> str:
    parts = [f"step: {name}"]
    if choices.one_in(3):
        named = f"{{line: {json.dumps(choices.pick(LISTS))}}}"
        parts.append(f"each: {named if choices.one_in(2) else json.dumps(choices.pick(LISTS))}")
    if choices.one_in(4):
        parts.append(f"{choices.pick(('if', 'unless'))}: {taken(choices)}")
    if choices.one_in(3):
        parts.append(f"about: {{concept: {{$const: it}}, id: {taken(choices)}}}")
    return f"  - {{{', '.join(parts)}, {task(choices, 1)}}}\n"


def drawn_text(choices: Choices) -> str:
    steps = "".join(step(choices, name) for name in ("one", "two", "three", "four"))
    response = f"{{answers: answers(), events: events(), r: {any_cell(choices)}}}"
    return (
        "request: s/request\nresponse_schema: s/any\nfailure: ../failure\nevents: ../failure\n"
        f"values: {{named: {json.dumps(expression(choices))}}}\n"
        f"fragments: {{part: {{f: {json.dumps(expression(choices))}}}}}\n"
        f"steps:\n{steps}response: {response}\n"
    )


@dataclass(frozen=True, slots=True)
class Made:
    conversation: Conversation
    project: Project
    request: JSON
    answers: JSON


def made(folder: Path, seed: int) -> Made:
    """A generated conversation that is linked and not checked. Raises CompileError."""
    choices = Choices(drawn(seed, 6000))
    request_schema, request = Marked(choices).payload()
    answer_schema, answer = Marked(choices).payload()
    files = {
        **FILES,
        "schemas/s/request.schema.json": json.dumps(request_schema),
        "schemas/s/answer.schema.json": json.dumps(answer_schema),
        f"mappings/{NAME}.yaml": drawn_text(choices),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    project = Project.open(folder)
    found = project.conversation("shop", "notify")
    answers = given_answers(choices, found.steps, answer)
    return Made(found, project, request, answers)  # type: ignore[arg-type]


def given_answers(choices: Choices, steps: tuple[ConversationStep, ...], answer: object) -> dict[str, object]:
    """An answer for each call. One without a schema holds nothing sensitive: nothing would say so."""
    found: dict[str, object] = {}
    for step in steps:
        given: object = {"a": "plain", "items": [{"a": 1}]}
        if isinstance(step.task, BlockTask):
            given = given_answers(choices, step.task.steps, answer)
        elif isinstance(step.task, CallTask) and step.task.answer is not None:
            given = {"$status": 500, "$body": answer} if choices.one_in(5) else answer
        if isinstance(step.task, UseTask):
            given = {"sent": given}
        if isinstance(step.task, CallTask) and step.task.again is not None:
            given = [given, answer if step.task.answer is not None else given]
        found[step.name] = given if step.each is None else [given, given]
    return found


def outputs(case: Made, *, masked: bool = True) -> Iterator[str]:
    """All that is printed of a plan: the plan, and its warnings or its error."""
    channel = case.project.channel_of("shop")
    try:
        shown, warnings = plan(
            case.conversation,
            channel,
            case.request,
            settings={},
            answers=case.answers,
            name="request.json",
            masked=masked,
        )
        yield encode(shown)
    except CrossdockError as error:
        warnings = list(error.diagnostics)
    yield "".join(render(warnings, form) for form in ("text", "json", "sarif"))


def explanations(case: Made) -> Iterator[str]:
    """The explanation of the same run."""
    try:
        explained = explain_conversation(
            case.conversation, case.request, answers=case.answers, settings={}, base="", name="request.json"
        )
    except CrossdockError as error:
        yield render(error.diagnostics, "text")
        return
    yield conversation_text.write(explained, "")
    yield conversation_json.write(explained, "request.json", "")


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check would refuse most: it knows the types of what a step reads."""
    monkeypatch.setattr(compiler, "check_conversation", lambda *_, **__: [])


@pytest.mark.usefixtures("unchecked")
def test_generated_conversations_show_no_canary(tmp_path: Path) -> None:
    ran = gave = calls = 0
    for seed in range(MANY or 40):
        folder = tmp_path / str(seed % 50)
        try:
            case = made(folder, seed)
        except CompileError as error:
            assert leaks(*(render(error.diagnostics, "text"),)) == []
            continue
        ran += 1
        whole = list(outputs(case, masked=False))
        gave += bool(leaks(*whole))
        calls += '"method"' in whole[0]
        for output in (*outputs(case), *explanations(case)):
            assert leaks(output) == [], (seed, (folder / f"mappings/{NAME}.yaml").read_text())
    assert ran > (MANY or 40) / 2
    assert gave > ran / 2
    assert calls > ran / 2


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("what", ["held_by_cell", "_by_schema"])
def test_without_the_analysis_canaries_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(conversation_sensitivity, what, lambda *_, **__: CLEAR)
    shown = explained = 0
    for seed in range(12):
        with suppress(CompileError):
            case = made(tmp_path / str(seed), seed)
            shown += bool(leaks(*outputs(case)))
            explained += bool(leaks(*explanations(case)))
    assert shown > 3
    assert explained > 3
