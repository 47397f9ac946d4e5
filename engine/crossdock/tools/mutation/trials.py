"""Each mutant runs on the payloads that the examples gave the mapping, until a result differs.

    examples   an example would no longer match its snapshot
    check      `crossdock check` has a new finding
    accepted   it survives, and `mutants.yaml` beside the examples has the reason
    survived   no example or check notices it

If the mapping's own result differs, the result of the whole example is compared with its snapshot, because
the example may be one of a mapping or a conversation around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from crossdock.checking.check import check_mapping
from crossdock.checking.suppressions import apply_suppressions
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError, CrossdockError, ProjectError
from crossdock.core.yaml_reader import MapNode, parse_yaml
from crossdock.execution.errors import EvaluationError
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope
from crossdock.language.links import Change
from crossdock.language.parser import plain
from crossdock.project.cases import Case, cases_of, run_case, users_of
from crossdock.tools.coverage.rules import Key
from crossdock.tools.mutation.mutants import Mutant, mutants_of
from crossdock.tools.mutation.recording import Given, Recorder, Siblings

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.project.project import Project

Verdict = Literal["examples", "check", "accepted", "survived"]
ACCEPTED_FILE: Final = "mutants.yaml"
SNAPSHOTS: Final = "snapshots"

# What a run gives, as far as a snapshot would show it.
Outcome: TypeAlias = "tuple[object, ...]"
Texts: TypeAlias = "tuple[str | None, str | None]"


@dataclass(frozen=True, slots=True)
class Trial:
    mutant: Mutant
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mutation:
    """The trials of a mapping's mutants. ``stale`` are accepted mutants that do not survive."""

    mapping: str
    examples: int
    all: int
    trials: tuple[Trial, ...]
    stale: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        return sum(trial.verdict == verdict for trial in self.trials)

    @property
    def survivors(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.verdict == "survived"]

    @property
    def score(self) -> float:
        """The share of mutants that are caught, without the accepted ones, in per cent."""
        caught = self.count("examples") + self.count("check")
        possible = caught + len(self.survivors)
        return 100 * caught / possible if possible else 100.0


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
    found = list(mutants_of(project, mapping, siblings.of))
    chosen = found
    if limit is not None and limit < len(found):
        # Evenly spread and without chance, so that two runs with the same limit try the same mutants.
        chosen = [found[number * len(found) // limit] for number in range(limit)]
    trials = _Trials(project, mapping, examples, accepted_of(project, mapping.name))
    done = tuple(trials.trial(mutant) for mutant in chosen)
    survived = {trial.mutant.name for trial in done if trial.verdict in ("accepted", "survived")}
    stale = () if chosen is not found else tuple(name for name in trials.accepted if name not in survived)
    return Mutation(mapping.name, len(examples), len(found), done, stale)


def accepted_of(project: Project, name: str) -> dict[str, str]:
    """The mutants that are known to survive, with their reasons. Raises CompileError."""
    for root in project.roots:
        shown = f"examples/{name}/{ACCEPTED_FILE}"
        if (root / shown).is_file():
            source = Source(shown, (root / shown).read_text(encoding="utf-8"))
            node = parse_yaml(source)
            if isinstance(node, MapNode):
                return {str(key.value): str(plain(value)) for key, value in node.entries}
            message = "this must be an object: mutants, each with the reason why it survives"
            raise CompileError([Diagnostic("not-an-object", message, Span(source, 0, 1))])
    return {}


# What the examples give


def _examples(
    project: Project, mapping: LinkedMapping, siblings: Siblings, only: Sequence[str]
) -> list[_Example]:
    names = only or [mapping.name, *users_of(project, mapping.name)]
    cases = (case for name in names for case in cases_of(project, name))
    examples = [_example(project, mapping, siblings, case) for case in cases]
    found = [example for example in examples if example.given]
    if not found:
        raise ProjectError(
            [Diagnostic("no-examples", f"`{mapping.name}` has no examples to run its mutants on")]
        )
    return found


def _example(project: Project, mapping: LinkedMapping, siblings: Siblings, case: Case) -> _Example:
    recorder = Recorder(mapping, siblings)
    texts = run_case(project, case, watch=recorder)
    if texts != _snapshot(case):
        message = f"`{case.name}` does not match its snapshot"
        help = "`pytest examples` shows how they differ"
        raise ProjectError([Diagnostic("snapshot-differs", message, help=help)])
    example = _Example(case, case.of == mapping.name, texts, recorder.reached, recorder.given)
    example.outcomes = [outcome(mapping, given) for given in example.given]
    return example


def _snapshot(case: Case) -> Texts:
    files = ((case.root / SNAPSHOTS / case.path).with_suffix(suffix) for suffix in (".json", ".txt"))
    result, diagnostics = (
        file.read_text(encoding="utf-8").removesuffix("\n") if file.is_file() else None for file in files
    )
    return result, diagnostics


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
    accepted: MappingType[str, str]
    findings: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.findings = _findings(self.mapping)

    def trial(self, mutant: Mutant) -> Trial:
        if any(self.tells(example, mutant) for example in self.examples):
            return Trial(mutant, "examples")
        if _findings(mutant.mapping) - self.findings:
            return Trial(mutant, "check")
        if (reason := self.accepted.get(mutant.name)) is not None:
            return Trial(mutant, "accepted", reason)
        return Trial(mutant, "survived")

    def tells(self, example: _Example, mutant: Mutant) -> bool:
        """Whether the example would no longer match its snapshot."""
        if mutant.reach is not None and mutant.reach not in example.reached:
            return False
        # The mapping alone runs in a fraction of the time of the whole example, and mostly settles it.
        pairs = zip(example.given, example.outcomes, strict=True)
        if all(outcome(mutant.mapping, given) == before for given, before in pairs):
            return False
        if example.own and not example.fails:
            return True
        # A mapping or conversation around it may drop what differs; only its own snapshot shows that.
        return run_case(self.project, example.case, self.instead(mutant)) != example.texts

    def instead(self, mutant: Mutant) -> Change:
        name, other = self.mapping.name, mutant.mapping
        return lambda each: other if each.name == name else each


def _findings(mapping: LinkedMapping) -> set[tuple[str, str]]:
    """The findings of the check for a mapping, without their positions."""
    findings: Iterable[Diagnostic] = apply_suppressions(check_mapping(mapping).findings, mapping.text)
    return {(item.id, item.message) for item in findings}
