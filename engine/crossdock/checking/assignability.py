"""Whether a value of one type may be assigned to another: kind by kind, property by property.

for mismatch in mismatches(typ, target): mismatch.id, mismatch.message
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from crossdock.checking import constant_rules
from crossdock.checking.certainty import Certainty, certainty
from crossdock.checking.narrowing import NarrowedType
from crossdock.checking.schema_types import SchemaType
from crossdock.checking.type_kinds import in_words, shown
from crossdock.checking.type_parts import may_be_missing, may_hold_null
from crossdock.checking.types import WRITTEN_NULL, ListType, Type, UnionType
from crossdock.core.diagnostics import did_you_mean
from crossdock.core.equality import among
from crossdock.core.json_types import JSON
from crossdock.core.limits import COMPARED_DEPTH
from crossdock.core.paths import joined
from crossdock.core.records import record
from crossdock.schema.keyword_rules import IDS, TESTS, wanted

MISSING_HELP: Final = "give it a default: `… || other`, or allow it on its line with a reason"
_OTHERS_HELP: Final = "write its properties one by one, or allow it on its line with a reason"
_NO_KEYS: Final = frozenset[str]()
_OF_VALUES: Final = frozenset(
    (
        *("pattern", "format", "minLength", "maxLength", "multipleOf"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    )
)


@record(frozen=True, slots=True)
class Mismatch:
    """One way in which a value is not what its target takes."""

    id: str
    message: str
    certainty: Certainty = Certainty.ALWAYS
    help: str | None = None


def mismatches(typ: Type, target: Type, *, beside: frozenset[str] = _NO_KEYS) -> Iterator[Mismatch]:
    """The mismatches of a value that is written; ``beside``: keys that others write next to its own."""
    yield from _Comparison(written=True).value(typ, target, beside)


def context_mismatches(typ: Type, source: Type) -> Iterator[Mismatch]:
    """The mismatches of a value that another mapping takes as its source.

    Such a value may have more than the other mapping reads, so that only what it requires is compared.
    """
    yield from _Comparison(written=False).value(typ, source, _NO_KEYS)


def missing(name: str) -> Mismatch:
    """A required value that may be missing."""
    message = f"`{name}` is required, and this may be missing"
    return Mismatch("may-be-missing", message, Certainty.SOMETIMES, MISSING_HELP)


def never_written(target: Type, name: str) -> Mismatch:
    return Mismatch("never-written", f"`{target.name}` requires `{name}`, which is never written")


def unknown(target: Type, name: str) -> Mismatch:
    message = f"`{target.name}` has no property `{name}`"
    return Mismatch("unknown-property", message, help=did_you_mean(name, target.property_names()))


def required_of(target: Type) -> frozenset[str]:
    match target:
        case SchemaType(shape):
            return shape.required()
        case NarrowedType(base):
            return required_of(base)
    return _NO_KEYS


def takes_null(target: Type) -> bool:
    return not isinstance(target, SchemaType) or target.takes_null


@dataclass(slots=True)
class _Comparison:
    """One comparison. ``written``: the target is the schema that the result is validated against.

    ``compared`` holds the pairs of schema nodes that were met: recursive schemas have no end.
    """

    written: bool
    compared: set[tuple[int, int]] = field(default_factory=set)

    def value(self, typ: Type, target: Type, beside: frozenset[str], depth: int = 0) -> Iterator[Mismatch]:
        if not typ.known or not target.known or depth > COMPARED_DEPTH or self.known(typ, target):
            return
        typ = typ.with_optional(False)  # whether it may be missing is checked by what it is written to
        if typ == WRITTEN_NULL and target.kinds and not takes_null(target):
            yield Mismatch("wrong-type", f"`{target.name}` takes {in_words(target.kinds)}, and this is null")
        bad = typ.kinds - target.kinds
        if bad and target.kinds:
            sure = certainty(typ.kinds, bad)
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this {sure.verb} {in_words(bad)}"
            yield Mismatch("wrong-type", message, sure)
        if self.written:
            yield from self.among(typ, target)
            yield from refused_constants(typ, target)
            if isinstance(typ, ListType) and typ.parts and typ.constants is None:
                yield from _refused_length(len(typ.parts), len(typ.parts), target)
        if "array" in typ.kinds and "array" in target.kinds:
            yield from self.items(typ.items(), target, depth)
        if "object" in typ.kinds and "object" in target.kinds:
            yield from self.properties(typ, target, beside, depth)

    def known(self, typ: Type, target: Type) -> bool:
        """Whether the two are the same part of a schema, or are being compared already."""
        if isinstance(typ, NarrowedType):
            return self.known(typ.base, target)
        if not isinstance(target, SchemaType):
            return False
        if isinstance(typ, UnionType):
            return all(isinstance(one, SchemaType) and one.shape.is_as(target.shape) for one in typ.options)
        if not isinstance(typ, SchemaType):
            return False
        pair = (id(typ.shape.node), id(target.shape.node))
        met = pair in self.compared or typ.shape.is_as(target.shape)
        self.compared.add(pair)
        return met

    def items(self, items: Type, target: Type, depth: int) -> Iterator[Mismatch]:
        wanted = target.items()
        if self.written and items.optional and items.known and wanted.known and not takes_null(wanted):
            message = f"an item of `{target.name}` may be null here, and null is not allowed there"
            yield Mismatch("may-be-missing", message, Certainty.SOMETIMES)
        yield from self.value(items, wanted, _NO_KEYS, depth + 1)

    def among(self, typ: Type, target: Type) -> Iterator[Mismatch]:
        allowed, values = target.constants, typ.constants
        if allowed is None or values is None:
            return
        present = [value for value in values if value is not None]
        outside = [value for value in present if not among(value, allowed)]
        if outside:
            listed = ", ".join(f"`{shown(value)}`" for value in allowed[:8] if value is not None)
            message = f"`{target.name}` is one of {listed}, and this can be `{shown(outside[0])}`"
            help = did_you_mean(str(outside[0]), [str(value) for value in allowed])
            sure = Certainty.ALWAYS if len(outside) == len(present) else Certainty.SOMETIMES
            yield Mismatch("not-allowed-value", message, sure, help)

    def properties(self, typ: Type, target: Type, beside: frozenset[str], depth: int) -> Iterator[Mismatch]:
        required = required_of(target)
        for name in sorted(required - beside):
            found = typ.member(name)
            if found is None:
                yield never_written(target, name) if self.written else _not_there(typ, target, name)
            elif found.optional and found.known:
                yield missing(joined(target.name, name))
        for name in sorted(typ.property_names() - beside):
            found, wanted = typ.member(name), target.member(name)
            if found is None:
                continue
            if wanted is None:
                if self.written and (not isinstance(typ, SchemaType) or _closed(target)):
                    yield unknown(target, name)
                continue
            if self.written and name not in required and may_hold_null(typ, name) and _refuses_null(wanted):
                message = f"`{wanted.name}` may be null here, and null is not allowed there"
                yield Mismatch("may-be-missing", message, Certainty.SOMETIMES)
            yield from self.value(found, wanted, _NO_KEYS, depth + 1)
        yield from self.others(typ, target, depth)

    def others(self, typ: Type, target: Type, depth: int) -> Iterator[Mismatch]:
        """What is wrong with the properties that are not documented."""
        others, wanted = typ.others(), target.others()
        if not self.written or others is None or (wanted is not None and not wanted.known):
            return
        if wanted is not None and others.known:
            if others.optional and _refuses_null(wanted):
                message = f"`{wanted.name}` may be null here, and null is not allowed there"
                yield Mismatch("may-be-missing", message, Certainty.SOMETIMES)
            yield from self.value(others, wanted, _NO_KEYS, depth + 1)
            return
        kept = "takes no others" if wanted is None else "does not take every value in them"
        message = f"`{typ.name}` may have properties that are not documented, and `{target.name}` {kept}"
        yield Mismatch("unknown-property", message, Certainty.SOMETIMES, _OTHERS_HELP)


def constant_mismatches(typ: Type, target: Type) -> Iterator[Mismatch]:
    """The mismatches of a list or an object that is written out, as a whole; its parts are compared alone."""
    yield from _Comparison(written=True).among(typ, target)
    yield from refused_constants(typ, target)


def refused_constants(typ: Type, target: Type) -> Iterator[Mismatch]:
    """The first keyword that refuses every value of a known few: a pattern, a length, what it contains."""
    values = [value for value in typ.constants or () if value is not None]
    if not values or not isinstance(target, SchemaType):
        return
    keywords = tuple(target.shape.assertions())
    for keyword, given in keywords:
        if keyword == "contains" and ("minContains", 0) in keywords:
            continue
        if keyword in _OF_VALUES and not any(TESTS[keyword](given, value) for value in values):
            message = f"`{target.name}`: {wanted(keyword, given, values[0])}"
            yield Mismatch(IDS[keyword], message)
            return
        if keyword in constant_rules.KEYWORDS:
            refusals = [constant_rules.refusal(keyword, given, value) for value in values]
            if all(refusals):
                yield Mismatch(IDS[keyword], f"`{target.name}`: {refusals[0]}")
                return


def refused_list(elements: Sequence[Type] | None, target: Type) -> Iterator[Mismatch]:
    """What a target says against the length of a list of cells: those that are missing are left out of it.

    None: the payload decides how many there are.
    """
    if elements is not None:
        sure = sum(item.known and not may_be_missing(item) for item in elements)
        yield from _refused_length(sure, len(elements), target)


def _refused_length(least: int, most: int, target: Type) -> Iterator[Mismatch]:
    if not isinstance(target, SchemaType):
        return
    for keyword, given in target.shape.assertions():
        length = {"minItems": most, "maxItems": least}.get(keyword)
        items: list[JSON] = [None] * (length or 0)
        if length is not None and not TESTS[keyword](given, items):
            yield Mismatch(IDS[keyword], f"`{target.name}`: {wanted(keyword, given, items)}")


def _not_there(typ: Type, target: Type, name: str) -> Mismatch:
    return Mismatch("never-written", f"`{typ.name}` has no `{name}`, which `{target.name}` requires")


def _refuses_null(target: Type) -> bool:
    return target.known and not takes_null(target)


def _closed(target: Type) -> bool:
    return isinstance(target, SchemaType) and target.shape.is_closed
