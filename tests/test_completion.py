"""Completion: what is offered for each argument, and that bash, zsh and fish complete it in a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from conftest import MakeProject
from crossdock.cli.app import cli

PROJECT = {
    "mappings/shop/channel.yaml": "describe: A shop.\nbase_url: https://shop.example.com\n",
    "mappings/shop/order.yaml": "map: {}\n",
    "mappings/shop/order_ack/conversation.yaml": "steps: []\nresponse: {events: []}\n",
    "schemas/shop/order.schema.json": "{}",
}


def offered(line: str) -> list[tuple[str, str]]:
    """What is offered for the last word of a line: the kind, and the value."""
    _, *words, last = line.split(" ")
    found = ShellComplete(cli, {}, "crossdock", "_CROSSDOCK_COMPLETE").get_completions(words, last)
    return [(item.type, item.value) for item in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("crossdock transform shop/", [("file", "shop/"), ("plain", "shop/order")]),
        ("crossdock compile shop/o", [("file", "shop/o"), ("plain", "shop/order")]),
        ("crossdock compile shop/", [("file", "shop/"), ("plain", "shop/order")]),
        *(
            (
                f"crossdock {command} shop/",
                [("file", "shop/"), ("plain", "shop/order"), ("plain", "shop/order_ack")],
            )
            for command in (
                "show",
                "check",
                "coverage",
                "explain",
                "sheet",
                "mutate",
                "diff",
                "diff shop/order",
            )
        ),
        ("crossdock plan sh", [("plain", "shop")]),
        ("crossdock answer sh", [("plain", "shop")]),
        ("crossdock serve sh", [("plain", "shop")]),
        ("crossdock doctor sh", [("plain", "shop")]),
        ("crossdock plan shop order", [("file", "order"), ("plain", "order_ack")]),
        ("crossdock plan shop order_ack re", [("file", "re")]),
        ("crossdock plan nothing order", [("file", "order")]),
        ("crossdock functions mone", [("plain", "money")]),
        ("crossdock schema map", [("plain", "mapping")]),
        ("crossdock schema shop/", [("plain", "shop/order")]),
        ("crossdock suggest shop/", [("plain", "shop/order")]),
        ("crossdock suggest shop/order shop/", [("plain", "shop/order")]),
        ("crossdock transform mappings/", [("file", "mappings/")]),
        ("crossdock transform shop/order pay", [("file", "pay")]),
        ("crossdock completion ", [("plain", "bash"), ("plain", "zsh"), ("plain", "fish")]),
    ],
)
def test_what_is_offered(
    project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    expected: list[tuple[str, str]],
) -> None:
    project(PROJECT)
    monkeypatch.chdir(tmp_path)

    assert offered(line) == expected


def test_the_project_of_the_line_is_completed(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(PROJECT)
    monkeypatch.chdir("/")

    assert offered(f"crossdock -C {tmp_path} compile shop/o") == [("file", "shop/o"), ("plain", "shop/order")]


def test_without_a_project_there_is_nothing_to_offer(tmp_path: Path) -> None:
    assert offered(f"crossdock -C {tmp_path}/none schema shop/") == []


# --- in a terminal

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(crossdock completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u; eval "$(crossdock completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "crossdock completion fish | source"),
}


class Terminal:
    """A shell in a terminal of its own."""

    def __init__(self, shell: str, directory: Path) -> None:
        command, completion = SHELLS[shell]
        self.seen = b""
        self.pid, self.device = pty.fork()
        if not self.pid:
            os.chdir(directory)
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            environment = {"PATH": path, "HOME": str(directory), "TERM": "dumb", "PS1": "$ "}
            os.execvpe(command[0], command, environment)
        # Written apart, so that the line as it is typed does not hold it.
        self.type(f"{completion}; echo rea''dy\n")
        self.wait("ready")

    def type(self, text: str) -> None:
        os.write(self.device, text.encode())

    def wait(self, text: str) -> None:
        end = time.monotonic() + 60
        while text.encode() not in self.seen:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.device], [], [], left)[0], self.seen
            self.seen += os.read(self.device, 65_536)
        self.seen = b""

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.device)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("crossdock transf", "transform"),
        ("crossdock transform shop/or", "shop/order"),
        ("crossdock plan s", "shop"),
        ("crossdock plan shop order_", "order_ack"),
        ("crossdock transform shop/order payl", "payload-of-monday.json"),
        ("crossdock transform mappings/shop/order.", "mappings/shop/order.yaml"),
        ("crossdock functions mone", "money"),
    ],
)
def test_a_shell_completes_it(
    project: MakeProject, tmp_path: Path, shell: str, typed: str, completed: str
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    project({**PROJECT, "payload-of-monday.json": "{}"})
    terminal = Terminal(shell, tmp_path)
    try:
        terminal.type(typed + "\t")
        rest = next(completed[at:] for at in range(len(completed), -1, -1) if typed.endswith(completed[:at]))
        assert rest not in typed
        terminal.wait(rest)
    finally:
        terminal.end()
