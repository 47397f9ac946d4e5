"""The interpreter and the generated code give the same values, types included, or both refuse.

The interpreter is the reference; an ``Executor`` runs in its place. The type and text of its exceptions do
not matter, because the interpreter then runs again and reports the error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from crossdock import CrossdockError, Mapping
from crossdock.core.json_reader import encode
from crossdock.core.json_types import MISSING
from crossdock.execution import codegen, searches
from crossdock.execution.errors import EvaluationError
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope
from crossdock.language.expr import Expression
from fuzz.promises import exact

Executor = Callable[[Any, Scope], Any]
REFUSED = ("refused",)


def of_expression(expression: Expression) -> Executor | None:
    """The generated function of an expression; None when only the interpreter can evaluate it."""
    return codegen.compile_expression(expression)


def of_mapping(mapping: Mapping) -> Executor | None:
    """The generated function of a mapping; None when only the interpreter can run it."""
    return codegen.compile_mapping(mapping.linked)


def given(executor: Executor, payload: Any, scope: Scope) -> tuple[Any, ...]:
    """What an executor gives, exactly, or that it refuses: the same each time.

    Generated code finds things again in what it has searched before in a scope, so that it runs three times.
    """
    with patch.object(searches, "FEW", 1):
        first, *others = [_given(executor, payload, scope) for _ in range(3)]
    assert others == [first, first], "it gives another value when it searches again"
    return first


def _given(executor: Executor, payload: Any, scope: Scope) -> tuple[Any, ...]:
    try:
        value = executor(payload, scope)
    except Exception:
        return REFUSED
    return ("missing",) if value is MISSING else ("value", exact(value))


def interpreted(mapping: Mapping, payload: Any, scope: Scope) -> tuple[Any, ...]:
    """What the interpreter gives; a check that does not hold is a refusal, for the interpreter words it."""
    try:
        outcome = execute(mapping.linked, payload, scope, name="payload", traced=False)
    except EvaluationError:
        return REFUSED
    if outcome.failed:
        return REFUSED
    return ("value", exact(outcome.value)) if outcome.present else ("missing",)


def called(mapping: Mapping, payload: Any) -> tuple[Any, ...]:
    """The public call: its value, or the text of its error."""
    try:
        return "value", exact(mapping(payload))
    except CrossdockError as error:
        return type(error).__name__, str(error)


def converted(mapping: Mapping, data: bytes, *, trust_source: bool = False) -> tuple[Any, ...]:
    """The public way from bytes to bytes: the result's value, or the text of its error."""
    try:
        result = mapping.convert(data, trust_source=trust_source)
    except CrossdockError as error:
        return type(error).__name__, str(error)
    value = json.loads(result)
    assert result == encode(value, compact=True).encode(), "bytes that are not written as others are"
    return "value", exact(value)


def run(mapping: Mapping, payload: Any) -> tuple[Any, ...]:
    """The public run with its trace: its value, or the text of its error."""
    try:
        return "value", exact(mapping.run(payload).value)
    except CrossdockError as error:
        return type(error).__name__, str(error)
