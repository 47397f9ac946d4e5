"""JMESPath's own functions, run by its library, and its type errors in this project's words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, cast

import jmespath.exceptions
import jmespath.functions

from crossdock.core.equality import among
from crossdock.core.json_types import JSON
from crossdock.core.kinds import WORDS, either
from crossdock.core.limits import DECIMAL_DIGITS
from crossdock.language.functions import REGISTRY, FunctionError


class _Functions(jmespath.functions.Functions):
    """The functions of the library, with the equality of JSON and a bound on whole numbers."""

    @jmespath.functions.signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject: list[JSON] | str, search: JSON) -> bool:
        return among(search, subject) if isinstance(subject, list) else cast(str, search) in subject

    @jmespath.functions.signature({"types": ["number"]})
    def _func_floor(self, arg: float) -> int:
        return _bounded("floor", math.floor(arg))

    @jmespath.functions.signature({"types": ["number"]})
    def _func_ceil(self, arg: float) -> int:
        return _bounded("ceil", math.ceil(arg))


def _bounded(name: str, value: int) -> int:
    """A whole number that the other functions take. Raises FunctionError."""
    if abs(value) >= 10 ** (DECIMAL_DIGITS + 1):
        raise FunctionError(f"`{name}` gives a number of 1e{DECIMAL_DIGITS + 1} or more in size")
    return value


_BUILTINS: Final = _Functions()
_WORDS: Final = {
    **WORDS,
    "null": "nothing",
    "expression": "an expression (&…)",
    "array-number": "a list of numbers",
    "array-string": "a list of texts",
}
# For an item of the wrong type the library gives the name of Python's type.
_ITEMS: Final = {
    "str": "string",
    "int": "number",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "NoneType": "null",
}


class _Expression:
    """An argument `&…`, evaluated by a Python function. The library knows it by the name of this class."""

    expression = None

    def __init__(self, function: Callable[[JSON], JSON]) -> None:
        self._function = function

    def visit(self, _tree: None, value: JSON) -> JSON:
        return self._function(value)

    def __call__(self, value: JSON) -> JSON:
        return self._function(value)


Reference = _Expression


def builtin(name: str, *arguments: object) -> JSON:
    """One of JMESPath's own functions. Null for a list is the empty list, which JMESPath refuses.

    Raises FunctionError for a wrong type, and what Python raises.
    """
    try:
        return cast(JSON, _BUILTINS.call_function(name, list(REGISTRY[name].with_lists(arguments))))
    except jmespath.exceptions.JMESPathTypeError as error:
        raise FunctionError(_type_message(error)) from None


def _type_message(error: jmespath.exceptions.JMESPathTypeError) -> str:
    """A type error of the library as one sentence, without the value."""
    wanted = either([_WORDS.get(word, word) for word in error.expected_types])
    if item := _ITEMS.get(error.actual_type):
        return f"`{error.function_name}` takes {wanted}, and an item is {_WORDS[item]}"
    return f"`{error.function_name}` takes {wanted}, not {_WORDS.get(error.actual_type, error.actual_type)}"
