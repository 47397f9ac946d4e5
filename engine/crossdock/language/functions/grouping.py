"""Lists cut into parts, and grouped by a key.

A key is an expression that is evaluated for each item. It must have a value: an item without a key would
otherwise be lost, or share a group with others that have none.

group_by(lines, &sku)      {"A": [line, line], "B": [line]}
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, TypeAlias

from crossdock.core.equality import identity
from crossdock.core.json_types import JSON
from crossdock.core.kinds import described
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types

KeyOf: TypeAlias = "Callable[[JSON], JSON]"
KEPT: Final = ("first", "last")


def chunks(array: list[JSON], size: int) -> list[JSON]:
    if size < 1:
        raise FunctionError("takes a size of 1 or more")
    step = int(size)
    return [array[start : start + step] for start in range(0, len(array), step)]


def group_by(array: list[JSON], key: KeyOf) -> dict[str, JSON]:
    groups: dict[str, list[JSON]] = {}
    for item in array:
        groups.setdefault(_name(key(item)), []).append(item)
    return dict(groups)


def index_by(array: list[JSON], key: KeyOf) -> dict[str, JSON]:
    return {_name(key(item)): item for item in array}


def unique_by(array: list[JSON], key: KeyOf, keep: str | None = None) -> list[JSON]:
    if keep is not None and keep not in KEPT:
        raise FunctionError("takes 'first' or 'last' as its third argument")
    kept: dict[Hashable, JSON] = {}
    for item in array if keep != "last" else reversed(array):
        kept.setdefault(identity(_present(key(item))), item)
    return [*kept.values()] if keep != "last" else [*kept.values()][::-1]


def _present(key: JSON) -> JSON:
    if key is None:
        raise FunctionError("needs a key for each item, and one is missing")
    return key


def _name(key: JSON) -> str:
    """A key as the name of a property: text, or the digits of a whole number, as `lookup` has them."""
    match _present(key):
        case str() as text:
            return text
        case int() | float() as number if not isinstance(number, bool) and number == int(number):
            return str(int(number))
        case other:
            raise FunctionError(f"takes text or whole numbers as keys, and one is {described(other)}")


FUNCTIONS = (
    Function(
        "chunks",
        takes("array: array, size: integer"),
        types("array"),
        "The array in lists of `size` items, in order; the last one has what is left",
        (
            Example('chunks(`["A", "B", "C"]`, `2`)', [["A", "B"], ["C"]]),
            Example("chunks(`[]`, `2`)", []),
            Example("chunks(missing, `2`)", []),
        ),
        chunks,
    ),
    Function(
        "group_by",
        takes("array: array, key: expression"),
        types("object"),
        "An object with a list for each key: the items that have it. A key is text or a whole number",
        (
            Example(
                'group_by(`[{"n": 1, "to": "A"}, {"n": 2, "to": "B"}, {"n": 3, "to": "A"}]`, &to)',
                {"A": [{"n": 1, "to": "A"}, {"n": 3, "to": "A"}], "B": [{"n": 2, "to": "B"}]},
            ),
            Example("group_by(missing, &to)", {}),
        ),
        group_by,
    ),
    Function(
        "index_by",
        takes("array: array, key: expression"),
        types("object"),
        "An object with an item for each key; of items with equal keys the last one. "
        "A key is text or a whole number",
        (
            Example('index_by(`[{"id": 7}, {"id": 8}]`, &id)', {"7": {"id": 7}, "8": {"id": 8}}),
            Example("index_by(missing, &id)", {}),
        ),
        index_by,
    ),
    Function(
        "unique_by",
        takes("array: array, key: expression, keep?: string"),
        types("array"),
        "The array with one item for each key, the `'first'` (the default) or the `'last'`, in its order",
        (
            Example('unique_by(`[{"k": 1, "n": 1}, {"k": 1, "n": 2}]`, &k)', [{"k": 1, "n": 1}]),
            Example("unique_by(`[1, 12, 3]`, &length(to_string(@)), 'last')", [12, 3]),
            Example("unique_by(missing, &k)", []),
        ),
        unique_by,
    ),
)
