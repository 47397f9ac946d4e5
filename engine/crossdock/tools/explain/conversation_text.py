"""The explanation of a conversation for a terminal: a tree for each step, and one for the response.

package  2 elements                           mappings/shop/notify/conversation.yaml:8:11
├─ each       data.packages  →  a list of 2    /request/data/packages
├─ element 1  skipped: `unless` is true
│  └─ unless     contains($order.packages, id)  →  true
└─ element 2  ran
   ├─ body /id   id  →  "P-2"    /request/data/packages/1/id
   ├─ call       POST /orders/7/packages  →  201
   └─ uses       order
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from crossdock.checking.masking import HIDDEN
from crossdock.core.diagnostics import printable, shorten
from crossdock.tools.explain import text
from crossdock.tools.explain.conversation import ExplainedConversation, ExplainedPart, ExplainedStep
from crossdock.tools.explain.run import Story

_LABEL: Final = 10
_BEFORE_CALL: Final = ("each", "if", "unless", "call", "query", "headers", "body", "with")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a tree, and the lines below it. A line may go on in others, which are indented."""

    text: str
    below: Sequence[_Line] = ()


def write(explained: ExplainedConversation, base: str) -> str:
    """The whole explanation. ``base`` is the channel's URL, which calls begin with."""
    trees = [_tree(text.head(_head(step), step.span), _step(step, base)) for step in explained.steps]
    if explained.response:
        trees.append(_tree("response", [_Line(*_story("", story)) for story in explained.response]))
    return "\n\n".join(trees)


def _head(step: ExplainedStep) -> str:
    name = step.name if step.number is None else f"element {step.number}"
    if step.elements:
        count = len(step.elements)
        return f"{name}  {count} element{'' if count == 1 else 's'}"
    return f"{name}  {step.outcome}{': ' if step.why else ''}{step.why}"


def _step(step: ExplainedStep, base: str) -> list[_Line]:
    before = [part for part in step.parts if part.key in _BEFORE_CALL]
    after = [part for part in step.parts if part.key not in (*_BEFORE_CALL, "answer")]
    gives = [part for part in step.parts if part.key == "answer"]
    lines = [*_parts(before), *_calls(step, base), *_parts(after)]
    lines += [_Line(_head(each), _step(each, base)) for each in (*step.elements, *step.inside)]
    lines += _parts(gives)
    uses = ["any answer" if name == "*" else name for name in step.uses]
    return [*lines, *([_Line(_labelled("uses", ", ".join(uses)))] if uses else [])]


def _calls(step: ExplainedStep, base: str) -> Iterator[_Line]:
    for made in step.calls:
        status = made.status if made.status is not None else "no answer"
        url = made.call.url(base).replace(quote(HIDDEN), HIDDEN)
        yield _Line(_labelled("call", f"{made.call.method} {url}  →  {status}"))


def _parts(parts: Iterable[ExplainedPart]) -> Iterator[_Line]:
    for part in parts:
        key = "path" if part.key == "call" else part.key
        if part.failed:
            yield _Line(_labelled(key, "failed"))
        for story in part.stories:
            yield _Line(*_story(key, story))


def _story(label: str, story: Story) -> tuple[str, Sequence[_Line]]:
    """The line of one value, with the steps that made it below; a single step is on the same line."""
    name = f"{label} {story.output}".strip()
    lines = text.steps_of(story)
    value = story.value.text()
    if not lines:
        return _labelled(name, f"{value}  constant" if story.value.there else value), ()
    if len(lines) == 1 and not story.turns and len(lines[0]) == 1 and story.steps[0].kind != "let":
        return _labelled(name, shorten(lines[0][0].partition("  ")[2].strip(), 160)), ()
    return _labelled(name, value), [_Line("\n".join(line)) for line in lines]


def _labelled(label: str, said: str) -> str:
    return printable(f"{label:<{_LABEL}}  {said}")


def _tree(head: str, lines: Sequence[_Line]) -> str:
    return "\n".join([head, *_drawn(lines)])


def _drawn(lines: Sequence[_Line]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        last = number == len(lines)
        first, *more = line.text.split("\n")
        yield f"{'└─' if last else '├─'} {first}"
        around = "  " if last else "│ "
        for below in (*more, *_drawn(line.below)):
            yield f"{around} {below}"
