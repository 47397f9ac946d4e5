"""The mutants of a conversation or of shared steps, each run on the examples that reach the changed place.

An example gives a plan, with the answers beside it: the calls, the response with its events, the warnings.
Shared steps are tried by the examples of the conversations that use them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from crossdock.channels.conversation_check import check_conversation
from crossdock.channels.conversation_trace import StepsTrace, StepTrace
from crossdock.channels.shared_steps import shared_problems
from crossdock.channels.steps import Conversation
from crossdock.channels.unused_inputs import unused_inputs
from crossdock.checking.suppressions import apply_suppressions
from crossdock.core.errors import CrossdockError
from crossdock.project.cases import GivenCase, Texts, cases_of, given_of, name_of, runners_of
from crossdock.tools.coverage.rules import Key, place_key
from crossdock.tools.mutation.conversation_mutants import mutants_of_conversation, with_file
from crossdock.tools.mutation.mutants import Mutant
from crossdock.tools.mutation.recording import Siblings, SiblingWatch
from crossdock.tools.mutation.verdicts import (
    Findings,
    Mutation,
    messages,
    no_examples,
    require_snapshot,
    tried,
)

if TYPE_CHECKING:
    from crossdock.project.project import Project


@dataclass(frozen=True, slots=True)
class _ConversationExample:
    """An example, what it gives, and the steps and cells that it reaches."""

    given: GivenCase
    texts: Texts
    reached: frozenset[Key]


def mutate_conversation(
    project: Project, conversation: Conversation, *, limit: int | None = None, only: Sequence[str] = ()
) -> Mutation:
    """Try all mutants of a conversation or of shared steps, or ``limit`` of them, evenly spread.

    ``only``: the conversations whose examples are run, instead of all that use the shared steps. Raises
    ProjectError when there are no examples, or when one does not match its snapshot.
    """
    siblings = Siblings(conversation.cells.source)
    names = only or runners_of(project, conversation)
    cases = [case for name in names for case in cases_of(project, name)]
    examples = [
        example
        for case in cases
        if (given := given_of(project, case)) is not None
        for example in [_example(given, siblings)]
    ]
    if not examples:
        raise no_examples(name_of(conversation))
    found = list(mutants_of_conversation(project, conversation, siblings.of))
    return tried(project, name_of(conversation), found, _ConversationTrials(conversation, examples), limit)


def _example(given: GivenCase, siblings: Siblings) -> _ConversationExample:
    texts = given.texts(given.conversation)
    require_snapshot(given.case, texts)
    trace = given.trace(replace(given.conversation, watch=SiblingWatch(siblings)))
    return _ConversationExample(given, texts, frozenset(_reached(trace)))


def _reached(trace: StepsTrace | StepTrace) -> Iterator[Key]:
    """The steps that are reached, and the cells that run."""
    yield from (place_key(ran.cell.span) for ran in trace.cells)
    if isinstance(trace, StepsTrace):
        inner = trace.steps
    else:
        inner = [*trace.elements, *trace.inside.steps]
        if trace.outcome != "unreached":
            yield place_key(trace.step.span)
        yield from (place_key(ran.cell.span) for ran in trace.inside.cells)
    for each in inner:
        yield from _reached(each)


@dataclass(slots=True)
class _ConversationTrials:
    conversation: Conversation
    examples: Sequence[_ConversationExample]
    findings: Findings = field(default_factory=set)

    def __post_init__(self) -> None:
        self.findings = _findings(self.conversation)

    def notices(self, mutant: Mutant[Conversation]) -> bool:
        return any(_tells(example, mutant) for example in self.examples)

    def finds(self, mutant: Mutant[Conversation]) -> bool:
        return bool(_findings(mutant.changed) - self.findings)


def _tells(example: _ConversationExample, mutant: Mutant[Conversation]) -> bool:
    """Whether the example would no longer match its snapshot."""
    if mutant.reach is not None and mutant.reach not in example.reached:
        return False
    try:
        changed = with_file(example.given.conversation, mutant.changed)
        return example.given.texts(changed) != example.texts
    except (CrossdockError, LookupError, TypeError, ValueError):
        return True


def _findings(conversation: Conversation) -> Findings:
    # What is known of a file's types is kept with its cells, which a mutant may share with the original.
    file = replace(conversation, cells=replace(conversation.cells))
    found = shared_problems(file) or [*unused_inputs(file), *check_conversation(file, lenient=False)]
    return messages(apply_suppressions(found, file.cells.text))
