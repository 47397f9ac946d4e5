"""An expression over views: what it yields, before there is a payload, and what is wrong with it.

One case a kind of node, as in an interpreter, but a view takes the place of each value. Conditions
narrow: behind `company && …`, inside `[?sku]` and under `$if: gift`, what was tested is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from crossdock.checking.facts import SCOPE_FUNCTIONS, shown_by
from crossdock.checking.function_types import BY, ELEMENTS, SORTING, result_of
from crossdock.checking.narrowing import (
    Facts,
    NarrowedType,
    element_at,
    inside,
    is_scope_path,
    narrowed,
    origins_of,
    schema_types_in,
)
from crossdock.checking.types import (
    ANYTHING,
    NUMBER,
    TEXT,
    TRUTH,
    Kinds,
    ListType,
    ObjectType,
    Type,
    UnionType,
    constant_type,
    in_words,
    kinds_of,
    tuple_type,
    union,
)
from crossdock.core.diagnostics import Severity, did_you_mean
from crossdock.core.json_types import JSON
from crossdock.language.expr import Expression
from crossdock.language.functions import REGISTRY, Function
from crossdock.language.functions.function import ordinal
from crossdock.language.legacy import Tree

_ARRAY = frozenset({"array"})
_FALSY = frozenset({"string", "array", "object", "false"})
_NEVER_FALSY = NUMBER | {"true"}


class Sink(Protocol):
    """Who is told what is wrong, and what is read."""

    def report(
        self,
        id: str,
        message: str,
        expression: Expression,
        tree: Tree,
        help: str | None = None,
        severity: Severity = "error",
    ) -> None: ...

    def read(self, name: str, *, indirect: bool) -> None:
        """A part of a schema is read: for its value, or indirectly, to decide on another's."""

    def used(self, kind: str, name: str) -> None:
        """A function or a table is on the way."""


@dataclass(frozen=True, slots=True)
class TypeScope:
    """What the context functions give where a cell stands, and the tables of its file.

    ``lenient``: a property that a schema does not document may be there all the same.
    """

    root: Type
    settings: Type
    request: Type = ANYTHING
    answers: Type = ANYTHING
    tables: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    lenient: bool = False

    def narrowed(self, facts: Facts) -> TypeScope:
        """The surroundings where these facts hold."""
        scope = self
        for name in SCOPE_FUNCTIONS:
            token = f"{name}()"
            if any(path and path[0] == token for path in facts):
                typ: Type = narrowed(getattr(self, name), inside(facts, token))
                scope = replace(scope, **{name: typ})  # type: ignore[arg-type]
        return scope


@dataclass(slots=True)
class _Recorder:
    """Passes everything on, and remembers what was read for its value."""

    sink: Sink
    direct: dict[str, None] = field(default_factory=dict)

    def report(
        self,
        id: str,
        message: str,
        expression: Expression,
        tree: Tree,
        help: str | None = None,
        severity: Severity = "error",
    ) -> None:
        self.sink.report(id, message, expression, tree, help, severity)

    def read(self, name: str, *, indirect: bool) -> None:
        self.sink.read(name, indirect=indirect)
        if not indirect:
            self.direct[name] = None

    def used(self, kind: str, name: str) -> None:
        self.sink.used(kind, name)


class _Silent:
    """Is told what has been said before."""

    def report(
        self,
        id: str,
        message: str,
        expression: Expression,
        tree: Tree,
        help: str | None = None,
        severity: Severity = "error",
    ) -> None: ...

    def read(self, name: str, *, indirect: bool) -> None: ...

    def used(self, kind: str, name: str) -> None: ...


SILENT: Sink = _Silent()


@dataclass(frozen=True, slots=True)
class Inference:
    """One expression in its surroundings."""

    expression: Expression
    scope: TypeScope
    sink: Sink
    indirect: bool = False
    defaulted: bool = False

    def where(self, facts: Facts, context: Type) -> tuple[Inference, Type]:
        """Where these facts hold: of the context, and of what is around it."""
        if not facts:
            return self, context
        own = {path: fact for path, fact in facts.items() if not is_scope_path(path)}
        there = narrowed(context, own)
        scope = self.scope.narrowed(facts)
        if own and scope.root is context:
            scope = replace(scope, root=there)
        return (self if scope is self.scope else replace(self, scope=scope)), there

    def decides(self, tree: Tree, context: Type) -> Type:
        """The view of a condition: what it reads decides on a value, and is not that value."""
        return replace(self, indirect=True, defaulted=True).infer(tree, context)

    def report(
        self, id: str, message: str, tree: Tree, help: str | None = None, severity: Severity = "error"
    ) -> None:
        self.sink.report(id, message, self.expression, tree, help, severity)

    def infer(self, tree: Tree, context: Type) -> Type:
        """What the expression yields in a context."""
        children = tree["children"]
        match tree["type"]:
            case "current" | "identity":
                return context
            case "field":
                return self.member(tree, context)
            case "subexpression" | "pipe" | "index_expression":
                for child in children:
                    context = self.infer(child, context)
                return context
            case "index":
                self.elements(tree, context)
                return element_at(context, tree["value"])
            case "slice":
                return ListType(self.elements(tree, context), _may_be_no_list(context))
            case "flatten":
                left = self.infer(children[0], context)
                return ListType(_spliced(self.elements(children[0], left)), _may_be_no_list(left))
            case "projection" | "filter_projection" | "value_projection":
                return self.projection(tree, context)
            case "literal":
                return constant_type(tree["value"])
            case "function_expression":
                return self.call(tree, context)
        return self.made_here(tree, context)

    def made_here(self, tree: Tree, context: Type) -> Type:
        """What an operator or a multiselect makes of its parts."""
        children = tree["children"]
        match tree["type"]:
            case "or_expression":
                return self.either_or(tree, context)
            case "and_expression":
                left = self.decides(children[0], context)
                self.reachable(left, children[0])
                inner, there = self.where(shown_by(children[0]), context)
                right = inner.infer(children[1], there)
                falsy = left.restricted(left.kinds & _FALSY)
                return union([falsy, right]) if falsy.kinds or left.optional else right
            case "not_expression":
                replace(self, defaulted=True).infer(children[0], context)
                return TRUTH
            case "comparator":
                return self.comparison(tree, context)
            case "conditional":
                self.reachable(self.decides(children[0], context), children[0])
                inner, there = self.where(shown_by(children[0]), context)
                other, here = self.where(shown_by(children[0], truth=False), context)
                return union([inner.infer(children[1], there), other.infer(children[2], here)])
            case "text" | "concat":
                return self.text(tree, context)
            case "multi_select_dict":
                return self.object(children, context)
            case "multi_select_list":
                return tuple_type(
                    [self.infer(child, context) for child in children], optional=_missing(context)
                )
        return ANYTHING

    def object(self, pairs: list[Tree], context: Type) -> Type:
        """An object made of expressions, which remembers what each of its properties is made of."""
        fields: dict[str, Type] = {}
        origins: dict[str, tuple[str, ...]] = {}
        for pair in pairs:
            recorder = _Recorder(self.sink)
            fields[pair["value"]] = replace(self, sink=recorder).infer(pair["children"][0], context)
            origins[pair["value"]] = tuple(recorder.direct)
        return ObjectType(fields, optional=_missing(context), origins=origins)

    # Reading

    def member(self, tree: Tree, context: Type) -> Type:
        name = tree["value"]
        found = context.member(name)
        if found is None:
            message = f"`{context.name}` has no property `{name}`"
            help = did_you_mean(name, context.property_names()) or _through_list(name, context)
            lenient = self.scope.lenient and bool(schema_types_in(context))
            self.report("unknown-property", message, tree, help, "warning" if lenient else "error")
            return ANYTHING
        for origin in (*(each.name for each in schema_types_in(found)), *origins_of(context, name)):
            self.sink.read(origin, indirect=self.indirect)
        may_be_no_object = context.optional or bool(context.kinds - {"object"})
        return found.with_optional(True) if may_be_no_object and context.known else found

    def elements(self, tree: Tree, typ: Type) -> Type:
        """The elements of what must be a list."""
        if typ.known and typ.kinds and "array" not in typ.kinds:
            message = f"`{typ.name}` is {in_words(typ.kinds)}, and this takes the elements of a list"
            self.report("not-a-list", message, tree)
            return ANYTHING
        return typ.items()

    def projection(self, tree: Tree, context: Type) -> Type:
        left_tree = tree["children"][0]
        left = self.infer(left_tree, context)
        if tree["type"] == "value_projection":
            element, no_list = left.values(), left.optional or bool(left.kinds - {"object"})
        else:
            element, no_list = self.elements(left_tree, left), _may_be_no_list(left)
        inner = self
        if tree["type"] == "filter_projection":
            condition = tree["children"][2]
            self.reachable(self.decides(condition, element), condition)
            inner, element = self.where(shown_by(condition), element)
        return ListType(inner.infer(tree["children"][1], element).with_optional(False), no_list)

    # Operators

    def either_or(self, tree: Tree, context: Type) -> Type:
        left_tree, right_tree = tree["children"]
        left = replace(self, defaulted=True).infer(left_tree, context)
        if left.known and left.kinds and not left.optional and left.kinds <= _NEVER_FALSY:
            message = "what stands behind this `||` is never reached: what stands before it is always there"
            self.report("unreachable", message, right_tree, severity="warning")
            return left
        inner, there = self.where(shown_by(left_tree, truth=False), context)
        right = inner.infer(right_tree, there)
        true_left = self.when_true(left_tree, left, context)
        return union([true_left, right]) if true_left.kinds else right

    def when_true(self, tree: Tree, typ: Type, context: Type) -> Type:
        """What a value is when it is true: of `a && b` that can only be b."""
        if tree["type"] == "and_expression":
            first, second = tree["children"]
            inner, there = replace(self, sink=SILENT).where(shown_by(first), context)
            return inner.when_true(second, inner.infer(second, there), there)
        return typ.restricted(typ.kinds - {"false"}).with_optional(False)

    def reachable(self, condition: Type, tree: Tree) -> None:
        """Report a condition that no payload makes true."""
        if never_true(condition):
            message = "this is never true, so that what depends on it is never reached"
            self.report("unreachable", message, tree, severity="warning")

    def comparison(self, tree: Tree, context: Type) -> Type:
        left, right = (self.operand(child, context) for child in tree["children"])
        operator = tree["value"]
        equality = operator in ("eq", "ne")
        if left.known and right.known and left.kinds and right.kinds:
            message = _impossible(left, right, equality=equality)
            if message is not None:
                self.report("impossible-comparison", message, tree)
            elif equality:
                self.likely(tree, left, right)
            elif _may_clash(left, right):
                message = "text cannot be compared with a number, and for some payloads this does"
                self.report("wrong-type", message, tree, severity="warning")
        if equality:
            return TRUTH
        comparable = left.kinds <= NUMBER | {"string"} and right.kinds <= NUMBER | {"string"}
        sure = left.known and right.known and comparable and not left.optional and not right.optional
        return TRUTH.with_optional(not sure)

    def operand(self, tree: Tree, context: Type) -> Type:
        """One side of a comparison: the text 'null' that `to_string` makes of nothing does no harm here."""
        if tree["type"] == "function_expression" and tree["value"] == "to_string":
            return self.call(tree, context, compared=True)
        return replace(self, defaulted=True).infer(tree, context)

    def likely(self, tree: Tree, left: Type, right: Type) -> None:
        """Warn of a comparison with a value that is none of those that are known."""
        for one, other in ((left, right), (right, left)):
            known, values = one.likely, other.constants
            texts = [value for value in values or () if isinstance(value, str) and value]
            if (
                known
                and texts
                and len(texts) == len(values or ())
                and not any(text in known for text in texts)
            ):
                message = f"`{one.name}` is not known to be `{texts[0]}`: known are {listed(known)}"
                help = did_you_mean(texts[0], [str(value) for value in known])
                self.report("impossible-comparison", message, tree, help, "warning")

    def text(self, tree: Tree, context: Type) -> Type:
        optional = False
        for child in tree["children"]:
            typ = self.infer(child, context)
            optional = optional or _missing(typ)
            unprintable = typ.kinds & {"array", "object"}
            if typ.known and unprintable:
                verb = "is" if typ.kinds == unprintable else "may be"
                message = f"this {verb} {in_words(unprintable)}, which cannot be printed as text"
                self.report("wrong-type", message, child, severity=_severity(verb))
        return TEXT.with_optional(optional)

    # Functions

    def call(self, tree: Tree, context: Type, *, compared: bool = False) -> Type:
        function, arguments = REGISTRY[tree["value"]], tree["children"]
        self.sink.used("function", function.name)
        types = [self.argument(function, place, item, context) for place, item in enumerate(arguments)]
        lists = [typ for typ, item in zip(types, arguments, strict=True) if item["type"] != "expref"]
        inner: Type = ANYTHING
        for item in arguments:
            if item["type"] == "expref":
                inner = self.infer(item["children"][0], lists[0].items() if lists else ANYTHING)
        if function.kind == "context":
            return self.context_function(tree, types)
        missing = self.arguments(tree, function, types, compared=compared)
        self.elements_fit(tree, function, lists, inner)
        result = result_of(function, lists, inner)
        return result.with_optional(True) if missing else result

    def argument(self, function: Function, place: int, tree: Tree, context: Type) -> Type:
        if tree["type"] == "expref":
            return ANYTHING
        if function.name in ("lookup", "contains") and place == 1:
            return self.operand(tree, context)
        inner = replace(self, defaulted=function.name == "not_null") if self.defaulted else self
        return inner.infer(tree, context)

    def arguments(self, tree: Tree, function: Function, types: list[Type], *, compared: bool) -> bool:
        """Check the arguments; whether one that the function needs may be missing, so that it gives null."""
        missing = False
        for position, (typ, argument) in enumerate(zip(types, tree["children"], strict=True)):
            parameter = function.parameters[min(position, len(function.parameters) - 1)]
            if argument["type"] == "expref":
                continue
            self.argument_fits(function, position, typ, argument)
            takes_null = bool({"null", "any"} & parameter.types)
            if not typ.optional or (takes_null and function.name != "to_string") or parameter.optional:
                continue
            if function.kind == "library":
                missing = True
            elif typ.known and not compared:
                self.needs(function, f"its {ordinal(position)}", argument)
        return missing

    def argument_fits(self, function: Function, position: int, typ: Type, argument: Tree) -> None:
        parameter = function.parameters[min(position, len(function.parameters) - 1)]
        allowed = kinds_of(parameter.types)
        bad = typ.kinds - allowed
        if typ.known and bad:
            verb = "may be" if typ.kinds & allowed else "is"
            which = f"`{function.name}` takes {in_words(allowed)} as its {ordinal(position)}"
            self.report(
                "wrong-type", f"{which}, and this {verb} {in_words(bad)}", argument, severity=_severity(verb)
            )

    def needs(self, function: Function, which: str, argument: Tree) -> None:
        message = f"`{function.name}` needs {which}, and this may be missing"
        help = "keep it from being called then: `value && …`, or give a default: `value || …`"
        if function.name == "to_string":
            message = "`to_string` makes the text 'null' of a value that is missing, and this may be"
        self.report("may-be-missing", message, argument, help, "warning")

    def elements_fit(self, tree: Tree, function: Function, lists: list[Type], inner: Type) -> None:
        """Check what is in the lists that a function takes, and what its `&…` gives."""
        arguments = tree["children"]
        if function.name == "contains" and lists[0].known and "string" in lists[0].kinds:
            self.part_fits(lists[0], lists[1], arguments[1])
        if (allowed := ELEMENTS.get(function.name)) is not None:
            place = 0 if len(lists) == 1 else 1
            if lists[place].known:
                self.element_fits(function, allowed, lists[place].items(), arguments[place], "each element")
        if function.name in BY:
            self.element_fits(
                function, NUMBER | {"string"}, inner, arguments[1]["children"][0], "what it sorts by"
            )

    def part_fits(self, text: Type, part: Type, tree: Tree) -> None:
        """Whether what is looked for in a text is text."""
        bad = part.kinds - {"string"}
        if part.known and bad:
            definite = text.kinds == {"string"} and bad == part.kinds
            verb = "is" if definite else "may be"
            message = f"a part of a text is text, and this {verb} {in_words(bad)}"
            self.report("wrong-type", message, tree, severity=_severity(verb))
        if part.optional and part.known:
            self.needs(REGISTRY["contains"], "a text to look for in a text", tree)

    def element_fits(self, function: Function, allowed: Kinds, typ: Type, tree: Tree, which: str) -> None:
        if not typ.known:
            return
        if bad := typ.kinds - allowed:
            verb = "may be" if typ.kinds & allowed else "is"
            message = (
                f"`{function.name}` takes {in_words(allowed)} as {which}, and this {verb} {in_words(bad)}"
            )
            self.report("wrong-type", message, tree, severity=_severity(verb))
        elif function.name in (*SORTING, *BY) and "string" in typ.kinds and typ.kinds & NUMBER:
            message = f"`{function.name}` cannot compare text with a number, and here are both"
            self.report("wrong-type", message, tree, severity="warning")
        if typ.optional:
            self.needs(function, which, tree)

    def context_function(self, tree: Tree, types: list[Type]) -> Type:
        match tree["value"]:
            case "root":
                return self.scope.root
            case "settings":
                return self.scope.settings
            case "request":
                return self.scope.request
            case "answers":
                return self.scope.answers
            case "lookup":
                return self.lookup(tree, types)
        return ListType(ANYTHING)

    def lookup(self, tree: Tree, types: list[Type]) -> Type:
        table = tree["children"][0].get("value")
        rows = self.scope.tables.get(table, {}) if isinstance(table, str) else {}
        self.sink.used("table", str(table))
        key = types[1] if len(types) > 1 else ANYTHING
        bad = key.kinds - {"string", "integer"}
        if key.known and bad:
            verb = "may be" if key.kinds - bad else "is"
            message = f"a table is looked up by text, and this {verb} {in_words(bad)}"
            self.report("wrong-type", message, tree["children"][1], severity=_severity(verb))
        found = union(constant_type(value) for value in rows.values())
        if len(types) > 2:
            result = union([found.with_optional(False), types[2]])
            return result.with_optional(True) if key.optional else result
        covered = key.constants is not None and all(_key(value) in rows for value in _given(key.constants))
        if not self.defaulted:
            self.covers(str(table), rows, key, tree)
        return found.with_optional(key.optional or not covered)

    def covers(self, table: str, rows: Mapping[str, JSON], key: Type, tree: Tree) -> None:
        """Report the values of a key that a table has no row for."""
        values = key.constants if key.constants is not None else key.likely
        absent = [_key(value) for value in _given(values or ()) if _key(value) not in rows]
        if absent:
            message = f"the table `{table}` has no row for {', '.join(f'`{value}`' for value in absent[:5])}"
            self.report("uncovered-value", message, tree, severity="warning")


def _severity(verb: str) -> Severity:
    return "error" if verb == "is" else "warning"


def _key(value: JSON) -> str:
    return str(value)


def _given(values: tuple[JSON, ...]) -> list[JSON]:
    return [value for value in values if value is not None]


def _missing(typ: Type) -> bool:
    """Whether it is known that a value may be missing; where nothing is known nothing is claimed."""
    return typ.optional and typ.known


def _may_be_no_list(typ: Type) -> bool:
    return typ.known and (typ.optional or bool(typ.kinds - _ARRAY))


def _through_list(name: str, typ: Type) -> str | None:
    """The help for a property that is looked for in a list, and that its elements have."""
    if "array" not in typ.kinds or not typ.known or typ.items().member(name) is None:
        return None
    return f"`{typ.name}` is a list: `[].{name}` is the one of each element"


def never_true(typ: Type) -> bool:
    """Whether no payload makes a value true."""
    if not typ.known or (typ.kinds - _FALSY):
        return False
    if typ.kinds <= {"false"}:
        return True
    values = typ.constants
    return values is not None and not any(values)


def _may_clash(left: Type, right: Type) -> bool:
    """Whether an order is asked of text and a number."""
    return any(
        "string" in one.kinds and other.kinds & NUMBER for one, other in ((left, right), (right, left))
    )


def listed(values: tuple[JSON, ...]) -> str:
    """Some values as a message lists them."""
    return ", ".join(f"`{value}`" for value in values[:8] if value is not None)


def _impossible(left: Type, right: Type, *, equality: bool) -> str | None:
    """Why two values can never be compared, or never be equal."""
    for one, other in ((left, right), (right, left)):
        outside = [value for value in other.constants or () if value is not None]
        known = one.constants
        if equality and known is not None and outside and not any(value in known for value in outside):
            return f"`{one.name}` is never `{outside[0]}`: it is one of {listed(known)}"
    kinds = [_broad(typ.kinds) for typ in (left, right)]
    if not kinds[0] & kinds[1]:
        what = "are never equal" if equality else "cannot be compared"
        return f"{in_words(left.kinds)} and {in_words(right.kinds)} {what}"
    return None


def _broad(kinds: Kinds) -> Kinds:
    """Kinds with whole numbers and others as one."""
    return kinds | NUMBER if kinds & NUMBER else kinds


def _spliced(element: Type) -> Type:
    """What a flattened list holds: the elements of elements that are lists, and the others as they are."""
    match element:
        case UnionType(options):
            return union(_spliced(option) for option in options)
        case NarrowedType(base):
            return _spliced(base)
    if not element.known or "array" not in element.kinds:
        return element
    others = element.kinds - _ARRAY
    return union([element.items(), element.restricted(others)]) if others else element.items()
