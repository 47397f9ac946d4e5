"""The steps of another file: which file a ``use`` means, and whether it is given what it needs.

A file of shared steps has inputs, steps and one answer. It sees nothing of the file that uses it but its
inputs, so that it can be checked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from crossdock.channels.steps import (
    Conversation,
    ConversationStep,
    UseTask,
    all_steps,
    reports,
    shared_steps,
    step_cells,
)
from crossdock.checking.uses import reads_of
from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.limits import EXPANDED_STEPS
from crossdock.language import syntax
from crossdock.language.expr import FunctionCall, source_order
from crossdock.language.linker import Surroundings
from crossdock.language.syntax import LinkedMapping


class SharedSurroundings(Surroundings, Protocol):
    """Where the names of a conversation are found. It raises what ``Surroundings`` raises."""

    def used_steps(self, name: str, user: str) -> Conversation: ...


@dataclass(slots=True)
class SharedUses:
    """The files of shared steps that one file uses. ``problems`` holds the names that lead nowhere."""

    user: str
    surroundings: SharedSurroundings
    problems: list[Diagnostic] = field(default_factory=list)

    def all_of(self, steps: tuple[ConversationStep, ...]) -> dict[str, Conversation]:
        """What these steps use, by the names that they give it. A name that is wrong is reported once."""
        found: dict[str, Conversation] = {}
        asked: set[str] = set()
        for use in shared_steps(steps):
            if use.name not in asked:
                asked.add(use.name)
                if shared := self._shared(use):
                    found[use.name] = shared
        return found

    def _shared(self, use: UseTask) -> Conversation | None:
        try:
            return self.surroundings.used_steps(use.name, self.user)
        except CompileError as error:
            circle = [item for item in error.diagnostics if item.id == "use-circle" and item.span is None]
            if circle:
                self.problems.append(Diagnostic("use-circle", circle[0].message, use.name_span))
                return None
            self.problems.extend(error.diagnostics)
            message = f"the shared steps `{use.name}` have errors of their own"
            self.problems.append(Diagnostic("broken-use", message, use.name_span))
        except ProjectError as error:
            for item in error.diagnostics:
                self.problems.append(Diagnostic(item.id, item.message, use.name_span, item.help))
        return None


def shared_problems(file: Conversation) -> list[Diagnostic]:
    """What is wrong about the shared steps that a linked file uses, or about the file as shared steps."""
    if too_many := _too_many_steps(file):
        return [too_many]
    problems = [item for use in shared_steps(file.steps) for item in _input_problems(use)]
    problems += _events_missing(file)
    if file.inputs is not None:
        problems += _request_reads(file)
    return problems


def _too_many_steps(file: Conversation) -> Diagnostic | None:
    """Files that each use the next one twice would be checked, and run, as often as they multiply."""
    counted: dict[str, int] = {}

    def count(each: Conversation) -> int:
        if each.name not in counted:
            own = sum(1 for _ in all_steps(each.steps))
            counted[each.name] = own + sum(count(use.linked) for use in shared_steps(each.steps))
        return counted[each.name]

    total = count(file)
    use = max(shared_steps(file.steps), key=lambda each: count(each.linked), default=None)
    if total <= EXPANDED_STEPS or use is None:
        return None
    message = f"with the shared steps that it uses, the file has more than {EXPANDED_STEPS:,} steps"
    return Diagnostic("file-too-large", message, use.name_span)


def _input_problems(use: UseTask) -> Iterator[Diagnostic]:
    """Inputs that the shared steps do not have, and those that they are not given."""
    inputs = use.linked.inputs or {}
    given = {item.key for item in use.inputs.fields}
    for item in use.inputs.fields:
        if item.key not in inputs:
            help = did_you_mean(item.key, inputs) or f"the inputs are {', '.join(inputs) or 'none'}"
            message = f"`{use.name}` has no input `{item.key}`"
            yield Diagnostic("unknown-input", message, item.key_span, help)
    for name, wanted in inputs.items():
        if name not in given:
            message = f"`{use.name}` needs the input `{name}`, and is not given it"
            help = f"`with: {{{name}: …}}`: {wanted.describe}"
            yield Diagnostic("missing-input", message, use.name_span, help)


def _events_missing(file: Conversation) -> Iterator[Diagnostic]:
    """Reports that nothing makes an event of. Shared steps may leave that to the file that uses them."""
    if file.events is not None or file.inputs is not None:
        return
    if file.checks is not None:
        message = "`checks` needs `events:`, and the file has none"
        yield Diagnostic("missing-events", message, file.checks.span, _EVENTS)
    for report in reports(file.steps):
        message = f"`{report.word}` needs `events:`, and the file has none"
        yield Diagnostic("missing-events", message, report.span, _EVENTS)
    for use in shared_steps(file.steps):
        if needs_events(use.linked):
            message = f"`{use.name}` reports events, and the file has no `events:`"
            yield Diagnostic("missing-events", message, use.name_span, _EVENTS)


_EVENTS: Final = "`events: ../event` names the mapping that makes RetailOPS' event"


def needs_events(file: Conversation) -> bool:
    """Whether a file reports something that the file around it makes the event of."""
    if file.events is not None:
        return False
    return any(True for _ in reports(file.steps)) or any(
        needs_events(use.linked) for use in shared_steps(file.steps)
    )


def _request_reads(file: Conversation) -> Iterator[Diagnostic]:
    """Reads of the request, which shared steps do not have."""
    others = [file.response, file.failure, file.events, file.about]
    others += [*file.values.values(), *file.cells.fragments.values()]
    cells = [cell for step in all_steps(file.steps) for cell in step_cells(step)]
    yield from _read_in([*cells, *(cell for cell in others if cell is not None)])


def _read_in(cells: Iterable[syntax.Cell]) -> Iterator[Diagnostic]:
    help = "name an input for it under `inputs:`, and give it with `with:` where the steps are used"
    for cell in cells:
        for expression in syntax.expressions(cell):
            for node in source_order(expression.node):
                if isinstance(node, FunctionCall) and node.name == "request":
                    message = "shared steps have no `request()`: they only see their inputs"
                    yield Diagnostic("request-in-shared-steps", message, expression.at(node), help)
        for use in syntax.uses(cell):
            if isinstance(use.definition, LinkedMapping) and reads_of(use.definition).request:
                message = f"`{use.name}` reads `request()`, and shared steps have none"
                yield Diagnostic("request-in-shared-steps", message, use.name_span, help)
