"""A conversation as tables: its steps, and the fields of what they send, report and give.

    sheet = sheet_of_conversation(conversation)
    sheet.steps     # rows of STEP_COLUMNS
    sheet.fields    # rows of FIELD_COLUMNS: of queries, bodies, values, events, and the response

Steps inside others, and shared steps, are named by their way: ``order/by_number``. No value of an example is
shown: a step may run in many of them, and differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from crossdock.channels.step_dependencies import answers_read
from crossdock.channels.steps import (
    AdaptTask,
    BlockTask,
    CallTask,
    Conversation,
    ConversationStep,
    EventTask,
    ReportTask,
    UseTask,
    ValueTask,
    step_cells,
    step_parts,
)
from crossdock.checking.lineage import Link, lineage
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression
from crossdock.tools.sheet.comments import comment_of
from crossdock.tools.sheet.rows import cell_words, short, turn_words
from crossdock.tools.sheet.wording import condition, words

STEP_COLUMNS: Final = ("step", "when", "each", "does", "answer", "without an answer", "reads", "note")
FIELD_COLUMNS: Final = ("step", "field", "source", "transformation", "note")
CODE: Final = frozenset({"step", "does", "answer", "reads", "field", "source"})
"""The columns whose texts are code. ``reads`` and ``source`` have a line for each."""

_WRITTEN: Final = ("query", "headers", "body", "value", "event", "message", "data", "with")


@dataclass(frozen=True, slots=True)
class ConversationSheet:
    """A conversation as tables, whose rows are texts by column. ``cannot`` is what the channel cannot do."""

    name: str
    describe: str
    request: str
    response: str
    steps: tuple[tuple[str, ...], ...]
    fields: tuple[tuple[str, ...], ...]
    cannot: tuple[tuple[str, str], ...]

    def tables(self) -> tuple[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...]:
        """Title, columns and rows of each table that has rows."""
        found = (
            ("Steps", STEP_COLUMNS, self.steps),
            ("Fields", FIELD_COLUMNS, self.fields),
            ("Not possible", ("what", "reason"), self.cannot),
        )
        return tuple(each for each in found if each[2])


def sheet_of_conversation(conversation: Conversation) -> ConversationSheet:
    """The tables of a conversation or of shared steps."""
    cells = conversation.cells
    result = "response" if conversation.inputs is None else "answer"
    return ConversationSheet(
        name=conversation.name.removesuffix("/conversation"),
        describe=conversation.describe,
        request=cells.source.name if cells.source else "",
        response=cells.target.name if cells.target else "",
        steps=tuple(_step_rows(conversation.steps, "")),
        fields=(*_file_fields(conversation, ""), *_fields(conversation, "", result, conversation.response)),
        cannot=tuple(conversation.cannot.items()),
    )


def _step_rows(steps: tuple[ConversationStep, ...], around: str) -> Iterator[tuple[str, ...]]:
    for step in steps:
        name = around + step.name
        yield _step_row(step, name)
        match step.task:
            case BlockTask(steps=inner):
                yield from _step_rows(inner, f"{name}/")
            case UseTask() as use:
                yield from _step_rows(use.linked.steps, f"{name}/")


def _step_row(step: ConversationStep, name: str) -> tuple[str, ...]:
    read = {name for cell in step_cells(step) for name in answers_read(cell)}
    return (
        name,
        "; ".join(_when(step)),
        ""
        if step.each is None
        else _value(step.each) + ("" if step.element is None else f", called ${step.element}"),
        _does(step),
        _answer(step),
        _without(step),
        "\n".join("any answer" if each == "*" else each for each in sorted(read)),
        comment_of(step.span),
    )


def _when(step: ConversationStep) -> Iterator[str]:
    for word, test in (("if", step.condition), ("unless", step.unless)):
        if test is not None:
            yield f"{word} {short(condition(test.node), syntax.Evaluate(test))}"


def _value(expression: Expression) -> str:
    return short(words(expression.node), syntax.Evaluate(expression))


def _does(step: ConversationStep) -> str:
    match step.task:
        case CallTask(method=method, path=path):
            return f"{method} {path.text}"
        case ReportTask() as report:
            return _report(report)
        case UseTask(name=name):
            return f"use {name}"
        case AdaptTask(action=action):
            return f"adapts {action}"
        case EventTask():
            return "event"
        case ValueTask():
            return "value"
        case BlockTask():
            return "steps"


def _answer(step: ConversationStep) -> str:
    if not isinstance(step.task, CallTask):
        return ""
    schema = step.task.answer.name if step.task.answer is not None else "anything"
    return schema if step.task.again is None else f"list of {schema}"


def _without(step: ConversationStep) -> str:
    """What becomes of the step without an answer: when that is tolerated, and what is reported."""
    found = []
    if isinstance(step.task, CallTask) and (tolerate := step.task.tolerate) is not None:
        found.append(f"goes on if {short(condition(tolerate.node), syntax.Evaluate(tolerate))}")
    if step.none is not None:
        found.append(_report(step.none))
    return "; ".join(found)


def _report(report: ReportTask) -> str:
    code = report.code.node
    return f"{report.word} {code.value if isinstance(code, Constant) else report.code.text}"


def _file_fields(conversation: Conversation, around: str) -> Iterator[tuple[str, ...]]:
    """The fields of the values and the steps of a file."""
    for name, value in conversation.values.items():
        yield from _fields(conversation, around.removesuffix("/"), f"${name}", value)
    yield from _step_fields(conversation, conversation.steps, around)


def _step_fields(
    file: Conversation, steps: tuple[ConversationStep, ...], around: str
) -> Iterator[tuple[str, ...]]:
    for step in steps:
        name = around + step.name
        for key, cell in step_parts(step):
            if key in _WRITTEN:
                yield from _fields(file, name, key, cell)
        if step.none is not None:
            yield from _fields(file, name, "none.message", syntax.Evaluate(step.none.message))
            if step.none.data is not None:
                yield from _fields(file, name, "none.data", step.none.data)
        match step.task:
            case BlockTask(steps=inner):
                yield from _step_fields(file, inner, f"{name}/")
            case UseTask() as use:
                yield from _file_fields(use.linked, f"{name}/")
                yield from _fields(use.linked, name, "answer", use.linked.response)


def _fields(file: Conversation, step: str, key: str, cell: syntax.Cell) -> Iterator[tuple[str, ...]]:
    """The fields that one cell writes, as those of a mapping."""
    for link in lineage(replace(file.cells, cell=cell, source=None, target=None)):
        said = [*map(turn_words, link.enclosing), cell_words(link)]
        dot = "" if not link.target or link.target.startswith("[") else "."
        field = f"{key}{dot}{link.target}"
        yield step, field, "\n".join(link.sources), ". ".join(said), _note(link)


def _note(link: Link) -> str:
    target = link.target.removesuffix("[]")
    return next((comment_of(span) for name, span in link.keys if name == target), "")
