"""An explanation for a terminal: a small tree for each field or value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from crossdock.checking.lineage import Link
from crossdock.core.diagnostics import Span, printable, shorten
from crossdock.core.paths import path_text
from crossdock.tools.explain.fields import Destinations
from crossdock.tools.explain.run import EnclosingStep, Story
from crossdock.tools.explain.steps import AROUND, EvaluationStep, ReadValue

_MOST_READS: Final = 8
_MOST_STEPS: Final = 10
_COLUMN: Final = 44


def write_fields(links: Iterable[Link]) -> str:
    """The lineage of target fields."""
    return "\n\n".join(_tree(head(link.target or "the result", link.span), _said(link)) for link in links)


def _said(link: Link) -> list[str]:
    said = [f"from     {path or 'the whole payload'}" for path in link.sources]
    said += [f"because  {path or 'the whole payload'}" for path in link.because_of]
    if through := [name for name in link.functions if name not in AROUND]:
        said.append(f"through  {', '.join(through)}")
    if link.tables:
        said.append(f"table    {', '.join(link.tables)}")
    return said or ["constant"]


def write_destinations(found: Destinations) -> str:
    """Where a source field goes."""
    said = [f"goes to      {head(link.target, link.span)}" for link in found.direct]
    said += [f"decides on   {head(link.target, link.span)}" for link in found.decides]
    said += [f"is checked   {head(shorten(check.text, 40), check.span)}" for check in found.checks]
    said += [f"is ignored   {path_text(item.path)}: {item.reason}" for item in found.ignored]
    return _tree(found.source, said or ["not used, and not listed as ignored"])


def write_values(stories: Iterable[Story], *, whole: bool = True) -> str:
    """How each value of a result was made. Unless ``whole``, long lists of steps are cut."""
    return "\n\n".join(_story(story, whole) for story in stories)


def _story(story: Story, whole: bool) -> str:
    said = [line for lines in steps_of(story, whole=whole) for line in lines]
    title = f"{story.output or 'the result'}  {story.value.text()}"
    return _tree(head(title, story.span), said or [_nothing(story)])


def steps_of(story: Story, *, whole: bool = True) -> list[list[str]]:
    """What was done for a value, each with its lines, of which all but the first are indented."""
    found = [*(_turn(turn, whole) for turn in story.turns), *map(_step, story.steps)]
    return [[printable(line) for line in lines] for lines in found]


def _nothing(story: Story) -> str:
    """The text for a value without steps."""
    inside = story.link is not None and story.link.target != story.target
    return "nothing in it has a value" if inside else "constant"


def _turn(turn: EnclosingStep, whole: bool) -> list[str]:
    step = turn.step
    gone_on = f"{step.note}, here {turn.here}" if step.note and turn.here else turn.here or step.note
    given = gone_on if step.kind == "each" else turn.here or step.value.text()
    head = f"{step.kind:<6}  {shorten(step.text, 90)}" + (f"  →  {given}" if given else "")
    lines = [f"   {line}" for step in turn.steps for line in _step(step)]
    rest = len(lines) - _MOST_STEPS
    if whole or rest <= 1:
        return [head, *lines]
    return [head, *lines[:_MOST_STEPS], f"   and {rest} more lines; --field shows them"]


def _step(step: EvaluationStep) -> list[str]:
    value = step.value.text()
    match step.kind:
        case "call" | "lookup":
            inside = ", ".join(argument.text(40) for argument in step.arguments)
            note = f", {step.note}" if step.note else ""
            lines = [f"{step.kind:<6}  {step.text}({inside})  →  {value}{note}"]
        case "branch":
            lines = [f"branch  {step.note}: {shorten(step.text, 70)}  →  {value}"]
        case _:
            note = f" ({step.note})" if step.note else ""
            lines = [f"{step.kind:<6}  {shorten(step.text, 90)}  →  {value}{note}"]
            if len(step.reads) == 1:
                return [f"{lines[0]}    {step.reads[0].pointer}"]
    return lines + _reads(step.reads)


def _reads(reads: Sequence[ReadValue]) -> list[str]:
    lines = [f"          {read.pointer}  {read.value.text()}" for read in reads[:_MOST_READS]]
    rest = len(reads) - _MOST_READS
    return [*lines, f"          and {rest} more"] if rest > 0 else lines


def head(text: str, span: Span | None) -> str:
    shown = printable(text)
    return shown if span is None else f"{shown:<{_COLUMN}}  {printable(str(span))}"


def _tree(head: str, lines: Sequence[str]) -> str:
    """Lines under a head; a line that begins with a space continues the one before it.

    Keys of a payload are in them: what a terminal or a log would act on is escaped.
    """
    lines = [printable(line) for line in lines]
    last = max((number for number, line in enumerate(lines) if not line.startswith(" ")), default=0)
    marks = ("├─" if number < last else "└─" for number in range(len(lines)))
    branches = [
        f"{'│ ' if number < last else '  '} {line}" if line.startswith(" ") else f"{mark} {line}"
        for number, (mark, line) in enumerate(zip(marks, lines, strict=True))
    ]
    return "\n".join([head, *branches])
