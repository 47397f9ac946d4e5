"""Jinja: text with values in it, compiled to the same trees as expressions.

Jinja's own parser reads the template; an allow-list of its nodes is translated, one by one, into the
tree of an expression, and nothing else gets through. So a template cannot do what an expression
cannot, there is one evaluation and one truth, and a value that is missing is missing, never ``None``
or ``Undefined``. Jinja's renderer and its sandbox are not used at all.

    "{{ first }} {{ last | upper }}"    ->  text(field first, ' ', upper(field last))
    "{{ total | money('USD') }}"        ->  text(money(field total, 'USD'))
    "{% if a %}x{% else %}y{% endif %}" ->  text(conditional(field a, text('x'), text('y')))
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeGuard

from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import CompileError
from crossdock.core.json_types import JSON
from crossdock.core.limits import TEMPLATE_CHARACTERS
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.expr import Constant, Expression, Text
from crossdock.language.functions import REGISTRY
from crossdock.language.jmespath import function_problems, guard, guard_tree
from crossdock.language.legacy import Positions, Tree, from_tree

if TYPE_CHECKING:
    from jinja2 import nodes as jinja

CONTEXT_NAMES: Final = ("root", "settings", "request", "answers", "events")
_COMPARISONS: Final = {"eq": "eq", "ne": "ne", "lt": "lt", "lteq": "lte", "gt": "gt", "gteq": "gte"}
_ALLOWED: Final = (
    "a template may hold {{ }} with names, a.b, a[0], text, numbers, ~, comparisons, and/or/not/in, "
    "x if y else z, functions and filters, and {% if %}"
)
_OPENING = re.compile(r"\{\{|\{%")


def is_template(text: str) -> bool:
    """Whether a cell's text is a template and not an expression."""
    return "{{" in text or "{%" in text or "{#" in text


def compile_template(scalar: ScalarNode) -> Expression:
    """A template from the YAML scalar that holds it. Raises CompileError with all its mistakes."""
    from jinja2 import Environment, TemplateSyntaxError

    text = str(scalar.value)
    _guard_template(text, scalar)
    environment = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 (parses only)
    try:
        parsed = environment.parse(text)
    except TemplateSyntaxError as error:
        span = _line_span(text, error.lineno)
        message = f"not a template: {(error.message or '').rstrip('.')}"
        raise CompileError([Diagnostic("template-syntax", message, scalar.part(*span))]) from None
    except RecursionError:
        raise CompileError(
            [Diagnostic("template-syntax", "the template nests too deep", scalar.span)]
        ) from None
    translation = _Translation(text, scalar, _words(environment.lex(text), text))
    try:
        tree = translation.text(parsed.body)
    except RecursionError:
        raise CompileError(
            [Diagnostic("template-syntax", "the template nests too deep", scalar.span)]
        ) from None
    guard_tree(tree, scalar)
    expression = Expression(text, from_tree(tree, translation.positions), scalar, is_text=True)
    problems = [*translation.problems, *function_problems(expression)]
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


def _node(type: str, children: Sequence[Tree] = (), value: object = None) -> Tree:
    return {"type": type, "children": list(children), "value": value}


def _literal(value: JSON) -> Tree:
    return _node("literal", value=value)


class _Translation:
    """One template on its way into a tree. Names find their places from left to right."""

    def __init__(self, text: str, scalar: ScalarNode, words: list[tuple[str, str, int]]) -> None:
        self.source = text
        self.scalar = scalar
        self.words = words
        self.met = 0
        self.positions: Positions = {}
        self.problems: list[Diagnostic] = []

    def text(self, body: Iterable[jinja.Node]) -> Tree:
        """The parts of a template, or of a branch of it, as one text."""
        from jinja2 import nodes

        parts: list[Tree] = []
        for node in body:
            match node:
                case nodes.Output():
                    parts.extend(self._part(child) for child in node.nodes)
                case nodes.If():
                    parts.append(self._branch(node))
                case _:
                    parts.append(self._refuse(node))
        return _node("text", parts)

    def _part(self, node: jinja.Node) -> Tree:
        from jinja2 import nodes

        if isinstance(node, nodes.TemplateData):
            return _literal(node.data)
        return self.expression(node)

    def _branch(self, node: jinja.If) -> Tree:
        test = self.expression(node.test)
        then = self.text(node.body)
        if node.elif_:
            first, *rest = node.elif_
            first.elif_, first.else_ = rest, node.else_
            return _node("conditional", [test, then, self._branch(first)])
        return _node("conditional", [test, then, self.text(node.else_)])

    def expression(self, node: jinja.Node) -> Tree:
        """One expression of the template as a tree."""
        from jinja2 import nodes

        match node:
            case nodes.Const() if node.value is None or isinstance(node.value, str | int | float):
                return self._constant(node)
            case nodes.Name():
                return self._name(node.name)
            case nodes.Getattr():
                return _node("subexpression", [self.expression(node.node), self._field(node.attr)])
            case nodes.Getitem():
                return self._item(node)
            case nodes.Concat():
                return _node("concat", [self.expression(child) for child in node.nodes])
            case nodes.Compare():
                return self._comparison(node)
            case nodes.And() | nodes.Or():
                type = "and_expression" if isinstance(node, nodes.And) else "or_expression"
                return _node(type, [self.expression(node.left), self.expression(node.right)])
            case nodes.Not():
                return _node("not_expression", [self.expression(node.node)])
            case nodes.Neg() if _is_number(node.node):
                return self._constant(nodes.Const(-node.node.value, lineno=node.lineno))
            case nodes.CondExpr():
                return self._inline_if(node)
            case nodes.Filter() | nodes.Test() | nodes.Call():
                return self._call(node)
        return self._refuse(node)

    def _name(self, name: str) -> Tree:
        if name in CONTEXT_NAMES:
            return self._placed(_node("function_expression", value=name), name)
        return self._field(name)

    def _field(self, name: str) -> Tree:
        return self._placed(_node("field", value=name), name)

    def _placed(self, tree: Tree, word: str, kind: str = "name") -> Tree:
        """Record the offset of the next ``word``; Jinja only records lines."""
        for position in range(self.met, len(self.words)):
            if self.words[position][:2] == (kind, word):
                start = self.words[position][2]
                self.positions[id(tree)] = start, start + len(word)
                self.met = position + 1
                break
        return tree

    def _constant(self, node: jinja.Const) -> Tree:
        try:
            json.dumps(node.value, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            return self._refuse(node, "JSON cannot write this value")
        tree = _literal(node.value)
        return self._placed(tree, node.value, "string") if isinstance(node.value, str) else tree

    def _item(self, node: jinja.Getitem) -> Tree:
        from jinja2 import nodes

        base = self.expression(node.node)
        key = node.arg
        if isinstance(key, nodes.Neg) and _is_number(key.node, whole=True):
            return _node("index_expression", [base, _node("index", value=-key.node.value)])
        if isinstance(key, nodes.Const) and isinstance(key.value, str):
            name = self._placed(_node("field", value=key.value), key.value, "string")
            return _node("subexpression", [base, name])
        if isinstance(key, nodes.Const) and type(key.value) is int:
            return _node("index_expression", [base, _node("index", value=key.value)])
        return self._refuse(node, "an index must be a number or text that is written out")

    def _comparison(self, node: jinja.Compare) -> Tree:
        left = self.expression(node.expr)
        if len(node.ops) != 1:
            return self._refuse(node, "one comparison at a time")
        operator, right = node.ops[0].op, self.expression(node.ops[0].expr)
        if operator in ("in", "notin"):
            found = _node("function_expression", [right, left], "contains")
            return found if operator == "in" else _node("not_expression", [found])
        return _node("comparator", [left, right], _COMPARISONS[operator])

    def _inline_if(self, node: jinja.CondExpr) -> Tree:
        then, test = self.expression(node.expr1), self.expression(node.test)
        otherwise = self.expression(node.expr2) if node.expr2 is not None else _literal("")
        return _node("conditional", [test, then, otherwise], "inline")

    def _call(self, node: jinja.Filter | jinja.Test | jinja.Call) -> Tree:
        from jinja2 import nodes

        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            return self._refuse(node, "arguments are given in order, without names")
        if isinstance(node, nodes.Call):
            if not isinstance(node.node, nodes.Name):
                return self._refuse(node, "only the library's functions can be called")
            tree = self._placed(_node("function_expression", value=node.node.name), node.node.name)
            tree["children"] = [self.expression(argument) for argument in node.args]
            return tree
        if node.node is None:
            return self._refuse(node)
        piped = self.expression(node.node)
        if isinstance(node, nodes.Test):
            return self._test(node, piped)
        return self._filter(node, piped)

    def _test(self, node: jinja.Test, piped: Tree) -> Tree:
        if node.name not in ("defined", "undefined", "none") or node.args:
            return self._refuse(node, f"there is no test `{node.name}`; there are `defined` and `undefined`")
        return _node("comparator", [piped, _literal(None)], "ne" if node.name == "defined" else "eq")

    def _filter(self, node: jinja.Filter, piped: Tree) -> Tree:
        name = "not_null" if node.name in ("default", "d") else node.name
        if name == "not_null" and len(node.args) != 1:
            return self._refuse(
                node, f"`{node.name}` takes one argument: the replacement for a missing value"
            )
        tree = self._placed(_node("function_expression", value=name), node.name)
        arguments = [self.expression(argument) for argument in node.args]
        function = REGISTRY.get(name)
        if function is None:
            where = self.scalar.part(*self.positions.get(id(tree), (0, len(self.source))))
            help = did_you_mean(node.name, [*REGISTRY, "default"])
            message = f"there is no filter `{node.name}`"
            self.problems.append(Diagnostic("unknown-function", message, where, help))
            return _literal(None)
        arguments.insert(min(function.piped, len(arguments)), piped)
        tree["children"] = arguments
        return tree

    def _refuse(self, node: jinja.Node, why: str | None = None) -> Tree:
        span = self.scalar.part(*_line_span(self.source, node.lineno or 1))
        message = why or f"{_kind(node)} is not allowed in a template"
        self.problems.append(Diagnostic("template-not-allowed", message, span, _ALLOWED))
        return _literal(None)


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
