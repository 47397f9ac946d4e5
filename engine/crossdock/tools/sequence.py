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
from crossdock.tools.diagram import SHARED, Diagram, Message, Note, Part, StepsFrame

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
    """The diagram for Mermaid, without a Markdown fence. ``channel`` is the name of the third participant."""
    found = diagram_of(conversation, channel)
    names = [f"participant {life} as {label(name)}" for life, name in zip("RXC", found.lives, strict=True)]
    lines = [*names, *(line for part in found.parts for line in _printed(part))]
    return "\n".join(["sequenceDiagram", *_indented(lines)])


def diagram_of(conversation: Conversation, channel: str) -> Diagram:
    """The parts of the diagram, in order."""
    is_shared = conversation.inputs is not None
    asked = _short(conversation.name) if is_shared else conversation.action
    first = Message("R", "X", asked)
    last = Message("X", "R", "answer" if is_shared else "response", dashed=True)
    lives = "the file that uses it" if is_shared else "RetailOPS", "Crossdock", channel
    return Diagram(conversation.describe, lives, (first, *_steps(conversation.own_steps), last))


def _printed(part: Part) -> Iterator[str]:
    match part:
        case Message(source, target, text, dashed):
            yield f"{source}{'-->>' if dashed else '->>'}{target}: {label(text)}"
        case Note(text):
            yield f"Note over X: {label(text)}"
        case StepsFrame(word, title, parts, otherwise):
            inner = (line for each in parts for line in _printed(each))
            yield _SHARED if word == SHARED else f"{word} {label(title)}"
            if word == SHARED:
                inner = (line for each in (Note(title), *parts) for line in _printed(each))
            yield from _indented(inner)
            if otherwise:
                yield "else"
                yield from _indented(line for each in otherwise for line in _printed(each))
            yield "end"


def label(text: str) -> str:
    """A text that Mermaid shows as it is."""
    return _BREAK.join(map(_escaped, in_lines(text)))


def in_lines(text: str, width: int = _LINE) -> list[str]:
    """A text, cut when it is very long, in lines of a readable length."""
    words = shorten(" ".join(text.split()), _LONGEST).split(" ")
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};", text)


def _steps(steps: Sequence[ConversationStep]) -> Iterator[Part]:
    """The parts of some steps. Two neighbours, one `if` and one `unless` the same, are an `alt`."""
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


def _alternatives(one: ConversationStep, other: ConversationStep) -> Iterator[Part]:
    first, second = tuple(_task(one)), tuple(_task(other))
    if first and second:
        yield StepsFrame("alt", _when(one), first, second)
    else:
        yield from (*_step(one), *_step(other))


def _step(step: ConversationStep) -> tuple[Part, ...]:
    parts = tuple(_task(step))
    when = _when(step)
    if when:
        stops = isinstance(step.task, ReportTask) and step.task.stops
        parts = _framed("break" if stops else "opt", when, parts)
    if step.each is not None:
        named = "" if step.element is None else f" as ${step.element}"
        at_once = f", {step.at_once} at the same time" if step.at_once > 1 else ""
        parts = _framed("loop", f"each {step.each.text}{named}{at_once}", parts)
    return parts


def _when(step: ConversationStep) -> str:
    conditions = ("if", step.condition), ("unless", step.unless)
    return ", ".join(f"{word} {each.text}" for word, each in conditions if each is not None)


def _task(step: ConversationStep) -> Iterator[Part]:
    match step.task:
        case CallTask() as call:
            yield from _call(step.name, call)
        case EventTask():
            yield Note(f"{step.name}: event")
        case ReportTask() as report:
            yield _report(report)
        case UseTask() as use:
            yield from _framed(SHARED, f"{step.name}: {_short(use.name)}", tuple(_steps(use.linked.steps)))
        case AdaptTask(action=action):
            yield Message("X", "X", f"{step.name}: {action}, as the channel answers it")
        case BlockTask(steps=inner_steps):
            yield from _steps(inner_steps)
    if step.none is not None:
        frame = "break" if step.none.stops else "opt"
        yield from _framed(frame, f"{step.name} has no answer", (_report(step.none),))


def _call(name: str, call: CallTask) -> tuple[Part, ...]:
    gives = call.answer.name if call.answer is not None else "answer"
    tolerated = "" if call.tolerate is None else f", or none if {call.tolerate.text}"
    parts: tuple[Part, ...] = (
        Message("X", "C", f"{name}: {call.method} {call.path.text}"),
        Message("C", "X", f"{gives}{tolerated}", dashed=True),
    )
    if call.again is None:
        return parts
    return _framed("loop", f"again while {call.again.when.text}, at most {call.again.most} times", parts)


def _report(report: ReportTask) -> Note:
    code = report.code.node
    said = code.value if isinstance(code, Constant) else report.code.text
    return Note(f"{report.word} {said}")


def _framed(word: str, title: str, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Parts in a frame. A frame around nothing is left out."""
    return (StepsFrame(word, title, parts),) if parts else ()


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _text(expression: Expression | None) -> str | None:
    return None if expression is None else expression.text


def _short(name: str) -> str:
    """The name of a file of shared steps, without where it is."""
    return name.rsplit("/", 1)[-1]
