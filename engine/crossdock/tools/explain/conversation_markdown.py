"""The explanation of a conversation for a pull request: a table of the steps, and one of the response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from crossdock.checking.masking import HIDDEN
from crossdock.core.markdown import code, plain, table
from crossdock.tools.explain.conversation import ExplainedConversation, ExplainedPart, ExplainedStep
from crossdock.tools.explain.markdown import LINE, place_of, value_rows, way_of


def write(explained: ExplainedConversation, name: str, base: str) -> str:
    """Both tables. ``name`` is that of the request, ``base`` the channel's URL, which calls begin with."""
    steps = table(
        ["step", "what became of it", "calls", "step by step", "at"], [*_rows(explained.steps, "", base)]
    )
    parts = [f"### {explained.name}, {name}", steps]
    if explained.response:
        rows = value_rows(explained.response)
        parts.append(table(["response at", "is", "step by step", "at"], rows))
    return "\n\n".join(parts)


def _rows(steps: Iterable[ExplainedStep], around: str, base: str) -> Iterator[list[str]]:
    """A row for each step, and for each element of its `each`, with those inside it below."""
    for step in steps:
        name = step.name if step.number is None else f"element {step.number}"
        whole = f"{around} / {name}" if around else name
        if step.elements:
            became = f"{len(step.elements)} element{'' if len(step.elements) == 1 else 's'}"
        else:
            became = f"{step.outcome}{': ' if step.why else ''}{step.why}"
        yield [
            code(whole),
            plain(became),
            _calls(step, base),
            LINE.join(_parts(step.parts)),
            place_of(step.span),
        ]
        yield from _rows((*step.elements, *step.inside), whole, base)


def _calls(step: ExplainedStep, base: str) -> str:
    found = []
    for made in step.calls:
        url = made.call.url(base).replace(quote(HIDDEN), HIDDEN)
        status = made.status if made.status is not None else "no answer"
        found.append(f"{code(f'{made.call.method} {url}')} → {status}")
    return LINE.join(found)


def _parts(parts: Iterable[ExplainedPart]) -> Iterator[str]:
    for part in parts:
        key = "path" if part.key == "call" else part.key
        if part.failed:
            yield f"{key} failed"
        for story in part.stories:
            at = f" {code(story.output)}" if story.output else ""
            yield f"{key}{at}: {code(story.value.text())}, {way_of(story)}"
