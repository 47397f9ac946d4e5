"""Whether a value fits a schema, for those who do not ask why not.

An acceptor tells it in a fraction of the validator's time, but takes as long to make as the validator takes
for some thousand values. So a schema gets its acceptor when that many have been validated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crossdock.core.json_types import JSON, MISSING, Missing, settled
from crossdock.schema import fast
from crossdock.schema.store import Schema
from crossdock.schema.validator import validate

WORTH: Final = 1_000
"""As many values, whole lists and objects counted too, are validated before an acceptor is made."""


@dataclass(slots=True)
class _Work:
    """How many values have been validated against a schema."""

    values: int = 0


def fits(value: JSON, schema: Schema) -> bool:
    """Whether a value is known to fit a schema. False says nothing: ``validate`` does."""
    return not isinstance(fitted(value, schema), Missing)


def fitted(value: JSON, schema: Schema) -> JSON | Missing:
    """A value with its whole numbers as ints; MISSING for one that is not known to fit its schema."""
    work = schema.once(_work)
    if work.values < WORTH:
        work.values += _counted(value, WORTH)
        if work.values < WORTH:
            value = settled(value)
            return MISSING if validate(value, schema) else value
    found = fast.exact(value)
    return found if not isinstance(found, Missing) and fast.accepts(found, schema) else MISSING


def _work(_schema: Schema) -> _Work:
    return _Work()


def _counted(value: JSON, most: int) -> int:
    """How many values there are in a value, itself included; counting stops at a limit."""
    count, level = 1, [value]
    while level and count < most:
        inner: list[JSON] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        count, level = count + len(inner), inner
    return count
