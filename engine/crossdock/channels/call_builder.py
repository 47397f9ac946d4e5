"""A step's task -> the call that is sent: nothing in a payload can change where it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from crossdock.channels.again import Again
from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.encoding import NotEncodable, pairs
from crossdock.channels.failures import StepFailed
from crossdock.channels.messages import Call, Texts
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import CallTask, ConversationStep
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.records import replace
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, Text, children


@dataclass(frozen=True, slots=True)
class CallBuilder:
    """Builds calls in one frame. ``result`` takes the warnings of the cells that run for them.

    ``lists`` is how the channel takes lists. ``within`` runs a cell in another context than the frame's.
    """

    cells: CellRunner
    frame: StepFrame
    result: ConversationResult
    lists: str
    within: Callable[[syntax.Cell], JSON | Missing] | None = None

    def call(self, step: ConversationStep, task: CallTask) -> Call:
        """The call of a step. Raises StepFailed when a part of it has no usable value."""
        brackets = (task.lists or self.lists) == "brackets"
        return Call(
            step=step.name,
            method=task.method,
            path=self._path(task.path),
            query=self._query(task.query, brackets)[0],
            headers=self._headers(task.headers),
            body=self._body(task.body, task.form, brackets),
            form=task.form,
            repeatable=task.repeatable,
            brackets=brackets,
        )

    def following(self, again: Again, call: Call) -> Call:
        """The call after another one, with what changes. Raises StepFailed as ``call`` does."""
        query = call.query
        if again.query is not None:
            changed, names = self._query(again.query, call.brackets)
            query = (*(each for each in query if each[0].partition("[")[0] not in names), *changed)
        body = call.body if again.body is None else self._body(again.body, call.form, call.brackets)
        path = call.path if again.path is None else self._path(again.path)
        return replace(call, path=path, query=query, body=body, target="")

    def _path(self, path: Expression) -> str:
        """The path: its constant parts as they are, and each printed value as one encoded segment.

        `.` and `..` need no encoding, so encoding does not disarm them: a server or a proxy would resolve
        `/orders/../admin` (RFC 3986, 5.2.4). An empty value would name the collection in place of one item:
        `DELETE /orders/` is not what `DELETE /orders/{{ id }}` means.
        """
        segments: list[str] = []
        for part in children(path.node):
            if isinstance(part, Constant):
                segments.append(str(part.value))
                continue
            printed = replace(path, node=Text((part,)))  # as a template prints it
            cell = syntax.Evaluate(printed)
            value = self.within(cell) if self.within else self.cells.value_once(cell, self.frame, self.result)
            if isinstance(value, Missing) or value in ("", ".", ".."):
                problem = "nothing" if isinstance(value, Missing) or not value else "only dots"
                raise StepFailed("request", f"the path has {problem} where it needs a value: {path.text}")
            segments.append(quote(str(value), safe=""))
        return "".join(segments)

    def _query(self, cell: syntax.Cell | None, brackets: bool) -> tuple[Texts, frozenset[str]]:
        """The parameters of a query, and the names that the cell has, also those whose value is null."""
        found = self._fields("query", cell)
        return _sendable_pairs(found, brackets), frozenset(found)

    def _headers(self, cell: syntax.Cell | None) -> Texts:
        found = self._fields("headers", cell).items()
        return tuple((key, _header(key, value)) for key, value in found if value is not None)

    def _body(self, cell: syntax.Cell | None, form: bool, brackets: bool) -> JSON | Missing:
        body = MISSING if cell is None else self._value(cell)
        if form and not isinstance(body, Missing):
            if not isinstance(body, dict):
                raise StepFailed("request", "the body of a form is not an object")
            _encodable(body, brackets)
        return body

    def _fields(self, what: str, cell: syntax.Cell | None) -> dict[str, JSON]:
        found = MISSING if cell is None else self._value(cell)
        if isinstance(found, Missing):
            return {}
        if not isinstance(found, dict):
            raise StepFailed("request", f"`{what}` is not an object")
        return found

    def _value(self, cell: syntax.Cell) -> JSON | Missing:
        return self.within(cell) if self.within else self.cells.value(cell, self.frame, self.result)


def _encodable(fields: dict[str, JSON], brackets: bool) -> list[tuple[str, str]]:
    try:
        return list(pairs(fields, brackets=brackets))
    except NotEncodable as inner:
        message = f"`{inner.name}` contains an object or a list that only `lists: brackets` can send"
        raise StepFailed("request", message) from None


def _sendable_pairs(fields: dict[str, JSON], brackets: bool) -> Texts:
    """The pairs of a query. Raises StepFailed.

    They are encoded, but a channel that decodes a line end into its own headers or logs would begin another
    header, or another entry.
    """
    found = _encodable(fields, brackets)
    for name, text in found:
        _without_line_ends(name, text)
    return tuple(found)


def _header(key: str, value: JSON) -> str:
    """The text of a header. A line end would begin another header, or another call. Raises StepFailed."""
    if isinstance(value, dict | list):
        raise StepFailed("request", f"`{key}` is not text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    _without_line_ends(key, text)
    if not (text.isascii() and text.isprintable()):
        raise StepFailed("request", f"`{key}` contains characters that no header can have")
    return text


def _without_line_ends(key: str, text: str) -> None:
    if any(char in text for char in "\r\n\0"):
        odd = "NUL" if "\0" in text else "line end"
        raise StepFailed("request", f"`{key}` contains a {odd}")
