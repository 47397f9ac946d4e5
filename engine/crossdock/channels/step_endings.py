"""Which steps may not run, or have no answer, although the conversation gives its response."""

from __future__ import annotations

from crossdock.channels.steps import (
    AdaptTask,
    BlockTask,
    CallTask,
    Conversation,
    ConversationStep,
    ReportTask,
    UseTask,
)


def uncertain_steps(file: Conversation) -> frozenset[str]:
    """The names of the steps of a file whose answers its response may lack.

    A failure that becomes an event, and a report that is one, end the steps but not the conversation.
    """
    steps = file.steps
    for position, step in enumerate(steps):
        if _ends(step, file.failure is not None):
            # A report has no answer of its own, and what it reports on may have one.
            return frozenset(later.name for later in steps[position:])
    return frozenset()


def _ends(step: ConversationStep, reported: bool) -> bool:
    """Whether a step may end the steps around it; ``reported`` says that failures become events there."""
    if step.each is not None:
        return False
    if step.none is not None and step.none.stops:
        return True
    reported = reported or step.failure is not None
    match step.task:
        case ReportTask() as report:
            return report.stops
        case CallTask() | AdaptTask():
            return reported
        case BlockTask(steps):
            return any(_ends(inner, reported) for inner in steps)
        case UseTask() as use:
            reported = reported or use.linked.failure is not None
            return any(_ends(inner, reported) for inner in use.linked.steps)
    return False
