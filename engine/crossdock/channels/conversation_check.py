"""The static check of a conversation: every cell against the types of what it can read.

A step can read the request or the element of its ``each``, and the answers of the steps before it. What its
``if`` and ``unless`` show holds in its task.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from crossdock.channels.again import Again
from crossdock.channels.answer_classes import AnswerClasses, cased_headers
from crossdock.channels.config import FAILURE_SCHEMA
from crossdock.channels.encoding import LIST_STYLES
from crossdock.channels.step_endings import uncertain_steps
from crossdock.channels.step_types import COUNT, REPORTED, StepTypes, either, failed_with
from crossdock.channels.steps import (
    AdaptTask,
    BlockTask,
    CallTask,
    Conversation,
    ConversationStep,
    EventTask,
    ReportTask,
    UseTask,
    ValueTask,
    all_steps,
)
from crossdock.checking.check import CellCheck
from crossdock.checking.given_types import documented_type, schema_type
from crossdock.checking.type_scope import TypeWatch
from crossdock.checking.types import ANYTHING, ListType, ObjectType, Type, union
from crossdock.checking.uses import found_at
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.records import replace
from crossdock.language import syntax
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema


def check_conversation(file: Conversation, *, lenient: bool) -> list[Diagnostic]:
    """The findings of a linked conversation, errors and warnings.

    Shared steps are checked here without the types of their uses, and with them where they are used.
    """
    if file.inputs is not None:
        return list(_shared_check(file, {}, lenient=lenient).findings)
    return _check_of(file, lenient=lenient).conversation(file, _of_request(file))[0]


def _of_request(file: Conversation) -> StepTypes:
    source = schema_type(file.cells.source)
    return StepTypes(source, source, {}, set())


def watch_conversation(file: Conversation, watch: TypeWatch, inputs: MappingType[str, Type]) -> None:
    """Tell a watch of everything that is inferred in a file. ``inputs``: the types of those that it has."""
    check = replace(_check_of(file, lenient=False), watch=watch)
    check.conversation(file, _of_request(file) if file.inputs is None else _given(file, inputs))


@dataclass(frozen=True, slots=True)
class _CheckedSteps:
    """What the check knows of shared steps at a use: the findings, the type of the answer, the events."""

    findings: tuple[Diagnostic, ...]
    answer: Type
    made: tuple[Type, ...]


def _shared_check(file: Conversation, given: MappingType[str, Type], *, lenient: bool) -> _CheckedSteps:
    """The check of shared steps that are given inputs of these types. Others may be anything."""
    key = (tuple(given.get(name, ANYTHING) for name in file.inputs or {}), lenient)
    known = file.cells.once(_by_inputs)
    if key not in known:
        around = _given(file, given)
        findings, answer = _check_of(file, lenient=lenient).conversation(file, around)
        known[key] = _CheckedSteps(tuple(dict.fromkeys(findings)), answer, tuple(around.made))
    return known[key]


def _given(file: Conversation, given: MappingType[str, Type]) -> StepTypes:
    types = {name: given.get(name, ANYTHING) for name in file.inputs or {}}
    around = StepTypes(ObjectType(types, "the inputs"), ANYTHING, {}, set())
    for name, typ in types.items():
        around = around.naming(name, typ)
    return around


def _by_inputs(_cells: LinkedMapping) -> dict[Hashable, _CheckedSteps]:
    """The checks of shared steps, by the types of their inputs."""
    return {}


def _check_of(file: Conversation, *, lenient: bool) -> _ConversationCheck:
    failures = [schema_type(used.source).member("body") for used in _failure_mappings(file)]
    bodies = [typ for typ in (documented_type(file.errors), *failures) if typ is not None and typ != ANYTHING]
    error = union(bodies) if bodies else ANYTHING
    channel = file.channel
    return _ConversationCheck(file.cells, file.answers, channel.classes, channel.lists, lenient, error)


def _failure_mappings(file: Conversation) -> Iterable[LinkedMapping]:
    """The mappings that make events of failures, and have source schemas of their own for them.

    Those say what an error's body may be. In ``crossdock/failure`` it is what the channel's file says.
    """
    cells = [file.failure, *(step.failure for step in all_steps(file.steps))]
    for cell in cells:
        for use in syntax.uses(cell) if cell is not None else ():
            used = use.definition
            if isinstance(used, LinkedMapping) and used.source and used.source.name != FAILURE_SCHEMA:
                yield used


def _not_encodable(cell: syntax.Cell, typ: Type) -> Iterable[Diagnostic]:
    """A finding for each key of a query or a form whose value is sure to be an object, or a list of them."""
    for field in cell.fields if isinstance(cell, syntax.Object) else ():
        given = typ.member(field.key)
        inner = given.items() if given is not None and given.kinds == {"array"} else given
        nested = {"object"} if inner is given else {"object", "array"}
        if inner is not None and inner.kinds and inner.kinds <= nested:
            message = f"`{field.key}` contains an object or a list that only `lists: brackets` can send"
            help = "give its values keys of their own, or set `lists: brackets` if the channel reads that"
            yield Diagnostic("not-encodable", message, field.key_span, help)


@dataclass(frozen=True, slots=True)
class _ConversationCheck:
    """The check of one conversation. ``schemas`` are those of the channel's answers by name.

    ``classes`` and ``lists`` are the channel's, and ``error`` is the type of the bodies of its errors.
    """

    cells: LinkedMapping
    schemas: MappingType[str, Schema]
    classes: AnswerClasses
    lists: str
    lenient: bool
    error: Type
    watch: TypeWatch | None = None

    def conversation(self, file: Conversation, around: StepTypes) -> tuple[list[Diagnostic], Type]:
        """The findings of a file, and the type of its response, or of the answer of shared steps."""
        findings: list[Diagnostic] = []
        for name, cell in file.values.items():
            check = self.check(around)
            around = around.naming(name, check.cell(cell, around.context, ANYTHING))
            findings += check.findings
        if file.about is not None:
            findings += self.cell(file.about, around)
        findings += self.steps(file.steps, around)
        nothing = replace(around, answers={}, sometimes=set())
        answers = either(around.within, around.answers)
        if file.failure is not None:
            findings += self.event(file.failure, nothing.failing(answers, failed_with(self.error)))
        if file.events is not None:
            findings += self.event(file.events, nothing.failing(answers, REPORTED))
        check = self.check(around if file.inputs is not None else around.without(uncertain_steps(file)))
        check.scope = replace(check.scope, events=ListType(union(around.made) if around.made else ANYTHING))
        target = schema_type(self.cells.target)
        of_file = check.cell if file.inputs is not None else check.whole
        response = of_file(file.response, around.context, target)
        return [*findings, *check.findings], response

    def steps(self, steps: tuple[ConversationStep, ...], around: StepTypes) -> Iterable[Diagnostic]:
        """The findings of some steps, in order: each adds the type of its answer to ``around.answers``."""
        for step in steps:
            inside = around
            if step.each is not None:
                check = self.check(around)
                element = check.each(step.each, around.context, "each")
                inside = around.in_each(element, step.element, step.each.text)
                yield from check.findings
            if step.about is not None:
                yield from self.cell(step.about, inside)
            # One check for both conditions: `unless` runs only where `if` was true.
            check = self.check(inside)
            here = inside.where_it_runs(check, step)
            yield from check.findings
            answer: list[Type] = []
            within: dict[str, Type] = {}
            yield from self.task(step, replace(here, within=within), answer)
            if step.failure is not None:
                yield from self.event(step.failure, around.failing(within, failed_with(self.error)))
            around.within.update(either(around.within, within))
            if step.none is not None:
                yield from self.report(step.none, here)
            self.answered(step, answer, around)
            around = around.after(step)

    def answered(self, step: ConversationStep, answer: list[Type], around: StepTypes) -> None:
        """Add the type of a step's answer, if it has one, to what the steps after it can read."""
        sometimes = step.condition is not None or step.unless is not None
        tolerant = isinstance(step.task, CallTask) and step.task.tolerate is not None
        if sometimes or (tolerant and not (step.none is not None and step.none.stops)):
            around.sometimes.add(step.name)
        for typ in answer:
            if step.none is not None and step.none.stops:
                typ = typ.with_optional(False)
            # A list is there even when no element has an answer.
            typ = typ.with_optional(True) if sometimes and step.each is None else typ
            around.answers[step.name] = ListType(typ, name="the answers") if step.each is not None else typ

    def task(self, step: ConversationStep, around: StepTypes, answer: list[Type]) -> Iterable[Diagnostic]:
        """The findings of a step's task; ``answer`` takes the type of what it gives, if it gives anything."""
        match step.task:
            case CallTask() as call:
                yield from self.call(call, around, answer)
            case ValueTask(cell):
                check = self.check(around)
                answer.append(check.cell(cell, around.context, ANYTHING))
                yield from check.findings
            case EventTask(cell):
                yield from self.event(cell, around)
            case ReportTask() as report:
                yield from self.report(report, around)
            case UseTask() as use:
                yield from self.use(use, around, answer)
            case AdaptTask() as adapt:
                source, target = adapt.schemas()
                check = self.check(around)
                check.whole(adapt.request, around.context, schema_type(source))
                yield from check.findings
                answer.append(schema_type(target))
            case BlockTask(steps):
                inner = around.nested(steps)
                yield from self.steps(steps, inner)
                added = {
                    name: typ for name, typ in inner.answers.items() if around.answers.get(name) is not typ
                }
                around.within.update(either(inner.within, added))
                element = {"element": around.context} if step.each is not None else {}
                answer.append(ObjectType({**added, **element}, f"the answers of {step.name}"))

    def report(self, report: ReportTask, around: StepTypes) -> list[Diagnostic]:
        check = self.check(around)
        for expression in (report.code, report.message):
            check.infer(expression, around.context)
        if report.data is not None:
            check.cell(report.data, around.context, ANYTHING)
        return check.findings

    def use(self, use: UseTask, around: StepTypes, answer: list[Type]) -> Iterable[Diagnostic]:
        """The findings of shared steps with the types that they are given here, and not those of any use."""
        check = self.check(around)
        given = {item.key: check.cell(item.cell, around.context, ANYTHING) for item in use.inputs.fields}
        yield from check.findings
        if use.shared is None:  # reported already
            return
        if self.watch is not None:
            self.watch.steps_used(use.linked.name, given)
        always = _shared_check(use.linked, {}, lenient=self.lenient).findings
        checked = _shared_check(use.linked, given, lenient=self.lenient)
        yield from found_at((item for item in checked.findings if item not in always), use.name_span)
        around.made.extend(checked.made)
        answer.append(checked.answer)

    def call(self, call: CallTask, around: StepTypes, answer: list[Type]) -> Iterable[Diagnostic]:
        check = self.check(around)
        check.bound(call.path, around.context, around.sometimes)
        yield from check.findings
        repeated = (call.lists or self.lists) == LIST_STYLES[0]
        for cell, encoded in ((call.query, True), (call.headers, False), (call.body, call.form)):
            if cell is not None:
                check = self.check(around)
                given = check.cell(cell, around.context, ANYTHING)
                yield from check.findings
                if encoded and repeated:
                    yield from _not_encodable(cell, given)
        typ = schema_type(self.schemas.get(call.answer.name) if call.answer else None)
        made = typ if call.again is None else ListType(typ, name="the answers of the calls", least=1)
        answer.append(made if call.tolerate is None else made.with_optional(True))
        check = self.check(around)
        for expression in (call.tolerate, call.refuse):
            if expression is not None:
                check.condition(expression, self.any_answer(typ))
                check.findings += cased_headers(expression)
        yield from check.findings
        if call.again is not None:
            # Without `tolerate`, an answer that is not what was asked for has failed the step already.
            seen = self.classes.typ if call.tolerate is None else self.any_answer
            yield from self.again(call.again, seen(typ, {"turn": COUNT}), around)

    def again(self, again: Again, context: Type, around: StepTypes) -> Iterable[Diagnostic]:
        """The findings of the next calls, whose cells read the last answer."""
        check = self.check(around)
        check.condition(again.when, context)
        for cell in again.cells():
            if cell != syntax.Evaluate(again.when):
                check.cell(cell, context, ANYTHING)
            for expression in syntax.expressions(cell):
                check.findings += cased_headers(expression)
        yield from check.findings

    def any_answer(self, body: Type, more: MappingType[str, Type] | None = None) -> Type:
        """The type of ``{status, headers, body}`` and the classes of any answer.

        Its body is what was asked for, or the error of a failure.
        """
        either = ANYTHING if self.error is ANYTHING else union([body.with_optional(True), self.error])
        return self.classes.typ(either, more)

    def cell(self, cell: syntax.Cell, around: StepTypes) -> list[Diagnostic]:
        check = self.check(around)
        check.cell(cell, around.context, ANYTHING)
        return check.findings

    def event(self, cell: syntax.Cell, around: StepTypes) -> list[Diagnostic]:
        """The findings of a cell that makes an event, whose type the response reads."""
        check = self.check(around)
        around.made.append(check.cell(cell, around.context, ANYTHING).with_optional(False))
        return check.findings

    def check(self, around: StepTypes) -> CellCheck:
        """A check for cells that run there."""
        return CellCheck(around.scope(self.cells, lenient=self.lenient, watch=self.watch))
