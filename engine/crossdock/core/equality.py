"""Equality of JSON values at any depth: 1 and 1.0 are equal, 1 and true are not.

Python alone takes true for 1 and false for 0, so it finds every inequality but this one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from crossdock.core.json_types import JSON


def equal(left: JSON, right: JSON) -> bool:
    """Whether two values are equal in JSON."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if left != right:
        return False
    if isinstance(left, list) and isinstance(right, list):
        return all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return all(equal(value, right[key]) for key, value in left.items())
    return True


def among(value: JSON, values: Iterable[JSON]) -> bool:
    """Whether some values contain an equal one."""
    return any(equal(each, value) for each in values)


def identity(value: JSON) -> Hashable:
    """A hashable that is equal for equal values and for no others."""
    match value:
        case bool():
            return ("boolean", value)
        case list():
            return ("array", *map(identity, value))
        case dict():
            return ("object", frozenset((name, identity(each)) for name, each in value.items()))
    return value
