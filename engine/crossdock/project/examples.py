"""Payloads to run a mapping over: its examples, a directory of JSON files, or lines of JSON, one by one.

A record that cannot be read does not end the run: its ``fault`` says why, and the next record follows.

    for record in records_in(Path("yesterday.ndjson")):
        record.name         # yesterday.ndjson:17
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError, InputError
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import MapNode, parse_yaml
from crossdock.language.parser import plain

EXAMPLES: Final = "examples"
SNAPSHOTS: Final = "snapshots"
ANSWERS_SUFFIX: Final = ".answers.json"
SETTINGS_SUFFIX: Final = ".settings.yaml"
_LINES: Final = (".ndjson", ".jsonl")


@dataclass(frozen=True, slots=True)
class Record:
    """A payload, its name in messages, and its settings. With a ``fault`` there is no payload.

    ``file`` is its file, if it has one of its own.
    """

    name: str
    payload: JSON = None
    settings: MappingType[str, str] = field(default_factory=dict)
    fault: InputError | None = None
    file: Path | None = None

    def answers(self) -> JSON:
        """The answers of a channel that are beside a request; none without a file. Raises InputError."""
        beside = self.file.with_suffix(ANSWERS_SUFFIX) if self.file is not None else None
        return json_reader.decode(beside.read_bytes(), str(beside)) if beside and beside.is_file() else {}


def is_payload(file: Path) -> bool:
    """Whether a file holds a payload, and not the answers that go with one."""
    return file.suffix == ".json" and not file.name.endswith(ANSWERS_SUFFIX)


def examples_of(roots: Iterable[Path], mapping: str) -> Iterator[Record]:
    """The examples of a mapping, in the first of these projects that has any."""
    folder = next((found for root in roots if (found := root / EXAMPLES / mapping).is_dir()), None)
    if folder is not None:
        yield from _files(sorted(filter(is_payload, folder.glob("*.json"))), folder)


def records_in(place: Path) -> Iterator[Record]:
    """The records of a directory, of a file with one on each line (- is stdin), or of a file with one."""
    if str(place) == "-":
        yield from records_of(sys.stdin.buffer, "<stdin>")
    elif place.is_dir():
        yield from _files(sorted(filter(is_payload, place.rglob("*.json"))), place)
    elif place.suffix in _LINES:
        with place.open("rb") as stream:
            yield from records_of(stream, place.name)
    else:
        yield from _files([place], place.parent)


def records_of(stream: Iterable[bytes], name: str) -> Iterator[Record]:
    """The records of a stream, one on each line. Blank lines are skipped."""
    for number, line in enumerate(stream, 1):
        if line.strip():
            yield _record(line.rstrip(b"\r\n"), f"{name}:{number}", {})


def _files(files: Iterable[Path], folder: Path) -> Iterator[Record]:
    for file in files:
        settings = settings_beside(file, file.with_suffix("").name + SETTINGS_SUFFIX)
        record = _record(file.read_bytes(), file.relative_to(folder).as_posix(), settings)
        yield replace(record, file=file)


def _record(data: bytes, name: str, settings: MappingType[str, str]) -> Record:
    try:
        return Record(name, json_reader.decode(data, name), settings)
    except InputError as fault:
        return Record(name, settings=settings, fault=fault)


def settings_beside(payload: Path, shown: str) -> dict[str, str]:
    """The settings beside a payload's file, as `--set` takes them. Raises CompileError."""
    file = payload.with_name(payload.with_suffix("").name + SETTINGS_SUFFIX)
    if not file.is_file():
        return {}
    source = Source(shown, file.read_text(encoding="utf-8"))
    node = parse_yaml(source)
    if not isinstance(node, MapNode):
        message = "this does not give settings: `name: value`"
        raise CompileError([Diagnostic("not-an-object", message, Span(source, 0, 1))])
    values = {str(key.value): plain(value) for key, value in node.entries}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
