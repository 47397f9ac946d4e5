"""A call of a function: what is wrong with its arguments, and the type of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from crossdock.checking.certainty import Certainty, certainty
from crossdock.checking.function_types import BY, ELEMENTS, KEYS, SORTING, result_of
from crossdock.checking.given_types import type_of_one
from crossdock.checking.refused_arguments import refused_arguments
from crossdock.checking.type_kinds import NUMBER, Kinds, in_words, kinds_of
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, TEXT, ListType, Type, union
from crossdock.core.diagnostics import Severity
from crossdock.core.json_types import JSON
from crossdock.core.records import record
from crossdock.language.expr import Constant, Expr, ExpressionReference, FunctionCall
from crossdock.language.functions import Function
from crossdock.language.functions.function import ordinal

_KEYS: Final = frozenset({"string", "integer"})
_MISSING_HELP: Final = "call it only when there is a value: `value && …`, or give a default: `value || …`"


class Report(Protocol):
    """Takes a finding at a node of the expression."""

    def __call__(
        self, id: str, message: str, node: Expr, help: str | None = None, severity: Severity = "error"
    ) -> None: ...


@record(frozen=True, slots=True)
class CallTypes:
    """A call and the types of its arguments. ``inner`` is the type of what its `&…` gives.

    ``compared``: the result is only compared. ``defaulted``: something takes its place when it is missing.
    """

    node: FunctionCall
    function: Function
    types: tuple[Type, ...]
    inner: Type
    scope: TypeScope
    report: Report
    compared: bool = False
    defaulted: bool = False

    def result(self) -> Type:
        """The type of the result; what is wrong is reported."""
        function = self.function
        if function.kind == "context":
            return self.context_function()
        arguments = list(zip(self.node.arguments, self.types, strict=True))
        values = [(node, typ) for node, typ in arguments if not isinstance(node, ExpressionReference)]
        may_miss = self.check_arguments()
        self.check_elements(values)
        self.check_refused()
        result = result_of(function, [typ for _, typ in values], self.inner)
        return result.with_optional(True) if may_miss else result

    def context_function(self) -> Type:
        match self.node.name:
            case "root":
                return self.scope.root
            case "settings":
                return self.scope.settings
            case "request":
                return self.scope.request
            case "answers":
                return self.scope.answers
            case "events":
                return self.scope.events
            case "now":
                return self.clock()
            case "lookup":
                return self.lookup()
        return ListType(ANYTHING)

    def clock(self) -> Type:
        if not self.scope.has_clock:
            message = "`now` is only known in a conversation"
            help = "a mapping gives the same result at any time: let the conversation write the time"
            self.report("no-clock", message, self.node, help)
        return TEXT

    # Arguments

    def check_arguments(self) -> bool:
        """Check the arguments. True when the function may miss one that it needs, so that it gives null."""
        function, may_miss = self.function, False
        for position, (typ, node) in enumerate(zip(self.types, self.node.arguments, strict=True)):
            if isinstance(node, ExpressionReference):
                continue
            self.check_argument(position, typ, node)
            parameter = function.parameter(position)
            takes_null = bool({"null", "any"} & parameter.types) or parameter.takes_list
            # `to_string` takes null, but makes the text 'null' of it, which no author wants.
            if not typ.optional or (takes_null and function.name != "to_string") or parameter.optional:
                continue
            if function.kind == "library":
                may_miss = True
            elif typ.known and not self.compared:
                self.needs(f"its {ordinal(position)}", node)
        return may_miss

    def check_argument(self, position: int, typ: Type, node: Expr) -> None:
        allowed = kinds_of(self.function.parameter(position).types)
        which = f"`{self.function.name}` takes {in_words(allowed)} as its {ordinal(position)}"
        self.wrong_kinds(typ, allowed, which, node)

    def wrong_kinds(self, typ: Type, allowed: Kinds, wanted: str, node: Expr) -> bool:
        """Report a value that is, or may be, of other kinds; ``wanted`` begins the message."""
        bad = typ.kinds - allowed
        if not typ.known or not bad:
            return False
        sure = certainty(typ.kinds, bad)
        message = f"{wanted}, and this {sure.verb} {in_words(bad)}"
        self.report("wrong-type", message, node, severity=sure.severity)
        return True

    def needs(self, which: str, node: Expr) -> None:
        message = f"`{self.function.name}` needs {which}, and this may be missing"
        if self.function.name == "to_string":
            message = "`to_string` turns a missing value into the text 'null', and this may be missing"
        self.report("may-be-missing", message, node, _MISSING_HELP, "warning")

    def check_refused(self) -> None:
        """Report a call that its literals make fail for every payload."""
        message = refused_arguments(self.function, self.node.arguments, self.types)
        if message is not None:
            help = f"the signature is {self.function.signature}"
            self.report("wrong-arguments", message, self.node, help)

    # What is in the arguments

    def check_elements(self, values: Sequence[tuple[Expr, Type]]) -> None:
        """Check what is in the lists that a function takes, and what its `&…` gives."""
        name = self.function.name
        if name == "contains" and values[0][1].known and "string" in values[0][1].kinds:
            self.check_part(values[0][1], *values[1])
        if (allowed := ELEMENTS.get(name)) is not None:
            node, typ = values[0 if len(values) == 1 else 1]
            if typ.known:
                self.check_element(allowed, typ.items(), node, "each element")
        if name == "object" and values[0][1].known:
            self.check_entries(values[0][1].items(), values[0][0])
        if (allowed := KEYS.get(name)) is not None:
            reference = self.node.arguments[1]
            body = reference.body if isinstance(reference, ExpressionReference) else reference
            which = "its sort key" if name in BY else "the key of each item"
            self.check_element(allowed, self.inner, body, which)

    def check_entries(self, entry: Type, node: Expr) -> None:
        """Check the entries that an object is made of."""
        wanted = "`object` takes a list of objects, each with text as its `key`"
        if not entry.kinds or self.wrong_kinds(entry, frozenset({"object"}), wanted, node):
            return
        key = entry.member("key") if entry.known else None
        if key is not None:
            self.wrong_kinds(key, frozenset({"string"}), wanted, node)
            if key.optional and key.known:
                self.needs("text as the `key` of each entry", node)
        elif entry.known:
            self.report("wrong-type", f"{wanted}, and these have no `key`", node)

    def check_part(self, text: Type, node: Expr, part: Type) -> None:
        """Check that what is looked for in a text is text."""
        bad = part.kinds - {"string"}
        if part.known and bad:
            # A list may hold anything: this is only sure where the other argument cannot be one.
            sure = certainty(part.kinds, bad) if text.kinds == {"string"} else Certainty.SOMETIMES
            message = f"`contains` searches a text for text, and this {sure.verb} {in_words(bad)}"
            self.report("wrong-type", message, node, severity=sure.severity)
        if part.optional and part.known:
            self.needs("a text to search for", node)

    def check_element(self, allowed: Kinds, typ: Type, node: Expr, which: str) -> None:
        if not typ.known:
            return
        name = self.function.name
        wrong = self.wrong_kinds(typ, allowed, f"`{name}` takes {in_words(allowed)} as {which}", node)
        if not wrong and name in (*SORTING, *BY) and "string" in typ.kinds and typ.kinds & NUMBER:
            message = f"`{name}` cannot compare text with a number, and both may occur here"
            self.report("wrong-type", message, node, severity="warning")
        if typ.optional:
            self.needs(which, node)

    # Tables

    def lookup(self) -> Type:
        """The type of `lookup`: one of the rows, null where the table has no row, or the given default."""
        table, key = self.node.arguments[0], self.types[1]
        name = table.value if isinstance(table, Constant) and isinstance(table.value, str) else None
        rows = self.scope.tables.get(name, {}) if name is not None else {}
        self.wrong_kinds(key, _KEYS, "the key of a table is text", self.node.arguments[1])
        found = type_of_one(rows.values())
        if len(self.types) > 2:
            result = union([found.with_optional(False), self.types[2]])
            return result.with_optional(True) if key.optional else result
        covered = key.constants is not None and all(_row(value) in rows for value in _given(key.constants))
        if not self.defaulted:
            self.check_rows(str(name), rows, key)
        return found.with_optional(key.optional or not covered)

    def check_rows(self, table: str, rows: Mapping[str, JSON], key: Type) -> None:
        """Report the values of a key that a table has no row for."""
        values = key.constants if key.constants is not None else key.likely
        absent = [_row(value) for value in _given(values or ()) if _row(value) not in rows]
        if absent:
            message = f"the table `{table}` has no row for {', '.join(f'`{value}`' for value in absent[:5])}"
            self.report("uncovered-value", message, self.node, severity="warning")


def _row(value: JSON) -> str:
    """The name of the row for a key: a table is YAML, whose keys are text."""
    return str(value)


def _given(values: tuple[JSON, ...]) -> list[JSON]:
    return [value for value in values if value is not None]
