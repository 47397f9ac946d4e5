"""Whether two types say the same, though they were made of different texts.

Types of objects that cells make are equal only to themselves. After a change of a mapping, the type of its
result is another object, and mostly the same type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from crossdock.checking.types import Type
from crossdock.schema.shape import Shape


def alike(one: Type, other: Type) -> bool:
    """Whether everything that the check reads of two types is the same, names and order included."""
    return _same(one, other, {})


def _same(one: object, other: object, known: dict[tuple[int, int], bool]) -> bool:
    """``known`` are the pairs that were compared: parts of a type are shared, and would be met again."""
    if one is other:
        return True
    if type(one) is not type(other) or isinstance(one, Shape):  # each part of a schema has one shape
        return False
    key = id(one), id(other)
    if key not in known:
        known[key] = _same_parts(one, other, known)
    return known[key]


def _same_parts(one: object, other: object, known: dict[tuple[int, int], bool]) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_same(one[key], other[key], known) for key in one)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_same(left, right, known) for left, right in pairs)
    if is_dataclass(one):
        given = (each.name for each in fields(one) if each.init)
        return all(_same(getattr(one, name), getattr(other, name), known) for name in given)
    return one == other
