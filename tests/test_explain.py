"""Explaining: where fields come from, how values came about, and that nothing sensitive is shown."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conftest import REPOSITORY, MakeProject
from crossdock import Project
from crossdock.cli.app import run as run_command
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON
from crossdock.core.limits import EXPRESSION_CHAIN
from crossdock.core.paths import begins, field_text
from crossdock.execution.errors import EvaluationError
from crossdock.language import syntax as mapping_nodes
from crossdock.language.functions import REGISTRY
from crossdock.language.jmespath_parser import parse
from crossdock.language.unparse import written
from crossdock.project.examples import Record, examples_of
from crossdock.schema.marks import marks_of
from crossdock.schema.store import Schema
from crossdock.tools.explain import json as as_json
from crossdock.tools.explain import markdown, openlineage
from crossdock.tools.explain import text as as_tree
from crossdock.tools.explain.fields import destinations, fields
from crossdock.tools.explain.paths import UnknownPathError, parts_of
from crossdock.tools.explain.run import Explanation, run

SOURCE = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "total": {"type": "number"},
        "currency": {"type": "string"},
        "note": {"type": ["string", "null"]},
        "audit": {"type": "object", "properties": {"by": {"type": "string"}}},
        "email": {"type": "string", "x-sensitive": True},
        "tags": {"type": "array", "items": {"type": "string"}},
        "secrets": {"type": "array", "items": {"type": "string", "x-sensitive": True}},
        "contact": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "x-sensitive": True},
                "city": {"type": "string"},
            },
        },
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string"},
                    "quantity": {"type": "number"},
                    "sale": {"type": ["number", "null"]},
                    "list": {"type": "number"},
                },
            },
        },
    },
}
MAPPING = """
describe: An order.
from: shop/source
map:
  ref: to_string(number)
  kind: {$const: order}
  note: note || 'none'
  rows:
    - $each: rows[?quantity > `0`]
      sku: sku
      price: money(not_null(sale, list), root().currency)
  card: lookup('card', currency)
  gift: {$if: note, text: note}
  by: "by {{ contact.city }}"
tables:
  card: {EUR: Euro}
checks:
  - check: equal(ref, root().total)
    message: the total is another
ignored:
  audit: who changed it
"""
PAYLOAD: JSON = {
    "number": 7,
    "currency": "EUR",
    "contact": {"name": "Ada Lovelace", "city": "Oslo"},
    "rows": [{"sku": "A", "quantity": 0}, {"sku": "B", "quantity": 2, "list": 5}],
}


def order(project: MakeProject, text: str = MAPPING, target: dict[str, Any] | None = None) -> Project:
    files = {"schemas/shop/source.schema.json": json.dumps(SOURCE), "mappings/shop/order.yaml": text}
    if target is not None:
        files["schemas/shop/target.schema.json"] = json.dumps(target)
    return project(files)


def told(project: Project, payload: JSON, field: str | None = None) -> str:
    return as_tree.write_values(run(project.mapping("shop/order").linked, payload, {}, field=field).stories)


# Before there is a payload


def test_each_field_says_what_it_is_made_of(project: MakeProject) -> None:
    mapping = order(project).mapping("shop/order").linked

    assert re.sub(" +mappings/", " mappings/", as_tree.write_fields(fields(mapping))) == (
        "ref mappings/shop/order.yaml:5:8\n"
        "├─ from     number\n"
        "└─ through  to_string\n"
        "\n"
        "kind mappings/shop/order.yaml:6:18\n"
        "└─ constant\n"
        "\n"
        "note mappings/shop/order.yaml:7:9\n"
        "└─ from     note\n"
        "\n"
        "rows[].sku mappings/shop/order.yaml:10:12\n"
        "├─ from     rows[].sku\n"
        "└─ because  rows[].quantity\n"
        "\n"
        "rows[].price mappings/shop/order.yaml:11:14\n"
        "├─ from     rows[].sale\n"
        "├─ from     rows[].list\n"
        "├─ from     currency\n"
        "├─ because  rows[].quantity\n"
        "└─ through  money, not_null\n"
        "\n"
        "card mappings/shop/order.yaml:12:9\n"
        "├─ from     currency\n"
        "├─ through  lookup\n"
        "└─ table    card\n"
        "\n"
        "gift.text mappings/shop/order.yaml:13:27\n"
        "└─ from     note\n"
        "\n"
        "by mappings/shop/order.yaml:14:8\n"
        "└─ from     contact.city"
    )


@pytest.mark.parametrize("field", ["rows[].sku", "/rows/0/sku", "rows[3].sku", "rows/0/sku"])
def test_a_field_is_named_by_a_path_or_a_pointer(project: MakeProject, field: str) -> None:
    found = fields(order(project).mapping("shop/order").linked, field)

    assert [link.target for link in found] == ["rows[].sku"]


def test_an_object_stands_for_all_that_is_in_it(project: MakeProject) -> None:
    found = fields(order(project).mapping("shop/order").linked, "rows")

    assert [link.target for link in found] == ["rows[].sku", "rows[].price"]


def test_a_field_inside_what_is_taken_over_whole_is_that_field(project: MakeProject) -> None:
    made = order(project, "from: shop/source\nmap: {contact: contact}\n").mapping("shop/order").linked

    assert [link.target for link in fields(made, "contact.city")] == ["contact"]


@pytest.mark.parametrize(
    ("target", "field", "message"),
    [
        (None, "rows[].skuu", "`shop/order` does not write `rows[].skuu`; did you mean `rows[].sku`?"),
        (
            {"properties": {"note": {"type": "string"}}},
            "nte",
            "`shop/target` has no `nte`; did you mean `note`?",
        ),
        ({"properties": {"ship": {"type": "string"}}}, "ship", "`shop/order` never writes `ship`"),
        (None, "a..b", "`a..b` is not a path; write /items/0/sku or items[].sku"),
    ],
)
def test_a_field_that_is_none_is_refused(
    project: MakeProject, target: dict[str, Any] | None, field: str, message: str
) -> None:
    text = MAPPING if target is None else "from: shop/source\nto: shop/target\nmap: {note: note}\n"
    schema = None if target is None else {"type": "object", **target}
    if target is not None:
        schema["properties"].setdefault("note", {"type": "string"})  # type: ignore[index]

    with pytest.raises(UnknownPathError, match=f"^{re.escape(message)}$"):
        fields(order(project, text, schema).mapping("shop/order").linked, field)


def test_what_stands_beside_a_use_hides_what_is_used(project: MakeProject) -> None:
    text = """
from: shop/source
map: {$use: person, name: currency, more: number}
fragments:
  person: {name: contact.name, city: contact.city}
"""
    found = fields(order(project, text).mapping("shop/order").linked)

    assert [(link.target, link.sources) for link in found] == [
        ("city", ("contact.city",)),
        ("name", ("currency",)),
        ("more", ("number",)),
    ]


def test_a_mapping_without_a_schema_has_its_paths_all_the_same(project: MakeProject) -> None:
    text = "map: {a: b.c || request().mode, d: [{$each: rows, e: 'request().f[0].g'}]}\n"
    found = fields(project({"mappings/shop/order.yaml": text}).mapping("shop/order").linked)

    assert [(link.target, link.sources, link.because_of) for link in found] == [
        ("a", ("b.c", "request().mode"), ()),
        ("d[].e", ("request().f[].g",), ("rows",)),
    ]


# The other way round


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("number", ["goes to      ref"]),
        ("/rows/0/quantity", ["decides on   rows[].sku", "decides on   rows[].price"]),
        ("note", ["goes to      note", "goes to      gift.text"]),
        ("total", ["is checked   the total is another"]),
        ("audit.by", ["is ignored   audit: who changed it"]),
        ("contact", ["goes to      by"]),
        ("email", ["not used, and not listed as ignored"]),
    ],
)
def test_a_source_says_where_it_goes(project: MakeProject, source: str, lines: list[str]) -> None:
    text = as_tree.write_destinations(destinations(order(project).mapping("shop/order").linked, source))

    assert [re.sub(r"\s+mappings/.*", "", line)[3:] for line in text.splitlines()[1:]] == lines


# an expression, a source, and where it goes
PASSED_ON: list[tuple[str, str, list[str]]] = [
    ("lines[?q] || `[]`", "lines[].r", ["goes to      a"]),
    ("lines[?q] || `[]`", "lines[].q", ["goes to      a"]),
    ("lines[?q].r", "lines[].q", ["decides on   a"]),
    ("reverse(lines)", "lines[].r", ["goes to      a"]),
    ("{k: lines}", "lines[].r", ["goes to      a.k"]),
    ("@", "other", ["goes to      a"]),
    ("(other == lines) && 'x'", "lines[].r", ["decides on   a"]),
    ("lines && lines[0].r", "lines[].q", ["not used, and not listed as ignored"]),
]


@pytest.mark.parametrize(("expression", "source", "lines"), PASSED_ON)
def test_a_source_goes_along_with_what_is_passed_on_around_it(
    project: MakeProject, expression: str, source: str, lines: list[str]
) -> None:
    mapping = project({"mappings/shop/order.yaml": f"map: {{a: {json.dumps(expression)}}}\n"})
    text = as_tree.write_destinations(destinations(mapping.mapping("shop/order").linked, source))

    assert [re.sub(r"\s+mappings/.*", "", line)[3:] for line in text.splitlines()[1:]] == lines


def test_a_source_that_is_none_is_refused(project: MakeProject) -> None:
    with pytest.raises(
        UnknownPathError, match=r"^`shop/source` has no `rows\[\]\.sk`; did you mean `sku`\?$"
    ):
        destinations(order(project).mapping("shop/order").linked, "rows[].sk")


# With a payload


def test_a_value_says_how_it_came_about(project: MakeProject) -> None:
    text = told(order(project), PAYLOAD, "/rows")

    assert re.sub(" +mappings/", " mappings/", text) == (
        '/rows/0/sku  "B" mappings/shop/order.yaml:10:12\n'
        "├─ each    rows[?quantity > `0`]  →  1 of 2, here /rows/1\n"
        '└─ read    sku  →  "B"    /rows/1/sku\n'
        "\n"
        '/rows/0/price  "5.00" mappings/shop/order.yaml:11:14\n'
        "├─ each    rows[?quantity > `0`]  →  1 of 2, here /rows/1\n"
        "├─ read    sale  →  absent    /rows/1/sale\n"
        "├─ read    list  →  5    /rows/1/list\n"
        "├─ call    not_null(absent, 5)  →  5\n"
        '├─ read    root().currency  →  "EUR"    /currency\n'
        '└─ call    money(5, "EUR")  →  "5.00"'
    )


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        ("kind", ['/kind  "order"', "└─ constant"]),
        (
            "note",
            [
                '/note  "none"',
                "├─ read    note  →  absent    /note",
                "└─ branch  2 of 2: 'none'  →  \"none\"",
            ],
        ),
        (
            "card",
            [
                '/card  "Euro"',
                '├─ read    currency  →  "EUR"    /currency',
                '└─ lookup  card("EUR")  →  "Euro"',
            ],
        ),
        ("gift", ["/gift  absent", "└─ read    note  →  absent    /note"]),
        ("gift.text", ["/gift  absent", "└─ read    note  →  absent    /note"]),
        (
            "by",
            [
                '/by  "by Oslo"',
                '├─ read    contact.city  →  "Oslo"    /contact/city',
                '└─ text    by {{ contact.city }}  →  "by Oslo"',
            ],
        ),
    ],
)
def test_each_kind_of_step(project: MakeProject, field: str, lines: list[str]) -> None:
    shown = told(order(project), PAYLOAD, field).splitlines()

    assert [re.sub(r" +mappings/.*", "", line) for line in shown] == lines


def test_an_empty_list_says_what_had_no_elements(project: MakeProject) -> None:
    shown = told(order(project), {"number": 1, "rows": [{"quantity": 0}]}, "rows")

    assert [line.split("  mappings")[0].rstrip() for line in shown.splitlines()] == [
        "/rows  an empty list",
        "└─ each    rows[?quantity > `0`]  →  0 of 1",
    ]


def test_what_a_with_makes_is_explained_too(project: MakeProject) -> None:
    text = "from: shop/source\nmap: {sum: {$with: '{all: sum(rows[].list)}', value: all}}\n"
    shown = told(order(project, text), PAYLOAD)

    assert [re.sub(r" +mappings/.*", "", line) for line in shown.splitlines()] == [
        "/sum/value  5",
        "├─ with    {all: sum(rows[].list)}  →  an object of 1 property",
        "│     read    rows[].list  →  a list of 1",
        "│               /rows/0/list  absent",
        "│               /rows/1/list  5",
        "│     call    sum(a list of 1)  →  5",
        "│     make    {all: sum(rows[].list)}  →  an object of 1 property",
        "└─ read    all  →  5",
    ]


def test_a_used_mapping_is_walked_through(project: MakeProject) -> None:
    made = project(
        {
            "mappings/shop/order.yaml": "map: [{$each: rows, $use: ./row}]\n",
            "mappings/shop/row.yaml": "map: {sku: root().sku || 'none'}\n",
        }
    )

    assert [
        re.sub(r" +mappings/", " ", line) for line in told(made, {"rows": [{"sku": "A"}]}).splitlines()
    ] == [
        '/0/sku  "A" shop/row.yaml:1:12',
        "├─ each    rows  →  /rows/0",
        '├─ read    root().sku  →  "A"    /rows/0/sku',
        '└─ branch  1 of 2: root().sku  →  "A"',
    ]


# What is not shown


def test_a_let_is_explained_by_what_it_names(project: MakeProject) -> None:
    cell = "let $n = number, $row = rows[0] in join('-', [to_string($n), $row.sku])"
    made = order(project, f'from: shop/source\nmap: {{ref: "{cell}"}}\n')

    assert re.sub("  +", " ", told(made, PAYLOAD)) == (
        '/ref "7-A" mappings/shop/order.yaml:2:13\n'
        "├─ read number → 7 /number\n"
        "├─ let $n → 7\n"
        "├─ read rows[0] → an object of 2 properties /rows/0\n"
        "├─ let $row → an object of 2 properties\n"
        '├─ call to_string(7) → "7"\n'
        '├─ read $row.sku → "A" /rows/0/sku\n'
        "├─ make [to_string($n), $row.sku] → a list of 2\n"
        '└─ call join("-", a list of 2) → "7-A"'
    )


@pytest.mark.parametrize(
    "cell",
    [
        "contact.name",
        "upper(contact.name)",
        "join(' ', [currency, contact.name])",
        "contact | name",
        "'{x: contact.name} | x'",
        "'[contact.name, currency] | [0]'",
        "values(contact) | [0]",
        "secrets[0]",
        "secrets | [0]",
        "join(',', secrets)",
        "secrets[?@ != 'x'] | [0]",
        "sort(secrets)[0]",
        "'merge(contact, {a: number}).name'",
        "note || contact.name",
        "contact.name && 'Ada Lovelace'",
        "map(&upper(@), secrets) | [0]",
        '"{{ contact.name }} of {{ contact.city }}"',
        "{$with: contact, $value: name}",
        "{$with: '{who: contact.name}', $value: who}",
        "{$with: '[contact.name]', $value: '[0]'}",
        "[{$each: secrets, $value: '@'}]",
        "[{$each: secrets, $value: upper(@)}]",
        "[{$each: entries(contact), $value: value}]",
        "[{$each: '[contact.name]', $value: '@'}]",
        "let $n = contact.name in upper($n)",
        "let $c = contact in $c.name",
        "let $c = contact in values($c) | [0]",
        "'let $n = contact.name in [$n, currency] | [0]'",
        "[{$each: 'let $s = secrets in $s', $value: '@'}]",
    ],
)
def test_nothing_sensitive_is_shown(project: MakeProject, cell: str) -> None:
    payload: JSON = {"contact": {"name": "Ada Lovelace"}, "secrets": ["Ada Lovelace"], "currency": "x"}
    made = order(project, f"from: shop/source\nmap:\n  a: {cell}\n")
    account = run(made.mapping("shop/order").linked, payload, {})
    shown = as_tree.write_values(account.stories) + (
        as_json.write_values(made.mapping("shop/order").linked, "p", account.stories)
    )

    assert "•••" in shown
    assert "ADA" not in re.sub(r"'Ada Lovelace'", "", shown).upper().replace("READ", "")


def test_what_is_sensitive_in_the_result_is_hidden_with_all_its_steps(project: MakeProject) -> None:
    target = {"type": "object", "properties": {"who": {"type": "string", "x-sensitive": True}}}
    made = order(project, "from: shop/source\nto: shop/target\nmap: {who: upper(currency)}\n", target)

    assert [re.sub(r" +mappings/.*", "", line) for line in told(made, PAYLOAD).splitlines()] == [
        "/who  •••",
        "├─ read    currency  →  •••    /currency",
        "└─ call    upper(•••)  →  •••",
    ]


def test_and_so_is_what_it_is_made_of_on_the_way(project: MakeProject) -> None:
    target = {"type": "object", "properties": {"who": {"type": "string", "x-sensitive": True}}}
    text = "from: shop/source\nto: shop/target\nmap: {$with: '{x: currency}', who: x}\n"

    assert "EUR" not in told(order(project, text, target), PAYLOAD)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_keys_of_a_payload_control_no_terminal_and_no_log(
    project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    project({"mappings/x/k.yaml": "map:\n  all: m\n"})
    (tmp_path / "p.json").write_text(json.dumps({"m": {"\x1b]0;title\x07\n::error::made up": 1}}))

    code = run_command(
        ["-C", str(tmp_path), "explain", "x/k", "--payload", str(tmp_path / "p.json"), "--format", form]
    )

    out = capsys.readouterr().out
    assert code == 0
    assert "::error::made up" in out
    assert [line for line in out.splitlines() if line.startswith("::")] == []
    assert all(char.isprintable() for line in out.split("\n") for char in line)


def test_a_null_that_is_taken_over_is_a_value(project: MakeProject) -> None:
    made = order(project, "from: shop/source\nmap: {rows: rows}\n")

    assert "/rows/0/sale  null" in told(made, {"rows": [{"sale": None}]})


def test_the_schemas_of_a_used_mapping_have_their_say(project: MakeProject) -> None:
    made = project(
        {
            "schemas/shop/source.schema.json": json.dumps(SOURCE),
            "mappings/shop/order.yaml": "map: [{$each: orders, $use: ./one}]\n",
            "mappings/shop/one.yaml": "from: shop/source\nmap: {who: contact.name, where: contact.city}\n",
        }
    )
    shown = told(made, {"orders": [PAYLOAD]})

    assert "Ada" not in shown
    assert '"Oslo"' in shown


# All examples


@cache
def repository() -> Project:
    return Project.open(REPOSITORY)


def mapping_names() -> list[str]:
    folders = {path.parent for path in (REPOSITORY / "examples").rglob("*.json")}
    names = {folder.relative_to(REPOSITORY / "examples").as_posix() for folder in folders}
    return sorted(names & set(repository().mapping_names()))


@cache
def accounts(name: str) -> list[tuple[Record, Explanation]]:
    project, found = repository(), []
    mapping = project.mapping(name).linked
    for record in examples_of(project.roots, name):
        if record.fault is not None:
            continue
        settings = project.settings(name, record.settings)
        try:
            found.append((record, run(mapping, record.payload, settings, name=record.name)))
        except (InputError, EvaluationError):
            continue
    return found


@cache
def accounts_written(name: str) -> list[tuple[Record, str]]:
    """The accounts as JSON."""
    mapping = repository().mapping(name).linked
    return [
        (record, as_json.write_values(mapping, "p", account.stories)) for record, account in accounts(name)
    ]


def leaves(value: JSON, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], JSON]]:
    inner = list(
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else [])
    )
    if not inner:
        yield place, value
    for key, each in inner:
        yield from leaves(each, (*place, key))


@pytest.mark.parametrize("name", mapping_names())
def test_each_leaf_of_each_example_has_a_lineage_and_a_way(name: str) -> None:
    met = 0
    for record, account in accounts(name):
        stories = {parts_of(story.output) if story.output else (): story for story in account.stories}
        for place, value in leaves(account.result):
            story = stories[place]
            met += 1
            assert story.value.there, f"{record.name} {story.output}"
            assert story.link is not None and story.span is not None, f"{record.name} {story.output}"
            assert begins(place, parts_of(story.link.target)) or value in ([], {})
            constant = not (story.link.sources or story.link.because_of) or value in ([], {})
            assert story.steps or story.turns or constant, f"{record.name} {story.output}"
    assert met


@pytest.mark.parametrize("name", mapping_names())
def test_no_example_shows_anything_sensitive(name: str) -> None:
    mapping = repository().mapping(name).linked
    for record, shown in accounts_written(name):
        secret, plain = sorted_out(mapping.source, record.payload)
        for value in secret - plain:
            assert json.dumps(value, ensure_ascii=False)[1:-1] not in shown, f"{record.name} shows {value}"


def sorted_out(schema: Schema | None, payload: JSON) -> tuple[set[str], set[str]]:
    """The texts of a payload that are sensitive, and those that are not; short ones tell nothing."""
    secret: set[str] = set()
    plain: set[str] = set()
    for place, value in leaves(payload):
        if isinstance(value, str) and len(value) > 4:
            (secret if schema is not None and is_sensitive(schema, place) else plain).add(value)
    return secret, plain


def is_sensitive(schema: Schema, place: tuple[str | int, ...]) -> bool:
    marks = marks_of(schema)
    for part in place:
        marks = marks.at(part)
    return bool(marks.sensitive)


# Forms


def keys(value: JSON) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in ("value", "target"):
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_every_key_of_the_json_is_documented(project: MakeProject) -> None:
    mapping = order(project).mapping("shop/order").linked
    found: set[str] = set(keys(json.loads(as_json.write_fields(mapping, fields(mapping)))))
    for source in ("number", "rows", "total", "audit"):
        found |= set(keys(json.loads(as_json.write_destinations(mapping, destinations(mapping, source)))))
    for name in mapping_names():
        for _, shown in accounts_written(name):
            found |= set(keys(json.loads(shown)))
    documented = set(re.findall(r"`(\w+)`", (REPOSITORY / "docs" / "explain.md").read_text(encoding="utf-8")))

    assert found - documented - {"path", "reason", "message"} == set()


def test_markdown_is_one_table(project: MakeProject) -> None:
    mapping = order(project).mapping("shop/order").linked
    text = markdown.write_values(mapping, "p.json", run(mapping, PAYLOAD, {}, field="note").stories)

    assert text.splitlines() == [
        "### shop/order, p.json",
        "",
        "| value at | is | step by step | at |",
        "|---|---|---|---|",
        '| `/note` | `"none"` | read `note` → `absent`<br>branch `\'none\'` → `"none"` (2 of 2) '
        "| mappings/shop/order.yaml:7 |",
    ]


FACET = {
    "type": "object",
    "required": ["columnLineage"],
    "additionalProperties": False,
    "properties": {
        "columnLineage": {
            "type": "object",
            "required": ["_producer", "_schemaURL", "fields"],
            "additionalProperties": False,
            "properties": {
                "_producer": {"type": "string", "format": "uri", "pattern": "^https://"},
                "_schemaURL": {
                    "type": "string",
                    "pattern": r"^https://.*#/\$defs/ColumnLineageDatasetFacet$",
                },
                "fields": {"type": "object", "additionalProperties": {"$ref": "#/$defs/column"}},
            },
        }
    },
    "$defs": {
        "column": {
            "type": "object",
            "required": ["inputFields"],
            "additionalProperties": False,
            "properties": {"inputFields": {"type": "array", "items": {"$ref": "#/$defs/input"}}},
        },
        "input": {
            "type": "object",
            "required": ["namespace", "name", "field"],
            "additionalProperties": False,
            "properties": {
                "namespace": {"type": "string", "minLength": 1},
                "name": {"type": "string", "minLength": 1},
                "field": {"type": "string"},
                "transformations": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"oneOf": [{"$ref": "#/$defs/direct"}, {"$ref": "#/$defs/indirect"}]},
                },
            },
        },
        "direct": {
            "type": "object",
            "required": ["type"],
            "additionalProperties": False,
            "properties": {
                "type": {"const": "DIRECT"},
                "subtype": {"enum": ["IDENTITY", "TRANSFORMATION", "AGGREGATION"]},
                "description": {"type": "string"},
                "masking": {"type": "boolean"},
            },
        },
        "indirect": {
            "type": "object",
            "required": ["type"],
            "additionalProperties": False,
            "properties": {
                "type": {"const": "INDIRECT"},
                "subtype": {"enum": ["JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"]},
                "description": {"type": "string"},
                "masking": {"type": "boolean"},
            },
        },
    },
}


def test_the_facet_has_the_published_shape() -> None:
    validator = Draft202012Validator(FACET)
    for name in repository().mapping_names():
        mapping = repository().mapping(name).linked
        validator.validate(json.loads(openlineage.write_fields(mapping, fields(mapping))))


@pytest.mark.parametrize(
    ("field", "inputs"),
    [
        ("note", [("note", "DIRECT IDENTITY")]),
        ("ref", [("number", "DIRECT TRANSFORMATION")]),
        ("rows[].sku", [("rows[].sku", "DIRECT IDENTITY"), ("rows[].quantity", "INDIRECT FILTER")]),
        ("gift.text", [("note", "DIRECT IDENTITY")]),
        ("by", [("contact.city", "DIRECT TRANSFORMATION")]),
    ],
)
def test_a_facet_says_what_kind_of_source_it_is(
    project: MakeProject, field: str, inputs: list[tuple[str, str]]
) -> None:
    mapping = order(project).mapping("shop/order").linked
    made: Any = json.loads(openlineage.write_fields(mapping, fields(mapping, field)))
    found = made["columnLineage"]["fields"][field]["inputFields"]

    assert [
        (each["field"], " ".join(f"{one['type']} {one['subtype']}" for one in each["transformations"]))
        for each in found
    ] == inputs


@pytest.mark.parametrize(
    ("cell", "subtype"),
    [
        ("let $n = note in $n", "IDENTITY"),
        ("let $n = note in $n || 'none'", "IDENTITY"),
        ("let $n = note in upper($n)", "TRANSFORMATION"),
    ],
)
def test_a_variable_is_what_its_value_is_made_of(project: MakeProject, cell: str, subtype: str) -> None:
    mapping = order(project, f'from: shop/source\nmap: {{note: "{cell}"}}\n').mapping("shop/order").linked
    made: Any = json.loads(openlineage.write_fields(mapping, fields(mapping)))
    (found,) = made["columnLineage"]["fields"]["note"]["inputFields"]

    assert (found["field"], found["transformations"][0]["subtype"]) == ("note", subtype)


# Expressions as text again


def all_expressions() -> set[str]:
    found = {example.expression for function in REGISTRY.values() for example in function.examples}
    for name in repository().mapping_names():
        mapping = repository().mapping(name).linked
        for cell in (mapping.cell, *mapping.fragments.values()):
            found |= {each.text for each in mapping_nodes.expressions(cell) if not each.is_text}
    return found | {
        "a.b.c[0].d[-1]",
        "a[1:3].b",
        "a[::-1]",
        "a[*].b[*].c",
        "a[].b[]",
        "*.a",
        "a.*.b",
        "[0]",
        "[*].a",
        "[?a == `1`].b",
        "a[?b && !c || d]",
        "(a || b) && c",
        "a || b && c",
        "!(a == b)",
        "(a | b).c",
        "a.[b, c]",
        "a.{x: b, y: c.d}",
        "[a, b][]",
        "[a, b][?@]",
        '"a b"."c-d"',
        "@.a",
        "length(@)",
        "sort_by(a, &b.c)",
        "a == 'it\\'s'",
        '`{"a": [1, "x"]}`',
        "a[0][1]",
        "let $a = b in $a.c",
        "let $a = b | c, $d = (let $a = e in $a) in [$a, $d.f]",
        "(let $a = b in $a) || c",
        "a[?b == `1` || (let $c = d in $c)]",
        "[[a, b], c]",
        "a[?b][0]",
        "(a[?b])[0]",
        "(a[*].b)[0]",
        "a[*].[b]",
        "a.b(c)",
    } - {"a.b(c)"}


def test_a_written_expression_means_what_it_meant() -> None:
    for text in sorted(all_expressions()):
        node = parse(text, EXPRESSION_CHAIN)

        assert repr(parse(written(node), EXPRESSION_CHAIN)) == repr(node), text


@pytest.mark.parametrize(
    "text",
    [
        "!(a.b)",
        "!a.b",
        "!(a[].b)",
        "!a[0]",
        "!a[*].b",
        "a[0][1:][*]",
        "a[1:].b",
        "a[*].{b: c}.d",
        "(a[*].b).c",
        "a[*][?b].[c].d",
        '`"ends with \\\\"`',
        "'it\\'s'",
        "a[::0]",
    ],
)
def test_brackets_and_quotes_are_written_where_they_matter(text: str) -> None:
    node = parse(text, EXPRESSION_CHAIN)

    assert parse(written(node), EXPRESSION_CHAIN) == node


def test_paths_are_read_both_ways() -> None:
    assert parts_of("/items/0/a~1b") == ("items", 0, "a/b")
    assert parts_of("items[].sku") == ("items", "[]", "sku")
    assert field_text(("items", 0, "sku")) == "items[].sku"
    assert parts_of("[0].a") == (0, "a")


# The command


@pytest.fixture
def place(project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    order(project)
    (tmp_path / "in.json").write_text(json.dumps(PAYLOAD), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_every_form(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("text", "json", "markdown", "openlineage"):
        assert run_command(["explain", "shop/order", "--format", form]) == 0
        assert capsys.readouterr().out
    for form in ("text", "json", "markdown"):
        assert run_command(["explain", "shop/order", "--payload", "in.json", "--format", form]) == 0
        assert run_command(["explain", "shop/order", "--source", "note", "--format", form]) == 0
        assert capsys.readouterr().out
    assert run_command(["explain", "shop/order", "-o", "out.txt"]) == 0
    assert (place / "out.txt").read_text(encoding="utf-8").startswith("ref ")


def test_a_payload_may_come_from_stdin(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(PAYLOAD).encode())))

    assert run_command(["explain", "shop/order", "--payload", "-", "--field", "kind"]) == 0
    assert capsys.readouterr().out.startswith('/kind  "order"')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--field", "nte"],
            "Error: Invalid value for '--field': `shop/order` does not write `nte`; did you mean `note`?",
        ),
        (
            ["--source", "nte"],
            "Error: Invalid value for '--source': `shop/source` has no `nte`; did you mean `note`?",
        ),
        (
            ["--source", "note", "--field", "note"],
            "Error: --source cannot be combined with --field and --payload",
        ),
        (
            ["--payload", "in.json", "--format", "openlineage"],
            "Error: --format openlineage cannot be combined with --payload and --source",
        ),
        (
            ["--payload", "in.json", "--field", "/rows/7"],
            "Error: Invalid value for '--field': nothing is written to `/rows/7` for this payload",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run_command(["explain", "shop/order", *arguments]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == message


def test_a_result_that_breaks_its_schema_is_explained_all_the_same(
    project: MakeProject, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = {"type": "object", "properties": {"ref": {"type": "integer"}}}
    text = "from: shop/source\nto: shop/target\nmap: {ref: parse_json(currency)}\n"
    order(project, text, target)
    (place / "in.json").write_text('{"currency": "\\"EUR\\""}', encoding="utf-8")

    assert run_command(["explain", "shop/order", "--payload", "in.json"]) == 4
    printed = capsys.readouterr()
    assert printed.out.startswith('/ref  "EUR"')
    assert "error[wrong-type]" in printed.err


def test_a_payload_that_breaks_its_schema_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "in.json").write_text('{"number": "x"}', encoding="utf-8")

    assert run_command(["explain", "shop/order", "--payload", "in.json"]) == 3
    assert capsys.readouterr().out == ""
