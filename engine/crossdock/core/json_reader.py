"""Payload bytes to JSON, strictly, and JSON to text.

The standard parser is fast. Text that it or its hooks refuse is read again by the scanner, which finds the
first error. A diagnostic shows the payload's text up to that place with every value masked: keys and
punctuation stay, so the caret is in the right column and no value leaks.

    error[duplicate-key]: the key `sku` occurs twice in one object
     --> order.json:1:14
      |
    1 | {"sku": "•", "sku" …
      |              ^^^^^
      = help: the first one is at line 1, column 2
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from crossdock.core.diagnostics import Diagnostic, Place, Source, Span, shorten
from crossdock.core.errors import InputError
from crossdock.core.json_faults import (
    PointerTree,
    Scanner,
    TextError,
    first_fault,
    integer,
    lone_surrogate,
)
from crossdock.core.json_types import JSON, decimal_number
from crossdock.core.json_valid_prefix import ValidPrefix
from crossdock.core.limits import PAYLOAD_BYTES, PAYLOAD_DEPTH

_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
_ESCAPED_BYTE = re.compile(rb"\\.", re.DOTALL)
_SHOWN = 1_000  # of a long line no more is ever shown
_WHOLE_TOKENS = re.compile(r'(?:[^"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_SHOWN_OR_NOT = re.compile(
    r'("[^"\\]*+(?:\\.[^"\\]*+)*+"(?=\s*:)|[\s{}\[\]:,]++)|"[^"\\]*+(?:\\.[^"\\]*+)*+("|\\?\Z)|[^\s{}\[\]:,"]++',
    re.DOTALL,
)


def decode(data: bytes, name: str, *, limit: int = PAYLOAD_BYTES, secret: bool = True) -> JSON:
    """The JSON value of a payload of at most ``limit`` bytes. Raises InputError, with the place.

    ``name`` is what diagnostics call the payload. ``secret`` masks the values in what a diagnostic shows;
    turn it off for a project's own files.
    """
    if len(data) > limit:
        message = f"the payload has more than {limit} bytes, the limit"
        raise InputError([Diagnostic("payload-too-large", message, input=Place(name, ""))])
    if not data.strip(b" \t\n\r"):
        raise InputError([Diagnostic("empty-payload", "the payload is empty", input=Place(name, ""))])
    try:
        return parse(data)
    except ValueError:
        fault, text = _explain(data)
    span = _span(name, text, fault.start, fault.end, secret, shown=fault.shown)
    raise InputError([Diagnostic(fault.id, fault.message, span, fault.help)])


def parse(data: bytes) -> JSON:
    """The JSON value that a payload may be. ``ValueError``, which does not say why, for anything else."""
    text = data.decode("utf-8")
    if nesting(data) > PAYLOAD_DEPTH or lone_surrogate(text):
        raise ValueError("not a payload")
    return _loads(text)


def encode(value: JSON, *, compact: bool = False) -> str:
    """A value as JSON text without a line end: keys in their order, every character as itself.

    NaN and the infinities are not JSON, and raise ``ValueError``.
    """
    if compact:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)


def read(path: str, stdin: BinaryIO, *, limit: int = PAYLOAD_BYTES) -> bytes:
    """The bytes of a file, or of ``stdin`` for ``-``; at most one more than ``decode`` takes."""
    with opened(path, stdin) as file:
        return file.read(limit + 1)


@contextmanager
def opened(path: str, stdin: BinaryIO) -> Iterator[BinaryIO]:
    """A file to be read bit by bit, ``stdin`` for ``-``. Raises InputError when it cannot be read."""
    with readable(path):
        if path == "-":
            yield stdin
            return
        with Path(path).open("rb") as file:
            yield file


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Raise InputError for what is raised by opening or reading a file."""
    shown = shorten(path, 200)
    try:
        yield
        return
    except (FileNotFoundError, NotADirectoryError):
        finding = Diagnostic("no-such-file", f"there is no file `{shown}`")
    except IsADirectoryError:
        finding = Diagnostic("is-a-directory", f"`{shown}` is a directory, not a file")
    except OSError as error:
        reason = (error.strerror or "it does not answer").lower()
        finding = Diagnostic("unreadable", f"`{shown}` cannot be read: {reason}")
    except ValueError:  # a NUL in the path
        finding = Diagnostic("no-such-file", f"`{shown}` is not a file's name")
    raise InputError([finding])


def locate(text: str, name: str, pointers: Iterable[str], *, secret: bool = True) -> dict[str, Span]:
    """The offsets of the values of JSON pointers in a payload's text; of an object or list, its bracket.

    Pointers without a value are left out. ``decode`` must accept the text.
    """
    wanted = PointerTree()
    for pointer in pointers:
        wanted.add(pointer)
    scanner = Scanner(text, wanted, ValidPrefix(len(text)))
    scanner.document()
    return {pointer: _span(name, text, start, end, secret) for pointer, (start, end) in scanner.found.items()}


# --- the fast path: the standard parser, and hooks for what it takes although JSON has no such thing


def nesting(data: bytes) -> int:
    """How deep the brackets outside of JSON's texts nest: each becomes a step up or down, summed in C."""
    if b"\\" in data:
        data = _ESCAPED_BYTE.sub(b"", data)
    steps = b"".join(data.translate(_STEPS, _NOT_STRUCTURE).split(b'"')[::2])
    return max(accumulate(memoryview(steps).cast("b")), default=0)


def _loads(text: str) -> JSON:
    value = json.loads(
        text,
        object_pairs_hook=_object,
        parse_int=integer,
        parse_float=decimal_number,
        parse_constant=_constant,
    )
    return cast(JSON, value)


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _constant(_word: str) -> NoReturn:
    raise ValueError("not a number")


# --- the slow path: which fault, and how much of the text is shown


def _explain(data: bytes) -> tuple[TextError, str]:
    """The first fault of refused bytes, and the text that its offsets count in."""
    help = "send the payload as UTF-8 without a byte order mark"
    text = data.decode("utf-8", "replace")
    if text[0] == "\ufeff" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return TextError("byte-order-mark", "the payload begins with a byte order mark", 0, 1, help), text
    if 0 in data[:4]:
        return TextError("not-utf-8", "the payload looks like UTF-16 or UTF-32", 0, 1, help), text
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = len(data[: error.start].decode("utf-8"))
        message = f"the byte at offset {error.start} is not UTF-8"
        fault = first_fault(text[:at])
        if fault is None or fault.start >= len(text[:at].rstrip()):
            fault = TextError("not-utf-8", message, at, at + 1, help)
        return fault, text
    return first_fault(text) or TextError("not-json", "this is not JSON", 0, len(text)), text


def _span(name: str, text: str, start: int, end: int, secret: bool, *, shown: bool = False) -> Span:
    """A span in the text; of a secret text, in a copy that is masked up to ``end`` and cut there."""
    if not secret:
        return Span(Source(name, text), start, end)
    line = text.rfind("\n", 0, start) + 1
    before = "".join("•" * len(row) + "\n" for row in text[:line].split("\n")[:-1])
    place = text[start:end] if shown else _masked(text[start:end])
    after = " …" if text[end:].strip() else ""
    near = _WHOLE_TOKENS.match(text, line, max(line, start - _SHOWN))
    far = near.end() if near else line
    return Span(
        Source(name, f"{before}{'•' * (far - line)}{_masked(text[far:start])}{place}{after}"), start, end
    )


def _masked(text: str) -> str:
    """The text with its keys, punctuation and quotes, and one ``•`` for each other character."""

    def mask(token: re.Match[str]) -> str:
        if token[1]:
            return token[1]
        if token[2] is None:
            return "•" * len(token[0])
        closing = '"' if token[2] == '"' else ""
        return '"' + "•" * (len(token[0]) - 1 - len(closing)) + closing

    return _SHOWN_OR_NOT.sub(mask, text)
