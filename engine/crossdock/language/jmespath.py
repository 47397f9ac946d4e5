"""JMESPath expressions: text from a YAML scalar into a compiled ``Expression``, or errors with a caret.

    compile_expression(scalar)      an Expression, or CompileError with all its mistakes

Templates are compiled to the same nodes (see ``jinja``).
"""

from __future__ import annotations

import json
import re

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CompileError
from crossdock.core.json_faults import lone_surrogate
from crossdock.core.json_types import finite
from crossdock.core.limits import EXPRESSION_CHAIN, EXPRESSION_CHARACTERS, EXPRESSION_DEPTH
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.expr import Expr, Expression
from crossdock.language.guards import guard, guard_growth, too_long_a_chain
from crossdock.language.jmespath_parser import ChainError, EmptyError, ParseProblem, parse, path_in
from crossdock.language.names import name_problems
from crossdock.language.slips import cure

_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?P<json>(?:[^`\\]|\\.)*)`""", re.DOTALL)
_PATH = re.compile(r"\.{1,2}(?:/\.\.)*(?:/\w+)+")


def compile_expression(scalar: ScalarNode, *, closed: bool = True) -> Expression:
    """An expression from the YAML scalar that holds it. Raises CompileError with all its mistakes.

    Unless it is ``closed``, it may read variables that it does not name itself.
    """
    text = str(scalar.value)
    if len(text) <= EXPRESSION_CHARACTERS and (path := path_in(text)) is not None:
        return Expression(text, path, scalar)  # nothing in it can be wrong
    guard(text, scalar)
    node = _parse(text, scalar)
    guard_growth(node, scalar)
    expression = Expression(text, node, scalar)
    if problems := name_problems(expression, closed=closed):
        raise CompileError(problems)
    return expression


def _parse(text: str, scalar: ScalarNode) -> Expr:
    _refuse_loose_literals(text, scalar)
    try:
        return parse(text, EXPRESSION_CHAIN)
    except EmptyError:
        message = "the cell is empty"
        help = "write null for null, or leave the key out"
        raise CompileError([Diagnostic("empty-cell", message, scalar.span, help)]) from None
    except ParseProblem as problem:
        raise _syntax_error(problem.message, scalar, problem.start, problem.length) from None
    except RecursionError:
        message = f"the expression nests deeper than {EXPRESSION_DEPTH} levels"
        raise CompileError([Diagnostic("expression-too-large", message, scalar.span)]) from None
    except ChainError:
        raise CompileError([too_long_a_chain(scalar)]) from None


def _refuse_loose_literals(text: str, scalar: ScalarNode) -> None:
    """JMESPath once read `` `foo` `` as a string; here the content of backticks must be JSON."""
    for match in _QUOTED.finditer(text):
        if match["json"] is None:
            _refuse_half_characters(match, scalar)
            continue
        try:
            value = json.loads(match["json"].replace("\\`", "`"), parse_float=finite)
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            span = scalar.part(*match.span())
            help = "write text in single quotes: 'text'; a number as `1`"
            message = "the content of backticks must be JSON"
            raise CompileError([Diagnostic("expression-syntax", message, span, help)]) from None


def _refuse_half_characters(quoted: re.Match[str], scalar: ScalarNode) -> None:
    """A name in double quotes is JSON text, and may become a key of the result."""
    half = lone_surrogate(quoted[0]) if quoted[0].startswith('"') else None
    if half:
        message = "half of a surrogate pair is not a character"
        raise _syntax_error(message, scalar, quoted.start() + half.start(), len(half[0]))


def _syntax_error(message: str, scalar: ScalarNode, start: int, length: int = 1) -> CompileError:
    span = scalar.part(max(start, 0), max(start, 0) + max(length, 1))
    help = cure(str(scalar.value), start)
    help = help or 'constant text is written {$const: …}, text with values is a template: "… {{ name }} …"'
    if _PATH.fullmatch(str(scalar.value)):
        help = f"a mapping is used with {{$use: {scalar.value}}}"
    return CompileError([Diagnostic("expression-syntax", message, span, help)])
