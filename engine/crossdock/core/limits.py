"""The bounds on what users, channels and files may give: each a constant, and together ``LIMITS``.

docs/security.md shows ``LIMITS`` as a table. A bound of the program's own work, such as the depth of
generated code, stays in its module.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Limit(NamedTuple):
    """One bound. ``bounds`` completes "the most ... of"; ``id`` is the diagnostic of what exceeds it."""

    value: int
    unit: str
    bounds: str
    id: str


_known: list[Limit] = []


def _limit(value: int, unit: str, bounds: str, id: str) -> int:
    _known.append(Limit(value, unit, bounds, id))
    return value


PAYLOAD_BYTES: Final = _limit(32 * 1024 * 1024, "bytes", "a payload", "payload-too-large")
PAYLOAD_VALUES: Final = _limit(2_000_000, "values", "a payload with a schema", "payload-too-large")
PAYLOAD_DEPTH: Final = _limit(64, "levels", "a payload's objects and lists", "nesting-too-deep")
INTEGER_BITS: Final = _limit(64, "bits", "a whole number, signed or not", "number-range")

FILE_CHARACTERS: Final = _limit(256 * 1024, "characters", "a YAML file", "file-too-large")
FILE_VALUES: Final = _limit(50_000, "values", "a YAML file", "file-too-large")
FILE_DEPTH: Final = _limit(32, "levels", "a YAML file's objects and lists", "yaml-depth")
USES: Final = _limit(2_000, "uses", "the other mappings and fragments of a mapping", "file-too-large")
USE_CHAIN: Final = _limit(32, "links", "a chain of uses", "file-too-large")
USE_LEVELS: Final = _limit(
    100, "levels", "a mapping's objects and lists, with all that it uses", "file-too-large"
)

EXPRESSION_CHARACTERS: Final = _limit(4_000, "characters", "an expression", "expression-too-large")
TEMPLATE_CHARACTERS: Final = _limit(4_000, "characters", "a template", "template-too-large")
EXPRESSION_DEPTH: Final = _limit(40, "levels", "an expression's brackets", "expression-too-large")
EXPRESSION_CHAIN: Final = _limit(100, "operators", "a chain in an expression", "expression-too-large")
RESULT_COPIES: Final = _limit(512, "copies", "what an expression reads", "expression-too-large")
NESTED_LOOPS: Final = _limit(2, "loops", "nested loops over the whole payload", "expression-too-large")

STRING_CHARACTERS: Final = _limit(256 * 1024, "characters", "a string from a function", "evaluation-failed")
STRING_PARTS: Final = _limit(100_000, "parts", "a list that `split` makes", "evaluation-failed")
DECIMAL_DIGITS: Final = _limit(
    20, "digits", "a decimal number, before and after the point", "evaluation-failed"
)
DECIMAL_CHARACTERS: Final = _limit(64, "characters", "a decimal number in a string", "evaluation-failed")

SCHEMA_PLACES: Final = _limit(2_000, "schemas", "the references from one place", "endless-reference")
SCHEMA_CHAIN: Final = _limit(100, "schemas", "a chain of references", "endless-reference")
PATTERN_CHARACTERS: Final = _limit(200, "characters", "a pattern", "unsafe-pattern")
PATTERN_ELEMENTS: Final = _limit(400, "elements", "a pattern, repeats written out", "unsafe-pattern")
PATTERN_WAYS: Final = _limit(100, "ways", "matching one text with a pattern", "unsafe-pattern")
PATTERN_STEPS: Final = _limit(4_000_000, "steps", "matching a text with a pattern", "pattern-mismatch")

LIMITS: Final = tuple(_known)

LEAST_INTEGER: Final = -(2 ** (INTEGER_BITS - 1))
MOST_INTEGER: Final = 2**INTEGER_BITS - 1
