"""What a mapping accounts for: of both schemas each field, and of itself each rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import MakeProject
from crossdock import CrossdockError, Project
from crossdock.cli.app import run
from crossdock.language.syntax import LinkedMapping
from crossdock.tools.coverage.accounts import accounts_of
from crossdock.tools.coverage.leaves import leaves_of, text_of
from crossdock.tools.coverage.report import coverage
from crossdock.tools.coverage.text import write
from crossdock.tools.explain.fields import destinations

SOURCE = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "buyer": {"$ref": "#/$defs/person"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string"},
                    "quantity": {"type": "integer"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "free": {"type": "object"},
        "parent": {"$ref": "#/$defs/person"},
    },
    "$defs": {
        "person": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "friend": {"$ref": "#/$defs/person"}},
        }
    },
}
TARGET = {
    "type": "object",
    "properties": {
        "refnum": {"type": "string"},
        "person": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "tags": {"type": "array"}, "gift": {}},
            },
        },
    },
}
FILES = {
    "schemas/shop/source.schema.json": json.dumps(SOURCE),
    "schemas/shop/target.schema.json": json.dumps(TARGET),
}
TYPED = "from: shop/source\nto: shop/target\n"


def texts(paths: object) -> list[str]:
    return [text_of(path) for path in paths]  # type: ignore[attr-defined]


def test_the_fields_of_a_schema(project: MakeProject) -> None:
    schema = project(FILES).schema("shop/source")

    assert texts(leaves_of(schema)) == [
        "buyer.friend",
        "buyer.name",
        "free",
        "lines[].quantity",
        "lines[].sku",
        "lines[].tags",
        "number",
        "parent.friend",
        "parent.name",
    ]


ALL = ["buyer", "free", "lines", "number", "parent"]
READINGS: list[tuple[str, str, list[str]]] = [
    ("a property", "map: {refnum: to_string(number || `0`)}", ["number"]),
    ("a condition reads", "map: {refnum: {$if: free, $const: a}}", ["free"]),
    ("a condition on an object reads nothing in it", "map: {refnum: {$if: buyer, $const: a}}", []),
    ("a filter reads", "map: {items: 'lines[?quantity].{sku: sku}'}", ["lines[].quantity", "lines[].sku"]),
    ("a list of texts is one field", "map: {items: [{$each: lines, tags: tags}]}", ["lines[].tags"]),
    ("an object passed on whole", "map: {person: buyer}", ["buyer.friend", "buyer.name"]),
    (
        "elements passed on whole",
        "map: {items: [{$each: lines, $value: '@'}]}",
        ["lines[].quantity", "lines[].sku", "lines[].tags"],
    ),
    ("a step inside reads nothing else", "map: {person: {$with: buyer, name: name}}", ["buyer.name"]),
    ("an object printed whole", "map: {refnum: to_string(buyer)}", ["buyer.friend", "buyer.name"]),
    (
        "a check reads",
        "map: {}\nchecks: [{check: 'root().number', message: no number}]",
        ["number"],
    ),
    (
        "another mapping reads",
        "map: {$with: buyer, $use: ../other}",
        ["buyer.name"],
    ),
]

LINES = ["lines[].quantity", "lines[].sku", "lines[].tags"]
# what a cell passes on or looks at, and the fields that it reads
EXPRESSIONS: dict[str, list[str]] = {
    # all of what is passed on
    "@": ["buyer.friend", "buyer.name", "free", *LINES, "number", "parent.friend", "parent.name"],
    "root()": ["buyer.friend", "buyer.name", "free", *LINES, "number", "parent.friend", "parent.name"],
    "lines[?sku] || `[]`": LINES,
    "reverse(lines) || `[]`": LINES,
    "not_null(lines[], `[]`)": LINES,
    "{k: buyer} || `{}`": ["buyer.friend", "buyer.name"],
    "lines[:1]": LINES,
    "sort_by(lines, &sku)": LINES,
    "map(&@, lines)": LINES,
    "unique(lines)": LINES,
    "to_array(buyer)": ["buyer.friend", "buyer.name"],
    "merge(buyer, {k: number})": ["buyer.friend", "buyer.name", "number"],
    "values(buyer)": ["buyer.friend", "buyer.name"],
    "entries(buyer)": ["buyer.friend", "buyer.name"],
    "keys(buyer)": ["buyer.friend", "buyer.name"],
    "to_string(lines)": LINES,
    "join(', ', lines[].tags[])": ["lines[].tags"],
    "let $b = buyer in [$b]": ["buyer.friend", "buyer.name"],
    "{a: buyer, b: parent}.*": ["buyer.friend", "buyer.name", "parent.friend", "parent.name"],
    "buyer == parent": ["buyer.friend", "buyer.name", "parent.friend", "parent.name"],
    "lookup('t', 'x', buyer)": ["buyer.friend", "buyer.name"],
    # what only tells whether something exists, or how many there are
    "buyer && buyer.name": ["buyer.name"],
    "buyer && 'x'": [],
    "!buyer": [],
    "buyer != `null`": [],
    "type(buyer)": [],
    "length(lines)": [],
    "length(buyer)": ["buyer.friend", "buyer.name"],
    "positions(lines)": [],
    "lines[*].{k: 'x'}": [],
    "lines[].tags | length(@)": ["lines[].tags"],
    "buyer.name == `null`": ["buyer.name"],
    "number && 'x'": ["number"],
    # one part of what is passed through
    "reverse(lines)[*].sku": ["lines[].sku"],
    "sort_by(lines, &quantity)[*].sku": ["lines[].quantity", "lines[].sku"],
    "max_by(lines, &quantity).sku": ["lines[].quantity", "lines[].sku"],
    "first(lines).sku": ["lines[].sku"],
    "map(&sku, lines)": ["lines[].sku"],
    "zip(positions(lines), lines)[*].{n: [0], sku: [1].sku}": ["lines[].sku"],
    "[buyer, parent][0].name": ["buyer.name"],
    "merge(buyer, {k: number}).name": ["buyer.name", "number"],
    "merge(buyer, parent).name": ["buyer.name", "parent.name"],
    "{a: buyer, b: parent}.a.name": ["buyer.name"],
    "not_null(buyer, parent).name": ["buyer.name", "parent.name"],
    "let $b = buyer in $b.name": ["buyer.name"],
    "buyer.*": ["buyer.friend", "buyer.name"],
    "free.anything": ["free"],
    "free.*.sku": ["free"],
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_an_expression_reads(expression: str, project: MakeProject) -> None:
    text = f"from: shop/source\nmap: {{r: {json.dumps(expression)}}}\ntables: {{t: {{y: 1}}}}\n"
    mapping = project({**FILES, "mappings/shop/order.yaml": text}).mapping("shop/order").linked
    source = accounts_of(mapping)[0]

    assert texts(source.done) == EXPRESSIONS[expression]
    assert [field for field in texts(source.done) if not goes_somewhere(mapping, field)] == []
    assert [field for field in texts(source.unaccounted) if goes_somewhere(mapping, field)] == []


def goes_somewhere(mapping: LinkedMapping, field: str) -> bool:
    """Whether `explain --source` says where a field goes."""
    found = destinations(mapping, field)
    return bool(found.direct or found.decides or found.checks)


CELLS: list[tuple[str, list[str]]] = [
    ("{$if: buyer, $const: a}", []),
    ("{$if: number, $const: a}", ["number"]),
    ("{$if: 'buyer == parent', $const: a}", ["buyer.friend", "buyer.name", "parent.friend", "parent.name"]),
    ("{$with: buyer, $value: '@'}", ["buyer.friend", "buyer.name"]),
    ("{$with: buyer, a: name}", ["buyer.name"]),
    ("[{$each: lines, a: {$const: x}}]", []),
    ("[{$each: 'lines[?quantity]', a: sku}]", ["lines[].quantity", "lines[].sku"]),
    ("[{$each: 'reverse(lines)', $value: '@'}]", LINES),
    ("[{$each: 'lines[].tags', $value: '@'}]", ["lines[].tags"]),
    ("{$use: part, $with: buyer}", ["buyer.name"]),
    ("{$use: ../other, $with: buyer}", ["buyer.friend", "buyer.name"]),
    ("'{{ buyer.name }}{% if number %}!{% endif %}'", ["buyer.name", "number"]),
]


@pytest.mark.parametrize(("cell", "read"), CELLS)
def test_what_a_cell_reads(cell: str, read: list[str], project: MakeProject) -> None:
    text = f"from: shop/source\nmap: {{r: {cell}}}\nfragments: {{part: {{n: name}}}}\n"
    other = "map: {refnum: name}\nchecks: [{check: 'root().friend', message: a friend}]\n"
    made = project({**FILES, "mappings/shop/order.yaml": text, "mappings/other.yaml": other})
    mapping = made.mapping("shop/order").linked
    source = accounts_of(mapping)[0]

    assert texts(source.done) == read
    assert [field for field in texts(source.done) if not goes_somewhere(mapping, field)] == []
    assert [field for field in texts(source.unaccounted) if goes_somewhere(mapping, field)] == []


ODD_KEYS = {
    "type": "object",
    "properties": {
        "": {"type": "string"},
        "*": {"type": "string"},
        "a.b": {"type": "object", "properties": {"c d": {"type": "string"}, 'say "x"': {"type": "string"}}},
        "a": {"type": "object", "properties": {"b": {"type": "string"}}},
        "grid": {
            "type": "array",
            "items": {
                "type": "array",
                "items": {"type": "object", "properties": {"x": {"type": "string"}, "y": {"type": "string"}}},
            },
        },
        "prices": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"net": {"type": "string"}}},
        },
    },
}
# an expression, and the fields that it reads of a schema with odd names, lists in lists and a typed map
ODD_READS: dict[str, list[str]] = {
    '""': ['""'],
    '"*"': ["*"],
    '"a.b"."c d"': ['"a.b"."c d"'],
    '"a.b"': ['"a.b"."c d"', '"a.b"."say \\"x\\""'],
    "a.b": ["a.b"],
    "a.*": ["a.b"],
    "grid[][].x": ["grid[][].x"],
    "grid[*][0].x": ["grid[][].x"],
    "grid[]": ["grid[][].x", "grid[][].y"],
    "grid[] | [0].y": ["grid[][].y"],
    "prices.k.net": ["prices"],
    "prices.*.net": ["prices"],
    "values(prices)[].net": ["prices"],
    "entries(prices)[].value.net": ["prices"],
}


@pytest.mark.parametrize("expression", ODD_READS)
def test_odd_names_lists_in_lists_and_typed_maps_are_read(expression: str, project: MakeProject) -> None:
    files = {"schemas/shop/odd.schema.json": json.dumps(ODD_KEYS)}
    text = f"from: shop/odd\nmap: {{r: {json.dumps(expression)}}}\n"
    source = accounts_of(project({**files, "mappings/shop/odd.yaml": text}).mapping("shop/odd").linked)[0]

    assert texts(source.done) == ODD_READS[expression]


# what is ignored, what the mapping sends, and the note of the finding
IGNORED: list[tuple[str, str, str | None]] = [
    ("lines[].sku", "lines", "`shop/source.lines` is read as a whole"),
    ("lines[].sku", "lines[?sku] || `[]`", "`shop/source.lines[]` is read as a whole"),
    ("lines[].sku", "reverse(lines) || `[]`", "`shop/source.lines[]` is read as a whole"),
    ("lines[].sku", "not_null(lines[], `[]`)", "`shop/source.lines[]` is read as a whole"),
    ("buyer.name", "@", "`shop/source` is read as a whole"),
    ("buyer.name", "merge(buyer, {k: number})", "`shop/source.buyer` is read as a whole"),
    ("buyer.name", "values(buyer)", "`shop/source.buyer.*` is read"),
    ("buyer.name", "to_string({k: buyer})", "`shop/source.buyer` is read as a whole"),
    ("buyer.name", "length(buyer)", "`shop/source.buyer` is read as a whole"),
    ("lines[].*", "lines", "all of `shop/source.lines` is read"),
    ("lines", "lines[*].sku", "`shop/source.lines[].sku` is read"),
    ("free", "free.k.l", "`shop/source.free.k.l` is read"),
    ("lines[].sku", "lines[*].quantity", None),
    ("lines[].*", "lines[*].quantity", None),
    ("lines[].sku", "length(lines)", None),
    ("buyer.friend", "buyer && buyer.name", None),
    ("buyer.friend", "merge(buyer, {k: number}).name", None),
]


@pytest.mark.parametrize(("path", "expression", "note"), IGNORED)
def test_what_is_ignored_is_not_sent(
    path: str, expression: str, note: str | None, project: MakeProject
) -> None:
    text = f"from: shop/source\nignored: {{{json.dumps(path)}: why}}\nmap: {{r: {json.dumps(expression)}}}\n"
    made = project({**FILES, "mappings/shop/order.yaml": text})
    found = [item for item in made.mapping("shop/order").findings if item.id == "ignored-but-read"]

    assert [item.message for item in found] == (
        [f"`{path}` is listed under `ignored`, but it is read"] if note else []
    )
    assert [item.notes for item in found] == ([(note,)] if note else [])


def test_a_field_without_a_name_can_be_ignored(project: MakeProject) -> None:
    files = {"schemas/shop/odd.schema.json": json.dumps(ODD_KEYS)}
    text = 'from: shop/odd\nignored: {\'""\': why, \'"a.b"."c d"\': why}\nmap: {r: a.b}\n'
    source = accounts_of(project({**files, "mappings/shop/odd.yaml": text}).mapping("shop/odd").linked)[0]

    assert texts(field for field, _ in source.left_out) == ['""', '"a.b"."c d"']


# what is unavailable, what the mapping writes, and whether that is a finding
UNAVAILABLE: list[tuple[str, str, bool]] = [
    ("person.name", "{person: buyer}", True),
    ("person.name", "{person: 'buyer || {name: lines[0].sku}'}", True),
    ("person.name", "{person: {$if: buyer, $value: buyer}}", True),
    ("person.age", "{person: buyer}", False),
    ("items[].sku", "{items: lines}", True),
    ("items[].sku", "{items: 'lines[?sku] || `[]`'}", True),
    ("items[].sku", "{items: [{$each: lines, $value: '@'}]}", True),
    ("items[].gift", "{items: lines}", False),
    ("person.name", "{person: free}", False),
    ("person.name", "{person: {$with: buyer, $use: ../person}}", False),
]


NAMED = {"type": "object", "properties": {"name": {"type": "string"}}}
SKUS = {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}}
SOLD = {"type": "object", "properties": {"buyer": NAMED, "lines": SKUS, "free": {"type": "object"}}}


@pytest.mark.parametrize(("path", "text", "found"), UNAVAILABLE)
def test_what_is_unavailable_is_not_written(path: str, text: str, found: bool, project: MakeProject) -> None:
    order = f"from: shop/sold\nto: shop/target\nunavailable: {{{json.dumps(path)}: why}}\nmap: {text}\n"
    files = {
        "schemas/shop/person.schema.json": json.dumps(TARGET["properties"]["person"]),  # type: ignore[index]
        "schemas/shop/sold.schema.json": json.dumps(SOLD),
        "mappings/person.yaml": "to: shop/person\nmap: {age: {$const: 7}}\n",
        "mappings/shop/order.yaml": order,
    }
    problems = project({**FILES, **files}).check(["shop/order"])

    assert [item.message for item in problems if item.id == "unavailable-but-written"] == (
        [f"`{path}` is listed under `unavailable`, but it is written"] if found else []
    )


@pytest.mark.parametrize(
    ("text", "read"), [pytest.param(text, read, id=name) for name, text, read in READINGS]
)
def test_what_is_read(text: str, read: list[str], project: MakeProject) -> None:
    made = project(
        {**FILES, "mappings/shop/order.yaml": TYPED + text, "mappings/other.yaml": "map: {refnum: name}"}
    )
    source = accounts_of(made.mapping("shop/order").linked)[0]

    assert texts(source.done) == read
    assert len(source.unaccounted) == 9 - len(read)


WRITINGS: list[tuple[str, str, list[str]]] = [
    ("a cell", "map: {refnum: buyer.name}", ["refnum"]),
    ("a constant", "map: {person: {$const: {name: a}}}", ["person.name"]),
    ("an object that an expression makes", "map: {person: '{age: number}'}", ["person.age"]),
    ("an object of the payload has what it has", "map: {person: buyer}", ["person.name"]),
    ("a value of which nothing is known has all", "map: {person: free}", ["person.age", "person.name"]),
    ("a list of values", "map: {items: [{tags: [a]}]}".replace("[a]", "[{$const: a}]"), ["items[].tags"]),
    ("an empty list", "map: {items: [{tags: []}]}", ["items[].tags"]),
    ("an empty object writes nothing in it", "map: {person: {}}", []),
    ("something inside a field", "map: {items: [{gift: {text: buyer.name}}]}", ["items[].gift"]),
]


@pytest.mark.parametrize(
    ("text", "written"), [pytest.param(text, written, id=name) for name, text, written in WRITINGS]
)
def test_what_is_written(text: str, written: list[str], project: MakeProject) -> None:
    made = project({**FILES, "mappings/shop/order.yaml": TYPED + text})
    target = accounts_of(made.mapping("shop/order").linked)[1]

    assert texts(target.done) == written
    assert len(target.unaccounted) == 6 - len(written)


MAPPING = """\
from: shop/source
to: shop/target
ignored:
  parent: not needed
  lines[].*: of no use
unavailable:
  "*": the shop does not know it
map:
  refnum: (number && to_string(number)) || buyer.name || 'none'
  person:
    $if: buyer
    name: "{% if buyer.name %}{{ buyer.name }}{% else %}somebody{% endif %}"
  items:
    - $each: lines[?quantity > `0`]
      sku: lookup('sku', sku, sku)
tables:
  sku: {A: a, "B": b, '7': c}
checks:
  - {check: refnum, message: no number}
"""


def covered(project: MakeProject, payloads: Mapping[str, object]) -> str:
    files = {f"examples/shop/order/{name}.json": json.dumps(payload) for name, payload in payloads.items()}
    made = project({**FILES, **files, "mappings/shop/order.yaml": MAPPING})
    return write(coverage(made, [made.mapping("shop/order")]))


HEAD = """\
shop/order
  source  9 fields of shop/source: 4 read, 3 ignored, 2 unaccounted
    buyer.friend
    free
  target  6 fields of shop/target: 3 written, 3 unavailable, 0 unaccounted
"""


def test_without_examples_no_rule_is_seen(project: MakeProject) -> None:
    assert covered(project, {}) == HEAD + (
        "  rules   0 of 16 seen in 0 examples\n  rows    0 of 3 hit\n"
        "    mappings/shop/order.yaml:9:11: the cell never gives a value: "
        "(number && to_string(number)) || buyer.name || 'none'\n"
        "    mappings/shop/order.yaml:9:12: the left side of `||` is never used: "
        "number && to_string(number) || buyer.name || 'none'\n"
        "    mappings/shop/order.yaml:9:12: the right side of `||` is never used: "
        "number && to_string(number) || buyer.name || 'none'\n"
        "    mappings/shop/order.yaml:9:12: the left side of `||` is never used: "
        "number && to_string(number) || buyer.name\n"
        "    mappings/shop/order.yaml:9:12: the right side of `||` is never used: "
        "number && to_string(number) || buyer.name\n"
        "    mappings/shop/order.yaml:9:12: the left side of `&&` is never true: "
        "number && to_string(number)\n"
        "    mappings/shop/order.yaml:9:12: the left side of `&&` is never false: "
        "number && to_string(number)\n"
        "    mappings/shop/order.yaml:11:10: `$if` is never true: buyer\n"
        "    mappings/shop/order.yaml:11:10: `$if` is never false: buyer\n"
        "    mappings/shop/order.yaml:12:12: the cell never gives a value: "
        "{% if buyer.name %}{{ buyer.name }}{% else %}somebody{% end…\n"
        "    mappings/shop/order.yaml:12:18: the condition is never true: buyer.name\n"
        "    mappings/shop/order.yaml:12:18: the condition is never false: buyer.name\n"
        "    mappings/shop/order.yaml:14:21: the filter never keeps an element: quantity > `0`\n"
        "    mappings/shop/order.yaml:14:21: the filter never drops an element: quantity > `0`\n"
        "    mappings/shop/order.yaml:15:12: the cell never gives a value: lookup('sku', sku, sku)\n"
        "    mappings/shop/order.yaml:19:5: the check never fails: no number\n"
        "    mappings/shop/order.yaml:17:9: rows of `sku` that are never hit: A, B, 7"
    )


def test_examples_show_the_arms_of_rules(project: MakeProject) -> None:
    first = {"number": 1, "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 0}]}
    second = {"buyer": {"name": "Ada"}, "lines": [{"sku": "7", "quantity": 1}]}

    assert covered(project, {"first": first, "second": second}) == HEAD + (
        "  rules   13 of 16 seen in 2 examples\n  rows    2 of 3 hit\n"
        "    mappings/shop/order.yaml:9:12: the right side of `||` is never used: "
        "number && to_string(number) || buyer.name || 'none'\n"
        "    mappings/shop/order.yaml:12:18: the condition is never false: buyer.name\n"
        "    mappings/shop/order.yaml:19:5: the check never fails: no number\n"
        "    mappings/shop/order.yaml:17:15: rows of `sku` that are never hit: B"
    )


CONVERSATION = """\
request: shop/source
response_schema: shop/target
steps:
  - {step: note, call: POST /notes, body: ../order}
response: {refnum: {$const: done}}
"""
USING = {
    **FILES,
    "mappings/shop/order.yaml": "map: {refnum: number || `0`}\nchecks: [{check: refnum, message: none}]\n",
    "mappings/shop/page.yaml": "map: [{$each: orders, $use: ./order}]\n",
    "mappings/shop/notify/conversation.yaml": CONVERSATION,
    "mappings/shop/channel.yaml": "describe: A shop.\nbase_url: https://shop.example\n",
}


def test_examples_of_mappings_that_use_it_count(project: MakeProject) -> None:
    payloads = {
        "examples/shop/page/one.json": '{"orders": [{"number": 1}]}',
        "examples/shop/notify/one.json": '{"number": 1}',
        "examples/shop/notify/one.answers.json": "{}",
        "examples/shop/notify/none.json": "{}",
    }
    made = project({**USING, **payloads})
    found = coverage(made, [made.mapping("shop/order")])[0].firing

    assert found is not None
    assert found.examples == {"shop/page": 1, "shop/notify": 2}
    assert [item.says for item in found.missed] == ["the check never fails"]


def test_the_arms_inside_a_let_are_rules(project: MakeProject) -> None:
    cell = "let $n = number || name in lookup('sku', $n, 'none')"
    text = f'map:\n  refnum: "{cell}"\ntables: {{sku: {{A: a, B: b}}}}\n'
    made = project(
        {
            "mappings/shop/order.yaml": text,
            "examples/shop/order/one.json": '{"number": "A"}',
        }
    )

    assert write(coverage(made, [made.mapping("shop/order")])).splitlines()[1:] == [
        "  rules   2 of 3 seen in 1 example",
        "  rows    1 of 2 hit",
        "    mappings/shop/order.yaml:2:21: the right side of `||` is never used: number || name",
        "    mappings/shop/order.yaml:3:22: rows of `sku` that are never hit: B",
    ]


def test_of_a_long_table_some_rows_are_named(project: MakeProject) -> None:
    rows = ", ".join(f"R{number:02}: {number}" for number in range(30))
    text = f"map: {{refnum: \"lookup('sku', number)\"}}\ntables: {{sku: {{{rows}}}}}\n"
    made = project({"mappings/shop/order.yaml": text, "examples/shop/order/one.json": '{"number": "R01"}'})

    *_, last = write(coverage(made, [made.mapping("shop/order")])).splitlines()
    assert last.endswith(", R19, R20 and 9 more")


def test_payloads_may_be_given(project: MakeProject, tmp_path: Path) -> None:
    made = project(USING)
    file = tmp_path / "yesterday.ndjson"
    file.write_text('{"number": ""}\n{"number": 1}\nnot JSON\n', encoding="utf-8")
    found = coverage(made, [made.mapping("shop/order")], [file])[0].firing

    assert found is not None
    assert found.examples == {"shop/order": 3}
    assert [item.says for item in found.missed] == ["the check never fails"]


def test_the_command(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(USING)
    monkeypatch.chdir(tmp_path)

    assert run(["-C", ".", "coverage", "shop/order"]) == 0
    assert capsys.readouterr().out == (
        "shop/order\n"
        "  rules   0 of 4 seen in 0 examples\n"
        "    mappings/shop/order.yaml:1:15: the cell never gives a value: number || `0`\n"
        "    mappings/shop/order.yaml:1:15: the left side of `||` is never used: number || `0`\n"
        "    mappings/shop/order.yaml:1:15: the right side of `||` is never used: number || `0`\n"
        "    mappings/shop/order.yaml:2:10: the check never fails: none\n"
    )
    assert run(["-C", ".", "coverage", "shop/order", "--strict"]) == 1
    capsys.readouterr()
    assert run(["-C", ".", "coverage", "shop/order", "--format", "markdown", "--static"]) == 0
    assert capsys.readouterr().out == (
        "| mapping | source fields | target fields | rules | table rows |\n"
        "|---|---|---|---|---|\n"
        "| `shop/order` |  |  |  |  |\n"
    )
    assert run(["-C", ".", "coverage", "--static", "--strict"]) == 2


def test_the_command_fails_for_a_field_that_is_unaccounted_for(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project({**FILES, "mappings/shop/order.yaml": MAPPING})
    monkeypatch.chdir(tmp_path)

    assert run(["-C", ".", "coverage", "shop/order", "--static", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "mapping": "shop/order",
            "source": {
                "schema": "shop/source",
                "fields": 9,
                "read": ["buyer.name", "lines[].quantity", "lines[].sku", "number"],
                "ignored": {
                    "lines[].tags": "of no use",
                    "parent.friend": "not needed",
                    "parent.name": "not needed",
                },
                "unaccounted": ["buyer.friend", "free"],
            },
            "target": {
                "schema": "shop/target",
                "fields": 6,
                "written": ["items[].sku", "person.name", "refnum"],
                "unavailable": {
                    "items[].gift": "the shop does not know it",
                    "items[].tags": "the shop does not know it",
                    "person.age": "the shop does not know it",
                },
                "unaccounted": [],
            },
        }
    ]


PROJECT = Project.open(Path(__file__).parents[1])


@pytest.mark.parametrize("name", PROJECT.mapping_names(own=True))
def test_nothing_is_unaccounted_for_in_our_mappings(name: str) -> None:
    try:
        mapping = PROJECT.mapping(name)
    except CrossdockError:
        pytest.skip("what is wrong with it is told elsewhere")

    assert {
        account.side: texts(account.unaccounted)
        for account in accounts_of(mapping.linked)
        if account.unaccounted
    } == {}


def test_the_examples_of_orders_try_every_rule() -> None:
    """And every row but those of the shared table of countries."""
    mappings = [PROJECT.mapping(name) for name in ("kibo/order", "fabric/order")]

    for found in coverage(PROJECT, mappings):
        assert found.firing is not None
        missed = [item for item in found.firing.missed if not item.rule.text.startswith("country: ")]
        assert [f"{item.rule.span}: {item.says}: {item.rule.text}" for item in missed] == []
