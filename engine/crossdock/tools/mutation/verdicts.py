"""What became of each mutant, and whether a mutant is known to survive.

examples   an example would no longer match its snapshot
check      `crossdock check` has a new finding
accepted   it survives, and `mutants.yaml` beside the examples has the reason
survived   no example or check notices it
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.yaml_reader import MapNode, parse_yaml
from crossdock.language.parser import plain
from crossdock.project.cases import Case, Texts
from crossdock.project.examples import SNAPSHOTS
from crossdock.tools.mutation.mutants import Mutant

if TYPE_CHECKING:
    from crossdock.project.project import Project

Verdict = Literal["examples", "check", "accepted", "survived"]
ACCEPTED_FILE: Final = "mutants.yaml"
Findings = set[tuple[str, str]]
T = TypeVar("T", contravariant=True)


@dataclass(frozen=True, slots=True)
class Trial:
    mutant: Mutant[Any]
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mutation:
    """The trials of a mapping's mutants.

    ``stale`` are accepted mutants that do not survive, and ``unknown`` those of them that there are not.
    """

    mapping: str
    examples: int
    all: int
    trials: tuple[Trial, ...]
    stale: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

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


class TrialJudge(Protocol[T]):
    """Tries mutants of one kind on the examples that it has."""

    @property
    def examples(self) -> Sequence[object]: ...

    def notices(self, mutant: Mutant[T]) -> bool:
        """Whether an example would no longer match its snapshot."""

    def finds(self, mutant: Mutant[T]) -> bool:
        """Whether the check has a finding that it does not have without the change."""


def tried(
    project: Project, name: str, found: Sequence[Mutant[T]], judge: TrialJudge[T], limit: int | None
) -> Mutation:
    """Try mutants of the file ``name``, or ``limit`` of them."""
    chosen = found
    if limit is not None and limit < len(found):
        # Evenly spread and without chance, so that two runs with the same limit try the same mutants.
        chosen = [found[number * len(found) // limit] for number in range(limit)]
    accepted = accepted_of(project, name)
    done = tuple(_trial(mutant, judge, accepted) for mutant in chosen)
    survived = {trial.mutant.name for trial in done if trial.verdict in ("accepted", "survived")}
    stale = () if chosen is not found else tuple(name for name in accepted if name not in survived)
    known = {mutant.name for mutant in found}
    unknown = tuple(each for each in stale if each not in known)
    return Mutation(name, len(judge.examples), len(found), done, stale, unknown)


def _trial(mutant: Mutant[T], judge: TrialJudge[T], accepted: MappingType[str, str]) -> Trial:
    if judge.notices(mutant):
        return Trial(mutant, "examples")
    if judge.finds(mutant):
        return Trial(mutant, "check")
    if (reason := accepted.get(mutant.name)) is not None:
        return Trial(mutant, "accepted", reason)
    return Trial(mutant, "survived")


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


def no_examples(name: str) -> ProjectError:
    """The error for a file whose mutants nothing can notice."""
    return ProjectError([Diagnostic("no-examples", f"`{name}` has no examples to run its mutants on")])


def require_snapshot(case: Case, texts: Texts) -> None:
    """Raises ProjectError for an example that does not give its snapshot."""
    files = ((case.root / SNAPSHOTS / case.path).with_suffix(suffix) for suffix in (".json", ".txt"))
    if texts != tuple(map(_text_of, files)):
        message = f"`{case.name}` does not match its snapshot"
        help = "`pytest examples` shows how they differ"
        raise ProjectError([Diagnostic("snapshot-differs", message, help=help)])


def _text_of(file: Path) -> str | None:
    return file.read_text(encoding="utf-8").removesuffix("\n") if file.is_file() else None


def messages(findings: Iterable[Diagnostic]) -> Findings:
    """Findings without their positions, which a change may move."""
    return {(item.id, item.message) for item in findings}
