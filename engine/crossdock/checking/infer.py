"""An expression over views: what it yields, before there is a payload, and what is wrong with it.

One case a kind of node, as in an interpreter, but a view takes the place of each value. Conditions
narrow: behind `company && …`, inside `[?sku]` and under `$if: gift`, what was tested is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from crossdock.checking.facts import AROUND, shown_by
from crossdock.checking.function_types import BY, ELEMENTS, SORTING, result_of
from crossdock.checking.narrowing import (
    Facts,
    Narrowed,
    documented_in,
    element_at,
    inside,
    is_around,
    narrowed,
    origins_of,
)
from crossdock.checking.types import (
    ANYTHING,
    NUMBER,
    TEXT,
    TRUTH,
    Either,
    Kinds,
    ListOf,
    Record,
    View,
    either,
    in_words,
    kinds_of,
    made,
    tuple_of,
)
from crossdock.core.diagnostics import Severity, did_you_mean
from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY, Function
from crossdock.language.functions.function import ordinal
from crossdock.language.jmespath import Expression, Tree

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
class Surroundings:
    """What the context functions give where a cell stands, and the tables of its file.

    ``lenient``: a property that a schema does not document may be there all the same.
    """

    root: View
    settings: View
    request: View = ANYTHING
    answers: View = ANYTHING
    tables: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    lenient: bool = False

    def narrowed(self, facts: Facts) -> Surroundings:
        """The surroundings where these facts hold."""
        around = self
        for name in AROUND:
            token = f"{name}()"
            if any(path and path[0] == token for path in facts):
                view: View = narrowed(getattr(self, name), inside(facts, token))
                around = replace(around, **{name: view})  # type: ignore[arg-type]
        return around


@dataclass(slots=True)
class _Witness:
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


class _Nobody:
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


NOBODY: Sink = _Nobody()


@dataclass(frozen=True, slots=True)
class Inference:
    """One expression in its surroundings."""

    expression: Expression
    around: Surroundings
    sink: Sink
    indirect: bool = False
    defaulted: bool = False

    def where(self, facts: Facts, context: View) -> tuple[Inference, View]:
        """Where these facts hold: of the context, and of what is around it."""
        if not facts:
            return self, context
        own = {path: fact for path, fact in facts.items() if not is_around(path)}
        there = narrowed(context, own)
        around = self.around.narrowed(facts)
        if own and around.root is context:
            around = replace(around, root=there)
        return (self if around is self.around else replace(self, around=around)), there

    def decides(self, tree: Tree, context: View) -> View:
        """The view of a condition: what it reads decides on a value, and is not that value."""
        return replace(self, indirect=True, defaulted=True).view(tree, context)

    def report(
        self, id: str, message: str, tree: Tree, help: str | None = None, severity: Severity = "error"
    ) -> None:
        self.sink.report(id, message, self.expression, tree, help, severity)

    def view(self, tree: Tree, context: View) -> View:
        """What the expression yields in a context."""
        children = tree["children"]
        match tree["type"]:
            case "current" | "identity":
                return context
            case "field":
                return self.property(tree, context)
            case "subexpression" | "pipe" | "index_expression":
                for child in children:
                    context = self.view(child, context)
                return context
            case "index":
                self.elements(tree, context)
                return element_at(context, tree["value"])
            case "slice":
                return ListOf(self.elements(tree, context), _may_be_no_list(context))
            case "flatten":
                left = self.view(children[0], context)
                return ListOf(_spliced(self.elements(children[0], left)), _may_be_no_list(left))
            case "projection" | "filter_projection" | "value_projection":
                return self.projection(tree, context)
            case "literal":
                return made(tree["value"])
            case "function_expression":
                return self.call(tree, context)
        return self.made_here(tree, context)

    def made_here(self, tree: Tree, context: View) -> View:
        """What an operator or a multiselect makes of its parts."""
        children = tree["children"]
        match tree["type"]:
            case "or_expression":
                return self.either_or(tree, context)
            case "and_expression":
                left = self.decides(children[0], context)
                self.reachable(left, children[0])
                inner, there = self.where(shown_by(children[0]), context)
                right = inner.view(children[1], there)
                falsy = left.limited(left.kinds & _FALSY)
                return either([falsy, right]) if falsy.kinds or left.optional else right
            case "not_expression":
                replace(self, defaulted=True).view(children[0], context)
                return TRUTH
            case "comparator":
                return self.comparison(tree, context)
            case "conditional":
                self.reachable(self.decides(children[0], context), children[0])
                inner, there = self.where(shown_by(children[0]), context)
                other, here = self.where(shown_by(children[0], truth=False), context)
                return either([inner.view(children[1], there), other.view(children[2], here)])
            case "text" | "concat":
                return self.text(tree, context)
            case "multi_select_dict":
                return self.object(children, context)
            case "multi_select_list":
                return tuple_of([self.view(child, context) for child in children], optional=_missing(context))
        return ANYTHING

    def object(self, pairs: list[Tree], context: View) -> View:
        """An object made of expressions, which remembers what each of its properties is made of."""
        fields: dict[str, View] = {}
        origins: dict[str, tuple[str, ...]] = {}
        for pair in pairs:
            witness = _Witness(self.sink)
            fields[pair["value"]] = replace(self, sink=witness).view(pair["children"][0], context)
            origins[pair["value"]] = tuple(witness.direct)
        return Record(fields, optional=_missing(context), origins=origins)

    # Reading

    def property(self, tree: Tree, context: View) -> View:
        name = tree["value"]
        found = context.property(name)
        if found is None:
            message = f"`{context.name}` has no property `{name}`"
            help = did_you_mean(name, context.property_names()) or _through_list(name, context)
            lenient = self.around.lenient and bool(documented_in(context))
            self.report("unknown-property", message, tree, help, "warning" if lenient else "error")
            return ANYTHING
        for origin in (*(each.name for each in documented_in(found)), *origins_of(context, name)):
            self.sink.read(origin, indirect=self.indirect)
        may_be_no_object = context.optional or bool(context.kinds - {"object"})
        return found.marked(True) if may_be_no_object and context.known else found

    def elements(self, tree: Tree, view: View) -> View:
        """The elements of what must be a list."""
        if view.known and view.kinds and "array" not in view.kinds:
            message = f"`{view.name}` is {in_words(view.kinds)}, and this takes the elements of a list"
            self.report("not-a-list", message, tree)
            return ANYTHING
        return view.items()

    def projection(self, tree: Tree, context: View) -> View:
        left_tree = tree["children"][0]
        left = self.view(left_tree, context)
        if tree["type"] == "value_projection":
            element, no_list = left.values(), left.optional or bool(left.kinds - {"object"})
        else:
            element, no_list = self.elements(left_tree, left), _may_be_no_list(left)
        inner = self
        if tree["type"] == "filter_projection":
            condition = tree["children"][2]
            self.reachable(self.decides(condition, element), condition)
            inner, element = self.where(shown_by(condition), element)
        return ListOf(inner.view(tree["children"][1], element).marked(False), no_list)

    # Operators

    def either_or(self, tree: Tree, context: View) -> View:
        left_tree, right_tree = tree["children"]
        left = replace(self, defaulted=True).view(left_tree, context)
        if left.known and left.kinds and not left.optional and left.kinds <= _NEVER_FALSY:
            message = "what stands behind this `||` is never reached: what stands before it is always there"
            self.report("unreachable", message, right_tree, severity="warning")
            return left
        inner, there = self.where(shown_by(left_tree, truth=False), context)
        right = inner.view(right_tree, there)
        true_left = self.when_true(left_tree, left, context)
        return either([true_left, right]) if true_left.kinds else right

    def when_true(self, tree: Tree, view: View, context: View) -> View:
        """What a value is when it is true: of `a && b` that can only be b."""
        if tree["type"] == "and_expression":
            first, second = tree["children"]
            inner, there = replace(self, sink=NOBODY).where(shown_by(first), context)
            return inner.when_true(second, inner.view(second, there), there)
        return view.limited(view.kinds - {"false"}).marked(False)

    def reachable(self, condition: View, tree: Tree) -> None:
        """Report a condition that no payload makes true."""
        if never_true(condition):
            message = "this is never true, so that what depends on it is never reached"
            self.report("unreachable", message, tree, severity="warning")

    def comparison(self, tree: Tree, context: View) -> View:
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
        return TRUTH.marked(not sure)

    def operand(self, tree: Tree, context: View) -> View:
        """One side of a comparison: the text 'null' that `to_string` makes of nothing does no harm here."""
        if tree["type"] == "function_expression" and tree["value"] == "to_string":
            return self.call(tree, context, compared=True)
        return replace(self, defaulted=True).view(tree, context)

    def likely(self, tree: Tree, left: View, right: View) -> None:
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

    def text(self, tree: Tree, context: View) -> View:
        optional = False
        for child in tree["children"]:
            view = self.view(child, context)
            optional = optional or _missing(view)
            unprintable = view.kinds & {"array", "object"}
            if view.known and unprintable:
                verb = "is" if view.kinds == unprintable else "may be"
                message = f"this {verb} {in_words(unprintable)}, which cannot be printed as text"
                self.report("wrong-type", message, child, severity=_severity(verb))
        return TEXT.marked(optional)

    # Functions

    def call(self, tree: Tree, context: View, *, compared: bool = False) -> View:
        function, arguments = REGISTRY[tree["value"]], tree["children"]
        self.sink.used("function", function.name)
        views = [self.argument(function, place, item, context) for place, item in enumerate(arguments)]
        lists = [view for view, item in zip(views, arguments, strict=True) if item["type"] != "expref"]
        inner: View = ANYTHING
        for item in arguments:
            if item["type"] == "expref":
                inner = self.view(item["children"][0], lists[0].items() if lists else ANYTHING)
        if function.kind == "context":
            return self.context_function(tree, views)
        missing = self.arguments(tree, function, views, compared=compared)
        self.elements_fit(tree, function, lists, inner)
        result = result_of(function, lists, inner)
        return result.marked(True) if missing else result

    def argument(self, function: Function, place: int, tree: Tree, context: View) -> View:
        if tree["type"] == "expref":
            return ANYTHING
        if function.name in ("lookup", "contains") and place == 1:
            return self.operand(tree, context)
        inner = replace(self, defaulted=function.name == "not_null") if self.defaulted else self
        return inner.view(tree, context)

    def arguments(self, tree: Tree, function: Function, views: list[View], *, compared: bool) -> bool:
        """Check the arguments; whether one that the function needs may be missing, so that it gives null."""
        missing = False
        for position, (view, argument) in enumerate(zip(views, tree["children"], strict=True)):
            parameter = function.parameters[min(position, len(function.parameters) - 1)]
            if argument["type"] == "expref":
                continue
            self.argument_fits(function, position, view, argument)
            takes_null = bool({"null", "any"} & parameter.types)
            if not view.optional or (takes_null and function.name != "to_string") or parameter.optional:
                continue
            if function.kind == "library":
                missing = True
            elif view.known and not compared:
                self.needs(function, f"its {ordinal(position)}", argument)
        return missing

    def argument_fits(self, function: Function, position: int, view: View, argument: Tree) -> None:
        parameter = function.parameters[min(position, len(function.parameters) - 1)]
        allowed = kinds_of(parameter.types)
        bad = view.kinds - allowed
        if view.known and bad:
            verb = "may be" if view.kinds & allowed else "is"
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

    def elements_fit(self, tree: Tree, function: Function, lists: list[View], inner: View) -> None:
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

    def part_fits(self, text: View, part: View, tree: Tree) -> None:
        """Whether what is looked for in a text is text."""
        bad = part.kinds - {"string"}
        if part.known and bad:
            definite = text.kinds == {"string"} and bad == part.kinds
            verb = "is" if definite else "may be"
            message = f"a part of a text is text, and this {verb} {in_words(bad)}"
            self.report("wrong-type", message, tree, severity=_severity(verb))
        if part.optional and part.known:
            self.needs(REGISTRY["contains"], "a text to look for in a text", tree)

    def element_fits(self, function: Function, allowed: Kinds, view: View, tree: Tree, which: str) -> None:
        if not view.known:
            return
        if bad := view.kinds - allowed:
            verb = "may be" if view.kinds & allowed else "is"
            message = (
                f"`{function.name}` takes {in_words(allowed)} as {which}, and this {verb} {in_words(bad)}"
            )
            self.report("wrong-type", message, tree, severity=_severity(verb))
        elif function.name in (*SORTING, *BY) and "string" in view.kinds and view.kinds & NUMBER:
            message = f"`{function.name}` cannot compare text with a number, and here are both"
            self.report("wrong-type", message, tree, severity="warning")
        if view.optional:
            self.needs(function, which, tree)

    def context_function(self, tree: Tree, views: list[View]) -> View:
        match tree["value"]:
            case "root":
                return self.around.root
            case "settings":
                return self.around.settings
            case "request":
                return self.around.request
            case "answers":
                return self.around.answers
            case "lookup":
                return self.lookup(tree, views)
        return ListOf(ANYTHING)

    def lookup(self, tree: Tree, views: list[View]) -> View:
        table = tree["children"][0].get("value")
        rows = self.around.tables.get(table, {}) if isinstance(table, str) else {}
        self.sink.used("table", str(table))
        key = views[1] if len(views) > 1 else ANYTHING
        bad = key.kinds - {"string", "integer"}
        if key.known and bad:
            verb = "may be" if key.kinds - bad else "is"
            message = f"a table is looked up by text, and this {verb} {in_words(bad)}"
            self.report("wrong-type", message, tree["children"][1], severity=_severity(verb))
        found = either(made(value) for value in rows.values())
        if len(views) > 2:
            result = either([found.marked(False), views[2]])
            return result.marked(True) if key.optional else result
        covered = key.constants is not None and all(_key(value) in rows for value in _given(key.constants))
        if not self.defaulted:
            self.covers(str(table), rows, key, tree)
        return found.marked(key.optional or not covered)

    def covers(self, table: str, rows: Mapping[str, JSON], key: View, tree: Tree) -> None:
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


def _missing(view: View) -> bool:
    """Whether it is known that a value may be missing; where nothing is known nothing is claimed."""
    return view.optional and view.known


def _may_be_no_list(view: View) -> bool:
    return view.known and (view.optional or bool(view.kinds - _ARRAY))


def _through_list(name: str, view: View) -> str | None:
    """The help for a property that is looked for in a list, and that its elements have."""
    if "array" not in view.kinds or not view.known or view.items().property(name) is None:
        return None
    return f"`{view.name}` is a list: `[].{name}` is the one of each element"


def never_true(view: View) -> bool:
    """Whether no payload makes a value true."""
    if not view.known or (view.kinds - _FALSY):
        return False
    if view.kinds <= {"false"}:
        return True
    values = view.constants
    return values is not None and not any(values)


def _may_clash(left: View, right: View) -> bool:
    """Whether an order is asked of text and a number."""
    return any(
        "string" in one.kinds and other.kinds & NUMBER for one, other in ((left, right), (right, left))
    )


def listed(values: tuple[JSON, ...]) -> str:
    """Some values as a message lists them."""
    return ", ".join(f"`{value}`" for value in values[:8] if value is not None)


def _impossible(left: View, right: View, *, equality: bool) -> str | None:
    """Why two values can never be compared, or never be equal."""
    for one, other in ((left, right), (right, left)):
        outside = [value for value in other.constants or () if value is not None]
        known = one.constants
        if equality and known is not None and outside and not any(value in known for value in outside):
            return f"`{one.name}` is never `{outside[0]}`: it is one of {listed(known)}"
    kinds = [_broad(view.kinds) for view in (left, right)]
    if not kinds[0] & kinds[1]:
        what = "are never equal" if equality else "cannot be compared"
        return f"{in_words(left.kinds)} and {in_words(right.kinds)} {what}"
    return None


def _broad(kinds: Kinds) -> Kinds:
    """Kinds with whole numbers and others as one."""
    return kinds | NUMBER if kinds & NUMBER else kinds


def _spliced(element: View) -> View:
    """What a flattened list holds: the elements of elements that are lists, and the others as they are."""
    match element:
        case Either(options):
            return either(_spliced(option) for option in options)
        case Narrowed(base):
            return _spliced(base)
    if not element.known or "array" not in element.kinds:
        return element
    others = element.kinds - _ARRAY
    return either([element.items(), element.limited(others)]) if others else element.items()
