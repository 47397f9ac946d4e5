"""The check keeps its promise: a mapping without findings never fails because of the kind of a value.

Payloads are drawn from the source schema. The mappings are those of the project, and random ones over its
schemas; ``test_made_soundness`` has random ones over random schemas. Results must have no unknown property,
no value of the wrong kind, and no missing required property; errors on lines with an accepted finding do not
count.

More of it: SOUNDNESS=5000 python -m pytest tests/test_soundness.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import REPOSITORY
from crossdock import CompileError, Diagnostic, EvaluationError, Mapping, OutputError, Project, Source
from crossdock.checking.given_types import schema_type
from crossdock.checking.infer import Inference
from crossdock.checking.sink import Finding
from crossdock.checking.suppressions import suppressions_in
from crossdock.checking.type_kinds import kinds_of_value
from crossdock.checking.type_parts import element_at
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, Type
from crossdock.core.diagnostics import Span
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.runner import check_output
from crossdock.execution.scope import Scope
from crossdock.language.expr import Expr
from crossdock.language.jmespath import compile_expression
from crossdock.project.compiler import compile_mapping
from crossdock.schema.shape import Shape

ALL = os.environ.get("SOUNDNESS") == "all"
MANY = 0 if ALL else int(os.environ.get("SOUNDNESS", "0"))
REAL = Project([REPOSITORY])
SMALL = Project([REPOSITORY / "tests" / "errors"])

PROMISED = {"unknown-property", "wrong-type", "missing-required"}
# Of failures while a mapping runs those count that are about the kind of a value, not about the value.
KINDS = "nothing|text|a number|true or false|a list|an object|a list of numbers|a list of texts|null"
OF_KIND = re.compile(
    rf"takes .*, not ({KINDS})$|and it is missing$|and an item is |cannot be printed|cannot compare"
    r"|`\$each` takes a list|gives no object here|cannot take these values"
)

TEXTS = ["", "x", "12.50", "7", "US", "2024-05-01T10:00:00Z"]
FORMATS = {"date-time": "2024-05-01T10:00:00Z", "date": "2024-05-01", "email": "a@example.com"}


def value_of(shape: Shape, choose: Random, often: float, depth: int = 0) -> JSON:
    """A value of a schema. ``often``: how likely a property is that may be left out."""
    if shape.enum is not None:
        return choose.choice(shape.enum) if shape.enum else None
    types = (
        sorted(shape.types) if shape.types is not None else ["null", "string", "integer", "object", "array"]
    )
    match choose.choice(types):
        case "null":
            return None
        case "boolean":
            return choose.random() < 0.5
        case "integer":
            return choose.choice([0, 1, 2, 7, -3])
        case "number":
            return choose.choice([0, 1, 19.99, -0.5, 3])
        case "string":
            return text_of(shape, types, choose)
        case "array":
            many = choose.choice([0, 1, 2]) if depth < 8 else 0
            return [value_of(shape.items(), choose, often, depth + 1) for _ in range(many)]
    return object_of(shape, choose, often, depth)


def text_of(shape: Shape, types: list[str], choose: Random) -> str:
    if "number" in types or "integer" in types:
        return choose.choice(["12.50", "7", "0"])
    if (stated := FORMATS.get(str(shape.node.get("format")))) is not None:
        return stated
    known = [str(value) for value in shape.known_values or () if value is not None]
    return choose.choice([*TEXTS, *known])


def object_of(shape: Shape, choose: Random, often: float, depth: int) -> JSON:
    found: dict[str, JSON] = {}
    for name in sorted(shape.property_names()):
        wanted = name in shape.required() or (depth < 6 and choose.random() < often)
        inner = shape.member(name) if wanted else None
        if inner is not None and inner.types != frozenset():
            found[name] = value_of(inner, choose, often, depth + 1)
    return found


def broken_promises(mapping: Mapping, payload: JSON) -> Iterator[Diagnostic]:
    """What a run says that the check should have said."""
    try:
        result = mapping.run(payload, validate=False)
        if mapping.linked.target is not None:
            check_output(result.value, mapping.linked.target, result.trace, "payload")
    except EvaluationError as error:
        yield from (item for item in error.diagnostics if OF_KIND.search(item.message))
    except OutputError as error:
        yield from (item for item in error.diagnostics if item.id in PROMISED)


def is_allowed(item: Diagnostic, user: Source) -> bool:
    """Whether the author has accepted a finding on the line that is blamed, or where its mapping is used."""
    if item.span is None:
        return False
    if any(item.span.line in each.lines for each in suppressions_in(item.span.source)):
        return True
    used = item.span.source.name.removesuffix(".yaml").rpartition("/")[2]
    lines = user.text.split("\n")
    accepted = (lines[line - 1] for each in suppressions_in(user) for line in each.lines)
    return item.span.source != user and any(f"/{used}}}" in line for line in accepted)


# The project's own mappings


def own_mappings() -> list[str]:
    """Those that can be run by themselves: they have a source, and need no answers of a conversation."""
    found = []
    for name in REAL.mapping_names():
        text = REAL.text(name).text
        if text and "from:" in text and not re.search(r"\b(answers|request|events)\b", text):
            found.append(name)
    return found


@pytest.mark.parametrize("name", own_mappings())
@given(choose=st.randoms(use_true_random=True), often=st.sampled_from([0.2, 0.5, 0.9]))
@settings(max_examples=MANY or 12, deadline=None, suppress_health_check=list(HealthCheck))
def test_our_mappings_do_as_the_check_says(name: str, choose: Random, often: float) -> None:
    try:
        mapping = REAL.mapping(name)
    except CompileError:
        pytest.skip("it does not compile, which other tests say")
    assert mapping.linked.source is not None
    payload = value_of(mapping.linked.source.shape(), choose, often)

    found = [item for item in broken_promises(mapping, payload) if not is_allowed(item, REAL.text(name))]
    assert [str(item) for item in found] == []


# Random mappings

FIELDS = {
    "order": [
        "number",
        "reference",
        "status",
        "channel",
        "origin",
        "placedAt",
        "currency",
        "paid",
        "total",
        "weight",
        "tags",
        "comment",
        "customer",
        "billTo",
        "shipTo",
        "lines",
        "payments",
    ],
    "line": [
        "id",
        "sku",
        "title",
        "quantity",
        "price",
        "isGift",
        "kind",
        "options",
    ],
    "payment": [
        "id",
        "status",
        "amount",
        "card",
    ],
    "contact": [
        "name",
        "city",
        "zip",
        "country",
    ],
    "customer": [
        "firstName",
        "lastName",
        "email",
        "isCompany",
    ],
}
INSIDE = {"customer": "customer", "billTo": "contact", "shipTo": "contact"}
LISTS = {"lines": "line", "payments": "payment"}
ONE = [
    "upper",
    "trim",
    "length",
    "to_string",
    "to_number",
    "to_array",
    "type",
    "keys",
    "values",
    "sum",
    "avg",
    "max",
    "min",
    "sort",
    "reverse",
    "number",
    "integer",
    "first",
    "last",
    "unique",
    "entries",
    "neg",
]
TWO = [
    "join",
    "contains",
    "starts_with",
    "add",
    "subtract",
    "multiply",
    "ratio",
    "not_null",
    "merge",
    "min_of",
    "equal",
    "zip",
    "split",
]
LITERALS = ["`0`", "`1`", "'x'", "''", "`null`", "`[]`", "`{}`", "`true`", "'open'", "`2.5`", "'goods'"]


@st.composite
def expressions(draw: st.DrawFn, of: str = "order", depth: int = 3) -> str:
    """An expression over an object of the small schema; sensible more often than not."""
    if depth <= 0:
        return draw(st.sampled_from(FIELDS[of]))

    def inner(of: str = of) -> str:
        return draw(expressions(of, depth - 1))

    match draw(st.integers(0, 21)):
        case 0 | 1:
            return draw(
                st.sampled_from([*FIELDS[of], "@", "root().number", "root().customer", "root().lines"])
            )
        case 2:
            return draw(st.sampled_from(LITERALS))
        case 3:
            return f"({inner()} || {inner()})"
        case 4:
            return f"({inner()} && {inner()})"
        case 5:
            operator = draw(st.sampled_from(["==", "!=", "<", ">="]))
            other = draw(st.sampled_from(LITERALS)) if draw(st.booleans()) else inner()
            return f"({inner()} {operator} {other})"
        case 6 | 7:
            return f"{draw(st.sampled_from(ONE))}({inner()})"
        case 8:
            return f"{draw(st.sampled_from(TWO))}({inner()}, {inner()})"
        case 9 | 10 if of == "order":
            field = draw(st.sampled_from(sorted(LISTS)))
            row = LISTS[field]
            condition = f"[?{inner(row)}]" if draw(st.booleans()) else "[]"
            return f"{field}{condition}.{draw(st.sampled_from([*FIELDS[row], '[' + inner(row) + ']']))}"
        case 9 | 10:
            return f"!{inner()}"
        case 11 if of == "order":
            field = draw(st.sampled_from(sorted(INSIDE)))
            return f"{field}.{draw(st.sampled_from(FIELDS[INSIDE[field]]))}"
        case 12:
            return (
                f"[{inner()}, {inner()}]{draw(st.sampled_from(['', '[]', '[0]', '[?@]', ' | [1]', '[][]']))}"
            )
        case 13:
            return f"{{a: {inner()}, b: {inner()}}}{draw(st.sampled_from(['', '.a', '.*', ' | b']))}"
        case 14:
            return draw(st.sampled_from(["lookup('state', {0})", "lookup('state', {0}, {1})"])).format(
                inner(), inner()
            )
        case 15 if of == "order":
            by = draw(st.sampled_from(["sort_by", "max_by", "min_by"]))
            return f"{by}(lines, &{inner('line')})"
        case 16 | 17 if of == "order":
            field = draw(st.sampled_from(sorted(LISTS)))
            row = LISTS[field]
            of_list = draw(st.sampled_from(LIST_FUNCTIONS))
            given = draw(st.sampled_from([field, f"({field} || `[]`)"]))
            return of_list.format(given, draw(st.sampled_from(FIELDS[row])), inner(row))
        case 18 if of == "order":
            field = draw(st.sampled_from(sorted(LISTS)))
            place = draw(st.sampled_from(["[0]", "[-1]", "[1]", "[:1][]", "[?@][0]", "[] | [0]"]))
            return f"{field}{place}.{draw(st.sampled_from(FIELDS[LISTS[field]]))}"
        case 19:
            field = draw(st.sampled_from(FIELDS[of]))
            return draw(st.sampled_from(GUARDS)).format(field, inner())
        case 20:
            return f"not_null({inner()}, {inner()}, {draw(st.sampled_from(LITERALS))})"
    return inner()


LIST_FUNCTIONS = [
    *("sum({0}[].{1})", "max({0}[].{1})", "min({0}[?{2}].{1})", "sort({0}[].{1})", "join(', ', {0}[].{1})"),
    *(
        "sum({0}[].number({1}))",
        "{0}[].{1} | [0]",
        "first({0}[].{1})",
        "unique({0}[].{1})",
        "length({0}[?{2}])",
    ),
    *("map(&{2}, {0})", "to_array({0}[0].{1})", "{0}[?{1}][].{{a: {1}, b: {2}}}", "{0}[?{1}] | [0].{1}"),
    *("merge({0}[0] || `{{}}`, {{a: {2}}})", "zip({0}[].{1}, {0})[0][0]", "{0}[].[{1}, {2}][]", "{0}[*].{1}"),
    *(
        "sort_by({0}, &{1})[0].{1}",
        "max_by({0}, &to_string({1} || '')).{1}",
        "avg({0}[].{1})",
        "group_by({0}, &to_string({1} || '')).x[0].{1}",
        "values(group_by({0}, &text({1}) || ''))[0][0].{1}",
        "index_by({0}, &to_string({1} || ''))",
        "unique_by({0}, &{1} || `0`, 'last')[0].{1}",
        "chunks({0}, `2`)[0][1].{1}",
        "reverse({0})[0].{1}",
    ),
    *("{0}[?type({1}) == 'string'].upper({1})", "{0}[?{1} == `1`].{1}", "{0}[?{1} > `1`].abs({1})"),
]
GUARDS = [
    *("{0} && {1}", "{0} && upper({0})", "{0} && length({0})", "({0} && sum({0})) || `0`", "{0} || {1}"),
    *("type({0}) == 'string' && upper({0})", "type({0}) == 'number' && abs({0})", "!{0} || length({0})"),
    *("type({0}) == 'array' && {0}[0]", "{0} != `null` && to_string({0})", "{0} == 'open' && upper({0})"),
    *(
        "length({0} || '') > `0` && upper({0})",
        "contains(['open', 'web'], {0}) && lower({0})",
        "{0} > `1` && abs({0})",
    ),
    *(
        "({0} && {1}) | upper(@)",
        "{0} && {0}[0]",
        "{0} && {0}.city",
        "({0} || {1}) && {0}",
        "to_array({0})[0]",
    ),
    *(
        "number({0}) && {0}",
        "keys({0} || `{{}}`)[0]",
        "!(!{0}) && {0}",
        "!{0} && {0}",
        "{0} >= 'a' && upper({0})",
    ),
    *("(let $v = {0} in $v && upper($v))", "(let $v = {0} in $v && {1}) && length({0})"),
    *("(let $v = {0} in type($v) == 'string') && upper({0})", "(let $v = {1} in [$v, {0}])[1]"),
    *("(let $v = {0}, $w = {1} in !$v || $w) && {0}", "(let $v = `1` in (let $v = {0} in $v) && $v)"),
]
TARGETS = ["note", "weight", "express", "labels", "created", "bill_addr", "items", "state"]
TABLE = "tables: {state: {open: new, paid: held, goods: 1}}\n"
HEAD = f"from: shop/order\nto: erp/order\n{TABLE}map:\n  refnum: to_string(number)\n"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


CELLS = [
    "{0}",
    "{{$if: {1}, $value: {0}}}",
    "{{$with: {1}, $value: {0}}}",
    "{{$with: {1}, city: {0}}}",
    "{{city: {0}, zip: {1}}}",
    "[{{$each: {1}, $value: {0}}}]",
    "[{{$each: lines, sku: {0}, quantity: quantity}}]",
    "[{0}, {1}]",
    "{{$if: {1}, $use: ./contact, city: {0}}}",
    "{{$switch: {1}, open: {0}, $else: {1}}}",
    "{{$switch: {1}, open: {1}, paid: {0}}}",
    "{{$switch: state, open: {0}, paid: {1}}}",
    "[{{$each: {{line: lines}}, $with: root(), $if: $line.sku, sku: $line.sku, quantity: $line.quantity}}]",
]


@cache
def clean(cell: str, key: str) -> Mapping | None:
    """A mapping that writes this cell, when it checks clean."""
    text = f"{HEAD}  {key}: {cell}\n"
    text = text if "lookup" in text else text.replace(TABLE, "")
    try:
        mapping = compile_mapping("shop/generated", Source("generated.yaml", text), SMALL)
    except CompileError:
        return None
    return mapping if not mapping.findings else None


@given(
    first=expressions(),
    second=expressions(),
    cell=st.sampled_from(CELLS),
    choose=st.randoms(use_true_random=False),
)
@settings(max_examples=MANY or 130, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_mapping_that_checks_clean_does_as_the_check_says(
    first: str, second: str, cell: str, choose: Random
) -> None:
    written = cell.format(quoted(first), quoted(second))
    shape = SMALL.schema("shop/order").shape()
    mappings = [mapping for key in TARGETS if (mapping := clean(written, key)) is not None]
    for _ in range(8 if mappings else 0):
        payload = value_of(shape, choose, choose.choice([0.1, 0.5, 0.9]))
        for mapping in mappings:
            found = [str(item) for item in broken_promises(mapping, payload)]
            assert found == [], f"{mapping.linked.text.text}\n{payload}"


class Told:
    """Notes whether anything is wrong with an expression."""

    def __init__(self) -> None:
        self.reports: list[str] = []

    def report(self, finding: Finding) -> None:
        self.reports.append(f"{finding.id}: {finding.message}")

    def read(self, name: str, *, indirect: bool) -> None: ...

    def used(self, kind: str, name: str) -> None: ...

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None: ...


def departs(value: JSON, typ: Type, at: str = "") -> str | None:
    """How a value is not what is known of it, or None."""
    if not typ.known:
        return None
    if value is None:
        return None if typ.optional else f"{at} is nothing"
    if not kinds_of_value(value) <= typ.kinds | ({"integer"} if "number" in typ.kinds else set()):
        return f"{at} is {kinds_of_value(value)}, not {typ.kinds}"
    if typ.constants is not None and not isinstance(value, list | dict) and value not in typ.constants:
        return f"{at} is {value!r}, none of {typ.constants}"
    inner: list[tuple[JSON, Type | None, str]] = []
    if isinstance(value, list):
        inner = [(item, element_at(typ, place), f"{at}[{place}]") for place, item in enumerate(value)]
        inner += [(item, typ.items(), f"{at}[]") for item in value]
    elif isinstance(value, dict):
        inner = [(item, typ.member(name), f"{at}.{name}") for name, item in value.items()]
    for item, known, where in inner:
        told = f"{where} is not known" if known is None else departs(item, known, where)
        if told is not None:
            return told
    return None


TABLES: dict[str, dict[str, JSON]] = {"state": {"open": "new", "paid": "held", "goods": 1}}


@given(text=expressions(), choose=st.randoms(use_true_random=False))
@settings(max_examples=MANY or 250, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_value_is_what_the_check_knows_of_it(text: str, choose: Random) -> None:
    source = schema_type(SMALL.schema("shop/order"))
    try:
        expression = compile_expression(ScalarNode(text, Span(Source("x", text), 0, len(text))))
    except CompileError:
        return
    told = Told()
    scope = TypeScope(source, ANYTHING, tables=TABLES)
    typ = Inference(expression, scope, told).infer(expression.node, source)
    if told.reports:
        return
    shape = SMALL.schema("shop/order").shape()
    for _ in range(6):
        payload = value_of(shape, choose, choose.choice([0.1, 0.5, 0.9]))
        try:
            value = Evaluator(Scope(root=payload, tables=TABLES)).evaluate(expression, payload)
        except Failure as failure:
            assert not OF_KIND.search(failure.message), f"{text}: {failure.message}\n{payload}"
        else:
            told_of = departs(value, typ)
            assert told_of is None, f"{text}: {told_of}\n{payload}"


def test_many_of_them_check_clean() -> None:
    """Else the tests above would show nothing."""
    cells = ["comment", "lines[].title", "weight", "paid", "upper(reference)", "customer.lastName || comment"]
    found = [(cell, key) for cell in cells for key in TARGETS if clean(quoted(cell), key) is not None]

    assert len(found) >= 6
