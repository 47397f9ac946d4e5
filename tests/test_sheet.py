"""The sheet: a mapping as a table, its expressions in words, and nothing sensitive or executable in it."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conftest import REPOSITORY, MakeProject
from crossdock import Project
from crossdock.checking.lineage import lineage
from crossdock.cli.app import run as run_command
from crossdock.core.diagnostics import Source, Span
from crossdock.core.limits import EXPRESSION_CHAIN
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.expr import Expr
from crossdock.language.functions import REGISTRY
from crossdock.language.jinja import compile_template
from crossdock.language.jmespath_parser import parse
from crossdock.tools.sheet import csv as as_csv
from crossdock.tools.sheet import html as as_html
from crossdock.tools.sheet import markdown
from crossdock.tools.sheet.comments import comment_of
from crossdock.tools.sheet.field_examples import FieldExample, samples_of
from crossdock.tools.sheet.phrases import CONDITIONS, PHRASES
from crossdock.tools.sheet.rows import Sheet, sheet_of
from crossdock.tools.sheet.wording import condition, words

SOURCE = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "note": {"type": ["string", "null"]},
        "email": {"type": "string", "x-sensitive": True},
        "trace": {"type": "string"},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "quantity": {"type": "number"}},
            },
        },
    },
}
TARGET = {
    "type": "object",
    "required": ["ref", "items"],
    "properties": {
        "ref": {"type": "string"},
        "kind": {"enum": ["order", "quote"]},
        "note": {"type": ["string", "null"]},
        "who": {"type": "string"},
        "formula": {"type": "string"},
        "never": {"type": "boolean"},
        "items": {
            "type": "array",
            "items": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}},
        },
    },
}
MAPPING = """
describe: An order <b>of ours</b>.
from: shop/source
to: shop/target

map:
  # The number | by which it is known,
  # here and there.
  ref: to_string(number)     # never empty
  kind: {$const: order}
  note: note
  who: email
  formula: {$const: "=1+1"}

  items:
    # A cancelled line is left out.
    - $each: rows[?quantity != `0`]
      sku: sku               # allow[may-be-missing]: a row has a SKU

ignored:
  trace: of no use
"""
EXAMPLE = {
    "number": 7,
    "note": "<script>alert('|')</script>",
    "email": "ada@example.com",
    "rows": [{"sku": "GONE", "quantity": 0}, {"sku": "MUG", "quantity": 2}],
}


@pytest.fixture
def made(project: MakeProject) -> Project:
    return project(
        {
            "schemas/shop/source.schema.json": json.dumps(SOURCE),
            "schemas/shop/target.schema.json": json.dumps(TARGET),
            "mappings/shop/order.yaml": MAPPING,
            "examples/shop/order/full.json": json.dumps(EXAMPLE),
        }
    )


def sheet(project: Project, name: str = "shop/order") -> Sheet:
    mapping = project.mapping(name).linked
    return sheet_of(mapping, samples_of(project, mapping, lineage(mapping)))


def test_a_sheet_as_markdown(made: Project) -> None:
    assert markdown.write(sheet(made)).splitlines() == [
        "# shop/order",
        "",
        r"An order \<b\>of ours\</b\>.",
        "",
        "From `shop/source` to `shop/target`.",
        "",
        "| target field | type | required | source | transformation | example in | example out | note |",
        "|---|---|---|---|---|---|---|---|",
        r'| `ref` | text | yes | `number` | number as text | `7` | `"7"` '
        r"| The number \| by which it is known, here and there. Never empty |",
        "| `kind` | one of 'order', 'quote' |  |  | always 'order' |  | `\"order\"` |  |",
        r"""| `note` | text, or null |  | `note` | note | `"<script>alert('\|')</script>"` """
        r"""| `"<script>alert('\|')</script>"` |  |""",
        "| `who` | text |  | `email` | email | `•••` | `•••` |  |",
        "| `formula` | text |  |  | always '=1+1' |  | `\"=1+1\"` |  |",
        "| **`items[]`** | list of objects | yes |  | one for each of rows where quantity is not 0 |  |  "
        "| A cancelled line is left out. |",
        '| `items[].sku` | text | yes | `rows[].sku` | sku | `"MUG"` | `"MUG"` | A row has a SKU |',
        "",
        "## Not written",
        "",
        "| target field | reason |",
        "|---|---|",
        "| `never` |  |",
        "",
        "## Not read",
        "",
        "| source field | reason |",
        "|---|---|",
        "| `trace` | of no use |",
    ]


def test_a_sheet_as_csv(made: Project) -> None:
    rows = list(csv.reader(io.StringIO(as_csv.write(sheet(made)))))

    assert {len(row) for row in rows} == {9}
    assert [row[:2] for row in rows] == [
        ["kind", "target field"],
        ["field", "ref"],
        ["field", "kind"],
        ["field", "note"],
        ["field", "who"],
        ["field", "formula"],
        ["group", "items[]"],
        ["field", "items[].sku"],
        ["not written", "never"],
        ["not read", ""],
    ]
    assert rows[-1] == ["not read", "", "", "", "trace", "", "", "", "of no use"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@sum", "'@sum"),
        ("-cmd", "'-cmd"),
        ("+1", "+1"),
        ("-5.50", "-5.50"),
        ("a=b", "a=b"),
    ],
)
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    assert as_csv._harmless(text) == cell


class Page(HTMLParser):
    """Which elements are open at each moment, and what is wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.met: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.met.append(tag)
        self.attributes |= {name for name, _ in attributes}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def test_a_sheet_as_html_holds_nothing_but_a_table(made: Project) -> None:
    html = as_html.write(sheet(made))
    page = read(html)

    assert html.startswith("<!doctype html>\n")
    assert {"script", "link", "img", "iframe", "b"} & {*page.met} == set()
    assert {"src", "href", "onclick", "onload"} & page.attributes == set()
    assert "&lt;script&gt;alert(&#x27;|&#x27;)&lt;/script&gt;" in html
    assert "ada@example.com" not in html
    assert "http" not in html
    assert page.met.count("table") == 3
    assert {name for name in page.met if name == "tr"} and page.met.count("th") > 8


def test_an_example_without_the_field_gives_it_no_value(project: MakeProject) -> None:
    """Of an object that is empty in the first example the second one gives the field's value."""
    buyer = {"type": ["object", "null"], "properties": {"first": {"type": ["string", "null"]}}}
    made = project(
        {
            "schemas/shop/source.schema.json": json.dumps({"type": "object", "properties": {"buyer": buyer}}),
            "mappings/shop/order.yaml": "from: shop/source\nmap: {customer: {name: buyer.first}}\n",
            "examples/shop/order/a.json": '{"buyer": null}',
            "examples/shop/order/b.json": '{"buyer": {"first": "Ada"}}',
        }
    )
    mapping = made.mapping("shop/order").linked
    links = lineage(mapping)
    (link,) = [link for link in links if link.target == "customer.name"]

    assert samples_of(made, mapping, links).of(link) == FieldExample('"Ada"', '"Ada"')


@pytest.mark.parametrize("name", [*Project.open(REPOSITORY).mapping_names()])
def test_every_mapping_has_a_sheet(name: str) -> None:
    project = Project.open(REPOSITORY)
    mapping = project.mapping(name).linked
    made = sheet_of(mapping, samples_of(project, mapping, []))

    read(as_html.write(made))
    assert all(row.words for row in made.rows if not row.is_group)
    assert all("\0" not in row.words for row in made.rows)
    assert len(list(csv.reader(io.StringIO(as_csv.write(made))))) > len(made.rows)


@pytest.mark.parametrize("name", ["kibo/order", "fabric/order"])
def test_an_order_has_an_example_for_each_field_that_any_example_has(name: str) -> None:
    made = sheet(Project.open(REPOSITORY), name)

    assert [row.target for row in made.rows if not row.is_group and not row.example_out] == []


# Words


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("a", "a"),
        ("a.b.c", "a.b.c"),
        ("a[].b", "a[].b"),
        ("a[0]", "the first of a"),
        ("a[-1].b", "b of the last of a"),
        ("a[3]", "number 4 of a"),
        ("root().currency", "currency of the payload"),
        ("settings().mode", "the setting mode"),
        ("a || b || c", "the first of a, b, c"),
        ("a || 'x'", "a, else 'x'"),
        ("a || `null`", "a"),
        ("(a || `[]`)[].b", "b of a"),
        ("a && b", "b when a is set"),
        ("(a == 'x' && b) || c", "(b when a is 'x'), else c"),
        ("not_null(a, b, c)", "the first of a, b and c that has a value"),
        ("a[0][1]", "the second of the first of a"),
        ("let $r = rate in multiply(price, $r)", "(price times $r), where $r is rate"),
        (
            "let $c = root().code, $b = buyer in $b.name || $c",
            "(the first of $b.name, $c), where $c is code of the payload and $b is buyer",
        ),
        ("lines[?let $q = quantity in $q > `0`]", "lines where $q is more than 0, where $q is quantity"),
        ("money(a)", "a as money"),
        ("money(a, currencyCode)", "a as money in currencyCode"),
        (
            "money(not_null(a, b), root().c)",
            "(the first of a and b that has a value) as money in c of the payload",
        ),
        ("lookup('country', code)", "code, looked up in the table country"),
        (
            "lookup('country', upper(code), code)",
            "code in upper case, looked up in the table country, else as it is",
        ),
        ("lookup('country', code, 'Other')", "code, looked up in the table country, else 'Other'"),
        ("(a || b) | lookup('t', @, @)", "(the first of a, b), looked up in the table t, else as it is"),
        ("items[?quantity != `0`]", "items where quantity is not 0"),
        ("items[?!(a <= `0`)].b", "b of (items where a is more than 0)"),
        ("items[?a && !b]", "items where a is set and b is not set"),
        ("items[?a == 'x' || b]", "items where a is 'x' or b is set"),
        ("items[?!lookup('dead', status)]", "items where status is not in the table dead"),
        ("items[?contains(tags, 'x')]", "items where tags contains 'x'"),
        ("join(', ', [a, b][?trim(@)])", "((a and b) where it is not blank) joined with ', '"),
        ("sum(items[].price)", "the sum of items[].price"),
        ("add(a, b, c)", "a plus b plus c"),
        ("ratio(a, subtract(b, c))", "a divided by (b minus c)"),
        ("sort_by(items, &price)[0]", "the first of items in the order of price"),
        ("[a, b][] | [?x] | [0]", "the first of ((a and b) where x is set)"),
        ("{x: a, y: b.c}", "an object of x: a; y: b.c"),
        (
            "[{by: 'n', v: a}, {by: 'i', v: b}][?by == settings().m].v | [0]",
            "a when the setting m is 'n', else b when the setting m is 'i'",
        ),
        ("`5`", "5"),
        ("`true`", "true"),
        ("a == `1`", "whether a is 1"),
        ("items.*.x", "x of items"),
        ("uuid(a, b)", "an id made of a and b"),
    ],
)
def test_an_expression_in_words(expression: str, said: str) -> None:
    assert words(node_of(expression)) == said


def node_of(expression: str) -> Expr:
    return parse(expression, EXPRESSION_CHAIN)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ first }} {{ last }}", "⟨first⟩ ⟨last⟩"),
        ("{{ first | upper }}", "first in upper case"),
        ("No. {{ number }}", "No. ⟨number⟩"),
        ("{% if a %}{{ b }}{% else %}{{ c }}{% endif %}", "b if a is set, else c"),
    ],
)
def test_a_template_in_words(template: str, said: str) -> None:
    source = Source("t", template)
    compiled = compile_template(ScalarNode(template, Span(source, 0, len(template))))

    assert words(compiled.node) == said


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("a", "a is set"),
        ("!a", "a is not set"),
        ("a > `1` && b", "a is more than 1 and b is set"),
        ("!(a > `1` && b)", "a is at most 1 or b is not set"),
        ("starts_with(a, 'x')", "a begins with 'x'"),
        ("!equal(a, b)", "it is not true that a equals b"),
    ],
)
def test_a_condition_in_words(expression: str, said: str) -> None:
    assert condition(node_of(expression)) == said


def test_every_function_has_words() -> None:
    said = {*PHRASES, *CONDITIONS, "lookup", "root", "settings", "request", "answers"}

    assert set(REGISTRY) - said == set()
    assert {*PHRASES, *CONDITIONS} - set(REGISTRY) == set()


def test_words_do_not_grow_with_the_depth_of_pipes() -> None:
    expression = "a || b" + " | {x: @, y: [@, @]} | merge(x, y[0], y[1])" * 20

    assert len(words(node_of(expression))) < 4_000


# Comments


@pytest.mark.parametrize(
    ("text", "line", "comment"),
    [
        ("a: b", 1, ""),
        ("# Why.\na: b", 2, "Why."),
        ("# One\n# two.\na: b  # three", 3, "One two. Three"),
        ("# far\n\na: b", 3, ""),
        ("a: 'x # y'  # z", 1, "Z"),
        ('a: "it\'s # y"', 1, ""),
        ("a: b  # allow[may-be-missing]: it is there", 1, "It is there"),
        ("a: >-     # allow[x]: because\n  b", 1, "Because"),
        ("a: b#c", 1, ""),
    ],
)
def test_the_comment_of_a_key(text: str, line: int, comment: str) -> None:
    source = Source("m.yaml", text)
    start = source.offset(line, 1)

    assert comment_of(Span(source, start, start + 1)) == comment


# The command


def test_the_command_writes_every_form(
    made: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run_command(["sheet", "shop/order"]) == 0
    assert capsys.readouterr().out.endswith("</body></html>\n")
    assert run_command(["sheet", "shop/order", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("kind,target field,")
    assert run_command(["sheet", "shop/order", "--format", "markdown", "-o", "sheet.md"]) == 0
    assert (tmp_path / "sheet.md").read_text(encoding="utf-8").startswith("# shop/order\n")
    assert run_command(["sheet", "shop/ordr"]) == 2
    assert "did you mean `shop/order`?" in capsys.readouterr().err
