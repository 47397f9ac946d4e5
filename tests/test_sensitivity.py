"""One analysis of what is sensitive: whatever a marked place flows through, no output shows it.

Generated schemas mark places in every way, generated mappings take them anywhere, and no command shows a
canary. More of it: SENSITIVITY=5000 python -m pytest tests/test_sensitivity.py
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import MakeProject, Run
from crossdock import CompileError, Mapping, Project, Source
from crossdock.checking.disclosure import disclosed
from crossdock.checking.held import CLEAR
from crossdock.checking.lineage import lineage
from crossdock.checking.sensitivity import HeldByExpressions
from crossdock.core.diagnostics import Span
from crossdock.core.errors import CrossdockError
from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON
from crossdock.core.rendering import render
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language.functions import REGISTRY
from crossdock.language.linker import Resolution
from crossdock.language.parser import parse_mapping
from crossdock.project.examples import Record
from crossdock.schema.marks import marks_of
from crossdock.schema.store import Schema, SchemaStore
from crossdock.tools.coverage import json as coverage_json
from crossdock.tools.coverage import markdown as coverage_markdown
from crossdock.tools.coverage import text as coverage_text
from crossdock.tools.coverage.report import coverage
from crossdock.tools.diff import json as diff_json
from crossdock.tools.diff import markdown as diff_markdown
from crossdock.tools.diff import text as diff_text
from crossdock.tools.diff.comparison import compare
from crossdock.tools.diff.report import Compared, DiffReport
from crossdock.tools.diff.versions import Version
from crossdock.tools.explain import json as explain_json
from crossdock.tools.explain import markdown as explain_markdown
from crossdock.tools.explain import text as explain_text
from crossdock.tools.explain.fields import fields
from crossdock.tools.explain.marked_places import MarkedPlaces
from crossdock.tools.explain.run import run
from crossdock.tools.sheet import csv as sheet_csv
from crossdock.tools.sheet import html as sheet_html
from crossdock.tools.sheet import markdown as sheet_markdown
from crossdock.tools.sheet.field_examples import samples_of
from crossdock.tools.sheet.rows import sheet_of
from fuzz import grammar
from fuzz.choices import Choices, drawn
from fuzz.marked import LEAK, MARK, Marked
from fuzz.targets import SMALL
from fuzz.walks import walk

FORMS = ("text", "json", "markdown")
MANY = int(os.environ.get("SENSITIVITY", "0"))


def leaks(*texts: str) -> list[str]:
    """The canaries that texts show, with the text around them."""
    return [
        text[max(0, found.start() - 80) : found.end() + 20]
        for text in texts
        for found in re.finditer(LEAK, text)
    ]


# --- what a marked place flows into

SOURCE = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "email": {"type": "string", "x-sensitive": True},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "gift_to": {"type": "string", "x-sensitive": True}},
            },
        },
        "phones": {"type": "object", "additionalProperties": {"type": "string", "x-sensitive": True}},
        "people": {"type": "object", "x-sensitive": True, "additionalProperties": {"type": "string"}},
        "codes": {"patternProperties": {"^c": {"x-sensitive": True}}},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"x-sensitive": True}]},
        "loose": {"items": {"properties": {"pin": {"x-sensitive": True}}}},
        "paid": {"properties": {"by": {}}, "dependentSchemas": {"by": {"$ref": "#/$defs/card"}}},
        "either": {"anyOf": [{"properties": {"iban": {"x-sensitive": True}}}, {"properties": {"iban": {}}}]},
        "deep": {"$ref": "#/$defs/deep"},
    },
    "$defs": {
        "card": {"properties": {"card": {"x-sensitive": True}}},
        "deep": {"properties": {"in": {"$ref": "#/$defs/deep"}, "pin": {"x-sensitive": True}}},
    },
}
DEEP: JSON = {"pin": f"{MARK}-deep"}
for _ in range(20):
    DEEP = {"in": DEEP}
PAYLOAD: JSON = {
    "id": "A-1",
    "email": f"{MARK}@example.com",
    "lines": [{"sku": "S-1", "gift_to": f"{MARK}-gift"}],
    "phones": {"home": f"{MARK}-phone"},
    "people": {f"{MARK}-key": "Ada"},
    "codes": {"c1": f"{MARK}-code"},
    "pair": ["plain", f"{MARK}-second"],
    "loose": [{"pin": f"{MARK}-pin"}],
    "paid": {"by": "card", "card": f"{MARK}-card"},
    "either": {"iban": f"{MARK}-iban"},
    "deep": DEEP,
}
# Each of these gives a canary, or one in another case, and the result of `transform` shows it.
FLOWS = {
    "as it is": "email",
    "a function": "upper(email)",
    "text of the whole": "to_string(@)",
    "the whole": '"@"',
    "each whole": '[{$each: lines, $value: "@"}]',
    "a filter with a default": "lines[?sku] || `[]`",
    "another order": "sort_by(lines, &sku)",
    "merged": "merge(@, {z: `1`})",
    "values of a map": "values(phones)",
    "any value of a map": "phones.* | [0]",
    "a map": "phones",
    "entries of a map": "entries(phones)",
    "keys of a map": "keys(people)",
    "a map with its keys": "people",
    "keys by a pattern": "codes",
    "an element by its place": "pair",
    "elements without a type": "loose",
    "a schema that depends": "paid",
    "one alternative": "either.iban",
    "twenty levels down": "deep",
    "a key": "object(lines[].{key: gift_to, value: sku})",
    "a value by key": "object(lines[].{key: sku, value: gift_to})",
    "a template": '"{{ id }} for {{ email }}"',
    "a branch of a template": '"{% if id %}{{ email }}{% endif %}"',
    "a variable": "let $e = email in {id: id, e: $e}",
    "text of a list": "join(',', lines[].gift_to)",
    "side by side": "zip(lines, lines)",
    "of each": "map(&gift_to, lines)",
    "a fragment": "{$with: 'lines[0]', $use: gift}",
    "a mapping": "{$with: 'lines[0]', $use: t/line}",
    "a default": "lines[9].sku || email",
    "what is known": "not_null(lines[9].sku, email)",
}
FILES = {
    "schemas/s/in.schema.json": json.dumps(SOURCE),
    "schemas/s/any.schema.json": "{}",
    "mappings/t/line.yaml": 'map: {to: "{who: lower(gift_to)}"}\n',
    "mappings/t/old.yaml": "from: s/in\nmap: {z: 0}\n",
    "examples/t/flow/full.json": json.dumps(PAYLOAD),
}
FLOW = "from: s/in\nto: s/any\nfragments: {gift: {to: gift_to}}\nmap:\n  r: %s\n"


def written(cell: str) -> str:
    """A cell as YAML: an expression in quotes."""
    return cell if cell.startswith(('"', "{$", "[{$")) else json.dumps(cell)


def flow(project: MakeProject, cell: str, more: str = "", *, target: bool = True) -> Project:
    text = FLOW % written(cell) + more
    text = text if target else text.replace("to: s/any\n", "")
    fragments = "" if "$use: gift" in cell else "fragments: {gift: {to: gift_to}}\n"
    return project({**FILES, "mappings/t/flow.yaml": text.replace(fragments, "") if fragments else text})


COMMANDS = [
    *(("explain", "t/flow", "--payload", "examples/t/flow/full.json", "--format", form) for form in FORMS),
    *(("explain", "t/flow", "--format", form) for form in FORMS),
    *(("diff", "t/old", "t/flow", "--examples", "examples/t/flow", "--format", form) for form in FORMS),
    *(("diff", "t/flow", "t/old", "--examples", "examples/t/flow", "--format", form) for form in FORMS),
    *(("sheet", "t/flow", "--format", form) for form in ("html", "markdown", "csv")),
    ("coverage", "t/flow"),
    ("check",),
]


@pytest.mark.parametrize("target", [True, False], ids=["with a target", "without"])
def test_no_command_shows_what_flowed(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch, target: bool
) -> None:
    """All of them in one mapping, so that each command is run once."""
    cells = [f"  r{number}: {written(cell)}\n" for number, cell in enumerate(FLOWS.values())]
    head = FLOW.partition("map:")[0] + "map:\n"
    text = (head if target else head.replace("to: s/any\n", "")) + "".join(cells)
    made = project({**FILES, "mappings/t/flow.yaml": text})
    monkeypatch.chdir(made.roots[0])
    result = made.mapping("t/flow")(PAYLOAD)
    assert isinstance(result, dict)
    assert [key for key, value in result.items() if not leaks(encode(value))] == []
    for arguments in COMMANDS:
        ran = run_crossdock(*arguments)
        assert ran.code in (0, 1), (arguments, ran.err)
        assert leaks(ran.out, ran.err) == [], arguments


@pytest.mark.parametrize("case", FLOWS)
def test_no_message_of_a_check_shows_what_flowed(project: MakeProject, case: str) -> None:
    more = 'checks:\n  - check: r\n    message: "r is {{ to_string(r) }}"\n'
    made = flow(project, FLOWS[case], more)
    with pytest.raises(CompileError) as caught:
        made.mapping("t/flow")
    assert {each.id for each in caught.value.diagnostics} == {"sensitive-in-message"}


@pytest.mark.parametrize(
    ("cell", "message", "said"),
    [
        ("upper(email)", "{{ r }}", "the message shows `r`, which is made of the sensitive `email`"),
        ("email", "{{ r }}", "the message shows `s/in.email`, which is sensitive"),
        ("phones", "{{ r.home }}", "the message shows `s/in.phones.home`, which is sensitive"),
        ("id", "{{ root.lines[0].gift_to }}", "the message shows `s/in.lines[].gift_to`, which is sensitive"),
    ],
)
def test_the_finding_names_what_is_shown(project: MakeProject, cell: str, message: str, said: str) -> None:
    made = flow(project, cell, f'checks:\n  - check: r\n    message: "{message}"\n')
    with pytest.raises(CompileError) as caught:
        made.mapping("t/flow")
    assert [each.message for each in caught.value.diagnostics] == [said]


def test_a_check_of_a_used_mapping_is_reported_where_it_is_used(project: MakeProject) -> None:
    """By itself the used mapping has no schema, and shows nothing that is known to be sensitive."""
    line = "map: {to: gift_to}\nchecks:\n  - check: to == 'x'\n    message: \"{{ to }}\"\n"
    text = FLOW.replace("fragments: {gift: {to: gift_to}}\n", "") % "{$with: 'lines[0]', $use: t/line}"
    made = project({**FILES, "mappings/t/line.yaml": line, "mappings/t/flow.yaml": text})
    made.mapping("t/line")
    with pytest.raises(CompileError) as caught:
        made.mapping("t/flow")
    assert [each.message for each in caught.value.diagnostics] == [
        "a check of `t/line` shows `s/in.lines[].gift_to` in its message, which is sensitive here"
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "length(email)",
        "lines[?gift_to].sku",
        "sort_by(lines, &gift_to)[].sku",
        "email && id",
        "keys(phones)",
        "type(email)",
        "positions(lines)",
        "pair[0] && id",
        "lines[0].sku",
        '"{% if email %}yes{% endif %}"',
    ],
)
def test_what_only_decides_or_measures_may_be_shown(project: MakeProject, cell: str) -> None:
    more = 'checks:\n  - check: r\n    message: "r is {{ to_string(r) }}"\n'
    made = flow(project, cell, more)
    assert "sensitive-in-message" not in {each.id for each in made.mapping("t/flow").findings}


def test_functions_pass_on_what_they_are_given() -> None:
    silent = {name for name, function in REGISTRY.items() if not function.passes_on}
    assert silent == {"length", "positions", "type"}


@pytest.mark.parametrize(
    ("document", "below"),
    [
        ({"properties": {"a": {"x-sensitive": True}}}, ("s.a",)),
        ({"additionalProperties": {"x-sensitive": True}}, ("s.*",)),
        ({"patternProperties": {"^a": {"x-sensitive": True}}}, ("s.*",)),
        ({"items": {"x-sensitive": True}}, ("s[]",)),
        ({"prefixItems": [{}, {"x-sensitive": True}]}, ("s[]",)),
        ({"contains": {"x-sensitive": True}}, ("s[]",)),
        ({"propertyNames": {"x-sensitive": True}}, ("s",)),
        ({"not": {"x-sensitive": True}}, ("s",)),
        ({"if": {"properties": {"a": {"x-sensitive": True}}}}, ("s.a",)),
        ({"dependentSchemas": {"b": {"properties": {"a": {"x-sensitive": True}}}}}, ("s.a",)),
        ({"oneOf": [{}, {"allOf": [{"x-sensitive": True}]}]}, ("s",)),
        ({"anyOf": [{"$ref": "#/$defs/a"}, {}], "$defs": {"a": {"x-sensitive": True}}}, ("s",)),
        ({"$ref": "#/$defs/a", "x-sensitive": True, "$defs": {"a": {}}}, ("s",)),
        ({"anyOf": [{"properties": {"a": {"x-sensitive": True}}}, {}], "properties": {"a": {}}}, ("s.a",)),
        ({"contentSchema": {"properties": {"a": {"x-sensitive": True}}}}, ("s",)),
        ({"properties": {"a": {"x-sensitive": False}}}, ()),
    ],
)
def test_a_mark_counts_wherever_a_schema_has_it(
    tmp_path: Path, document: JSON, below: tuple[str, ...]
) -> None:
    assert marks_of(stored(tmp_path, "s", document)).below == below


def test_a_schema_in_itself_has_an_end(tmp_path: Path) -> None:
    marks = marks_of(stored(tmp_path, "s", {"properties": {"a": {"$ref": "#"}, "b": {"x-sensitive": True}}}))
    assert marks.below == ("s.b",)
    assert marks.member("a").member("a").below == ("s.a.a.b",)


# --- generated schemas and mappings

CELLS = (
    *("{0}", "{0}", "{0}", "[{{$each: {0}, $value: {1}}}]", "{{$with: {0}, $value: {1}}}", "[{0}, {1}]"),
    *("{{$if: {0}, $value: {1}}}", "{{$with: {0}, $use: part}}", "[{{$each: {0}, $use: part}}]"),
    *("{{$use: part, z: {0}}}", "{{n: {0}, $if: {1}}}", "[{{$each: {0}, n: '@', m: {1}}}]"),
)
TEMPLATES = ("{{ a }}", "{{ a.b ~ items }}", "{% if a %}{{ b }}{% else %}x{% endif %}", "{{ items | first }}")
STEPS = (
    *("@", "a", "b", "items", "root()", "a.b", "items[].price", "values(@)", "to_string(@)", "keys(@)"),
    *("merge(@, {z: `1`})", "items[?a] || `[]`", "entries(@)", "a.*", "*", "sort_by(items, &a)"),
    *("object(items[].{key: a, value: b})", "let $v = a in [$v]", "zip(items, items)", "join('', keys(@))"),
    *("map(&@, items)", "[a, b][]", "{p: a, q: @}", "a || b", "a && b", "upper(a)", "not_null(a, b, @)"),
)


def expression(choices: Choices) -> str:
    match choices.below(6):
        case 0 | 1:
            return choices.pick(STEPS)
        case 2:
            return walk(choices, 2)
        case 3 | 4:
            return f"{choices.pick(STEPS)} | {choices.pick(STEPS)}"
    return grammar.expression(choices, 3)


def cell(choices: Choices) -> str:
    if choices.one_in(8):
        return json.dumps(choices.pick(TEMPLATES))
    return choices.pick(CELLS).format(*(json.dumps(expression(choices)) for _ in range(2)))


def mapping_text(choices: Choices) -> str:
    lines = ["fragments:", f"  part: {{f: {json.dumps(expression(choices))}}}", "map:"]
    keys = "xyz"[: 1 + choices.below(3)]
    lines += [f"  {key}: {cell(choices)}" for key in keys]
    shown = choices.pick(("x", "x.f", "root", "root.a", "root.b.a", "root.items[0]"))
    lines += ["checks:", f"  - check: {choices.pick(('x.q7', 'equal(x, root().a)'))}", "    level: warning"]
    return "\n".join([*lines, f'    message: "it is {{{{ to_string({shown}) }}}}"', ""])


def linked(text: str, source: Schema, target: Schema | None) -> Mapping:
    """A mapping that is linked and not checked: the check would refuse most. Raises CompileError."""
    file = Source("made.yaml", text)
    parsed, problems = parse_mapping(parse_yaml(file), Span(file, 0, 1))
    if parsed is None:
        raise CompileError(problems)
    resolution = Resolution("shop/made", parsed, SMALL)
    found = resolution.mapping(file)
    if problems := [*problems, *resolution.problems]:
        raise CompileError(problems)
    return Mapping(replace(found, source=source, target=target))


class OneVersion(Version):
    """A version of a mapping that is in no project."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self._channel = SMALL.channel_of("shop/made")
        self._given = {}


class OneMapping(Project):
    """A project whose one mapping is given, with the payload as its example."""

    def __init__(self, root: Path, mapping: Mapping, payload: JSON) -> None:
        super().__init__([root])
        self.one = mapping
        example = root / "examples" / f"{mapping.name}/full.json"
        example.parent.mkdir(parents=True, exist_ok=True)
        example.write_text(encode(payload), encoding="utf-8")

    def mapping_names(self, *, own: bool = False) -> list[str]:
        return [self.one.name]

    def mapping(self, name: str) -> Mapping:
        return self.one

    def conversation_names(self, *, own: bool = False) -> list[str]:
        return []


def outputs(mapping: Mapping, empty: Mapping, payload: JSON, root: Path) -> Iterator[str]:
    """All that may be printed of a mapping and a payload, but for the result."""
    data = mapping.linked
    yield explain_text.write_fields(fields(data))
    project = OneMapping(root, mapping, payload)
    sheet = sheet_of(data, samples_of(project, data, lineage(data)))
    yield from (form.write(sheet) for form in (sheet_html, sheet_markdown, sheet_csv))
    covered = coverage(project, [mapping])
    yield from (form.write(covered) for form in (coverage_text, coverage_json, coverage_markdown))
    try:
        told = run(data, payload, {})
        yield explain_text.write_values(told.stories)
        yield explain_json.write_values(data, "payload", told.stories)
        yield explain_markdown.write_values(data, "payload", told.stories)
        shown = [] if disclosed(data) else list(told.problems)
        yield "".join(render(shown, form) for form in ("text", "json", "sarif"))
    except CrossdockError as error:
        yield "".join(render(error.diagnostics, form) for form in ("text", "json", "sarif"))
    # What a check says is kept apart: a mapping whose check tells of a canary is refused.
    quiet = Mapping(replace(data, checks=()))
    for old, new in ((empty, quiet), (quiet, empty)):
        compared = compare(OneVersion(old), OneVersion(new), [Record("payload", payload)])
        report = DiffReport("old", "new", (Compared("shop/made", compared),))
        yield from (write(report) for write in (diff_text.write, diff_json.write, diff_markdown.write))


def test_generated_mappings_show_no_canary(tmp_path: Path) -> None:
    ran = gave = refused = 0
    for seed in range(MANY or 60):
        choices = Choices(drawn(seed, 900))
        made, payload = Marked(choices).payload()
        schema = stored(tmp_path, f"s{seed}", made)
        empty = linked("map: {z: 0}\n", schema, None)
        try:
            mapping = linked(mapping_text(choices), schema, None)
        except CompileError:
            continue
        ran += 1
        refused += bool(disclosed(mapping.linked))
        with suppress(CrossdockError):
            gave += bool(leaks(encode(mapping.run(payload, traced=False).value)))  # type: ignore[arg-type]
        for output in outputs(mapping, empty, payload, tmp_path):  # type: ignore[arg-type]
            assert leaks(output) == [], (seed, mapping.linked.text.text, json.dumps(made))
    # Most can be run, many give canaries, and some are refused, so that this does look at something.
    assert ran > (MANY or 60) / 2
    assert gave > ran / 4
    assert refused > ran / 10


def test_without_the_analysis_canaries_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the run itself read is hidden by another rule; without that too, many are shown."""
    monkeypatch.setattr(HeldByExpressions, "value", lambda *_: CLEAR)

    def shown() -> int:
        found = 0
        for seed in range(30):
            choices = Choices(drawn(seed, 900))
            made, payload = Marked(choices).payload()
            schema = stored(tmp_path, f"s{seed}", made)
            empty = linked("map: {z: 0}\n", schema, None)
            with suppress(CompileError):
                mapping = linked(mapping_text(choices), schema, None)
                found += bool(leaks(*outputs(mapping, empty, payload, tmp_path)))  # type: ignore[arg-type]
        return found

    alone = shown()
    assert alone > 0
    monkeypatch.setattr(MarkedPlaces, "at", lambda *_: False)
    monkeypatch.setattr(MarkedPlaces, "below", lambda *_: False)
    assert shown() > max(alone, 5)


def stored(folder: Path, name: str, document: object) -> Schema:
    (folder / f"{name}.schema.json").write_text(json.dumps(document), encoding="utf-8")
    return SchemaStore([folder]).get(name)
