"""Jinja: text with values in it, compiled to the same nodes as expressions.

Jinja's own parser reads the template; an allow-list of its nodes is translated, one by one, into the
nodes of an expression, and nothing else gets through. So a template cannot do what an expression
cannot, there is one evaluation and one truth, and a value that is missing is missing, never ``None``
or ``Undefined``. Jinja's renderer and its sandbox are not used at all.

    "{{ first }} {{ last | upper }}"    ->  text(field first, ' ', upper(field last))
    "{{ total | money('USD') }}"        ->  text(money(field total, 'USD'))
    "{% if a %}x{% else %}y{% endif %}" ->  text(conditional(field a, text('x'), text('y')))
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeGuard

from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import CompileError
from crossdock.core.json_types import settled
from crossdock.core.limits import TEMPLATE_CHARACTERS
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.expr import (
    And,
    Comparator,
    Concat,
    Conditional,
    Constant,
    Expr,
    Expression,
    FunctionCall,
    Identifier,
    Index,
    IndexExpression,
    Not,
    Offsets,
    Operator,
    Or,
    Subexpression,
    Text,
    Variable,
)
from crossdock.language.functions import REGISTRY
from crossdock.language.guards import guard, guard_chain, guard_growth
from crossdock.language.names import name_problems

if TYPE_CHECKING:
    from jinja2 import nodes as jinja

CONTEXT_NAMES: Final = ("root", "settings", "request", "answers", "events")
_COMPARISONS: Final[dict[str, Operator]] = {
    "eq": "eq",
    "ne": "ne",
    "lt": "lt",
    "lteq": "lte",
    "gt": "gt",
    "gteq": "gte",
}
_ALLOWED: Final = (
    "a template may hold {{ }} with names, a.b, a[0], text, numbers, ~, comparisons, and/or/not/in, "
    "x if y else z, functions and filters, and {% if %}"
)
_OPENING = re.compile(r"\{\{|\{%")
_CODE = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\$(?=[A-Za-z_])|\}\}|%\}""", re.DOTALL)
# Letters that a name may begin with in Jinja: more of them than a template has characters.
_MARKS: Final = range(0x20000, 0x20000 + TEMPLATE_CHARACTERS + 1)


def is_template(text: str) -> bool:
    """Whether a cell's text is a template and not an expression."""
    return "{{" in text or "{%" in text or "{#" in text


def compile_template(scalar: ScalarNode, *, closed: bool = True) -> Expression:
    """A template from the YAML scalar that holds it. Raises CompileError with all its mistakes.

    Unless it is ``closed``, it may read variables.
    """
    from jinja2 import Environment, TemplateSyntaxError

    text = str(scalar.value)
    _guard_template(text, scalar)
    environment = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 (parses only)
    marked, mark = _with_marks(text)
    try:
        parsed = environment.parse(marked)
    except TemplateSyntaxError as error:
        span = _line_span(text, error.lineno)
        message = f"not a template: {(error.message or '').replace(mark, '$').rstrip('.')}"
        raise CompileError([Diagnostic("template-syntax", message, scalar.part(*span))]) from None
    except RecursionError:
        raise CompileError(
            [Diagnostic("template-syntax", "the template nests too deep", scalar.span)]
        ) from None
    translation = _Translation(text, scalar, mark, _words(environment.lex(marked), marked))
    try:
        node = translation.text(parsed.body)
    except RecursionError:
        raise CompileError(
            [Diagnostic("template-syntax", "the template nests too deep", scalar.span)]
        ) from None
    guard_chain(node, scalar)
    guard_growth(node, scalar)
    expression = Expression(text, node, scalar, is_text=True)
    problems = [*translation.problems, *name_problems(expression, closed=closed)]
    if problems:
        raise CompileError(problems)
    return expression


def compile_constant_text(scalar: ScalarNode) -> Expression:
    """Text without values as a template, for places that take either."""
    text = str(scalar.value)
    return Expression(text, Text((Constant(text),)), scalar, is_text=True)


def _guard_template(text: str, scalar: ScalarNode) -> None:
    if len(text) > TEMPLATE_CHARACTERS:
        message = f"the template has more than {TEMPLATE_CHARACTERS} characters"
        raise CompileError([Diagnostic("template-too-large", message, scalar.span)])
    at = 0
    while opening := _OPENING.search(text, at):
        end = text.find("}}" if opening[0] == "{{" else "%}", opening.end())
        at = end if end >= 0 else len(text)
        guard(text[opening.start() : at], scalar, opening.start())


def _with_marks(text: str) -> tuple[str, str]:
    """A template with a letter in place of each `$` before a name, and that letter, otherwise unused.

    Jinja has no `$`. With one character for another, all places stay the same.
    """
    mark = next(letter for letter in map(chr, _MARKS) if letter not in text)
    if "$" not in text:
        return text, mark
    parts, at = [], 0
    while opening := _OPENING.search(text, at):
        closing = "}}" if opening[0] == "{{" else "%}"
        parts.append(text[at : opening.end()])
        at = opening.end()
        for token in _CODE.finditer(text, at):
            parts.append(text[at : token.start()])
            at = token.end()
            parts.append(mark if token[0] == "$" else token[0])
            if token[0] == closing:
                break
    return "".join([*parts, text[at:]]), mark


def _words(tokens: Iterable[tuple[int, str, str]], text: str) -> list[tuple[str, str, int]]:
    """The names and texts of a template: kind, what is written, and where; Jinja's tree knows only lines."""
    words, at = [], 0
    for _, kind, written in tokens:
        start = text.find(written, at)
        if start < 0:
            continue
        at = start + len(written)
        if kind == "name":
            words.append((kind, written, start))
        elif kind == "string":
            words.append((kind, written[1:-1], start + 1))
    return words


def _line_span(text: str, line: int) -> tuple[int, int]:
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    start = starts[min(line, len(starts)) - 1]
    end = text.find("\n", start)
    return start, end if end >= 0 else len(text)


class _Translation:
    """One template on its way into nodes. Names find their places from left to right."""

    def __init__(self, text: str, scalar: ScalarNode, mark: str, words: list[tuple[str, str, int]]) -> None:
        self.source = text
        self.scalar = scalar
        self.mark = mark
        self.words = words
        self.met = 0
        self.problems: list[Diagnostic] = []

    def text(self, body: Iterable[jinja.Node]) -> Text:
        """The parts of a template, or of a branch of it, as one text."""
        from jinja2 import nodes

        parts: list[Expr] = []
        for node in body:
            match node:
                case nodes.Output():
                    parts.extend(self._part(child) for child in node.nodes)
                case nodes.If():
                    parts.append(self._branch(node))
                case _:
                    parts.append(self._refuse(node))
        return Text(tuple(parts))

    def _part(self, node: jinja.Node) -> Expr:
        from jinja2 import nodes

        if isinstance(node, nodes.TemplateData):
            return Constant(node.data.replace(self.mark, "$"))  # of a `raw` block
        return self.expression(node)

    def _branch(self, node: jinja.If) -> Conditional:
        test = self.expression(node.test)
        then = self.text(node.body)
        if node.elif_:
            first, *rest = node.elif_
            first.elif_, first.else_ = rest, node.else_
            return Conditional(test, then, self._branch(first))
        return Conditional(test, then, self.text(node.else_))

    def expression(self, node: jinja.Node) -> Expr:
        """One expression of the template as a node."""
        from jinja2 import nodes

        match node:
            case nodes.Const() if node.value is None or isinstance(node.value, str | int | float):
                return self._constant(node)
            case nodes.Name():
                return self._name(node.name)
            case nodes.Getattr() if node.attr.startswith(self.mark):
                return self._refuse(node, "a variable cannot follow a dot")
            case nodes.Getattr():
                return Subexpression((self.expression(node.node), self._identifier(node.attr)))
            case nodes.Getitem():
                return self._item(node)
            case nodes.Concat():
                return Concat(tuple(self.expression(child) for child in node.nodes))
            case nodes.Compare():
                return self._comparison(node)
            case nodes.And() | nodes.Or():
                left, right = self.expression(node.left), self.expression(node.right)
                return And(left, right) if isinstance(node, nodes.And) else Or(left, right)
            case nodes.Not():
                return Not(self.expression(node.node))
            case nodes.Neg() if _is_number(node.node):
                return self._constant(nodes.Const(-node.node.value, lineno=node.lineno))
            case nodes.CondExpr():
                return self._inline_if(node)
            case nodes.Filter() | nodes.Test() | nodes.Call():
                return self._call(node)
        return self._refuse(node)

    def _name(self, name: str) -> Expr:
        if name.startswith(self.mark):
            return Variable(name[1:], span=self._place(name))
        if name in CONTEXT_NAMES:
            return FunctionCall(name, (), span=self._place(name))
        return self._identifier(name)

    def _identifier(self, name: str, kind: str = "name") -> Identifier:
        return Identifier(name, span=self._place(name, kind))

    def _place(self, word: str, kind: str = "name") -> Offsets | None:
        """The offsets of the next ``word``. Jinja only records lines, so the words are counted off."""
        for position in range(self.met, len(self.words)):
            if self.words[position][:2] == (kind, word):
                self.met = position + 1
                start = self.words[position][2]
                return start, start + len(word)
        return None

    def _constant(self, node: jinja.Const) -> Expr:
        try:
            json.dumps(node.value, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            return self._refuse(node, "JSON cannot write this value")
        span = self._place(node.value, "string") if isinstance(node.value, str) else None
        value = node.value.replace(self.mark, "$") if isinstance(node.value, str) else settled(node.value)
        return Constant(value, span=span)

    def _item(self, node: jinja.Getitem) -> Expr:
        from jinja2 import nodes

        base = self.expression(node.node)
        key = node.arg
        if isinstance(key, nodes.Neg) and _is_number(key.node, whole=True):
            return IndexExpression((base, Index(-key.node.value)))
        if isinstance(key, nodes.Const) and isinstance(key.value, str):
            return Subexpression((base, self._identifier(key.value, "string")))
        if isinstance(key, nodes.Const) and type(key.value) is int:
            return IndexExpression((base, Index(key.value)))
        return self._refuse(node, "an index must be a constant: a number or text")

    def _comparison(self, node: jinja.Compare) -> Expr:
        left = self.expression(node.expr)
        if len(node.ops) != 1:
            return self._refuse(node, "one comparison at a time")
        operator, right = node.ops[0].op, self.expression(node.ops[0].expr)
        if operator in ("in", "notin"):
            found = FunctionCall("contains", (right, left))
            return found if operator == "in" else Not(found)
        return Comparator(_COMPARISONS[operator], left, right)

    def _inline_if(self, node: jinja.CondExpr) -> Conditional:
        then, test = self.expression(node.expr1), self.expression(node.test)
        otherwise = self.expression(node.expr2) if node.expr2 is not None else Constant("")
        return Conditional(test, then, otherwise, inline=True)

    def _call(self, node: jinja.Filter | jinja.Test | jinja.Call) -> Expr:
        from jinja2 import nodes

        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            return self._refuse(node, "arguments are given in order, without names")
        if isinstance(node, nodes.Call):
            if not isinstance(node.node, nodes.Name) or node.node.name.startswith(self.mark):
                return self._refuse(node, "only the library's functions can be called")
            span = self._place(node.node.name)
            arguments = tuple(self.expression(argument) for argument in node.args)
            return FunctionCall(node.node.name, arguments, span=span)
        if node.node is None:
            return self._refuse(node)
        piped = self.expression(node.node)
        if isinstance(node, nodes.Test):
            return self._test(node, piped)
        return self._filter(node, piped)

    def _test(self, node: jinja.Test, piped: Expr) -> Expr:
        if node.name not in ("defined", "undefined", "none") or node.args:
            name = node.name.replace(self.mark, "$")
            return self._refuse(node, f"there is no test `{name}`; there are `defined` and `undefined`")
        return Comparator("ne" if node.name == "defined" else "eq", piped, Constant(None))

    def _filter(self, node: jinja.Filter, piped: Expr) -> Expr:
        name = "not_null" if node.name in ("default", "d") else node.name
        if name == "not_null" and len(node.args) != 1:
            return self._refuse(
                node, f"`{node.name}` takes one argument: the replacement for a missing value"
            )
        span = self._place(node.name)
        arguments = [self.expression(argument) for argument in node.args]
        function = REGISTRY.get(name)
        if function is None:
            where = self.scalar.part(*(span or (0, len(self.source))))
            help = did_you_mean(node.name, [*REGISTRY, "default"])
            message = f"there is no filter `{node.name.replace(self.mark, '$')}`"
            self.problems.append(Diagnostic("unknown-function", message, where, help))
            return Constant(None)
        arguments.insert(min(function.piped, len(arguments)), piped)
        return FunctionCall(name, tuple(arguments), span=span)

    def _refuse(self, node: jinja.Node, why: str | None = None) -> Expr:
        span = self.scalar.part(*_line_span(self.source, node.lineno or 1))
        message = why or f"{_kind(node)} is not allowed in a template"
        self.problems.append(Diagnostic("template-not-allowed", message, span, _ALLOWED))
        return Constant(None)


def _is_number(node: jinja.Node, *, whole: bool = False) -> TypeGuard[jinja.Const]:
    """Whether a node is a number that is written out; `true` is none, though Python could negate it."""
    return type(getattr(node, "value", None)) in ((int,) if whole else (int, float))


def _kind(node: jinja.Node) -> str:
    """What a refused node is, in a template author's words."""
    kinds = {
        "For": "a loop",
        "Macro": "a macro",
        "Call": "a call",
        "CallBlock": "a call",
        "FilterBlock": "a filter block",
        "Assign": "an assignment",
        "AssignBlock": "an assignment",
        "Include": "an include",
        "Import": "an import",
        "FromImport": "an import",
        "Extends": "an extends",
        "Block": "a block",
        "With": "a with",
        "List": "a list",
        "Dict": "an object",
        "Tuple": "a tuple",
        "Slice": "a slice",
        "Scope": "an autoescape block",
    }
    arithmetic = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow", "Neg", "Pos"}
    name = type(node).__name__
    return "arithmetic" if name in arithmetic else kinds.get(name, f"`{name.lower()}`")
