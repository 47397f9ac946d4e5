"""Calls of functions with values: those of the library, those that read the scope, and JMESPath's own."""

from __future__ import annotations

from typing import Any

from crossdock.core.json_types import JSON
from crossdock.execution.jmespath_library import builtin
from crossdock.execution.scope import Scope
from crossdock.execution.values import kind_in_words
from crossdock.language.functions import REGISTRY, FunctionError


def call(name: str, arguments: list[Any], scope: Scope) -> JSON:
    """The value of a function, whose name and number of arguments have been checked.

    An argument is a JSON value, or a ``Reference`` for ``&…``. Raises FunctionError, and what Python raises
    for values that a function of JMESPath's library does not expect.
    """
    function = REGISTRY[name]
    if function.call is not None:
        return function.apply(arguments)
    if function.kind == "context":
        return _from_scope(name, arguments, scope)
    return builtin(name, *arguments)


def _from_scope(name: str, arguments: list[Any], scope: Scope) -> JSON:
    # Settings, answers and events are copied, because the scope's own may not be JSON's dict and list.
    match name:
        case "root":
            return scope.root
        case "request":
            return scope.request
        case "settings":
            return dict(scope.settings)
        case "answers":
            return dict(scope.answers)
        case "events":
            return list(scope.events)
        case "now":
            return scope.now
    return _lookup(scope, *arguments)


def _lookup(scope: Scope, table: str, key: JSON, default: JSON = None) -> JSON:
    if key is None:
        return None
    if not isinstance(key, str | int) or isinstance(key, bool):
        raise FunctionError(f"`lookup` takes text or a whole number as its key, not {kind_in_words(key)}")
    return scope.tables[table].get(str(key), default)
