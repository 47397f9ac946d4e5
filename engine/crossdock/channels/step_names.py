"""What ``$name`` means in a conversation: the answer of a step, a value of the file, an element of ``each``.

The answer of a step is read as ``answers().name``, so that everything that is known of answers holds for
``$name`` as well. Other names stay variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Final

from crossdock.channels.steps import (
    BlockTask,
    ConversationFile,
    ConversationStep,
    Input,
    StepChange,
    step_cells,
)
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.records import replace
from crossdock.language import syntax
from crossdock.language.expr import (
    Expr,
    Expression,
    FunctionCall,
    Identifier,
    Subexpression,
    Variable,
    children,
    source_order,
    with_children,
)
from crossdock.language.scoping import (
    NAMED,
    ChangeOfExpression,
    FreeVariable,
    NamesAround,
    Scoping,
    changed_cell,
    free_in_cell,
)

_ANSWER: Final = "the answer of a step"
_NOT_IN_VALUES: Final = ("answers", "events")


def with_names(file: ConversationFile) -> tuple[ConversationFile, list[Diagnostic]]:
    """The file with each ``$name`` of a step as that step's answer, and the names that mean nothing."""
    names = _StepNames(file)
    names.conversation()
    change = _answers_read(names.scoping)

    def changed(cell: syntax.Cell) -> syntax.Cell:
        return changed_cell(cell, change)

    steps = StepChange(changed, change)
    fragments = {
        name: replace(fragment, cell=changed(fragment.cell)) for name, fragment in file.fragments.items()
    }
    problems = [*names.problems, *names.scoping.problems(), *names.ambiguous()]
    return replace(
        file,
        fragments=fragments,
        steps=steps.steps(file.steps),
        response=changed(file.response),
        failure=steps.optional(file.failure),
        events=steps.optional(file.events),
        about=steps.optional(file.about),
    ), problems


@dataclass(slots=True)
class _StepNames:
    """One walk over the steps of a file, with the names that exist at each place."""

    file: ConversationFile
    scoping: Scoping = field(init=False)
    problems: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scoping = Scoping(self.file.fragments)

    def conversation(self) -> None:
        file = self.file
        around = self.values()
        self.distinct(file.steps, {value.name: value.span for value in file.values.values()}, "a value")
        self.distinct(file.steps, {name: given.span for name, given in self.inputs().items()}, "an input")
        self.steps(file.steps, around)
        everywhere = around.adding(dict.fromkeys(_names(file.steps), _ANSWER))
        self.scoping.cell(file.response, _with_nested(everywhere, file.steps))
        if file.about is not None:
            self.scoping.cell(file.about, around)
        anywhere = around.adding(dict.fromkeys(_all_names(file.steps), _ANSWER))
        for cell in (file.failure, file.events):
            if cell is not None:
                self.scoping.cell(cell, anywhere)

    def inputs(self) -> MappingType[str, Input]:
        return self.file.inputs or {}

    def values(self) -> NamesAround:
        """The names of the file's values, each of which reads those above it."""
        answers = "a value is made of the request, and does not read answers"
        later = {name: f"`{name}` comes later: a value reads those above it" for name in self.file.values}
        around = NamesAround(elsewhere={**dict.fromkeys(_all_names(self.file.steps), answers), **later})
        around = around.adding(dict.fromkeys(self.inputs(), NAMED))
        for value in self.file.values.values():
            self.scoping.cell(value.cell, around)
            self.problems += _reads_of_the_run(value.cell)
            around = around.adding({value.name: NAMED})
        return NamesAround(around.meanings)

    def steps(self, steps: tuple[ConversationStep, ...], around: NamesAround) -> None:
        """Some steps in order: each sees the answers of those before it."""
        # A name of these steps hides one around them, also before its step has run.
        hidden = set(_names(steps))
        known = {name: meaning for name, meaning in around.meanings.items() if name not in hidden}
        help = "`{}` is a step that comes later, so that it has no answer here"
        later = {name: help.format(name) for name in hidden}
        here = NamesAround(known, {**around.elsewhere, **later})
        for step in steps:
            self.step(step, here)
            here = _with_nested(here.adding({step.name: _ANSWER}), (step,))

    def step(self, step: ConversationStep, around: NamesAround) -> None:
        inside = around if step.element is None else around.adding({step.element: NAMED})
        failing = inside
        if isinstance(step.task, BlockTask):
            failing = inside.adding(dict.fromkeys(_all_names(step.task.steps), _ANSWER))
            if step.element is not None:
                self.distinct(step.task.steps, {step.element: step.span}, "the element")
            self.steps(step.task.steps, inside)
        for expression in (step.each,) if step.each is not None else ():
            self.scoping.cell(syntax.Evaluate(expression), around)
        if step.failure is not None:
            self.scoping.cell(step.failure, failing)
        for cell in step_cells(replace(step, each=None, failure=None)):
            self.scoping.cell(cell, inside)

    def ambiguous(self) -> Iterator[Diagnostic]:
        """The variables of fragments that are a step's answer in one place and a variable in another."""
        for fragment in self.file.fragments.values():
            for free in free_in_cell(fragment.cell):
                if not isinstance(free, FreeVariable):
                    continue
                if len(self.scoping.meanings.get(id(free.variable), ())) > 1:
                    name = f"`${free.variable.name}`"
                    message = f"{name} is the answer of a step where one cell uses this, and not in another"
                    help = "give one of them another name"
                    yield Diagnostic("duplicate-name", message, free.expression.at(free.variable), help)

    def distinct(self, steps: tuple[ConversationStep, ...], taken: dict[str, Span], what: str) -> None:
        for step in steps:
            if step.name in taken:
                message = f"`${step.name}` would be {what} and the answer of this step"
                help = "give one of them another name"
                self.problems.append(Diagnostic("duplicate-name", message, step.span, help))


def _names(steps: tuple[ConversationStep, ...]) -> Iterator[str]:
    return (step.name for step in steps)


def _all_names(steps: tuple[ConversationStep, ...]) -> Iterator[str]:
    for step in steps:
        yield step.name
        if isinstance(step.task, BlockTask):
            yield from _all_names(step.task.steps)


def _with_nested(around: NamesAround, steps: tuple[ConversationStep, ...]) -> NamesAround:
    """With help for the names of the steps inside of these, which are parts of their answers."""
    found: dict[str, str] = {}
    for step in steps:
        if isinstance(step.task, BlockTask):
            into = "[]" if step.each is not None else ""
            for name in _names(step.task.steps):
                if name not in around.meanings:
                    found[name] = f"`{name}` is a step of `{step.name}`: ${step.name}{into}.{name}"
    return NamesAround(around.meanings, {**around.elsewhere, **found})


def _reads_of_the_run(cell: syntax.Cell) -> Iterator[Diagnostic]:
    """The calls of `answers()` and `events()` in a value, which is computed before there are any."""
    for expression in syntax.expressions(cell):
        for node in source_order(expression.node):
            if isinstance(node, FunctionCall) and node.name in _NOT_IN_VALUES:
                message = f"a value is made of the request, and `{node.name}()` is not known yet"
                help = "a step with `value:` reads the answers before it"
                yield Diagnostic("not-in-a-value", message, expression.at(node), help)


def _answers_read(scoping: Scoping) -> ChangeOfExpression:
    """The change that replaces each variable that is a step's answer."""

    def replaced(node: Expr) -> Expr:
        match node:
            case Variable(name) if _ANSWER in scoping.meanings.get(id(node), ()):
                return Subexpression(
                    (FunctionCall("answers", (), span=node.span), Identifier(name, span=node.span)),
                    span=node.span,
                )
            case Subexpression((Variable() as first, *rest)) if (answer := replaced(first)) is not first:
                assert isinstance(answer, Subexpression)
                return replace(node, parts=(*answer.parts, *map(replaced, rest)))
        parts = children(node)
        new = tuple(map(replaced, parts))
        same = all(one is other for one, other in zip(new, parts, strict=True))
        return node if same else with_children(node, new)

    def change(expression: Expression) -> Expression:
        node = replaced(expression.node) if "$" in expression.text else expression.node
        return expression if node is expression.node else replace(expression, node=node)

    return change
