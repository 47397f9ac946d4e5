"""Whether what is known of a value is what a schema takes: kind by kind, property by property.

for misfit in misfits(view, target): misfit.id, misfit.message
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from crossdock.checking.narrowing import Narrowed, may_hold_null
from crossdock.checking.types import Documented, Either, View, in_words
from crossdock.core.diagnostics import Severity, did_you_mean

MISSING_HELP: Final = "give it a default: `… || other`, or allow it on its line with a reason"
_DEEPEST: Final = 12
_NO_KEYS: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Misfit:
    id: str
    message: str
    severity: Severity = "error"
    help: str | None = None


def misfits(view: View, target: View, *, beside: frozenset[str] = _NO_KEYS) -> Iterator[Misfit]:
    """What does not fit of a value that is written; ``beside`` are keys that stand beside its own."""
    yield from _Fitting(written=True).value(view, target, beside)


def unread(view: View, source: View) -> Iterator[Misfit]:
    """What does not fit of a value that is read as the source of another mapping."""
    yield from _Fitting(written=False).value(view, source, _NO_KEYS)


def missing(name: str) -> Misfit:
    """A required value that may be missing."""
    message = f"`{name}` is required, and this may be missing"
    return Misfit("may-be-missing", message, "warning", MISSING_HELP)


def never_written(target: View, name: str) -> Misfit:
    return Misfit("never-written", f"`{target.name}` requires `{name}`, which is never written")


def unknown(target: View, name: str) -> Misfit:
    message = f"`{target.name}` has no property `{name}`"
    return Misfit("unknown-property", message, help=did_you_mean(name, target.property_names()))


def required_of(target: View) -> frozenset[str]:
    match target:
        case Documented(shape):
            return shape.required()
        case Narrowed(base):
            return required_of(base)
    return _NO_KEYS


def takes_null(target: View) -> bool:
    return not isinstance(target, Documented) or target.takes_null


@dataclass(slots=True)
class _Fitting:
    """One comparison. ``written``: the target is what a result is validated against."""

    written: bool
    compared: set[tuple[int, int]] = field(default_factory=set)

    def value(self, view: View, target: View, beside: frozenset[str], depth: int = 0) -> Iterator[Misfit]:
        if not view.known or not target.known or depth > _DEEPEST or self.known(view, target):
            return
        view = view.marked(False)  # what it is to be missing is asked where it stands
        bad = view.kinds - target.kinds
        if bad and target.kinds:
            definite = not view.kinds - bad
            verb = "is" if definite else "may be"
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this {verb} {in_words(bad)}"
            yield Misfit("wrong-type", message, "error" if definite else "warning")
        if self.written:
            yield from self.among(view, target)
        if "array" in view.kinds and "array" in target.kinds:
            yield from self.items(view.items(), target, depth)
        if "object" in view.kinds and "object" in target.kinds:
            yield from self.properties(view, target, beside, depth)

    def known(self, view: View, target: View) -> bool:
        """Whether the two are the same part of a schema, or are being compared already."""
        if isinstance(view, Narrowed):
            return self.known(view.base, target)
        if not isinstance(target, Documented):
            return False
        if isinstance(view, Either):
            return all(isinstance(one, Documented) and one.shape.is_as(target.shape) for one in view.options)
        if not isinstance(view, Documented):
            return False
        pair = (id(view.shape.node), id(target.shape.node))
        met = pair in self.compared or view.shape.is_as(target.shape)
        self.compared.add(pair)
        return met

    def items(self, items: View, target: View, depth: int) -> Iterator[Misfit]:
        wanted = target.items()
        if self.written and items.optional and items.known and wanted.known and not takes_null(wanted):
            message = f"an item of `{target.name}` may be null here, and null is not allowed there"
            yield Misfit("may-be-missing", message, "warning")
        yield from self.value(items, wanted, _NO_KEYS, depth + 1)

    def among(self, view: View, target: View) -> Iterator[Misfit]:
        allowed, values = target.constants, view.constants
        if allowed is None or values is None:
            return
        present = [value for value in values if value is not None]
        outside = [value for value in present if value not in allowed]
        if outside:
            listed = ", ".join(f"`{value}`" for value in allowed[:8] if value is not None)
            message = f"`{target.name}` is one of {listed}, and this can be `{outside[0]}`"
            help = did_you_mean(str(outside[0]), [str(value) for value in allowed])
            severity: Severity = "error" if len(outside) == len(present) else "warning"
            yield Misfit("not-allowed-value", message, severity, help)

    def properties(self, view: View, target: View, beside: frozenset[str], depth: int) -> Iterator[Misfit]:
        required = required_of(target)
        for name in sorted(required - beside):
            found = view.property(name)
            if found is None:
                yield never_written(target, name) if self.written else _not_there(view, target, name)
            elif found.optional and found.known:
                yield missing(f"{target.name}.{name}")
        for name in sorted(view.property_names() - beside):
            found, wanted = view.property(name), target.property(name)
            if found is None:
                continue
            if wanted is None:
                if self.written and (not isinstance(view, Documented) or _closed(target)):
                    yield unknown(target, name)
                continue
            if self.written and name not in required and may_hold_null(view, name) and _refuses_null(wanted):
                message = f"`{wanted.name}` may be null here, and null is not allowed there"
                yield Misfit("may-be-missing", message, "warning")
            yield from self.value(found, wanted, _NO_KEYS, depth + 1)


def _not_there(view: View, target: View, name: str) -> Misfit:
    return Misfit("never-written", f"`{view.name}` has no `{name}`, which `{target.name}` requires")


def _refuses_null(target: View) -> bool:
    return target.known and not takes_null(target)


def _closed(target: View) -> bool:
    return isinstance(target, Documented) and target.shape.is_closed
