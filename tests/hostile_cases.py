"""The catalogue of hostile input: one file a case, below ``tests/hostile/<group>/``.

A case begins with what it is, in one line. Sections follow, each with its text up to the next:

    A list that is opened a hundred thousand times

    === payload parts
    [["[", 100000]]
    === exit 3
    error[nesting-too-deep]: …

``payload``, ``mapping``, ``schema``, ``channel``, ``conversation`` and ``answers`` are files with a usual
name (see ``USUAL``), ``file PATH`` is any other, ``link PATH`` a symbolic link, ``input`` standard input.
``server`` is what a channel on this machine answers, byte for byte, at ``PORT``. ``command`` is what is run
instead of ``transform shop/order order.json``. ``exit N`` is all that stderr says, ``result`` all of stdout.

With ``parts`` a section is a JSON list: texts, ``[part, times]``, ``{"hex": "ff fe"}`` and
``{"utf-16": "text"}``. A line ``seconds N: why`` below the title gives a case more than its 0.1 s of
processor time, on a machine that counts as fast as the one they were set on (see ``pace``).
"""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

from conftest import REPOSITORY, fastest
from crossdock.cli.app import run

HOSTILE = REPOSITORY / "tests" / "hostile"
PROJECT = HOSTILE / "project"
USUAL = {
    "payload": "order.json",
    "mapping": "mappings/shop/order.yaml",
    "schema": "schemas/shop/order.schema.json",
    "channel": "mappings/shop/channel.yaml",
    "conversation": "mappings/shop/notify/conversation.yaml",
    "answers": "answers.json",
}
SECONDS = 0.1
MEGABYTES = 50
COUNTING = 0.03  # how long the machine counts in ``pace`` on which the seconds were set
_HEADING = re.compile(r"^=== (?P<name>\S+)(?P<words>.*)$", re.MULTILINE)
_SECONDS = re.compile(r"^seconds (?P<number>[\d.]+): (?P<why>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    name: str
    words: tuple[str, ...]
    text: str

    @property
    def content(self) -> bytes:
        return bytes_of(json.loads(self.text)) if "parts" in self.words else self.text.encode()

    @property
    def file(self) -> str | None:
        return self.words[0] if self.name == "file" else USUAL.get(self.name)


@dataclass(frozen=True)
class Case:
    """A case as its file has it."""

    path: Path
    title: str
    seconds: float
    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        return self.path.relative_to(HOSTILE).with_suffix("").as_posix()

    @property
    def group(self) -> str:
        return self.path.parent.name

    @property
    def command(self) -> list[str]:
        section = self.section("command")
        return shlex.split(section.text) if section else ["transform", "shop/order", "order.json"]

    @property
    def code(self) -> int:
        section = self.section("exit")
        return int(section.words[0]) if section else -1

    @property
    def ids(self) -> list[str]:
        """The ids of the diagnostics that are expected."""
        section = self.section("exit")
        return re.findall(
            r"^(?:error|warning)\[([a-z0-9-]+)\]", section.text if section else "", re.MULTILINE
        )

    def section(self, name: str) -> Section | None:
        return next((section for section in self.sections if section.name == name), None)

    def said(self, name: str) -> str:
        """What is expected on a stream, with the line end that the file's section lacks."""
        section = self.section(name)
        return section.text + "\n" if section and section.text else ""


@dataclass
class Ran:
    """What came of a case: exit code or None for a crash, both streams, seconds and megabytes."""

    code: int | None
    out: str
    err: str
    seconds: float = 0.0
    megabytes: float = 0.0


def bytes_of(parts: Any) -> bytes:
    """The bytes that a list of parts stands for."""
    match parts:
        case str(text):
            return text.encode("utf-8", "surrogatepass")
        case {"hex": str(digits)}:
            return bytes.fromhex(digits)
        case {"utf-16": str(text)}:
            return text.encode("utf-16")
        case [part, int(times)]:
            return bytes_of(part) * times
        case list():
            return b"".join(map(bytes_of, parts))
    raise ValueError(f"no part: {parts!r}")


def read_case(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    sections = tuple(
        Section(heading["name"], tuple(heading["words"].split()), text[heading.end() + 1 : end - 1])
        for heading, end in zip(headings, ends, strict=True)
    )
    head = text[: headings[0].start()]
    stated = _SECONDS.search(head)
    return Case(path, head.split("\n")[0], float(stated["number"]) if stated else SECONDS, sections)


def all_cases() -> list[Case]:
    return [read_case(path) for path in sorted(HOSTILE.glob("*/*.txt"))]


def write_expected(case: Case, ran: Ran) -> None:
    """What came of a case, into its file."""
    text = case.path.read_text(encoding="utf-8")
    ends = [heading.start() for heading in _HEADING.finditer(text) if heading["name"] in ("exit", "result")]
    kept = text[: min(ends)] if ends else text.rstrip("\n") + "\n"
    result = f"=== result\n{ran.out}" if ran.out else ""
    case.path.write_text(f"{kept}=== exit {ran.code}\n{ran.err}{result}", encoding="utf-8")


# --- running


def pace() -> float:
    """How much slower than that machine this one is now, 1 when it is not."""

    def count() -> None:
        number = 0
        while number < 500_000:
            number += 1

    return max(1.0, fastest(count) / COUNTING)


def lay_out(case: Case, folder: Path) -> None:
    """The project of all cases, with the files of this one."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    for section in case.sections:
        if section.name == "link":
            (folder / section.words[0]).parent.mkdir(parents=True, exist_ok=True)
            (folder / section.words[0]).symlink_to(section.text)
        elif section.file:
            (folder / section.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / section.file).write_bytes(section.content)


def run_apart(case: Case, folder: Path) -> Ran:
    """Run a case in a copy of this process, which has loaded all modules, and measure that."""
    streams = folder.parent / "streams"
    streams.mkdir(exist_ok=True)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(case, folder, streams, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    out, err = ((streams / name).read_text(encoding="utf-8") for name in ("out", "err"))
    if not told:
        return Ran(None, out, f"{err}the process died")
    code, seconds, megabytes = json.loads(told)
    return Ran(code, out, err, seconds, megabytes)


def _child(case: Case, folder: Path, streams: Path, writing: int) -> None:
    """Never returns. The result goes through the pipe; an empty pipe means a crash.

    What the tests have loaded is not frozen for the collector: the check counts what is frozen, one object
    after the other, and a worker that has run many tests has millions.
    """
    try:
        signal.alarm(60)
        os.chdir(folder)
        section = case.section("input")
        stdin = TextIOWrapper(BytesIO(section.content if section else b""))
        with open_text(streams / "out") as out, open_text(streams / "err") as err, serving(case) as port:
            with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "stdin", stdin):
                measured = _measured([word.replace("PORT", str(port)) for word in case.command])
            err.flush()
        (streams / "err").write_text(without_places((streams / "err").read_text(encoding="utf-8"), port))
        os.write(writing, json.dumps(measured).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _measured(arguments: list[str]) -> tuple[int | None, float, float]:
    code = None
    most, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        code = run(arguments)
    except BaseException:
        traceback.print_exc()
    seconds = time.process_time() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most
    return code, seconds, grown / (1024 * 1024 if sys.platform == "darwin" else 1024)


def without_places(said: str, port: int = 0) -> str:
    """The output without the path of this repository and the number of the free port."""
    said = said.replace(str(REPOSITORY), "REPOSITORY")
    return said.replace(f":{port}", ":PORT") if port else said


def open_text(path: Path) -> TextIOWrapper:
    return path.open("w", encoding="utf-8")


@contextmanager
def serving(case: Case) -> Iterator[int]:
    """A server of this machine that answers every connection with the case's bytes; its port."""
    section = case.section("server")
    if section is None:
        yield 0
        return
    content = section.content
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, content), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server: socket.socket, content: bytes) -> None:
    """Answers until the process ends, also callers that do not listen any more."""
    while True:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.settimeout(5)
            if b"\r\n\r\n" in connection.recv(65536):
                connection.sendall(content)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)
