"""JMESPath's own functions, listed so that the registry is complete.

JMESPath evaluates them, except for five: ``sum`` and ``avg`` add decimals here, ``to_number`` only reads
numbers (Python's ``float`` also takes ``NaN``, ``1_000`` and digits of any script), and the results of
``join`` and ``to_string`` have a size limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from crossdock.core.json_types import JSON, decimal_number
from crossdock.core.kinds import described
from crossdock.language.functions.arithmetic import average, total
from crossdock.language.functions.bounds import serialized, within
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,64}")


def to_number(value: JSON) -> JSON:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        if _WHOLE.fullmatch(value):
            return int(value)
        try:
            return decimal_number(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def join(glue: str, array: list[JSON]) -> str:
    texts = [item for item in array if isinstance(item, str)]
    if len(texts) < len(array):
        other = next(item for item in array if not isinstance(item, str))
        raise FunctionError(f"takes a list of texts, and an item is {described(other)}")
    within(sum(map(len, texts)) + len(glue) * (len(texts) - 1))
    return glue.join(texts)


def to_string(value: JSON) -> str:
    return value if isinstance(value, str) else serialized(value)


def _builtin(
    name: str,
    parameters: str,
    returns: str,
    doc: str,
    *examples: tuple[str, JSON],
    call: Callable[..., JSON] | None = None,
    piped: int = 0,
    passes_on: bool = True,
) -> Function:
    listed = tuple(Example(expression, result) for expression, result in examples)
    return Function(name, takes(parameters), types(returns), doc, listed, call, "jmespath", piped, passes_on)


FUNCTIONS = (
    _builtin("abs", "value: number", "number", "The number without its sign", ("abs(`-1`)", 1)),
    _builtin(
        "avg",
        "array: array",
        "number | null",
        "The mean of an array of numbers or numeric text, computed in decimals; null if it is empty",
        ('avg(`[1, 2.5, "4"]`)', 2.5),
        ("avg(`[]`)", None),
        call=average,
    ),
    _builtin("ceil", "value: number", "integer", "The next whole number above", ("ceil(`1.2`)", 2)),
    _builtin(
        "contains",
        "subject: array | string, search: any",
        "boolean",
        "Whether an array contains an item, or a text contains a part",
        ("contains(`[1, 2]`, `2`)", True),
        ("contains('foobar', 'oba')", True),
    ),
    _builtin(
        "ends_with",
        "text: string, suffix: string",
        "boolean",
        "Whether a text ends with another",
        ("ends_with('foobar', 'bar')", True),
    ),
    _builtin("floor", "value: number", "integer", "The next whole number below", ("floor(`1.8`)", 1)),
    _builtin(
        "join",
        "glue: string, array: array",
        "string",
        "The texts of an array joined, with the glue between them",
        ('join(\', \', `["Ada", "Grace"]`)', "Ada, Grace"),
        call=join,
        piped=1,
    ),
    _builtin(
        "keys", "object: object", "array", "The names of an object's properties", ('keys(`{"a": 1}`)', ["a"])
    ),
    _builtin(
        "length",
        "subject: string | array | object",
        "integer",
        "The number of characters, items or properties",
        ("length('Oslo')", 4),
        ("length(`[]`)", 0),
        passes_on=False,
    ),
    _builtin(
        "map",
        "expression: expression, array: array",
        "array",
        "The value of an expression for each item, nulls included",
        ('map(&a, `[{"a": 1}, {}]`)', [1, None]),
        piped=1,
    ),
    _builtin(
        "max",
        "array: array",
        "number | string | null",
        "The greatest of an array of numbers or texts; null if it is empty",
        ("max(`[1, 3, 2]`)", 3),
    ),
    _builtin(
        "max_by",
        "array: array, expression: expression",
        "any",
        "The item for which the expression gives the greatest number or text",
        ('max_by(`[{"a": 1}, {"a": 2}]`, &a)', {"a": 2}),
    ),
    _builtin(
        "merge",
        "object: object, ...",
        "object",
        "One object with the properties of all objects; of equal keys the last one wins",
        ('merge(`{"a": 1, "b": 1}`, `{"b": 2}`)', {"a": 1, "b": 2}),
    ),
    _builtin(
        "min",
        "array: array",
        "number | string | null",
        "The smallest of an array of numbers or texts; null if it is empty",
        ('min(`["b", "a"]`)', "a"),
    ),
    _builtin(
        "min_by",
        "array: array, expression: expression",
        "any",
        "The item for which the expression gives the smallest number or text",
        ('min_by(`[{"a": 1}, {"a": 2}]`, &a)', {"a": 1}),
    ),
    _builtin(
        "not_null",
        "value: any, ...",
        "any",
        "The first argument that is not null",
        ("not_null(missing, '')", ""),
    ),
    _builtin(
        "reverse",
        "subject: array | string",
        "array | string",
        "The array or text in reverse order",
        ("reverse(`[1, 2]`)", [2, 1]),
    ),
    _builtin(
        "sort",
        "array: array",
        "array",
        "An array of numbers or texts, sorted",
        ("sort(`[2, 1]`)", [1, 2]),
    ),
    _builtin(
        "sort_by",
        "array: array, expression: expression",
        "array",
        "The array sorted by the number or text that the expression gives for each item",
        ('sort_by(`[{"a": 2}, {"a": 1}]`, &a)', [{"a": 1}, {"a": 2}]),
    ),
    _builtin(
        "starts_with",
        "text: string, prefix: string",
        "boolean",
        "Whether a text starts with another",
        ("starts_with('foobar', 'foo')", True),
    ),
    _builtin(
        "sum",
        "array: array",
        "number",
        "The sum of an array of numbers or numeric text, computed in decimals; 0 if it is empty",
        ('sum(`[0.1, 0.2, "0.30"]`)', 0.6),
        ("sum(`[]`)", 0),
        call=total,
    ),
    _builtin(
        "to_array",
        "value: any",
        "array",
        "The value if it is an array, else an array with this value",
        ("to_array(`1`)", [1]),
    ),
    _builtin(
        "to_number",
        "value: any",
        "number | null",
        "The value of a numeric text, or null if the text is not numeric; `number` gives an error instead",
        ("to_number('19.90')", 19.9),
        ("to_number('NaN')", None),
        call=to_number,
    ),
    _builtin(
        "to_string",
        "value: any",
        "string",
        "The text itself, or any other value as JSON",
        ("to_string(`[1]`)", "[1]"),
        ("to_string(missing)", "null"),
        call=to_string,
    ),
    _builtin(
        "type",
        "value: any",
        "string",
        "The name of the value's JSON type",
        ("type(`1.5`)", "number"),
        ("type(missing)", "null"),
        passes_on=False,
    ),
    _builtin(
        "values",
        "object: object",
        "array",
        "The values of an object's properties",
        ('values(`{"a": 1}`)', [1]),
    ),
)
