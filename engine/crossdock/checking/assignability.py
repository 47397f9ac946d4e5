"""Whether what is known of a value is what a schema takes: kind by kind, property by property.

for misfit in misfits(view, target): misfit.id, misfit.message
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from crossdock.checking.narrowing import NarrowedType, may_hold_null
from crossdock.checking.types import SchemaType, Type, UnionType, in_words
from crossdock.core.diagnostics import Severity, did_you_mean
from crossdock.core.paths import joined

MISSING_HELP: Final = "give it a default: `… || other`, or allow it on its line with a reason"
_DEEPEST: Final = 12
_NO_KEYS: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Mismatch:
    id: str
    message: str
    severity: Severity = "error"
    help: str | None = None


def mismatches(typ: Type, target: Type, *, beside: frozenset[str] = _NO_KEYS) -> Iterator[Mismatch]:
    """What does not fit of a value that is written; ``beside`` are keys that stand beside its own."""
    yield from _Comparison(written=True).value(typ, target, beside)


def context_mismatches(typ: Type, source: Type) -> Iterator[Mismatch]:
    """What does not fit of a value that is read as the source of another mapping."""
    yield from _Comparison(written=False).value(typ, source, _NO_KEYS)


def missing(name: str) -> Mismatch:
    """A required value that may be missing."""
    message = f"`{name}` is required, and this may be missing"
    return Mismatch("may-be-missing", message, "warning", MISSING_HELP)


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
    """One comparison. ``written``: the target is what a result is validated against."""

    written: bool
    compared: set[tuple[int, int]] = field(default_factory=set)

    def value(self, typ: Type, target: Type, beside: frozenset[str], depth: int = 0) -> Iterator[Mismatch]:
        if not typ.known or not target.known or depth > _DEEPEST or self.known(typ, target):
            return
        typ = typ.with_optional(False)  # what it is to be missing is asked where it stands
        bad = typ.kinds - target.kinds
        if bad and target.kinds:
            definite = not typ.kinds - bad
            verb = "is" if definite else "may be"
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this {verb} {in_words(bad)}"
            yield Mismatch("wrong-type", message, "error" if definite else "warning")
        if self.written:
            yield from self.among(typ, target)
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
            yield Mismatch("may-be-missing", message, "warning")
        yield from self.value(items, wanted, _NO_KEYS, depth + 1)

    def among(self, typ: Type, target: Type) -> Iterator[Mismatch]:
        allowed, values = target.constants, typ.constants
        if allowed is None or values is None:
            return
        present = [value for value in values if value is not None]
        outside = [value for value in present if value not in allowed]
        if outside:
            listed = ", ".join(f"`{value}`" for value in allowed[:8] if value is not None)
            message = f"`{target.name}` is one of {listed}, and this can be `{outside[0]}`"
            help = did_you_mean(str(outside[0]), [str(value) for value in allowed])
            severity: Severity = "error" if len(outside) == len(present) else "warning"
            yield Mismatch("not-allowed-value", message, severity, help)

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
                yield Mismatch("may-be-missing", message, "warning")
            yield from self.value(found, wanted, _NO_KEYS, depth + 1)


def _not_there(typ: Type, target: Type, name: str) -> Mismatch:
    return Mismatch("never-written", f"`{typ.name}` has no `{name}`, which `{target.name}` requires")


def _refuses_null(target: Type) -> bool:
    return target.known and not takes_null(target)


def _closed(target: Type) -> bool:
    return isinstance(target, SchemaType) and target.shape.is_closed
