"""Arguments that a function refuses, whatever the payload is: a literal, or any value of a schema's format.

The functions are pure. So a call is tried with what is known of its arguments, and with samples in place of
the others: those of the function's own examples, and a few of each kind. It is refused if every try fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING, Final

from crossdock.checking.type_kinds import kinds_of, kinds_of_value
from crossdock.checking.type_parts import schema_types_in
from crossdock.checking.types import Type
from crossdock.core.json_types import JSON
from crossdock.core.limits import EXPRESSION_CHAIN
from crossdock.language.expr import Constant, Expr, ExpressionReference, FunctionCall, MultiselectList
from crossdock.language.functions import REGISTRY, Function, FunctionError
from crossdock.language.jmespath_parser import parse

if TYPE_CHECKING:
    from crossdock.checking.schema_types import SchemaType

_MOST_TRIES: Final = 200
_MOST_KNOWN: Final = 20
_FEW: Final = 32  # elements of a list of samples: an index may be any of them
_BY_FORMAT: Final[dict[str, tuple[JSON, ...]]] = {
    "date": ("2016-04-08", "2024-02-29"),
    "time": ("19:09:07Z", "19:09:07+01:00"),
    "email": ("ada@example.com",),
    "uuid": ("0f3c8ad4-b1cd-4bfc-b34b-e04d42fd8b05",),
    "ipv4": ("192.0.2.1",),
    "ipv6": ("2001:db8::1",),
}
_ANY: Final[tuple[JSON, ...]] = ("a", 1, "1", [], [1] * _FEW, ["a"] * _FEW, {"a": 1}, True, 0.5)


def refused_arguments(function: Function, nodes: Sequence[Expr], types: Sequence[Type]) -> str | None:
    """Why every payload makes a call fail; None if one may succeed, or if nothing is known."""
    if function.call is None or any(isinstance(node, ExpressionReference) for node in nodes):
        return None
    known = {position: values for position, typ in enumerate(types) if (values := _known(typ)) is not None}
    if not known or not all(_fit(function, position, values) for position, values in known.items()):
        return None
    message = _refusal(function, known, len(types))
    if message is None or _refusal(function, {}, len(types)) is not None:
        return None
    return message


def _fit(function: Function, position: int, values: tuple[JSON, ...]) -> bool:
    """Whether an argument has values, and all of them have a kind that the function takes."""
    taken = kinds_of(function.parameter(position).types)
    return bool(values) and all(kinds_of_value(value) <= taken for value in values)


def _known(typ: Type) -> tuple[JSON, ...] | None:
    """All values of an argument, or samples of a format that are as good as all; None if neither is known."""
    if typ.constants is not None:
        values = tuple(value for value in typ.constants if value is not None)
        single = not any(isinstance(value, list | dict) for value in values)
        return values if single and len(values) <= _MOST_KNOWN else None
    shapes = schema_types_in(typ) if typ.known and typ.kinds == {"string"} else []
    return _of_format(shapes[0]) if len(shapes) == 1 else None


def _of_format(typ: SchemaType) -> tuple[JSON, ...] | None:
    named = [given for word, given in typ.shape.assertions() if word == "format"]
    return _BY_FORMAT.get(str(named[0])) if len(named) == 1 else None


def _refusal(function: Function, known: dict[int, tuple[JSON, ...]], count: int) -> str | None:
    """The message of the first try, if all fail: its samples are the best known."""
    message: str | None = None
    choices = [known.get(position, _samples(function.name, position)) for position in range(count)]
    for arguments in islice(product(*choices), _MOST_TRIES):
        try:
            function.apply(arguments)
        except FunctionError as error:
            message = message or str(error)
        else:
            return None
    return message


@cache
def _samples(name: str, position: int) -> tuple[JSON, ...]:
    """Values for an argument that is not known: those of the function's examples come first."""
    function = REGISTRY[name]
    taken = function.parameter(position).types
    found: list[JSON] = [value for value in _examples(function, position) if value is not None]
    found += [value for value in _ANY if kinds_of_value(value) & kinds_of(taken)]
    return tuple(found)


def _examples(function: Function, position: int) -> Iterator[JSON]:
    """What the examples of a function have as one of its arguments, where that is a constant."""
    for example in function.examples:
        call = parse(example.expression, EXPRESSION_CHAIN)
        if isinstance(call, FunctionCall) and len(call.arguments) > position:
            match call.arguments[position]:
                case Constant(value):
                    yield value
                case MultiselectList(items):
                    values = [item.value for item in items if isinstance(item, Constant)]
                    if len(values) == len(items):
                        yield values
