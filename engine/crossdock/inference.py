"""An expression over views: what it yields, before there is a payload, and what is wrong with it.

One case a kind of node, as in an interpreter, but a view takes the place of each value. Conditions
narrow: behind `company && …`, inside `[?sku]` and under `$if: gift`, what was tested is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from crossdock.diagnostics import Severity, did_you_mean
from crossdock.expressions import Expression, Tree
from crossdock.functions import REGISTRY, Function
from crossdock.values import JSON
from crossdock.views import (
    ANYTHING,
    NOTHING,
    NUMBER,
    TEXT,
    TRUTH,
    Documented,
    Either,
    Kinds,
    ListOf,
    Narrowed,
    Path,
    Record,
    Scalar,
    View,
    either,
    element_at,
    in_words,
    kinds_of,
    made,
    narrowed,
    origins_of,
    tuple_of,
)

_ARRAY = frozenset({"array"})
_FALSY = frozenset({"string", "array", "object", "false"})
_NEVER_FALSY = NUMBER | {"true"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


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
    """What the context functions give where a cell stands, and the tables of its file."""

    root: View
    settings: View
    request: View = ANYTHING
    answers: View = ANYTHING
    tables: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Inference:
    """One expression in its surroundings."""

    expression: Expression
    around: Surroundings
    sink: Sink
    indirect: bool = False

    def decides(self, tree: Tree, context: View) -> View:
        """The view of a condition: what it reads decides on a value, and is not that value."""
        return replace(self, indirect=True).view(tree, context)

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
                right = self.view(children[1], narrowed(context, present_if(children[0])))
                falsy = left.limited(left.kinds & _FALSY)
                return either([falsy, right]) if falsy.kinds or left.optional else right
            case "not_expression":
                self.view(children[0], context)
                return TRUTH
            case "comparator":
                return self.comparison(tree, context)
            case "conditional":
                self.decides(children[0], context)
                then = self.view(children[1], narrowed(context, present_if(children[0])))
                return either([then, self.view(children[2], context)])
            case "text" | "concat":
                return self.text(tree, context)
            case "multi_select_dict":
                return self.object(children, context)
            case "multi_select_list":
                return tuple_of([self.view(child, context) for child in children], optional=context.optional)
        return ANYTHING

    def object(self, pairs: list[Tree], context: View) -> View:
        """An object made of expressions, which remembers what each of its properties is made of."""
        fields: dict[str, View] = {}
        origins: dict[str, tuple[str, ...]] = {}
        for pair in pairs:
            witness = _Witness(self.sink)
            fields[pair["value"]] = replace(self, sink=witness).view(pair["children"][0], context)
            origins[pair["value"]] = tuple(witness.direct)
        return Record(fields, optional=context.optional, origins=origins)

    # Reading

    def property(self, tree: Tree, context: View) -> View:
        name = tree["value"]
        found = context.property(name)
        if found is None:
            message = f"`{context.name}` has no property `{name}`"
            help = did_you_mean(name, context.property_names())
            self.report("unknown-property", message, tree, help)
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
        if tree["type"] == "filter_projection":
            condition = tree["children"][2]
            self.decides(condition, element)
            element = narrowed(element, present_if(condition))
        return ListOf(self.view(tree["children"][1], element).marked(False), no_list)

    # Operators

    def either_or(self, tree: Tree, context: View) -> View:
        left_tree, right_tree = tree["children"]
        left = self.view(left_tree, context)
        if left.known and left.kinds and not left.optional and left.kinds <= _NEVER_FALSY:
            message = "what stands behind this `||` is never reached: what stands before it is always there"
            self.report("unreachable", message, right_tree, severity="warning")
        right = self.view(right_tree, context)
        true_left = self.when_true(left_tree, left, context)
        return either([true_left, right]) if true_left.kinds else right

    def when_true(self, tree: Tree, view: View, context: View) -> View:
        """What a value is when it is true: of `a && b` that can only be b."""
        if tree["type"] == "and_expression":
            first, second = tree["children"]
            inside = narrowed(context, present_if(first))
            return self.when_true(second, self.view(second, inside), inside)
        return view.limited(view.kinds - {"false"}).marked(False)

    def comparison(self, tree: Tree, context: View) -> View:
        left, right = (self.view(child, context) for child in tree["children"])
        operator = tree["value"]
        equality = operator in ("eq", "ne")
        if left.known and right.known and left.kinds and right.kinds:
            message = _impossible(left, right, equality=equality)
            if message is not None:
                self.report("impossible-comparison", message, tree)
        if equality:
            return TRUTH
        numbers = left.kinds <= NUMBER and right.kinds <= NUMBER
        sure = left.known and right.known and numbers and not left.optional and not right.optional
        return TRUTH.marked(not sure)

    def text(self, tree: Tree, context: View) -> View:
        optional = False
        for child in tree["children"]:
            view = self.view(child, context)
            optional = optional or view.optional
            unprintable = view.kinds & {"array", "object"}
            if view.known and unprintable:
                verb = "is" if view.kinds == unprintable else "may be"
                message = f"this {verb} {in_words(unprintable)}, which cannot be printed as text"
                self.report("wrong-type", message, child, severity=_severity(verb))
        return TEXT.marked(optional)

    # Functions

    def call(self, tree: Tree, context: View) -> View:
        function, arguments = REGISTRY[tree["value"]], tree["children"]
        self.sink.used("function", function.name)
        views = [ANYTHING if item["type"] == "expref" else self.view(item, context) for item in arguments]
        lists = [view for view, item in zip(views, arguments, strict=True) if item["type"] != "expref"]
        inner: View = ANYTHING
        for item in arguments:
            if item["type"] == "expref":
                inner = self.view(item["children"][0], lists[0].items() if lists else ANYTHING)
        if function.kind == "context":
            return self.context_function(tree, views)
        missing = self.arguments(tree, function, views)
        result = _result(function, lists, inner)
        return result.marked(True) if missing else result

    def arguments(self, tree: Tree, function: Function, views: list[View]) -> bool:
        """Check the arguments; whether one that the function needs may be missing, so that it gives null."""
        missing = False
        for position, (view, argument) in enumerate(zip(views, tree["children"], strict=True)):
            parameter = function.parameters[min(position, len(function.parameters) - 1)]
            if argument["type"] == "expref":
                continue
            allowed = kinds_of(parameter.types)
            which = f"{_ORDINALS[position]} argument" if position < len(_ORDINALS) else "argument"
            bad = view.kinds - allowed
            if view.known and bad:
                verb = "may be" if view.kinds & allowed else "is"
                message = (
                    f"`{function.name}` takes {in_words(allowed)} as its {which}, "
                    f"and this {verb} {in_words(bad)}"
                )
                self.report("wrong-type", message, argument, severity=_severity(verb))
            takes_null = bool({"null", "any"} & parameter.types)
            if not view.optional or (takes_null and function.name != "to_string") or parameter.optional:
                continue
            if function.kind == "library":
                missing = True
            elif view.known:
                self.needs(function, which, argument)
        return missing

    def needs(self, function: Function, which: str, argument: Tree) -> None:
        message = f"`{function.name}` needs its {which}, and this may be missing"
        help = "keep it from being called then: `value && …`, or give a default: `value || …`"
        if function.name == "to_string":
            message = "`to_string` makes the text 'null' of a value that is missing, and this may be"
        self.report("may-be-missing", message, argument, help, "warning")

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
        covered = key.constants is not None and all(_key(value) in rows for value in key.constants)
        if len(views) > 2:
            result = either([found.marked(False), views[2]])
            return result.marked(True) if key.optional else result
        if key.constants is not None and not covered:
            absent = [_key(value) for value in key.constants if value is not None and _key(value) not in rows]
            if absent:
                message = (
                    f"the table `{table}` has no row for {', '.join(f'`{value}`' for value in absent[:5])}"
                )
                self.report("uncovered-value", message, tree, severity="warning")
        return found.marked(key.optional or not covered)


def _severity(verb: str) -> Severity:
    return "error" if verb == "is" else "warning"


def _key(value: JSON) -> str:
    return str(value)


def _may_be_no_list(view: View) -> bool:
    return view.optional or bool(view.kinds - _ARRAY)


def documented_in(view: View) -> list[Documented]:
    """The parts of schemas that a view may be."""
    match view:
        case Documented():
            return [view]
        case Narrowed(base):
            return documented_in(base)
        case Either(options):
            return [found for option in options for found in documented_in(option)]
    return []


def _impossible(left: View, right: View, *, equality: bool) -> str | None:
    """Why two values can never be compared, or never be equal."""
    for one, other in ((left, right), (right, left)):
        outside = [value for value in other.constants or () if value is not None]
        known = one.constants
        if equality and known is not None and outside and not any(value in known for value in outside):
            listed = ", ".join(f"`{value}`" for value in known[:8])
            return f"`{one.name}` is never `{outside[0]}`: it is one of {listed}"
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


def _result(function: Function, views: list[View], inner: View) -> View:
    """What a function gives, as far as its name and arguments tell."""
    first = views[0] if views else ANYTHING
    match function.name:
        case "not_null":
            result = either(view.marked(False) for view in views if view.kinds)
            return result.marked(all(view.optional for view in views))
        case "reverse" | "sort" | "sort_by" | "unique":
            return first.marked(False)
        case "first" | "last" | "max" | "min" | "max_by" | "min_by":
            return first.items().marked(True)
        case "map":
            return ListOf(inner)
        case "merge":
            return _merged(views)
        case "to_array":
            others = first.limited(first.kinds - _ARRAY)
            return either([first.limited(_ARRAY), ListOf(others)])
        case "keys" | "split":
            return ListOf(TEXT)
        case "values":
            return ListOf(first.values())
        case "entries":
            return ListOf(Record({"key": TEXT, "value": first.values()}))
        case "zip":
            return ListOf(tuple_of(view.items() for view in views))
        case "shares":
            return ListOf(Scalar(NUMBER))
        case "add" | "min_of" | "max_of":
            return Scalar(_number(views), optional=all(view.optional for view in views))
        case "subtract" | "multiply" | "neg" | "magnitude" | "abs":
            return Scalar(_number(views))
        case "sum":
            return Scalar(_number([first.items()]))
        case "ceil" | "floor":
            return Scalar(frozenset({"integer"}))
    return _declared(function)


def _declared(function: Function) -> View:
    """What a function gives by its signature alone."""
    if "any" in function.returns or "object" in function.returns:
        return ANYTHING
    if "array" in function.returns:
        return ListOf(ANYTHING)
    return Scalar(kinds_of(function.returns), optional="null" in function.returns)


def _number(views: list[View]) -> Kinds:
    """Whole numbers give whole numbers; anything else may have a fraction."""
    whole = all(view.known and view.kinds <= {"integer"} for view in views)
    return frozenset({"integer"}) if whole else NUMBER


def _merged(views: list[View]) -> View:
    """One object of several: a later property takes the place of an earlier one, when it is there."""
    if not all(view.known for view in views):
        return ANYTHING
    fields: dict[str, View] = {}
    origins: dict[str, tuple[str, ...]] = {}
    for view in views:
        for name in view.property_names():
            found = view.property(name) or NOTHING
            earlier = fields.get(name)
            fields[name] = either([found.marked(False), earlier]) if found.optional and earlier else found
            own = (*(each.name for each in documented_in(found)), *origins_of(view, name))
            origins[name] = tuple(dict.fromkeys((*origins.get(name, ()), *own)))
    return Record(fields, origins=origins)


def present_if(tree: Tree) -> frozenset[Path]:
    """The paths that are there when a condition is true; the empty path is the context itself."""
    children = tree["children"]
    match tree["type"]:
        case "current":
            return frozenset({()})
        case "field" | "subexpression":
            path = _path(tree)
            return frozenset() if path is None else frozenset({path})
        case "and_expression":
            return present_if(children[0]) | present_if(children[1])
        case "or_expression":
            return present_if(children[0]) & present_if(children[1])
        case "comparator":
            return _compared(tree)
        case "function_expression" if tree["value"] in ("contains", "starts_with", "ends_with", "length"):
            return present_if(children[0]) if children else frozenset()
        case "not_expression" if children[0]["type"] == "not_expression":
            return present_if(children[0]["children"][0])
    return frozenset()


def _compared(tree: Tree) -> frozenset[Path]:
    """Equal to something that is not null, or ordered against a number, or not equal to null."""
    left, right = tree["children"]
    paths = [_path(left), _path(right)]
    literals = [side["type"] == "literal" and side["value"] is not None for side in (left, right)]
    nulls = [side["type"] == "literal" and side["value"] is None for side in (left, right)]
    shown = nulls if tree["value"] == "ne" else literals
    return frozenset(
        path for path, other in zip(paths, reversed(shown), strict=True) if path is not None and other
    )


def _path(tree: Tree) -> Path | None:
    """A chain of names as a path; None for anything else."""
    match tree["type"]:
        case "field":
            return (tree["value"],)
        case "current":
            return ()
        case "subexpression":
            parts = [_path(child) for child in tree["children"]]
            if any(part is None for part in parts):
                return None
            return tuple(name for part in parts if part is not None for name in part)
    return None
