"""JMESPath: compile with positions, evaluate with a scope. The only module that knows its syntax tree.

The library parses and evaluates; this module adds what it lacks. The tree has no positions, but
walked in source order beside the lexer's identifiers each name finds its own. The functions are those
of ``functions.REGISTRY``, some of which read the scope. And every way to fail becomes a ``Failure``
that knows the part of the expression to blame.

    compile_expression(scalar)                      an Expression, or CompileError with the caret
    Evaluator(scope).evaluate(expression, context)  its value, None when there is none

Templates are compiled to the same trees (see ``templates``), with three node types more: ``text``,
``concat`` and ``conditional``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import jmespath.exceptions
import jmespath.functions
import jmespath.lexer
import jmespath.parser
import jmespath.visitor

from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import CompileError
from crossdock.core.json_faults import lone_surrogate
from crossdock.core.json_types import finite
from crossdock.core.limits import EXPRESSION_CHAIN, EXPRESSION_CHARACTERS, EXPRESSION_DEPTH
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.cost import CostContext, GrowthError, measured
from crossdock.language.expr import Expression
from crossdock.language.functions import REGISTRY, Function
from crossdock.language.functions.function import ordinal
from crossdock.language.legacy import Positions, Tree, from_tree

_NAMED: Final = ("field", "function_expression", "key_val_pair")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?P<json>(?:[^`\\]|\\.)*)`""", re.DOTALL)
_IDENTIFIER = re.compile(r""""(?:[^"\\]|\\.)*"|\w+""", re.ASCII | re.DOTALL)
_WRITTEN = re.compile(_IDENTIFIER.pattern + r"|-\d+", re.ASCII | re.DOTALL)
_BRACKETS = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|[(\[{!&]|[)\]}]""", re.DOTALL
)


def compile_expression(scalar: ScalarNode) -> Expression:
    """An expression from the YAML scalar that holds it. Raises CompileError with all its mistakes."""
    text = str(scalar.value)
    guard(text, scalar)
    tree = _parse(text, scalar)
    guard_tree(tree, scalar)
    expression = Expression(text, from_tree(tree, _positions(text, tree)), scalar)
    if problems := function_problems(expression):
        raise CompileError(problems)
    return expression


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
        if depth > EXPRESSION_DEPTH:
            span = scalar.part(offset + match.start(), offset + match.end())
            message = f"the expression nests deeper than {EXPRESSION_DEPTH} levels"
            raise CompileError([Diagnostic("expression-too-large", message, span)])


def guard_tree(tree: Tree, scalar: ScalarNode) -> None:
    """Refuse a chain of operators too long to be evaluated one inside the other, and what multiplies."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > EXPRESSION_CHAIN:
            message = f"the expression chains more than {EXPRESSION_CHAIN} operators"
            raise CompileError([Diagnostic("expression-too-large", message, scalar.span)])
        level = [child for node in level for child in children(node)]
    try:
        measured(tree, CostContext())
    except GrowthError as error:
        raise CompileError([Diagnostic("expression-too-large", str(error), scalar.span)]) from None


def _parse(text: str, scalar: ScalarNode) -> Tree:
    _refuse_loose_literals(text, scalar)
    try:
        parsed = jmespath.parser.Parser().parse(text)
    except jmespath.exceptions.IncompleteExpressionError:
        raise _syntax_error("the expression is not finished", scalar, len(text) - 1) from None
    except jmespath.exceptions.LexerError as error:
        message = _lexer_message(error)
        raise _syntax_error(message, scalar, error.lexer_position) from None
    except jmespath.exceptions.ParseError as error:
        if not error.token_value:
            raise _syntax_error("the expression is not finished", scalar, len(text) - 1) from None
        written = _WRITTEN.match(text, error.lex_position)
        shown = written[0] if written else str(error.token_value)
        raise _syntax_error(
            f"`{shown}` is not allowed here", scalar, error.lex_position, len(shown)
        ) from None
    except jmespath.exceptions.EmptyExpressionError:
        message = "the cell is empty"
        help = "write null for null, or leave the key out"
        raise CompileError([Diagnostic("empty-cell", message, scalar.span, help)]) from None
    except RecursionError:
        message = f"the expression nests deeper than {EXPRESSION_DEPTH} levels"
        raise CompileError([Diagnostic("expression-too-large", message, scalar.span)]) from None
    return parsed.parsed


def _lexer_message(error: Any) -> str:
    if "Unclosed" in error.message:
        return f"{error.lexer_value[:1]} is not closed"
    if "Bad token" in error.message or "Unknown token" in error.message:
        return f"`{error.lexer_value}` is not JMESPath"
    return "not JMESPath"


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
    help = 'constant text is written {$const: …}, text with values is a template: "… {{ name }} …"'
    return CompileError([Diagnostic("expression-syntax", message, span, help)])


def source_order(tree: Tree) -> Iterator[Tree]:
    """Every node, names in the order in which they are written."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        parts = children(node)
        if node["type"] == "filter_projection":
            parts = [parts[0], parts[2], parts[1]]
        elif node["type"] == "conditional" and node.get("value") == "inline":
            parts = [parts[1], parts[0], parts[2]]
        pending.extend(reversed(parts))


def _positions(text: str, tree: Tree) -> Positions:
    starts = (
        token["start"]
        for token in jmespath.lexer.Lexer().tokenize(text)
        if token["type"] in ("unquoted_identifier", "quoted_identifier")
    )
    # The lexer's own end of a quoted identifier is its length, or one less at the end of the text.
    tokens = (found.span() for start in starts if (found := _IDENTIFIER.match(text, start)))
    named = (node for node in source_order(tree) if node["type"] in _NAMED)
    return {id(node): place for node, place in zip(named, tokens, strict=True)}


def function_problems(expression: Expression) -> list[Diagnostic]:
    """Unknown functions, and calls with too few or too many arguments."""
    problems = []
    for node in source_order(expression.tree):
        if node["type"] != "function_expression":
            continue
        name = node["value"]
        function = REGISTRY.get(name)
        if function is None:
            help = did_you_mean(name, REGISTRY) or "`crossdock functions` lists them all"
            problems.append(
                Diagnostic("unknown-function", f"there is no function `{name}`", expression.at(node), help)
            )
        elif message := _arity_problem(function, len(node["children"])):
            help = f"the signature is {function.signature}"
            problems.append(Diagnostic("wrong-arguments", message, expression.at(node), help))
    return problems + _reference_problems(expression)


def _reference_problems(expression: Expression) -> list[Diagnostic]:
    """`&` is required before each argument that a function takes unevaluated, and not allowed elsewhere."""
    problems = []
    around: Tree = {"type": "whole", "value": None, "children": [expression.tree]}
    for node in [around, *source_order(expression.tree)]:
        wanted = _unevaluated(node)
        for position, part in enumerate(children(node)):
            reference = part["type"] == "expref"
            if reference and position not in wanted:
                message = "`&` is only allowed before an argument that is evaluated later"
                help = "sort_by(items, &price)"
                problems.append(Diagnostic("expression-syntax", message, expression.at(part), help))
            elif position in wanted and not reference:
                message = f"`{node['value']}` takes an expression as its {ordinal(position)}"
                help = f"the signature is {REGISTRY[node['value']].signature}; an expression begins with &"
                problems.append(Diagnostic("wrong-arguments", message, expression.at(node), help))
    return problems


def _unevaluated(node: Tree) -> set[int]:
    """The positions of the arguments that a function takes as expressions."""
    function = REGISTRY.get(node["value"]) if node["type"] == "function_expression" else None
    if function is None:
        return set()
    return {place for place, item in enumerate(function.parameters) if "expression" in item.types}


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


def children(tree: Tree) -> Sequence[Tree]:
    """The direct parts of a node. Those of a slice are numbers, and no nodes."""
    return [] if tree["type"] == "slice" else tree["children"]
