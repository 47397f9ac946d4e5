"""Evaluates the nodes of an expression: in a scope, with a context, and before a witness if there is one.

    Evaluator(scope).evaluate(expression, context)  its value, None when there is none, or Failure

The functions are those of ``functions.REGISTRY``; the ones that JMESPath itself defines are run by its
library. Every way to fail becomes a ``Failure`` that knows the node to blame.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final, assert_never, cast

from crossdock.core.equality import equal
from crossdock.core.json_types import JSON
from crossdock.core.limits import STRING_CHARACTERS
from crossdock.execution.function_calls import call
from crossdock.execution.jmespath_library import Reference
from crossdock.execution.observer import Observer, Witness
from crossdock.execution.scope import Scope
from crossdock.execution.values import has_order, is_true, kind_in_words
from crossdock.language.expr import (
    And,
    Binding,
    Comparator,
    Concat,
    Conditional,
    Constant,
    Current,
    Expr,
    Expression,
    ExpressionReference,
    FilterProjection,
    Flatten,
    FunctionCall,
    Identifier,
    Identity,
    Index,
    IndexExpression,
    KeyValue,
    Let,
    MultiselectHash,
    MultiselectList,
    Not,
    Or,
    Pipe,
    Projection,
    Slice,
    Subexpression,
    Text,
    ValueProjection,
    Variable,
)
from crossdock.language.functions import FunctionError

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {"lt": lt, "lte": le, "gt": gt, "gte": ge}
_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class Failure(Exception):  # noqa: N818 (it never leaves the engine)
    """An expression could not be evaluated. ``node`` is the one to blame, ``mark`` when it began."""

    def __init__(self, message: str, node: Expr, mark: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.mark = mark


def printed(value: JSON, node: Expr) -> str | None:
    """A value as text, as JSON writes it; None when it is missing. Raises Failure for a list or an object."""
    match value:
        case str() | None:
            return value
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            raise Failure(f"{kind_in_words(value)} cannot be printed as text", node)


class Evaluator:
    """Evaluates expressions in one scope, one at a time."""

    __slots__ = ("_names", "_observer", "_scope", "_visit", "_witness")

    def __init__(
        self, scope: Scope, witness: Witness | None = None, observer: Observer | None = None
    ) -> None:
        self._scope = scope
        self._witness = observer or witness
        self._observer = observer
        # What `let` has named. A reference (&…) runs only while its call does, inside of the same `let`s,
        # so that one table, set back behind each `let`, is enough.
        self._names: Mapping[str, JSON] = {}
        # All recursion goes through this attribute, so that a run without a witness does not pay for one.
        self._visit: Callable[[Expr, JSON], Any] = self._value
        if observer is not None:
            self._visit = self._observed
        elif witness is not None:
            self._visit = self._marked

    def evaluate(self, expression: Expression, context: JSON) -> JSON:
        """The value, None when there is none. Raises Failure."""
        try:
            return cast(JSON, self._visit(expression.node, context))
        except RecursionError:
            raise Failure("the value nests too deep", expression.node) from None

    def _observed(self, node: Expr, value: JSON) -> Any:
        assert self._observer is not None
        self._observer.opened(node, value)
        result = self._marked(node, value)
        self._observer.closed(result)
        return result

    def _marked(self, node: Expr, value: JSON) -> Any:
        return self._blamed(self._value, node, value)

    def _blamed(self, evaluate: Callable[[Expr, JSON], Any], node: Expr, value: JSON) -> Any:
        """Note in a failure of this node how much had been seen when its evaluation began."""
        assert self._witness is not None
        mark = self._witness.mark()
        try:
            return evaluate(node, value)
        except Failure as failure:
            if failure.node is node:
                failure.mark = mark
            raise

    def _value(self, node: Expr, value: JSON) -> Any:
        method = _METHODS.get(node.__class__)
        if method is None:
            method = _METHODS[node.__class__] = _method(node)
        return method(self, node, value)

    def _identifier(self, node: Identifier, value: JSON) -> Any:
        if not isinstance(value, dict):
            return None
        if self._witness is not None:
            self._witness.seen(value, node.name)
        return value.get(node.name)

    def _index(self, node: Index, value: JSON) -> Any:
        if not isinstance(value, list):
            return None
        position = node.position if node.position >= 0 else len(value) + node.position
        if self._witness is not None:
            self._witness.seen(value, position)
        return value[position] if 0 <= position < len(value) else None

    def _slice(self, node: Slice, value: JSON) -> Any:
        if not isinstance(value, list):
            return None
        if node.step == 0:
            raise Failure("the step of a slice cannot be 0", node)
        return value[node.start : node.stop : node.step]

    def _context(self, _node: Current | Identity, value: JSON) -> Any:
        return value

    def _constant(self, node: Constant, _value: JSON) -> Any:
        return node.value

    def _variable(self, node: Variable, _value: JSON) -> Any:
        name = node.name
        return self._names[name] if name in self._names else self._scope.names[name]

    def _path(self, node: Subexpression | IndexExpression, value: JSON) -> Any:
        for part in node.parts:
            value = self._visit(part, value)
        return value

    def _pipe(self, node: Pipe, value: JSON) -> Any:
        return self._visit(node.right, self._visit(node.left, value))

    def _projection(self, node: Projection, value: JSON) -> Any:
        return self._projected(self._visit(node.left, value), node.right)

    def _value_projection(self, node: ValueProjection, value: JSON) -> Any:
        found = self._visit(node.left, value)
        return self._projected(list(found.values()), node.right) if isinstance(found, dict) else None

    def _projected(self, elements: JSON, right: Expr) -> JSON:
        if not isinstance(elements, list):
            return None
        results = [self._visit(right, element) for element in elements]
        return [result for result in results if result is not None]

    def _filter_projection(self, node: FilterProjection, value: JSON) -> Any:
        elements = self._visit(node.left, value)
        if not isinstance(elements, list):
            return None
        results = []
        for element in elements:
            if is_true(self._visit(node.condition, element)):
                result = self._visit(node.right, element)
                if result is not None:
                    results.append(result)
        return results

    def _flatten(self, node: Flatten, value: JSON) -> Any:
        elements = self._visit(node.operand, value)
        if not isinstance(elements, list):
            return None
        merged: list[JSON] = []
        for element in elements:
            if isinstance(element, list):
                merged.extend(element)
            else:
                merged.append(element)
        return merged

    def _multiselect_list(self, node: MultiselectList, value: JSON) -> Any:
        return None if value is None else [self._visit(item, value) for item in node.items]

    def _multiselect_hash(self, node: MultiselectHash, value: JSON) -> Any:
        return None if value is None else {pair.key: self._visit(pair, value) for pair in node.pairs}

    def _named(self, node: KeyValue | Binding, value: JSON) -> Any:
        return self._visit(node.value, value)

    def _reference(self, node: ExpressionReference, _value: JSON) -> Any:
        return Reference(lambda element: self._visit(node.body, element))

    def _or(self, node: Or, value: JSON) -> Any:
        found = self._visit(node.left, value)
        return found if is_true(found) else self._visit(node.right, value)

    def _and(self, node: And, value: JSON) -> Any:
        found = self._visit(node.left, value)
        return self._visit(node.right, value) if is_true(found) else found

    def _not(self, node: Not, value: JSON) -> Any:
        return not is_true(self._visit(node.operand, value))

    def _conditional(self, node: Conditional, value: JSON) -> Any:
        test = is_true(self._visit(node.test, value))
        return self._visit(node.then if test else node.otherwise, value)

    def _comparator(self, node: Comparator, value: JSON) -> bool | None:
        left, right = self._visit(node.left, value), self._visit(node.right, value)
        match node.operator:
            case "eq":
                return equal(left, right)
            case "ne":
                return not equal(left, right)
        if not (has_order(left) and has_order(right)):
            return None
        try:
            return _ORDERS[node.operator](left, right)
        except TypeError:
            message = f"`{_OPERATORS[node.operator]}` cannot compare text with a number"
            raise Failure(message, node) from None

    def _let(self, node: Let, value: JSON) -> Any:
        around = self._names
        given = {binding.name: self._visit(binding, value) for binding in node.bindings}
        self._names = {**around, **given}
        try:
            return self._visit(node.body, value)
        finally:
            self._names = around

    def _text(self, node: Text | Concat, value: JSON) -> str | None:
        texts: list[str] = []
        for part in node.parts:
            text = self._print(part, value)
            if text is None:
                return None
            texts.append(text)
        joined = "".join(texts)
        if len(joined) > STRING_CHARACTERS:
            raise Failure(f"the text has more than {STRING_CHARACTERS} characters", node)
        return joined

    def _print(self, part: Expr, value: JSON) -> str | None:
        if self._witness is None:
            return printed(self._visit(part, value), part)
        # Printing may fail after the part has its value; then all that the part read is to blame.
        return cast(
            "str | None", self._blamed(lambda node, at: printed(self._visit(node, at), node), part, value)
        )

    def _call(self, node: FunctionCall, value: JSON) -> Any:
        arguments = [self._visit(argument, value) for argument in node.arguments]
        try:
            return call(node.name, arguments, self._scope)
        except FunctionError as error:
            raise Failure(str(error), node) from None
        except (TypeError, ValueError, AttributeError, KeyError):
            raise Failure(f"`{node.name}` cannot take these values", node) from None


# Which method evaluates a node, by its class: found once, because a `match` at each step is slower.
_METHODS: dict[type, Callable[[Evaluator, Any, JSON], Any]] = {}


def _method(node: Expr) -> Callable[[Evaluator, Any, JSON], Any]:
    match node:
        case Identifier():
            return Evaluator._identifier
        case Index():
            return Evaluator._index
        case Slice():
            return Evaluator._slice
        case Current() | Identity():
            return Evaluator._context
        case Constant():
            return Evaluator._constant
        case Variable():
            return Evaluator._variable
        case Subexpression() | IndexExpression():
            return Evaluator._path
        case MultiselectList():
            return Evaluator._multiselect_list
        case MultiselectHash():
            return Evaluator._multiselect_hash
        case KeyValue() | Binding():
            return Evaluator._named
        case ExpressionReference():
            return Evaluator._reference
        case FunctionCall():
            return Evaluator._call
        case Text() | Concat():
            return Evaluator._text
    return _method_of_operator(node)


_Operator = (
    Pipe
    | Projection
    | ValueProjection
    | FilterProjection
    | Flatten
    | Comparator
    | Or
    | And
    | Not
    | Conditional
    | Let
)


def _method_of_operator(node: _Operator) -> Callable[[Evaluator, Any, JSON], Any]:
    match node:
        case Pipe():
            return Evaluator._pipe
        case Projection():
            return Evaluator._projection
        case ValueProjection():
            return Evaluator._value_projection
        case FilterProjection():
            return Evaluator._filter_projection
        case Flatten():
            return Evaluator._flatten
        case Comparator():
            return Evaluator._comparator
        case Or():
            return Evaluator._or
        case And():
            return Evaluator._and
        case Not():
            return Evaluator._not
        case Conditional():
            return Evaluator._conditional
        case Let():
            return Evaluator._let
    assert_never(node)
