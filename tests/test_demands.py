"""The read set of a mapping is large enough: a partially read payload gives the same result.

The results are compared with those of the interpreter on whole payloads, for every example, changed examples,
mappings that use few names, and random mappings. To run 20,000 mappings and 2,000 payloads:
DEMANDS=all python -m pytest tests/test_demands.py
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import MakeProject
from crossdock import CompileError, CrossdockError, InputError, Mapping, Source
from crossdock.checking.read_set import read_paths
from crossdock.cli.app import run
from crossdock.core import json_reader
from crossdock.core.json_types import JSON
from crossdock.execution.scope import Scope
from crossdock.project import code_cache
from crossdock.project.compiler import compile_mapping
from crossdock.schema.fast import pruned_reader, write
from fuzz import agreement, walks, yamls
from fuzz.choices import Choices, drawn
from fuzz.documents import changed, document
from fuzz.grammar import template
from fuzz.targets import ODD, OWN, SMALL
from fuzz.targets import payloads as examples

ALL = os.environ.get("DEMANDS") == "all"
PAYLOADS, WALKS, MAPPINGS = (2_400, 20_000, 5_000) if ALL else (300, 800, 250)


def paths_of(mapping: Mapping) -> list[str]:
    """What a mapping asks for, as people write it."""
    return sorted(".".join(path).replace(".[]", "[]") for path in read_paths(mapping.linked))


def pruned(value: Any, paths: list[tuple[str, ...]]) -> Any:
    """What is left of a value; where its shape is another than that of the paths, all of that place."""
    if () in paths:
        return value
    below: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    if isinstance(value, list) and "[]" in below:
        return [pruned(item, below["[]"]) for item in value]
    if isinstance(value, dict) and below.keys() - {"[]"}:
        return {name: pruned(value[name], below[name]) for name in value if name in below and name != "[]"}
    return value


# --- what is asked for

# expression, what it asks for; "" is the whole payload
EXPRESSIONS: dict[str, list[str]] = {
    # a value is the result, and all of it counts
    "a": ["a"],
    "a.b.c": ["a.b.c"],
    "a | b | c": ["a.b.c"],
    "@": [""],
    "root()": [""],
    "root().a.b": ["a.b"],
    "'x'": [""],
    "settings().a": [""],
    "a.missing": ["a.missing"],
    # lists are walked through
    "a[0]": ["a[]"],
    "a[-1].b": ["a[].b"],
    "a[1:3].b": ["a[].b"],
    "a[*]": ["a[]"],
    "a[*].b": ["a[].b"],
    "a[*].b.c[*].d": ["a[].b.c[].d"],
    "a[].b": ["a[].b"],
    "a[?b].c": ["a[].b", "a[].c"],
    "a[?b == `1`].c": ["a[].b", "a[].c"],
    "a[?b.c].b.d": ["a[].b.c", "a[].b.d"],
    "a[?b] | [0].c": ["a[].b", "a[].c"],
    "a[].b[?c].d | [0]": ["a[].b[].c", "a[].b[].d"],
    "a[*].[b, c.d][]": ["a[].b", "a[].c.d"],
    # whether an item is true, is asked of all of it when something else of it is read
    "a[?@].b": ["a[]"],
    # an item that is a list gives its items; these are not pruned in another way than it is
    "a[][].b": ["a[]"],
    "[a[].b, a[0][0].c]": ["a[]"],
    "[a[].b, a[0].c]": ["a[].b", "a[].c"],
    # how many values an object has, counts
    "a.*.b": ["a"],
    "a.* | [0]": ["a"],
    "[a.b, a.*.c]": ["a"],
    # what is made on the way is taken apart again
    "{x: a, y: b}": ["a", "b"],
    "{x: a, y: b}.x.c": ["a.c", "b"],
    "[{x: a, y: b}][0].x.c": ["a.c", "b"],
    "[a, b]": ["a", "b"],
    "[a, b][].c": ["a.c", "a[].c", "b.c", "b[].c"],
    "[a, b][0].c": ["a.c", "b"],
    "[a, b][-1].c": ["a", "b.c"],
    "[a, b][2].c": ["a", "b"],
    # truth: a list keeps its length, an object does not keep what is not read
    "a || b": ["a", "b"],
    "(a || b).c": ["a", "b.c"],
    "(a && b).c": ["a", "b.c"],
    "(a || `[]`)[*].c": ["a[].c"],
    "(a || `[]`)[?b].c": ["a[].b", "a[].c"],
    "[a || b, a[*].c]": ["a", "b"],
    "!a": ["a"],
    "[!a, a[*].b]": ["a[].b"],
    "[!a, a.b]": ["a"],
    "[length(a), a[].b]": ["a[].b"],
    "[length(a), a.b]": ["a"],
    # comparisons look at all of a value, but for null
    "a == b": ["a", "b"],
    "a != `null`": ["a"],
    "[a != `null`, a.b]": ["a.b"],
    "a.b == `null`": ["a.b"],
    # functions
    "not_null(a, b).c": ["a.c", "b.c"],
    "map(&b, a)": ["a[].b"],
    "map(&b.c, a[*].d)": ["a[].d.b.c"],
    "map(&root().x, a)": ["a[]", "x"],
    "length(a)": ["a"],
    "first(a).b": ["a[].b"],
    "last(a[*].b).c": ["a[].b.c"],
    "sort_by(a, &b)": ["a[]"],
    "sort_by(a, &b)[*].c": ["a[].b", "a[].c"],
    # a variable is the value that is bound to it, wherever it is read
    "let $v = a in $v": ["a"],
    "let $v = a in $v.b": ["a.b"],
    "let $v = a in $v[*].[b, c.d]": ["a[].b", "a[].c.d"],
    "let $v = a in b[*].[c, $v.d]": ["a.d", "b[].c"],
    "a[*].[let $v = @ in $v.b]": ["a[].b"],
    "let $v = a in let $v = $v.b in $v.c": ["a.b.c"],
    "let $v = a in (let $v = b in $v.c) || $v.d": ["a.d", "b.c"],
    "let $v = a.b in map(&[$v, c], d)": ["a.b", "d[].c"],
    "let $v = a in c": ["a", "c"],
    "sort_by(a, &root().c)[0].d": ["a[].d", "c"],
    "max_by(a, &b).c": ["a[].b", "a[].c"],
    "min_by(a, &b).c": ["a[].b", "a[].c"],
    "merge(a, {x: b}).c": ["a.c", "b"],
    "merge(a, {x: b}).x.c": ["a.x.c", "b.c"],
    "merge(a, b)": ["a", "b"],
    "sum(a[].b)": ["a[].b"],
    "join(' ', a[].b || `[]`)": ["a[].b"],
    "keys(a)": ["a"],
    "values(a)[].b": ["a"],
    "entries(a)[].value.b": ["a"],
    "reverse(a)[*].b": ["a[].b"],
    "to_array(a)[].b": ["a.b", "a[].b"],
    "unique(a)[].b": ["a"],
    "positions(a)": ["a[]"],
    "unique_by(a, &b)[].c": ["a[].b", "a[].c", "a[][].c"],
    "unique_by(a, &b, c)[*].d": ["a[].b", "a[].d", "c"],
    "chunks(a, b)[*][*].c": ["a[].c", "b"],
    "group_by(a, &b).x[*].c": ["a[].b", "a[].c"],
    "group_by(a, &b).*[*].c": ["a[].b", "a[].c"],
    "values(group_by(a, &b))": ["a[]"],
    "index_by(a, &b.c).x.d": ["a[].b.c", "a[].d"],
    "index_by(a, &b).x": ["a[]"],
    "reverse(a)[].b": ["a[].b", "a[][].b"],
    "type(a)": ["a"],
    "zip(a[].b, c)": ["a[].b", "c[]"],
    "zip(a, c)[*].{d: [1].d}": ["a[]", "c[].d"],
    "zip(positions(a), a)[*].{n: [0], b: [1].b}": ["a[].b"],
    "lookup('t', a.b, c)": ["a.b", "c"],
    "lookup('t', a, b).c": ["a", "b.c"],
    # a name that a path cannot tell from an item
    'a."[]"': ["a"],
    '"[]".a': [""],
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_an_expression_asks_for(expression: str) -> None:
    text = f"tables: {{t: {{x: 1}}}}\nmap: {{v: {json.dumps(expression)}}}"

    assert paths_of(walks.compiled(text)) == EXPRESSIONS[expression]


# cells, what they ask for
CELLS: dict[str, list[str]] = {
    "map: {v: {$const: 1}}": [""],
    "map: {v: '{{ a.b }} {{ c }}'}": ["a.b", "c"],
    "map: {v: '{% if a %}{{ b }}{% else %}x{% endif %}'}": ["a", "b"],
    "map: {v: '{{ a if b is defined else c }}'}": ["a", "b", "c"],
    "map: {v: '{% if a %}x{% endif %}', w: a.b}": ["a"],
    "map: {v: {$with: a, x: b, y: root().c}}": ["a.b", "c"],
    "map: {v: {$with: a, $const: 1}}": ["a"],
    "map: {v: {$if: a, x: b}}": ["a", "b"],
    "map: {v: {$if: a, x: a.b}}": ["a"],
    "map: {v: {$if: 'a[?b]', x: c}}": ["a[].b", "c"],
    "map: {v: [{$each: a, x: b}, c]}": ["a[].b", "c"],
    "map: {v: [{$each: a, $const: 1}]}": ["a[]"],
    "map: {v: [{$each: 'a[?b].c', $value: d}]}": ["a[].b", "a[].c.d"],
    "map: {v: [{$each: a, $if: b, $with: c, x: d}]}": ["a[].c.b", "a[].c.d"],
    "map: {v: [{$each: '[{p: a, q: b}]', x: p.c}]}": ["a.c", "b"],
    "fragments: {f: {x: b}}\nmap: {v: {$with: a, $use: f}, w: {$with: c, $use: f}}": ["a.b", "c.b"],
    "fragments: {f: {x: b}}\nmap: {v: {$use: f, y: c}}": ["b", "c"],
    "map: {v: a.b}\nchecks: [{check: 'root().a', message: 'no'}]": ["a"],
    "map: {v: a}\nchecks: [{check: 'v == root().b', message: 'no'}]": ["a", "b"],
    "map: {v: a.x}\nchecks: [{check: 'root().a.y', message: '{{ root().c }}'}]": ["a.x", "a.y", "c"],
}


@pytest.mark.parametrize("text", CELLS)
def test_what_cells_ask_for(text: str) -> None:
    assert paths_of(walks.compiled(text)) == CELLS[text]


def test_a_used_mapping_has_its_context_for_its_payload(project: MakeProject) -> None:
    order = """
map:
  all: [{$each: 'items[?sku]', $use: shop/line}]
  one: {$with: top.line, $use: shop/line}
"""
    line = "map: {number: sku, name: root().text}\nchecks: [{check: root().price, message: no price}]"
    found = project({"mappings/shop/order.yaml": order, "mappings/shop/line.yaml": line})

    lines = [f"{line}.{name}" for line in ("items[]", "top.line") for name in ("price", "sku", "text")]
    assert paths_of(found.mapping("shop/order")) == lines


def test_a_value_of_too_many_parts_is_asked_for_whole() -> None:
    pairs = ", ".join(f"n{number}: a{number}" for number in range(70))
    expression = f"[{{{pairs}}}.n1.x, a1.y, b.y]"

    assert {"a0", "a1", "b.y"} < {*paths_of(walks.compiled(f"map: {{v: {json.dumps(expression)}}}"))}


def test_a_way_deeper_than_a_payload_can_be_ends() -> None:
    inner = "{$with: a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a, v: b}"
    for _ in range(5):
        inner = f"{{$with: a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a, v: {inner}}}"

    assert [len(path) for path in read_paths(walks.compiled(f"map: {inner}").linked)] == [64]


UNREAD = {
    "kibo/order": ["items[].taxData", "items[].product.properties", "items[].auditInfo", "packages"],
    "fabric/order": ["items[].attributes", "payments[].attributes", "taxes", "statusCode"],
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_not_asked_for(name: str) -> None:
    asked = paths_of(OWN.mapping(name))

    assert "items[].sku" in asked or "items[].product.sku" in asked
    for unread in UNREAD[name]:
        assert not [path for path in asked if f"{path}.".startswith(f"{unread}.") or path == unread]
        assert not any(unread.startswith((f"{path}.", f"{path}[]")) or path in ("", unread) for path in asked)


# --- the same result


def told(result: Any) -> tuple[str, str]:
    """The text of a result, or the message of its error."""
    try:
        return "result", result().decode()
    except CrossdockError as error:
        return type(error).__name__, str(error)


def whole(mapping: Mapping, data: bytes) -> bytes:
    """The result of a payload of which everything is read, its schema left aside."""
    payload = json_reader.decode(data, "payload")
    return write(mapping.run(payload, trust_source=True).value, compact=True)


def is_same(mapping: Mapping, data: bytes) -> str:
    """Holds what is read in part against what is read whole; says what came out."""
    expected = told(lambda: whole(mapping, data))
    found = told(lambda: mapping.convert(data, trust_source=True))
    # What is not read may nest too deep, or hold a number that no payload may.
    if expected[0] != "InputError" or found[0] != "result":
        assert found == expected, mapping.name
    return found[0]


def test_every_example_gives_the_same() -> None:
    given = [(OWN.mapping(name), json.dumps(payload).encode()) for name, payload in examples()]
    found = [is_same(mapping, data) for mapping, data in given]

    assert found.count("result") > len(found) // 2


def test_examples_that_have_been_changed_give_the_same() -> None:
    found = []
    for seed in range(PAYLOADS):
        choices = Choices(drawn(seed))
        name, payload = choices.pick(examples())
        data = json.dumps(changed(choices, changed(choices, payload))).encode()
        found.append(is_same(OWN.mapping(name), data))

    assert found.count("result") > PAYLOADS // 3
    assert len(found) - found.count("result") > PAYLOADS // 20


REFUSED_OR_NOT = {
    "an object for a list": '{"items": {"sku": "A", "x": 1}}',
    "a list for an object": '{"top": [{"line": 1}], "items": []}',
    "lists in lists": '{"items": [[{"sku": "A", "x": 1}], {"sku": "B"}], "top": {"line": {"sku": 1}}}',
    "an empty object": '{"items": [{}], "top": {}}',
    "an object that seems empty": '{"items": [{"x": 1}], "top": {"y": 2}, "flag": {"z": 1}}',
    "text for everything": '{"items": "A", "top": "B", "flag": "C"}',
    "nothing": "null",
    "a list for the payload": '[{"items": []}]',
    "a number for the payload": "7",
    "a number of more than 64 bits": '{"items": [{"sku": 123456789012345678901234567890}]}',
    "one where nothing fits": '{"top": [18446744073709551616], "items": [{"sku": 18446744073709551616}]}',
    "one twice": '{"items": [{"sku": 1.0}, {"sku": 1}], "flag": -0.0}',
}
SHOP = """\
map:
  skus: items[?sku].sku
  flat: items[].sku
  count: length(items || `[]`)
  line: top.line.sku
  none: "!top"
  flag: {$if: flag, $const: 1}
"""


@pytest.mark.parametrize("name", REFUSED_OR_NOT)
def test_payloads_of_another_shape_give_the_same(name: str) -> None:
    is_same(walks.compiled(SHOP), REFUSED_OR_NOT[name].encode())


# expression, a document, and paths that are too few: with those the expression would give something else
TRAPS: list[tuple[str, str, str]] = [
    ("[a && 'x', a.b]", '{"a": {"c": 1}}', "a.b"),
    ("[a || 'x', a.b]", '{"a": {"c": 1}}', "a.b"),
    ("[a || 'x', a[*].b]", '{"a": [{"b": 1, "c": 2}]}', "a.[].b"),
    ("(a || b)[*].c", '{"a": [{"c": 1}], "b": [{"c": 2}]}', "b.[].c"),
    ("[a[].b, a[0][0].c]", '{"a": [[{"b": 1, "c": 2, "d": 3}]]}', "a.[].b a.[].[].c"),
    ("[[a, b][].c, a.d]", '{"a": {"c": 1, "d": 2}, "b": [{"c": 3}]}', "a.d a.[].c b.[].c"),
    ("[a, b][].c", '{"a": [{"c": 1}], "b": 2}', "a.c b.c a.[].d"),
    ("a[?b.c].d", '{"a": [{"b": {"c": 1}, "d": 2}]}', "a.[].d"),
    ("[a[?b].c, a[*].b.d]", '{"a": [{"b": {"x": 1}, "c": 2}]}', "a.[].c a.[].b.d"),
    ("[length(a), a.b]", '{"a": {"b": 1, "c": 2}}', "a.b"),
    ("length(a.*.b)", '{"a": {"x": {"b": 1}, "y": {"b": 2}}}', "a.x.b"),
    ("[a == `{}`, a.b]", '{"a": {"c": 1}}', "a.b"),
    ("[a != `null`, b]", '{"a": {"c": 1}}', "b"),
    ("length(a[*].[`1`])", '{"a": [{"x": 1}, null]}', "b"),
    ("map(&'x', a)", '{"a": [{"x": 1}, null]}', "b"),
    ("[!a[0], a[0].b]", '{"a": [{"c": 1}]}', "a.[].b"),
    ("sort_by(a, &b)[*].c", '{"a": [{"b": 2, "c": 1}, {"b": 1, "c": 3}]}', "a.[].c"),
    ("not_null(a, b).c", '{"a": {"d": 1}, "b": {"c": 2}}', "b.c"),
    ("[to_string(a[].b), a[].b.c]", '{"a": [{"b": {"c": 1, "d": 2}}]}', "a.[].b.c"),
]


@pytest.mark.parametrize(("expression", "data", "too_few"), TRAPS)
def test_traps(expression: str, data: str, too_few: str) -> None:
    mapping = walks.compiled(f"map: {{v: {json.dumps(expression)}}}")
    payload, scope = json.loads(data), Scope(settings={})
    fewer = pruned(payload, [tuple(path.split(".")) for path in too_few.split()])

    assert agreement.interpreted(mapping, fewer, scope) != agreement.interpreted(mapping, payload, scope)
    assert is_same(mapping, data.encode()) == "result"
    agrees(mapping, payload)


def agrees(mapping: Mapping, payload: Any) -> bool | None:
    """Holds a document that is pruned against the whole one; None when nothing is pruned of it."""
    paths = [*read_paths(mapping.linked)]
    left, scope = pruned(payload, paths), Scope(settings={}, request=1)
    expected = agreement.interpreted(mapping, payload, scope)
    assert agreement.interpreted(mapping, left, scope) == expected, (mapping.linked.text.text, payload, left)
    return None if left == payload else expected != agreement.REFUSED


def walked(choices: bytes) -> Mapping | None:
    """A mapping that walks, if it is not one that loops too often."""
    try:
        return walks.compiled(walks.mapping(Choices(choices)))
    except CompileError:
        return None


def test_mappings_that_walk_see_no_difference() -> None:
    found = []
    for seed in range(WALKS):
        mapping = walked(drawn(seed, 800))
        if mapping is None:
            continue
        found += [agrees(mapping, walks.document(Choices(drawn(seed * 8 + at, 1600)))) for at in range(8)]

    assert found.count(True) > len(found) // 5, "hardly anything is pruned"


def test_random_mappings_see_no_difference() -> None:
    found = []
    for seed in range(MAPPINGS):
        choices = Choices(drawn(seed, 800))
        text = f"map: {{x: {json.dumps(template(choices))}}}" if seed % 4 == 0 else yamls.small(choices)
        try:
            mapping = compile_mapping("shop/file", Source("file.yaml", text), SMALL)
        except CompileError:
            continue
        found += [agrees(mapping, payload) for payload in (document(choices), document(choices), *ODD)]

    assert found.count(True) > len(found) // 10, "hardly anything is pruned"


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(written=st.binary(max_size=60), drawn_of=st.lists(st.binary(max_size=80), min_size=1, max_size=3))
def test_a_walk_through_bytes_that_were_read_in_part(written: bytes, drawn_of: list[bytes]) -> None:
    mapping = walked(written)
    if mapping is None:
        return
    for each in drawn_of:
        is_same(mapping, json.dumps(walks.document(Choices(each))).encode())


# --- what is done with it


def order() -> tuple[Mapping, JSON]:
    """A mapping that has no reader yet, and a payload for it."""
    payload = next(payload for name, payload in examples() if name == "kibo/order")
    return replace(OWN.mapping("kibo/order")), payload


def test_what_is_not_read_is_not_checked() -> None:
    mapping, payload = order()
    assert isinstance(payload, dict)
    odd = json.dumps({**payload, "packages": "none", "auditInfo": {"x": 1}}).encode()

    with pytest.raises(InputError, match="expected a list or null, found text"):
        mapping.convert(odd)
    assert mapping.convert(odd, trust_source=True) == mapping.convert(json.dumps(payload).encode())


@pytest.mark.parametrize("data", ["", "{", '{"items": [}', "[1,]", "\ufeff{}"])
def test_what_is_no_json_is_refused(data: str) -> None:
    found = told(lambda: order()[0].convert(data.encode(), trust_source=True))

    assert found == told(lambda: json_reader.encode(json_reader.decode(data.encode(), "payload")).encode())
    assert found[0] == "InputError"


def test_the_result_is_checked_all_the_same(project: MakeProject) -> None:
    number = '{"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}'
    found = project(
        {
            "mappings/shop/order.yaml": "from: shop/in\nto: shop/out\nmap: {number: id}",
            "schemas/shop/in.schema.json": '{"type": "object", "properties": {"id": {"type": "integer"}}}',
            "schemas/shop/out.schema.json": number,
        }
    )
    mapping = found.mapping("shop/order")

    assert mapping.convert(b'{"id": 7, "more": 1e999}', trust_source=True) == b'{"number":7}'
    with pytest.raises(CrossdockError, match="expected a whole number, found text"):
        mapping.convert(b'{"id": "7"}', trust_source=True)


def test_the_reader_of_an_order_keeps_a_fraction_of_it() -> None:
    mapping, payload = order()
    assert isinstance(payload, dict)
    data = json.dumps({**payload, "packages": [{"items": [{"text": "x" * 50}] * 50}]}).encode()

    assert len(json.dumps(pruned_reader(read_paths(mapping.linked))(data))) < len(data) // 2


SKU = {"type": "object", "properties": {"sku": {}}}
SOURCE = {"id": {}, "total": {}, "note": {"type": "string"}, "items": {"type": "array", "items": SKU}}
COMMAND = {
    "mappings/shop/order.yaml": """
from: shop/in
map: {number: id, first: 'items[0].sku'}
checks: [{check: 'root().total != `0`', message: it is nothing}]
""",
    "schemas/shop/in.schema.json": json.dumps({"type": "object", "properties": SOURCE}),
}
# the payload, the options; the exit code, what is printed
RUNS: dict[str, tuple[bytes, list[str], int, str]] = {
    "unread and wrong": (b'{"id": 7, "note": 1}', [], 0, '{"number":7}\n'),
    "checked without it": (b'{"id": 7, "note": "n"}', [], 0, '{"number":7}\n'),
    "the result unchecked too": (b'{"id": 7, "note": 1}', ["--no-validate"], 0, '{"number":7}\n'),
    "a failed check": (b'{"id": 7, "total": 0, "note": 1}', [], 0, '{"number":7}\n'),
    "no JSON": (b'{"id": 7', [], 3, ""),
    "lines": (
        b'{"id": 1, "note": 1}\n{"id"}\n{"id": 2, "items": [{"sku": "A", "x": 1}]}',
        ["--lines"],
        3,
        '{"number":1}\n{"number":2,"first":"A"}\n',
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_command(
    name: str,
    project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice: the second time the code, and the paths with it, are found on disk."""
    project(COMMAND)
    monkeypatch.chdir(tmp_path)
    data, options, code, printed = RUNS[name]
    (tmp_path / "given").write_bytes(data)
    arguments = ["transform", "shop/order", "given", "--compact", "--trust-source", *options]
    ended = [(run(arguments), *capsys.readouterr()) for _ in range(2)]

    assert ended[0] == ended[1]
    assert ended[0][:2] == (code, printed)
    assert ("it is nothing" in ended[0][2]) == (name == "a failed check")


def test_what_is_kept_on_disk_reads_as_little(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_CACHE", str(tmp_path / "kept"))
    found = project(COMMAND)
    assert code_cache.keep_mapping(found, found.mapping("shop/order"))
    kept = code_cache.find(found.roots, "shop/order")

    assert kept is not None and kept.prunes is not None
    assert kept.prunes()(b'{"id": 7, "note": 1, "items": [{"sku": 1, "x": 2}]}') == {
        "id": 7,
        "items": [{"sku": 1}],
    }
    assert kept.prunes() is kept.prunes()


def test_the_two_kinds_of_trust_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["transform", "kibo/order", "order.json", "--untrusted", "--trust-source"]) == 2
    assert "--untrusted validates the payload: leave out --trust-source" in capsys.readouterr().err
