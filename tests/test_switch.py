"""`$switch`: one of several cells, in every reading of a mapping and in conversations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Compile, MakeProject, Refuse, Run
from crossdock.channels.dry_run import given_answer
from crossdock.channels.runner import run_conversation
from crossdock.checking.lineage import lineage
from crossdock.checking.read_set import read_paths
from crossdock.checking.sensitivity import sensitivity_of
from crossdock.core.json_types import JSON
from crossdock.execution import codegen
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope
from crossdock.language.syntax import LinkedMapping
from crossdock.tools.coverage.rules import rules_of
from crossdock.tools.mutation.mutants import mutants_of

ORDER = {
    "type": "object",
    "required": ["number"],
    "properties": {
        "number": {"type": "integer"},
        "kind": {"type": "string"},
        "state": {"enum": ["open", "closed"]},
        "note": {"type": "string"},
        "secret": {"type": "string", "x-sensitive": True},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"kind": {"type": "string"}, "sku": {"type": "string"}},
            },
        },
    },
}
FILES = {
    "schemas/shop/order.schema.json": json.dumps(ORDER),
    "mappings/shop/channel.yaml": (
        "settings:\n  reference: {describe: which number, default: number, one_of: [number, note]}\n"
    ),
}
HEAD = "from: shop/order\n"
KINDS: list[JSON] = ["card", "cash", "else", "", "$else", None, 1, True, [], {"card": 1}, ["card"]]
MAPPINGS = {
    "expressions": "map: {$switch: kind, card: number, cash: note, $else: state}",
    "no rest": "map: {x: {$switch: kind, card: number, cash: note}, y: number}",
    "null that is written": "map: {x: {$switch: kind, card: null, cash: note}, y: number}",
    "objects and lists": (
        "map:\n  x:\n    $switch: kind\n    card: {a: note, b: {$const: 1}}\n    cash: [note, number]\n"
        "    $else: {$if: state, $value: state}\n"
    ),
    "with the other words": (
        "map:\n  - {$each: {line: lines}, $if: $line.sku, $with: root(), $switch: $line.kind, card: number,"
        " $else: $line.sku}\n"
    ),
    "in one another": (
        "map: {x: {$switch: kind, card: {$switch: state, open: {$const: o}, $else: note},"
        " $else: {$const: z}}}"
    ),
    "in a fragment, with keys beside it": (
        "fragments:\n  one: {$switch: kind, card: {a: number, b: note}, cash: {b: state}}\n"
        "map: {$use: one, a: {$const: 0}}\n"
    ),
    "a template": "map: {x: {$switch: kind, card: 'No {{ number }}', cash: '{{ note }}!'}}",
    "the rest above": "map: {x: {$else: number, $switch: kind, card: note}}",
    "a setting": "map: {x: {$switch: settings().reference, number: number, note: note}}",
}


def linked(compiled: Compile, text: str) -> LinkedMapping:
    return compiled(HEAD + text, FILES).linked


def payload(kind: JSON, **more: JSON) -> JSON:
    lines: list[JSON] = [{"kind": kind, "sku": "a"}, {"sku": "b"}, {"kind": "card"}]
    return {"number": 7, "kind": kind, "lines": lines, **more}


@pytest.mark.parametrize("case", MAPPINGS)
@pytest.mark.parametrize("objects", [True, False])
def test_the_generated_code_gives_what_the_interpreter_gives(
    case: str, objects: bool, compiled: Compile
) -> None:
    mapping = linked(compiled, MAPPINGS[case])
    function = codegen.compile_mapping(mapping, objects=objects)
    assert function is not None
    for kind in KINDS:
        for more in ({}, {"note": "n", "state": "open"}, {"state": "closed"}):
            for scope in (Scope(mapping.settings), Scope(settings={"reference": "note"})):
                scope = Scope(settings={"reference": "number", **scope.settings})
                wanted = execute(mapping, payload(kind, **more), scope, name="", traced=False)
                found = function(payload(kind, **more), scope)
                assert (found if wanted.present else None) == wanted.value


VALUES = [
    ("expressions", "card", {}, 7),
    ("expressions", "cash", {"note": "n"}, "n"),
    ("expressions", "other", {"state": "open"}, "open"),
    ("expressions", None, {"state": "open"}, "open"),
    ("expressions", "$else", {"state": "open"}, "open"),
    ("no rest", "card", {}, {"x": 7, "y": 7}),
    ("no rest", "other", {}, {"y": 7}),
    ("no rest", ["card"], {}, {"y": 7}),
    ("null that is written", "card", {}, {"x": None, "y": 7}),
    ("null that is written", "other", {}, {"y": 7}),
    ("objects and lists", "card", {}, {"x": {"b": 1}}),
    ("objects and lists", "cash", {}, {"x": [7]}),
    ("objects and lists", "other", {}, {}),
    ("with the other words", "card", {}, [7, "b"]),
    ("with the other words", "cash", {}, ["a", "b"]),
    ("in one another", "card", {"state": "open"}, {"x": "o"}),
    ("in one another", "cash", {"state": "open"}, {"x": "z"}),
    ("in a fragment, with keys beside it", "card", {"note": "n"}, {"b": "n", "a": 0}),
    ("in a fragment, with keys beside it", "other", {}, {"a": 0}),
    ("a template", "card", {}, {"x": "No 7"}),
    ("the rest above", "card", {"note": "n"}, {"x": "n"}),
    ("the rest above", "other", {}, {"x": 7}),
]


@pytest.mark.parametrize(("case", "kind", "more", "wanted"), VALUES)
def test_the_case_of_the_value_is_chosen(
    case: str, kind: JSON, more: dict[str, JSON], wanted: JSON, compiled: Compile
) -> None:
    mapping = linked(compiled, MAPPINGS[case])

    assert execute(mapping, payload(kind, **more), Scope(), name="", traced=False).value == wanted


REFUSED = {
    "map: {$switch: kind}": (
        "error[switch-case]: the `$switch` has no cases\n"
        "  --> mappings/shop/order.yaml:2:16\n"
        "  |\n"
        "2 | map: {$switch: kind}\n"
        "  |                ^^^^\n"
        "  = help: the cases are the keys beside it: `{$switch: kind, card: …, cash: …, $else: …}`"
    ),
    "map: {x: {$else: number, card: note}}": (
        "error[words-clash]: `$else` goes with `$switch`, and there is none\n"
        "  --> mappings/shop/order.yaml:2:18\n"
        "  |\n"
        "2 | map: {x: {$else: number, card: note}}\n"
        "  |                  ^^^^^^"
    ),
    "map: {x: {$switch: kind, $use: one, card: note}}": (
        "error[words-clash]: `$use` and `$switch` exclude each other\n"
        "  --> mappings/shop/order.yaml:2:10\n"
        "  |\n"
        "2 | map: {x: {$switch: kind, $use: one, card: note}}\n"
        "  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    ),
    "map: {x: {$switch: '{{ kind }}', card: note}}": (
        "error[not-an-expression]: `$switch` takes an expression\n"
        "  --> mappings/shop/order.yaml:2:20\n"
        "  |\n"
        "2 | map: {x: {$switch: '{{ kind }}', card: note}}\n"
        "  |                    ^^^^^^^^^^^^\n"
        "  = help: a template yields text; write a JMESPath expression"
    ),
    "map: {x: {$switch: kid, card: note}}": (
        "error[unknown-property]: `shop/order` has no property `kid`\n"
        "  --> mappings/shop/order.yaml:2:20\n"
        "  |\n"
        "2 | map: {x: {$switch: kid, card: note}}\n"
        "  |                    ^^^\n"
        "  = help: did you mean `kind`?"
    ),
    "map: {x: {$switch: number, card: note}}": (
        "error[impossible-comparison]: the cases are compared with text, and this is a whole number\n"
        "  --> mappings/shop/order.yaml:2:20\n"
        "  |\n"
        "2 | map: {x: {$switch: number, card: note}}\n"
        "  |                    ^^^^^^"
    ),
    "map: {x: {$switch: settings().reference, nubmer: number, note: note, $else: kind}}": (
        "error[impossible-comparison]: `settings().reference` is never `nubmer`:"
        " it is one of `number`, `note`\n"
        "  --> mappings/shop/order.yaml:2:42\n"
        "  |\n"
        "2 | map: {x: {$switch: settings().reference, nubmer: number, note: note, $else: kind}}\n"
        "  |                                          ^^^^^^\n"
        "  = help: did you mean `number`?"
    ),
    "map: {x: {$switch: kind, card: nte}}": (
        "error[unknown-property]: `shop/order` has no property `nte`\n"
        "  --> mappings/shop/order.yaml:2:32\n"
        "  |\n"
        "2 | map: {x: {$switch: kind, card: nte}}\n"
        "  |                                ^^^\n"
        "  = help: did you mean `note`?"
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_refused(text: str, refused: Refuse) -> None:
    assert refused(HEAD + text + "\n", FILES) == REFUSED[text]


WARNED = {
    "map: {x: {$switch: settings().reference, number: number}}": [
        "uncovered-value: `settings().reference` can be `note`, and there is no case for that"
    ],
    "map: {x: {$switch: state, open: number}}": [
        "uncovered-value: `state` can be `closed`, and there is no case for that"
    ],
    "map: {x: {$switch: state, open: number, closed: note}}": [],
    "map: {x: {$switch: state, open: number, $else: note}}": [],
    "map: {x: {$switch: kind, open: number}}": [],
}


@pytest.mark.parametrize("text", WARNED)
def test_a_known_value_without_a_case_is_a_warning(text: str, compiled: Compile) -> None:
    findings = compiled(HEAD + text, FILES).findings

    assert [f"{item.id}: {item.message}" for item in findings] == WARNED[text]


def test_a_switch_that_covers_all_values_always_gives_one(project: MakeProject) -> None:
    target = {"type": "object", "required": ["x"], "properties": {"x": {"type": ["integer", "string"]}}}
    files = {**FILES, "schemas/shop/made.schema.json": json.dumps(target)}
    head = "from: shop/order\nto: shop/made\n"
    for cases, found in (
        ("settings().reference, number: number, note: {$const: n}", []),
        ("settings().reference, number: number, $else: {$const: n}", []),
        ("settings().reference, number: number, note: note", ["may-be-missing"]),
        ("kind, number: number", ["may-be-missing"]),
        # Where the value is the text of the case, it is there.
        ("note, number: note, $else: number", []),
    ):
        made = project({**files, "mappings/shop/order.yaml": f"{head}map: {{x: {{$switch: {cases}}}}}\n"})
        assert [item.id for item in made.mapping("shop/order").findings] == found, cases


def test_lineage_says_which_case_decides(compiled: Compile) -> None:
    links = lineage(linked(compiled, "map: {x: {$switch: kind, card: number, $else: note}}"))

    assert [(link.target, link.sources, link.because_of) for link in links] == [
        ("x", ("number",), ("kind",)),
        ("x", ("note",), ("kind",)),
    ]


def test_the_read_set_has_all_cases(compiled: Compile) -> None:
    paths = read_paths(linked(compiled, "map: {x: {$switch: kind, card: number, $else: note}}"))

    assert paths == {("kind",), ("number",), ("note",)}


def test_a_case_with_a_secret_stays_sensitive_and_the_choice_does_not(compiled: Compile) -> None:
    text = "map: {x: {$switch: kind, card: secret, $else: note}, y: {$switch: secret, a: kind, $else: note}}"
    held = sensitivity_of(linked(compiled, text)).result

    assert held.at(("x",)).itself
    assert not held.at(("y",)).itself


def test_each_case_is_a_rule_and_has_mutants(project: MakeProject) -> None:
    text = "map: {x: {$switch: kind, card: number, $else: note}}\n"
    made = project({**FILES, "mappings/shop/order.yaml": HEAD + text})
    mapping = made.mapping("shop/order").linked

    rules = [(rule.kind, rule.text) for rule in rules_of(made, mapping)]
    assert rules == [("cell", "number"), ("cell", "note")]
    assert [mutant.name for mutant in mutants_of(made, mapping, lambda _: "zip")] == [
        "x: left out",
        "x: $switch: kind → zip",
        "x.card: left out",
        "x.card: number → zip",
        "x.$else: left out",
        "x.$else: note → zip",
    ]


def run_in(project: MakeProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    made = project({**FILES, "mappings/shop/order.yaml": HEAD + text, "o.json": json.dumps(payload("cash"))})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("crossdock.project.project.Project.open", lambda _directory=None: made)


def test_explain_says_why_a_case_was_chosen(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "map: {x: {$switch: kind, card: note, cash: number, $else: note}}\n"
    run_in(project, monkeypatch, tmp_path, text)

    assert run_crossdock("explain", "shop/order", "--payload", "o.json").out == (
        "/x  7                                         mappings/shop/order.yaml:2:44\n"
        '├─ switch  kind  →  "cash"\n'
        "└─ read    number  →  7    /number\n"
    )


def test_the_sheet_says_when_a_case_is_chosen(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "map: {x: {$switch: kind, card: number, cash: state, $else: note}}\n"
    run_in(project, monkeypatch, tmp_path, text)

    assert run_crossdock("sheet", "shop/order", "--format", "csv").out.splitlines() == [
        "kind,target field,type,required,source,transformation,example in,example out,note",
        "field,x,,,number,only when kind is 'card'. number,,,",
        "field,x,,,state,only when kind is 'cash'. state,,,",
        "field,x,,,note,only when kind is not 'card' and kind is not 'cash'. note,,,",
    ]


def test_a_conversation_can_choose_by_a_setting_and_by_an_answer(project: MakeProject) -> None:
    text = """\
request: shop/order
response_schema: shop/any
values:
  refnum: {$switch: settings().reference, number: to_string(number), note: note}
steps:
  - {step: order, call: GET /o, answer: shop/order}
response: {refnum: $refnum, x: {$switch: $order.state, open: $order.number, closed: {$const: late}}}
"""
    files = {"schemas/shop/any.schema.json": "{}", "mappings/shop/notify/conversation.yaml": text}
    conversation = project({**FILES, **files}).conversation("shop", "notify")
    answers: JSON = {"order": {"number": 3, "state": "open"}}

    found = run_conversation(conversation, {"number": 7, "note": "n"}, given_answer, given=answers)
    assert found.response == {"refnum": "7", "x": 3}

    settings: dict[str, JSON] = {"reference": "note"}
    found = run_conversation(
        conversation, {"number": 7, "note": "n"}, given_answer, given=answers, settings=settings
    )
    assert found.response == {"refnum": "n", "x": 3}
