"""`$name` in conversations: answers of steps, values of the file, and elements of an `each`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from conftest import MakeProject
from crossdock import CompileError
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.dry_run import given_answer
from crossdock.channels.runner import run_conversation
from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution import codegen
from crossdock.execution.errors import EvaluationError
from crossdock.execution.evaluator import Evaluator
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope
from crossdock.execution.trace import Trace
from crossdock.language.jinja import compile_template

FILES = {
    "mappings/shop/failure.yaml": "map: {what: message}",
    "mappings/shop/channel.yaml": "settings: {till: {describe: which till, default: T1}}",
    "mappings/shop/notify/parcel.yaml": "map: {id: id}",
    "schemas/desk/any.schema.json": '{"type": "object"}',
    "schemas/shop/notice.schema.json": json.dumps(
        {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "integer"},
                "parcels": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["ref"],
                        "properties": {"ref": {"type": "string"}, "items": {"type": "array"}},
                    },
                },
            },
        }
    ),
    "schemas/shop/order.schema.json": json.dumps(
        {
            "type": "object",
            "required": ["number"],
            "properties": {
                "number": {"type": "integer"},
                "state": {"enum": ["open", "closed"]},
                "lines": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"sku": {"type": "string"}}},
                },
            },
        }
    ),
}
HEAD = "request: shop/notice\nresponse_schema: desk/any\n"
REQUEST: JSON = {"id": 7, "parcels": [{"ref": "a", "items": [1, 2]}, {"ref": "b", "items": [3]}]}
ORDER: JSON = {"number": 12, "lines": [{"sku": "x"}, {"sku": "y"}]}


def ran(project: MakeProject, text: str, answers: JSON = None) -> ConversationResult:
    made = project({**FILES, "mappings/shop/notify/conversation.yaml": HEAD + text})
    return run_conversation(made.conversation("shop", "notify"), REQUEST, given_answer, given=answers or {})


def response(project: MakeProject, text: str, answers: JSON = None) -> JSON:
    found = ran(project, text, answers).response
    assert isinstance(found, dict)
    return found


def refusal(project: MakeProject, text: str, files: Mapping[str, str] | None = None) -> str:
    made = project({**FILES, **(files or {}), "mappings/shop/notify/conversation.yaml": HEAD + text})
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "notify")
    return str(caught.value)


def test_a_name_is_the_answer_of_a_step(project: MakeProject) -> None:
    text = """\
steps:
  - {step: order, call: "GET /orders/{{ id }}", answer: shop/order}
  - step: tell
    each: parcels[?contains(ref, 'a') && $order.number]
    if: $order.lines
    call: POST /orders/{{ $order.number }}/parcels/{{ ref }}
    query: {sku: "{{ $order.lines[0].sku | upper }}"}
    body: {number: $order.number, refs: "$order.lines[*].sku"}
response: {number: $order.number, told: length($tell), all: "parcels[*].{ref: ref, order: $order.number}"}
"""

    found = ran(project, text, {"order": ORDER, "tell": [{}]})

    assert [call.url("") for call in found.calls] == ["/orders/7", "/orders/12/parcels/a?sku=X"]
    assert found.calls[1].body == {"number": 12, "refs": ["x", "y"]}
    assert found.response == {
        "number": 12,
        "told": 1,
        "all": [{"ref": "a", "order": 12}, {"ref": "b", "order": 12}],
    }


def test_a_name_without_an_answer_is_null(project: MakeProject) -> None:
    text = """\
steps:
  - {step: order, if: id == `1`, value: id}
response: {there: $order, type: type($order), or: $order || 'none'}
"""

    assert response(project, text) == {"type": "null", "or": "none"}


def test_a_nested_step_sees_those_around_it_and_hides_their_names(project: MakeProject) -> None:
    text = """\
steps:
  - {step: order, value: {number: id}}
  - {step: other, value: {number: id}}
  - step: block
    each: {parcel: parcels}
    steps:
      - {step: first, value: "{outer: $other.number, parcel: $parcel.ref}"}
      - {step: order, if: ref == 'a', value: ref}
      - {step: last, value: "{order: $order, first: $first, same: answers().order}"}
response: {block: "$block[].last", order: $order.number}
"""

    assert response(project, text) == {
        "block": [
            {"order": "a", "first": {"outer": 7, "parcel": "a"}, "same": "a"},
            # The step of the block did not run here, and still hides the one around it.
            {"order": None, "first": {"outer": 7, "parcel": "b"}, "same": None},
        ],
        "order": 7,
    }


def test_an_element_has_its_name_deeper_inside_too(project: MakeProject) -> None:
    text = """\
steps:
  - step: parcel
    each: {parcel: parcels}
    steps:
      - step: item
        each: {item: items}
        value: "{ref: $parcel.ref, item: $item, context: @}"
  - step: sent
    each: {parcel: parcels}
    at_once: 2
    if: $parcel.ref == 'b'
    call: POST /parcels/{{ $parcel.ref }}
    body: ["$parcel.items[*].[@, $parcel.ref]"]
response: {items: "$parcel[].item[]"}
"""

    found = ran(project, text, {"sent": [None, {}]})

    assert found.response == {
        "items": [
            {"ref": "a", "item": 1, "context": 1},
            {"ref": "a", "item": 2, "context": 2},
            {"ref": "b", "item": 3, "context": 3},
        ]
    }
    assert [(call.path, call.body) for call in found.calls] == [("/parcels/b", [[[3, "b"]]])]


def test_a_value_is_made_of_the_request_and_of_the_values_above_it(project: MakeProject) -> None:
    text = """\
values:
  refs: parcels[*].ref
  label: "{{ settings().till }}-{{ request.id }}"
  both: {refs: $refs, label: $label, first: {$with: "parcels[0]", $value: ref}}
steps:
  - step: parcel
    each: {parcel: parcels}
    value: "{refs: $refs, ref: ref, label: $label}"
response: {parcels: $parcel, both: $both, text: "{{ $label }}!"}
"""

    assert response(project, text) == {
        "parcels": [{"refs": ["a", "b"], "ref": ref, "label": "T1-7"} for ref in "ab"],
        "both": {"refs": ["a", "b"], "label": "T1-7", "first": "a"},
        "text": "T1-7!",
    }


def test_a_value_is_computed_once_and_only_when_it_is_read(project: MakeProject) -> None:
    text = """\
values:
  bad: parcels[0].items[0] < 'x'
  worse: "{bad: $bad}"
  good: id
steps:
  - {step: a, value: "$good || $worse"}
response: {a: $a}
"""

    assert response(project, text) == {"a": 7}


def test_a_value_that_fails_fails_the_step_that_reads_it(project: MakeProject) -> None:
    text = """\
values: {bad: "parcels[0].items[0] < 'x'"}
steps:
  - {step: a, value: $bad}
  - {step: b, value: id}
response: {events: events(), b: $b}
failure: ../failure
"""

    assert response(project, text) == {
        "events": [{"what": "`<` cannot compare text with a number, at /parcels/0/items/0"}]
    }


def test_a_long_chain_of_values_is_computed(project: MakeProject) -> None:
    chain = "".join(f"  v{n}: add($v{n - 1}, `1`)\n" for n in range(1, 300))

    assert response(project, f"values:\n  v0: id\n{chain}response: {{last: $v299}}\n") == {"last": 306}


def test_a_fragment_reads_the_names_of_its_place(project: MakeProject) -> None:
    text = """\
values: {kind: "'parcel'"}
fragments:
  about: {kind: $kind, order: $order.number, ref: $line.ref}
steps:
  - {step: order, value: {number: id}}
  - {step: one, each: {line: parcels}, value: {$use: about}}
response: {one: $one}
"""

    assert response(project, text) == {"one": [{"kind": "parcel", "order": 7, "ref": ref} for ref in "ab"]}


def test_a_plan_waits_for_the_answers_that_names_stand_for(project: MakeProject) -> None:
    text = """\
steps:
  - {step: order, call: GET /orders, answer: shop/order}
  - {step: free, call: POST /free, body: {id: id}}
  - {step: tied, call: "POST /tied/{{ $order.number }}"}
  - {step: listed, each: {line: $order.lines}, call: POST /line, body: {sku: $line.sku}}
response: {}
"""

    found = ran(project, text, {"free": {}})

    assert [call.step for call in found.calls] == ["order", "free"]
    assert [(step.step, step.needs) for step in found.waiting] == [
        ("tied", ("order",)),
        ("listed", ("order",)),
    ]


UNKNOWN = {
    "typo": (
        "steps: [{step: order, value: id}]\nresponse: {a: $ordr}\n",
        "error[unknown-variable]: there is no variable `$ordr` here\n"
        "  --> mappings/shop/notify/conversation.yaml:4:15\n"
        "  |\n"
        "4 | response: {a: $ordr}\n"
        "  |               ^^^^^\n"
        "  = help: did you mean `$order`?",
    ),
    "in a template": (
        "steps: [{step: order, value: id}]\nresponse: {a: 'No {{ $order }} of {{ $ordr.number }}'}\n",
        "error[unknown-variable]: there is no variable `$ordr` here\n"
        "  --> mappings/shop/notify/conversation.yaml:4:38\n"
        "  |\n"
        "4 | response: {a: 'No {{ $order }} of {{ $ordr.number }}'}\n"
        "  |                                      ^^^^^\n"
        "  = help: did you mean `$order`?",
    ),
    "of a later step": (
        "steps:\n  - {step: a, value: $b}\n  - {step: b, value: id}\nresponse: {}\n",
        "error[unknown-variable]: there is no variable `$b` here\n"
        "  --> mappings/shop/notify/conversation.yaml:4:22\n"
        "  |\n"
        "4 |   - {step: a, value: $b}\n"
        "  |                      ^^\n"
        "  = help: `b` is a step that comes later, so that it has no answer here",
    ),
    "of the step itself": (
        "steps:\n  - {step: a, if: $a, value: id}\nresponse: {}\n",
        "error[unknown-variable]: there is no variable `$a` here\n"
        "  --> mappings/shop/notify/conversation.yaml:4:19\n"
        "  |\n"
        "4 |   - {step: a, if: $a, value: id}\n"
        "  |                   ^^\n"
        "  = help: `a` is a step that comes later, so that it has no answer here",
    ),
    "of a step inside another": (
        "steps:\n  - {step: a, each: parcels, steps: [{step: b, value: ref}]}\nresponse: {b: $b}\n",
        "error[unknown-variable]: there is no variable `$b` here\n"
        "  --> mappings/shop/notify/conversation.yaml:5:15\n"
        "  |\n"
        "5 | response: {b: $b}\n"
        "  |               ^^\n"
        "  = help: `b` is a step of `a`: $a[].b",
    ),
    "an element outside": (
        "steps:\n  - {step: a, each: {line: '$line'}, value: $line}\nresponse: {}\n",
        "error[unknown-variable]: there is no variable `$line` here\n"
        "  --> mappings/shop/notify/conversation.yaml:4:29\n"
        "  |\n"
        "4 |   - {step: a, each: {line: '$line'}, value: $line}\n"
        "  |                             ^^^^^\n"
        "  = help: a variable is named by `let $name = value in …` around it",
    ),
    "a value below": (
        "values: {a: $b, b: id}\nresponse: {a: $a}\n",
        "error[unknown-variable]: there is no variable `$b` here\n"
        "  --> mappings/shop/notify/conversation.yaml:3:13\n"
        "  |\n"
        "3 | values: {a: $b, b: id}\n"
        "  |             ^^\n"
        "  = help: `b` comes later: a value reads those above it",
    ),
    "an answer in a value": (
        "values: {a: $b, c: answers().b}\nsteps: [{step: b, value: id}]\nresponse: {a: $a}\n",
        "error[unknown-variable]: there is no variable `$b` here\n"
        "  --> mappings/shop/notify/conversation.yaml:3:13\n"
        "  |\n"
        "3 | values: {a: $b, c: answers().b}\n"
        "  |             ^^\n"
        "  = help: a value is made of the request, and does not read answers\n\n"
        "error[not-in-a-value]: a value is made of the request, and `answers()` is not known yet\n"
        "  --> mappings/shop/notify/conversation.yaml:3:20\n"
        "  |\n"
        "3 | values: {a: $b, c: answers().b}\n"
        "  |                    ^^^^^^^\n"
        "  = help: a step with `value:` reads the answers before it",
    ),
    "in a fragment": (
        "fragments: {one: {a: $ordr}}\nsteps: [{step: order, value: id}]\nresponse: {$use: one}\n",
        "error[unknown-variable]: there is no variable `$ordr` here\n"
        "  --> mappings/shop/notify/conversation.yaml:3:22\n"
        "  |\n"
        "3 | fragments: {one: {a: $ordr}}\n"
        "  |                      ^^^^^\n"
        "  = help: did you mean `$order`?",
    ),
    "where one use of a fragment lacks it": (
        "fragments: {one: {a: $order}}\nsteps:\n  - {step: first, value: {$use: one}}\n"
        "  - {step: order, value: id}\nresponse: {$use: one}\n",
        "error[unknown-variable]: `one` reads `$order`, which is not there where it is used here\n"
        "  --> mappings/shop/notify/conversation.yaml:5:33\n"
        "  |\n"
        "5 |   - {step: first, value: {$use: one}}\n"
        "  |                                 ^^^\n"
        "  = help: `order` is a step that comes later, so that it has no answer here",
    ),
    "two things of one name": (
        "values: {order: id}\nsteps: [{step: order, value: id}]\nresponse: {}\n",
        "error[duplicate-name]: `$order` would be a value and the answer of this step\n"
        "  --> mappings/shop/notify/conversation.yaml:4:16\n"
        "  |\n"
        "4 | steps: [{step: order, value: id}]\n"
        "  |                ^^^^^\n"
        "  = help: give one of them another name",
    ),
    "an element and a step inside": (
        "steps: [{step: a, each: {b: parcels}, steps: [{step: b, value: ref}]}]\nresponse: {}\n",
        "error[duplicate-name]: `$b` would be the element and the answer of this step\n"
        "  --> mappings/shop/notify/conversation.yaml:3:54\n"
        "  |\n"
        "3 | steps: [{step: a, each: {b: parcels}, steps: [{step: b, value: ref}]}]\n"
        "  |                                                      ^\n"
        "  = help: give one of them another name",
    ),
    "a fragment with two meanings": (
        "fragments: {one: {a: $b}}\nsteps:\n  - {step: a, each: {b: parcels}, value: {$use: one}}\n"
        "  - {step: b, value: id}\nresponse: {$use: one}\n",
        "error[duplicate-name]: `$b` is the answer of a step where one cell uses this, and not in another\n"
        "  --> mappings/shop/notify/conversation.yaml:3:22\n"
        "  |\n"
        "3 | fragments: {one: {a: $b}}\n"
        "  |                      ^^\n"
        "  = help: give one of them another name",
    ),
    "two names for one element": (
        "steps: [{step: a, each: {b: parcels, c: parcels}, value: ref}]\nresponse: {}\n",
        "error[variable-name]: `each` names one element\n"
        "  --> mappings/shop/notify/conversation.yaml:3:25\n"
        "  |\n"
        "3 | steps: [{step: a, each: {b: parcels, c: parcels}, value: ref}]\n"
        "  |                         ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  = help: `each: {line: items}` names the element `$line`",
    ),
    "no name": (
        "values: {a-b: id}\nresponse: {}\n",
        "error[variable-name]: this cannot be the name of a value: `a-b`\n"
        "  --> mappings/shop/notify/conversation.yaml:3:10\n"
        "  |\n"
        "3 | values: {a-b: id}\n"
        "  |          ^^^\n"
        "  = help: a name is made of letters, digits and _, and is written without the `$` here",
    ),
    "the type of an answer": (
        "steps: [{step: order, call: GET /o, answer: shop/order}]\nresponse: {a: $order.nmber}\n",
        "error[unknown-property]: `shop/order` has no property `nmber`\n"
        "  --> mappings/shop/notify/conversation.yaml:4:22\n"
        "  |\n"
        "4 | response: {a: $order.nmber}\n"
        "  |                      ^^^^^\n"
        "  = help: did you mean `number`?",
    ),
    "the type of a value": (
        "values: {refs: 'parcels[*].ref'}\nresponse: {a: $refs.ref}\n",
        "error[unknown-property]: `the list made here` has no property `ref`\n"
        "  --> mappings/shop/notify/conversation.yaml:4:21\n"
        "  |\n"
        "4 | response: {a: $refs.ref}\n"
        "  |                     ^^^",
    ),
    "the type of an element": (
        "steps: [{step: a, each: {p: parcels}, value: $p.rf}]\nresponse: {}\n",
        "error[unknown-property]: `shop/notice.parcels[]` has no property `rf`\n"
        "  --> mappings/shop/notify/conversation.yaml:3:49\n"
        "  |\n"
        "3 | steps: [{step: a, each: {p: parcels}, value: $p.rf}]\n"
        "  |                                                 ^^\n"
        "  = help: did you mean `ref`?",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_means_nothing_is_refused(case: str, project: MakeProject) -> None:
    text, shown = UNKNOWN[case]

    assert refusal(project, text) == shown


def test_a_mapping_does_not_see_the_names_of_a_conversation(project: MakeProject) -> None:
    text = "steps: [{step: order, value: id}, {step: b, call: POST /b, body: parcel}]\nresponse: {}\n"

    shown = refusal(project, text, {"mappings/shop/notify/parcel.yaml": "map: {id: $order}"})

    assert "error[unknown-variable]: there is no variable `$order` here" in shown
    assert "--> mappings/shop/notify/parcel.yaml:1:11" in shown


def test_what_a_condition_shows_holds_for_the_name(project: MakeProject) -> None:
    text = """\
steps:
  - {step: order, call: GET /o, answer: shop/order, tolerate: status == `404`}
  - {step: tell, call: "POST /o/{{ $order.number }}"}
  - {step: told, if: $order, call: "POST /o/{{ $order.number }}"}
response: {}
"""
    made = project({**FILES, "mappings/shop/notify/conversation.yaml": HEAD + text})

    found = [
        (item.id, item.span.line if item.span else 0) for item in made.conversation("shop", "notify").findings
    ]

    assert found == [("unbound-call", 5)]


NAMED_CELLS = {
    "a value": "$a",
    "a part": "$a.b[0].c || 'none'",
    "in a projection": "$a.b[*].[c, $n]",
    "in a filter": "$a.b[?c == $n].c",
    "in a template": "'{{ $n }} of {{ $a.b[1].c }}'",
    "in a switch": "{$switch: $a.n, m: $n, $else: $a}",
    "hidden by a let": "let $n = 'x' in [$n, $a.n]",
    "hidden by an element": "[{$each: {n: $a.b}, v: $n.c}, {$value: $n}]",
    "one that fails": "$n || $bad",
    "one that fails and is not read": "$n && $bad",
    "several times": "{x: $n, y: {$if: $n, $value: $n}, z: [$n, $a.n]}",
}


class FailingNames(dict[str, JSON]):
    def __missing__(self, name: str) -> JSON:
        raise EvaluationError([Diagnostic("evaluation-failed", f"`{name}` failed")], Trace())


@pytest.mark.parametrize("cell", NAMED_CELLS)
@pytest.mark.parametrize("objects", [True, False])
def test_the_generated_code_reads_the_names_around_it(cell: str, objects: bool, project: MakeProject) -> None:
    values = "response_schema: desk/any\nvalues: {a: root().x, n: root().x, bad: root().x}\n"
    text = f"{values}response:\n  v: {NAMED_CELLS[cell]}\n"
    made = project({**FILES, "mappings/shop/notify/conversation.yaml": text}).conversation("shop", "notify")
    linked = replace(made.cells, cell=made.response, source=None, target=None)
    function = codegen.compile_mapping(linked, objects=objects)
    assert function is not None
    given: JSON = {"b": [{"c": 1}, {"c": 2}], "n": "m"}
    for names in ({"a": given, "n": 1}, {"a": None, "n": None}, {"a": given, "n": "", "bad": 2}):
        scope = Scope(names=FailingNames(names))
        try:
            wanted: JSON = execute(linked, {}, scope, name="", traced=False).value
        except EvaluationError:
            with pytest.raises(EvaluationError):
                function({}, scope)
        else:
            assert function({}, scope) == wanted


TEMPLATES = {
    "{{ $x.a }} {{ '$x' }} {{ b }} costs $5": "1 $x 2 costs $5",
    "{% if $x and not $none %}{{ $x.a ~ '$' }}{% else %}-{% endif %}": "1$",
    "{% raw %}{{ $x }}{% endraw %}{{ $x.a }}": "{{ $x }}1",
    '{{ $x["a"] | default("$y") }}{# $z #}': "1",
    "{{ $x.list[0] | upper }}": "Y",
    "{{ join(' $ ', $x.list) }}": "y $ z",
    "{{ '}} $x' }}{{ $x.a }}": "}} $x1",
    "{% raw %}{{ 'a {% endraw %}{{ '$x' }}": "{{ 'a $x",
}


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_reads_names(text: str) -> None:
    names: dict[str, JSON] = {"x": {"a": 1, "list": ["y", "z"]}, "none": None}
    expression = compile_template(ScalarNode(text, Span(Source("t", text), 0, len(text))), closed=False)
    function = codegen.compile_expression(expression)

    assert Evaluator(Scope(names=names)).evaluate(expression, {"b": 2}) == TEMPLATES[text]
    assert function is not None
    assert function({"b": 2}, Scope(names=names)) == TEMPLATES[text]


BAD_TEMPLATES = {
    "é {{ b }}: {{ $x.a }}": ("unknown-variable", "$x", "there is no variable `$x` here"),
    "{{ a.$x }}": ("template-not-allowed", "{{ a.$x }}", "a variable cannot follow a dot"),
    "{{ $x(1) }}": ("template-not-allowed", "{{ $x(1) }}", "only the library's functions can be called"),
    "{{ a | $x }}": ("unknown-function", "$x", "there is no filter `$x`"),
    "{{ $ }}": ("template-syntax", "{{ $ }}", "not a template: unexpected char '$' at 3"),
    "{{ $1 }}": ("template-syntax", "{{ $1 }}", "not a template: unexpected char '$' at 3"),
    "{{ $x $y }}": (
        "template-syntax",
        "{{ $x $y }}",
        "not a template: expected token 'end of print statement', got '$y'",
    ),
}


@pytest.mark.parametrize("text", BAD_TEMPLATES)
def test_what_a_template_may_not_do_with_a_name(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_template(ScalarNode(text, Span(Source("t", text), 0, len(text))))

    found = caught.value.diagnostics[0]
    assert (found.id, found.span and found.span.text, found.message) == BAD_TEMPLATES[text]
