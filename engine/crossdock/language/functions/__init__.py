"""The function library: one registry for expressions and templates.

Each function is data (``Function``): its signature, one line of documentation, examples that run as
tests, and the Python function that does the work. The checker and the reference page use the signatures,
and ``apply`` enforces them.

    REGISTRY["money"].apply([19.9])          "19.90"
    REGISTRY["money"].signature              money(amount: number | string, currency?: string, ...) -> string
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from crossdock.language.functions import (
    allotting,
    arithmetic,
    collections,
    context,
    dates,
    documentation,
    fitting,
    grouping,
    jmespath_builtins,
    money,
    text,
    web,
)
from crossdock.language.functions.function import Example, Function, FunctionError, Parameter

__all__ = ["REGISTRY", "Example", "Function", "FunctionError", "Parameter", "reference"]

_SECTIONS: Final = (
    ("Money", money.FUNCTIONS),
    ("Arithmetic", arithmetic.FUNCTIONS),
    ("Dates", dates.FUNCTIONS),
    ("Text", text.FUNCTIONS),
    (
        "Lists and objects",
        (*collections.FUNCTIONS, *grouping.FUNCTIONS, *allotting.FUNCTIONS, *fitting.FUNCTIONS),
    ),
    ("Calls to a channel", web.FUNCTIONS),
    ("Where a value comes from", context.FUNCTIONS),
    ("JMESPath's own", jmespath_builtins.FUNCTIONS),
)

REGISTRY: Final[Mapping[str, Function]] = MappingProxyType(
    {function.name: function for _, functions in _SECTIONS for function in functions}
)


def reference() -> str:
    """The text of docs/functions.md."""
    return documentation.render(_SECTIONS)
