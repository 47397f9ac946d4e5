"""A mapping as one Python function, with exactly the interpreter's meaning, and as fast as handwritten code.

    compiled = compile_mapping(mapping)      # None when it is beyond Python's own limits
    compiled(payload, scope, failed)         # the result, or an exception of any kind

The function gives what the interpreter gives. It computes with whole ten-thousandths (see ``amounts``), and
where a number is none it runs once more without. When the interpreter would fail, or a check that refuses
does not hold, it raises; what it raises says nothing, and the interpreter runs again with its trace and
explains. A check that only warns adds to ``failed`` what its finding says: see ``execution.failed_checks``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from crossdock.core.json_types import JSON, Missing
from crossdock.core.once import once
from crossdock.core.python_module import Generated
from crossdock.execution import runtime
from crossdock.execution.codegen.cells import write_mapping
from crossdock.execution.codegen.expressions import Expressions
from crossdock.execution.codegen.locals import Frame
from crossdock.execution.codegen.reads import HERE, Found, of_mapping, of_node
from crossdock.execution.codegen.writer import ARRAY, OBJECT, TooLarge, Value, Writer
from crossdock.execution.failed_checks import Kept
from crossdock.execution.scope import Scope
from crossdock.language.expr import Expression
from crossdock.language.syntax import LinkedMapping

__all__ = [
    "BEYOND",
    "Function",
    "compile_expression",
    "compile_mapping",
    "generate",
    "generate_expression",
    "tiered",
]

# What is raised for more code than is worth having, or than Python takes.
BEYOND: Final = (TooLarge, SyntaxError, RecursionError, MemoryError)

Function = Callable[..., "JSON | Missing"]
"""Takes a payload, a scope, and a list for the warnings; without the list it raises for each warning."""

# What a scope holds, each as a list or an object of its own, as the interpreter gives it.
_SCOPE: Final = {
    "settings": Value("scope.settings", OBJECT),
    "request": Value("scope.request"),
    "answers": Value("dict(scope.answers)", OBJECT),
    "events": Value("list(scope.events)", ARRAY),
}
# The answers when only their parts are read.
_ANSWERS: Final = Value("scope.answers", OBJECT)


def generate(mapping: LinkedMapping, *, amounts: bool = True, objects: bool = True) -> Generated:
    """The Python of a mapping. Raises TooLarge.

    With ``amounts`` it computes with whole ten-thousandths, and raises Imprecise for other numbers. With
    ``objects`` it raises for a payload that is not an object, if it reads properties of it.
    """
    writer = Writer(amounts=amounts)
    scope = _scope(writer, of_mapping(mapping))
    made = write_mapping(writer, mapping, Value("payload", simple=True), scope, objects=objects)
    result = made.value.code
    writer.line(
        f"return MISSING if {result} is None else {result}" if made.missing == "None" else f"return {result}"
    )
    return _module(writer, mapping.name, f"{mapping.name}: {mapping.describe}")


def compile_mapping(mapping: LinkedMapping, *, objects: bool = True) -> Function | None:
    """The function of a mapping; None for one that only the interpreter can run."""
    try:
        return tiered(
            generate(mapping, objects=objects), lambda: generate(mapping, amounts=False, objects=objects)
        )
    except BEYOND:
        return None


def tiered(generated: Generated, other: Callable[[], Generated]) -> Function:
    """What was generated with amounts, and for what has other numbers what is then generated without.

    Raises what ``BEYOND`` lists.
    """
    run: Function = generated.load(runtime)
    exact: Callable[[], Function] = once(lambda: other().load(runtime))

    def either(payload: JSON, scope: Scope, failed: list[Kept] = runtime.REFUSED) -> JSON | Missing:
        try:
            return run(payload, scope, failed)
        except runtime.Imprecise:
            failed.clear()
            return exact()(payload, scope, failed)

    return either


def generate_expression(expression: Expression, *, amounts: bool = True) -> Generated:
    """The Python of one expression or template in a context and a scope. Raises TooLarge."""
    writer = Writer(amounts=amounts)
    found = [*of_node(expression.node)]
    origins = _scope(writer, found)
    roots = [access for origin, access in found if origin == "root"]
    if roots:
        origins["root"] = Frame(writer, writer.named(Value("scope.root")), roots)
    here = [access for origin, access in found if origin == HERE]
    expressions = Expressions(writer, origins, lambda name: f"scope.tables[{name!r}]")
    value = expressions.value(expression.node, Frame(writer, Value("payload", simple=True), here))
    writer.line(f"return {value.code}")
    return _module(writer, "expression", expression.text.partition("\n")[0])


def compile_expression(expression: Expression) -> Function | None:
    """The function of one expression or template; None when only the interpreter can evaluate it."""
    try:
        return tiered(generate_expression(expression), lambda: generate_expression(expression, amounts=False))
    except BEYOND:
        return None


def _scope(writer: Writer, found: list[Found]) -> dict[str, Frame]:
    """The frames of what is asked of the scope."""
    frames: dict[str, Frame] = {}
    for name, value in _SCOPE.items():
        accesses = [access for origin, access in found if origin == name]
        if name == "settings":
            frames[name] = Frame(writer, Value(value.code, value.kinds, simple=True))
        elif accesses:
            parts = name == "answers" and all(access.path for access in accesses)
            frames[name] = Frame(writer, writer.named(_ANSWERS if parts else value), accesses)
    return frames


def _module(writer: Writer, name: str, title: str) -> Generated:
    head = [f"# {title}" if title.isprintable() else f"# {name}"]
    head += [f"{name} = {code}" for name, code in sorted(writer.prelude.items())]
    source = "\n".join([*head, "", "def run(payload, scope, failed=REFUSED):", *writer.lines, ""])
    return Generated(name, source, writer.constants)
