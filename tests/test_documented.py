"""What a schema documents and nothing validates: names are checked, and nothing else is taken as sure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import REPOSITORY, MakeProject
from crossdock.core.rendering import render

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def schema(required: tuple[str, ...] = (), **properties: Any) -> str:
    return json.dumps({"type": "object", "required": [*required], "properties": properties})


FILES = {
    "schemas/shop/order.schema.json": schema(
        ("number", "lines"), number=TEXT, state={"enum": ["new"]}, lines={"type": "array", "items": NUMBER}
    ),
    "schemas/shop/page.schema.json": schema(
        ("orders",), orders={"type": "array", "items": {"x-documented-as": {"$ref": "order"}}}
    ),
    "schemas/shop/error.schema.json": schema(
        ("reason",), reason=TEXT, inner={"type": "array", "items": {"$ref": "#"}}
    ),
    "schemas/erp/fetch.request.schema.json": "{}",
    "schemas/erp/fetch.response.schema.json": "{}",
    "schemas/erp/event.schema.json": schema(("text",), text=TEXT),
    "schemas/crossdock/failure.schema.json": (
        REPOSITORY / "schemas" / "crossdock" / "failure.schema.json"
    ).read_text(encoding="utf-8"),
    "mappings/shop/channel.yaml": "describe: A shop.\nerrors: shop/error\n",
}
CONVERSATION = """\
request: erp/fetch.request
response_schema: erp/fetch.response
steps:
  - step: page
    call: GET /orders
    tolerate: {tolerate}
    answer: shop/page
  - step: order
    each: answers().page.orders
    value: {value}
response: {}
failure: ../failure
"""


def found(project: MakeProject, failure: str = "body.reason", **cells: str) -> str:
    text = CONVERSATION
    for name, cell in {"tolerate": "body.reason == 'gone'", "value": '{"a": number}', **cells}.items():
        text = text.replace(f"{{{name}}}", cell)
    files = {
        "mappings/shop/fetch/conversation.yaml": text,
        "mappings/shop/failure.yaml": f"from: crossdock/failure\nmap:\n  text: {failure}\n",
    }
    return render(project({**FILES, **files}).check())


def test_a_misspelling_in_a_failure_mapping_is_found(project: MakeProject) -> None:
    assert found(project, failure="body.inner[].inner[].reson").startswith(
        "error[unknown-property]: `crossdock/failure.body.inner[].inner[]` has no property `reson`\n"
        "  --> mappings/shop/failure.yaml:3:30\n"
        "  |\n"
        "3 |   text: body.inner[].inner[].reson\n"
        "  |                              ^^^^^\n"
        "  = help: did you mean `reason`?"
    )


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({"tolerate": "body.reson"}, "`shop/page or shop/error` has no property `reson`"),
        ({"value": "numbr"}, "`shop/page.orders[]` has no property `numbr`"),
        ({"value": "sort_by(request().x || [@], &number)[0].numbr"}, "has no property `numbr`"),
        ({"value": "reverse([@])[0].lines.numbr"}, "`shop/page.orders[].lines` has no property `numbr`"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_a_misspelling_of_a_documented_name_is_found(
    project: MakeProject, cell: dict[str, str], message: str
) -> None:
    assert message in found(project, **cell)


@pytest.mark.parametrize(
    "cell",
    [
        "number || 'none'",  # required, and may be missing all the same
        "state == 'old'",  # none of its enumeration
        "type(number) == 'object'",
        "type(@) == 'array'",
        "lines[0].anything.at.all && lines[0] == 'text'",
    ],
)
def test_nothing_is_sure_of_what_is_only_documented(project: MakeProject, cell: str) -> None:
    if "anything" in cell:
        assert "has no property `anything`" in found(project, value=cell)
    else:
        assert found(project, value=cell) == ""


def test_a_required_property_that_is_only_documented_may_be_missing_and_is_not_validated(
    project: MakeProject,
) -> None:
    made = project({**FILES, "mappings/shop/m.yaml": "from: shop/page\nmap: {a: 'orders[].number'}\n"})

    mapping = made.mapping("shop/m")
    assert mapping.run({"orders": [{"number": 1}, {}, "text", None]}).value == {"a": [1]}


def test_the_schema_of_errors_must_exist(project: MakeProject) -> None:
    files = {**FILES, "mappings/shop/channel.yaml": "describe: A shop.\nerrors: shop/eror\n"}
    files["mappings/shop/failure.yaml"] = "from: crossdock/failure\nmap: {text: message}\n"

    assert render(project(files).check()).startswith(
        "error[unknown-schema]: there is no schema `shop/eror`\n"
        "  --> mappings/shop/channel.yaml:2:9\n"
        "  |\n"
        "2 | errors: shop/eror\n"
        "  |         ^^^^^^^^^\n"
        "  = help: did you mean `shop/error`?"
    )


def test_json_in_a_text_is_what_its_content_schema_documents(project: MakeProject) -> None:
    note = {"type": "string", "contentSchema": {"type": "array", "items": json.loads(schema(word=TEXT))}}
    files = {
        "schemas/shop/note.schema.json": schema(("note",), note=note),
        "mappings/shop/m.yaml": "from: shop/note\nmap: {a: 'parse_json(note)[].wrd'}\n",
    }

    assert "`shop/note.note[]` has no property `wrd`" in render(project(files).check())
