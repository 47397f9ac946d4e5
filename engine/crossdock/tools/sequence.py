"""A conversation as a Mermaid sequence diagram: RetailOPS, Crossdock and the channel.

    sequenceDiagram
        participant R as RetailOPS
        participant X as Crossdock
        participant C as shop
        R->>X: order_ack
        loop each data.order.acks
            X->>C: note: POST /orders/{{ root }}/notes
            C-->>X: shop/note
        end
        X-->>R: response

Conditions are ``opt``, or ``alt`` for two steps of which one runs. ``each`` and ``again`` are ``loop``, what
a failure ends is ``break``, and shared steps are a ``rect`` with their name. A step that makes no call and
reports nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from crossdock.channels.steps import (
    AdaptTask,
    BlockTask,
    CallTask,
    Conversation,
    ConversationStep,
    EventTask,
    ReportTask,
    UseTask,
)
from crossdock.core.diagnostics import shorten
from crossdock.language.expr import Constant, Expression

_LONGEST: Final = 160
_LINE: Final = 60
_BREAK: Final = "<br/>"
_SHARED: Final = "rect rgba(128, 128, 128, 0.1)"
# Anything that Mermaid may read as syntax is written as `#code;`: the word `end` may close a frame, and `$$`
# begins mathematics. `wrap:` in front of a text is an instruction, and `style…:#35;` loses its semicolon.
_UNSAFE: Final = re.compile(
    r"[^A-Za-z0-9 _.,:/(){}\[\]$='?!*+~|-]|:(?! )|(?<=wrap):|\$(?=\$)|\b[Ee](?=(?i:nd)\b)"
)


def sequence(conversation: Conversation, channel: str) -> str:
    """The diagram, without a Markdown fence. ``channel`` is the name of the third participant."""
    is_shared = conversation.inputs is not None
    lines = [
        f"participant R as {'the file that uses it' if is_shared else 'RetailOPS'}",
        "participant X as Crossdock",
        f"participant C as {label(channel)}",
        f"R->>X: {label(_short(conversation.name) if is_shared else conversation.action)}",
        *_steps(conversation.own_steps),
        f"X-->>R: {'answer' if is_shared else 'response'}",
    ]
    return "\n".join(["sequenceDiagram", *_indented(lines)])


def label(text: str) -> str:
    """A text that Mermaid shows as it is: cut when it is very long, and in lines of a readable length."""
    words = shorten(" ".join(text.split()), _LONGEST).split(" ")
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < _LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return _BREAK.join(map(_escaped, lines))


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};", text)


def _steps(steps: Sequence[ConversationStep]) -> Iterator[str]:
    """The lines of some steps. Two neighbours, one `if` and one `unless` the same, are an `alt`."""
    pending = list(steps)
    while pending:
        step = pending.pop(0)
        if pending and _opposite(step, pending[0]):
            yield from _alternatives(step, pending.pop(0))
        else:
            yield from _step(step)


def _opposite(one: ConversationStep, other: ConversationStep) -> bool:
    if one.each is not None or other.each is not None:
        return False
    first, second = (_text(one.condition), _text(one.unless)), (_text(other.unless), _text(other.condition))
    return first == second and None in first and first != (None, None)


def _alternatives(one: ConversationStep, other: ConversationStep) -> Iterator[str]:
    first, second = list(_task(one)), list(_task(other))
    if first and second:
        yield f"alt {label(_when(one))}"
        yield from _indented(first)
        yield "else"
        yield from _indented(second)
        yield "end"
    else:
        yield from (*_step(one), *_step(other))


def _step(step: ConversationStep) -> list[str]:
    lines = list(_task(step))
    when = _when(step)
    if when:
        stops = isinstance(step.task, ReportTask) and step.task.stops
        lines = _framed("break" if stops else "opt", when, lines)
    if step.each is not None:
        named = "" if step.element is None else f" as ${step.element}"
        at_once = f", {step.at_once} at the same time" if step.at_once > 1 else ""
        lines = _framed("loop", f"each {step.each.text}{named}{at_once}", lines)
    return lines


def _when(step: ConversationStep) -> str:
    conditions = ("if", step.condition), ("unless", step.unless)
    return ", ".join(f"{word} {each.text}" for word, each in conditions if each is not None)


def _task(step: ConversationStep) -> Iterator[str]:
    match step.task:
        case CallTask() as call:
            yield from _call(step.name, call)
        case EventTask():
            yield _note(f"{step.name}: event")
        case ReportTask() as report:
            yield _report(report)
        case UseTask() as use:
            if inner := list(_steps(use.linked.steps)):
                yield _SHARED
                yield from _indented([_note(f"{step.name}: {_short(use.name)}"), *inner])
                yield "end"
        case AdaptTask(action=action):
            yield f"X->>X: {label(f'{step.name}: {action}, as the channel answers it')}"
        case BlockTask(steps=inner_steps):
            yield from _steps(inner_steps)
    if step.none is not None:
        frame = "break" if step.none.stops else "opt"
        yield from _framed(frame, f"{step.name} has no answer", [_report(step.none)])


def _call(name: str, call: CallTask) -> Iterator[str]:
    gives = call.answer.name if call.answer is not None else "answer"
    tolerated = "" if call.tolerate is None else f", or none if {call.tolerate.text}"
    lines = [
        f"X->>C: {label(f'{name}: {call.method} {call.path.text}')}",
        f"C-->>X: {label(f'{gives}{tolerated}')}",
    ]
    if call.again is not None:
        title = f"again while {call.again.when.text}, at most {call.again.most} times"
        lines = _framed("loop", title, lines)
    yield from lines


def _report(report: ReportTask) -> str:
    code = report.code.node
    said = code.value if isinstance(code, Constant) else report.code.text
    return _note(f"{report.word} {said}")


def _note(text: str) -> str:
    return f"Note over X: {label(text)}"


def _framed(frame: str, title: str, lines: Sequence[str]) -> list[str]:
    """Lines in a frame. A frame around nothing is left out."""
    return [f"{frame} {label(title)}", *_indented(lines), "end"] if lines else []


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _text(expression: Expression | None) -> str | None:
    return None if expression is None else expression.text


def _short(name: str) -> str:
    """The name of a file of shared steps, without where it is."""
    return name.rsplit("/", 1)[-1]
