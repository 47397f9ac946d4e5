"""The types of what a step of a conversation can read, and how they change from step to step."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Set
from dataclasses import field
from typing import Final

from crossdock.channels.steps import (
    ConversationStep,
    ReportTask,
)
from crossdock.checking.check import CellCheck
from crossdock.checking.element_around import ElementAround
from crossdock.checking.facts import shown_by
from crossdock.checking.narrowing import Anchor, Facts, all_of, is_scope_path, narrowed
from crossdock.checking.settings_types import settings_type
from crossdock.checking.type_scope import BoundValue, TypeScope, TypeWatch, named_value
from crossdock.checking.types import ANYTHING, LACKING, TEXT, ListType, ObjectType, ScalarType, Type, union
from crossdock.core.records import record, replace
from crossdock.language.syntax import LinkedMapping


def either(left: MappingType[str, Type], right: MappingType[str, Type]) -> dict[str, Type]:
    """The types of answers that are those of one of two steps."""
    return {
        **left,
        **{name: union([typ, left[name]]) if name in left else typ for name, typ in right.items()},
    }


def _of_element(facts: Facts, name: str | None) -> Facts:
    """What is shown of the context and of its name, about both."""
    if name is None:
        return facts
    named = {(Anchor(f"${name}"), *path): fact for path, fact in facts.items() if not is_scope_path(path)}
    own = {path[1:]: fact for path, fact in facts.items() if path and path[0] == Anchor(f"${name}")}
    return all_of(facts, all_of(named, own))


COUNT: Final = ScalarType(frozenset({"integer"}))
STATUS: Final = ScalarType(frozenset({"integer"}))
_SOME_TEXT: Final = TEXT.with_optional(True)
_KINDS: Final = (
    "status",
    "unreachable",
    "timeout",
    "answer",
    "refused",
    "request",
    "endless",
    "deadline",
    "cancelled",
)
FAILURE: Final = ObjectType(
    {
        "action": TEXT,
        "step": TEXT,
        "kind": ScalarType(frozenset({"string"}), constants=_KINDS),
        "message": TEXT,
        "status": STATUS.with_optional(True),
        "method": _SOME_TEXT,
        "url": _SOME_TEXT,
        "body": ANYTHING,
        "text": _SOME_TEXT,
        "concept": ANYTHING,
        "id": ANYTHING,
        "skipped": ListType(TEXT),
    },
    "the failure",
)
"""What a failure mapping is given, see ``channels.failures``: an event says of what the step is about."""


def failed_with(error: Type) -> Type:
    """The same, when the body of the channel's answer has a type."""
    return replace(FAILURE, fields={**FAILURE.fields, "body": error})


REPORTED: Final = ObjectType(
    {
        "action": TEXT,
        "level": ScalarType(frozenset({"string"}), constants=("error", "warning")),
        "code": TEXT,
        "message": TEXT,
        "concept": ANYTHING,
        "id": ANYTHING,
        "data": ANYTHING,
    },
    "the report",
)
"""What the mapping under `events` is given, see ``channels.reports``."""


@record(frozen=True, slots=True)
class StepTypes:
    """The types of what a step can read: its context, the request, and the answers so far.

    ``sometimes`` are the steps that may have no answer, and ``facts`` what conditions around have shown.
    ``within`` are the answers of nested steps, which only a failure mapping reads beside those around them.
    ``made`` are the events. The checks of the steps add to all of them but ``facts``.
    """

    context: Type
    request: Type
    answers: dict[str, Type]
    sometimes: set[str]
    within: dict[str, Type] = field(default_factory=dict)
    made: list[Type] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)
    variables: MappingType[str, BoundValue] = field(default_factory=dict)
    around: ElementAround | None = None

    def inside(self, context: Type) -> StepTypes:
        """Inside an element, or a failure. Facts about ``root()`` were about another value."""
        facts = {path: fact for path, fact in self.facts.items() if path and path[0] != Anchor("root")}
        return replace(self, context=context, facts=facts)

    def failing(self, inner: MappingType[str, Type], context: Type) -> StepTypes:
        """Where a step has failed, or one of its nested steps, whose answers so far are among ``inner``."""
        there = self.inside(context)
        return replace(
            there, answers={**{name: typ.with_optional(True) for name, typ in inner.items()}, **self.answers}
        )

    def nested(self, steps: tuple[ConversationStep, ...]) -> StepTypes:
        """For nested steps: the steps around them do not see their answers by name, and theirs come first."""
        names = {step.name for step in steps}
        answers = {name: typ for name, typ in self.answers.items() if name not in names}
        facts = {
            path: fact
            for path, fact in self.facts.items()
            if path[0] != Anchor("answers") or (len(path) > 1 and path[1] not in names)
        }
        return replace(self, answers=answers, sometimes=self.sometimes - names, facts=facts)

    def without(self, names: Set[str]) -> StepTypes:
        """Where the answers of these steps may be missing."""
        answers = {
            name: (typ.with_optional(True) if typ.known else LACKING) if name in names else typ
            for name, typ in self.answers.items()
        }
        return replace(self, answers=answers)

    def naming(self, name: str | None, typ: Type) -> StepTypes:
        """Where a value has a name."""
        if name is None:
            return self
        facts = {path: fact for path, fact in self.facts.items() if path[0] != Anchor(f"${name}")}
        return replace(self, variables={**self.variables, name: named_value(typ)}, facts=facts)

    def in_each(self, typ: Type, name: str | None, over: str) -> StepTypes:
        """Inside of a step's `each`, for an element of its list."""
        there = self.inside(typ).naming(name, typ)
        return replace(there, around=ElementAround(typ, name, "each", over))

    def after(self, step: ConversationStep) -> StepTypes:
        """After a step that may have ended the steps: its condition was not met."""
        if not isinstance(step.task, ReportTask) or not step.task.stops or step.each is not None:
            return self
        if (step.condition is None) is (step.unless is None):
            return self
        known = step.condition or step.unless
        assert known is not None
        facts = shown_by(known.node, truth=step.condition is None)
        of_context = {path: fact for path, fact in facts.items() if not is_scope_path(path)}
        of_scope = {path: fact for path, fact in facts.items() if is_scope_path(path)}
        return replace(self, context=narrowed(self.context, of_context), facts=all_of(self.facts, of_scope))

    def where_it_runs(self, check: CellCheck, step: ConversationStep) -> StepTypes:
        """Where a step's task runs: its `if` is true, and its `unless` is not. ``check`` takes the findings.

        What the conditions show of the context narrows its type; what they show of the answers, the request
        or the settings is kept as facts.
        """
        shown, context = self.facts, self.context
        for expression, truth in ((step.condition, True), (step.unless, False)):
            if expression is not None:
                check.condition(expression, context)
                facts = _of_element(shown_by(expression.node, truth=truth), step.element)
                context = narrowed(
                    context, {path: fact for path, fact in facts.items() if not is_scope_path(path)}
                )
                shown = all_of(shown, {path: fact for path, fact in facts.items() if is_scope_path(path)})
                check.scope = check.scope.narrowed(facts)
        return replace(self, context=context, facts=shown)

    def scope(self, cells: LinkedMapping, *, lenient: bool, watch: TypeWatch | None = None) -> TypeScope:
        """The types of what expressions can read."""
        scope = TypeScope(
            root=self.context,
            settings=settings_type(cells),
            request=self.request,
            answers=ObjectType(dict(self.answers), "the answers so far"),
            tables=cells.tables,
            lenient=lenient,
            variables=self.variables,
            has_clock=True,
            around=self.around,
            watch=watch,
        )
        return scope.narrowed(self.facts)
