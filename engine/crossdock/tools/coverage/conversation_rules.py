"""The rules of a conversation's file, or of shared steps: those of its cells, and of its steps.

step       order                  runs
if         $order.items           true, false
each       data.packages          has an element, has several
tolerate   not_found              true
none       ORDER_UNKNOWN          reports
fail       ORDER_SHIPPED          reports
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from crossdock.channels.conversation_trace import StepsTrace, StepTrace
from crossdock.channels.steps import (
    BlockTask,
    CallTask,
    Conversation,
    ConversationStep,
    ReportTask,
    all_steps,
    step_parts,
)
from crossdock.core.diagnostics import Span
from crossdock.core.json_types import Missing
from crossdock.execution.values import is_true
from crossdock.language import syntax
from crossdock.tools.coverage.rules import (
    Arm,
    Rule,
    place_key,
    row_rules,
    rules_in_cell,
    rules_in_expression,
    short,
)

if TYPE_CHECKING:
    from crossdock.project.project import Project

_RUNS: Final = (("ran", "the step never runs"),)
_EACH: Final = (("one", "`each` never has an element"), ("more", "`each` never has more than one element"))
_ANSWERS: Final = {
    "tolerate": (("true", "no answer is tolerated"),),
    "refuse": (("true", "no answer is refused"),),
}
_NOT_RUN: Final = ("unreached", "skipped", "waiting")
_REPORTS: Final = ("none", "fail", "warn")
_CONDITIONS: Final = ("if", "unless", "tolerate", "refuse")
# Parts with rules of their own, in place of the one that a cell gives a value.
_OWN: Final = (*_REPORTS, *_CONDITIONS, "message", "each", "call", "again")


def rules_of_conversation(project: Project, conversation: Conversation) -> list[Rule]:
    """The rules of its own file, in its order, followed by the rows of its tables."""
    found = [rule for step in all_steps(conversation.own_steps) for rule in _of_step(step)]
    others = (conversation.response, conversation.failure, conversation.events, conversation.about)
    cells = [*conversation.values.values(), *(cell for cell in others if cell is not None)]
    for cell in [*cells, *conversation.cells.fragments.values()]:
        found += rules_in_cell(cell)
    unique = {rule.key: rule for rule in found}
    ordered = sorted(unique.values(), key=lambda rule: rule.span.start)
    return [*ordered, *row_rules(project, conversation.cells)]


def _of_step(step: ConversationStep) -> Iterator[Rule]:
    if not isinstance(step.task, BlockTask | ReportTask):
        yield Rule("step", _step_key(step.span), step.span, step.name, _RUNS)
    for word, condition in (("if", step.condition), ("unless", step.unless)):
        if condition is not None:
            arms = tuple((arm, f"`{word}` is never {arm}") for arm in ("true", "false"))
            yield Rule(word, place_key(condition.span), condition.span, short(condition.text), arms)
    if step.each is not None:
        yield Rule("each", place_key(step.each.span), step.each.span, short(step.each.text), _EACH)
    for word in _ANSWERS if isinstance(step.task, CallTask) else ():
        if (condition := getattr(step.task, word)) is not None:
            text = short(condition.text)
            yield Rule(word, place_key(condition.span), condition.span, text, _ANSWERS[word])
    yield from _of_reports(step)
    for key, cell in step_parts(step):
        if key in _OWN and isinstance(cell, syntax.Evaluate):
            yield from rules_in_expression(cell.expression)
        else:
            yield from rules_in_cell(cell)


def _of_reports(step: ConversationStep) -> Iterator[Rule]:
    reports = [("none", step.none)]
    if isinstance(step.task, ReportTask):
        reports.append((step.task.word, step.task))
    for word, report in reports:
        if report is not None:
            arms = (("reports", f"`{word}` never reports"),)
            yield Rule(word, place_key(report.code.span), report.code.span, short(report.code.text), arms)


def _step_key(span: Span) -> tuple[object, ...]:
    return ("step", *place_key(span))


def arms_in(trace: StepsTrace | StepTrace) -> Iterator[Arm]:
    """What the steps of a run did."""
    inner = trace.steps if isinstance(trace, StepsTrace) else [*trace.elements, *trace.inside.steps]
    if isinstance(trace, StepTrace):
        yield from _in_step(trace)
    for each in inner:
        yield from arms_in(each)


def _in_step(trace: StepTrace) -> Iterator[Arm]:
    each = trace.step.each is not None
    if trace.outcome not in _NOT_RUN and (not each or not trace.elements):
        yield _step_key(trace.step.span), "ran"
    for ran in trace.cells:
        key, part = place_key(ran.cell.span), trace.part_of(ran)
        if part in _REPORTS:
            yield key, "reports"
        elif part == "each" and isinstance(ran.value, list):
            yield from ((key, arm) for arm, least in (("one", 1), ("more", 2)) if len(ran.value) >= least)
        elif part in _CONDITIONS and not ran.failed:
            held = not isinstance(ran.value, Missing) and is_true(ran.value)
            yield key, "true" if held else "false"
