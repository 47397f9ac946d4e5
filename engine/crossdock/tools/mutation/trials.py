"""The mutants of a mapping, each run on the payloads that the examples gave it, until a result differs.

If the mapping's own result differs, the result of the whole example is compared with its snapshot, because
the example may be one of a mapping or a conversation around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from crossdock.checking.check import check_mapping
from crossdock.checking.suppressions import apply_suppressions
from crossdock.core import json_reader
from crossdock.core.errors import CrossdockError
from crossdock.execution.errors import EvaluationError
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope
from crossdock.language.links import Change
from crossdock.language.syntax import LinkedMapping
from crossdock.project.cases import Case, Texts, cases_of, run_case, users_of
from crossdock.tools.coverage.rules import Key
from crossdock.tools.mutation.mutants import Mutant, mutants_of
from crossdock.tools.mutation.recording import Given, Recorder, Siblings
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

# What a run gives, as far as a snapshot would show it.
Outcome: TypeAlias = "tuple[object, ...]"


@dataclass(slots=True)
class _Example:
    """An example with the payloads of the mapping in it, and their results."""

    case: Case
    own: bool
    texts: Texts
    reached: set[Key]
    given: list[Given]
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        return self.texts[0] is None


def mutate(
    project: Project, mapping: LinkedMapping, *, limit: int | None = None, only: Sequence[str] = ()
) -> Mutation:
    """Try all mutants of a mapping, or ``limit`` of them, evenly spread.

    ``only``: the mappings and conversations whose examples are run, instead of all that use the mapping.
    Raises ProjectError when there are no examples, or when one does not match its snapshot.
    """
    siblings = Siblings(mapping.source)
    examples = _examples(project, mapping, siblings, only)
    judge = _Trials(project, mapping, examples)
    return tried(project, mapping.name, list(mutants_of(project, mapping, siblings.of)), judge, limit)


# What the examples give


def _examples(
    project: Project, mapping: LinkedMapping, siblings: Siblings, only: Sequence[str]
) -> list[_Example]:
    names = only or [mapping.name, *users_of(project, mapping.name)]
    cases = (case for name in names for case in cases_of(project, name))
    examples = [_example(project, mapping, siblings, case) for case in cases]
    found = [example for example in examples if example.given]
    if not found:
        raise no_examples(mapping.name)
    return found


def _example(project: Project, mapping: LinkedMapping, siblings: Siblings, case: Case) -> _Example:
    recorder = Recorder(mapping, siblings)
    texts = run_case(project, case, watch=recorder)
    require_snapshot(case, texts)
    example = _Example(case, case.of == mapping.name, texts, recorder.reached, recorder.given)
    example.outcomes = [outcome(mapping, given) for given in example.given]
    return example


def outcome(mapping: LinkedMapping, given: Given) -> Outcome:
    """The visible outcome of a mapping: its result and the checks that fail, or its failure."""
    try:
        done = execute(mapping, given.payload, given.scope or Scope(), name="", traced=False)
        text = json_reader.encode(done.value, compact=True) if done.present else None
        return (text, *((item.message, item.severity) for item in done.failed))
    except EvaluationError as error:
        return ("failed", *((item.message, item.output) for item in error.diagnostics))
    except (CrossdockError, LookupError, TypeError, ValueError) as error:
        return ("broken", type(error).__name__)


# Trials


@dataclass(slots=True)
class _Trials:
    project: Project
    mapping: LinkedMapping
    examples: Sequence[_Example]
    findings: Findings = field(default_factory=set)

    def __post_init__(self) -> None:
        self.findings = _findings(self.mapping)

    def notices(self, mutant: Mutant[LinkedMapping]) -> bool:
        return any(self.tells(example, mutant) for example in self.examples)

    def finds(self, mutant: Mutant[LinkedMapping]) -> bool:
        return bool(_findings(mutant.changed) - self.findings)

    def tells(self, example: _Example, mutant: Mutant[LinkedMapping]) -> bool:
        """Whether the example would no longer match its snapshot."""
        if mutant.reach is not None and mutant.reach not in example.reached:
            return False
        # The mapping alone runs in a fraction of the time of the whole example, and mostly settles it.
        pairs = zip(example.given, example.outcomes, strict=True)
        if all(outcome(mutant.changed, given) == before for given, before in pairs):
            return False
        if example.own and not example.fails:
            return True
        # A mapping or conversation around it may drop what differs; only its own snapshot shows that.
        return run_case(self.project, example.case, self.instead(mutant)) != example.texts

    def instead(self, mutant: Mutant[LinkedMapping]) -> Change:
        name, other = self.mapping.name, mutant.changed
        return lambda each: other if each.name == name else each


def _findings(mapping: LinkedMapping) -> Findings:
    return messages(apply_suppressions(check_mapping(mapping).findings, mapping.text))
