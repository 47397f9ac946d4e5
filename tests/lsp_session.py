"""A session with the language server over stdio, as an editor has it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def write_message(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    assert process.stdin
    process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    process.stdin.flush()


def read_message(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout
    length = 0
    while (line := process.stdout.readline()) != b"\r\n":
        assert line, "the server has ended"
        name, _, value = line.decode().partition(":")
        length = int(value) if name.lower() == "content-length" else length
    found: dict[str, Any] = json.loads(process.stdout.read(length))
    return found


class LspSession:
    """``crossdock lsp`` for a folder. ``shown`` are the findings that it has sent, by file."""

    def __init__(self, folder: Path, capabilities: dict[str, Any] | None = None) -> None:
        self.id, self.shown = 0, dict[str, list[dict[str, Any]]]()
        self.messages: list[str] = []
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("crossdock")), "lsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        params = {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities or {}}
        self.capabilities = self.request("initialize", params)["capabilities"]
        self.notify("initialized", {})

    def notify(self, method: str, params: Any) -> None:
        write_message(self.process, {"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        """The result, or the error as ``{"error": …}``. What the server sends meanwhile is noted."""
        self.id += 1
        write_message(self.process, {"jsonrpc": "2.0", "method": method, "params": params, "id": self.id})
        while True:
            message = read_message(self.process)
            if message.get("id") == self.id and "method" not in message:
                return message["result"] if "result" in message else {"error": message["error"]}
            self._note(message)

    def open(self, path: Path, text: str) -> None:
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, path: Path, version: int, *changes: dict[str, Any]) -> None:
        document = {"uri": path.as_uri(), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def at(self, method: str, path: Path, line: int, column: int, **more: Any) -> Any:
        place = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}
        return self.request(f"textDocument/{method}", {**place, **more})

    def wait_for_findings(self, path: Path) -> list[dict[str, Any]]:
        """The findings of a file that the server sends next."""
        while True:
            message = read_message(self.process)
            self._note(message)
            sent = message.get("method") == "textDocument/publishDiagnostics"
            if sent and message["params"]["uri"] == path.as_uri():
                found: list[dict[str, Any]] = message["params"]["diagnostics"]
                return found

    def close(self) -> int:
        self.request("shutdown", None)
        self.notify("exit", None)
        code = self.process.wait(30)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params") or {}
        if message.get("method") == "textDocument/publishDiagnostics":
            self.shown[params["uri"]] = params["diagnostics"]
        elif message.get("method") in ("window/showMessage", "window/logMessage"):
            self.messages.append(params["message"])
