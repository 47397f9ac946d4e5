"""Arithmetic with amounts as arithmetic with whole ten-thousandths, from one call of the library to the next.

The functions of the library turn every argument into ten-thousandths and the result back into a number.
Here an amount stays what it is as long as only such functions read it. What has more than four decimals,
or is too large, is left to other code: ``Imprecise`` is raised, and the same mapping runs as it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from crossdock.execution.codegen import loops
from crossdock.execution.codegen.expression_writer import ExpressionWriter
from crossdock.execution.codegen.locals import Frame
from crossdock.execution.codegen.writer import ARRAY, BOOLEAN, NULL, NUMBER, STRING, Value, Writer, or_empty
from crossdock.language.expr import Expr, FunctionCall
from crossdock.language.functions.scaled import SCALE

# Below this every amount has at most 15 digits, and so survives being a float in between.
_LIMIT: Final = 10**15


def call(expressions: ExpressionWriter, node: FunctionCall, frame: Frame) -> Value | None:
    """What a function of amounts gives; None for any other function."""
    if not expressions.writer.amounts:
        return None
    name, parts = node.name, node.arguments
    if name == "sum":
        return _sum(expressions, parts[0], frame)
    # With another number of arguments it is left to `apply`. (1, 0) fits none: not a function of amounts.
    least, most, write = _FUNCTIONS.get(name, (1, 0, _add))
    if not least <= len(parts) <= most:
        return None
    expressions.writer.risky()
    values = [expressions.value(part, frame) for part in parts]
    if name in ("money", "amount"):
        return _rounded(expressions.writer, values, as_text=name == "money")
    return write(expressions.writer, [units_of(expressions.writer, value) for value in values])


def units_of(writer: Writer, value: Value) -> Value:
    """The name of a value's ten-thousandths."""
    kinds = NUMBER | NULL if value.nullable else NUMBER
    if value.units is not None:
        return Value(value.units, kinds, simple=True)
    if value.nothing:
        return value
    if value.whole is not None:
        return Value(f"({value.whole * SCALE})", NUMBER, simple=True)
    name = writer.named(value).code
    return writer.named(
        Value(f"None if {name} is None else units({name})" if value.nullable else f"units({name})", kinds),
        "u",
    )


def _amount(writer: Writer, code: str, *, nullable: bool = False, bounded: bool = True) -> Value:
    """The number that some units are."""
    # Sums and products can outgrow 15 digits although their parts did not. The bound is checked where the
    # amount gets its name, so once for each amount.
    is_new = writer.known(code) is None
    name = writer.named(Value(code), "u").code
    if is_new and not bounded:
        writer.line(f"if {name} and not {-_LIMIT} < {name} < {_LIMIT}: raise Imprecise")
    number = f"unscaled({name})"
    if nullable:
        return Value(f"(None if {name} is None else {number})", NUMBER | NULL, units=name)
    return Value(number, NUMBER, units=name)


def _missing(values: list[Value]) -> str:
    """A condition that holds when one of the values is missing; empty when none can be."""
    return " or ".join(f"{value.code} is None" for value in values if value.nullable)


def _each(writer: Writer, values: list[Value], code: str, *, bounded: bool = True) -> Value:
    """An amount that is missing when one of the values is."""
    missing = _missing(values)
    return _amount(
        writer, f"None if {missing} else {code}" if missing else code, nullable=bool(missing), bounded=bounded
    )


def _add(writer: Writer, values: list[Value]) -> Value:
    summed = " + ".join(f"({value.code} or 0)" if value.nullable else value.code for value in values)
    # `add` skips what is missing, and is missing only if everything is.
    if not all(value.nullable for value in values):
        return _amount(writer, summed, bounded=False)
    missing = " and ".join(f"{value.code} is None" for value in values)
    return _amount(writer, f"None if {missing} else {summed}", nullable=True, bounded=False)


def _subtract(writer: Writer, values: list[Value]) -> Value:
    less = f"({values[1].code} or 0)" if values[1].nullable else values[1].code
    return _each(writer, values[:1], f"{values[0].code} - {less}", bounded=False)


def _neg(writer: Writer, values: list[Value]) -> Value:
    return _each(writer, values, f"-{values[0].code}")


def _magnitude(writer: Writer, values: list[Value]) -> Value:
    return _each(writer, values, f"abs({values[0].code})")


def _number(writer: Writer, values: list[Value]) -> Value:
    return _each(writer, values, values[0].code)


def _integer(writer: Writer, values: list[Value]) -> Value:
    name, nullable = values[0].code, values[0].nullable
    writer.line(f"if {name} and {name} % {SCALE}: raise Unexplained")
    code = f"{name} // {SCALE}"
    return Value(
        f"(None if {name} is None else {code})" if nullable else f"({code})", values[0].kinds, units=name
    )


def _extreme(writer: Writer, values: list[Value], name: str) -> Value:
    """The smallest or the greatest of those that are there."""
    if any(value.nullable for value in values):
        listed = ", ".join(value.code for value in values)
        return _amount(writer, f"{name}(present(({listed},)), default=None)", nullable=True)
    return _amount(writer, f"{name}({', '.join(value.code for value in values)})")


def _max_of(writer: Writer, values: list[Value]) -> Value:
    return _extreme(writer, values, "max")


def _min_of(writer: Writer, values: list[Value]) -> Value:
    return _extreme(writer, values, "min")


def _multiply(writer: Writer, values: list[Value]) -> Value:
    missing = _missing(values)
    product = " * ".join(value.code for value in values)
    # The product of two amounts has eight decimals. If the last four are not 0, it is no longer exact here.
    name = writer.named(Value(f"0 if {missing} else {product}" if missing else product), "u").code
    writer.line(f"if {name} % {SCALE}: raise Imprecise")
    return _each(writer, values, f"{name} // {SCALE}", bounded=False)


def _ratio(_writer: Writer, values: list[Value]) -> Value:
    missing = _missing(values)
    code = f"ratio_of({values[0].code}, {values[1].code})"
    return Value(f"(None if {missing} else {code})" if missing else code, NUMBER | NULL, harmless=True)


def _equal(_writer: Writer, values: list[Value]) -> Value:
    return Value(f"({values[0].code} == {values[1].code})", BOOLEAN)


def _rounded(writer: Writer, values: list[Value], *, as_text: bool) -> Value:
    """An amount with the decimals of its currency."""
    given = units_of(writer, values[0])
    currency = writer.named(values[1]).code if len(values) > 1 else "None"
    # The currency is mostly the same for a whole mapping: its digits are looked up once, before all loops.
    places = writer.early(f"digits_of({currency})", currency, "n").code
    # Most amounts already have two decimals: then there is nothing to round.
    code = (
        f"{given.code} if {places} == 2 and not {given.code} % 100 else rounded_units({given.code}, {places})"
    )
    code = f"None if {given.code} is None else {code}" if given.nullable else code
    name = writer.named(Value(code), "u").code
    shown = f"amount_text({name}, {places})" if as_text else f"unscaled({name})"
    kinds = STRING if as_text else NUMBER
    if given.nullable:
        return Value(f"(None if {name} is None else {shown})", kinds | NULL, units=name)
    return Value(shown, kinds, units=name)


def _sum(expressions: ExpressionWriter, node: Expr, frame: Frame) -> Value:
    """The sum of a list, without the list where there is a loop to do it in."""
    writer = expressions.writer
    writer.risky()
    name = expressions.gathered.get(id(node)) or writer.fresh("u")
    # `+ 0` makes a new code: the name of the sum changes its value while the list is made, so its code must
    # not be taken for what is already known.
    if id(node) in expressions.gathered:
        return _amount(writer, f"{name} + 0", bounded=False)
    writer.line(f"{name} = 0")
    take = _adding(writer, name)
    if not loops.each(expressions, loops.flat(node), frame, take):
        values = writer.named(or_empty(writer, expressions.value(node, frame)))
        if values.kinds != ARRAY:
            writer.line(f"if {values.code}.__class__ is not list: raise Unexplained")
        writer.line(f"{name} = sum(map(units, {values.code}))")
    return _amount(writer, f"{name} + 0", bounded=False)


def _adding(writer: Writer, name: str) -> loops.Sink:
    def take(value: Value, _frame: Frame | None) -> None:
        writer.line(f"{name} += {units_of(writer, value).code}")

    return take


def gather(expressions: ExpressionWriter, node: Expr) -> Callable[[Value], None]:
    """Begin a sum over a list that is about to be made; what is returned takes the list's items."""
    name = expressions.gathered[id(node)] = expressions.writer.fresh("u")
    expressions.writer.line(f"{name} = 0")
    chain, take = loops.Chain.of_items(expressions, loops.flat(node)), _adding(expressions.writer, name)
    return lambda item: chain.feed(item, take)


_Write = Callable[[Writer, list[Value]], Value]

# How many arguments are understood here, and what is written for them.
_FUNCTIONS: Final[dict[str, tuple[int, int, _Write]]] = {
    "add": (1, 20, _add),
    "amount": (1, 2, _add),
    "equal": (2, 2, _equal),
    "integer": (1, 1, _integer),
    "magnitude": (1, 1, _magnitude),
    "max_of": (2, 20, _max_of),
    "min_of": (2, 20, _min_of),
    "money": (1, 2, _add),
    "multiply": (2, 2, _multiply),
    "neg": (1, 1, _neg),
    "ratio": (2, 2, _ratio),
    "number": (1, 1, _number),
    "subtract": (2, 2, _subtract),
}
