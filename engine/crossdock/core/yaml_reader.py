"""YAML text -> nodes with spans, strictly.

The text is read event by event and never constructed into Python objects, so nothing in a file can be
more than it looks: a plain scalar is JSON's ``true``, ``false``, ``null`` or number, or else text;
anchors, aliases, merge keys, tags, duplicate keys and deep nesting are refused, with their place.

    name: NO        # the text "NO"
    count: 012      # the text "012", and as an expression an error
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError
from crossdock.core.json_types import decimal_number
from crossdock.core.limits import FILE_CHARACTERS, FILE_DEPTH, FILE_VALUES, LEAST_INTEGER, MOST_INTEGER
from crossdock.core.records import record

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_ESCAPE_LENGTH: Final = {"x": 4, "u": 6, "U": 10}
QUOTE_HELP: Final = (
    'an expression that begins with one of @ [ * ` { & ! | > % or holds `: ` or ` #` must be quoted: "…"'
)
_FLOW_HELP: Final = (
    'between { and }, or [ and ], an expression that holds one of , [ ] { } must be quoted: "…"'
)


@record(frozen=True, slots=True)
class ScalarNode:
    """A scalar: text, or one of JSON's other scalars when it was written plain."""

    value: str | int | float | bool | None
    span: Span
    style: str = ""
    inside: bool = False  # the span begins behind the opening quote
    _offsets: list[int] | None = field(default=None, init=False, repr=False, compare=False)

    def offsets(self) -> list[int]:
        """For each character of a text value its offset in the source, and one more for the end."""
        found = self._offsets
        if found is None:  # computed on first use: a long text can have many findings
            found = _align(str(self.value), self.span, self.style, self.inside)
            object.__setattr__(self, "_offsets", found)
        return found

    def behind(self, start: int) -> ScalarNode:
        """The rest of a text value as a scalar of its own."""
        text = str(self.value)
        offset = self.offsets()[start]
        return ScalarNode(
            text[start:], Span(self.span.source, offset, self.span.end), self.style, inside=True
        )

    def part(self, start: int, end: int) -> Span:
        """The span in the source of ``value[start:end]``."""
        value, offsets = str(self.value), self.offsets()
        first = last = offsets[min(start, len(value))]
        if end > start and start < len(value):
            end = min(end, len(value))
            last = offsets[end - 1]
            last += _written_length(self.span.source.text, last, value[end - 1], self.style)
        return Span(self.span.source, first, max(first, last))


@record(frozen=True, slots=True)
class ListNode:
    """A list, with its elements in order."""

    items: tuple[Node, ...]
    span: Span


@record(frozen=True, slots=True)
class MapNode:
    """An object: its entries in the order of the file, the keys unique."""

    entries: tuple[tuple[ScalarNode, Node], ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """The value of a key; None without the key."""
        return next((node for name, node in self.entries if name.value == key), None)


Node = ScalarNode | ListNode | MapNode


def parse_yaml(source: Source) -> Node | None:
    """The one document of a source as nodes; None when it is empty. Raises CompileError."""
    if len(source.text) > FILE_CHARACTERS:
        raise _refusal("file-too-large", f"the file has more than {FILE_CHARACTERS // 1024} KiB", source)
    if source.text.startswith("\ufeff"):
        help = "save the file as UTF-8 without one"
        raise _refusal("byte-order-mark", "the file begins with a byte order mark", source, 0, help)
    return _Composition(source).run()


@dataclass(slots=True)
class _Open:
    """A list or an object whose end has not come yet."""

    start: int
    is_map: bool
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[ScalarNode, Node]] = field(default_factory=list)
    keys: dict[str, ScalarNode] = field(default_factory=dict)  # each key where it occurs first
    key: ScalarNode | None = None


class _Composition:
    """One reading of a source: the events, and what is open."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.stack: list[_Open] = []
        self.result: Node | None = None
        self.documents = 0
        self.nodes = 0
        self.problems: list[Diagnostic] = []

    def run(self) -> Node | None:
        for event in self._events():
            self._take(event)
        if self.problems:
            raise CompileError(self.problems)
        return self.result

    def _events(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self.source.text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            raise _syntax_error(error, self.source) from None
        except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
            at = error.start if isinstance(error, UnicodeEncodeError) else self._reached(int(error.position))
            problem = "a character that YAML does not allow"
            raise _refusal("yaml-syntax", f"not YAML: {problem}", self.source, at) from None

    def _reached(self, position: int) -> int:
        """The character that a reader stopped at. libyaml counts bytes, PyYAML's own reader characters."""
        if _Loader is yaml.SafeLoader:
            return position
        return len(self.source.text.encode()[:position].decode(errors="ignore"))

    def _take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    at, _ = _marks(event)
                    raise _refusal("yaml-documents", "a file must contain only one document", self.source, at)
            case yaml.AliasEvent():
                at, end = _marks(event)
                help = f"write the value out, or use a fragment; {QUOTE_HELP}"
                raise _refusal("yaml-alias", "aliases are not allowed", self.source, at, help, end)
            case yaml.ScalarEvent():
                self._no_extras(event)
                self._place(self._scalar(event))
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._no_extras(event)
                self._open(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close(event)

    def _no_extras(self, event: Any) -> None:
        start = event.start_mark.index
        if event.anchor is not None:
            raise _refusal("yaml-anchor", "anchors are not allowed", self.source, start, QUOTE_HELP)
        if event.tag is not None:
            raise _refusal("yaml-tag", "tags are not allowed", self.source, start, QUOTE_HELP)
        self.nodes += 1
        if self.nodes > FILE_VALUES:
            raise _refusal(
                "file-too-large", f"the file has more than {FILE_VALUES} values", self.source, start
            )

    def _scalar(self, event: Any) -> ScalarNode:
        start, end = _marks(event)
        span = Span(self.source, start, end)
        style = event.style or ""
        if style:
            return ScalarNode(event.value, span, style)
        try:
            return ScalarNode(plain_value(event.value), span)
        except OverflowError:
            help = "put a number as long as this in quotes"
            raise _refusal(
                "number-range", "the number is out of range", self.source, start, help, end
            ) from None

    def _open(self, event: Any) -> None:
        start = event.start_mark.index
        if len(self.stack) >= FILE_DEPTH:
            raise _refusal("yaml-depth", f"nested deeper than {FILE_DEPTH} levels", self.source, start)
        self.stack.append(_Open(start, isinstance(event, yaml.MappingStartEvent)))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        end = _trimmed_end(self.source.text, done.start, event.end_mark.index)
        span = Span(self.source, done.start, end)
        if done.is_map:
            self._place(MapNode(tuple(done.entries), span))
        else:
            self._place(ListNode(tuple(done.items), span))

    def _place(self, node: Node) -> None:
        if not self.stack:
            self.result = node
            return
        top = self.stack[-1]
        if not top.is_map:
            top.items.append(node)
        elif top.key is None:
            top.key = self._key(node, top)
        else:
            top.entries.append((top.key, node))
            top.key = None

    def _key(self, node: Node, top: _Open) -> ScalarNode:
        if not isinstance(node, ScalarNode) or (not isinstance(node.value, str) and not node.style):
            if isinstance(node, MapNode) and self.source.text[node.span.start - 1 : node.span.start] == "{":
                # `name: {{ sku }}` without quotes is an object whose key is an object.
                message, help = "a template must be quoted", 'quote the whole text: "{{ … }}"'
            else:
                message, help = "a key must be text", 'quote the key: "…"'
            raise _refusal("yaml-key", message, self.source, node.span.start, help, node.span.end)
        if node.value == "<<" and not node.style:
            help = "write the keys out, or use a fragment"
            raise _refusal("yaml-merge", "merge keys are not allowed", self.source, node.span.start, help)
        earlier = top.keys.setdefault(str(node.value), node)
        if earlier is not node:
            message = f"the key `{node.value}` occurs twice here"
            note = f"the first is on line {earlier.span.line}"
            self.problems.append(Diagnostic("duplicate-key", message, node.span, notes=(note,)))
        return node


def _marks(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def plain_value(text: str) -> str | int | float | bool | None:
    """What a scalar without quotes stands for. ``OverflowError`` for a whole number beyond 64 bits."""
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    if number[2] is None and number[3] is None:
        if len(text) > 20 or not LEAST_INTEGER <= int(text) <= MOST_INTEGER:
            raise OverflowError
        return int(text)
    try:
        return decimal_number(text)
    except ValueError:
        return text


def _trimmed_end(text: str, start: int, end: int) -> int:
    """The end of a block without the blank lines and comments that the parser counts to it."""
    return start + len(text[start:end].rstrip())


def _syntax_error(error: yaml.MarkedYAMLError, source: Source) -> CompileError:
    """What the parser says; of what is not closed, where it was opened."""
    problem = (error.problem or "cannot be read").replace("\n", " ")
    mark = error.problem_mark or error.context_mark
    at = min(mark.index if mark else 0, len(source.text))
    help: str | None = QUOTE_HELP
    in_flow = problem.startswith("did not find expected ',' or")
    if error.context_mark is not None and "end of stream" in problem:
        problem, at, help = "the quote is not closed", error.context_mark.index, None
    elif error.context_mark is not None and in_flow and not source.text[at:].strip():
        at = error.context_mark.index
        problem = f"the `{source.text[at]}` is not closed"
    elif source.text[at : at + 1] == "\t":
        problem, help = "a tab cannot indent", "indent with spaces"
    elif in_flow and source.text[at : at + 1] in ("[", "{"):
        help = _FLOW_HELP
    return _refusal("yaml-syntax", f"not YAML: {problem}", source, at, help)


def _refusal(
    id: str, message: str, source: Source, start: int = 0, help: str | None = None, end: int | None = None
) -> CompileError:
    span = Span(source, start, min(start + 1, len(source.text)) if end is None else end)
    return CompileError([Diagnostic(id, message, span, help)])


def _align(value: str, span: Span, style: str, inside: bool) -> list[int]:
    """The offset of each character of a scalar's value: its text and value are read side by side.

    Folding and indentation only ever turn white space into other white space or nothing, so a
    character that is not white space is found by skipping white space; quotes and escapes are
    stepped over by their length.
    """
    text = span.source.text
    at = span.start + (1 if style in ("'", '"') and not inside else 0)
    if style in ("|", ">") and not inside:
        at = text.index("\n", span.start, span.end) + 1 if "\n" in text[span.start : span.end] else span.end
    offsets: list[int] = []
    for char in value:
        if style == '"':
            at = _skip_line_continuation(text, at, span.end)
        if not char.isspace() and not (style == '"' and text[at : at + 1] == "\\"):
            while at < span.end and text[at].isspace():
                at += 1
        offsets.append(min(at, span.end))
        at += _written_length(text, at, char, style)
    closing = 1 if style in ("'", '"') else 0
    return [*offsets, min(at, span.end - closing)]


def _skip_line_continuation(text: str, at: int, end: int) -> int:
    while text[at : at + 1] == "\\" and text[at + 1 : at + 2] in ("\n", "\r"):
        at += 2
        while at < end and text[at].isspace():
            at += 1
    return at


def _written_length(text: str, at: int, char: str, style: str) -> int:
    """How many source characters one value character takes."""
    written = text[at : at + 2]
    if style == '"' and written[:1] == "\\":
        return _ESCAPE_LENGTH.get(written[1:2], 2)
    if style == "'" and char == "'" and written == "''":
        return 2
    return 1
