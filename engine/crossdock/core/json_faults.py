"""A strict JSON scanner: it finds the place of the first fault in a text, or the places of some values.

JSON is RFC 8259, with unique keys, numbers in the range of a float or of 64 bits, and bounded nesting.
The scanner is slow next to the standard parser, so it skips what that parser finds valid. It scans only the
lists and objects that are open at the fault, or that hold a value whose place is wanted, and keeps no value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import cast

from crossdock.core.diagnostics import shorten
from crossdock.core.json_types import finite
from crossdock.core.json_valid_prefix import ValidPrefix, valid_prefix
from crossdock.core.limits import LEAST_INTEGER, MOST_INTEGER, PAYLOAD_DEPTH
from crossdock.core.paths import parse_pointer

_PARSER = json.JSONDecoder()
# Possessive, so that no text makes them slow.
_SPACES = frozenset(" \t\n\r")
_SPACE = re.compile(r"[ \t\n\r]*+")
_TEXT = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][-+]?[0-9]++)?")
_NUMERIC = re.compile(r"[-+.0-9][-+.\w]*+")
_CONSTANT = re.compile(r"-?(?:NaN|Infinity)\b")
_WORD = re.compile(r"\w++")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class TextError(Exception):
    """What is wrong from ``start`` to ``end`` of a text. ``shown``: this is not a value, and not masked."""

    def __init__(
        self, id: str, message: str, start: int, end: int, help: str | None = None, *, shown: bool = False
    ) -> None:
        super().__init__(message)
        self.id, self.message, self.help = id, message, help
        self.start, self.end, self.shown = start, end, shown


def _not_json(
    message: str, start: int, end: int, help: str | None = None, *, shown: bool = False
) -> TextError:
    return TextError("not-json", message, start, end, help, shown=shown)


def first_fault(text: str) -> TextError | None:
    """The first fault of a text, or None when it is JSON."""
    valid = valid_prefix(text, deepest=PAYLOAD_DEPTH, integer=integer, surrogate=lone_surrogate(text))
    try:
        Scanner(text, valid=valid).document()
    except TextError as fault:
        return fault
    return None


def integer(digits: str) -> int:
    """A whole number that 64 bits hold, signed or not; ``ValueError`` for any other."""
    if len(digits) > 20 or not LEAST_INTEGER <= (value := int(digits)) <= MOST_INTEGER:
        raise ValueError("integer out of range")
    return value


def lone_surrogate(text: str) -> re.Match[str] | None:
    """The first escape that is half of a surrogate pair without its other half."""
    if "\\ud" not in text and "\\uD" not in text:
        return None
    return next((escape for escape in _ESCAPE.finditer(text) if escape[1]), None)


@dataclass(slots=True)
class PointerTree:
    """The pointers to look for, as a tree of their parts."""

    pointer: str | None = None
    parts: dict[str, PointerTree] = field(default_factory=dict)

    def add(self, pointer: str) -> None:
        """Looks for one more JSON pointer (RFC 6901)."""
        node = self
        for key in parse_pointer(pointer):
            node = node.parts.setdefault(key, PointerTree())
        node.pointer = pointer


class Scanner:
    """Reads a JSON text strictly and keeps no value: raises the first fault, notes what is wanted.

    What is known to be valid is not read again. Every method takes the offset where its part begins and
    returns the offset after it.
    """

    def __init__(
        self, text: str, wanted: PointerTree | None = None, valid: ValidPrefix | None = None
    ) -> None:
        self.text = text
        self.wanted = wanted
        self.valid = ValidPrefix() if valid is None else valid
        self.found: dict[str, tuple[int, int]] = {}
        self.open: list[int] = []

    def document(self) -> None:
        """Reads the whole text. Raises TextError for its first fault."""
        at = self._space(self._value(0, self.wanted))
        if at < len(self.text):
            message = "there is more text after the end of the JSON value"
            raise _not_json(message, at, self._token(at), "a payload is one JSON value")

    def _value(self, at: int, wanted: PointerTree | None) -> int:
        at = self._space(at)
        bracket = self.text[at : at + 1] in ("{", "[")
        if bracket and wanted is None and at < self.valid.end and at not in self.valid.resume:
            return _PARSER.raw_decode(self.text, at)[1]
        match self.text[at : at + 1]:
            case "{" | "[" if len(self.open) == PAYLOAD_DEPTH:
                message = f"objects and lists nest more than {PAYLOAD_DEPTH} deep"
                raise TextError("nesting-too-deep", message, at, at + 1, shown=True)
            case "{":
                end = self._object(at, wanted)
            case "[":
                end = self._list(at, wanted)
            case '"':
                end = self._string(at)
            case _:
                end = self._plain(at)
        if wanted and wanted.pointer is not None:
            self.found[wanted.pointer] = (at, at + 1 if bracket else end)
        return end

    def _object(self, at: int, wanted: PointerTree | None) -> int:
        self.open.append(at)
        keys: dict[str, int] = {}
        at = self._space(at + 1)
        while self.text[at : at + 1] != "}" or keys:
            if self.text[at : at + 1] != '"':
                raise self._unexpected(at, "a key in double quotes")
            end = self._string(at)
            key = _unescaped(self.text[at:end])
            if key in keys:
                raise self._duplicate(key, keys[key], at, end)
            keys[key] = at
            at = self._space(end)
            if self.text[at : at + 1] != ":":
                raise self._unexpected(at, "a colon after the key")
            at = self._space(self._value(at + 1, wanted.parts.get(key) if wanted else None))
            if self.text[at : at + 1] != ",":
                break
            at = self._space(at + 1)
        return self._close(at, "}")

    def _list(self, at: int, wanted: PointerTree | None) -> int:
        self.open.append(at)
        on = self.valid.resume.get(at)
        count = 0 if on is None else 1
        at = self._space(at + 1 if on is None else on)
        while self.text[at : at + 1] != "]" or count:
            at = self._space(self._value(at, wanted.parts.get(str(count)) if wanted else None))
            count += 1
            if self.text[at : at + 1] != ",":
                break
            at += 1
        return self._close(at, "]")

    def _close(self, at: int, bracket: str) -> int:
        if self.text[at : at + 1] != bracket:
            raise self._unexpected(at, f"a comma or `{bracket}`")
        self.open.pop()
        return at + 1

    def _string(self, at: int) -> int:
        end = _end(_TEXT, self.text, at)
        match self.text[end : end + 1]:
            case '"':
                if half := lone_surrogate(self.text[at:end]):
                    message = "half of a surrogate pair is not a character"
                    raise TextError("lone-surrogate", message, at + half.start(), at + half.end())
                return end + 1
            case "":
                raise _not_json("the payload ends inside a text", end, end, self._unclosed())
            case "\\":
                help = "write a backslash itself as two"
                raise _not_json("this is not an escape of JSON", end, min(end + 2, len(self.text)), help)
            case "\n" | "\r":
                help = "close the text with a double quote, or write the line break as `\\n`"
                raise _not_json("a text must not hold a line break", end, end, help)
            case _:
                raise _not_json("a text must not hold a control character", end, end + 1)

    def _plain(self, at: int) -> int:
        """A number or one of the three words."""
        if constant := _CONSTANT.match(self.text, at):
            message = f"`{constant[0]}` is not a JSON number"
            help = "leave the key out, or send null"
            raise TextError("not-a-number", message, at, constant.end(), help, shown=True)
        if number := _NUMERIC.match(self.text, at):
            return self._number(number[0], at, number.end())
        word = _WORD.match(self.text, at)
        if word and word[0] in ("true", "false", "null"):
            return word.end()
        raise self._unexpected(at, "a value")

    def _number(self, digits: str, at: int, end: int) -> int:
        number = _NUMBER.fullmatch(digits)
        if not number:
            help = "no plus sign, no zero in front, digits on both sides of the point"
            raise _not_json("this is not how JSON writes a number", at, end, help)
        try:
            finite(digits) if number[1] or number[2] else integer(digits)
        except ValueError:
            help = "send a number as long as this as text"
            raise TextError("number-range", "the number is out of range", at, end, help) from None
        return end

    def _space(self, at: int) -> int:
        return _end(_SPACE, self.text, at) if self.text[at : at + 1] in _SPACES else at

    def _token(self, at: int) -> int:
        """Where the token ends that should not be there."""
        if self.text[at] == '"':
            end = _end(_TEXT, self.text, at)
            return end + 1 if self.text[end : end + 1] == '"' else end
        token = _NUMERIC.match(self.text, at) or _WORD.match(self.text, at)
        return token.end() if token else at + 1

    def _unexpected(self, at: int, expected: str) -> TextError:
        if at >= len(self.text):
            at = len(self.text.rstrip())
            return _not_json(f"the payload ends where {expected} is expected", at, at, self._unclosed())
        char = self.text[at]
        found, help = "something else", None
        words = "the words of JSON are true, false and null; write text in double quotes"
        match char:
            case "{" | "}" | "[" | "]" | ":" | ",":
                found = f"`{char}`"
                if char in "}]" and self.text[:at].rstrip().endswith(","):
                    help = "leave out the comma in front of it"
            case '"':
                found = "text"
            case "'":
                found, help = "a single quote", "JSON writes text in double quotes"
            case "/" | "#":
                found, help = "a slash" if char == "/" else "a hash sign", "JSON has no comments"
            case _ if _NUMERIC.match(char):
                found = "a number"
            case _ if _WORD.match(char):
                found, help = "a word", words
        shown = char in "{}[]:,"
        return _not_json(f"expected {expected}, found {found}", at, self._token(at), help, shown=shown)

    def _duplicate(self, key: str, first: int, at: int, end: int) -> TextError:
        line, column = _position(self.text, first)
        message = f"the key `{shorten(key)}` occurs twice in one object"
        help = f"the first one is at line {line}, column {column}"
        return TextError("duplicate-key", message, at, end, help, shown=True)

    def _unclosed(self) -> str | None:
        if not self.open:
            return None
        line, column = _position(self.text, self.open[-1])
        kind = "object" if self.text[self.open[-1]] == "{" else "list"
        return f"the {kind} that begins at line {line}, column {column} is not closed"


def _unescaped(token: str) -> str:
    return cast(str, json.loads(token)) if "\\" in token else token[1:-1]


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _position(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
