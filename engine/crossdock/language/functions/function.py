"""A function of the library: its signature as data, its examples, and the Python function to call.

``Function.apply`` calls it. It checks the number and types of the arguments, and gives null if a library
function lacks a required argument; the Python function therefore only gets the types in the signature. It
raises errors as a predicate ("takes a date-time that exists"), and ``apply`` adds the function's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from crossdock.core.json_types import JSON
from crossdock.core.kinds import WORDS, described, kind_of

Kind = Literal["library", "context", "jmespath"]

_TYPES = ("number", "integer", "string", "boolean", "array", "object", "expression", "any", "null")
_ACCEPTS: dict[str, frozenset[type]] = {
    "number": frozenset({int, float}),
    "integer": frozenset({int}),
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
    "expression": frozenset(),
    "any": frozenset({int, float, str, bool, list, dict, type(None)}),
    "null": frozenset({type(None)}),
}
_ARRAY = frozenset({"array"})
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


class FunctionError(ValueError):
    """A function refuses its arguments. The message is one sentence without a value of the payload."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. A variadic parameter comes last, and takes one or more arguments."""

    name: str
    types: frozenset[str]
    optional: bool = False
    variadic: bool = False

    @property
    def takes_list(self) -> bool:
        """Whether it takes lists and nothing else, so that null is the empty list."""
        return self.types == _ARRAY


@dataclass(frozen=True, slots=True)
class Example:
    """An expression that needs no payload, and its result."""

    expression: str
    result: JSON


@dataclass(frozen=True, slots=True)
class Function:
    """A function of expressions and templates. ``call`` is None for functions that the evaluator computes.

    ``passes_on``: the result may show something of what is in the arguments. So it does unless a function
    says that it does not; then its result is not sensitive even if an argument is.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: frozenset[str]
    doc: str
    examples: tuple[Example, ...] = ()
    call: Callable[..., JSON] | None = field(default=None, repr=False)
    kind: Kind = "library"
    piped: int = 0
    passes_on: bool = True
    _accepts: tuple[frozenset[type], ...] = field(init=False, repr=False, compare=False)
    _unevaluated: frozenset[int] = field(init=False, repr=False, compare=False)
    _lists: tuple[bool, ...] = field(init=False, repr=False, compare=False)
    _least: int = field(init=False, repr=False, compare=False)
    _most: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        variadic = any(parameter.variadic for parameter in self.parameters)
        object.__setattr__(self, "_accepts", tuple(_accepts(parameter) for parameter in self.parameters))
        later = (place for place, item in enumerate(self.parameters) if "expression" in item.types)
        object.__setattr__(self, "_unevaluated", frozenset(later))
        lists = tuple(parameter.takes_list for parameter in self.parameters)
        object.__setattr__(self, "_lists", lists if any(lists) else ())
        object.__setattr__(self, "_least", sum(not parameter.optional for parameter in self.parameters))
        object.__setattr__(self, "_most", None if variadic else len(self.parameters))

    @property
    def accepts(self) -> tuple[frozenset[type], ...]:
        """The Python types that ``call`` takes without a further check, for each parameter."""
        return self._accepts

    def parameter(self, position: int) -> Parameter:
        """The parameter for an argument; the last one may be variadic."""
        return self.parameters[min(position, len(self.parameters) - 1)]

    @property
    def unevaluated(self) -> frozenset[int]:
        """The positions of the arguments that ``call`` takes as expressions: ``&price``."""
        return self._unevaluated

    @property
    def signature(self) -> str:
        """The function as the reference shows it: ``ratio(value: number | string, ...) -> number``."""
        listed = []
        for parameter in self.parameters:
            mark = "?" if parameter.optional else ""
            listed.append(f"{parameter.name}{mark}: {_union(parameter.types)}")
            if parameter.variadic:
                listed.append("...")
        return f"{self.name}({', '.join(listed)}) -> {_union(self.returns)}"

    def with_lists(self, arguments: Sequence[Any]) -> Sequence[Any]:
        """The arguments, with the empty list in place of null where a list is taken."""
        if not self._lists or all(argument is not None for argument in arguments):
            return arguments
        last = len(self._lists) - 1
        return [
            [] if argument is None and self._lists[min(position, last)] else argument
            for position, argument in enumerate(arguments)
        ]

    def apply(self, arguments: Sequence[JSON]) -> JSON:
        """The value. Null if a library function lacks an argument; FunctionError for a wrong one.

        Null for a list is the empty list.
        """
        if self.call is None:
            raise TypeError(f"{self.name} is not evaluated here")
        arguments = self.with_lists(arguments)
        count = len(arguments)
        if count < self._least or (self._most is not None and count > self._most):
            raise FunctionError(f"`{self.name}` takes {self._arity()}, not {count}")
        accepts, missing = self._accepts, False
        last = len(accepts) - 1
        for position, value in enumerate(arguments):
            if type(value) in accepts[position if position < last else last]:
                continue
            if value is None and self.kind == "library":
                missing = True
            else:
                self._check(position, value)
        if missing:
            return None
        try:
            return self.call(*arguments)
        except FunctionError as refusal:
            raise FunctionError(f"`{self.name}` {refusal}") from None

    def _check(self, position: int, value: JSON) -> None:
        """FunctionError for a wrong type. Whole floats count as integers; subclasses are allowed."""
        types = self.parameter(position).types
        kind = kind_of(value)
        if kind in types or "any" in types or (kind == "integer" and "number" in types):
            return  # an expression has the kind "expression"
        expected = " or ".join(WORDS[name] for name in _TYPES if name in types and name != "null")
        fraction = kind == "number" and "integer" in types
        given = "a fraction" if fraction else described(value)
        found = "and it is missing" if value is None else f"not {given}"
        raise FunctionError(f"`{self.name}` takes {expected} as its {ordinal(position)}, {found}")

    def _arity(self) -> str:
        if self._most is None:
            return f"at least {_arguments(self._least)}"
        if self._least == self._most:
            return _arguments(self._most)
        return f"{self._least} to {_arguments(self._most)}"


def ordinal(position: int) -> str:
    """The name of an argument in messages, by its position: ``first argument``."""
    return f"{_ORDINALS[position]} argument" if position < len(_ORDINALS) else f"argument {position + 1}"


def types(names: str) -> frozenset[str]:
    """The types of a union: ``number | string``."""
    found = frozenset(names.split(" | "))
    if not found <= set(_TYPES):
        raise ValueError(f"unknown types in {names}")
    return found


def takes(signature: str) -> tuple[Parameter, ...]:
    """Parameters from the notation of the reference: ``amount: number | string, currency?: string``."""
    parameters: list[Parameter] = []
    for part in signature.split(", "):
        if part == "...":
            last = parameters.pop()
            parameters.append(Parameter(last.name, last.types, last.optional, variadic=True))
            continue
        name, _, union = part.partition(": ")
        parameters.append(Parameter(name.rstrip("?"), types(union), optional=name.endswith("?")))
    return tuple(parameters)


def _accepts(parameter: Parameter) -> frozenset[type]:
    accepted = frozenset[type]().union(*(_ACCEPTS[name] for name in parameter.types))
    return accepted | {type(None)} if parameter.optional else accepted


def _union(names: frozenset[str]) -> str:
    return " | ".join(name for name in _TYPES if name in names)


def _arguments(count: int) -> str:
    match count:
        case 0:
            return "no argument"
        case 1:
            return "1 argument"
    return f"{count} arguments"
