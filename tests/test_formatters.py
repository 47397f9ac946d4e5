"""The tools that edit YAML beside Crossdock: prettier, and the YAML language server of most editors.

Both are npm packages. `make node-tools` installs them below node_modules/, and without them these tests are
skipped and say so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from conftest import REPOSITORY
from lsp_session import read_message, write_message

MODULES: Final = [
    REPOSITORY / "node_modules",
    *map(Path, filter(None, os.environ.get("NODE_PATH", "").split(":"))),
]


def _crossdock(*arguments: str, cwd: Path = REPOSITORY) -> tuple[int, str, str]:
    command = [str(Path(sys.executable).with_name("crossdock")), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def _program(name: str) -> str:
    for modules in MODULES:
        if shutil.which("node") and (found := modules / ".bin" / name).exists():
            return str(found)
    pytest.skip(f"node, or the package {name}, is not installed: `make node-tools` installs it")


class LanguageServer:
    """A session with yaml-language-server over stdio: documents in, diagnostics and formatted text out."""

    def __init__(self, folder: Path, schemas: dict[str, Any]) -> None:
        self.folder, self.schemas, self.id = folder, schemas, 0
        self.process = subprocess.Popen(
            [_program("yaml-language-server"), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        folders = [{"uri": folder.as_uri(), "name": "project"}]
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folder.as_uri(),
                "workspaceFolders": folders,
                "capabilities": {"workspace": {"configuration": True}},
            },
        )
        self.send("initialized", {})
        self.send("workspace/didChangeConfiguration", {"settings": self.settings()})

    def settings(self) -> dict[str, Any]:
        yaml = {"schemas": self.schemas, "validate": True, "schemaStore": {"enable": False}}
        return {"yaml": {**yaml, "format": {"enable": True}}}

    def send(self, method: str, params: Any, id: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        write_message(self.process, message if id is None else {**message, "id": id})

    def _read(self) -> dict[str, Any]:
        message = read_message(self.process)
        if message.get("method") == "workspace/configuration":
            all_of_them = [self.settings().get(item["section"]) for item in message["params"]["items"]]
            write_message(self.process, {"jsonrpc": "2.0", "id": message["id"], "result": all_of_them})
        elif "id" in message and "method" in message:
            write_message(self.process, {"jsonrpc": "2.0", "id": message["id"], "result": None})
        return message

    def request(self, method: str, params: Any) -> Any:
        self.id += 1
        self.send(method, params, self.id)
        while True:
            message = self._read()
            if message.get("id") == self.id and "method" not in message:
                return message.get("result")

    def open(self, path: Path) -> str:
        uri = path.as_uri()
        text = path.read_text(encoding="utf-8")
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})
        return uri

    def diagnostics(self, *paths: Path) -> dict[Path, list[str]]:
        """What is said of each of these files. It waits a while with each, so all are opened first."""
        opened = {self.open(path): path for path in paths}
        found: dict[Path, list[str]] = {}
        while len(found) < len(opened):
            message = self._read()
            if message.get("method") == "textDocument/publishDiagnostics":
                path = opened.get(message["params"]["uri"])
                if path is not None:
                    found[path] = [item["message"] for item in message["params"]["diagnostics"]]
        return found

    def formatted(self, path: Path) -> str:
        options = {"tabSize": 2, "insertSpaces": True}
        params = {"textDocument": {"uri": self.open(path)}, "options": options}
        edits = self.request("textDocument/formatting", params)
        return str(edits[0]["newText"]) if edits else path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formatters").resolve()
    for name in ("mappings", "schemas"):
        shutil.copytree(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def server(copied: Path) -> Iterator[LanguageServer]:
    """The language server with the settings and the schemas that docs/editor.md has."""
    page = (REPOSITORY / "docs" / "editor.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"```json\n(\{\n  \"yaml\.schemas\".*?)```", page, re.DOTALL)
    (copied / ".crossdock").mkdir()
    for name, target in re.findall(r"^crossdock schema (\w+) > (\S+)$", page, re.MULTILINE):
        (copied / target).write_text(_crossdock("schema", name)[1], encoding="utf-8")
    schemas = json.loads(settings)["yaml.schemas"]
    server = LanguageServer(copied, {(copied / name).as_uri(): globs for name, globs in schemas.items()})
    yield server
    with server.process:  # closes its pipes
        server.process.kill()


def test_what_prettier_writes_has_the_findings_of_before(tmp_path: Path) -> None:
    program = _program("prettier")
    for name in ("mappings", "schemas"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    files = sorted((tmp_path / "mappings").rglob("*.yaml"))
    before = {file: file.read_bytes() for file in files}

    subprocess.run([program, "--write", "--log-level", "error", *files], check=True, cwd=tmp_path)

    assert sum(file.read_bytes() != text for file, text in before.items()) > 50
    assert _crossdock("check", cwd=tmp_path) == _crossdock("check")


def test_an_editor_with_the_settings_of_the_docs_finds_nothing_in_our_files(
    copied: Path, server: LanguageServer
) -> None:
    files = sorted((copied / "mappings").rglob("*.yaml"))

    found = {str(path.relative_to(copied)): said for path, said in server.diagnostics(*files).items()}

    assert len(found) > 100
    assert {name: messages for name, messages in found.items() if messages} == {}


def test_what_an_editor_formats_has_the_findings_of_before(
    copied: Path, server: LanguageServer, tmp_path: Path
) -> None:
    shutil.copytree(copied / "schemas", tmp_path / "schemas")
    changed = 0
    for path in sorted((copied / "mappings").rglob("*.yaml")):
        text = server.formatted(path)
        changed += text != path.read_text(encoding="utf-8")
        target = tmp_path / path.relative_to(copied)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    assert changed > 50
    assert _crossdock("check", cwd=tmp_path) == _crossdock("check")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mappings/shop/order.yaml", "maps: {}\n", "Property maps is not allowed."),
        ("mappings/shop/order_ack/conversation.yaml", "stepps: []\n", "Property stepps is not allowed."),
        ("mappings/shop/channel.yaml", "base: /\n", "Property base is not allowed."),
        ("mappings/shop/actions.yaml", "order_ack: {cal: POST /}\n", "Property cal is not allowed."),
        ("mappings/shop/dialect.yaml", "descripe: a\n", "Property descripe is not allowed."),
    ],
)
def test_each_kind_of_file_has_its_schema(
    copied: Path, server: LanguageServer, name: str, text: str, message: str
) -> None:
    path = copied / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

    try:
        assert message in server.diagnostics(path)[path]
    finally:
        shutil.rmtree(copied / "mappings" / "shop")
