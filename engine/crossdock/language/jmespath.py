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
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar, cast

import jmespath.exceptions
import jmespath.functions
import jmespath.lexer
import jmespath.parser
import jmespath.visitor

from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import CompileError
from crossdock.core.json_faults import lone_surrogate
from crossdock.core.json_types import JSON, finite
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution.scope import Scope
from crossdock.language.cost import CostContext, GrowthError, measured
from crossdock.language.expr import Expression
from crossdock.language.functions import REGISTRY, Function, FunctionError
from crossdock.language.functions.bounds import LONGEST as LONGEST_RESULT
from crossdock.language.functions.function import ordinal
from crossdock.language.legacy import Positions, Tree, from_tree

LONGEST: Final = 4_000
DEEPEST: Final = 40
LONGEST_CHAIN: Final = 100

_T = TypeVar("_T")
_NAMED: Final = ("field", "function_expression", "key_val_pair")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?P<json>(?:[^`\\]|\\.)*)`""", re.DOTALL)
_IDENTIFIER = re.compile(r""""(?:[^"\\]|\\.)*"|\w+""", re.ASCII | re.DOTALL)
_WRITTEN = re.compile(_IDENTIFIER.pattern + r"|-\d+", re.ASCII | re.DOTALL)
_BRACKETS = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|[(\[{!&]|[)\]}]""", re.DOTALL
)
_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_WORDS: Final = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
    "expression": "an expression (&…)",
    "array-number": "a list of numbers",
    "array-string": "a list of texts",
}


# Of an item that is wrong JMESPath tells Python's type.
_ITEMS: Final = {
    "str": "string",
    "int": "number",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "NoneType": "null",
}


class Failure(Exception):  # noqa: N818 (it never leaves the engine)
    """An expression could not be evaluated. ``tree`` is the node to blame, ``mark`` when it began."""

    def __init__(self, message: str, tree: Tree, mark: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.tree = tree
        self.mark = mark


class Witness(Protocol):
    """Who is told of each property and element that an evaluation reads."""

    def seen(self, container: JSON, key: str | int) -> None: ...

    def mark(self) -> int:
        """How much has been seen so far."""


class Observer(Witness, Protocol):
    """A witness who is also told of each part of an expression, as it is evaluated."""

    def opened(self, part: Tree, context: JSON) -> None: ...

    def closed(self, value: JSON) -> None:
        """The part that was opened last, of those still open, gives this value."""


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
    if len(text) > LONGEST:
        message = f"the expression has more than {LONGEST} characters"
        raise CompileError([Diagnostic("expression-too-large", message, scalar.span)])
    depth = 0
    for match in _BRACKETS.finditer(text):
        bracket = match[0]
        depth += 1 if bracket in "([{!&" else -1 if bracket in ")]}" else 0
        if bracket in "!&":
            depth -= 0 if text[match.end() : match.end() + 1] in "!&(" else 1
        if depth > DEEPEST:
            span = scalar.part(offset + match.start(), offset + match.end())
            message = f"the expression nests deeper than {DEEPEST} levels"
            raise CompileError([Diagnostic("expression-too-large", message, span)])


def guard_tree(tree: Tree, scalar: ScalarNode) -> None:
    """Refuse a chain of operators too long to be evaluated one inside the other, and what multiplies."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > LONGEST_CHAIN:
            message = f"the expression chains more than {LONGEST_CHAIN} operators"
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
        raise _syntax_error(f"`{shown}` cannot stand here", scalar, error.lex_position, len(shown)) from None
    except jmespath.exceptions.EmptyExpressionError:
        message = "the cell is empty"
        help = "write null for null, or leave the key out"
        raise CompileError([Diagnostic("empty-cell", message, scalar.span, help)]) from None
    except RecursionError:
        message = f"the expression nests deeper than {DEEPEST} levels"
        raise CompileError([Diagnostic("expression-too-large", message, scalar.span)]) from None
    return parsed.parsed


def _lexer_message(error: Any) -> str:
    if "Unclosed" in error.message:
        return f"{error.lexer_value[:1]} is not closed"
    if "Bad token" in error.message or "Unknown token" in error.message:
        return f"`{error.lexer_value}` is not JMESPath"
    return "not JMESPath"


def _refuse_loose_literals(text: str, scalar: ScalarNode) -> None:
    """JMESPath once read `` `foo` `` as text; what stands in backticks is JSON and nothing else."""
    for match in _QUOTED.finditer(text):
        if match["json"] is None:
            _refuse_half_characters(match, scalar)
            continue
        try:
            value = json.loads(match["json"].replace("\\`", "`"), parse_float=finite)
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            span = scalar.part(*match.span())
            help = "text stands in single quotes: 'text'; a number as `1`"
            message = "what stands in backticks must be JSON"
            raise CompileError([Diagnostic("expression-syntax", message, span, help)]) from None


def _refuse_half_characters(quoted: re.Match[str], scalar: ScalarNode) -> None:
    """A name in double quotes is JSON text, and may become a key of the result."""
    half = lone_surrogate(quoted[0]) if quoted[0].startswith('"') else None
    if half:
        message = "half of a surrogate pair stands alone, which is no character"
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
    """`&` stands before each argument that a function takes unevaluated, and nowhere else."""
    problems = []
    around: Tree = {"type": "whole", "value": None, "children": [expression.tree]}
    for node in [around, *source_order(expression.tree)]:
        wanted = _unevaluated(node)
        for position, part in enumerate(children(node)):
            reference = part["type"] == "expref"
            if reference and position not in wanted:
                message = "`&` stands only before an argument that is evaluated later"
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


def describe(value: JSON) -> str:
    """The kind of a value in the words of the messages, never the value."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def is_true(value: JSON) -> bool:
    """JMESPath's truth: missing, null, false, '', [] and {} are false, the number 0 is true."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def printed(value: JSON, tree: Tree) -> str | None:
    """A value as text, as JSON writes it; None when it is missing."""
    match value:
        case str() | None:
            return value
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            raise Failure(f"{describe(value)} cannot be printed as text", tree)


class Evaluator:
    """Evaluates expressions in one scope, before a witness if there is one, or an observer."""

    def __init__(
        self, scope: Scope, witness: Witness | None = None, observer: Observer | None = None
    ) -> None:
        functions = _Functions(scope)
        self._interpreter = _Interpreter(functions)
        if observer is not None:
            self._interpreter = _ObservedInterpreter(functions, observer)
        elif witness is not None:
            self._interpreter = _WitnessedInterpreter(functions, witness)

    def evaluate(self, expression: Expression, context: JSON) -> JSON:
        """The value, None when there is none. Raises Failure."""
        try:
            return cast(JSON, self._interpreter.visit(expression.tree, context))
        except RecursionError:
            raise Failure("the value nests too deep", expression.tree) from None


class _Functions(jmespath.functions.Functions):
    """JMESPath's functions, with those of the registry before them."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope

    def call_function(self, function_name: str, resolved_args: Iterable[Any]) -> Any:
        arguments = list(resolved_args)
        function = REGISTRY[function_name]
        if function.call is not None:
            return function.apply(arguments)
        match function_name:
            case "root" | "request":
                return getattr(self._scope, function_name)
            case "settings" | "answers":
                return dict(getattr(self._scope, function_name))
            case "events":
                return list(self._scope.events)
            case "lookup":
                return self._lookup(*arguments)
        return super().call_function(function_name, arguments)

    def _lookup(self, table: str, key: JSON, default: JSON = None) -> JSON:
        if key is None:
            return None
        if not isinstance(key, str | int) or isinstance(key, bool):
            raise FunctionError(f"`lookup` takes text or a whole number as its key, not {describe(key)}")
        return self._scope.tables[table].get(str(key), default)


class _Expression:
    """What JMESPath's functions take for `&`, told by the name of its class; here it is a Python function."""

    expression = None

    def __init__(self, function: Callable[[JSON], JSON]) -> None:
        self._function = function

    def visit(self, _tree: None, value: JSON) -> JSON:
        return self._function(value)


Reference = _Expression


def builtin(name: str, *arguments: object) -> JSON:
    """One of JMESPath's own functions. Raises what it raises."""
    return cast(JSON, _BUILTINS.call_function(name, list(arguments)))


class _Interpreter(jmespath.visitor.TreeInterpreter):
    """JMESPath's interpreter, whose failures know their place, with the node types of templates."""

    def __init__(self, functions: _Functions) -> None:
        super().__init__(jmespath.visitor.Options(custom_functions=functions))

    def visit_function_expression(self, node: Tree, value: JSON) -> Any:
        try:
            return super().visit_function_expression(node, value)
        except FunctionError as error:
            raise Failure(str(error), node) from None
        except jmespath.exceptions.JMESPathTypeError as error:
            raise Failure(_type_message(error), node) from None
        except (TypeError, ValueError, AttributeError, KeyError, jmespath.exceptions.JMESPathError):
            raise Failure(f"`{node['value']}` cannot take these values", node) from None

    def visit_comparator(self, node: Tree, value: JSON) -> Any:
        try:
            return super().visit_comparator(node, value)
        except TypeError:
            operator = _OPERATORS[node["value"]]
            raise Failure(f"`{operator}` cannot compare text with a number", node) from None

    def visit_slice(self, node: Tree, value: JSON) -> Any:
        try:
            return super().visit_slice(node, value)
        except ValueError:
            raise Failure("the step of a slice cannot be 0", node) from None

    def visit_conditional(self, node: Tree, value: JSON) -> Any:
        test, then, otherwise = node["children"]
        return self.visit(then if is_true(self.visit(test, value)) else otherwise, value)

    def visit_concat(self, node: Tree, value: JSON) -> str | None:
        parts: list[str] = []
        for child in node["children"]:
            part = self.printed(child, value)
            if part is None:
                return None
            parts.append(part)
        text = "".join(parts)
        if len(text) > LONGEST_RESULT:
            raise Failure(f"the text has more than {LONGEST_RESULT} characters", node)
        return text

    visit_text = visit_concat

    def printed(self, part: Tree, value: JSON) -> str | None:
        return printed(self.visit(part, value), part)


class _WitnessedInterpreter(_Interpreter):
    """Tells the witness of each property and element that is read, and a failure where it began."""

    def __init__(self, functions: _Functions, witness: Witness) -> None:
        super().__init__(functions)
        self._witness = witness

    def visit_field(self, node: Tree, value: JSON) -> Any:
        if isinstance(value, dict):
            self._witness.seen(value, node["value"])
        return super().visit_field(node, value)

    def visit_index(self, node: Tree, value: JSON) -> Any:
        if isinstance(value, list):
            position = node["value"]
            self._witness.seen(value, position if position >= 0 else len(value) + position)
        return super().visit_index(node, value)

    def visit(self, node: Tree, *args: Any, **kwargs: Any) -> Any:
        return self._marked(node, super().visit, node, *args, **kwargs)

    def printed(self, part: Tree, value: JSON) -> str | None:
        return self._marked(part, super().printed, part, value)

    def _marked(self, node: Tree, call: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        mark = self._witness.mark()
        try:
            return call(*args, **kwargs)
        except Failure as failure:
            if failure.tree is node:
                failure.mark = mark
            raise


class _ObservedInterpreter(_WitnessedInterpreter):
    """Tells the observer of each part that is evaluated, from the whole inwards."""

    def __init__(self, functions: _Functions, observer: Observer) -> None:
        super().__init__(functions, observer)
        self._observer = observer

    def visit(self, node: Tree, *args: Any, **kwargs: Any) -> Any:
        self._observer.opened(node, args[0] if args else None)
        value = super().visit(node, *args, **kwargs)
        self._observer.closed(value)
        return value


_BUILTINS: Final = jmespath.functions.Functions()


def _type_message(error: Any) -> str:
    expected = [_WORDS.get(word, word) for word in error.expected_types]
    wanted = expected[0] if len(expected) == 1 else ", ".join(expected[:-1]) + " or " + expected[-1]
    if item := _ITEMS.get(error.actual_type):
        return f"`{error.function_name}` takes {wanted}, and an item is {_WORDS[item]}"
    return f"`{error.function_name}` takes {wanted}, not {_WORDS.get(error.actual_type, error.actual_type)}"


def children(tree: Tree) -> Sequence[Tree]:
    """The direct parts of a node. Those of a slice are numbers, and no nodes."""
    return [] if tree["type"] == "slice" else tree["children"]
