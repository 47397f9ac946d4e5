"""`crossdock sheet` of conversations: a table of the steps, and one of the fields that they write."""

from __future__ import annotations

import csv
import io

import pytest

from conftest import REPOSITORY, MakeProject, Run
from crossdock import Project
from crossdock.channels.steps import Conversation
from crossdock.tools.sheet.conversation_rows import sheet_of_conversation

CONVERSATION = """\
request: s/any
response_schema: s/any
describe: Ships an <b>order</b>.
events: ../event
cannot: {gift wrapping: the shop has none}
values:
  code: upper(id)
steps:
  # Found by its number.
  - step: order
    use: ../find_order
    with: {refnum: $code}
    none: {fail: ORDER_UNKNOWN, message: No order.}
  - step: line
    each: {row: $order.lines}
    if: $row.open
    unless: $order.closed
    steps:
      - step: count
        call: "PUT /counts/{{ row.id }}"
        query: {of: $order.id}
        body:
          # In pieces.
          count: to_number($row.n)
          kind: {$const: "=1+1"}
        answer: s/any
      - {step: odd, warn: ODD, message: Odd., if: $row.odd}
response: {done: "$line[].count.id"}
"""
SHARED = """\
describe: Finds an order.
inputs: {refnum: {describe: The number of the order.}}
steps:
  - step: page
    call: GET /orders
    tolerate: status == `404`
    again: {when: body.next, query: {page: {$value: turn}}, most: 20}
answer: "$page[0]"
"""
FILES = {
    "mappings/actions.yaml": "ship: {call: POST /ship, when: id}\n",
    "mappings/shop/channel.yaml": "base_url: https://shop.example.com\nauth: {kind: none}\n",
    "mappings/shop/event.yaml": "map: {code: code}\n",
    "mappings/shop/find_order.yaml": SHARED,
    "mappings/shop/ship/conversation.yaml": CONVERSATION,
    "schemas/s/any.schema.json": "{}",
}
MARKDOWN = """\
# shop/ship

Ships an \\<b\\>order\\</b\\>.

From `s/any` to `s/any`.
"""


@pytest.fixture
def conversation(project: MakeProject) -> Conversation:
    return project(FILES).conversation("shop", "ship")


def test_the_steps(conversation: Conversation) -> None:
    assert [row[:7] for row in sheet_of_conversation(conversation).steps] == [
        ("order", "", "", "use ../find_order", "", "fail ORDER_UNKNOWN", ""),
        ("order/page", "", "", "GET /orders", "list of anything", "goes on if status is 404", ""),
        (
            "line",
            "if $row.open is set; unless order.closed of the answers is set",
            "order.lines of the answers, called $row",
            "steps",
            "",
            "",
            "order",
        ),
        ("line/count", "", "", "PUT /counts/{{ row.id }}", "s/any", "", "order"),
        ("line/odd", "if $row.odd is set", "", "warn ODD", "", "", ""),
    ]
    assert sheet_of_conversation(conversation).steps[0][7] == "Found by its number."


def test_the_fields(conversation: Conversation) -> None:
    rows = sheet_of_conversation(conversation).fields
    assert [(step, field, said, note) for step, field, _, said, note in rows] == [
        ("", "$code", "id in upper case", ""),
        ("order", "with.refnum", "$code", ""),
        ("order", "none.message", "'No order.'", ""),
        ("order", "answer", "the first of page of the answers", ""),
        ("line/count", "query.of", "order.id of the answers", ""),
        ("line/count", "body.count", "$row.n as a number", "In pieces."),
        ("line/count", "body.kind", "always '=1+1'", ""),
        ("line/odd", "message", "'Odd.'", ""),
        ("", "response.done", "count.id of line of the answers", ""),
    ]


def test_as_markdown(project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(FILES).roots[0])
    out = run_crossdock("sheet", "shop/ship", "--format", "markdown").out
    assert out.startswith(MARKDOWN)
    assert "| `line/odd` | if $row.odd is set |  | `warn ODD` |" in out
    assert "## Not possible\n\n| what | reason |\n|---|---|\n| gift wrapping | the shop has none |" in out


def test_as_csv(project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(FILES).roots[0])
    rows = list(csv.DictReader(io.StringIO(run_crossdock("sheet", "shop/ship", "--format", "csv").out)))
    assert [row["kind"] for row in rows] == ["step"] * 5 + ["field"] * 9 + ["not possible"]
    assert rows[0]["does"] == "use ../find_order"
    assert rows[5]["field"] == "$code"
    assert rows[-1]["does"] == "gift wrapping"
    assert rows[-1]["note"] == "the shop has none"


def test_as_html(project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(FILES).roots[0])
    out = run_crossdock("sheet", "shop/ship").out
    assert "<p>Ships an &lt;b&gt;order&lt;/b&gt;.</p>" in out
    assert "<h2>Steps</h2>" in out
    assert '<tr><th scope="row"><code>line/odd</code></th><td>if $row.odd is set</td>' in out


def test_shared_steps_have_a_sheet(conversation: Conversation, project: MakeProject) -> None:
    sheet = sheet_of_conversation(project(FILES).shared_steps("shop/find_order"))
    assert (sheet.name, sheet.describe) == ("shop/find_order", "Finds an order.")
    assert [row[1] for row in sheet.fields] == ["answer"]


def test_every_conversation_has_a_sheet() -> None:
    project = Project.open(REPOSITORY)
    for name in project.conversation_names():
        sheet = sheet_of_conversation(project.conversation(*name.split("/")))
        assert sheet.name == name
        assert any(row[1].startswith("response") for row in sheet.fields)
