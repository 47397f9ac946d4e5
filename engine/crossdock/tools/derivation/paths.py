"""Places in a shape, as recipes write them: ``items[].product.price``.

    name  "odd.name"   that property          []   the elements of a list
    *                  any property           **   anything between, or nothing
    /.*Amount/         properties whose whole name the expression matches

The empty path is the shape itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from crossdock.core.paths import EACH
from crossdock.tools.derivation.shapes import NOTHING, InferredShape, Path, merged

_STEP = re.compile(r'\.?(?:"([^"]+)"|/((?:[^/\\]|\\.)+)/|(\*\*)|(\*)|(\[\])|([^.\[\]"/*]+))')


@lru_cache(maxsize=4096)
def parse(pattern: str) -> Path:
    """The steps of a pattern: names as they are, the rest marked by a leading NUL."""
    steps: list[str] = []
    offset = 0
    while offset < len(pattern):
        found = _STEP.match(pattern, offset)
        if not found:
            raise ValueError(f"the path `{pattern}` cannot be read at `{pattern[offset:]}`")
        quoted, expression, anything, one, element, name = found.groups()
        if expression:
            _compiled(expression, pattern)
        steps.append(
            quoted
            or name
            or (element and EACH)
            or (f"\0/{expression}" if expression else f"\0{anything or one}")
        )
        offset = found.end()
    return tuple(steps)


def _compiled(expression: str, pattern: str) -> None:
    try:
        re.compile(expression)
    except re.error as error:
        raise ValueError(f"the path `{pattern}` holds no expression: {error.msg}") from None


def matches(pattern: str, path: Path) -> bool:
    """Whether a pattern matches a path."""
    steps = parse(pattern)
    if steps and steps[-1] != "\0**" and not (path and _step(steps[-1], path[-1])):
        return False  # most patterns end in a name, and most paths in another
    return _matches(steps, path)


@lru_cache(maxsize=65536)
def _matches(steps: Path, path: Path) -> bool:
    if not steps:
        return not path
    if steps[0] == "\0**":
        return _matches(steps[1:], path) or (bool(path) and _matches(steps, path[1:]))
    return bool(path) and _step(steps[0], path[0]) and _matches(steps[1:], path[1:])


@lru_cache(maxsize=65536)
def _step(step: str, name: str) -> bool:
    if step == "\0*":
        return name != EACH
    if step.startswith("\0/"):
        return name != EACH and re.fullmatch(step[2:], name) is not None
    return step == name


def pick(shape: InferredShape, pattern: str) -> InferredShape:
    """The union of all parts of a shape that a pattern matches."""
    steps = parse(pattern)
    found: list[InferredShape] = []
    _collect(shape, (), steps, found)
    return merged(found)


def _collect(shape: InferredShape, path: Path, steps: Path, found: list[InferredShape]) -> None:
    if _matches(steps, path):
        found.append(shape)
    for key, inner in shape.properties.items():
        _collect(inner, (*path, key), steps, found)
    if shape.items:
        _collect(shape.items, (*path, EACH), steps, found)


def graft(shape: InferredShape, steps: Sequence[str]) -> InferredShape:
    """A shape at a path: the objects and lists around it are built."""
    for step in reversed(steps):
        if step == EACH:
            shape = InferredShape(frozenset({"array"}), items=shape, origin=shape.origin)
        else:
            shape = InferredShape(frozenset({"object"}), {step: shape}, origin=shape.origin)
    return shape


__all__ = ["NOTHING", "graft", "matches", "parse", "pick"]
