"""The nodes of an expression or a template as Python: one case for each kind of node, as in the evaluator.

A method writes the statements that its value needs and returns the value. Whatever can raise is written
where the interpreter would come to it, so that ``a || b`` raises what is wrong with ``b`` only without
``a``; all else is free to move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, assert_never

from crossdock.core.limits import STRING_CHARACTERS
from crossdock.execution.codegen import calls, fixed_point, joins, loops
from crossdock.execution.codegen.locals import Access, Frame
from crossdock.execution.codegen.reads import HERE, of_node, way_of
from crossdock.execution.codegen.writer import (
    ARRAY,
    BOOLEAN,
    NONE,
    NULL,
    STRING,
    Value,
    Writer,
    equality,
    literal,
    of_items,
    of_members,
    truth,
)
from crossdock.language.expr import (
    And,
    Binding,
    Comparator,
    Concat,
    Conditional,
    Constant,
    Current,
    Expr,
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

_ORDERS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_NAMES: Final = {"lt": "lt", "lte": "le", "gt": "gt", "gte": "ge"}
_IS: Final = {
    "string": "is str",
    "boolean": "is bool",
    "array": "is list",
    "object": "is dict",
    "number": "in NUMBERS",
    "null": "is None.__class__",
}
_Simple = (
    Identifier
    | Current
    | Identity
    | Constant
    | Index
    | Slice
    | Text
    | Concat
    | Variable
    | Let
    | ExpressionReference
)
_ORDERED: Final = frozenset({"number", "string"})


class Expressions:
    """Writes nodes. ``origins`` are the frames of ``root()`` and its like, ``tables`` the rows' names."""

    def __init__(self, writer: Writer, origins: dict[str, Frame], tables: Callable[[str], str]) -> None:
        self.writer = writer
        self.origins = origins
        self.table = tables
        self._names: dict[str, Value] = {}  # what `let` has named, around what is being written
        self._memo = joins.Memo()
        self.gathered: dict[int, str] = {}  # sums that are added up while their list is made, by their list

    def value(self, node: Expr, frame: Frame) -> Value:
        """What a node gives in a context."""
        # A plain way to a property was read when its context was entered, and may have a name already.
        if way := way_of(node):
            origin = frame if way[0] == HERE else self.origins[way[0]]
            return origin.read(way[1])
        if (kept := self._memo.value(self, node, frame)) is not None:
            return kept
        match node:
            case Subexpression() | IndexExpression():
                before = node.parts[:-1]
                left = before[0] if len(before) == 1 else replace(node, parts=before)
                return self._onward(left, node.parts[-1], frame)
            case Pipe(left, right):
                chain = loops.onto(left, right)
                return self.value(chain, frame) if chain else self._onward(left, right, frame)
            case Projection() | FilterProjection() | ValueProjection() | Flatten():
                return loops.collected(self, node, frame)
            case FunctionCall():
                return calls.call(self, node, frame)
            case Comparator() | Or() | And() | Not() | Conditional():
                return self._chosen(node, frame)
            case KeyValue(_, inner) | Binding(_, inner):
                return self.value(inner, frame)
            case MultiselectHash(pairs):
                return self._selected(
                    frame, lambda: of_members({pair.key: self._part(pair, frame) for pair in pairs})
                )
            case MultiselectList(items):
                return self._selected(frame, lambda: of_items([self._part(item, frame) for item in items]))
        return self._simple(node, frame)

    def _chosen(self, node: Comparator | Or | And | Not | Conditional, frame: Frame) -> Value:
        match node:
            case Comparator():
                return self._comparator(node, frame)
            case Or(left, right):
                value = self.writer.named(self.value(left, frame))
                test = f"not {truth(self.writer, value)}"
                return self._either(value, test, right, frame, value.kinds - NULL)
            case And(left, right):
                value = self.writer.named(self.value(left, frame))
                # What is false is never a number: 0 is true.
                test = truth(self.writer, value)
                return self._either(value, test, right, frame, value.kinds - {"number"})
            case Not(operand):
                return Value(f"(not {self.truth(operand, frame)})", BOOLEAN)
            case Conditional():
                return self._conditional(node, frame)
        assert_never(node)

    def _simple(self, node: _Simple, frame: Frame) -> Value:
        match node:
            case Identifier() | Current() | Identity():
                raise AssertionError("read by its way")
            case Constant(constant):
                return literal(constant)
            case Index(position):
                return self._index(position, frame)
            case Slice():
                return self._slice(node, frame)
            case Text(parts) | Concat(parts):
                return self._text(parts, frame)
            case Variable(name):
                return self._names.get(name) or self._named_around(name)
            case Let():
                return self._let(node, frame)
            case ExpressionReference():
                raise AssertionError("written by the call that takes it")
        assert_never(node)

    def enter(self, value: Value, nodes: Iterable[Expr], more: Iterable[Access] = ()) -> Frame:
        """The context that a value is for some expressions, and for what else reads it."""
        if value.members is None and value.items is None:
            value = self.writer.named(value)
        accesses = [*(access for node in nodes for origin, access in of_node(node) if origin == HERE), *more]
        return Frame(self.writer, value, accesses)

    def truth(self, node: Expr, frame: Frame) -> str:
        return truth(self.writer, self.value(node, frame))

    def _onward(self, left: Expr, right: Expr, frame: Frame) -> Value:
        """The right with the value of the left as its context."""
        # `list[…] | [0]` needs no list: the loop stops at the first item, which the frame holds for `[0]`.
        if loops.takes_first(right) and (first := loops.first(self, loops.flat(left), frame)):
            inside = Frame(self.writer, NONE)
            inside.first = first
            return self.value(right, inside)
        value = self.value(left, frame)
        inside = self.enter(value, [right])
        inside.first = frame.first if isinstance(left, Identity | Current) else None
        return self.value(right, inside)

    def _let(self, node: Let, frame: Frame) -> Value:
        # Each value gets a Python name before the body is written: it is computed once, and what it
        # raises is raised even if no branch of the body reads the variable, as in the interpreter.
        given = {
            binding.name: self.writer.named(self.value(binding.value, frame)) for binding in node.bindings
        }
        around, self._names = self._names, {**self._names, **given}
        value = self.value(node.body, frame)
        self._names = around
        return value

    @contextmanager
    def naming(self, name: str | None, value: Value) -> Iterator[Value]:
        """Meanwhile a value has a name, if there is one. Yields the value, which then is computed already."""
        if name is None:
            yield value
            return
        value = self.writer.named(value)
        around, self._names = self._names, {**self._names, name: value}
        yield value
        self._names = around

    def _named_around(self, name: str) -> Value:
        """What is named outside of all that is written here; computing it can fail."""
        code = f"scope.names[{name!r}]"
        if self.writer.known(code) is None:
            self.writer.risky()
        return self.writer.named(Value(code))

    def _index(self, position: int, frame: Frame) -> Value:
        if frame.first is not None and position == 0:
            return frame.first
        value = frame.value
        if value.items is not None:
            inside = -len(value.items) <= position < len(value.items)
            return value.items[position] if inside else NONE
        if "array" not in value.kinds:
            return NONE
        name = frame.named().code
        enough = (
            name if position in (0, -1) else f"len({name}) >{'=' if position < 0 else ''} {abs(position)}"
        )
        test = enough if value.kinds == ARRAY else f"{name}.__class__ is list and {enough}"
        return Value(f"({name}[{position}] if {test} else None)")

    def _slice(self, node: Slice, frame: Frame) -> Value:
        value = frame.named()
        bounds = ":".join("" if part is None else str(part) for part in (node.start, node.stop, node.step))
        if node.step == 0:
            self.writer.risky()
        if value.kinds == ARRAY:
            return Value(f"{value.code}[{bounds}]", ARRAY)
        return Value(f"({value.code}[{bounds}] if {value.code}.__class__ is list else None)", ARRAY | NULL)

    def _either(self, value: Value, test: str, other: Expr, frame: Frame, kinds: frozenset[str]) -> Value:
        """A value, or when the test holds another one."""
        # Statements of the other side run only if it is needed, so they are written aside and placed in a
        # branch. If it has none, one conditional expression is shorter, and as lazy.
        with self.writer.aside() as kept:
            right = self.value(other, frame)
        kinds = kinds | right.kinds
        if not kept:
            return Value(f"({right.code} if {test} else {value.code})", kinds)
        name = self.writer.fresh()
        self.writer.line(f"{name} = {value.code}")
        self.writer.place(f"if {test}:", kept, f"{name} = {right.code}")
        return Value(name, kinds, simple=True)

    def _comparator(self, node: Comparator, frame: Frame) -> Value:
        if (asked := self._kind_asked(node, frame)) is not None:
            return asked
        values = [self.value(part, frame) for part in (node.left, node.right)]
        if (compared := self._amounts_compared(node.operator, *values)) is not None:
            return compared
        left, right = (self.writer.named(value) for value in values)
        if node.operator in ("eq", "ne"):
            return Value(equality(left, right, node.operator == "ne"), BOOLEAN)
        operator = _ORDERS[node.operator]
        plain = f"{left.code} {operator} {right.code}"
        for kind in ("number", "string"):
            if left.kinds == right.kinds == {kind}:
                return Value(f"({plain})", BOOLEAN)
        # A text against a number raises, as in the interpreter; any other mixture gives null.
        if left.kinds & _ORDERED and right.kinds & _ORDERED:
            self.writer.risky()
        otherwise = f"ordered(operator.{_NAMES[node.operator]}, {left.code}, {right.code})"
        unsure = [side.code for side in (left, right) if side.kinds != {"number"}]
        test = " and ".join(f"{code}.__class__ in NUMBERS" for code in unsure)
        return Value(f"({plain} if {test} else {otherwise})", BOOLEAN | NULL)

    def _amounts_compared(self, operator: str, left: Value, right: Value) -> Value | None:
        """An order between an amount that is at hand in ten-thousandths and a number."""
        if operator not in _ORDERS or "string" in left.kinds | right.kinds:
            return None
        if left.units is None and right.units is None:
            return None
        one, other = (fixed_point.units_of(self.writer, value) for value in (left, right))
        missing = [f"{value.code} is None" for value in (one, other) if value.nullable]
        plain = f"{one.code} {_ORDERS[operator]} {other.code}"
        if missing:
            there = " and ".join(f"{value.code} is not None" for value in (one, other) if value.nullable)
            code = f"(None if {' or '.join(missing)} else {plain})"
            return Value(code, BOOLEAN | NULL, test=f"({there} and {plain})")
        return Value(f"({plain})", BOOLEAN)

    def _kind_asked(self, node: Comparator, frame: Frame) -> Value | None:
        """``type(a) == 'string'``, without the name of the type."""
        match node:
            case Comparator("eq" | "ne", FunctionCall("type", (asked,)), Constant(str(kind))) if kind in _IS:
                value = self.writer.named(self.value(asked, frame))
            case _:
                return None
        test, negation = _IS[kind], "not " if node.operator == "ne" else ""
        return Value(f"({negation}{value.code}.__class__ {test})", BOOLEAN)

    def _part(self, node: Expr, frame: Frame) -> Value:
        return self.writer.named(self.value(node, frame))

    def _selected(self, frame: Frame, make: Callable[[], Value]) -> Value:
        """A list or an object of parts; nothing when the context is."""
        if not frame.value.nullable:
            return make()
        if frame.value.nothing:
            return NONE
        context = frame.named()
        with self.writer.aside() as kept:
            made = make()
        name = self.writer.fresh()
        self.writer.line(f"{name} = None")
        self.writer.place(f"if {context.code} is not None:", kept, f"{name} = {made.code}")
        return Value(name, made.kinds | NULL, simple=True)

    def _conditional(self, node: Conditional, frame: Frame) -> Value:
        condition = self.truth(node.test, frame)
        with self.writer.aside() as first:
            one = self.value(node.then, frame)
        with self.writer.aside() as second:
            other = self.value(node.otherwise, frame)
        kinds = one.kinds | other.kinds
        if not first and not second:
            return Value(f"({one.code} if {condition} else {other.code})", kinds)
        name = self.writer.fresh()
        self.writer.place(f"if {condition}:", first, f"{name} = {one.code}")
        self.writer.place("else:", second, f"{name} = {other.code}")
        return Value(name, kinds, simple=True)

    def _text(self, parts: tuple[Expr, ...], frame: Frame) -> Value:
        """The parts one after the other; the first that is missing makes the whole so."""
        name = self.writer.fresh()
        printed: list[str] = []
        constants = [
            part.value for part in parts if isinstance(part, Constant) and isinstance(part.value, str)
        ]
        if len(constants) == len(parts):
            return literal("".join(constants))
        self.writer.line(f"{name} = None")
        self._print(parts, frame, printed, name)
        return Value(name, STRING | NULL, simple=True)

    def _print(self, parts: tuple[Expr, ...], frame: Frame, printed: list[str], name: str) -> None:
        for position, part in enumerate(parts):
            value = self.value(part, frame)
            if isinstance(part, Constant) and isinstance(part.value, str):
                printed.append(_escaped(part.value))
                continue
            value = self.writer.named(value)
            if not value.kinds <= STRING | NULL:
                self.writer.risky()
                value = self.writer.named(Value(f"text({value.code})", STRING | NULL))
            printed.append("{" + value.code + "}")
            # What comes after a missing part is not computed at all: the rest goes into the branch.
            if value.nullable:
                with self.writer.block(f"if {value.code} is not None:"):
                    self._print(parts[position + 1 :], frame, printed, name)
                return
        self.writer.line(f'{name} = f"{"".join(printed)}"')
        self.writer.risky()
        self.writer.line(f"if len({name}) > {STRING_CHARACTERS}: raise Unexplained")


def _escaped(text: str) -> str:
    """Text as it is written in an f-string between double quotes."""
    # With a double quote in it repr writes it in single ones, whatever else there is.
    return repr('"' + text)[2:-1].replace('"', '\\"').replace("{", "{{").replace("}", "}}")
