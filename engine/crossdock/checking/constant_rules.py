"""Keywords about the parts of a value, against a constant: what of it they refuse for sure.

refusal("dependentRequired", {"a": ["b"]}, {"a": 1})    # the required property `b` is missing
"""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.core.diagnostics import shorten
from crossdock.core.json_types import JSON
from crossdock.schema.keyword_rules import TESTS, as_list

KEYWORDS = frozenset(("contains", "dependentRequired", "propertyNames"))


def refusal(keyword: str, given: JSON, value: JSON) -> str | None:
    """Why one of the keywords refuses a value, in one sentence; None if it takes it, or may."""
    if not isinstance(given, dict):
        return None
    match keyword, value:
        case "contains", list() if not any(_may_fit(given, item) for item in value):
            return "0 items have the form that the list must contain"
        case "dependentRequired", dict():
            lacking = next(_lacking(given, value), None)
            return None if lacking is None else f"the required property `{shorten(lacking)}` is missing"
        case "propertyNames", dict():
            wrong = next((name for name in value if not _may_fit(given, name)), None)
            return None if wrong is None else f"a property must not be named `{shorten(wrong)}` here"
    return None


def _may_fit(schema: dict[str, JSON], value: JSON) -> bool:
    """Whether none of the tests of single values refuses a value. Other keywords may still do so."""
    return all(TESTS[word](given, value) for word, given in schema.items() if word in TESTS)


def _lacking(dependents: dict[str, JSON], value: dict[str, JSON]) -> Iterator[str]:
    for name, wanted in dependents.items():
        if name in value:
            yield from (str(each) for each in as_list(wanted) if each not in value)
