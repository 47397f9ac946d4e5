"""The language server: whole sessions over stdio, and one with Neovim."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY
from lsp_session import LspSession

ORDER = """\
describe: An order of the shop.
from: shop/order
to: shop/sale

map:
  number: number
  total: money(total)
  lines:
    - $each: items
      $use: line

fragments:
  line:
    sku: sku
    title: lookup('title', sku)

tables:
  title: {a: Apple, b: Pear}
"""
CONVERSATION = """\
describe: Tell the shop that an order was taken.
request: shop/order
response_schema: shop/answer

values:
  name: number

steps:
  - step: found
    call: GET /orders/{{ $name }}
    tolerate: status == `404`
    answer: shop/sale
  - step: noted
    if: $found
    call: PUT /orders/{{ $name }}
    body: {total: $found.total}

response: {done: "$found && 'yes' || $name"}
"""
CHANNEL = "describe: A shop.\nbase_url: https://shop.example\nauth: {kind: none}\n"
SCHEMAS = {
    "order": {
        "type": "object",
        "required": ["number", "items"],
        "properties": {
            "number": {"type": "string", "description": "The number that buyers see."},
            "total": {"type": "number"},
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["sku"],
                    "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"}},
                },
            },
        },
    },
    "sale": {
        "type": "object",
        "properties": {
            "number": {"type": "string"},
            "total": {"type": "string"},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"sku": {"type": "string"}, "title": {"type": "string"}},
                    "additionalProperties": False,
                },
            },
        },
        "additionalProperties": False,
    },
    "answer": {
        "type": "object",
        "properties": {"done": {"type": "string"}},
        "additionalProperties": False,
    },
}


def make_shop(folder: Path) -> Path:
    """A project with a mapping, a conversation and schemas. The folder of its mappings."""
    files = {
        "mappings/shop/order.yaml": ORDER,
        "mappings/shop/take/conversation.yaml": CONVERSATION,
        "mappings/shop/channel.yaml": CHANNEL,
        **{f"schemas/shop/{name}.schema.json": json.dumps(each, indent=1) for name, each in SCHEMAS.items()},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "mappings" / "shop"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def session(shop: Path) -> Iterator[LspSession]:
    session = LspSession(shop.parents[1], {"general": {"positionEncodings": ["utf-8", "utf-16"]}})
    yield session
    assert session.close() == 0


def place(text: str, before: str) -> tuple[int, int]:
    """The position behind a text that occurs once."""
    assert text.count(before) == 1, (before, text.count(before))
    head = text[: text.index(before) + len(before)]
    column = len(head.rpartition("\n")[2].encode("utf-16-le")) // 2
    return head.count("\n"), column


def written(path: Path, found: list[dict[str, Any]]) -> list[str]:
    """The texts at some ranges of one file."""
    lines = path.read_text().split("\n")
    ranges = [(each["range"]["start"], each["range"]["end"]) for each in found]
    return [lines[start["line"]][start["character"] : end["character"]] for start, end in ranges]


def test_findings_are_sent_as_the_text_changes_with_columns_in_utf_16(
    session: LspSession, shop: Path
) -> None:
    """The editor would rather have UTF-8, and sends one changed word of a text with CRLF and emoji."""
    path = shop / "order.yaml"
    assert session.capabilities["positionEncoding"] == "utf-16"
    text = ORDER.replace("number: number", "number: \"{{ '😀😀' }}{{ number }}\"").replace("\n", "\r\n")
    session.open(path, text)
    line, column = place(text, "}}{{ ")
    start, end = ({"line": line, "character": column + more} for more in (0, 6))
    session.change(path, 2, {"range": {"start": start, "end": end}, "text": "numbr"})
    where = {"start": start, "end": {"line": line, "character": column + 5}}
    assert session.wait_for_findings(path) == [
        {
            "code": "unknown-property",
            "message": "`shop/order` has no property `numbr`\nhelp: did you mean `number`?",
            "range": where,
            "severity": 1,
            "source": "crossdock",
        }
    ]
    actions = session.at("codeAction", path, line, column, range=where, context={"diagnostics": []})
    assert [action["title"] for action in actions] == ["Change to `number`"]
    edits = actions[0]["edit"]["changes"][path.as_uri()]
    assert [edit["newText"] for edit in edits] == ["number"]
    session.change(path, 3, {"text": ORDER})
    assert session.wait_for_findings(path) == []


def test_completion_hover_and_definition(session: LspSession, shop: Path) -> None:
    path = shop / "order.yaml"
    text = ORDER.replace("    sku: sku\n", "    sku: s\n")
    session.change(path, 4, {"text": text})
    found = session.at("completion", path, *place(text, "    sku: s"))
    first = min(found["items"], key=lambda item: item["sortText"])
    assert (first["label"], first["kind"], first["detail"]) == ("sku", 10, "text")
    session.change(path, 5, {"text": ORDER})
    hover = session.at("hover", path, *place(ORDER, "  number: num"))
    assert hover["contents"]["value"] == "`shop/order.number`: text\n\nThe number that buyers see."
    (schema,) = session.at("definition", path, *place(ORDER, "  number: num"))
    assert schema["uri"] == (shop.parents[1] / "schemas/shop/order.schema.json").as_uri()
    assert schema["range"]["start"]["line"] == 7
    (fragment,) = session.at("definition", path, *place(ORDER, "$use: li"))
    assert fragment["range"]["start"] == {"line": 12, "character": 2}
    (table,) = session.at("definition", path, *place(ORDER, "lookup('ti"))
    assert table["range"]["start"] == {"line": 17, "character": 2}


def test_references_and_rename(session: LspSession, shop: Path) -> None:
    path = shop / "take" / "conversation.yaml"
    session.open(path, CONVERSATION)
    found = session.at(
        "references", path, *place(CONVERSATION, "- step: fou"), context={"includeDeclaration": True}
    )
    assert written(path, found) == ["found", "found", "found", "found"]
    renamed = session.at("rename", path, *place(CONVERSATION, "if: $fou"), newName="sale")
    assert len(renamed["changes"][path.as_uri()]) == 4
    renamed = session.at("rename", path, *place(CONVERSATION, "values:\n  na"), newName="order_number")
    assert written(path, renamed["changes"][path.as_uri()]) == ["name", "name", "name", "name"]
    refused = session.at("rename", path, *place(CONVERSATION, "- step: fou"), newName="noted")
    assert refused["error"]["message"] == "`noted` is the name of something else in this file"
    refused = session.at("rename", path, *place(CONVERSATION, "- step: fou"), newName="element")
    assert refused["error"]["message"] == (
        "with the new name, mappings/shop/take/conversation.yaml:9:11: this cannot be a step's name"
    )
    assert session.at("prepareRename", path, *place(CONVERSATION, "    if")) is None


def test_fields_are_ignored_findings_allowed_and_a_file_laid_out(session: LspSession, shop: Path) -> None:
    path = shop / "order.yaml"
    nowhere = {"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 2}}
    (ignored,) = session.at("codeAction", path, 1, 2, range=nowhere, context={"diagnostics": []})
    assert ignored["title"] == "Add 1 unread field to `ignored`"
    (edit,) = ignored["edit"]["changes"][path.as_uri()]
    assert edit["newText"] == '\nignored:\n  "items[].quantity": say why\n'
    text = ORDER.replace("title: {a: Apple, b: Pear}", "title: {a: Apple, b: Pear}\n  other: {a: b}")
    session.change(path, 6, {"text": text + "\n\n"})
    (unused,) = session.wait_for_findings(path)
    at = unused["range"]
    (allow,) = session.at("codeAction", path, 0, 0, range=at, context={"diagnostics": []})
    assert allow["title"] == "Allow `unused-table` here"
    (edit,) = allow["edit"]["changes"][path.as_uri()]
    assert edit["newText"] == "  # allow[unused-table]: say why\n"
    options = {"textDocument": {"uri": path.as_uri()}, "options": {"tabSize": 2, "insertSpaces": True}}
    (edit,) = session.request("textDocument/formatting", options)
    assert edit["newText"] == text
    session.change(path, 7, {"text": ORDER})
    assert session.wait_for_findings(path) == []


def test_the_snapshots_of_the_file_at_hand_are_updated_with_its_unsaved_text(
    session: LspSession, shop: Path
) -> None:
    root, path = shop.parents[1], shop / "order.yaml"
    example, snapshot = (root / folder / "shop/order/plain.json" for folder in ("examples", "snapshots"))
    example.parent.mkdir(parents=True)
    example.write_text('{"number": "7", "total": 3.5, "items": [{"sku": "a"}]}')
    session.open(path, ORDER.replace("number: number", "number: join('-', ['no', number])"))
    nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    (action,) = session.at("codeAction", path, 0, 0, range=nowhere, context={"diagnostics": []})
    assert action["title"] == "Update the snapshots of the examples"
    assert action["command"]["command"] == "crossdock.updateSnapshot"
    ask = {"command": "crossdock.updateSnapshot", "arguments": action["command"]["arguments"]}
    session.request("workspace/executeCommand", ask)
    assert session.messages[-1] == "crossdock: changed snapshots/shop/order/plain.json"
    assert json.loads(snapshot.read_text()) == {
        "number": "no-7",
        "total": "3.50",
        "lines": [{"sku": "a", "title": "Apple"}],
    }
    session.request("workspace/executeCommand", ask)
    assert session.messages[-1] == "crossdock: every snapshot is as it was"
    example.write_text('{"number": "7", "items": 3}')
    session.request("workspace/executeCommand", ask)
    assert session.messages[-1] == (
        "crossdock: changed snapshots/shop/order/plain.json, snapshots/shop/order/plain.txt"
    )
    assert not snapshot.exists()
    session.change(path, 9, {"text": ORDER.replace("number: number", "number: numbr")})
    session.request("workspace/executeCommand", ask)
    assert session.messages[-1] == "crossdock: the examples cannot run: `shop/order` has no property `numbr`"
    shutil.rmtree(root / "examples")
    session.change(path, 10, {"text": ORDER})


def test_a_file_in_a_folder_without_a_project(tmp_path: Path) -> None:
    session = LspSession(tmp_path)
    path = tmp_path / "a.yaml"
    session.open(path, "map: 1\n")
    assert session.at("hover", path, 0, 1) is None
    assert session.messages == [
        f"crossdock: `{tmp_path}` is not a project: "
        "neither it nor a directory above it has a `mappings` folder"
    ]
    assert session.close() == 0


def test_without_the_extra_the_command_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['lsprotocol'] = None\n"
        "from crossdock.cli.app import run; sys.exit(run(['lsp']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: `lsp` needs lsprotocol: install crossdock[lsp]\n")


# Editors, with the settings of docs/editor.md

PAGE = (REPOSITORY / "docs" / "editor.md").read_text()


def settings(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.partition("## A language server")[2], re.DOTALL)
    return str(found)


def test_neovim_shows_findings_and_completes(tmp_path: Path) -> None:
    if (nvim := shutil.which("nvim")) is None:
        pytest.skip("Neovim is not installed: `apt-get install neovim`")
    shop = make_shop(tmp_path)
    path = shop / "order.yaml"
    path.write_text(ORDER.replace("total: money(total)", "total: money(totl)"))
    (tmp_path / "init.lua").write_text(settings("lua"))
    (tmp_path / "ask.lua").write_text(
        """
        vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end, 50)
        local found = vim.diagnostic.get(0)[1]
        local at = { textDocument = vim.lsp.util.make_text_document_params(),
                     position = { line = 6, character = 16 } }
        local answers = vim.lsp.buf_request_sync(0, "textDocument/completion", at, 20000)
        local _, answer = next(answers)
        table.sort(answer.result.items, function(a, b) return a.sortText < b.sortText end)
        vim.fn.writefile({ (found.message:gsub("\\n", " | ")), tostring(found.lnum), tostring(found.col),
                           answer.result.items[1].label }, "said.txt")
        vim.cmd("qall!")
        """
    )
    bin_folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    command = [nvim, "--headless", "-n", "-u", "init.lua", str(path), "-c", "luafile ask.lua"]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True)
    assert (tmp_path / "said.txt").read_text().splitlines() == [
        "`shop/order` has no property `totl` | help: did you mean `total`?",
        "6",
        "15",
        "total",
    ]


def test_the_settings_of_other_editors_start_the_server() -> None:
    helix = tomllib.loads(settings("toml"))
    assert helix["language-server"]["crossdock"] == {"command": "crossdock", "args": ["lsp"]}
    assert "crossdock" in helix["language"][0]["language-servers"]
    code = json.loads(settings("json"))
    assert code == {
        "glspc.server.command": "crossdock",
        "glspc.server.commandArguments": ["lsp"],
        "glspc.server.languageId": ["yaml"],
    }
