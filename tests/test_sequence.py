"""Conversations as sequence diagrams: what is drawn, and that Mermaid reads the text as it is meant."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY, MakeProject
from crossdock import Project
from crossdock.tools.sequence import label, sequence

CONVERSATION = """\
request: s/any
response_schema: s/any
events: ../event
steps:
  - {step: asked, value: id}
  - step: order
    use: ../find_order
    with: {refnum: id}
    none: {fail: ORDER_UNKNOWN, message: No order.}
  - {step: closed, fail: ORDER_CLOSED, message: Closed., if: $order.closed}
  - {step: late, fail: LATE, message: Late., if: $order.late, continue: true}
  - step: line
    each: {line: $order.lines}
    at_once: 3
    if: $line.open
    steps:
      - {step: count, call: "PUT /counts/{{ line.id }}"}
      - {step: odd, warn: {code: $line.code}, message: Odd.}
      - {step: quiet, value: $line.id}
  - {step: ship, call: POST /ship, if: $order.ready, answer: s/any}
  - {step: wait, event: {waits: id}, unless: $order.ready}
  - {step: nothing, if: id, steps: [{step: silent, value: id}]}
response: {events: events()}
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
DRAWN = """\
sequenceDiagram
    participant R as RetailOPS
    participant X as Crossdock
    participant C as shop
    R->>X: ship
    rect rgba(128, 128, 128, 0.1)
        Note over X: order: find_order
        loop again while body.next, at most 20 times
            X->>C: page: GET /orders
            C-->>X: answer, or none if status == #96;404#96;
        end
    end
    break order has no answer
        Note over X: fail ORDER_UNKNOWN
    end
    break if $order.closed
        Note over X: fail ORDER_CLOSED
    end
    opt if $order.late
        Note over X: fail LATE
    end
    loop each $order.lines as $line, 3 at the same time
        opt if $line.open
            X->>C: count: PUT /counts/{{ line.id }}
            C-->>X: answer
            Note over X: warn $line.code
        end
    end
    alt if $order.ready
        X->>C: ship: POST /ship
        C-->>X: s/any
    else
        Note over X: wait: event
    end
    X-->>R: response"""
HOSTILE = (
    "a; b",
    "a # b",
    "#35; #quot; #9829;",
    "end",
    "an end of the End END, ending weekend",
    "wrap: a",
    "nowrap: a",
    "a: wrap: b",
    "style: x:#y; classDef a:#b;",
    "$$x$$ and $$$",
    "%%{init: {}}%% %% no comment",
    "<b>a</b><br/>b &amp; &lt; &&",
    '"quoted" and `code` and \\n',
    "a->>b: c --x d -) e",
    "Grüße … → 訂單 😀",
    "else and loop opt alt",
    "{{ a }} {b} [c] (d) @{e} ~f~ *g* _h_",
    "```",
    "x\ny\tz",
    "\x1b[31m",
)
_TEXT = r"(?:[A-Za-z0-9 _.,:/(){}\[\]$='?!*+~|-]|#\d+;|<br/>)+"
_STATEMENT = re.compile(
    rf"participant [RXC] as {_TEXT}|[RXC]--?>>[RXC]: {_TEXT}|Note over X: {_TEXT}"
    rf"|(?P<opens>(?:opt|alt|loop|break) {_TEXT}|rect rgba\(128, 128, 128, 0\.1\))|else|(?P<closes>end)"
)


def test_a_conversation_is_drawn(project: MakeProject) -> None:
    assert sequence(project(FILES).conversation("shop", "ship"), "shop") == DRAWN


def test_the_page_has_a_diagram_for_each_conversation_with_calls() -> None:
    names = Project.open(REPOSITORY).conversation_names()
    silent = [name for name in names if name.endswith("/cat_push_config")]
    assert len(list(_diagrams())) == len(names) - len(silent) == 31


def test_every_line_is_a_statement_and_every_frame_is_closed() -> None:
    for diagram in [DRAWN, *_diagrams()]:
        first, *lines = diagram.splitlines()
        assert first == "sequenceDiagram"
        depth = 0
        for line in lines:
            found = _STATEMENT.fullmatch(line.strip())
            assert found is not None, line
            depth -= found["closes"] is not None
            assert len(line) - len(line.lstrip()) == 4 * (depth + (line.strip() != "else")), line
            depth += found["opens"] is not None
        assert depth == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_labels(text: str) -> None:
    found = label(text)
    assert re.fullmatch(_TEXT, found)
    assert not re.search(r"\bend\b", found, re.IGNORECASE)
    assert "$$" not in found
    assert not re.match(r"(no)?wrap:", found)
    shown = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), found.replace("<br/>", " "))
    assert shown == " ".join(text.split()).replace("\x1b", "\\x1b")


def test_long_labels_are_cut_and_have_several_lines() -> None:
    found = label("word " * 100)
    assert found.startswith("word " * 11 + "word<br/>word ")
    assert found.endswith("word#8230;")
    assert len(found.replace("<br/>", " ").replace("#8230;", "…")) == 160
    assert label("x" * 500) == "x" * 159 + "#8230;"


def test_mermaid_reads_the_diagrams() -> None:
    diagrams = [DRAWN, *_diagrams(), *(f"sequenceDiagram\n    X->>C: {label(text)}" for text in HOSTILE)]
    read = _read_by_mermaid(diagrams)
    for diagram, messages in zip(diagrams, read, strict=True):
        assert "error" not in messages, f"{messages}\n{diagram}"
        written = [
            _shown(text) for text in re.findall(r"(?m)^ *(?:[RXC]--?>>[RXC]|Note over X): (.*)$", diagram)
        ]
        assert [each for each in messages["texts"] if each in written] == written, diagram


def _shown(text: str) -> str:
    return re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text).strip()


def _diagrams() -> Iterator[str]:
    page = (REPOSITORY / "docs" / "channels.md").read_text(
        encoding="utf-8"
    )  # tests/test_overview.py compares
    yield from re.findall(r"```mermaid\n(.*?)\n```", page, re.DOTALL)


_SCRIPT = """
const { default: mermaid } = await import(process.argv[1]);
const found = [];
let text = '';
for await (const part of process.stdin) text += part;
for (const diagram of JSON.parse(text)) {
  try {
    await mermaid.parse(diagram);
    const read = await mermaid.mermaidAPI.getDiagramFromText(diagram);
    const texts = read.db.getMessages().map(each => each.message);
    found.push({texts: texts.filter(each => typeof each === 'string')});
  } catch (error) { found.push({error: error.message}); }
}
console.log(JSON.stringify(found));
"""


def _read_by_mermaid(diagrams: list[str]) -> list[dict[str, Any]]:
    """What the real Mermaid makes of diagrams: the texts of each, or its error."""
    node, package = shutil.which("node"), _mermaid()
    if node is None or package is None:
        pytest.skip("node, or the package mermaid, is not installed: `npm install --no-save mermaid`")
    command = [node, "--input-type=module", "-e", _SCRIPT, package.as_uri()]
    done = subprocess.run(
        command, input=json.dumps(diagrams), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    read: list[dict[str, Any]] = json.loads(done.stdout)
    # Mermaid keeps `#35;` in a form of its own until it draws.
    for each in read:
        each["texts"] = [_drawn(text) for text in each.get("texts", [])]
    return read


def _drawn(text: str) -> str:
    return unescape(text.replace("ﬂ°°", "&#").replace("ﬂ°", "&").replace("¶ß", ";")).strip()


def _mermaid() -> Path | None:
    """The module of the package, beside the repository's files or in a folder of NODE_PATH."""
    folders = [
        REPOSITORY / "node_modules",
        *map(Path, filter(None, os.environ.get("NODE_PATH", "").split(":"))),
    ]
    files = (folder / "mermaid" / "dist" / "mermaid.core.mjs" for folder in folders)
    return next((file.resolve() for file in files if file.is_file()), None)
