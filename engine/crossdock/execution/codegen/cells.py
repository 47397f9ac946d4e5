"""The cells of a mapping as Python: objects and lists as displays, ``$`` words as branches and loops.

A cell that gives nothing leaves its key out. In the code that is ``None``, but where the mapping itself
writes null: there it is ``MISSING``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from crossdock.core.diagnostics import Span
from crossdock.execution.codegen import fixed_point, loops
from crossdock.execution.codegen.expressions import Expressions
from crossdock.execution.codegen.locals import Frame
from crossdock.execution.codegen.reads import HERE, Found, of_cell, of_message, of_node, way_of
from crossdock.execution.codegen.writer import ARRAY, NULL, OBJECT, Value, Writer, literal, truth
from crossdock.execution.failed_checks import constants_of
from crossdock.execution.scope import default_settings
from crossdock.language import syntax
from crossdock.language.expr import Expr, Expression, FunctionCall, source_order
from crossdock.language.syntax import LinkedMapping

_LONGEST_COMMENT: Final = 100


@dataclass(frozen=True, slots=True)
class Made:
    """What a cell gives, and what it is when the cell gives nothing; no such thing for None."""

    value: Value
    missing: str | None = None


class Cells:
    """Writes the cells of one mapping, in the frames of its payload and its settings."""

    def __init__(
        self, writer: Writer, mapping: LinkedMapping, scope: dict[str, Frame], path: tuple[str, ...] = ()
    ) -> None:
        self.writer = writer
        self.mapping = mapping
        self.expressions = Expressions(writer, scope, self._table)
        self.sums: dict[int, list[Expr]] = {}
        self.path = path  # the code of each part of the place in the result that is being written
        self._gathering: list[Callable[[Value], None]] = []

    def made(self, cell: syntax.Cell, frame: Frame) -> Made:
        """What a cell gives in a context."""
        self.comment(cell.span)
        match cell:
            case syntax.Evaluate(expression):
                value = self.expression(expression, frame)
                return Made(value, "None" if value.nullable else None)
            case syntax.Literal(constant):
                return Made(literal(constant))
            case syntax.Object(fields):
                return self._object([(item.key, self._field(item, frame)) for item in fields])
            case syntax.List():
                return Made(self._list(cell, frame))
            case syntax.With(over, inner):
                return self._with(over, inner, frame)
            case syntax.If(condition, inner):
                test = truth(self.writer, self.expression(condition, frame))
                return self._when(test, lambda: self.made(inner, frame))
            case syntax.Switch():
                return self._switch(cell, frame)
            case syntax.Use():
                return self._use(cell, frame)

    def expression(self, expression: Expression, frame: Frame) -> Value:
        return self.expressions.value(expression.node, frame)

    @contextmanager
    def below(self, part: str) -> Iterator[None]:
        """What is written meanwhile is at a property or an item of the place so far."""
        outer, self.path = self.path, (*self.path, part)
        yield
        self.path = outer

    def comment(self, span: Span) -> None:
        """The line of the mapping that the code below comes from."""
        text = span.source.line(span.line).strip()
        shown = text if len(text) <= _LONGEST_COMMENT else text[: _LONGEST_COMMENT - 1] + "…"
        comment = f"# {span.source.name}:{span.line}  {shown}"
        if shown.isprintable():
            self.writer.comment(comment)

    def _table(self, name: str) -> str:
        return self.writer.constant(dict(self.mapping.tables[name]), "table", f"{self.mapping.name} {name}")

    def _field(self, item: syntax.Field, frame: Frame) -> Made:
        self.comment(item.key_span)
        with self.below(repr(item.key)):
            made = self.made(item.cell, frame)
        if made.missing is None:
            return made
        return Made(self.writer.named(made.value), made.missing)

    def _object(self, fields: list[tuple[str, Made]]) -> Made:
        """An object with all its keys, and then without those that are missing."""
        if self._gathering:
            fields = [(key, replace(made, value=self.writer.named(made.value))) for key, made in fields]
        written = ", ".join(f"{key!r}: {made.value.code}" for key, made in fields)
        absent = [(key, made) for key, made in fields if made.missing is not None]
        known = self._gathering and all(made.missing != "MISSING" for _, made in fields)
        members = {key: made.value for key, made in fields} if known else None
        if not absent:
            return Made(Value(f"{{{written}}}", OBJECT, members=members))
        name = self.writer.fresh("d")
        self.writer.line(f"{name} = {{{written}}}")
        for key, made in absent:
            self.writer.line(f"if {made.value.code} is {made.missing}: del {name}[{key!r}]")
        return Made(Value(name, OBJECT, simple=True, members=members))

    def _list(self, cell: syntax.List, frame: Frame) -> Value:
        name = self.writer.fresh("r")
        self.writer.line(f"{name} = []")
        outer, self._gathering = self._gathering, [*self._begun(cell)]
        with self.below(f"len({name})"):
            for item in cell.items:
                if isinstance(item, syntax.Each):
                    self._each(item, frame, name)
                else:
                    self._append(name, self.made(item, frame))
        self._gathering = outer
        return Value(name, ARRAY, simple=True)

    def _begun(self, cell: syntax.List) -> Iterator[Callable[[Value], None]]:
        """The sums of the checks that go through a list of the result, to be added up while it is made."""
        for node in self.sums.get(id(cell), ()):
            yield fixed_point.gather(self.expressions, node)

    def _append(self, name: str, made: Made) -> None:
        value = self.writer.named(made.value)
        gathering, self._gathering = self._gathering, []
        if made.missing is None:
            self._put(name, value, gathering)
        else:
            with self.writer.block(f"if {value.code} is not {made.missing}:"):
                self._put(name, value, gathering)
        self._gathering = gathering

    def _put(self, name: str, value: Value, gathering: list[Callable[[Value], None]]) -> None:
        self.writer.line(f"{name}.append({value.code})")
        for feed in gathering:
            feed(value)

    def _each(self, item: syntax.Each, frame: Frame, name: str) -> None:
        self.comment(item.span)
        behind = [access for origin, access in of_cell(item.cell) if origin == HERE]

        def take(value: Value, inside: Frame | None) -> None:
            with self.expressions.naming(item.name, value) as element:
                self._append(name, self.made(item.cell, inside or self._enter(element, item.cell)))

        if loops.each(self.expressions, item.over.node, frame, take, behind):
            return
        over = self.writer.named(self.expression(item.over, frame))
        element = Value(self.writer.fresh("e"), simple=True)
        if over.kinds == ARRAY:
            head = over.code
        else:
            self.writer.risky()
            self.writer.line(
                f"if {over.code} is not None and {over.code}.__class__ is not list: raise Unexplained"
            )
            head = f"{over.code} or ()"
        with self.writer.block(f"for {element.code} in {head}:"), self.writer.loop():
            take(element, None)

    def _enter(self, value: Value, cell: syntax.Cell) -> Frame:
        accesses = [access for origin, access in of_cell(cell) if origin == HERE]
        if value.members is None and value.items is None:
            value = self.writer.named(value)
        return Frame(self.writer, value, accesses)

    def _with(self, over: Expression, inner: syntax.Cell, frame: Frame) -> Made:
        value = self.expression(over, frame)
        if not value.nullable:
            return self.made(inner, self._enter(value, inner))
        value = self.writer.named(value)
        inside = Value(value.code, value.kinds - NULL, simple=True)
        return self._when(f"{value.code} is not None", lambda: self.made(inner, self._enter(inside, inner)))

    def _when(self, test: str, make: Callable[[], Made]) -> Made:
        """What is made when a test holds."""
        with self.writer.aside() as kept:
            made = make()
        missing = made.missing or ("MISSING" if made.value.nullable else "None")
        name = self.writer.fresh()
        self.writer.line(f"{name} = {missing}")
        self.writer.place(f"if {test}:", kept, f"{name} = {made.value.code}")
        kinds = made.value.kinds | NULL if missing == "None" else made.value.kinds
        return Made(Value(name, kinds, simple=True), missing)

    def _switch(self, cell: syntax.Switch, frame: Frame) -> Made:
        """The cell of the case that the value is: a branch for each, and one for the rest."""
        value = self.writer.named(self.expression(cell.over, frame))
        name = self.writer.fresh()
        self.writer.line(f"{name} = MISSING")
        word, kinds = "if", frozenset[str]()
        for case in sorted(cell.cases, key=lambda case: case.key == syntax.ELSE):
            with self.writer.aside() as kept:
                made = self.made(case.cell, frame)
                code = made.value.code
                if made.missing == "None":
                    code = self.writer.named(made.value).code
                    code = f"MISSING if {code} is None else {code}"
            kinds |= made.value.kinds
            head = f"{word} {value.code} == {case.key!r}:"
            if case.key == syntax.ELSE:
                head = "else:" if word == "elif" else "if True:"
            self.writer.place(head, kept, f"{name} = {code}")
            word = "elif"
        return Made(Value(name, kinds, simple=True), "MISSING")

    # $use

    def _use(self, cell: syntax.Use, frame: Frame) -> Made:
        used = cell.linked
        if not cell.beside:
            return self._used(used, frame)
        before, after = cell.beside[: cell.before], cell.beside[cell.before :]
        first = [(item.key, self._field(item, frame)) for item in before]
        if isinstance(used, syntax.Object):
            inner = [(item.key, self._field(item, frame)) for item in used.fields]
            last = [(item.key, self._field(item, frame)) for item in after]
            return self._object([*first, *inner, *last])
        made = self._used(used, frame)
        last = [(item.key, self._field(item, frame)) for item in after]
        return self._merged(cell, first, made, last)

    def _merged(
        self, cell: syntax.Use, first: list[tuple[str, Made]], made: Made, last: list[tuple[str, Made]]
    ) -> Made:
        """What is used, with keys beside it that come before its own of the same name."""
        writer = self.writer
        used = writer.named(made.value)
        result = writer.named(self._object(first).value, "d")
        if made.missing is not None:
            writer.line(f"if {used.code} is {made.missing}: {used.code} = EMPTY")
        if used.kinds - NULL != OBJECT:
            writer.risky()
            writer.line(f"if {used.code}.__class__ is not dict: raise Unexplained")
        own = ", ".join(repr(item.key) for item in cell.beside)
        key, value = writer.fresh("k"), writer.fresh()
        with writer.block(f"for {key}, {value} in {used.code}.items():"):
            writer.line(f"if {key} not in ({own},): {result.code}[{key}] = {value}")
        for name, field in last:
            test = f"if {field.value.code} is not {field.missing}: " if field.missing is not None else ""
            writer.line(f"{test}{result.code}[{name!r}] = {field.value.code}")
        return Made(Value(result.code, OBJECT, simple=True))

    def _used(self, used: syntax.Definition, frame: Frame) -> Made:
        """A fragment in this scope, or another mapping written out in its own."""
        if not isinstance(used, LinkedMapping):
            return self.made(used, frame)
        return write_mapping(self.writer, used, frame.named(), self.expressions.origins, path=self.path)


def write_mapping(
    writer: Writer,
    mapping: LinkedMapping,
    payload: Value,
    outer: MappingType[str, Frame],
    *,
    path: tuple[str, ...] = (),
    objects: bool = True,
) -> Made:
    """A whole mapping: its settings, its cell and its checks. With ``objects`` it runs objects only."""
    found = [*of_cell(mapping.cell)]
    for check in mapping.checks:
        found += [item for item in of_node(check.condition.node) if item[0] != HERE]
        found += [item for item in of_message(check) if item[0] != "root"]  # what a failed check alone reads
    accesses = [access for origin, access in found if origin in (HERE, "root")]
    if objects and any(access.path for access in accesses) and payload.kinds != OBJECT:
        writer.line(f"if {payload.code}.__class__ is not dict: raise Unexplained")
        payload = Value(payload.code, OBJECT, simple=True)
    root = Frame(writer, payload, accesses)
    writer.started()
    scope = {**outer, "root": root, "settings": _settings(writer, mapping, outer["settings"], found)}
    cells = Cells(writer, mapping, scope, path)
    if writer.amounts:
        cells.sums = _sums(mapping)
    made = cells.made(mapping.cell, root)
    result = writer.named(made.value)
    if not mapping.checks:
        return Made(result, made.missing)
    if made.missing is None:
        _checks(cells, mapping, payload, result)
    else:
        with writer.block(f"if {result.code} is not {made.missing}:"):
            _checks(cells, mapping, payload, result)
    return Made(result, made.missing)


def _sums(mapping: LinkedMapping) -> dict[int, list[Expr]]:
    """What the checks add up of the lists of the result, by the cell of the list."""
    lists = {}
    if isinstance(mapping.cell, syntax.Object):
        lists = {item.key: item.cell for item in mapping.cell.fields if isinstance(item.cell, syntax.List)}
    found: dict[int, list[Expr]] = {}
    for check in mapping.checks:
        for node in source_order(check.condition.node):
            if not isinstance(node, FunctionCall) or node.name != "sum":
                continue
            added = node.arguments[0]
            layers, source = loops.taken_apart(loops.flat(added))
            way = way_of(source)
            if layers and way and way[0] == HERE and len(way[1]) == 1 and (cell := lists.get(way[1][0])):
                found.setdefault(id(cell), []).append(added)
    return found


def _settings(writer: Writer, mapping: LinkedMapping, given: Frame, found: list[Found]) -> Frame:
    """The channel's settings under those that are given, for a mapping that reads any."""
    accesses = [access for origin, access in found if origin == "settings"]
    if not accesses and not mapping.used:
        return given
    name = writer.fresh("s")
    defaults = writer.constant(dict(mapping.once(default_settings)), "settings", mapping.name)
    writer.line(f"{name} = {{**{defaults}, **{given.value.code}}}")
    return Frame(writer, Value(name, OBJECT, simple=True), accesses)


def _checks(cells: Cells, mapping: LinkedMapping, payload: Value, result: Value) -> None:
    """What must be true of the result. The interpreter words errors; of a warning the figures are kept."""
    found = [item for check in mapping.checks for item in of_node(check.condition.node)]
    frame = Frame(cells.writer, result, [access for origin, access in found if origin == HERE])
    for check in mapping.checks:
        cells.comment(check.span)
        cells.writer.risky()
        condition = truth(cells.writer, cells.expression(check.condition, frame))
        if check.level == "error":
            cells.writer.line(f"if not {condition}: raise Unexplained")
            continue
        with cells.writer.block(f"if not {condition}:"):
            _keep(cells, check, frame, payload)


def _keep(cells: Cells, check: syntax.Check, frame: Frame, payload: Value) -> None:
    """Keep what the finding of a failed check says: see ``failed_checks.Kept``."""
    writer, (place, text) = cells.writer, constants_of(check)
    known = writer.constant(place, "check", f"{place}"), writer.constant(text, "text", text)
    message = "None" if check.message is None else cells.expression(check.message, frame).code
    sides = "".join(f"{cells.expression(side, frame).code}, " for side in check.compared())
    path = "".join(f"{part}, " for part in cells.path)
    kept = f"{', '.join(known)}, {message}, ({sides}), ({path}), {payload.code}, payload"
    writer.line(f"failed.append(({kept}))")
