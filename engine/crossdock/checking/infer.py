"""The type of an expression, before there is a payload, and what is wrong with the expression.

An interpreter over types: one case for each kind of node, with a type in the place of each value.
Conditions narrow types: after `company && …`, inside `[?sku]` and under `$if: gift`, what was tested has a
value.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final, assert_never, cast

from crossdock.checking.alternatives import held_type, known_of, left_over
from crossdock.checking.certainty import certainty
from crossdock.checking.comparisons import (
    comparison_type,
    impossible,
    listed,
    may_clash,
    never_true,
    unlikely,
    with_itself,
)
from crossdock.checking.element_around import hidden
from crossdock.checking.facts import Known, any_shown, shown_by
from crossdock.checking.given_types import constant_type, tuple_type
from crossdock.checking.infer_calls import CallTypes
from crossdock.checking.narrowing import Facts, all_of, narrowed, scope_paths
from crossdock.checking.sink import DirectReads, Finding, Recording, Sink
from crossdock.checking.type_kinds import NUMBER, in_words
from crossdock.checking.type_parts import (
    element_at,
    least_of,
    least_of_slice,
    may_be_missing,
    may_be_no_list,
    origins_of,
    schema_types_in,
    spliced,
    through_list,
)
from crossdock.checking.type_scope import BoundValue, TypeScope
from crossdock.checking.types import ANYTHING, TEXT, TRUTH, ListType, ObjectType, Type, union, where_false
from crossdock.core.diagnostics import Severity, did_you_mean
from crossdock.core.records import record, replace
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
from crossdock.language.functions import REGISTRY, Function

_FALSY: Final = frozenset({"string", "array", "object", "false"})
_NEVER_FALSY: Final = NUMBER | {"true"}


@record(frozen=True, slots=True)
class Inference:
    """The inference of one expression in a scope; ``sink`` gets what is wrong, and what is read.

    ``indirect``: the value only decides on another one. ``defaulted``: when it is missing, something else
    takes its place, so that a missing value is not an error.
    """

    expression: Expression
    scope: TypeScope
    sink: Sink
    indirect: bool = False
    defaulted: bool = False

    def where(self, condition: Expr, context: Type, *, truth: bool = True) -> tuple[Inference, Type]:
        """The inference and the context where a condition is true; with ``truth`` false, where it is not."""
        facts = shown_by(condition, truth, cast(Known, self.expression.notes))
        own = facts[()].alternatives if () in facts else ()
        for left in left_over(chain(known_of(context), own), condition, truth):
            facts = all_of(facts, any_shown(left))
        return self.with_facts(facts, context)

    def with_facts(self, facts: Facts, context: Type) -> tuple[Inference, Type]:
        """The inference and the context where these facts hold."""
        if not facts:
            return self, context
        beside = scope_paths(facts)
        own = {path: fact for path, fact in facts.items() if path not in beside} if beside else facts
        there = narrowed(context, own)
        scope = self.scope.narrowed({path: facts[path] for path in beside}) if beside else self.scope
        if own and scope.root is context:
            scope = replace(scope, root=there)  # the context is the payload, which `root()` gives as well
        return (self if scope is self.scope else replace(self, scope=scope)), there

    def decides(self, node: Expr, context: Type) -> Type:
        """The type of a condition: what it reads decides on a value, and is not that value."""
        return Inference(self.expression, self.scope, self.sink, True, True).infer(node, context)

    def as_default(self) -> Inference:
        """The inference of a value in whose place something else is taken when it is missing."""
        there = Inference(self.expression, self.scope, self.sink, self.indirect, defaulted=True)
        return self if self.defaulted else there

    def with_default(self, node: Expr, context: Type) -> Type:
        return self.as_default().infer(node, context)

    def report(
        self, id: str, message: str, node: Expr, help: str | None = None, severity: Severity = "error"
    ) -> None:
        self.sink.report(Finding(id, message, self.expression, node, help, severity))

    def infer(self, node: Expr, context: Type) -> Type:
        """The type of what a node yields in a context."""
        match node:
            case Identifier():
                return self.identifier(node, context)
            case FunctionCall():
                return held_type(node, self.call(node, context), context)
            case Subexpression() | IndexExpression():
                for part in node.parts:
                    context = self.infer(part, context)
                return context
            case Constant():
                return constant_type(node.value)
            case Identity() | Current():
                return context
            case Pipe(left, right):
                return self.infer(right, self.infer(left, context))
            case Index(position):
                self.elements(node, context)
                return element_at(context, position)
            case Slice(start, stop, step):
                least = least_of_slice(least_of(context), start, stop, step)
                return ListType(self.elements(node, context), may_be_no_list(context), least=least)
            case Projection() | FilterProjection() | ValueProjection() | Flatten():
                return held_type(node, self.projection(node, context), context)
            case Or() | And() | Not() | Comparator() | Conditional():
                return self.operator(node, context)
            case MultiselectHash() | MultiselectList() | Text() | Concat():
                return self.construction(node, context)
            case Let():
                return self.let(node, context)
            case Variable():
                bound = self.scope.read_variable(self.expression, node)  # none: reported as unknown
                return ANYTHING if bound is None else bound.used(self.sink, indirect=self.indirect)
            case KeyValue(_, value) | Binding(_, value):
                return self.infer(value, context)
            case ExpressionReference():
                return ANYTHING  # has no value of its own: the function evaluates its body
        assert_never(node)

    # Reading

    def identifier(self, node: Identifier, context: Type) -> Type:
        found = self.scope.read_property(self.expression, node, context)
        if found is None:
            message = f"`{context.name}` has no property `{node.name}`"
            near = did_you_mean(node.name, context.property_names())
            help = self.scope.elsewhere(node.name) or near or through_list(node.name, context)
            lenient = self.scope.lenient and bool(schema_types_in(context))
            self.report("unknown-property", message, node, help, "warning" if lenient else "error")
            return ANYTHING
        for origin in (*(each.name for each in schema_types_in(found)), *origins_of(context, node.name)):
            self.sink.read(origin, indirect=self.indirect)
        may_be_no_object = context.optional or bool(context.kinds - {"object"})
        found = found.with_optional(True) if may_be_no_object and context.known else found
        if not self.indirect:
            self.sink.shown(node, found, whole=False)
        return found

    def elements(self, node: Expr, typ: Type) -> Type:
        """The elements of what must be a list."""
        if typ.known and typ.kinds and "array" not in typ.kinds:
            message = f"`{typ.name}` is {in_words(typ.kinds)}, and this takes the elements of a list"
            self.report("not-a-list", message, node)
            return ANYTHING
        return typ.items()

    def projection(
        self, node: Projection | FilterProjection | ValueProjection | Flatten, context: Type
    ) -> Type:
        match node:
            case Flatten(operand):
                over = self.infer(operand, context)
                element = self.elements(operand, over)
                spread = not element.known or "array" in element.kinds
                least = 0 if spread else least_of(over)
                return ListType(spliced(element), may_be_no_list(over), least=least)
            case ValueProjection(left, right):
                over = self.infer(left, context)
                no_object = over.optional or bool(over.kinds - {"object"})
                return ListType(self.infer(right, over.values()).with_optional(False), no_object)
            case FilterProjection(left, condition, right):
                over = self.infer(left, context)
                element = self.elements(left, over)
                self.reachable(self.decides(condition, element), condition)
                for name, message, help in hidden(condition, self.scope.around):
                    self.report("hidden-name", message, name, help, "warning")
                inner, element = self.where(condition, element)
            case Projection(left, right):
                over = self.infer(left, context)
                inner, element = self, self.elements(left, over)
        # A projection leaves out the elements that yield null.
        found = inner.infer(right, element)
        all_stay = isinstance(node, Projection) and found.known and not found.optional
        least = least_of(over) if all_stay else 0
        return ListType(found.with_optional(False), may_be_no_list(over), least=least)

    # Operators

    def operator(self, node: Or | And | Not | Comparator | Conditional, context: Type) -> Type:
        match node:
            case Or():
                return self.either_or(node, context)
            case And():
                return self.with_truth(node, context)[0]
            case Not(operand):
                self.with_default(operand, context)
                return TRUTH
            case Comparator():
                return self.comparison(node, context)
            case Conditional(test, then, otherwise):
                self.reachable(self.decides(test, context), test)
                inner, there = self.where(test, context)
                other, here = self.where(test, context, truth=False)
                return union([inner.infer(then, there), other.infer(otherwise, here)])

    def either_or(self, node: Or, context: Type) -> Type:
        inner = self.as_default()
        left, true_left = inner.with_truth(node.left, context)
        if left.known and left.kinds and not left.optional and left.kinds <= _NEVER_FALSY:
            message = "the right side of this `||` is never used: the left side always has a value"
            self.report("unreachable", message, node.right, severity="warning")
            return left
        inner, there = self.where(node.left, context, truth=False)
        right = inner.infer(node.right, there)
        return union([true_left, right]) if true_left.kinds else right

    def with_truth(self, node: Expr, context: Type) -> tuple[Type, Type]:
        """The type of a value, and its type when it is true: when `a && b` is true, it is b."""
        if not isinstance(node, And):
            typ = self.infer(node, context)
            return typ, typ.restricted(typ.kinds - {"false"}).with_optional(False)
        left = self.decides(node.left, context)
        self.reachable(left, node.left)
        inner, there = self.where(node.left, context)
        right, true_right = inner.with_truth(node.right, there)
        # The result is the left side where that is false, which of all its kinds only these can be.
        falsy = where_false(left.restricted(left.kinds & _FALSY))
        return union([falsy, right]) if falsy.kinds or left.optional else right, true_right

    def reachable(self, condition: Type, node: Expr) -> None:
        """Report a condition that no payload makes true."""
        if never_true(condition):
            message = "this is never true, so what depends on it is never used"
            self.report("unreachable", message, node, severity="warning")

    def comparison(self, node: Comparator, context: Type) -> Type:
        left, right = self.operand(node.left, context), self.operand(node.right, context)
        equality = node.operator in ("eq", "ne")
        if left.known and right.known and left.kinds and right.kinds:
            message = with_itself(node) or impossible(left, right, equality=equality)
            if message is not None:
                self.report("impossible-comparison", message, node)
            elif equality:
                for name, text, known in unlikely(left, right):
                    message = (
                        f"`{text}` is not a known value of `{name}`: the known values are {listed(known)}"
                    )
                    help = did_you_mean(str(text), [str(value) for value in known])
                    self.report("impossible-comparison", message, node, help, "warning")
            elif may_clash(left, right):
                message = "text cannot be compared with a number, but some payloads lead to that here"
                self.report("wrong-type", message, node, severity="warning")
        return comparison_type(left, right, equality=equality)

    def operand(self, node: Expr, context: Type) -> Type:
        """One side of a comparison: the text 'null' that `to_string` makes of null does no harm here."""
        if isinstance(node, FunctionCall) and node.name == "to_string":
            return self.call(node, context, compared=True)
        return self.with_default(node, context)

    # Construction

    def construction(self, node: MultiselectHash | MultiselectList | Text | Concat, context: Type) -> Type:
        match node:
            case MultiselectHash(pairs):
                return self.made_object(pairs, context)
            case MultiselectList(items):
                types = [self.infer(item, context) for item in items]
                return tuple_type(types, optional=may_be_missing(context))
            case Text(parts) | Concat(parts):
                return self.text(parts, context)

    def made_object(self, pairs: Iterable[KeyValue], context: Type) -> Type:
        """An object made of expressions, which remembers what each of its properties is made of."""
        fields: dict[str, Type] = {}
        origins: dict[str, tuple[str, ...]] = {}
        for pair in pairs:
            reads = DirectReads(self.sink)
            there = Inference(self.expression, self.scope, reads, self.indirect, self.defaulted)
            fields[pair.key] = there.infer(pair.value, context)
            origins[pair.key] = tuple(reads.names)
        return ObjectType(fields, optional=may_be_missing(context), origins=origins)

    def text(self, parts: Iterable[Expr], context: Type) -> Type:
        optional = False
        for part in parts:
            typ = self.infer(part, context)
            optional = optional or may_be_missing(typ)
            unprintable = typ.kinds & {"array", "object"}
            if typ.known and unprintable:
                sure = certainty(typ.kinds, unprintable)
                message = f"this {sure.verb} {in_words(unprintable)}, which cannot be printed as text"
                self.report("wrong-type", message, part, severity=sure.severity)
        return TEXT.with_optional(optional)

    # Variables

    def let(self, node: Let, context: Type) -> Type:
        variables = dict(self.scope.variables)
        for binding in node.bindings:
            variables[binding.name] = self.bound(binding.value, context)
        return replace(self, scope=replace(self.scope, variables=variables)).infer(node.body, context)

    def bound(self, value: Expr, context: Type) -> BoundValue:
        """A value that is bound to a name: inferred once, or nested bindings would take exponential time.

        How the name is used is not known here. So a missing row of a table is reported, even if each use
        has a default.
        """
        reads = Recording(self.sink)
        typ = replace(self, sink=reads, indirect=False, defaulted=False).infer(value, context)
        return BoundValue(typ, reads)

    # Functions

    def call(self, node: FunctionCall, context: Type, *, compared: bool = False) -> Type:
        function, arguments = REGISTRY[node.name], node.arguments
        self.sink.used("function", function.name)
        types = tuple(self.argument(function, place, item, context) for place, item in enumerate(arguments))
        values = [
            (item, typ)
            for item, typ in zip(arguments, types, strict=True)
            if not isinstance(item, ExpressionReference)
        ]
        elements = values[0][1].items() if values else ANYTHING
        inner: Type = ANYTHING
        for item in arguments:
            if isinstance(item, ExpressionReference):
                inner = self.infer(item.body, elements)
        if function.name == "lookup":
            table = arguments[0]
            self.sink.used("table", str(table.value if isinstance(table, Constant) else None))
        if "string" in function.returns and not self.indirect:
            for item, typ in values:
                self.sink.shown(item, typ, whole=True)
        call = CallTypes(node, function, types, inner, self.scope, self.report, compared, self.defaulted)
        return call.result()

    def argument(self, function: Function, position: int, node: Expr, context: Type) -> Type:
        if isinstance(node, ExpressionReference):
            return ANYTHING
        if function.name in ("lookup", "contains") and position == 1:
            return self.operand(node, context)
        if self.defaulted and function.name != "not_null":
            return Inference(self.expression, self.scope, self.sink, self.indirect).infer(node, context)
        return self.infer(node, context)
