"""What a condition shows of the values that it reads, when it is true and when it is not.

    company && address.zip     true: company has a value, and so have address and address.zip
    !sku                       not true: sku has a value
    type(code) == 'string'     true: code is text

A path begins at the context, at a context function or at a variable: ``(Anchor("root"), "sku")``.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias, assert_never

from crossdock.checking.alternatives import holds, never
from crossdock.checking.narrowing import (
    NO_FACTS,
    PRESENT,
    TRUE,
    Alternatives,
    Anchor,
    Fact,
    Facts,
    Path,
    all_of,
    any_of,
    is_scope_path,
)
from crossdock.checking.type_kinds import BOOLEAN, EVERY, NUMBER, kinds_of, kinds_of_value
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
    source_order,
)
from crossdock.language.functions import REGISTRY

SCOPE_FUNCTIONS: Final = ("root", "request", "settings", "answers")
# These give null for an empty list.
_NOTHING_IN_NOTHING: Final = frozenset({"avg", "first", "last", "max", "max_by", "min", "min_by"})
_MIRRORED: Final[dict[Operator, Operator]] = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}


Known: TypeAlias = dict[tuple[int, bool], Facts]
"""What conditions show, by their identity and truth; kept with the expression that they are parts of."""


def shown_by(node: Expr, truth: bool = True, known: Known | None = None) -> Facts:
    """The facts that hold when a condition is true; with ``truth`` false, when it is not.

    ``known`` holds what was computed before of parts of the same expression, and takes what is computed now.
    Without it, a chain of conditions would be followed to its beginning for each of its parts.
    """
    if known is None:
        return _shown(node, truth, {})
    key = id(node), truth
    if key not in known:
        known[key] = _shown(node, truth, known)
    return known[key]


def _shown(node: Expr, truth: bool, known: Known) -> Facts:
    match node:
        case And(left, right) | Or(left, right):
            # `!(a && b)` is `!a || !b`: not both of them fail.
            if isinstance(node, And) == truth:
                return all_of(shown_by(left, truth, known), shown_by(right, truth, known))
            return _one_side(node, truth, known)
        case Not(operand):
            return shown_by(operand, not truth, known)
        case Comparator():
            return _compared(node, truth)
        case Let():
            return _outside(node, shown_by(node.body, truth, known))
    return _true(node) if truth else NO_FACTS


def any_shown(alternatives: Alternatives) -> Facts:
    """The facts that hold when one of several conditions is true, whichever it is."""
    if len(alternatives) == 1:
        return shown_by(alternatives[0])
    return {(): Fact(present=False, alternatives=(alternatives,))}


def _one_side(node: And | Or, truth: bool, known: Known) -> Facts:
    """What is shown when one of two sides is true, or is false, but not by one that never is."""
    if never(node.left, truth=truth):
        return shown_by(node.right, truth, known)
    left = shown_by(node.left, truth, known)
    if never(node.right, truth=truth):
        return left
    return all_of(any_of(left, shown_by(node.right, truth, known)), holds(node, truth=truth))


def _true(node: Expr) -> Facts:
    """The facts that hold when a value, other than that of a logical operator, is true."""
    path = path_of(node)
    return all_of(_parts_true(node), holds(node)) if path is None else about(path, TRUE)


def _parts_true(node: Expr) -> Facts:
    """What a condition that is true shows of the values in it."""
    match node:
        case FunctionCall("contains", (values, searched, *_)):
            return all_of(_among(values, searched), needed_by(node))
        case FunctionCall(name) if name != "sum":  # 0 is true
            return _arguments(node, filled=True)
        case Projection(operand) | FilterProjection(operand) | Flatten(operand):
            # A projection that gives something had something to go through.
            return _list(operand, nonempty=True)
    return needed_by(node)


def about(path: Path, fact: Fact) -> Facts:
    """A fact about a path, and what follows for the values that it leads through."""
    facts: dict[Path, Fact] = {path: fact}
    if not fact.present:
        return facts
    for length in range(len(path)):
        into = path[length]
        if isinstance(into, Anchor):
            continue
        kinds = frozenset({"array" if isinstance(into, int) else "object"})
        facts[path[:length]] = Fact(kinds, nonempty=True)
    return facts


def path_of(node: Expr) -> Path | None:
    """A chain of names and positions as a path; None for anything else."""
    match node:
        case Identifier():
            return (node.name,)
        case FunctionCall():
            return (Anchor(node.name),) if node.name in SCOPE_FUNCTIONS else None
        case Subexpression() | IndexExpression():
            return _joined(node.parts)
        case Current() | Identity():
            return ()
        case Index():
            return (node.position,)
        case Variable():
            return (Anchor(f"${node.name}"),)
        case Pipe(left, right):
            return _joined((left, right))
        case Let(_, body):
            path = path_of(body)
            return None if path is None else _path_outside(node, path)
        case Slice() | Constant() | Projection() | ValueProjection() | FilterProjection() | Flatten():
            return None
        case Comparator() | Or() | And() | Not() | Conditional() | Text() | Concat():
            return None
        case MultiselectList() | MultiselectHash() | KeyValue() | ExpressionReference() | Binding():
            return None
    assert_never(node)


def _joined(parts: tuple[Expr, ...]) -> Path | None:
    whole: Path = ()
    for part in parts:
        path = path_of(part)
        # `a | root()` ends at the payload, whatever `a` is, but has no value without it.
        if path is None or (whole and is_scope_path(path)):
            return None
        whole += path
    return whole


def _outside(let: Let, facts: Facts) -> Facts:
    """What facts of the body of a `let` say outside of it, where its variables have no meaning."""
    found: dict[Path, Fact] = {}
    for path, fact in facts.items():
        if (outer := _path_outside(let, path)) is not None:
            found[outer] = found[outer].both(fact) if outer in found else fact
    return found


def _path_outside(let: Let, path: Path) -> Path | None:
    """A path that begins at a variable of a `let`, from where the variable's value comes from."""
    for binding in reversed(let.bindings):
        if path and path[0] == Anchor(f"${binding.name}"):
            start = path_of(binding.value)
            return None if start is None else (*start, *path[1:])
    return path


def needed_by(node: Expr) -> Facts:
    """The facts without which this has no value, or none at all because a function refuses."""
    path = path_of(node)
    if path is not None:
        return about(path, PRESENT)
    match node:
        case FunctionCall(name):
            return _arguments(node, filled=name in _NOTHING_IN_NOTHING)
        case Projection(operand) | FilterProjection(operand) | Flatten(operand):
            return _list(operand)
        case ValueProjection(operand):
            return needed_by(operand)
        case Subexpression((first, behind, *_)) | IndexExpression((first, behind, *_)):
            return _parts_true(first) if isinstance(behind, Identifier | Index) else needed_by(first)
        case Let():
            return _outside(node, needed_by(node.body))
        case Identifier() | Index() | Current() | Identity() | Variable() | Slice() | Constant() | Pipe():
            return NO_FACTS
        case Comparator() | Or() | And() | Not() | Conditional() | Text() | Concat():
            return NO_FACTS
        case MultiselectList() | MultiselectHash() | KeyValue() | ExpressionReference() | Binding():
            return NO_FACTS
        case Subexpression() | IndexExpression():
            return NO_FACTS
    assert_never(node)


def _list(node: Expr, *, nonempty: bool = False) -> Facts:
    """What is projected is a list."""
    path = path_of(node)
    return needed_by(node) if path is None else about(path, Fact(frozenset({"array"}), nonempty))


def _arguments(call: FunctionCall, *, filled: bool) -> Facts:
    """A function gives nothing when it misses an argument, and refuses one of another kind.

    Null is the empty list to a function that takes a list. ``filled``: the list has elements.
    """
    function, facts = REGISTRY[call.name], NO_FACTS
    if function.name == "lookup":
        return needed_by(call.arguments[1])
    for position, argument in enumerate(call.arguments):
        parameter = function.parameter(position)
        if isinstance(argument, ExpressionReference):
            continue
        if parameter.optional or {"null", "any"} & parameter.types:
            continue
        if parameter.takes_list and not filled:
            continue
        path = path_of(argument)
        if path is None:
            shown = _parts_true(argument) if parameter.takes_list else needed_by(argument)
        else:
            shown = about(path, Fact(kinds_of(parameter.types), nonempty=parameter.takes_list))
        facts = all_of(facts, shown)
    return facts


def _compared(node: Comparator, truth: bool) -> Facts:
    operator, left, right = node.operator, node.left, node.right
    if (mirrored := _MIRRORED.get(operator)) is not None:
        if not truth:
            # Of two values that have no order the comparison is null, so that it shows nothing.
            return NO_FACTS
        return all_of(_ordered(left, operator, right), _ordered(right, mirrored, left))
    equal = truth == (operator == "eq")
    return all_of(_equal(left, right, equal), _equal(right, left, equal))


def _ordered(node: Expr, operator: Operator, against: Expr) -> Facts:
    """What is less or greater than something is a number, or text."""
    value = against.value if isinstance(against, Constant) else None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int | float) and (measured := _measured(node)) is not None:
        return _length(measured, _more_than(operator, value))
    path = path_of(node)
    if path is None:
        return needed_by(node)
    return about(path, Fact(NUMBER if number else NUMBER | {"string"}))


def _equal(node: Expr, other: Expr, equal: bool) -> Facts:
    """What is shown of one side of a comparison by the other, when that is a constant."""
    if not isinstance(other, Constant):
        return NO_FACTS
    value, path = other.value, path_of(node)
    if value is None:
        return NO_FACTS if equal else (needed_by(node) if path is None else about(path, PRESENT))
    if isinstance(value, int) and (measured := _measured(node)) is not None:
        return _length(measured, value if equal else 1) if equal or value == 0 else NO_FACTS
    if isinstance(node, FunctionCall) and node.name == "type":
        return _typed(node.arguments[0], value, equal)
    if path is None:
        return needed_by(node) if equal else NO_FACTS
    if equal:
        return about(
            path,
            Fact(kinds_of_value(value) if not kinds_of_value(value) & NUMBER else NUMBER, False, (value,)),
        )
    return about(path, Fact(excluded=(value,), present=False))


def _typed(argument: Expr, value: JSON, equal: bool) -> Facts:
    """`type(path) == 'string'`, or that it is not."""
    path = path_of(argument)
    if path is None or not isinstance(value, str):
        return NO_FACTS
    if value == "null":
        return NO_FACTS if equal else about(path, PRESENT)
    kinds = kinds_of([value]) or BOOLEAN
    if kinds == EVERY:
        return NO_FACTS
    return about(path, Fact(kinds) if equal else Fact(EVERY - kinds, present=False))


def _measured(node: Expr) -> Expr | None:
    """What a call of `length` measures; None for anything else."""
    return node.arguments[0] if isinstance(node, FunctionCall) and node.name == "length" else None


def _more_than(operator: Operator, value: float) -> int:
    """The least whole number that is greater than a value, or not less than it."""
    match operator:
        case "gt":
            return max(math.floor(value) + 1, 0)
        case "gte":
            return max(math.ceil(value), 0)
    return 0


def _length(measured: Expr, least: int) -> Facts:
    path = path_of(measured)
    if path is None:
        return needed_by(measured)
    fact = Fact(frozenset({"string", "array", "object"}), nonempty=least > 0, least=least)
    return about(path, fact)


def _among(values: Expr, searched: Expr) -> Facts:
    """`contains(['a', 'b'], path)`: the value is one of these."""
    path, written = path_of(searched), _written_list(values)
    if path is None or written is None or None in written:
        return NO_FACTS
    kinds = frozenset[str]().union(*map(kinds_of_value, written))
    return about(path, Fact(kinds | NUMBER if kinds & NUMBER else kinds, False, tuple(written)))


def _written_list(node: Expr) -> list[JSON] | None:
    """The values of a list of constants; None for anything else."""
    match node:
        case Constant(value):
            return value if isinstance(value, list) else None
        case MultiselectList(items):
            values = [item.value for item in items if isinstance(item, Constant)]
            return values if len(values) == len(items) else None
    return None


def answers_in(node: Expr) -> list[str]:
    """The names of the steps whose answers an expression reads."""
    paths = [path_of(part) for part in source_order(node)]
    names = [str(path[1]) for path in paths if path and len(path) > 1 and path[0] == Anchor("answers")]
    return list(dict.fromkeys(names))
