"""JMESPath text into nodes: the library's parser, with ``let``, and with the place of each name.

The library parses into dictionaries without positions. They are turned into nodes once, here, and this is
the only module that knows them. Walked in the order of the text, the names in a tree are the identifiers
that the lexer found, one for one: so each name finds its place.

``let $name = value, … in body`` and ``$name`` are those of JMESPath's lexical scopes (JEP-18). ``let`` is a
word of its own only before a variable, and ``in`` only behind the values: elsewhere both are properties.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, cast

import jmespath.lexer
import jmespath.parser
from jmespath.exceptions import EmptyExpressionError, IncompleteExpressionError, LexerError, ParseError

from crossdock.core.json_types import settled
from crossdock.language.expr import (
    And,
    Binding,
    Comparator,
    Constant,
    Current,
    Expr,
    ExpressionReference,
    FilterProjection,
    Flatten,
    FunctionCall,
    Identifier,
    Identity,
    Index,
    IndexExpression,
    KeyValue,
    Let,
    MultiselectHash,
    MultiselectList,
    Not,
    Offsets,
    Or,
    Pipe,
    Projection,
    Slice,
    Subexpression,
    ValueProjection,
    Variable,
)

_NAME: Final = re.compile(r""""(?:[^"\\]|\\.)*"|\$?\w+""", re.ASCII | re.DOTALL)
_PATH: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_WRITTEN: Final = re.compile(_NAME.pattern + r"|-\d+", re.ASCII | re.DOTALL)
_Tree = dict[str, Any]  # type, children and value, as the library makes them
_Token = dict[str, Any]  # type, value and start


class ChainError(Exception):
    """More operators in a chain than are evaluated one inside the other."""


class EmptyError(Exception):
    """There is no expression."""


class ParseProblem(Exception):  # noqa: N818 (it never leaves the package)
    """A text is not JMESPath. ``start`` and ``length`` are of what is to blame."""

    def __init__(self, message: str, start: int, length: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.length = length


def parse(text: str, longest_chain: int) -> Expr:
    """The node of an expression.

    Raises ParseProblem, EmptyError, ChainError when nodes nest deeper than ``longest_chain``, and
    RecursionError when brackets do.
    """
    if (path := path_in(text)) is not None:
        return path
    parser = _Parser()
    try:
        tree = parser.tree(text)
    except IncompleteExpressionError:
        raise ParseProblem("the expression is not finished", len(text) - 1) from None
    except LexerError as error:
        raise ParseProblem(_lexer_message(error), error.lexer_position) from None
    except ParseError as error:
        raise _unexpected(error, text) from None
    except EmptyExpressionError:
        raise EmptyError from None
    places = iter(parser.names(text))
    node = _Conversion(places, longest_chain).node(tree, 1)
    assert next(places, None) is None, "a name has no node"
    return node


def path_in(text: str) -> Expr | None:
    """The node of an expression that consists of names only, as most do; None for any other."""
    if not _PATH.fullmatch(text):
        return None
    names = [Identifier(name[0], span=name.span()) for name in _NAME.finditer(text)]
    return names[0] if len(names) == 1 else Subexpression(tuple(names))


def _lexer_message(error: Any) -> str:
    if "Unclosed" in error.message:
        return f"{error.lexer_value[:1]} is not closed"
    if "Bad token" in error.message or "Unknown token" in error.message:
        return f"`{error.lexer_value}` is not JMESPath"
    return "not JMESPath"


def _unexpected(error: Any, text: str) -> ParseProblem:
    if not error.token_value:
        return ParseProblem("the expression is not finished", len(text) - 1)
    written = _WRITTEN.match(text, error.lex_position)
    shown = written[0] if written else str(error.token_value)
    return ParseProblem(f"`{shown}` is not allowed here", error.lex_position, len(shown))


_SIMPLE: Final = re.compile(
    r"[ \t\n\r]*(?:(?P<unquoted_identifier>[A-Za-z_]\w*)|\$(?P<variable>[A-Za-z_]\w*)"
    r"|(?P<sign>\[[?\]]?|\|\|?|&&?|[<>!=]=?|[.*\],:@(){}])"
    r"|(?P<number>-?\d+)|'(?P<literal>[^'\\]*)'|`(?P<json>[^`\\]*)`)",
    re.ASCII,
)
_SIGNS: Final = {
    **jmespath.lexer.Lexer.SIMPLE_TOKENS,
    "[": "lbracket",
    "[]": "flatten",
    "[?": "filter",
    "|": "pipe",
    "||": "or",
    "&": "expref",
    "&&": "and",
    "<": "lt",
    "<=": "lte",
    ">": "gt",
    ">=": "gte",
    "!": "not",
    "!=": "ne",
    "==": "eq",
    "=": "equals",
}


def simple_tokens(text: str) -> list[_Token] | None:
    """The tokens of an expression, as the lexer below finds them, which goes through a text sign by sign.

    None for what is rare: quoted names, escapes, and most mistakes.
    """
    tokens: list[_Token] = []
    kind, end = "", 0
    while match := _SIMPLE.match(text, end):
        before, kind, end = kind, cast(str, match.lastgroup), match.end()
        value: Any = match[kind]
        start = match.start(kind) - (kind in ("variable", "literal", "json"))
        if kind == "sign":
            kind = _SIGNS[value]
            if kind == "equals" and before != "variable":
                return None
            value = "=" if kind == "eq" and "$" in text else value  # where the lexer joins the two signs
        elif kind == "number":
            value = int(value)
        elif kind == "json":
            try:
                kind, value = "literal", json.loads(value)
            except ValueError:
                return None
        tokens.append({"type": kind, "value": value, "start": start})
    if not tokens or text[end:].strip(" \t\n\r"):
        return None
    return [*tokens, {"type": "eof", "value": "", "start": len(text)}]


class _Lexer(jmespath.lexer.Lexer):
    """The library's lexer, with ``$name`` as one token and ``=`` behind one."""

    # Both are unknown to the library, or refused: as simple tokens they come through, to be joined below.
    SIMPLE_TOKENS = {**jmespath.lexer.Lexer.SIMPLE_TOKENS, "$": "dollar", "=": "equals"}  # noqa: RUF012

    def tokens(self, text: str) -> Iterator[_Token]:
        if "$" not in text:  # and so no `=` is one token either
            yield from cast("Iterator[_Token]", jmespath.lexer.Lexer().tokenize(text))
            return
        found = cast("Iterator[_Token]", self.tokenize(text))
        token, before = next(found), ""
        while token["type"] != "eof":
            following = next(found) if token["type"] in ("dollar", "equals") else None
            if following is not None and following["start"] == token["start"] + 1:
                joined = _JOINED.get((token["type"], following["type"]))
                if joined is not None:
                    token, following = {**following, "type": joined, "start": token["start"]}, None
            if token["type"] == "dollar" or (token["type"] == "equals" and before != "variable"):
                sign = token["value"]
                raise LexerError(token["start"], sign, f"Unknown token {sign}")
            yield token
            before = token["type"]
            token = next(found) if following is None else following
        yield token


# Two tokens without a space between them that are one.
_JOINED: Final = {("dollar", "unquoted_identifier"): "variable", ("equals", "equals"): "eq"}


class _Parser(jmespath.parser.Parser):
    """The library's parser, with ``let`` and variables. One parser reads one text."""

    BINDING_POWER = {**jmespath.parser.Parser.BINDING_POWER, "variable": 0, "equals": 0}  # noqa: RUF012
    _index: int
    _tokens: list[_Token]

    def tree(self, text: str) -> _Tree:
        # `parse` of the library keeps its trees: the same text would give one tree with two places.
        self._tokens, self._index = simple_tokens(text) or list(_Lexer().tokens(text)), 0
        whole = self._any()
        left = self._tokens[self._index]
        if left["type"] != "eof":
            raise ParseError(left["start"], left["value"], left["type"], "unexpected token")
        return whole

    def names(self, text: str) -> list[Offsets]:
        """Where the names in the tree are written, in the order of the text."""
        kinds = ("unquoted_identifier", "quoted_identifier", "variable")
        starts = [token["start"] for token in self._tokens if token["type"] in kinds]
        # The lexer's own end of a quoted identifier is its length, or one less at the end of the text.
        found = (_NAME.match(text, start) for start in starts)
        return [name.span() for name in found if name is not None]

    def _any(self) -> _Tree:
        return cast(_Tree, super()._expression())  # type: ignore[misc]

    def _token_nud_variable(self, token: _Token) -> _Tree:
        return {"type": "variable", "value": token["value"], "children": []}

    def _token_nud_unquoted_identifier(self, token: _Token) -> _Tree:
        if token["value"] == "let" and self._tokens[self._index]["type"] == "variable":
            return self._let(token)
        return cast(_Tree, super()._token_nud_unquoted_identifier(token))  # type: ignore[misc]

    def _parse_dot_rhs(self, binding_power: int) -> _Tree:
        word, behind = self._tokens[self._index], self._tokens[self._index + 1 : self._index + 2]
        if word["value"] == "let" and behind and behind[0]["type"] == "variable":
            self._refuse(behind[0])
        return cast(_Tree, super()._parse_dot_rhs(binding_power))  # type: ignore[misc]

    def _let(self, word: _Token) -> _Tree:
        word["type"] = "keyword"  # so that it is not taken for a name
        bindings = [self._binding()]
        while self._tokens[self._index]["type"] == "comma":
            self._index += 1
            bindings.append(self._binding())
        behind = self._take("unquoted_identifier", "in")
        behind["type"] = "keyword"
        return {"type": "let", "children": [*bindings, self._any()]}

    def _binding(self) -> _Tree:
        name = self._take("variable")["value"]
        self._take("equals")
        return {"type": "binding", "value": name, "children": [self._any()]}

    def _take(self, kind: str, value: str | None = None) -> _Token:
        token = self._tokens[self._index]
        if token["type"] != kind or value not in (None, token["value"]):
            self._refuse(token)
        self._index += 1
        return token

    def _refuse(self, token: _Token) -> None:
        raise ParseError(token["start"], token["value"], token["type"], "unexpected token")


class _Conversion:
    """One tree on its way into nodes; ``names`` are the places of the names that are still to come."""

    def __init__(self, names: Iterator[Offsets], longest_chain: int) -> None:
        self.names = names
        self.longest_chain = longest_chain

    def node(self, tree: _Tree, depth: int) -> Expr:
        # The names are consumed as they are met: parts are converted in the order of the text.
        if depth > self.longest_chain:
            raise ChainError
        if tree["type"] in ("field", "variable", "function_expression", "key_val_pair", "binding"):
            return self._named(tree, depth)
        if tree["type"] == "slice":
            return Slice(*tree["children"])
        if tree["type"] == "filter_projection":
            left, right, condition = tree["children"]
            tree = {**tree, "children": [left, condition, right]}
        return _unnamed(tree, [self.node(part, depth + 1) for part in tree["children"]])

    def _named(self, tree: _Tree, depth: int) -> Expr:
        span, name = next(self.names), tree["value"]
        parts = [self.node(part, depth + 1) for part in tree["children"]]
        match tree["type"]:
            case "field":
                return Identifier(name, span=span)
            case "variable":
                return Variable(name, span=span)
            case "binding":
                return Binding(name, parts[0], span=span)
            case "key_val_pair":
                return KeyValue(name, parts[0], span=span)
        return FunctionCall(name, tuple(parts), span=span)


def _unnamed(tree: _Tree, parts: list[Expr]) -> Expr:
    match tree["type"]:
        case "literal":
            return Constant(settled(tree["value"]))
        case "index":
            return Index(tree["value"])
        case "current":
            return Current()
        case "identity":
            return Identity()
        case "subexpression":
            return Subexpression(tuple(parts))
        case "index_expression":
            return IndexExpression(tuple(parts))
        case "multi_select_list":
            return MultiselectList(tuple(parts))
        case "multi_select_dict":
            return MultiselectHash(tuple(cast("list[KeyValue]", parts)))
        case "let":
            return Let(tuple(cast("list[Binding]", parts[:-1])), parts[-1])
        case "comparator":
            return Comparator(tree["value"], parts[0], parts[1])
    return _operator(tree["type"], parts)


def _operator(kind: str, parts: list[Expr]) -> Expr:
    match kind:
        case "pipe":
            return Pipe(parts[0], parts[1])
        case "or_expression":
            return Or(parts[0], parts[1])
        case "and_expression":
            return And(parts[0], parts[1])
        case "not_expression":
            return Not(parts[0])
        case "projection":
            return Projection(parts[0], parts[1])
        case "value_projection":
            return ValueProjection(parts[0], parts[1])
        case "filter_projection":
            return FilterProjection(parts[0], parts[1], parts[2])
        case "flatten":
            return Flatten(parts[0])
        case "expref":
            return ExpressionReference(parts[0])
    raise AssertionError(f"the library has no node {kind}")
