"""Steps of another file, and what steps report: how they run, and every refusal by its literal text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from conftest import MakeProject
from crossdock import CompileError, Project
from crossdock.channels.conversation_trace import StepsTrace
from crossdock.channels.dry_run import given_answer, plan
from crossdock.channels.given_answers import placed_answers
from crossdock.channels.runner import run_conversation
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON

MakeShop: TypeAlias = Callable[..., Project]
FIND_ORDER = """\
describe: Find the order, by its number or by its id.
inputs:
  refnum: {describe: the order's number or id}
steps:
  - step: by_number
    call: GET /orders/by-number/{{ refnum }}
    tolerate: status == `404`
    answer: shop/order
  - step: by_id
    unless: answers().by_number
    call: GET /orders/{{ refnum }}
    tolerate: status == `404`
    answer: shop/order
answer: answers().by_number || answers().by_id
"""
NOTIFY = """\
request: shop/notice
response_schema: desk/any
{head}
steps:
{steps}
response: {{events: events(), answers: answers()}}
"""
HEAD = "failure: ../failure\nevents: ../event\nabout: {concept: {$const: order}, id: refnum}"
USE = "  - {step: order, use: ../find_order, with: {refnum: refnum}}\n"
SHIP = "  - {step: ship, call: 'POST /orders/{{ answers.order.id }}/ship'}\n"
FILES = {
    "mappings/shop/failure.yaml": "map: {code: kind, of: step, id: id, skipped: skipped}",
    "mappings/shop/event.yaml": (
        "map: {of: action, level: level, code: code, message: message, about: concept, id: id, more: data}"
    ),
    "mappings/shop/find_order.yaml": FIND_ORDER,
    "schemas/desk/any.schema.json": '{"type": "object", "properties": {"events": {}, "answers": {}}}',
    "schemas/shop/order.schema.json": (
        '{"type": "object", "required": ["id"], "properties": {"id": {"type": "string"},'
        ' "status": {"type": "string"}}}'
    ),
    "schemas/shop/notice.schema.json": (
        '{"type": "object", "required": ["refnum"], "properties": {"refnum": {"type": "string"},'
        ' "count": {"type": "integer"}, "numbers": {"type": "array", "items": {"type": "string"}}}}'
    ),
}


@pytest.fixture
def shop(project: MakeProject) -> MakeShop:
    """Makes the project of an invented shop whose conversation `notify` has these steps."""

    def make(steps: str, files: Mapping[str, str] | None = None, head: str = HEAD) -> Project:
        text = NOTIFY.format(head=head, steps=steps)
        return project({**FILES, "mappings/shop/notify/conversation.yaml": text, **(files or {})})

    return make


def planned(made: Project, request: JSON, answers: JSON) -> dict[str, JSON]:
    conversation = made.conversation("shop", "notify")
    given = placed_answers(answers, "a.json", conversation)
    channel = made.channel_of("shop")
    shown, _ = plan(conversation, channel, request, settings={}, answers=given, name="request")
    assert isinstance(shown, dict)
    return shown


def response(made: Project, request: JSON, answers: JSON) -> dict[str, JSON]:
    found = planned(made, request, answers)["response"]
    assert isinstance(found, dict)
    return found


def calls(shown: dict[str, JSON]) -> list[str]:
    made = shown["calls"]
    assert isinstance(made, list)
    return [f"{call['step']}: {call['method']} {call['url']}" for call in made if isinstance(call, dict)]


# --- shared steps


def test_the_answer_of_shared_steps_is_that_of_the_step(shop: MakeShop) -> None:
    made = shop(USE + SHIP)
    assert made.check() == []
    given: JSON = {"order": {"by_number": {"$status": 404}, "by_id": {"id": "I1"}}, "ship": {}}
    shown = planned(made, {"refnum": "R1"}, given)
    assert calls(shown) == [
        "by_number: GET /orders/by-number/R1",
        "by_id: GET /orders/R1",
        "ship: POST /orders/I1/ship",
    ]
    assert shown["response"] == {"events": [], "answers": {"order": {"id": "I1"}, "ship": {}}}


def test_shared_steps_see_nothing_but_their_inputs(shop: MakeShop) -> None:
    steps = (
        "  - {step: before, value: refnum}\n  - {step: order, use: ../look, with: {a: refnum, b: count}}\n"
    )
    look = (
        "inputs: {a: {describe: one}, b: {describe: two}}\n"
        "steps: [{step: seen, value: '[keys(answers()), @, root(), settings()]'}]\n"
        "answer: answers().seen\n"
    )
    # The steps are in flow style, so that the key is on its own line.
    made = shop(steps, {"mappings/shop/look.yaml": look})
    assert response(made, {"refnum": "R1"}, {})["answers"] == {
        "before": "R1",
        "order": [[], {"a": "R1"}, {"a": "R1"}, {}],
    }


NAMES = """\
inputs: {refnum: {describe: the number}, other: {describe: another one}}
values: {both: "[$refnum, other]", twice: "[$both, $both][]"}
steps:
  - {step: first, value: "$twice[0]"}
  - {step: seen, if: $first, value: "[`1`][].[$refnum, $other, $first, $both[1], root().refnum]"}
answer: $seen[0]
"""


def test_inputs_values_and_answers_have_names_in_shared_steps(shop: MakeShop) -> None:
    steps = (
        "  - {step: row, each: {one: numbers}, use: ../look, with: {refnum: $one, other: request().count}}\n"
    )
    made = shop(steps, {"mappings/shop/look.yaml": NAMES})
    assert found(made, "shop/look") == []
    assert response(made, {"refnum": "R", "numbers": ["1", "2"]}, {})["answers"] == {
        "row": [["1", None, "1", None, "1"], ["2", None, "2", None, "2"]]
    }


@pytest.mark.parametrize(
    "look, expected",
    [
        (
            "inputs: {refnum: {describe: r}}\nsteps:\n  - {step: a, value: $refnumm}\n",
            "error[unknown-variable]: there is no variable `$refnumm` here\n"
            "  --> mappings/shop/look.yaml:3:22\n  |\n3 |   - {step: a, value: $refnumm}\n"
            "  |                      ^^^^^^^^\n  = help: did you mean `$refnum`?",
        ),
        (
            "inputs: {a: {describe: r}}\nsteps:\n  - {step: a, value: $a}\n",
            "error[duplicate-name]: `$a` would be an input and the answer of this step\n"
            "  --> mappings/shop/look.yaml:3:12\n  |\n3 |   - {step: a, value: $a}\n"
            "  |            ^\n  = help: give one of them another name",
        ),
        (
            "inputs: {}\nsteps:\n  - {step: a, value: $order}\n",
            "error[unknown-variable]: there is no variable `$order` here\n",
        ),
    ],
)
def test_names_in_shared_steps_are_their_own(shop: MakeShop, look: str, expected: str) -> None:
    steps = USE + "  - {step: a, use: ../look, with: {refnum: refnum}}\n"
    with pytest.raises(CompileError) as caught:
        shop(steps, {"mappings/shop/look.yaml": look}).conversation("shop", "notify")
    assert str(caught.value).startswith(expected)


def test_a_null_answer_of_shared_steps_is_none(shop: MakeShop) -> None:
    look = "inputs: {}\nsteps:\n  - {step: a, value: {$const: 1}}\nanswer: null\n"
    made = shop("  - {step: order, use: ../look}\n", {"mappings/shop/look.yaml": look})
    assert response(made, {"refnum": "R1"}, {})["answers"] == {}


def test_shared_steps_run_for_each_element_and_use_others(shop: MakeShop) -> None:
    outer = (
        "inputs: {number: {describe: the number}}\n"
        "steps:\n  - {step: inner, use: ./find_order, with: {refnum: number}}\n"
        "answer: answers().inner.id\n"
    )
    steps = "  - {step: order, each: numbers, use: ../outer, with: {number: '@'}}\n"
    made = shop(steps, {"mappings/shop/outer.yaml": outer})
    assert made.check() == []
    request: JSON = {"refnum": "R", "numbers": ["1", "2"]}
    nested: JSON = {"order": [{"inner": {"by_number": {"id": "A"}}}, {"inner": {"by_number": {"id": "B"}}}]}
    by_name: JSON = {"by_number": [{"id": "A"}, {"id": "B"}]}
    assert response(made, request, nested)["answers"] == {"order": ["A", "B"]}
    assert planned(made, request, nested) == planned(made, request, by_name)


def test_an_answer_can_be_given_by_the_name_of_a_shared_step(shop: MakeShop) -> None:
    made = shop(USE + SHIP)
    apart: JSON = {"by_number": {"$status": 404}, "order": {"by_id": {"id": "I1"}}, "ship": {}}
    nested: JSON = {"order": {"by_number": {"$status": 404}, "by_id": {"id": "I1"}}, "ship": {}}
    assert planned(made, {"refnum": "R1"}, apart) == planned(made, {"refnum": "R1"}, nested)


def test_an_answer_can_be_given_by_the_name_of_a_shared_step_inside_of_a_block(shop: MakeShop) -> None:
    made = shop("  - step: all\n    steps:\n" + "".join(f"    {line}\n" for line in USE.splitlines()))
    apart: JSON = {"all": {"by_number": {"id": "I1"}}}
    nested: JSON = {"all": {"order": {"by_number": {"id": "I1"}}}}
    assert planned(made, {"refnum": "R1"}, apart) == planned(made, {"refnum": "R1"}, nested)


@pytest.mark.parametrize(
    "steps, answers, expected",
    [
        (
            "  - step: all\n    steps:\n" + "".join(f"    {line}\n" for line in USE.splitlines()),
            {"all": {"by_nmber": {}}},
            "error[unknown-step]: there is no step `by_nmber`\n  --> a.json at /all/by_nmber\n"
            "  = help: did you mean `by_number`?",
        ),
        (
            USE,
            {"by_nmber": {}},
            "error[unknown-step]: there is no step `by_nmber`\n  --> a.json at /by_nmber\n"
            "  = help: did you mean `by_number`?",
        ),
        (
            USE + USE.replace("order, use", "other, use"),
            {"by_id": {}},
            "error[unknown-step]: there are 2 steps `by_id`\n  --> a.json at /by_id\n"
            "  = help: give its answer inside those of the step around it: order, other",
        ),
    ],
)
def test_an_answer_without_a_place_is_refused(
    shop: MakeShop, steps: str, answers: JSON, expected: str
) -> None:
    made = shop(steps)
    with pytest.raises(InputError) as caught:
        planned(made, {"refnum": "R1"}, answers)
    assert str(caught.value) == expected


def test_a_plan_waits_for_what_shared_steps_need(shop: MakeShop) -> None:
    steps = (
        "  - {step: first, call: GET /first, answer: shop/order}\n"
        "  - {step: order, use: ../find_order, with: {refnum: answers().first.id}}\n" + SHIP
    )
    made = shop(steps)
    assert planned(made, {"refnum": "R1"}, {})["waiting"] == [
        {"step": "order", "for": ["first"]},
        {"step": "ship", "call": "POST /orders/{{ answers.order.id }}/ship", "for": ["order"]},
    ]
    assert planned(made, {"refnum": "R1"}, {"first": {"id": "F"}})["waiting"] == [
        {"step": "by_id", "call": "GET /orders/{{ refnum }}", "for": ["by_number"]},
        {"step": "ship", "call": "POST /orders/{{ answers.order.id }}/ship", "for": ["order"]},
    ]


def test_a_failure_in_shared_steps_is_reported_by_the_file_that_uses_them(shop: MakeShop) -> None:
    made = shop(USE + SHIP)
    assert response(made, {"refnum": "R1"}, {"by_number": {"$status": 500}})["events"] == [
        {"code": "status", "of": "by_number", "id": "R1", "skipped": ["by_id", "ship"]}
    ]


def test_shared_steps_can_report_their_failures_themselves(shop: MakeShop) -> None:
    own = (
        FIND_ORDER + "failure: {code: {$const: OWN}, id: id}\nabout: {concept: {$const: order}, id: refnum}\n"
    )
    made = shop(USE, {"mappings/shop/find_order.yaml": own}, head="")
    assert found(made, "shop/notify/conversation", "shop/find_order") == []
    assert response(made, {"refnum": "R1"}, {"by_number": {"$status": 500}})["events"] == [
        {"code": "OWN", "id": "R1"}
    ]


def found(made: Project, *names: str) -> list[str]:
    return [
        f"{item.severity}[{item.id}] {item.span and item.span.source.name}:{item.span and item.span.line}:"
        f"{item.span and item.span.column} {item.message}" + "".join(f" ({note})" for note in item.notes)
        for item in made.check(list(names) or None)
    ]


def test_shared_steps_are_checked_with_the_types_of_every_use(shop: MakeShop) -> None:
    look = (
        "inputs: {order: {describe: an order}}\n"
        "steps:\n  - {step: a, value: order.statu}\nanswer: answers().a\n"
    )
    steps = USE + "  - {step: b, use: ../look, with: {order: answers().order}}\n"
    made = shop(steps, {"mappings/shop/look.yaml": look})
    assert found(made) == [
        "error[unknown-property] mappings/shop/look.yaml:3:28 `shop/order` has no property `statu` "
        "(used at mappings/shop/notify/conversation.yaml:8:20)"
    ]
    assert found(made, "shop/look") == found(made)


@pytest.mark.parametrize(
    "cell, is_unused",
    [
        ("b", True),
        ("'{{ b }}'", True),
        ("\"b[?@ == 'a']\"", True),
        ("'b[*].[@, root().b]'", True),
        ("root().b", True),
        ("a", False),
        ("$a", False),
        ("'{{ a }}'", False),
        ("root().a", False),
        ("'@'", False),
        ("root()", False),
        ("'*'", False),
        ("keys(@)", False),
        ("{$use: ./row}", False),
    ],
)
def test_an_input_that_nothing_reads_is_reported(shop: MakeShop, cell: str, is_unused: bool) -> None:
    look = f"inputs: {{a: {{describe: one}}, b: {{describe: two}}}}\nsteps:\n  - {{step: s, value: {cell}}}\n"
    files = {"mappings/shop/look.yaml": look, "mappings/shop/row.yaml": "map: {x: a, y: b}"}
    made = shop("  - {step: x, use: ../look, with: {a: refnum, b: numbers}}\n", files)
    message = "warning[unused-input] mappings/shop/look.yaml:1:10 nothing reads the input `a`"
    assert (message in found(made, "shop/look")) is is_unused


def test_the_answer_of_shared_steps_has_a_type(shop: MakeShop) -> None:
    made = shop(USE + "  - {step: b, if: answers().order, value: answers().order.idd}\n")
    assert found(made) == [
        "error[unknown-property] mappings/shop/notify/conversation.yaml:8:59 "
        "`shop/order` has no property `idd`"
    ]


def test_a_file_that_uses_itself_is_refused(shop: MakeShop) -> None:
    a = "inputs: {}\nsteps:\n  - {step: b, use: ./b}\n"
    made = shop(
        "  - {step: a, use: ../a}\n",
        {"mappings/shop/a.yaml": a, "mappings/shop/b.yaml": a.replace("./b", "./a")},
    )
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "notify")
    assert "error[use-circle]: `use` forms a circle: shop/a → shop/b → shop/a\n" in str(caught.value)


def test_shared_steps_that_multiply_are_refused(shop: MakeShop) -> None:
    step = "  - {{step: a{0}, use: ./f{1}, with: {{x: '{{y: x}}'}}}}\n"
    files = {
        f"mappings/shop/f{n}.yaml": (
            "inputs: {x: {describe: anything}}\nsteps:\n" + step.format(1, n + 1) + step.format(2, n + 1)
        )
        for n in range(12)
    }
    files["mappings/shop/f12.yaml"] = "inputs: {x: {describe: anything}}\nsteps:\n  - {step: a, value: x}\n"
    made = shop("  - {step: a, use: ../f0, with: {x: refnum}}\n", files)
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "notify")
    message = "with the shared steps that it uses, the file has more than 2,000 steps"
    assert f"error[file-too-large]: {message}\n  --> mappings/shop/f2.yaml:3:21\n" in str(caught.value)


def test_files_of_shared_steps_are_not_mappings(shop: MakeShop) -> None:
    made = shop(USE)
    assert made.shared_names(own=True) == ["shop/find_order"]
    assert "shop/find_order" not in made.mapping_names(own=True)


REFUSED = [
    (
        "  - {step: a, use: ../failure}\n",
        "error[unknown-shared-steps]: `shop/failure` is a mapping, and has no steps\n",
        "  = help: a mapping is used in a cell: `value: {$use: ../row}`",
    ),
    (
        "  - {step: a, value: {$use: ../find_order}}\n",
        "error[unknown-mapping]: `../find_order` has steps, and is not a mapping\n",
        "  = help: a step runs them: `use: ../find_order`",
    ),
    (
        "  - {step: a, use: ../../../find_order}\n",
        "error[unknown-mapping]: `../../../find_order` leads out of `mappings`\n",
        "",
    ),
    (
        "  - {step: a, value: refnum, with: {refnum: refnum}}\n",
        "error[key-without-task]: `with` goes with `use` or `adapts`, and this step has none\n",
        "",
    ),
    (
        "  - {step: a, use: ../find_order, with: refnum}\n",
        "error[not-an-object]: `with` must be an object: a cell for each input\n",
        "",
    ),
    (
        "  - {step: a, value: refnum, none: there is none}\n",
        "error[incomplete-report]: `none` must say what to report\n",
        "  = help: write it as {fail: CODE, message: …} or {warn: CODE, message: …}",
    ),
    (
        "  - {step: a, value: refnum, none: {fail: A, warn: B, message: m}}\n",
        "error[incomplete-report]: `none` must say what to report\n",
        "",
    ),
    (
        "  - {step: a, value: refnum, none: {warn: B, message: m, continue: true}}\n",
        "error[key-without-task]: `continue` goes with `fail`\n",
        "",
    ),
    (
        "  - {step: a, event: refnum, none: {warn: B, message: m}}\n",
        "error[key-without-task]: `none` goes with a `call`, `value`, `use` or `adapts`, "
        "and this step has none\n",
        "",
    ),
    (
        "  - {step: a, warn: B, message: m, continue: true}\n",
        "error[key-without-task]: `continue` goes with `fail`, and this step has none\n",
        "",
    ),
    (
        "  - {step: a, fail: B, message: m, continue: perhaps}\n",
        "error[not-a-flag]: this must be true or false\n",
        "",
    ),
    (
        "  - {step: a, fail: {cod: refnum}, message: m}\n",
        "error[event-code]: this cannot be the code of an event\n",
        "",
    ),
    ("  - {step: a, fail: A, message: [m]}\n", "error[not-text]: text is expected here\n", ""),
    (
        "  - {step: a, value: refnum, none: {fail: A, message: m, mesage: n}}\n",
        "error[unknown-key]: `none` has no key `mesage`\n",
        "  = help: did you mean `message`?",
    ),
]


@pytest.mark.parametrize("steps, message, help", REFUSED, ids=[message for _, message, _ in REFUSED])
def test_what_a_step_cannot_say(shop: MakeShop, steps: str, message: str, help: str) -> None:
    with pytest.raises(CompileError) as caught:
        shop(steps).conversation("shop", "notify")
    text = str(caught.value)
    assert message in text
    assert help in text
    assert text.count("error[") == 1


def test_a_mapping_that_reads_the_request_cannot_be_used_in_shared_steps(shop: MakeShop) -> None:
    look = "inputs: {}\nsteps:\n  - {step: a, value: {$use: ./row}}\nanswer: answers().a\n"
    made = shop(
        "  - {step: a, use: ../look}\n",
        {"mappings/shop/look.yaml": look, "mappings/shop/row.yaml": "map: {a: request().refnum}"},
    )
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "notify")
    assert "error[request-in-shared-steps]: `./row` reads `request()`, and shared steps have none\n" in str(
        caught.value
    )


# --- events


def test_fail_adds_an_event_and_ends_the_steps(shop: MakeShop) -> None:
    made = shop(
        "  - {step: gone, if: count == `0`, fail: NOTHING, message: 'Order {{ refnum }} is empty.',"
        " data: {count: count}}\n" + USE
    )
    assert made.check() == []
    shown = planned(made, {"refnum": "R1", "count": 0}, {})
    assert calls(shown) == []
    assert shown["response"] == {
        "answers": {},
        "events": [
            {
                "of": "notify",
                "level": "error",
                "code": "NOTHING",
                "message": "Order R1 is empty.",
                "about": "order",
                "id": "R1",
                "more": {"count": 0},
            }
        ],
    }
    assert calls(planned(made, {"refnum": "R1", "count": 1}, {})) == ["by_number: GET /orders/by-number/R1"]


@pytest.mark.parametrize("report, level", [("warn: A", "warning"), ("fail: A, continue: true", "error")])
def test_steps_go_on_after_a_warning(shop: MakeShop, report: str, level: str) -> None:
    made = shop(f"  - {{step: a, {report}, message: m}}\n  - {{step: b, value: refnum}}\n")
    found = response(made, {"refnum": "R1"}, {})
    assert found["answers"] == {"b": "R1"}
    assert found["events"] == [
        {"of": "notify", "level": level, "code": "A", "message": "m", "about": "order", "id": "R1"}
    ]


def test_fail_ends_only_its_element(shop: MakeShop) -> None:
    steps = """\
  - step: row
    each: numbers
    about: {concept: {$const: row}, id: '@'}
    steps:
      - {step: bad, if: "@ == '2'", fail: {code: "join('_', ['NO', @])"}, message: "Number {{ root }}."}
      - {step: good, value: '@'}
"""
    made = shop(steps.replace("{{ root }}", "{{ request.refnum }}"))
    found = response(made, {"refnum": "R1", "numbers": ["1", "2", "3"]}, {})
    assert found["answers"] == {"row": [{"good": "1", "element": "1"}, {"good": "3", "element": "3"}]}
    assert found["events"] == [
        {"of": "notify", "level": "error", "code": "NO_2", "message": "Number R1.", "about": "row", "id": "2"}
    ]


@pytest.mark.parametrize(
    "answers, request_, codes, order",
    [
        ({"by_number": {"id": "I"}, "ship": {}}, {"refnum": "R"}, [], {"id": "I"}),
        ({"by_number": {"$status": 404}, "by_id": {"$status": 404}}, {"refnum": "R"}, ["NOT_FOUND"], None),
    ],
)
def test_none_reports_that_there_is_no_answer(
    shop: MakeShop, answers: JSON, request_: JSON, codes: list[str], order: JSON
) -> None:
    none = "none: {fail: NOT_FOUND, message: 'There is no order {{ refnum }}.'}"
    made = shop(USE.replace("}}\n", f"}}, {none}}}\n") + SHIP)
    assert made.check() == []
    found = response(made, request_, answers)
    assert isinstance(found["events"], list)
    assert [event["code"] for event in found["events"] if isinstance(event, dict)] == codes
    assert isinstance(found["answers"], dict)
    assert found["answers"].get("order") == order
    assert ("ship" in found["answers"]) is (not codes)


@pytest.mark.parametrize(
    "step, expected",
    [
        ("value: absent", ["A"]),
        ("value: null", ["A"]),
        ("value: false", []),
        ("if: count, value: absent", []),
        ("each: numbers, value: '@ == `1` && @ || null'", ["A", "A"]),
        ("call: GET /a, tolerate: status == `404`", ["A"]),
    ],
)
def test_none_is_about_a_step_that_ran(shop: MakeShop, step: str, expected: list[str]) -> None:
    made = shop(
        f"  - {{step: a, {step}, none: {{warn: A, message: m}}}}\n  - {{step: b, value: refnum}}\n",
        {"schemas/shop/notice.schema.json": "{}"},
    )
    found = response(made, {"refnum": "R", "numbers": ["1", "2"]}, {"a": {"$status": 404}})
    assert isinstance(found["events"], list)
    assert [event["code"] for event in found["events"] if isinstance(event, dict)] == expected
    assert isinstance(found["answers"], dict)
    assert found["answers"]["b"] == "R"


def test_shared_steps_report_through_the_file_that_uses_them_or_by_themselves(shop: MakeShop) -> None:
    look = "inputs: {}\nsteps:\n  - {step: a, fail: A, message: m}\n"
    outer = {"mappings/shop/look.yaml": look}
    own = {"mappings/shop/look.yaml": look + "events: {own: code}\n"}
    steps = "  - {step: a, use: ../look}\n  - {step: b, value: refnum}\n"
    through = response(shop(steps, outer), {"refnum": "R"}, {})
    assert through["answers"] == {}
    assert through["events"] == [
        {"of": "notify", "level": "error", "code": "A", "message": "m", "about": "order", "id": "R"}
    ]
    assert response(shop(steps, own), {"refnum": "R"}, {})["events"] == [{"own": "A"}]
    with pytest.raises(CompileError) as caught:
        shop(steps, outer, head="").conversation("shop", "notify")
    assert str(caught.value).startswith(
        "error[missing-events]: `../look` reports events, and the file has no `events:`\n"
        "  --> mappings/shop/notify/conversation.yaml:5:20\n"
    )


def test_an_event_without_a_code_is_a_failed_step(shop: MakeShop) -> None:
    made = shop(
        "  - {step: a, fail: {code: absent}, message: m}\n", {"schemas/shop/notice.schema.json": "{}"}
    )
    assert response(made, {"refnum": "R"}, {})["events"] == [
        {"code": "request", "of": "a", "id": "R", "skipped": []}
    ]


def test_what_fail_rules_out_is_known_after_it(shop: MakeShop) -> None:
    name = "shop/notify/conversation"
    lacking = "  - {step: gone, unless: answers().order, fail: GONE, message: m}\n"
    ship = "  - {step: ship, call: 'POST /orders/{{ answers.order.id }}'}\n"
    assert found(shop(USE + lacking + ship), name) == []
    steps = "  - {step: order, if: count, call: GET /order, answer: shop/order}\n"
    assert found(shop(steps + lacking + ship), name) == []
    continues = lacking.replace("message", "continue: true, message")
    assert found(shop(steps + continues + ship), name) == [
        "warning[unbound-call] mappings/shop/notify/conversation.yaml:9:41 "
        "the call needs the answer of `order`, and that step may be skipped"
    ]


def test_the_step_of_a_trace_holds_the_shared_steps(shop: MakeShop) -> None:
    conversation = shop(USE).conversation("shop", "notify")
    trace = StepsTrace()
    given: JSON = {"order": {"by_number": {"id": "I"}}}
    run_conversation(conversation, {"refnum": "R"}, given_answer, given=given, trace=trace)
    assert [(step.step.name, step.outcome) for step in trace.steps[0].inside.steps] == [
        ("by_number", "ran"),
        ("by_id", "skipped"),
    ]
