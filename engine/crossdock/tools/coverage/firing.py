"""What examples do with the rules of a mapping: each expression is evaluated once more, with an observer.

watch = CoverageWatch()
replace(mapping, watch=watch).run(payload)
(rule.key, "true") in watch.seen
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.execution.evaluator import Evaluator
from crossdock.execution.scope import Scope
from crossdock.execution.trace import Parts
from crossdock.execution.values import is_true
from crossdock.language.expr import Constant, Expr, Expression, FunctionCall, Or
from crossdock.project.cases import Case, cases_of, given_of, outcome_of, runners_of, users_of
from crossdock.project.examples import records_in
from crossdock.tools.coverage.conversation_rules import arms_in, rules_of_conversation
from crossdock.tools.coverage.rules import Arm, Rule, branch_of, place_key, row_key, rules_of

if TYPE_CHECKING:
    from crossdock.channels.steps import Conversation
    from crossdock.execution.runner import Mapping
    from crossdock.language.syntax import LinkedMapping
    from crossdock.project.project import Project


@dataclass(frozen=True, slots=True)
class Missed:
    """An arm of a rule that no example shows."""

    rule: Rule
    says: str


@dataclass(frozen=True, slots=True)
class Firing:
    """What the examples do: how many there are and whose, and which arms they miss.

    ``rules`` counts the arms of all rules but the rows of tables, ``rows`` those.
    """

    examples: dict[str, int]
    rules: int
    rows: int
    missed: tuple[Missed, ...]

    @property
    def rows_missed(self) -> int:
        return sum(item.rule.kind == "row" for item in self.missed)

    @property
    def rules_seen(self) -> int:
        return self.rules - (len(self.missed) - self.rows_missed)

    @property
    def rows_hit(self) -> int:
        return self.rows - self.rows_missed


@dataclass(slots=True)
class CoverageWatch:
    """A watch that notes which arms of which rules are seen. It keeps no order: runs may overlap."""

    seen: set[Arm] = field(default_factory=set)

    def began(self, mapping: LinkedMapping, payload: JSON, output: Parts) -> None: ...

    def evaluated(
        self,
        output: Parts,  # noqa: ARG002
        expression: Expression,
        context: JSON,
        scope: Scope,
        value: JSON,
    ) -> None:
        key = (id(expression),)
        self.seen.add((key, "true" if is_true(value) else "false"))
        if value is not None:
            self.seen.add((key, "value"))
        Evaluator(scope, observer=_Branches(self.seen, scope)).evaluate(expression, context)

    def entered(self, context: JSON) -> None: ...

    def left(self) -> None: ...

    def written(self, output: Parts, span: Span) -> None:  # noqa: ARG002
        self.seen.add((place_key(span), "value"))

    def told(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Note the checks that did not hold."""
        for item in diagnostics:
            if item.id == "check-failed" and item.span is not None:
                self.seen.add((place_key(item.span), "fails"))


@dataclass(slots=True)
class _Branches:
    """An observer of one evaluation that records the branches taken and the table rows hit."""

    arms: set[Arm]
    scope: Scope
    open: list[Expr] = field(default_factory=list)

    def opened(self, part: Expr, context: JSON) -> None:  # noqa: ARG002
        self.open.append(part)

    def closed(self, value: JSON) -> None:
        part = self.open.pop()
        if not self.open:
            return
        around = self.open[-1]
        branch = branch_of(around)
        # By identity: equal nodes, such as both sides of `a || a`, are different arms.
        if branch is not None and branch[1] is part:
            truth = is_true(value)
            names = ("left", "right") if isinstance(around, Or) else ("true", "false")
            self.arms.add(((id(around),), names[0] if truth else names[1]))
            return
        match around:
            case FunctionCall("lookup", (Constant(str(table)), key, *_)) if key is part:
                if isinstance(value, str | int):
                    self.arms.add((row_key(self.scope.tables[table], str(value)), "hit"))

    def seen(self, container: JSON, key: str | int) -> None: ...

    def mark(self) -> int:
        return 0


def firings(project: Project, mappings: Sequence[Mapping], given: Iterable[Path] = ()) -> list[Firing]:
    """Run the examples of mappings and of their users, or the given payloads, each once."""
    watch, places = CoverageWatch(), list(given)
    if places:
        counts = [_run_given(project, mapping, places, watch) for mapping in mappings]
    else:
        counts = _run_examples(project, mappings, watch)
    pairs = zip(mappings, counts, strict=True)
    return [_firing(rules_of(project, mapping.linked), counted, watch) for mapping, counted in pairs]


def firing_of_conversation(project: Project, conversation: Conversation) -> Firing:
    """Plan the examples of a conversation, or of all that use these shared steps."""
    watch = CoverageWatch()
    cases = {name: cases_of(project, name) for name in runners_of(project, conversation)}
    for case in (case for found in cases.values() for case in found):
        if (given := given_of(project, case)) is not None:
            watch.seen.update(arms_in(given.trace(replace(given.conversation, watch=watch))))
    counts = {name: len(found) for name, found in cases.items() if found}
    return _firing(rules_of_conversation(project, conversation), counts, watch)


def _firing(rules: Sequence[Rule], examples: dict[str, int], watch: CoverageWatch) -> Firing:
    missed = tuple(
        Missed(rule, says) for rule in rules for arm, says in rule.arms if (rule.key, arm) not in watch.seen
    )
    rows = sum(rule.kind == "row" for rule in rules)
    return Firing(examples, sum(len(rule.arms) for rule in rules) - rows, rows, missed)


def _run_examples(
    project: Project, mappings: Sequence[Mapping], watch: CoverageWatch
) -> list[dict[str, int]]:
    names = [(mapping.name, *users_of(project, mapping.name)) for mapping in mappings]
    cases = {name: cases_of(project, name) for found in names for name in found}
    for case in (case for found in cases.values() for case in found):
        _run_case(project, case, watch)
    return [{name: len(cases[name]) for name in found if cases[name]} for found in names]


def _run_case(project: Project, case: Case, watch: CoverageWatch) -> None:
    try:
        _, warnings = outcome_of(project, case, watch=watch)
    except CrossdockError as error:
        watch.told(error.diagnostics)
    else:
        watch.told(warnings)


def _run_given(
    project: Project, mapping: Mapping, places: Iterable[Path], watch: CoverageWatch
) -> dict[str, int]:
    watched, count = replace(mapping, watch=watch), 0
    for record in (record for place in places for record in records_in(place)):
        count += 1
        if record.fault is None:
            settings = project.settings(mapping.name, record.settings)
            try:
                watch.told(watched.run(record.payload, settings=settings, name=record.name).warnings)
            except CrossdockError as error:
                watch.told(error.diagnostics)
    return {mapping.name: count}
