"""Calls of the library: straight to the function where the arguments are what it takes, and else through
``apply``, which knows what to do with all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from crossdock.execution.codegen import fixed_point, joins
from crossdock.execution.codegen.expression_writer import ExpressionWriter
from crossdock.execution.codegen.locals import Frame
from crossdock.execution.codegen.reads import ORIGINS
from crossdock.execution.codegen.writer import (
    ARRAY,
    KINDS,
    NONE,
    NULL,
    OBJECT,
    STRING,
    Value,
    Writer,
    literal,
    of_items,
    of_members,
    or_empty,
)
from crossdock.language.expr import Constant, ExpressionReference, FunctionCall
from crossdock.language.functions import REGISTRY, Function

_CLASSES: Final[dict[str, frozenset[type]]] = {
    "null": frozenset({type(None)}),
    "boolean": frozenset({bool}),
    "number": frozenset({int, float}),
    "string": frozenset({str}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
}
# Functions that are one operation of Python.
_OPERATIONS: Final = {
    "ceil": "ceil({0})",
    "contains": "contains({0}, {1})",
    "ends_with": "{0}.endswith({1})",
    "floor": "floor({0})",
    "keys": "[*{0}]",
    "length": "len({0})",
    "lower": "{0}.lower()",
    "starts_with": "{0}.startswith({1})",
    "trim": "{0}.strip()",
    "upper": "{0}.upper()",
    "values": "[*{0}.values()]",
}
_PLAIN: Final = STRING | NULL
# These cannot raise once their arguments have been checked. Any other function can.
_SAFE: Final = frozenset({"lower", "trim", "upper"})


def call(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    """What a function gives for its arguments in a context."""
    name = node.name
    if (amount := fixed_point.call(expressions, node, frame)) is not None:
        return amount
    if special := _SPECIAL.get(name):
        return special(expressions, node, frame)
    if any(isinstance(argument, ExpressionReference) for argument in node.arguments):
        return _by_expression(expressions, node, frame)
    arguments = [expressions.value(argument, frame) for argument in node.arguments]
    return _Call(expressions, REGISTRY[name], arguments).value()


class _Call:
    """One call: its function and its arguments, with what has to be asked of them first."""

    def __init__(self, expressions: ExpressionWriter, function: Function, arguments: list[Value]) -> None:
        self.writer = expressions.writer
        self.function = function
        # The function checks its arguments too, in `apply`. To call it without `apply`, the code must show
        # that each argument has a class that the function takes; `unsure` are those where it does not.
        last = len(function.parameters) - 1
        lists = [function.parameter(position).takes_list for position in range(len(arguments))]
        self.arguments = arguments = [
            or_empty(self.writer, value) if is_list else value
            for value, is_list in zip(arguments, lists, strict=True)
        ]
        accepted = [function.accepts[min(position, last)] for position in range(len(arguments))]
        self.unsure = [
            (position, accepts)
            for position, (value, accepts) in enumerate(zip(arguments, accepted, strict=True))
            if not _classes(value) <= accepts
        ]

    def value(self) -> Value:
        if self.unsure or self.function.name not in _SAFE:
            self.writer.risky()
        if not self.unsure:
            return Value(self._straight(), self._kinds())
        self.arguments = [self.writer.named(value) for value in self.arguments]
        tests = " and ".join(self._test(position, accepts) for position, accepts in self.unsure)
        listed = ", ".join([repr(self.function.name), *(value.code for value in self.arguments)])
        otherwise = f"{'apply' if self.function.call else 'builtin'}({listed})"
        # Most arguments in doubt are just missing, and a library function of null is null: no call then.
        doubted = self.arguments[self.unsure[0][0]]
        if self.function.kind == "library" and len(self.unsure) == 1 and doubted.nullable:
            otherwise = f"None if {doubted.code} is None else {otherwise}"
        return Value(f"({self._straight()} if {tests} else {otherwise})", self._kinds())

    def _straight(self) -> str:
        codes = [value.code for value in self.arguments]
        name = self.function.name
        if name == "contains" and self.arguments[0].items is None and codes[0][0] not in "'\"":
            return f"holds(scope.kept, {joins.site_of(self.writer)}, {', '.join(codes)})"
        if name == "contains" and _alike_in_python(*self.arguments):
            return f"({codes[1]} in {codes[0]})"
        if name in _OPERATIONS:
            return _OPERATIONS[name].format(*codes)
        if self.function.call is None:
            return f"builtin({', '.join([repr(name), *codes])})"
        called = self.writer.outside(f"call_{name}", f"FUNCTIONS[{name!r}]")
        return f"{called}({', '.join(codes)})"

    def _test(self, position: int, accepts: frozenset[type]) -> str:
        code = self.arguments[position].code
        names = sorted("NoneType" if each is type(None) else each.__name__ for each in accepts)
        if len(names) == 1:
            return f"{code}.__class__ is {names[0]}"
        listed = ", ".join("None.__class__" if name == "NoneType" else name for name in names)
        return (
            f"{code}.__class__ in {self.writer.outside('is_' + '_or_'.join(names), f'frozenset(({listed}))')}"
        )

    def _kinds(self) -> frozenset[str]:
        gives = _kinds_of(self.function.returns)
        maybe = any("null" in self.arguments[position].kinds for position, _ in self.unsure)
        return gives | NULL if maybe and self.function.kind == "library" else gives


def _alike_in_python(subject: Value, search: Value) -> bool:
    """Whether Python finds in a list what JSON does: only numbers and booleans, at any depth, differ."""
    listed = subject.items is not None and all(item.kinds <= _PLAIN for item in subject.items)
    return listed or search.kinds <= _PLAIN


def _classes(value: Value) -> frozenset[type]:
    if value.whole is not None:
        return frozenset({int})
    return frozenset[type]().union(*(_CLASSES[kind] for kind in value.kinds))


def _kinds_of(names: frozenset[str]) -> frozenset[str]:
    if "any" in names:
        return KINDS
    return frozenset("number" if name == "integer" else name for name in names)


def _by_expression(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    """A call with an expression that the function evaluates itself: a function within the function."""
    writer = expressions.writer
    codes = []
    for argument in node.arguments:
        if not isinstance(argument, ExpressionReference):
            codes.append(writer.named(expressions.value(argument, frame)).code)
            continue
        # A function of its own, because the library decides when and how often it is evaluated. Names from
        # around it, also those of `let`, are visible in it: it never outlives the call.
        name, element = writer.fresh("f"), writer.fresh("e")
        with writer.block(f"def {name}({element}):"), writer.loop():
            inside = expressions.enter(Value(element, simple=True), [argument.body])
            writer.line(f"return {expressions.value(argument.body, inside).code}")
        codes.append(f"reference({name})")
    writer.risky()
    function = REGISTRY[node.name]
    called = "apply" if function.call else "builtin"
    return Value(f"{called}({', '.join([repr(function.name), *codes])})", _kinds_of(function.returns))


def _origin(expressions: ExpressionWriter, node: FunctionCall, _frame: Frame) -> Value:
    return expressions.origins[node.name].value


def _now(_expressions: ExpressionWriter, _node: FunctionCall, _frame: Frame) -> Value:
    return Value("scope.now", STRING | NULL)


def _map(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    reference, over = node.arguments
    assert isinstance(reference, ExpressionReference)
    writer = expressions.writer
    values = writer.named(or_empty(writer, expressions.value(over, frame)))
    # Unlike a projection, `map` fails on what is not a list, and keeps nulls.
    if values.kinds != ARRAY:
        writer.risky()
        writer.line(f"if {values.code}.__class__ is not list: raise Unexplained")
    name, element = writer.fresh("r"), writer.fresh("e")
    writer.line(f"{name} = []")
    with writer.block(f"for {element} in {values.code}:"), writer.loop():
        inside = expressions.enter(Value(element, simple=True), [reference.body])
        writer.line(f"{name}.append({expressions.value(reference.body, inside).code})")
    return Value(name, ARRAY, simple=True)


def _merge(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    """Objects in one; what the mapping states of them is stated of the whole."""
    values = [expressions.value(part, frame) for part in node.arguments]
    # Members of a later object replace earlier ones of the same name, at the place of the first: as in dict.
    if all(value.members is not None for value in values):
        return of_members({key: inner for value in values for key, inner in (value.members or {}).items()})
    values = [expressions.writer.named(value) for value in values]
    plain = "{" + ", ".join(f"**{value.code}" for value in values) + "}"
    unsure = [value.code for value in values if value.kinds != OBJECT]
    if not unsure:
        return Value(plain, OBJECT)
    expressions.writer.risky()
    tests = " and ".join(f"{code}.__class__ is dict" for code in unsure)
    listed = ", ".join(value.code for value in values)
    return Value(f"({plain} if {tests} else builtin('merge', {listed}))", OBJECT)


def _not_null(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    """All arguments are evaluated, as in the interpreter, and the first one with a value is taken."""
    values = [_ready(expressions.writer, expressions.value(part, frame)) for part in node.arguments]
    values[:-1] = [expressions.writer.named(value) for value in values[:-1]]
    chosen, kinds = values[-1].code, values[-1].kinds
    for value in reversed(values[:-1]):
        if value.nullable:
            chosen = f"({value.code} if {value.code} is not None else {chosen})"
            kinds |= value.kinds - NULL
        else:
            chosen, kinds = value.code, value.kinds
    return Value(chosen, kinds)


def _ready(writer: Writer, value: Value) -> Value:
    """A value that may be left out: what it could raise is raised."""
    return value if value.harmless else writer.named(value)


def _lookup(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    table, *others = node.arguments
    if not isinstance(table, Constant):  # only outside of a mapping, whose tables are named in its file
        expressions.writer.risky()
        expressions.writer.line("raise Unexplained")
        return NONE
    rows = expressions.table(str(table.value))
    # The key and the default are computed before the row is looked up, as the interpreter does.
    key, *rest = [expressions.writer.named(expressions.value(part, frame)) for part in others]
    listed = ", ".join(value.code for value in (key, *rest))
    if key.kinds == STRING:
        return Value(f"{rows}.get({listed})")
    if not key.kinds <= STRING | NULL:
        expressions.writer.risky()
    return Value(f"({rows}.get({listed}) if {key.code}.__class__ is str else found({rows}, {listed}))")


def _to_string(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    value = expressions.writer.named(expressions.value(node.arguments[0], frame))
    if value.kinds == STRING:
        return value
    expressions.writer.risky()
    called = "apply" if REGISTRY["to_string"].call else "builtin"
    # Whole numbers are frequent as ids, and `str` writes them as JSON does. A float is not that simple.
    code = value.code
    otherwise = f"str({code}) if {code}.__class__ is int else {called}('to_string', {code})"
    return Value(f"({code} if {code}.__class__ is str else {otherwise})", STRING)


def _to_array(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    value = expressions.writer.named(expressions.value(node.arguments[0], frame))
    if value.kinds == ARRAY:
        return value
    if "array" not in value.kinds:
        return of_items([value])
    return Value(f"({value.code} if {value.code}.__class__ is list else [{value.code}])", ARRAY)


def _type(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value:
    value = expressions.writer.named(expressions.value(node.arguments[0], frame))
    for kind in value.kinds if len(value.kinds) == 1 else ():
        return literal(kind)
    expressions.writer.risky()
    return Value(f"TYPE_NAMES[{value.code}.__class__]", STRING)


_SPECIAL: Final[dict[str, Callable[[ExpressionWriter, FunctionCall, Frame], Value]]] = {
    **dict.fromkeys(ORIGINS, _origin),
    "lookup": _lookup,
    "map": _map,
    "merge": _merge,
    "not_null": _not_null,
    "now": _now,
    "to_array": _to_array,
    "to_string": _to_string,
    "type": _type,
}
