"""An expression in plain words, for people who know the payloads and not the language.

    money(not_null(sale, list), root().currency)      (the first of sale and list that has a value) as money …
    lookup('card', upper(code), 'Other')              code in upper case, looked up in the table …
    items[?quantity != `0`]                           items where quantity is not 0

The words follow the expression from the inside out. ``here`` is what the context is called: to the right of
a pipe it is the words for the left side.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, assert_never

from crossdock.core.json_types import JSON
from crossdock.language.expr import (
    And,
    Binding,
    Comparator,
    Concat,
    Conditional,
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
    Operator,
    Or,
    Pipe,
    Projection,
    Slice,
    Subexpression,
    Text,
    ValueProjection,
    Variable,
    children,
)
from crossdock.language.unparse import written
from crossdock.tools.explain.steps import alternatives_of
from crossdock.tools.sheet.phrases import CONDITIONS, PHRASES

_HERE: Final = "it"
_MARK: Final = "\0"
_COMPARED: Final[dict[Operator, str]] = {
    "eq": "{0} is {1}",
    "ne": "{0} is not {1}",
    "lt": "{0} is less than {1}",
    "lte": "{0} is at most {1}",
    "gt": "{0} is more than {1}",
    "gte": "{0} is at least {1}",
}
_OPPOSITES: Final[dict[Operator, Operator]] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "gte",
    "gte": "lt",
    "gt": "lte",
    "lte": "gt",
}
_AROUND: Final = {
    "root": "the payload",
    "settings": "the settings",
    "request": "the request",
    "answers": "the answers",
}
_JOINTS: Final = (
    " where ",
    " when ",
    " if ",
    ", ",
    "; ",
    " and ",
    " plus ",
    " minus ",
    " times ",
    " divided by ",
)
_EMPTY: Final[tuple[JSON, ...]] = (None, [], {}, "")


def words(node: Expr, here: str = _HERE) -> str:
    """A value in words."""
    match node:
        case Constant(value):
            return constant(value)
        case Current() | Identity():
            return here
        case Variable(name):
            return f"${name}"
        case FunctionCall():
            return _call(node, here)
        case Or():
            return _first_of(node, here)
        case And(left, right):
            return f"{_inner(words(right, here))} when {condition(left, here)}"
        case Comparator() | Not():
            return f"whether {condition(node, here)}"
        case Conditional(test, then, otherwise):
            return _either(test, words(then, here), words(otherwise, here), here)
        case Text(parts) | Concat(parts):
            return _text(parts, here)
        case MultiselectList(items):
            return listed([_inner(words(item, here)) for item in items])
        case MultiselectHash(pairs):
            return "an object of " + "; ".join(words(pair, here) for pair in pairs)
        case KeyValue(key, value):
            return f"{key}: {words(value, here)}"
        case Let(bindings, body):
            return _let(bindings, _inner(words(body, here)), here)
        case Binding(name, value):
            return f"${name} is {_inner(words(value, here))}"
        case ExpressionReference(body):
            return words(body)
    return _path(node, here)


def _path(
    node: Identifier
    | Index
    | Slice
    | Subexpression
    | IndexExpression
    | Pipe
    | Projection
    | ValueProjection
    | FilterProjection
    | Flatten,
    here: str,
) -> str:
    """What goes into a value, step by step."""
    match node:
        case Identifier(name):
            return name if here == _HERE else f"{name} of {here}"
        case Index() | Slice():
            return _at(node, here)
        case Subexpression(parts):
            return _inside(parts, here)
        case IndexExpression((base, *brackets)):
            said = words(base, here)
            for bracket in brackets:
                said = words(bracket, said)
            return said
        case IndexExpression():
            return here
        case Pipe(left, right):
            if (cases := _cases(left, here)) is not None and _is_first(right):
                return cases
            return _behind(right, _behind(left, here))
        case Flatten(operand):
            return words(operand, here)
        case Projection() | ValueProjection() | FilterProjection():
            return _projection(node, here)
    assert_never(node)


def _let(bindings: Sequence[Binding], body: str, here: str) -> str:
    return f"{body}, where {listed([words(binding, here) for binding in bindings])}"


def _is_first(node: Expr) -> bool:
    last = node.parts[-1] if isinstance(node, IndexExpression) else node
    return last == Index(0)


def _behind(node: Expr, here: str) -> str:
    """The right side of a pipe. The words for its left side are used once: at the end if needed twice."""
    if here == _HERE:
        return words(node)
    # Each use would repeat the words of the left side, and a chain of pipes would double them at each pipe.
    said = words(node, _MARK)
    if said.count(_MARK) <= 1:
        return said.replace(_MARK, here if said == _MARK else _inner(here))
    return f"{words(node)}, from {_inner(here)}"


def _inside(parts: Sequence[Expr], here: str) -> str:
    """A path: as one name with dots where it is a chain of names, else step by step."""
    first, rest = parts[0], parts[1:]
    if not all(map(_is_path, rest)):
        for part in parts:
            here = _behind(part, here)
        return here
    path = ".".join(map(written, rest))
    match first:
        case FunctionCall("settings"):
            return f"the setting {path}"
        case FunctionCall(name) if name in _AROUND:
            return f"{path} of {_AROUND[name]}"
        case Variable():
            return f"{written(first)}.{path}"
    if _is_path(first):
        path = f"{written(first)}.{path}"
        return path if here == _HERE else f"{path} of {_inner(here)}"
    return f"{path} of {_inner(words(first, here))}"


def _is_path(node: Expr) -> bool:
    return isinstance(node, Identifier) or (
        isinstance(node, Subexpression) and all(map(_is_path, node.parts))
    )


def _at(node: Index | Slice, base: str) -> str:
    if isinstance(node, Slice):
        return f"{_inner(base)}{written(node)}"
    which = {0: "the first", 1: "the second", 2: "the third", -1: "the last"}.get(node.position)
    return f"{which} of {_inner(base)}" if which else f"number {node.position + 1} of {_inner(base)}"


def _projection(node: Projection | ValueProjection | FilterProjection, here: str) -> str:
    each, elements = node.right, words(node.left, here)
    if isinstance(node, FilterProjection):
        elements = f"{_inner(elements)} where {condition(node.condition)}"
    if isinstance(each, Identity):
        return elements
    if _is_path(each):
        if isinstance(node, Projection) and _is_list_path(node.left) and here == _HERE:
            return f"{elements}[].{words(each)}"
        return f"{words(each)} of {_inner(elements)}"
    return f"{_inner(words(each))} of each of {_inner(elements)}"


def _is_list_path(node: Expr) -> bool:
    if isinstance(node, Flatten | Projection):
        return all(isinstance(part, Identity) or _is_list_path(part) for part in children(node))
    return _is_path(node)


def _cases(node: Expr, here: str) -> str | None:
    """``[{by: 'a', name: x}, {by: 'b', name: y}][?by == e].name``: x when e is 'a', y when e is 'b'."""
    match node:
        case FilterProjection(
            MultiselectList(choices), Comparator("eq", Identifier(by), selector), Identifier(name)
        ):
            asked, said = words(selector), []
        case _:
            return None
    for choice in choices:
        if not isinstance(choice, MultiselectHash):
            return None
        pairs = {pair.key: pair.value for pair in choice.pairs}
        key, value = pairs.get(by), pairs.get(name)
        if value is None or not isinstance(key, Constant):
            return None
        said.append(f"{_inner(words(value, here))} when {asked} is {constant(key.value)}")
    return ", else ".join(said)


def _inner(text: str) -> str:
    """Words inside other words, in brackets where the result would be ambiguous."""
    quoted = text.startswith("'") and text.endswith("'") and text.count("'") == 2
    if quoted or _enclosed(text) or not any(joint in text for joint in _JOINTS):
        return text
    return f"({text})"


def _enclosed(text: str) -> bool:
    """Whether one pair of brackets holds the whole text."""
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return char == ")" and position == len(text) - 1
    return False


def _first_of(node: Or, here: str) -> str:
    """``a || b``: the first that has a value; a constant at the end is the default."""
    *alternatives, last = alternatives_of(node)
    otherwise = ""
    if isinstance(last, Constant):
        # A constant that shows nothing, such as '' or [], only says that the field may have no value.
        otherwise = "" if last.value in _EMPTY else f", else {constant(last.value)}"
    else:
        alternatives.append(last)
    said = [words(each, here) for each in alternatives]
    if len(said) == 1:
        return said[0] + otherwise
    if all(" " not in each for each in said):
        return f"the first of {', '.join(said)}{otherwise}"
    return ", else ".join(map(_inner, said)) + otherwise


def _call(node: FunctionCall, here: str) -> str:
    name, arguments = node.name, node.arguments
    if name in _AROUND and not arguments:
        return _AROUND[name]
    if name == "lookup":
        return _lookup(arguments, here)
    if name in CONDITIONS:
        return f"whether {condition(node, here)}"
    said = [_argument(argument, here) for argument in arguments]
    phrases = PHRASES.get(name, ())
    phrase = phrases[min(len(said), len(phrases)) - 1] if phrases and said else "".join(phrases[:1])
    if not phrase:
        return f"{name} of {listed(said)}" if said else name
    return phrase.format(*said, all=listed(said), plus=" plus ".join(said), times=" times ".join(said))


def _argument(node: Expr, here: str) -> str:
    # The body of `&body` has an element as its context, not what is here.
    return words(node) if isinstance(node, ExpressionReference) else _inner(words(node, here))


def _lookup(arguments: Sequence[Expr], here: str) -> str:
    found = f"{words(arguments[1], here)}, looked up in the table {_table(arguments[0])}"
    if len(arguments) < 3:
        return found
    other = arguments[2]
    same = other in (arguments[1], *children(arguments[1]))
    return f"{found}, else as it is" if same else f"{found}, else {words(other, here)}"


def _table(node: Expr) -> JSON:
    """The name of a table; the compiler has checked that it is a constant."""
    assert isinstance(node, Constant)
    return node.value


def _either(test: Expr, then: str, otherwise: str, here: str) -> str:
    said = f"{then} if {condition(test, here)}"
    return said if otherwise in ("", "''") else f"{said}, else {otherwise}"


def _text(parts: Sequence[Expr], here: str) -> str:
    """A text with values in it: the values in ⟨⟩."""
    if len(parts) == 1:
        return words(parts[0], here)
    said = [str(part.value) if isinstance(part, Constant) else f"⟨{words(part, here)}⟩" for part in parts]
    return " ".join("".join(said).split())


def condition(node: Expr, here: str = _HERE, *, true: bool = True) -> str:
    """A condition in words, or its opposite. Any value is a condition: whether it is set."""
    match node:
        case Not(operand):
            return condition(operand, here, true=not true)
        case And(left, right) | Or(left, right):
            both = isinstance(node, And) == true
            return (" and " if both else " or ").join(_part(part, here, true) for part in (left, right))
        case Comparator(operator, left, right):
            phrase = _COMPARED[operator if true else _OPPOSITES[operator]]
            return phrase.format(_inner(words(left, here)), _inner(words(right, here)))
        case FunctionCall(name, arguments) if name in CONDITIONS:
            text = CONDITIONS[name].format(*(_inner(words(part, here)) for part in arguments))
            return text if true else f"it is not true that {text}"
        case FunctionCall("lookup", (table, key)):
            return f"{words(key, here)} is {'' if true else 'not '}in the table {_table(table)}"
        case FunctionCall("trim", (text,)):
            return f"{words(text, here)} is {'not blank' if true else 'blank'}"
        case Current() | Identity():
            return f"{here} is {'' if true else 'not '}set"
        case Let(bindings, body):
            return _let(bindings, condition(body, here, true=true), here)
    return f"{_inner(words(node, here))} is {'' if true else 'not '}set"


def _part(node: Expr, here: str, true: bool) -> str:
    said = condition(node, here, true=true)
    return f"({said})" if isinstance(node, And | Or) else said


def constant(value: JSON) -> str:
    """A constant as it is written in a payload; text in single quotes."""
    match value:
        case None:
            return "null"
        case str():
            return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def listed(said: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(said) < 2:
        return "".join(said)
    return ", ".join(said[:-1]) + " and " + said[-1]
