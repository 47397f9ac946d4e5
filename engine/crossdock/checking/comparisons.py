"""What the types of two sides say of a comparison: whether it can hold, and whether it always has a value."""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.checking.type_kinds import NUMBER, Kinds, in_words, shown
from crossdock.checking.types import TRUTH, Type
from crossdock.core.equality import among
from crossdock.core.json_types import JSON
from crossdock.language.expr import Comparator, Constant
from crossdock.language.unparse import written

_ORDERED = NUMBER | {"string"}
_FALSY = frozenset({"string", "array", "object", "false"})


def comparison_type(left: Type, right: Type, *, equality: bool) -> Type:
    """The type of a comparison. An order is null when it is not between two numbers or two texts."""
    if equality:
        return TRUTH
    both = (left, right)
    sure = all(side.known and not side.optional and side.kinds <= _ORDERED for side in both)
    return TRUTH.with_optional(not sure)


def impossible(left: Type, right: Type, *, equality: bool) -> str | None:
    """Why two values can never be compared, or never be equal; None when they can."""
    for one, other in ((left, right), (right, left)):
        outside = [value for value in other.constants or () if value is not None]
        known = one.constants
        if equality and known is not None and outside and not any(among(value, known) for value in outside):
            return f"`{one.name}` is never `{shown(outside[0])}`: it is one of {listed(known)}"
    kinds = [_broad(side.kinds) for side in (left, right)]
    if not kinds[0] & kinds[1]:
        what = "are never equal" if equality else "cannot be compared"
        return f"{in_words(left.kinds)} and {in_words(right.kinds)} {what}"
    return None


def with_itself(node: Comparator) -> str | None:
    """Why a comparison of two equal expressions tells nothing; None when they differ.

    The author means a value of an element around the one that is filtered, which a name in `$each` gives.
    """
    left = written(node.left)
    if isinstance(node.left, Constant) or left != written(node.right):
        return None
    return f"`{left}` is compared with itself: with `$each: {{line: lines}}` the element around is `$line`"


def may_clash(left: Type, right: Type) -> bool:
    """Whether some payload compares text with a number, which has no order."""
    return any(
        "string" in one.kinds and other.kinds & NUMBER for one, other in ((left, right), (right, left))
    )


def unlikely(left: Type, right: Type) -> Iterator[tuple[str, str, tuple[JSON, ...]]]:
    """Comparisons with a text that is none of the known values: the other side, the text, those values."""
    for one, other in ((left, right), (right, left)):
        known, values = one.likely, other.constants
        texts = [value for value in values or () if isinstance(value, str) and value]
        all_texts = bool(texts) and len(texts) == len(values or ())
        if known and all_texts and not any(text in known for text in texts):
            yield one.name, texts[0], known


def never_true(typ: Type) -> bool:
    """Whether no payload makes a value true."""
    if not typ.known or (typ.kinds - _FALSY):
        return False
    if typ.kinds <= {"false"}:
        return True
    # Text, a list or an object is false when it is empty, which only constants tell.
    values = typ.constants
    return values is not None and not any(values)


def listed(values: tuple[JSON, ...]) -> str:
    """Some values as a message lists them."""
    return ", ".join(f"`{shown(value)}`" for value in values[:8] if value is not None)


def _broad(kinds: Kinds) -> Kinds:
    """Kinds with `1` and `1.0` as one: they are equal."""
    return kinds | NUMBER if kinds & NUMBER else kinds
