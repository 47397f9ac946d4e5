"""Messages of checks that would show what is sensitive: refused, wherever the value comes from."""

from __future__ import annotations

import json

import pytest

from conftest import MakeProject
from crossdock import CompileError
from crossdock.core.rendering import render

SOURCE = {
    "type": "object",
    "required": ["number", "buyer", "total", "pin"],
    "properties": {
        "number": {"type": "integer"},
        "total": {"type": "number"},
        "pin": {"type": "number", "x-sensitive": True},
        "buyer": {
            "type": "object",
            "required": ["email", "language"],
            "properties": {
                "email": {"type": "string", "x-sensitive": True},
                "language": {"type": "string"},
            },
        },
    },
}
TARGET = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "total": {"type": "number"},
        "contact": {"type": "string"},
        "language": {"type": "string"},
        "phone": {"type": "string", "x-sensitive": True},
        "buyer": {"type": "object"},
    },
}
MAPPING = """\
from: shop/source
to: shop/target
map:
  id: number
  total: total
  contact: upper(buyer.email)
  language: buyer.language
  phone: $const: '1'
  buyer: buyer
checks:
  - check: {check}
    message: {message}
"""
FILES = {
    "schemas/shop/source.schema.json": json.dumps(SOURCE),
    "schemas/shop/target.schema.json": json.dumps(TARGET),
}
OF_SOURCE = "the message shows `shop/source.buyer.email`, which is sensitive"


def mapping(check: str, message: str) -> str:
    text = MAPPING.replace("phone: $const: '1'", "phone: {$const: '1'}")
    return text.replace("{check}", check).replace("{message}", message)


def told(project: MakeProject, check: str, message: str) -> list[tuple[str, str]]:
    made = project({**FILES, "mappings/shop/order.yaml": mapping(check, message)})
    try:
        made.mapping("shop/order")
    except CompileError as error:
        return [(each.id, each.message) for each in error.diagnostics]
    return []


REFUSED = {
    "read from the payload": ("id", '"No id for {{ root.buyer.email }}"', OF_SOURCE),
    "with a function": ("id", '"No id for {{ root.buyer.email | lower }}"', OF_SOURCE),
    "as a default": ("id", '"{{ language | default(root.buyer.email) }}"', OF_SOURCE),
    "in a list": ("id", "\"{{ join(',', values(root.buyer)) }}\"", OF_SOURCE),
    "as a whole": ("id", '"No id in {{ to_string(root) }}"', OF_SOURCE),
    "the part of the result that it is": ("id", '"No id for {{ buyer.email }}"', OF_SOURCE),
    "a field that is made of it": (
        "id",
        '"No id for {{ contact }}"',
        "the message shows `contact`, which is made of the sensitive `buyer.email`",
    ),
    "what the target calls sensitive": (
        "id",
        '"No id for {{ phone }}"',
        "the message shows `shop/target.phone`, which is sensitive",
    ),
    "a figure": (
        "equal(total, root().pin)",
        "The total is wrong",
        "the message shows `shop/source.pin`, which is sensitive",
    ),
    "a variable": (
        '"equal(let $r = root() in $r.pin, total)"',
        "The total is wrong",
        "the message shows `shop/source.pin`, which is sensitive",
    ),
    "a figure inside of a variable's scope": (
        '"let $p = root().pin in equal(total, $p)"',
        "The total is wrong",
        "the message shows `shop/source.pin`, which is sensitive",
    ),
    "the value of a variable": (
        '"equal(let $p = root().pin in add($p, `1`), total)"',
        "The total is wrong",
        "the message shows `shop/source.pin`, which is sensitive",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_message_that_shows_what_is_sensitive_is_refused(project: MakeProject, case: str) -> None:
    check, message, finding = REFUSED[case]
    found = told(project, check, message)
    assert ("sensitive-in-message", finding) in found
    assert {id for id, _ in found} == {"sensitive-in-message"}


TAKEN = {
    "no value": ("id", "There is no id"),
    "a value that is not sensitive": ("id", '"No id, {{ language }}, {{ root.number }}"'),
    "a value that decides": ("id", '"No id{% if root.buyer.email %}, but an address{% endif %}"'),
    "a condition that reads it": ("contact == root().buyer.email", "The contact is another"),
    "figures": ("equal(total, root().total)", "The total is wrong"),
    "a variable that decides": ('"equal(let $p = root().pin in $p && total, total)"', "The total is wrong"),
    "a variable that nothing reads": ('"equal(let $p = root().pin in total, total)"', "The total is wrong"),
    "a variable that decides whether two figures count": (
        '"let $p = root().pin, $t = root().total in $p && equal(total, $t)"',
        "The total is wrong",
    ),
    "figures beside a variable": (
        '"let $p = root().pin, $t = root().total in equal(total, $t)"',
        "The total is wrong",
    ),
    "how long it is": ("id", '"{{ length(language) }}"'),
}


@pytest.mark.parametrize("case", TAKEN)
def test_other_messages_are_taken(project: MakeProject, case: str) -> None:
    assert told(project, *TAKEN[case]) == []


def test_the_finding_points_at_the_name(project: MakeProject) -> None:
    made = project({**FILES, "mappings/shop/order.yaml": mapping("id", '"No id: {{ root.buyer.email }}"')})
    with pytest.raises(CompileError) as caught:
        made.mapping("shop/order")
    assert render(caught.value.diagnostics).splitlines()[:5] == [
        f"error[sensitive-in-message]: {OF_SOURCE}",
        "   --> mappings/shop/order.yaml:12:36",
        "   |",
        '12 |     message: "No id: {{ root.buyer.email }}"',
        "   |                                    ^^^^^",
    ]
