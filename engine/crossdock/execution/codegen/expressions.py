"""The tree of an expression or a template as Python: one method for each kind of node, as in the interpreter.

A method writes the statements that its value needs and returns the value. Whatever can raise is written
where the interpreter would come to it, so that ``a || b`` raises what is wrong with ``b`` only without
``a``; all else is free to move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, cast

from crossdock.execution.codegen import calls, fixed_point, loops
from crossdock.execution.codegen.locals import Access, Frame
from crossdock.execution.codegen.reads import HERE, of_tree, way_of
from crossdock.execution.codegen.writer import (
    ARRAY,
    BOOLEAN,
    NONE,
    NULL,
    STRING,
    Value,
    Writer,
    literal,
    of_items,
    of_members,
    truth,
)
from crossdock.language.functions.bounds import LONGEST
from crossdock.language.legacy import Tree

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
_ORDERED: Final = frozenset({"number", "string"})


class Trees:
    """Writes trees. ``origins`` are the frames of ``root()`` and its like, ``tables`` the rows' names."""

    def __init__(self, writer: Writer, origins: dict[str, Frame], tables: Callable[[str], str]) -> None:
        self.writer = writer
        self.origins = origins
        self.table = tables
        self.gathered: dict[int, str] = {}  # sums that are added up while their list is made, by their list

    def value(self, tree: Tree, frame: Frame) -> Value:
        """What a tree gives in a context."""
        if way := way_of(tree):
            origin = frame if way[0] == HERE else self.origins[way[0]]
            return origin.read(way[1])
        method: Callable[[Tree, Frame], Value] = getattr(self, f"on_{tree['type']}")
        return method(tree, frame)

    def enter(self, value: Value, trees: Iterable[Tree], more: Iterable[Access] = ()) -> Frame:
        """The context that a value is for some trees, and for what else reads it."""
        if value.members is None and value.items is None:
            value = self.writer.named(value)
        accesses = [*(access for tree in trees for origin, access in of_tree(tree) if origin == HERE), *more]
        return Frame(self.writer, value, accesses)

    def truth(self, tree: Tree, frame: Frame) -> str:
        return truth(self.writer, self.value(tree, frame))

    def on_subexpression(self, tree: Tree, frame: Frame) -> Value:
        *before, right = tree["children"]
        left: Tree = before[0] if len(before) == 1 else {**tree, "children": before}
        if tree["type"] == "pipe" and (chain := loops.onto(left, right)):
            return self.value(chain, frame)
        if loops.takes_first(right) and (first := loops.first(self, loops.flat(left), frame)):
            inside = Frame(self.writer, NONE)
            inside.first = first
            return self.value(right, inside)
        value = self.value(left, frame)
        inside = self.enter(value, [right])
        inside.first = frame.first if left["type"] in ("identity", "current") else None
        return self.value(right, inside)

    on_pipe = on_index_expression = on_subexpression

    def on_index(self, tree: Tree, frame: Frame) -> Value:
        position = tree["value"]
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

    def on_slice(self, tree: Tree, frame: Frame) -> Value:
        value = frame.named()
        parts: list[int | None] = cast("list[int | None]", tree["children"])
        bounds = ":".join("" if part is None else str(part) for part in parts)
        if parts[2] == 0:
            self.writer.risky()
        if value.kinds == ARRAY:
            return Value(f"{value.code}[{bounds}]", ARRAY)
        return Value(f"({value.code}[{bounds}] if {value.code}.__class__ is list else None)", ARRAY | NULL)

    def on_literal(self, tree: Tree, _frame: Frame) -> Value:
        return literal(tree["value"])

    def on_key_val_pair(self, tree: Tree, frame: Frame) -> Value:
        return self.value(tree["children"][0], frame)

    def on_or_expression(self, tree: Tree, frame: Frame) -> Value:
        left, right = tree["children"]
        value = self.writer.named(self.value(left, frame))
        return self._either(value, f"not {truth(self.writer, value)}", right, frame, value.kinds - NULL)

    def on_and_expression(self, tree: Tree, frame: Frame) -> Value:
        left, right = tree["children"]
        value = self.writer.named(self.value(left, frame))
        return self._either(value, truth(self.writer, value), right, frame, value.kinds - {"number"})

    def _either(self, value: Value, test: str, other: Tree, frame: Frame, kinds: frozenset[str]) -> Value:
        """A value, or when the test holds another one."""
        with self.writer.aside() as kept:
            right = self.value(other, frame)
        kinds = kinds | right.kinds
        if not kept:
            return Value(f"({right.code} if {test} else {value.code})", kinds)
        name = self.writer.fresh()
        self.writer.line(f"{name} = {value.code}")
        self.writer.place(f"if {test}:", kept, f"{name} = {right.code}")
        return Value(name, kinds, simple=True)

    def on_not_expression(self, tree: Tree, frame: Frame) -> Value:
        return Value(f"(not {self.truth(tree['children'][0], frame)})", BOOLEAN)

    def on_comparator(self, tree: Tree, frame: Frame) -> Value:
        if (asked := self._kind_asked(tree, frame)) is not None:
            return asked
        values = [self.value(part, frame) for part in tree["children"]]
        if (compared := self._amounts_compared(tree["value"], *values)) is not None:
            return compared
        left, right = (self.writer.named(value) for value in values)
        if tree["value"] in ("eq", "ne"):
            return Value(_equality(left, right, tree["value"] == "ne"), BOOLEAN)
        operator = _ORDERS[tree["value"]]
        plain = f"{left.code} {operator} {right.code}"
        for kind in ("number", "string"):
            if left.kinds == right.kinds == {kind}:
                return Value(f"({plain})", BOOLEAN)
        if left.kinds & _ORDERED and right.kinds & _ORDERED:
            self.writer.risky()
        otherwise = f"ordered(operator.{_NAMES[tree['value']]}, {left.code}, {right.code})"
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

    def _kind_asked(self, tree: Tree, frame: Frame) -> Value | None:
        """``type(a) == 'string'``, without the name of the type."""
        left, right = tree["children"]
        if left["type"] != "function_expression" or left["value"] != "type" or right["type"] != "literal":
            return None
        test = _IS.get(right["value"]) if isinstance(right["value"], str) else None
        if test is None or tree["value"] not in ("eq", "ne"):
            return None
        value = self.writer.named(self.value(left["children"][0], frame))
        negation = "not " if tree["value"] == "ne" else ""
        return Value(f"({negation}{value.code}.__class__ {test})", BOOLEAN)

    def on_multi_select_dict(self, tree: Tree, frame: Frame) -> Value:
        pairs = tree["children"]
        return self._selected(
            frame, lambda: of_members({pair["value"]: self._part(pair, frame) for pair in pairs})
        )

    def on_multi_select_list(self, tree: Tree, frame: Frame) -> Value:
        return self._selected(frame, lambda: of_items([self._part(part, frame) for part in tree["children"]]))

    def _part(self, tree: Tree, frame: Frame) -> Value:
        return self.writer.named(self.value(tree, frame))

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

    def on_projection(self, tree: Tree, frame: Frame) -> Value:
        return loops.collected(self, tree, frame)

    on_flatten = on_filter_projection = on_value_projection = on_projection

    def on_function_expression(self, tree: Tree, frame: Frame) -> Value:
        return calls.call(self, tree, frame)

    def on_conditional(self, tree: Tree, frame: Frame) -> Value:
        test, then, otherwise = tree["children"]
        condition = self.truth(test, frame)
        with self.writer.aside() as first:
            one = self.value(then, frame)
        with self.writer.aside() as second:
            other = self.value(otherwise, frame)
        kinds = one.kinds | other.kinds
        if not first and not second:
            return Value(f"({one.code} if {condition} else {other.code})", kinds)
        name = self.writer.fresh()
        self.writer.place(f"if {condition}:", first, f"{name} = {one.code}")
        self.writer.place("else:", second, f"{name} = {other.code}")
        return Value(name, kinds, simple=True)

    def on_text(self, tree: Tree, frame: Frame) -> Value:
        """The parts one after the other; the first that is missing makes the whole so."""
        parts = tree["children"]
        name = self.writer.fresh()
        printed: list[str] = []
        if all(part["type"] == "literal" and isinstance(part["value"], str) for part in parts):
            return literal("".join(part["value"] for part in parts))
        self.writer.line(f"{name} = None")
        self._print(parts, frame, printed, name)
        return Value(name, STRING | NULL, simple=True)

    on_concat = on_text

    def _print(self, parts: list[Tree], frame: Frame, printed: list[str], name: str) -> None:
        for position, part in enumerate(parts):
            value = self.value(part, frame)
            if part["type"] == "literal" and value.kinds == STRING:
                printed.append(_escaped(part["value"]))
                continue
            value = self.writer.named(value)
            if not value.kinds <= STRING | NULL:
                self.writer.risky()
                value = self.writer.named(Value(f"text({value.code})", STRING | NULL))
            printed.append("{" + value.code + "}")
            if value.nullable:
                with self.writer.block(f"if {value.code} is not None:"):
                    self._print(parts[position + 1 :], frame, printed, name)
                return
        self.writer.line(f'{name} = f"{"".join(printed)}"')
        self.writer.risky()
        self.writer.line(f"if len({name}) > {LONGEST}: raise Unexplained")


def _escaped(text: str) -> str:
    """Text as it stands in an f-string between double quotes."""
    # With a double quote in it repr writes it in single ones, whatever else there is.
    return repr('"' + text)[2:-1].replace('"', '\\"').replace("{", "{{").replace("}", "}}")


def _equality(left: Value, right: Value, negated: bool) -> str:
    same, other = ("==", "is") if not negated else ("!=", "is not")
    for one, value in ((left, right), (right, left)):
        if value.code in ("None", "True", "False"):
            return f"({one.code} {other} {value.code})"
    for one, value in ((left, right), (right, left)):
        if value.whole in (0, 1) and "boolean" in one.kinds:
            joint = (
                f"and {one.code}.__class__ is not bool" if not negated else f"or {one.code}.__class__ is bool"
            )
            return f"({one.code} {same} {value.code} {joint})"
        if value.whole is not None:
            return f"({one.code} {same} {value.code})"
    mixed = ("number" in left.kinds and "boolean" in right.kinds) or (
        "boolean" in left.kinds and "number" in right.kinds
    )
    if not mixed:
        return f"({left.code} {same} {right.code})"
    return f"({'not ' if negated else ''}same({left.code}, {right.code}))"
