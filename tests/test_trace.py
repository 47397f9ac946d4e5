"""Errors show their cause: the caret in the mapping, the place in the payload, the place in the result."""

from __future__ import annotations

import json

import pytest

from conftest import Compile, MakeProject
from crossdock import EvaluationError, InputError, Mapping, OutputError, Trace

TARGET = {
    "type": "object",
    "required": ["ref"],
    "properties": {
        "ref": {"type": "string"},
        "amount": {"type": "string", "pattern": "^[0-9]+\\.[0-9]{2}$"},
        "who": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
        },
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["sku"],
                "properties": {
                    "sku": {"type": "string"},
                    "n": {"type": "integer"},
                    "tags": {"type": "array"},
                },
            },
        },
        "kind": {"enum": ["a", "b"]},
        "secret": {"type": "string", "x-sensitive": True, "maxLength": 3},
        "words": {"type": "array", "items": {"type": "string"}},
    },
}
FILES = {
    "schemas/shop/target.schema.json": json.dumps(TARGET),
    "mappings/shop/line.yaml": "map:\n  sku: code\n  n: integer(count)\n",
    "mappings/shop/page.yaml": "map:\n  lines:\n    - $each: rows\n      $use: ./line\n",
}
CANARY = "4111-1111-SECRET"


def mapping_of(compiled: Compile, body: str, *, checked: bool = True) -> Mapping:
    head = "to: shop/target\n" if checked else ""
    return compiled(f"{head}map:\n{body}", FILES)


def blame(error: EvaluationError | OutputError) -> list[tuple[str, str, str, str | None, str | None]]:
    """What each diagnostic says: id, message, the text under the caret, input and output."""
    return [
        (
            item.id,
            item.message,
            item.span.text if item.span else "",
            item.input.pointer if item.input else None,
            item.output,
        )
        for item in error.diagnostics
    ]


# Evaluation: body, payload, message, the text under the caret, input, output.
FAILURES = [
    (
        "a scalar",
        "  ref: upper(number)\n",
        {"number": 7},
        "`upper` takes text as its first argument, not a number",
        "upper",
        "/number",
        "/ref",
    ),
    (
        "deep in the payload",
        "  ref: buyer.name | upper(@)\n",
        {"buyer": {"name": [1]}},
        "`upper` takes text as its first argument, not a list",
        "upper",
        "/buyer/name",
        "/ref",
    ),
    (
        "the second call of an expression",
        "  ref: upper(a) || lower(b)\n",
        {"b": 7},
        "`lower` takes text as its first argument, not a number",
        "lower",
        "/b",
        "/ref",
    ),
    (
        "an element of a list",
        "  lines:\n    - $each: rows\n      sku: code\n      n: integer(count)\n",
        {"rows": [{"count": 1}, {"count": "x"}]},
        "`integer` takes a number as its first argument, and this text is not a number",
        "integer",
        "/rows/1/count",
        "/lines/1/n",
    ),
    (
        "an element behind one that was left out",
        "  lines:\n    - $each: rows\n      $if: keep\n      n: integer(count)\n",
        {"rows": [{"keep": False, "count": "x"}, {"keep": True, "count": "x"}]},
        "`integer` takes a number as its first argument, and this text is not a number",
        "integer",
        "/rows/1/count",
        "/lines/0/n",
    ),
    (
        "the list of each",
        "  lines:\n    - $each: rows\n      sku: code\n",
        {"rows": {"a": 1}},
        "`$each` takes a list, not an object",
        "rows",
        "/rows",
        "/lines",
    ),
    (
        "the expression of each",
        "  lines:\n    - $each: sort(rows)\n      sku: code\n",
        {"rows": [1, "a"]},
        "`sort` takes a list of texts or a list of numbers, and an item is text",
        "sort",
        "/rows",
        "/lines",
    ),
    (
        "a condition",
        "  who:\n    $if: length(age) > `1`\n    name: n\n",
        {"age": 3, "n": "x"},
        "`length` takes text, a list or an object, not a number",
        "length",
        "/age",
        "/who",
    ),
    (
        "inside with",
        "  who:\n    $with: buyer.person\n    name: upper(name)\n",
        {"buyer": {"person": {"name": 1}}},
        "`upper` takes text as its first argument, not a number",
        "upper",
        "/buyer/person/name",
        "/who/name",
    ),
    (
        "a comparison",
        '  lines: "rows[?count > `1`]"\n',
        {"rows": [{"count": 2}, {"count": "3"}]},
        "`>` cannot compare text with a number",
        "count",
        "/rows/1/count",
        "/lines",
    ),
    (
        "a template",
        '  ref: "a {{ name }} {{ tags }}"\n',
        {"name": "x", "tags": [1]},
        "a list cannot be printed as text",
        "tags",
        "/tags",
        "/ref",
    ),
    (
        "a filter of a template",
        '  ref: "{{ name | upper }}"\n',
        {"name": 3},
        "`upper` takes text as its first argument, not a number",
        "upper",
        "/name",
        "/ref",
    ),
    (
        "another line of a folded block",
        "  ref: >-\n    name ||\n    upper(number)\n",
        {"number": 3},
        "`upper` takes text as its first argument, not a number",
        "upper",
        "/number",
        "/ref",
    ),
    (
        "a used mapping",
        "  lines:\n    - $each: rows\n      $use: ./line\n",
        {"rows": [{}, {"count": []}]},
        "`integer` takes a number or text as its first argument, not a list",
        "integer",
        "/rows/1/count",
        "/lines/1/n",
    ),
    (
        "a mapping that a used mapping uses",
        "  who:\n    $use: ./page\n",
        {"rows": [{"count": "x"}]},
        "`integer` takes a number as its first argument, and this text is not a number",
        "integer",
        "/rows/0/count",
        "/who/lines/0/n",
    ),
    (
        "a key that has to be escaped",
        '  "a/b~c": upper("x/y")\n',
        {"x/y": 1},
        "`upper` takes text as its first argument, not a number",
        "upper",
        "/x~1y",
        "/a~1b~0c",
    ),
]


@pytest.mark.parametrize(
    ("body", "payload", "message", "place", "read", "written"),
    [pytest.param(*row, id=name) for name, *row in FAILURES],
)
def test_a_failed_expression_is_blamed(
    body: str,
    payload: dict[str, object],
    message: str,
    place: str,
    read: str,
    written: str,
    compiled: Compile,
) -> None:
    with pytest.raises(EvaluationError) as caught:
        mapping_of(compiled, body, checked=False)(payload)  # type: ignore[arg-type]

    assert blame(caught.value) == [("evaluation-failed", message, place, read, written)]


def test_a_failure_inside_a_fragment_has_its_caret_in_the_fragment(compiled: Compile) -> None:
    text = "map:\n  who: {$with: buyer, $use: person}\nfragments:\n  person:\n    name: upper(n)\n"
    with pytest.raises(EvaluationError) as caught:
        compiled(text).run({"buyer": {"n": 1}}, name="order.json")

    assert str(caught.value) == (
        "error[evaluation-failed]: `upper` takes text as its first argument, not a number\n"
        "  --> mappings/shop/order.yaml:5:11\n"
        "  |\n"
        "5 |     name: upper(n)\n"
        "  |           ^^^^^\n"
        "  = input: order.json at /buyer/n\n"
        "  = output: /who/name"
    )


def test_a_failure_knows_what_ran_before_it(compiled: Compile) -> None:
    with pytest.raises(EvaluationError) as caught:
        mapping_of(compiled, "  a: x\n  b: upper(y)\n  c: x\n", checked=False)({"x": 1, "y": 2})

    trace = caught.value.trace
    assert isinstance(trace, Trace)
    assert [step.output for step in trace.steps] == [("a",)]


# The result breaks its schema: body, payload, id, message, the text under the caret, input, output.
BROKEN = [
    (
        "a wrong type",
        "  ref: number\n",
        {"number": 7},
        "wrong-type",
        "expected text, found a whole number",
        "number",
        "/number",
        "/ref",
    ),
    (
        "a pattern",
        "  ref: name\n  amount: sum\n",
        {"name": "x", "sum": "1.5"},
        "pattern-mismatch",
        None,
        "sum",
        "/sum",
        "/amount",
    ),
    (
        "a missing required key whose cell is there",
        "  ref: name\n",
        {"other": 1},
        "missing-required",
        "the required property `ref` is missing",
        "name",
        "/name",
        "",
    ),
    (
        "a missing required key in a value that an expression made",
        "  ref: name\n  who: buyer\n",
        {"name": "x", "buyer": {"age": 3}},
        "missing-required",
        "the required property `name` is missing",
        "buyer",
        "/buyer",
        "/who",
    ),
    (
        "a missing required key in an element",
        "  ref: name\n  lines:\n    - $each: rows\n      sku: code\n",
        {"name": "x", "rows": [{"code": "a"}, {"code": None}]},
        "missing-required",
        "the required property `sku` is missing",
        "code",
        "/rows/1/code",
        "/lines/1",
    ),
    (
        "a wrong type in an element",
        "  ref: name\n  lines:\n    - $each: rows\n      sku: code\n",
        {"name": "x", "rows": [{"code": "a"}, {"code": 5}]},
        "wrong-type",
        "expected text, found a whole number",
        "code",
        "/rows/1/code",
        "/lines/1/sku",
    ),
    (
        "the second alternative is the one that was taken",
        "  ref: name || number\n",
        {"number": 7},
        "wrong-type",
        "expected text, found a whole number",
        "name || number",
        "/number",
        "/ref",
    ),
    (
        "the value and not the condition",
        "  ref:\n    $if: flag\n    $value: number\n",
        {"flag": True, "number": 7},
        "wrong-type",
        "expected text, found a whole number",
        "number",
        "/number",
        "/ref",
    ),
    (
        "a value that is not listed",
        "  ref: name\n  kind: k\n",
        {"name": "x", "k": "c"},
        None,
        None,
        "k",
        "/k",
        "/kind",
    ),
    (
        "inside a used mapping",
        "  ref: name\n  lines:\n    - $each: rows\n      $use: ./line\n",
        {"name": "x", "rows": [{"code": 1}]},
        "wrong-type",
        "expected text, found a whole number",
        "code",
        "/rows/0/code",
        "/lines/0/sku",
    ),
    (
        "inside a value that an expression made",
        "  ref: name\n  words: list\n",
        {"name": "x", "list": ["a", 2]},
        "wrong-type",
        "expected text, found a whole number",
        "list",
        "/list",
        "/words/1",
    ),
    (
        "a list that is too short",
        "  ref: name\n  lines:\n    - $each: rows\n      sku: code\n",
        {"name": "x", "rows": []},
        "too-short",
        None,
        "- $each: rows\n      sku: code",
        None,
        "/lines",
    ),
    (
        "a bound",
        "  ref: name\n  who:\n    $with: buyer\n    name: name\n    age: age\n",
        {"name": "x", "buyer": {"name": "y", "age": -1}},
        "too-small",
        None,
        "age",
        "/buyer/age",
        "/who/age",
    ),
    (
        "a missing key inside with",
        "  ref: name\n  who:\n    $with: buyer\n    name: nick\n",
        {"name": "x", "buyer": {}},
        "missing-required",
        "the required property `name` is missing",
        "nick",
        "/buyer/nick",
        "/who",
    ),
]


@pytest.mark.parametrize(
    ("body", "payload", "id", "message", "place", "read", "written"),
    [pytest.param(*row, id=name) for name, *row in BROKEN],
)
def test_a_result_that_breaks_its_schema_is_blamed_on_the_cell(
    body: str,
    payload: dict[str, object],
    id: str | None,
    message: str | None,
    place: str,
    read: str | None,
    written: str,
    compiled: Compile,
) -> None:
    with pytest.raises(OutputError) as caught:
        mapping_of(compiled, body)(payload)  # type: ignore[arg-type]

    (found,) = blame(caught.value)
    assert found[2:] == (place, read, written)
    assert id is None or found[0] == id
    assert message is None or found[1] == message


def test_every_break_of_a_result_is_reported(compiled: Compile) -> None:
    body = "  ref: name\n  amount: number\n  lines:\n    - $each: rows\n      sku: code\n"
    with pytest.raises(OutputError) as caught:
        mapping_of(compiled, body)({"number": 1, "rows": [{"code": 1}, {}]})

    assert [item.output for item in caught.value.diagnostics] == ["", "/amount", "/lines/0/sku", "/lines/1"]
    assert caught.value.result == {"amount": 1, "lines": [{"sku": 1}, {}]}


def test_without_validation_the_result_comes_out_as_it_is(compiled: Compile) -> None:
    assert mapping_of(compiled, "  ref: number\n").run({"number": 1}, validate=False).value == {"ref": 1}


# No value of the payload is ever shown

LEAKS = [body for _, body, *_ in FAILURES] + [
    f"  ref: {expression}\n"
    for expression in [
        "upper(v)",
        "number(v)",
        "money(v)",
        "integer(v)",
        "epoch(v)",
        "iso(v)",
        "length(v)",
        "keys(v)",
        "join(v, v)",
        "sort(v)",
        "sum(v)",
        "avg(v)",
        "max(v)",
        "abs(v)",
        "merge(v)",
        "shares(v, v)",
        "money(n, v)",
        "money(n, 'EUR', v)",
        "round(n, n, v)",
        "epoch(v, v)",
        "add(v, n)",
        "ratio(v, n)",
        "truncate(v, v)",
        "pad_left(v, n, v)",
        "replace(v, none || '', v)",
        "split(v, none || '')",
        '"v < n"',
        '"{{ o }}"',
        "map(&upper(@), o)",
        "sort_by(o, &v)",
    ]
]


@pytest.mark.parametrize("body", LEAKS)
@pytest.mark.parametrize(
    "payload",
    [
        {"v": CANARY, "n": 5, "o": [{"v": CANARY}, {"v": 1}]},
        {"v": [CANARY, 1], "n": CANARY, "o": {CANARY: CANARY}},
        {"v": {"k": CANARY}, "n": 1, "o": [[CANARY]]},
        dict.fromkeys(("number", "buyer", "rows", "a", "b", "age", "name", "tags", "x/y"), CANARY),
        {
            "rows": [{"count": CANARY, "code": CANARY, "keep": CANARY}],
            "buyer": {"person": {"name": [CANARY]}},
        },
    ],
)
def test_no_message_shows_a_value(body: str, payload: dict[str, object], compiled: Compile) -> None:
    try:
        mapping_of(compiled, body, checked=False)(payload)  # type: ignore[arg-type]
    except EvaluationError as error:
        shown = "\n".join(f"{item.message} {item.help} {item.notes}" for item in error.diagnostics)
        assert CANARY not in shown
        assert CANARY not in str(error).replace(f"/{CANARY}", "")


@pytest.mark.parametrize("value", [CANARY, [CANARY], {"a": CANARY}, 41111111])
def test_no_value_is_shown_when_a_result_breaks_its_schema(value: object, compiled: Compile) -> None:
    body = "  ref: v\n  amount: v\n  kind: v\n  secret: v\n  words: v\n  lines: v\n  who: v\n"
    with pytest.raises(OutputError) as caught:
        mapping_of(compiled, body)({"v": value})  # type: ignore[dict-item]

    assert len(caught.value.diagnostics) >= 4
    assert CANARY not in str(caught.value)
    assert "41111111" not in str(caught.value)


def test_no_value_is_shown_when_a_payload_breaks_its_schema(project: MakeProject) -> None:
    made = project({**FILES, "mappings/m.yaml": "from: shop/target\nmap: {a: ref}\n"})
    with pytest.raises(InputError) as caught:
        made.mapping("m")({"ref": [CANARY], "kind": CANARY, "secret": CANARY, "amount": CANARY})

    assert [item.input and item.input.pointer for item in caught.value.diagnostics] == [
        "/amount",
        "/kind",
        "/ref",
        "/secret",
    ]
    assert CANARY not in str(caught.value)


# The trace of a run that succeeds


def test_a_trace_says_what_each_cell_read_and_wrote(compiled: Compile) -> None:
    body = (
        "  ref: first || last\n"
        "  who: {$with: buyer, name: name, age: root().age}\n"
        "  lines:\n    - $each: rows\n      sku: code\n"
        "  kind: {$const: a}\n"
        "  gone: {$if: flag, $value: x}\n"
    )
    payload = {"last": "L", "buyer": {"name": "N"}, "age": 4, "rows": [{"code": "A"}, {"code": "B"}]}
    trace = mapping_of(compiled, body, checked=False).run(payload).trace  # type: ignore[arg-type]

    steps = [
        (step.output, step.span.text, [(r.pointer, r.present) for r in step.reads], step.present)
        for step in trace.steps
    ]
    for step in [
        (("ref",), "first || last", [("/first", False), ("/last", True)], True),
        (("who", "name"), "name", [("/buyer/name", True)], True),
        (("who", "age"), "root().age", [("/age", True)], True),
        (("lines", 0, "sku"), "code", [("/rows/0/code", True)], True),
        (("lines", 1, "sku"), "code", [("/rows/1/code", True)], True),
        (("kind",), "a", [], True),
    ]:
        assert step in steps
    assert any(
        output == ("gone",) and reads == [("/flag", False)] and not present
        for output, _, reads, present in steps
    )


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (("ref",), "name"),
        (("lines", 1, "sku"), "code"),
        (("lines", 1, "unknown"), "{sku: code, $each: rows}"),
        (("lines", 7), "[{sku: code, $each: rows}]"),
        (("words", 3, "deep"), "list"),
        (("nothing",), "{ref: name, lines: [{sku: code, $each: rows}], words: list}"),
    ],
)
def test_a_place_of_the_result_leads_to_the_nearest_cell(
    output: tuple[str | int, ...], text: str, compiled: Compile
) -> None:
    mapping = compiled("map: {ref: name, lines: [{sku: code, $each: rows}], words: list}\n")
    trace = mapping.run({"name": "x", "rows": [{"code": 1}, {"code": 2}], "list": [1]}).trace

    step = trace.at(output)
    assert step is not None
    assert step.span.text == text


def test_a_value_that_only_reads_what_a_with_made_is_traced_to_what_the_with_read(compiled: Compile) -> None:
    cell = "  ref:\n    $with: buyer.code\n    $value: lookup('t', @)\n"
    mapping = compiled(
        f"to: shop/target\n# allow[may-be-missing]: x\nmap:\n{cell}tables: {{t: {{a: b}}}}\n", FILES
    )

    with pytest.raises(OutputError) as error:
        mapping({"buyer": {"code": "x"}})

    places = [diagnostic.input for diagnostic in error.value.diagnostics]
    assert [place and place.pointer for place in places] == ["/buyer/code"]
