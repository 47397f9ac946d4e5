"""How much an expression can multiply its input, computed without a payload.

``[@, @]`` contains its context twice, and a chain of thirty contains it 2**30 times. The items of a list
together are no larger than the list, but ``root()`` inside a loop is the whole payload again for each item.
So a value has a size: how many copies of its input it can contain, and how many nested loops over the whole
payload it comes from. Both are limited.

    {a: @, b: @} | [@, a]            4 times: a part may be the whole
    {a: x, b: y}                     once: properties of different names share what they are of
    items[].{n: root().items[].n}    once for each turn of one loop
    let $a = [@, @] in [$a, $a]      4 times: a variable counts each time it is read
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final, assert_never, cast

from crossdock.core.limits import NESTED_LOOPS, RESULT_COPIES
from crossdock.core.records import record, replace
from crossdock.language.expr import (
    And,
    Binding,
    Comparator,
    Concat,
    Conditional,
    Constant,
    Current,
    Expr,
    Expression,
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
from crossdock.language.functions import REGISTRY

_SMALL: Final = frozenset({"number", "integer", "boolean", "null"})
_SINGLE: Final = _SMALL | {"string"}
_GROUPING: Final = ("group_by", "index_by")  # the keys are in the result
_SIZE: Final = (0, False)  # a note of the whole expression: no node has this identity
WHOLE: Final = frozenset({"root", "request", "settings", "answers", "events"})


class GrowthError(Exception):
    """An expression can multiply its input too often. The message is one sentence."""


@record(frozen=True, slots=True)
class Size:
    """At most ``times`` what is read, and that for each turn of ``loops`` loops over it."""

    times: int = 1
    loops: int = 0


NOTHING: Final = Size(0)
ONCE: Final = Size()
_PIECES: Final = frozenset({Identifier, Index, Slice, Current, Identity})  # of the context, each once


@record(frozen=True, slots=True)
class CostContext:
    """Where an expression is evaluated: its context, the whole, and the loops around it.

    ``loops`` are those around the whole's own place: another mapping that is used has its own whole.
    """

    context: Size = ONCE
    whole: Size = ONCE
    loops: int = 0
    outside: int = 0
    names: tuple[tuple[str, Size, int], ...] = ()  # variables, with the loops around their `let`

    def inside(self, over: Size) -> CostContext:
        """Inside of a loop over a value. The pieces of the context do not add a loop."""
        loops = max(self.loops, over.loops + 1)
        if loops > NESTED_LOOPS:
            raise GrowthError(f"more than {NESTED_LOOPS} loops over the whole payload are nested")
        return CostContext(_some(over), self.whole, loops, self.outside, self.names)

    def behind(self, value: Size) -> CostContext:
        return CostContext(_some(value), self.whole, self.loops, self.outside, self.names)

    def own(self) -> CostContext:
        """In another mapping, whose whole is the context here."""
        return CostContext(self.context, self.context, self.loops, self.loops)

    def naming(self, sizes: Mapping[str, Size]) -> CostContext:
        """Inside of a `let` that names values of these sizes."""
        return replace(self, names=(*((name, sizes[name], self.loops) for name in sizes), *self.names))

    def naming_context(self, name: str | None) -> CostContext:
        """Where the context has a name, if it has one."""
        return self if name is None else self.naming({name: self.context})

    def variable(self, name: str) -> Size:
        """What a variable holds, read here once more for each turn of the loops inside of its `let`."""
        for known, size, loops in self.names:
            if known == name:
                return Size(size.times, size.loops + self.loops - loops)
        return self.everything()  # named outside of the expression, or reported elsewhere

    def everything(self) -> Size:
        """The whole, read here once more for each turn of the loops."""
        return Size(self.whole.times, self.whole.loops + self.loops - self.outside)


def may_grow(text: str) -> bool:
    """Whether an expression or template of this text has to be measured. Most are too short to grow.

    Every list, object and call with one part more adds a comma, or the ``|`` of a filter, and at most doubles
    what there is. Loops over the whole payload need a function that gives it, or a variable that holds it.
    """
    if text.count(",") + text.count("|") >= RESULT_COPIES.bit_length():
        return True
    whole = "$" in text or any(name in text for name in WHOLE)
    return whole and sum(text.count(sign) for sign in "[*&") > NESTED_LOOPS


def measured(node: Expr, place: CostContext) -> Size:
    """How much an expression can hold. Raises GrowthError, also for what it holds on the way."""
    if type(node) in _PIECES:
        return place.context  # without a call: most nodes are names
    size = _size(node, place)
    if size.times > RESULT_COPIES:
        raise GrowthError(f"the value here can hold what it reads more than {RESULT_COPIES} times")
    return size


def size_of(expression: Expression, place: CostContext) -> Size:
    """The same of a whole expression. One that reads its context alone is measured once for such places."""
    if place.context != ONCE or "$" in expression.text or any(name in expression.text for name in WHOLE):
        return measured(expression.node, place)
    if _SIZE not in expression.notes:
        expression.notes[_SIZE] = measured(expression.node, place)
    return cast(Size, expression.notes[_SIZE])


def _size(node: Expr, place: CostContext) -> Size:
    match node:
        case Constant() | ExpressionReference():
            return NOTHING
        case Identifier() | Index() | Slice() | Current() | Identity():
            return place.context
        case Variable(name):
            return place.variable(name)
        case Subexpression() | Pipe() | IndexExpression() | KeyValue() | Binding() | Flatten():
            for part in children(node):
                if type(part) in _PIECES:
                    continue
                inner = measured(part, place)
                if inner is not place.context:
                    place = place.behind(inner)
            return place.context
        case Projection(left, right) | ValueProjection(left, right):
            return measured(right, place.inside(measured(left, place)))
        case FilterProjection(left, condition, right):
            inside = place.inside(measured(left, place))
            size = measured(right, inside)
            measured(condition, inside)
            return size
        case FunctionCall(name, arguments):
            return _called(name, arguments, place)
        case Let(bindings, body):
            sizes = {binding.name: measured(binding.value, place) for binding in bindings}
            return measured(body, place.naming(sizes))
    return _of_parts(node, place)


_OfParts = Comparator | Not | Or | And | Conditional | Text | Concat | MultiselectList | MultiselectHash


def _of_parts(node: _OfParts, place: CostContext) -> Size:
    parts = children(node)
    sizes = [measured(part, place) for part in parts]
    if len(sizes) == 1 and isinstance(node, MultiselectList | MultiselectHash):
        return _together([sizes[0], Size(0, place.context.loops)])  # of lists in lists there are many
    match node:
        case Comparator() | Not():
            return NOTHING
        case Or() | And() | Conditional():
            return _greatest(sizes)
        case Text() | Concat():
            return _one_text(sizes)
        case MultiselectList() | MultiselectHash():
            return _beside(parts, sizes, place)
    assert_never(node)


def _called(name: str, parts: Sequence[Expr], place: CostContext) -> Size:
    """What a function gives: of all its arguments together, if it is not a single value or one of them."""
    if name in WHOLE:
        return place.everything()
    function = REGISTRY.get(name)
    sizes = [measured(part, place) for part in parts]
    later = [part.body for part in parts if isinstance(part, ExpressionReference)]
    each = [measured(part, place.inside(_together(sizes))) for part in later]
    if function is None or function.returns <= _SMALL:
        return NOTHING
    if function.returns <= _SINGLE:
        return _one_text(sizes)
    if name == "lookup":
        return _greatest(sizes[2:])
    if name == "not_null":
        return _greatest(sizes)
    if name == "map":
        return _together(each)
    if name in _GROUPING:  # a key that is a property of the item is a part of it
        sizes += [size for part, size in zip(later, each, strict=True) if property_path(part) is None]
    # A number only says how, as that of `chunks` does.
    given = zip(sizes, map(function.parameter, range(len(sizes))), strict=False)
    return _together([size for size, parameter in given if not parameter.types <= _SMALL])


def _beside(parts: Sequence[Expr], sizes: Sequence[Size], place: CostContext) -> Size:
    """Several values in one list or object. Properties of different names are different parts."""
    paths = [property_path(part) for part in parts]
    others = [size for size, path in zip(sizes, paths, strict=True) if path is None]
    counted = Counter(path for path in paths if path is not None)
    for root in dict.fromkeys(["", *(path[0] for path in counted)]):
        of_root = [path for path in counted if path[0] == root]
        held = (sum(counted[path[:end]] for end in range(1, len(path) + 1)) for path in of_root)
        most = max(held, default=0)
        size = place.variable(root) if root else place.context
        others.append(Size(most * size.times, size.loops))
    return _together(others)


def property_path(node: Expr) -> tuple[str, ...] | None:
    """The variable, or empty text for the context, and the names that lead on from it to a property.

    None for anything else.
    """
    match node:
        case Identifier(name):
            return ("", name)
        case Variable(name):
            return (name,)
        case KeyValue(_, value):
            return property_path(value)
        case Current():
            return ("",)
        case Subexpression((first, *others)):
            start, behind = property_path(first), [property_path(part) for part in others]
            if start is None or any(path is None or path[0] for path in behind):
                return None
            return start + tuple(chain.from_iterable(path[1:] for path in behind if path))
    return None


def _one_text(sizes: Sequence[Size]) -> Size:
    """A text, however it is made; how long it may be is a matter of the function that makes it."""
    return Size(1, _together(sizes).loops)


def _some(size: Size) -> Size:
    """A constant is something too, to who makes more of it."""
    return size if size.times else Size(1, size.loops)


def _together(sizes: Sequence[Size]) -> Size:
    return Size(sum(size.times for size in sizes), max((size.loops for size in sizes), default=0))


def _greatest(sizes: Sequence[Size]) -> Size:
    most = max((size.times for size in sizes), default=0)
    return Size(most, max((size.loops for size in sizes), default=0))
