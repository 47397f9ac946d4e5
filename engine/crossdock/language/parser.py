"""YAML nodes -> the cells of a mapping. Only this module knows the ``$`` words and the keys of a file.

No name is resolved here. Parsing does not stop at a mistake: a wrong cell is reported and becomes a
``Literal`` marked as broken, so that one run reports every mistake of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import ClassVar, Final, Protocol, TypeVar

from crossdock.core.diagnostics import Diagnostic, Span, did_you_mean
from crossdock.core.errors import CompileError
from crossdock.core.json_types import JSON
from crossdock.core.paths import PathError, field_of, parse_path
from crossdock.core.yaml_reader import ListNode, MapNode, Node, ScalarNode
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.jinja import compile_constant_text, compile_template, is_template
from crossdock.language.jmespath import compile_expression
from crossdock.language.scoping import unknown_in_mapping

WORDS: Final = {
    "$const": "the value itself",
    "$with": "the rest of the object is evaluated inside this",
    "$each": "one list item for each element of this: an expression, or `{name: expression}` to name the "
    "element `$name`",
    "$if": "keep this cell only when this is true",
    "$switch": "one of the other keys: the one that is the value of this expression",
    "$else": "the cell for all other values of `$switch`",
    "$value": "the value of a cell that also needs `$if`, `$with` or `$each`",
    "$use": "a fragment of this file, or another mapping",
}
FILE_KEYS: Final = {
    "describe": "what the mapping is, in one sentence",
    "from": "the schema of the source payload, such as `kibo/order`",
    "to": "the schema of the result",
    "tables": "lookup tables: rows, or the path of a table file",
    "fragments": "cells with a name, for `$use`",
    "ignored": "source paths that are left out on purpose, each with its reason",
    "unavailable": "target paths that cannot be written, each with its reason",
    "checks": "statements about the result that must be true",
    "map": "the result, with an expression in every cell",
}
CHECK_KEYS: Final = {
    "check": "an expression over the result; `root()` is the source",
    "message": "the message if the check fails: text, or a template",
    "level": "`warning`, or `error` to refuse the result",
}
_T = TypeVar("_T")


class _CompileText(Protocol):
    def __call__(self, scalar: ScalarNode, *, closed: bool) -> Expression: ...


_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]+)?")


def parse_mapping(node: Node | None, span: Span) -> tuple[syntax.MappingFile | None, list[Diagnostic]]:
    """A mapping file and all its mistakes; None if it is not a mapping at all. ``span``: the file's start."""
    if not isinstance(node, MapNode):
        help = "a mapping begins with `from:`, `to:` and `map:`"
        return None, [Diagnostic("not-a-mapping", "the file is not a mapping", span, help)]
    parser = Parser()
    file = parser.file(node)
    unknown = unknown_in_mapping(file) if file is not None else []
    return file, [*parser.problems, *unknown]


class Parser:
    """Parses one file. ``problems`` collects its mistakes.

    In the expressions of a file that is not ``closed``, variables may be named around the expression.
    """

    closed: ClassVar[bool] = False

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []

    def problem(self, id: str, message: str, span: Span, help: str | None = None) -> None:
        self.problems.append(Diagnostic(id, message, span, help))

    # The file

    def file(self, node: MapNode) -> syntax.MappingFile | None:
        self.problems.extend(unknown_keys(node, FILE_KEYS, "a mapping file"))
        cell_node = node.get("map")
        if cell_node is None:
            help = "`map:` contains the result"
            self.problem(
                "missing-map",
                "the mapping has no `map:`",
                Span(node.span.source, node.span.start, node.span.start + 1),
                help,
            )
            return None
        return syntax.MappingFile(
            describe=self.text(node.get("describe")) or "",
            source=self.schema_name(node.get("from")),
            target=self.schema_name(node.get("to")),
            tables=self.tables(node),
            fragments=self.fragments(node),
            ignored=self._left_out(node, "ignored"),
            unavailable=self._left_out(node, "unavailable"),
            checks=self._checks(node.get("checks")),
            cell=self.cell(cell_node),
        )

    def tables(self, node: MapNode) -> dict[str, syntax.Table]:
        return self._named(node.get("tables"), "tables", self._table)

    def fragments(self, node: MapNode) -> dict[str, syntax.Fragment]:
        return self._named(node.get("fragments"), "fragments", self._fragment)

    def text(self, node: Node | None) -> str | None:
        if node is None:
            return None
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value:
            return node.value
        self.problem("not-text", "text is expected here", node.span)
        return None

    def schema_name(self, node: Node | None) -> syntax.SchemaName | None:
        name = self.text(node)
        return syntax.SchemaName(name, node.span) if name and node else None

    def _named(
        self, node: Node | None, what: str, read: Callable[[ScalarNode, Node], _T | None]
    ) -> dict[str, _T]:
        if node is None:
            return {}
        if not isinstance(node, MapNode):
            self.problem("not-an-object", f"`{what}` must contain names with their values", node.span)
            return {}
        read_entries = ((str(key.value), read(key, value)) for key, value in node.entries)
        return {name: value for name, value in read_entries if value is not None}

    def _table(self, key: ScalarNode, node: Node) -> syntax.Table | None:
        name = str(key.value)
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and "/" in node.value:
            return syntax.Table(name, {}, node.value, node.span)
        if not isinstance(node, MapNode):
            help = "a table that several mappings use is named with a path: ../tables/name"
            self.problem("not-an-object", "a table holds keys and their values", node.span, help)
            return None
        return syntax.Table(name, table_rows(node), None, key.span)

    def _fragment(self, key: ScalarNode, node: Node) -> syntax.Fragment | None:
        return syntax.Fragment(str(key.value), self.cell(node), key.span)

    def _left_out(self, node: MapNode, what: str) -> tuple[syntax.Ignored, ...]:
        return tuple(self._named(node.get(what), what, partial(self._path, what)).values())

    def _path(self, what: str, key: ScalarNode, node: Node) -> syntax.Ignored | None:
        path = str(key.value)
        parts = _ignored_parts(path)
        if parts is None:
            help = "a path is property names with dots between them, and [] after a list: items[].taxData"
            self.problem("ignored-path", f"`{path}` is not a path", key.span, help)
            return None
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str) or not node.value.strip():
            self.problem("ignored-reason", f"`{path}` is {what} without a reason", node.span or key.span)
            return None
        return syntax.Ignored(parts, node.value, key.span)

    # Checks

    def _checks(self, node: Node | None) -> tuple[syntax.Check, ...]:
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            self.problem("not-a-list", "`checks` must be a list", node.span)
            return ()
        checks = (self._check(item) for item in node.items)
        return tuple(check for check in checks if check is not None)

    def _check(self, node: Node) -> syntax.Check | None:
        if not isinstance(node, MapNode):
            self.problem("not-an-object", "a check must be an object with `check:` and `message:`", node.span)
            return None
        self.problems.extend(unknown_keys(node, CHECK_KEYS, "a check"))
        condition, message = node.get("check"), node.get("message")
        level = self.text(node.get("level")) or "warning"
        if level not in ("warning", "error"):
            level_node = node.get("level")
            assert level_node is not None
            self.problem("unknown-level", "a level must be `warning` or `error`", level_node.span)
        compiled = self.expression(condition, "check") if condition else None
        if condition is None or message is None:
            missing = "check" if condition is None else "message"
            self.problem("incomplete-check", f"the check has no `{missing}:`", node.span)
        if compiled is None or not isinstance(message, ScalarNode) or not isinstance(message.value, str):
            return None
        text = self._message(message)
        return syntax.Check(
            compiled, text, message.value, "error" if level == "error" else "warning", node.span
        )

    def _message(self, node: ScalarNode) -> Expression | None:
        if not is_template(str(node.value)):
            return compile_constant_text(node)
        return self._compiled(compile_template, node)

    # Cells

    def cell(self, node: Node) -> syntax.Cell:
        """A cell. A list item with `$each` is not one: it gives several, see `_item`."""
        match node:
            case ScalarNode():
                return self._scalar(node)
            case ListNode():
                return syntax.List(tuple(self._item(item) for item in node.items), node.span)
            case MapNode():
                if (each := node.get("$each")) is not None:
                    help = "write it as the item of a list: `- $each: …`"
                    self.problem("each-outside-list", "`$each` is only allowed in a list", each.span, help)
                return self._object(node)

    def _item(self, node: Node) -> syntax.Cell | syntax.Each:
        if not isinstance(node, MapNode) or node.get("$each") is None:
            return self.cell(node)
        name, expression = self.named_list(node, "$each")
        cell = self._object(node)
        return (
            syntax.Each(expression, cell, node.span, name)
            if expression
            else syntax.Literal(None, node.span, broken=True)
        )

    def named_list(self, node: MapNode, word: str) -> tuple[str | None, Expression | None]:
        """The list of an `each`, and the name that it gives to the element: `{line: items}`."""
        content = node.get(word)
        if not isinstance(content, MapNode):
            return None, None if content is None else self.expression(content, word)
        if len(content.entries) != 1:
            help = f"`{word}: {{line: items}}` names the element `$line`"
            self.problem("variable-name", f"`{word}` names one element", content.span, help)
            return None, None
        key, over = content.entries[0]
        return self.variable_name(key), self.expression(over, word)

    def variable_name(self, key: ScalarNode) -> str | None:
        """A name that an expression can read as a variable."""
        name = key.value
        if isinstance(name, str) and _VARIABLE.fullmatch(name):
            return name
        help = "a name is made of letters, digits and _, and is written without the `$` here"
        self.problem("variable-name", f"this cannot be the name of a value: `{name}`", key.span, help)
        return None

    def _scalar(self, node: ScalarNode) -> syntax.Cell:
        if not isinstance(node.value, str):
            return syntax.Literal(node.value, node.span)
        if not node.value.strip():
            help = "write null for null, {$const: ''} for empty text, or leave the key out"
            self.problem("empty-cell", "the cell is empty", node.span, help)
            return syntax.Literal(None, node.span, broken=True)
        compile_text = compile_template if is_template(node.value) else compile_expression
        expression = self._compiled(compile_text, node)
        return syntax.Evaluate(expression) if expression else syntax.Literal(None, node.span, broken=True)

    def _compiled(self, compile_text: _CompileText, node: ScalarNode) -> Expression | None:
        try:
            return compile_text(node, closed=self.closed)
        except CompileError as error:
            self.problems.extend(error.diagnostics)
            return None

    def expression(self, node: Node, word: str) -> Expression | None:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            self.problem("not-an-expression", f"`{word}` takes an expression", node.span)
            return None
        if is_template(node.value):
            help = "a template yields text; write a JMESPath expression"
            self.problem("not-an-expression", f"`{word}` takes an expression", node.span, help)
            return None
        return self._compiled(compile_expression, node)

    def optional_expression(self, node: MapNode, key: str) -> Expression | None:
        content = node.get(key)
        return None if content is None else self.expression(content, key)

    def _object(self, node: MapNode) -> syntax.Cell:
        """An object with its `$` words. `$with` applies outside `$if`, whatever their order in the file."""
        self._known_words(node)
        cell = self._body(node)
        if (condition := node.get("$if")) is not None:
            expression = self.expression(condition, "$if")
            cell = syntax.If(expression, cell, node.span) if expression else cell
        if (over := node.get("$with")) is not None:
            expression = self.expression(over, "$with")
            cell = syntax.With(expression, cell, node.span) if expression else cell
        return cell

    def _known_words(self, node: MapNode) -> None:
        for key, _ in node.entries:
            word = str(key.value)
            if word.startswith("$") and word not in WORDS:
                help = did_you_mean(word, WORDS) or f"the words are {', '.join(WORDS)}"
                self.problem("unknown-word", f"there is no word `{word}`", key.span, help)

    def _body(self, node: MapNode) -> syntax.Cell:
        """The cell of an object without its `$each`, `$with` and `$if`."""
        plain_entries = [(key, value) for key, value in node.entries if not str(key.value).startswith("$")]
        given = [word for word in ("$const", "$value", "$use", "$switch") if node.get(word) is not None]
        if len(given) > 1:
            self.problem("words-clash", f"`{given[0]}` and `{given[1]}` exclude each other", node.span)
        if (alone := node.get("$else")) is not None and "$switch" not in given:
            self.problem("words-clash", "`$else` goes with `$switch`, and there is none", alone.span)
        if given and given[0] not in ("$use", "$switch") and plain_entries:
            message = f"`{given[0]}` is the whole value, so no key is allowed beside it"
            self.problem("words-clash", message, plain_entries[0][0].span)
        if (constant := node.get("$const")) is not None:
            return syntax.Literal(plain(constant), constant.span)
        if (value := node.get("$value")) is not None:
            return self.cell(value)
        fields = tuple(self._field(key, value) for key, value in plain_entries)
        if (over := node.get("$switch")) is not None:
            return self._switch(node, over, fields)
        if (use := node.get("$use")) is not None:
            name = self.text(use)
            keys = [key.value for key, _ in node.entries if key.value not in ("$each", "$with", "$if")]
            before = keys.index("$use")
            return (
                syntax.Use(name, use.span, fields, node.span, before)
                if name
                else syntax.Literal(None, node.span, broken=True)
            )
        return syntax.Object(fields, node.span)

    def _switch(self, node: MapNode, over: Node, cases: tuple[syntax.Field, ...]) -> syntax.Cell:
        if not cases:
            help = "the cases are the keys beside it: `{$switch: kind, card: …, cash: …, $else: …}`"
            self.problem("switch-case", "the `$switch` has no cases", over.span, help)
        expression = self.expression(over, "$switch")
        rest = (self._field(key, value) for key, value in node.entries if key.value == syntax.ELSE)
        cases = (*cases, *rest)
        if expression is None or not cases:
            return syntax.Literal(None, node.span, broken=True)
        return syntax.Switch(expression, cases, node.span)

    def _field(self, key: ScalarNode, value: Node) -> syntax.Field:
        return syntax.Field(str(key.value), key.span, self.cell(value))


def _ignored_parts(text: str) -> tuple[str, ...] | None:
    """The parts of a path under `ignored` or `unavailable`; None if it is not one. ``*`` can only be last."""
    try:
        parts = parse_path(text)
    except PathError:
        return None
    names = field_of(parts)
    wrong = names != parts or "*" in names[:-1]
    return None if wrong or not names else names


def unknown_keys(node: MapNode, known: Collection[str], what: str) -> list[Diagnostic]:
    """A finding for each unknown key of an object. ``what`` names the object in the message."""
    problems = []
    for key, _ in node.entries:
        if key.value not in known:
            help = (
                did_you_mean(str(key.value), known)
                or f"the keys are {', '.join(f'`{name}`' for name in known)}"
            )
            problems.append(Diagnostic("unknown-key", f"{what} has no key `{key.value}`", key.span, help))
    return problems


def table_rows(node: MapNode) -> dict[str, JSON]:
    """The rows of a table: keys are text, values are constants."""
    return {str(row.value): plain(value) for row, value in node.entries}


def plain(node: Node) -> JSON:
    """A node as a JSON constant: nothing in it is an expression. Raises CompileError for 0123."""
    match node:
        case ScalarNode(value):
            if not node.style and isinstance(value, str) and _LEADING_ZERO.fullmatch(value):
                message = f"`{value}` is neither a number of JSON nor text in quotes"
                raise CompileError(
                    [Diagnostic("yaml-syntax", message, node.span, f"write '{value}' for text")]
                )
            return value
        case ListNode():
            return [plain(item) for item in node.items]
        case MapNode():
            return {str(key.value): plain(value) for key, value in node.entries}
