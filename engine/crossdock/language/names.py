"""The functions and variables that an expression names: are they there, and do the arguments fit?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.language.expr import (
    Constant,
    Expr,
    Expression,
    ExpressionReference,
    FunctionCall,
    Let,
    Slice,
    Variable,
    children,
    source_order,
)
from crossdock.language.functions import REGISTRY, Function
from crossdock.language.functions.function import ordinal
from crossdock.language.functions.grouping import KEPT
from crossdock.language.slips import function_of
from crossdock.schema.safe_regex import unsafe

_NAMING: Final = frozenset({FunctionCall, ExpressionReference, Variable, Let, Slice})


def name_problems(expression: Expression, *, closed: bool = True) -> list[Diagnostic]:
    """Unknown functions and variables, calls with the wrong arguments, and names that a `let` gives twice.

    Unless it is ``closed``, an expression may read variables of the file around it: see ``scoping``.
    """
    nodes = list(source_order(expression.node))  # walked once: most of compiling an expression is walking it
    if _NAMING.isdisjoint(map(type, nodes)):
        return []
    problems = [*_function_problems(expression, nodes), *_reference_problems(expression, nodes)]
    if closed and any(isinstance(node, Variable) for node in nodes):
        problems += _variable_problems(expression)
    for node in nodes:
        if isinstance(node, Let):
            problems += _repeated_names(expression, node)
        elif isinstance(node, Slice) and node.step == 0:
            message = "the step of a slice cannot be 0"
            problems.append(Diagnostic("wrong-arguments", message, expression.at(node)))
    return problems


def _function_problems(expression: Expression, nodes: list[Expr]) -> list[Diagnostic]:
    """Unknown functions, and calls with too few or too many arguments."""
    problems = []
    for node in nodes:
        if not isinstance(node, FunctionCall):
            continue
        name = node.name
        function = REGISTRY.get(name)
        if function is None:
            help = function_of(name) or did_you_mean(name, REGISTRY) or "`crossdock functions` lists them all"
            problems.append(
                Diagnostic("unknown-function", f"there is no function `{name}`", expression.at(node), help)
            )
        elif message := _arity_problem(function, len(node.arguments)):
            help = f"the signature is {function.signature}"
            problems.append(Diagnostic("wrong-arguments", message, expression.at(node), help))
        else:
            problems += _written_problems(expression, node)
    return problems


def _written_problems(expression: Expression, call: FunctionCall) -> list[Diagnostic]:
    """What is wrong with an argument that is written out: a pattern, or which items are kept."""
    if call.name not in ("matches", "unique_by"):
        return []
    written = {place: each.value for place, each in enumerate(call.arguments) if isinstance(each, Constant)}
    id, message, help = "wrong-arguments", None, None
    if call.name == "matches" and not isinstance(written.get(1), str):
        message = "the second argument of `matches` is the pattern, written out"
        help = "matches(sku, '^[A-Z]+$')"
    elif call.name == "matches" and (reason := unsafe(str(written[1]))):
        id, message = "unsafe-pattern", f"the pattern {reason}"
        help = "write it without nested repetition"
    elif call.name == "unique_by" and written.get(2) not in (None, *KEPT):
        message = "`unique_by` takes 'first' or 'last' as its third argument"
    return [Diagnostic(id, message, expression.at(call), help)] if message else []


def _reference_problems(expression: Expression, nodes: list[Expr]) -> list[Diagnostic]:
    """`&` is required before each argument that a function takes unevaluated, and not allowed elsewhere."""
    problems, placed = list[Diagnostic](), set[int]()
    for node in nodes:
        function = REGISTRY.get(node.name) if isinstance(node, FunctionCall) else None
        if not isinstance(node, FunctionCall) or function is None:
            continue
        for position in function.unevaluated:
            part = node.arguments[position] if position < len(node.arguments) else None
            if isinstance(part, ExpressionReference):
                placed.add(id(part))
            elif part is not None:
                message = f"`{function.name}` takes an expression as its {ordinal(position)}"
                help = f"the signature is {function.signature}; an expression begins with &"
                problems.append(Diagnostic("wrong-arguments", message, expression.at(node), help))
    references = (node for node in nodes if isinstance(node, ExpressionReference))
    return problems + [_misplaced(expression, node) for node in references if id(node) not in placed]


def _misplaced(expression: Expression, reference: ExpressionReference) -> Diagnostic:
    message = "`&` is only allowed before an argument that is evaluated later"
    return Diagnostic("expression-syntax", message, expression.at(reference), "sort_by(items, &price)")


def _arity_problem(function: Function, given: int) -> str | None:
    least = sum(not parameter.optional for parameter in function.parameters)
    variadic = any(parameter.variadic for parameter in function.parameters)
    most = None if variadic else len(function.parameters)
    if given >= least and (most is None or given <= most):
        return None
    exactly = str(least) if least == most else f"{least} to {most}"
    wanted = f"at least {least}" if most is None else exactly
    plural = "" if wanted in ("1", "at least 1") else "s"
    return f"`{function.name}` takes {wanted} argument{plural}, not {given}"


def _repeated_names(expression: Expression, let: Let) -> list[Diagnostic]:
    """The values of one `let` are evaluated side by side, so a second one of a name has no meaning."""
    names = [binding.name for binding in let.bindings]
    help = "give them different names, or write a `let` inside of the other"
    return [
        Diagnostic(
            "duplicate-variable",
            f"this `let` names `${binding.name}` twice",
            expression.at(binding),
            help,
        )
        for place, binding in enumerate(let.bindings)
        if binding.name in names[:place]
    ]


def _variable_problems(expression: Expression) -> list[Diagnostic]:
    """Variables that no `let` around them has named."""
    return [unknown_variable(variable, expression, names) for variable, names in unbound(expression.node)]


def unknown_variable(variable: Variable, expression: Expression, known: Iterable[str]) -> Diagnostic:
    """The error for a variable that means nothing where it is read; ``known`` are the names there."""
    near = did_you_mean(variable.name, known)
    help = near.replace("`", "`$", 1) if near else "a variable is named by `let $name = value in …` around it"
    message = f"there is no variable `${variable.name}` here"
    return Diagnostic("unknown-variable", message, expression.at(variable), help)


def unbound(node: Expr, names: frozenset[str] = frozenset()) -> Iterator[tuple[Variable, frozenset[str]]]:
    """The variables that no `let` around them names, each with the names that are there."""
    match node:
        case Variable(name) if name not in names:
            yield node, names
        case Let(bindings, body):
            for binding in bindings:
                yield from unbound(binding.value, names)
            yield from unbound(body, names | {binding.name for binding in bindings})
        case _:
            for part in children(node):
                yield from unbound(part, names)
