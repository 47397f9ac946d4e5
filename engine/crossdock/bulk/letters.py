"""Dead letters: lines that were refused, with what is needed to understand them and to try them again.

They hold the payload as it came, with all its personal values: the files are for their owner only.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from crossdock.bulk.unit import LineFindings
from crossdock.core.rendering import plain


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused line. ``payload`` is None for one that was too long to be kept."""

    source: str
    line: int
    payload: bytes | None
    ids: tuple[str, ...]
    messages: tuple[str, ...]
    text: bytes

    @property
    def cause(self) -> str:
        return self.ids[0]


def written(source: str, found: LineFindings, mapping: str, digest: str) -> bytes:
    """The dead letter of a line, as a line of JSON."""
    letter: dict[str, Any] = {"source": source, "line": found.number}
    if found.line is not None:
        try:
            letter["payload"] = found.line.decode()
        except UnicodeDecodeError:
            letter["payload_base64"] = b64encode(found.line).decode()
    letter |= {"mapping": mapping, "mappings_sha256": digest}
    letter["findings"] = [plain(each) for each in found.diagnostics]
    return json.dumps(letter).encode() + b"\n"


def read(file: Iterable[bytes]) -> Iterator[DeadLetter]:
    """The dead letters of a file, in order. Raises OSError, and ValueError for another file."""
    for text in file:
        letter = json.loads(text)
        payload = letter.get("payload")
        data = b64decode(letter["payload_base64"]) if "payload_base64" in letter else None
        errors = [each for each in letter["findings"] if each["severity"] == "error"]
        yield DeadLetter(
            letter["source"],
            letter["line"],
            data if payload is None else payload.encode(),
            tuple(each["id"] for each in errors),
            tuple(each["message"] for each in errors),
            text,
        )
