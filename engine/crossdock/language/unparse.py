"""The node of an expression as text again: any part of it, so that a part can be shown by itself.

    written(node of `a || money(b)`)                  a || money(b)
    written(its right side)                           money(b)

The text means the same as what was written; spaces and needless brackets may differ. The parts of a template
are written as expressions: ``{{ first | upper }}`` as ``{{ upper(first) }}``.
"""

from __future__ import annotations

import json
import re
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

_COMPARISONS: Final[dict[Operator, str]] = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
}
# How tightly an operator holds its operands; a looser one inside of a tighter one is put in brackets.
_STRENGTH: Final[dict[type[Expr], int]] = {
    Conditional: 0,
    Let: 0,
    Pipe: 1,
    Concat: 1,
    Or: 2,
    And: 3,
    Comparator: 4,
    Not: 5,
}
_TIGHTEST: Final = 9
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def written(node: Expr) -> str:
    """A part of an expression as JMESPath, or of a template as a template."""
    return _template(node.parts) if isinstance(node, Text) else _written(node)


def _template(parts: Sequence[Expr]) -> str:
    return "".join(map(_piece, parts))


def _piece(node: Expr) -> str:
    match node:
        case Constant(value):
            return str(value)
        case Text(parts):
            return _template(parts)
        case Conditional(test, then, otherwise, inline=False):
            other = _piece(otherwise)
            behind = f"{{% else %}}{other}" if other else ""
            return f"{{% if {_written(test)} %}}{_piece(then)}{behind}{{% endif %}}"
    return f"{{{{ {_written(node)} }}}}"


def _written(node: Expr, around: int = 0) -> str:
    strength = _STRENGTH.get(type(node), _TIGHTEST)
    text = _text(node, strength)
    return f"({text})" if strength < around else text


def _text(node: Expr, strength: int) -> str:
    match node:
        case Identifier(name):
            return _name(name)
        case Variable(name):
            return f"${name}"
        case Current():
            return "@"
        case Identity():
            return ""
        case Constant(value):
            return literal(value)
        case Text(parts):
            return json.dumps(_template(parts), ensure_ascii=False)
        case FunctionCall(name, arguments):
            return f"{name}({_listed(arguments)})"
        case ExpressionReference(body):
            return "&" + _written(body, _TIGHTEST)
        case MultiselectList(items):
            return f"[{_listed(items)}]"
        case MultiselectHash(pairs):
            return f"{{{_listed(pairs)}}}"
        case KeyValue(key, value):
            return f"{_name(key)}: {_written(value)}"
        case Let(bindings, body):
            return f"let {_listed(bindings)} in {_written(body)}"
        case Binding(name, value):
            return f"${name} = {_written(value, 1)}"
    return _operator(node, strength)


def _ends_a_not(node: Expr) -> bool:
    """Whether `!` would take only the beginning of a node: it binds tighter than `.`, looser than `[0]`."""
    match node:
        case Subexpression() | FilterProjection() | ValueProjection() | Flatten():
            return True
        case IndexExpression(parts):
            return _ends_a_not(parts[0])
        case Projection(left):
            return _ends_a_not(left)
    return False


def _listed(parts: Sequence[Expr]) -> str:
    return ", ".join(map(_written, parts))


def _operator(
    node: Pipe
    | Or
    | And
    | Not
    | Comparator
    | Concat
    | Conditional
    | Index
    | Slice
    | Subexpression
    | IndexExpression
    | Flatten
    | Projection
    | ValueProjection
    | FilterProjection,
    strength: int,
) -> str:
    match node:
        case Pipe(left, right):
            return f"{_written(left, strength)} | {_written(right, strength)}"
        case Or(left, right):
            return f"{_written(left, strength)} || {_written(right, strength + 1)}"
        case And(left, right):
            return f"{_written(left, strength)} && {_written(right, strength + 1)}"
        case Not(operand):
            text = _written(operand, strength)
            return f"!({text})" if _ends_a_not(operand) else f"!{text}"
        case Comparator(operator, left, right):
            sides = (_written(side, strength + 1) for side in (left, right))
            return f" {_COMPARISONS[operator]} ".join(sides)
        case Concat(parts):
            return " ~ ".join(_written(part, strength + 1) for part in parts)
        case Conditional(test, then, otherwise):
            return f"{_written(then, 1)} if {_written(test, 1)} else {_written(otherwise, 1)}"
    return _path(node)


def _path(
    node: Index
    | Slice
    | Subexpression
    | IndexExpression
    | Flatten
    | Projection
    | ValueProjection
    | FilterProjection,
) -> str:
    """What goes into a value, step by step."""
    match node:
        case Index(position):
            return f"[{position}]"
        case Slice(start, stop, step):
            bounds = ["" if bound is None else str(bound) for bound in (start, stop, step)]
            return f"[{':'.join(bounds if step is not None else bounds[:2])}]"
        case Subexpression(parts) | IndexExpression(parts):
            return _base(parts[0]) + "".join(map(_behind, parts[1:]))
        case Flatten(operand):
            return _written(operand, _TIGHTEST) + "[]"
        case Projection(left, right):
            # A flattened list and a slice project without another bracket.
            own = "" if isinstance(left, Flatten) or _is_slice(left) else "[*]"
            return _base(left) + own + _behind(right)
        case ValueProjection(left, right):
            base = _base(left)
            return (base + ".*" if base else "*") + _behind(right)
        case FilterProjection(left, condition, right):
            return f"{_base(left)}[?{_written(condition)}]{_behind(right)}"
    assert_never(node)


def _base(node: Expr) -> str:
    """What is gone into. Brackets end a projection, or else everything after it would be part of it.

    A list or an object of parts ends it too: after ``a[*].{b: c}``, ``.d`` reads the list.
    """
    text = _written(node, _TIGHTEST)
    match node:
        case Projection(_, right) | ValueProjection(_, right) | FilterProjection(_, _, right):
            return text if isinstance(right, MultiselectList | MultiselectHash) else f"({text})"
    return text


def _is_slice(node: Expr) -> bool:
    # `a[0][1:]` is one index expression, and projects only with `[*]` behind it.
    return isinstance(node, IndexExpression) and len(node.parts) == 2 and isinstance(node.parts[1], Slice)


def _behind(node: Expr) -> str:
    text = _written(node, _TIGHTEST)
    bracket = text.startswith("[") and not _begins_with_list(node)
    return text if not text or bracket else "." + text


def _begins_with_list(node: Expr) -> bool:
    """Whether the first bracket of a text makes a list, so that a dot must come before it."""
    while not isinstance(node, MultiselectList | MultiselectHash) and (inner := children(node)):
        node = inner[0]
    return isinstance(node, MultiselectList)


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def literal(value: JSON) -> str:
    """A constant as an expression writes it: text in single quotes, the rest as JSON in backticks."""
    # Between single quotes a backslash is itself, but the last one would escape the quote.
    if isinstance(value, str) and "\\" not in value:
        return "'" + value.replace("'", "\\'") + "'"
    return "`" + json.dumps(value, ensure_ascii=False).replace("`", "\\`") + "`"
