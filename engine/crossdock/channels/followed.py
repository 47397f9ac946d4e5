"""Which parts of a conversation the analysis of what is sensitive follows.

A plan needs all of them. The check only asks what reaches the checks of mappings that a conversation uses:
the events of failures and reports lead nowhere, unless something reads ``events()``.
"""

from __future__ import annotations

from typing import Final

from crossdock.channels.steps import AdaptTask, Conversation, all_steps, files_of
from crossdock.checking.disclosure import shows_values
from crossdock.checking.uses import reads_in, reads_of
from crossdock.core.records import record
from crossdock.language import syntax
from crossdock.language.syntax import LinkedMapping


@record(frozen=True, slots=True)
class Followed:
    """``only_uses``: only what reaches a mapping that is used. ``events``: events may reach one too."""

    only_uses: bool = False
    events: bool = True

    def skips(self, cell: syntax.Cell) -> bool:
        """Whether a cell whose value goes nowhere is left out."""
        return self.only_uses and not _shows(cell)

    def skips_event(self, maker: syntax.Cell) -> bool:
        """Whether the events that a cell makes are left out."""
        return not self.events and self.skips(maker)


EVERYTHING: Final = Followed()


def followed_for_uses(conversation: Conversation) -> Followed:
    """What is followed to the mappings that a conversation uses."""
    files = list(files_of(conversation))
    steps = (step for file in files for step in all_steps(file.steps))
    if any(isinstance(step.task, AdaptTask) and step.task.conversation is not None for step in steps):
        return EVERYTHING
    response = None if _shows(conversation.response) else conversation.response
    return Followed(only_uses=True, events=any(_reads_events(file, but=response) for file in files))


def _reads_events(file: Conversation, but: syntax.Cell | None) -> bool:
    """Whether a file reads ``events()`` in what is followed: not in conditions, nor in one of its cells."""
    decide = {id(part) for step in all_steps(file.steps) for part in (step.condition, step.unless)}
    cells = file.cells.cell.items if isinstance(file.cells.cell, syntax.List) else (file.cells.cell,)
    followed = [*file.cells.fragments.values(), *(cell for cell in cells if cell is not but)]
    found = (expression for cell in followed for expression in syntax.expressions(cell))
    used = (reads_of(each).events for each in file.cells.used.values())
    return any(reads_in(each).events for each in found if id(each) not in decide) or any(used)


def _shows(cell: syntax.Cell) -> bool:
    """Whether a check of a mapping that the cell uses shows values when it fails. A fragment may use one."""
    used = (use.definition for use in syntax.uses(cell))
    return any(not isinstance(each, LinkedMapping) or shows_values(each) for each in used)
