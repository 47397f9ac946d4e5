"""A step's task -> the call that is sent: nothing in a payload can change where it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.failures import StepFailed
from crossdock.channels.messages import Call, Texts
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import CallTask, ConversationStep
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, Text, children


@dataclass(frozen=True, slots=True)
class CallBuilder:
    """Builds calls in one frame. ``result`` takes the warnings of the cells that run for them."""

    cells: CellRunner
    frame: StepFrame
    result: ConversationResult

    def call(self, step: ConversationStep, task: CallTask) -> Call:
        """The call of a step. Raises StepFailed when a part of it has no usable value."""
        return Call(
            step=step.name,
            method=task.method,
            path=self._path(task.path),
            query=self._texts("query", task.query),
            headers=self._texts("headers", task.headers),
            body=MISSING if task.body is None else self._value(task.body),
            form=task.form,
            repeatable=task.repeatable,
        )

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
            value = self.cells.value_once(syntax.Evaluate(printed), self.frame, self.result)
            if isinstance(value, Missing) or value in ("", ".", ".."):
                problem = "nothing" if isinstance(value, Missing) or not value else "only dots"
                raise StepFailed("request", f"the path has {problem} where it needs a value: {path.text}")
            segments.append(quote(str(value), safe=""))
        return "".join(segments)

    def _texts(self, what: str, cell: syntax.Cell | None) -> Texts:
        found = MISSING if cell is None else self._value(cell)
        if isinstance(found, Missing):
            return ()
        if not isinstance(found, dict):
            raise StepFailed("request", f"`{what}` is not an object")
        return tuple((key, _text(what, key, value)) for key, value in found.items() if value is not None)

    def _value(self, cell: syntax.Cell) -> JSON | Missing:
        return self.cells.value(cell, self.frame, self.result)


def _text(what: str, key: str, value: JSON) -> str:
    """One value of a query or of headers as it is sent. Raises StepFailed.

    A line end in a header would begin another header, or another call. A query would be encoded, but a
    channel that decodes it into its own headers or logs would have the same problem.
    """
    if isinstance(value, dict | list):
        raise StepFailed("request", f"`{key}` is not text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if any(char in text for char in "\r\n\0"):
        odd = "NUL" if "\0" in text else "line end"
        raise StepFailed("request", f"`{key}` contains a {odd}")
    if what == "headers" and not (text.isascii() and text.isprintable()):
        raise StepFailed("request", f"`{key}` contains characters that no header can have")
    return text
