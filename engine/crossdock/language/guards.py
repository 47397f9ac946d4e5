"""Bounds on expressions and templates, checked before they are parsed and before they are used."""

from __future__ import annotations

import re

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CompileError
from crossdock.core.json_reader import nesting
from crossdock.core.limits import EXPRESSION_CHAIN, EXPRESSION_CHARACTERS, EXPRESSION_DEPTH
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.cost import CostContext, GrowthError, may_grow, measured
from crossdock.language.expr import Expr, children

_BRACKETS = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|&&|[(\[{!&]|[)\]}]""", re.DOTALL
)


def guard(text: str, scalar: ScalarNode, offset: int = 0) -> None:
    """Refuse what is too long or nests too deep; ``offset`` is where the text begins in the scalar."""
    if len(text) > EXPRESSION_CHARACTERS:
        message = f"the expression has more than {EXPRESSION_CHARACTERS} characters"
        raise CompileError([Diagnostic("expression-too-large", message, scalar.span)])
    depth = 0
    for match in _BRACKETS.finditer(text):
        bracket = match[0]
        depth += 1 if bracket in "([{!&" else -1 if bracket in ")]}" else 0
        if bracket in "!&":
            depth -= 0 if text[match.end() : match.end() + 1] in "!&(" else 1
        if depth > EXPRESSION_DEPTH or _is_deep_literal(bracket):
            span = scalar.part(offset + match.start(), offset + match.end())
            message = f"the expression nests deeper than {EXPRESSION_DEPTH} levels"
            raise CompileError([Diagnostic("expression-too-large", message, span)])


def _is_deep_literal(quoted: str) -> bool:
    """Whether JSON in backticks nests too deep. How deep Python's parser goes depends on its version."""
    if quoted[0] != "`" or len(quoted) <= EXPRESSION_DEPTH:
        return False
    return nesting(quoted.encode(errors="replace")) > EXPRESSION_DEPTH


def guard_growth(node: Expr, scalar: ScalarNode) -> None:
    """Refuse what multiplies its input. Its chains are no longer than ``guard_chain`` allows."""
    if not may_grow(str(scalar.value)):
        return
    try:
        measured(node, CostContext())
    except GrowthError as error:
        raise CompileError([Diagnostic("expression-too-large", str(error), scalar.span)]) from None


def guard_chain(node: Expr, scalar: ScalarNode) -> None:
    """Refuse a chain of operators too long to be evaluated one inside the other."""
    level, depth = [node], 0
    while level:
        depth += 1
        if depth > EXPRESSION_CHAIN:
            raise CompileError([too_long_a_chain(scalar)])
        level = [child for each in level for child in children(each)]


def too_long_a_chain(scalar: ScalarNode) -> Diagnostic:
    message = f"the expression chains more than {EXPRESSION_CHAIN} operators"
    return Diagnostic("expression-too-large", message, scalar.span)
