"""What authors bring along from other languages: each message has the words of the cure."""

from __future__ import annotations

import pytest

from conftest import MakeProject
from crossdock.language.functions import REGISTRY
from crossdock.language.slips import _NAMES

SCHEMA = '{"type": "object", "properties": {"sku": {"type": "string"}, "price": {"type": "number"}}}'
SYNTAX, FUNCTION = "expression-syntax", "unknown-function"


@pytest.mark.parametrize(
    ("cell", "id", "cure"),
    [
        ("price * 2", SYNTAX, "`multiply(a, b)` multiplies"),
        ("price / 2", SYNTAX, "`ratio(a, b)` divides"),
        ("sku + sku", SYNTAX, '`add(a, b)` adds numbers; texts are joined in a template: "{{ a }} {{ b }}"'),
        ("price - 2", SYNTAX, "`subtract(a, b)` subtracts"),
        ("$.sku", SYNTAX, "a path begins with its first property; `root()` is the whole payload"),
        ("sku ? price : price", SYNTAX, "`a && b || c` is b where a is true, else c"),
        ("sku ?? 'x'", SYNTAX, "`a || b` is b where a is missing"),
        ("sku?.length", SYNTAX, "`a.b` is null where a is missing"),
        ("sku = 'x'", SYNTAX, "`==` compares"),
        ("sku <> 'x'", SYNTAX, "`!=` compares"),
        ("price > 2", SYNTAX, "a number is written in backticks: `3`"),
        ("round(price, 2)", SYNTAX, "a number is written in backticks: `3`"),
        ("sku and price", SYNTAX, "`&&` means and"),
        ("sku or price", SYNTAX, "`||` means or"),
        ("not sku", SYNTAX, "`!a` means not a"),
        ("sku && not price", SYNTAX, "`!a` means not a"),
        ("@['sku']", SYNTAX, 'a property follows a dot: a.b, or a."b c"'),
        ("map(x => x.sku, @)", SYNTAX, "`&` makes a function of an expression: map(&sku, items)"),
        ("if(sku, price, price)", FUNCTION, "`a && b || c` is b where a is true, else c"),
        ("len(sku)", FUNCTION, "the function is `length`"),
        ("toUpperCase(sku)", FUNCTION, "the function is `upper`"),
        ("coalesce(sku, price)", FUNCTION, "the function is `not_null`"),
        ("filter(sku)", FUNCTION, "a projection chooses elements: items[?quantity > `1`]"),
        ("moneyy(price)", FUNCTION, "did you mean `money`?"),
        (
            'sku == "X"',
            "unknown-property",
            "double quotes are for names; text is written in single quotes: 'text'",
        ),
        ("{{ sku }}", "yaml-key", 'quote the whole text: "{{ … }}"'),
        ("{{ sku }} and more", "yaml-key", 'quote the whole text: "{{ … }}"'),
    ],
)
def test_a_slip_is_told_with_its_cure(project: MakeProject, cell: str, id: str, cure: str) -> None:
    quoted = cell if id == "yaml-key" else "'" + cell.replace("'", "''") + "'"
    text = f"from: shop/order\nmap:\n  a: {quoted}\n"

    found = project({"schemas/shop/order.schema.json": SCHEMA, "mappings/shop/order.yaml": text}).check()

    assert [(item.id, item.help) for item in found] == [(id, cure)]


def test_no_function_of_ours_is_taken_for_a_slip() -> None:
    assert not {name.lower() for name in REGISTRY} & set(_NAMES)
