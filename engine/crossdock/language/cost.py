"""How much an expression can multiply its input, computed without a payload.

``[@, @]`` contains its context twice, and a chain of thirty contains it 2**30 times. The items of a list
together are no larger than the list, but ``root()`` inside a loop is the whole payload again for each item.
So a value has a size: how many copies of its input it can contain, and how many nested loops over the whole
payload it comes from. Both are limited.

    {a: @, b: @} | [@, a]            4 times: a part may be the whole
    {a: x, b: y}                     once: properties of different names share what they are of
    items[].{n: root().items[].n}    once for each turn of one loop
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from crossdock.core.limits import NESTED_LOOPS, RESULT_COPIES
from crossdock.language.functions import REGISTRY

Tree = Mapping[str, Any]  # as in ``expressions``

_SMALL: Final = frozenset({"number", "integer", "boolean", "null"})
_SINGLE: Final = _SMALL | {"string"}
_WHOLE: Final = frozenset({"root", "request", "settings", "answers", "events"})
_ONE_OF: Final = frozenset({"or_expression", "and_expression", "conditional"})
_INWARDS: Final = frozenset({"subexpression", "pipe", "index_expression", "key_val_pair", "flatten"})


class GrowthError(Exception):
    """An expression can multiply its input too often. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Size:
    """At most ``times`` what is read, and that for each turn of ``loops`` loops over it."""

    times: int = 1
    loops: int = 0


NOTHING: Final = Size(0)
ONCE: Final = Size()


@dataclass(frozen=True, slots=True)
class CostContext:
    """Where an expression is evaluated: its context, the whole, and the loops around it.

    ``loops`` are those around the whole's own place: another mapping that is used has its own whole.
    """

    context: Size = ONCE
    whole: Size = ONCE
    loops: int = 0
    outside: int = 0

    def inside(self, over: Size) -> CostContext:
        """Inside of a loop over a value. The pieces of the context are no loop more."""
        loops = max(self.loops, over.loops + 1)
        if loops > NESTED_LOOPS:
            raise GrowthError(f"more than {NESTED_LOOPS} loops over the whole payload are nested")
        return CostContext(_some(over), self.whole, loops, self.outside)

    def behind(self, value: Size) -> CostContext:
        return CostContext(_some(value), self.whole, self.loops, self.outside)

    def own(self) -> CostContext:
        """In another mapping, whose whole is the context here."""
        return CostContext(self.context, self.context, self.loops, self.loops)

    def everything(self) -> Size:
        """The whole, read here once more for each turn of the loops."""
        return Size(self.whole.times, self.whole.loops + self.loops - self.outside)


def measured(tree: Tree, place: CostContext) -> Size:
    """How much an expression can hold. Raises GrowthError, also for what it holds on the way."""
    size = _size(tree, place)
    if size.times > RESULT_COPIES:
        raise GrowthError(f"the value here can hold what it reads more than {RESULT_COPIES} times")
    return size


def _size(tree: Tree, place: CostContext) -> Size:
    kind, parts = tree["type"], tree["children"]
    if kind in ("literal", "expref"):
        return NOTHING
    if kind in ("field", "index", "slice", "current", "identity"):
        return place.context
    if kind in _INWARDS:
        for part in parts:
            inner = measured(part, place)
            if inner is not place.context:
                place = place.behind(inner)
        return place.context
    if kind.endswith("projection"):
        inside = place.inside(measured(parts[0], place))
        sizes = [measured(part, inside) for part in parts[1:]]
        return sizes[0]
    if kind == "function_expression":
        return _called(tree["value"], parts, place)
    sizes = [measured(part, place) for part in parts]
    if kind in ("comparator", "not_expression"):
        return NOTHING
    if kind in ("text", "concat"):
        return _one_text(sizes)
    return _greatest(sizes) if kind in _ONE_OF else _beside(parts, sizes, place)


def _called(name: str, parts: Sequence[Tree], place: CostContext) -> Size:
    """What a function gives: of all its arguments together, if it is no single value or one of them."""
    if name in _WHOLE:
        return place.everything()
    sizes = [measured(part, place) for part in parts]
    later = [part["children"][0] for part in parts if part["type"] == "expref"]
    each = [measured(part, place.inside(_together(sizes))) for part in later]
    function = REGISTRY.get(name)
    if function is None or function.returns <= _SMALL:
        return NOTHING
    if function.returns <= _SINGLE:
        return _one_text(sizes)
    if name == "lookup":
        return _greatest(sizes[2:])
    if name == "not_null":
        return _greatest(sizes)
    return _together(each if name == "map" else sizes)


def _beside(parts: Sequence[Tree], sizes: Sequence[Size], place: CostContext) -> Size:
    """Several values in one list or object. Properties of different names are different parts."""
    paths = [_path(part) for part in parts]
    others = [size for size, path in zip(sizes, paths, strict=True) if path is None]
    counted = Counter(path for path in paths if path is not None)
    most = max((sum(counted[path[:end]] for end in range(len(path) + 1)) for path in counted), default=0)
    return _together([*others, Size(most * place.context.times, place.context.loops)])


def _path(tree: Tree) -> tuple[str, ...] | None:
    """The names that lead to a property; None for anything else."""
    match tree["type"]:
        case "field":
            return (tree["value"],)
        case "key_val_pair":
            return _path(tree["children"][0])
        case "current":
            return ()
        case "subexpression":
            paths = [_path(part) for part in tree["children"]]
            known = [path for path in paths if path is not None]
            return tuple(chain.from_iterable(known)) if len(known) == len(paths) else None
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
