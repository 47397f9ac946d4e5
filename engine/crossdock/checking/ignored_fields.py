"""Paths that a mapping leaves out: of the source under ``ignored``, of the target under ``unavailable``.

    ignored:
      items[].taxData: the tax engine's working papers
    unavailable:
      ip_address: the channel does not know the shopper's address

A path names a property and everything below it; a last part ``*`` means everything that is not read, or not
written, in its place. The check compares these paths with what the mapping reads and writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crossdock.checking.field_reads import field_reads
from crossdock.checking.provenance import ANY
from crossdock.checking.type_parts import schema_types_in
from crossdock.checking.types import ListType, ObjectType, Type, UnionType
from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.paths import EACH, path_text
from crossdock.language.syntax import Ignored, LinkedMapping

REST: Final = "*"


def ignored_findings(mapping: LinkedMapping, source: Type) -> Iterator[Diagnostic]:
    """The findings of ignored paths: those that lead to no property, and those that are read."""
    for entry in mapping.ignored:
        typ = _at(entry, source)
        if isinstance(typ, Diagnostic):
            yield typ
        elif (read := _read_at(mapping, entry)) is not None:
            message = f"`{path_text(entry.path)}` is listed under `ignored`, but it is read"
            yield Diagnostic("ignored-but-read", message, entry.span, severity="warning", notes=(read,))


def _read_at(mapping: LinkedMapping, entry: Ignored) -> str | None:
    """What is read of an ignored path, in words. The rest of a place is only read with all of that place."""
    reads = field_reads(mapping)
    if entry.path[-1] == REST:
        whole = reads.whole_around(entry.path[:-1])
        return None if whole is None else f"all of `{_name(mapping, whole)}` is read"
    found = reads.because_of(entry.path)
    if found is None:
        return None
    verb = "is read" if len(found) >= len(entry.path) else "is read as a whole"
    return f"`{_name(mapping, found)}` {verb}"


def _name(mapping: LinkedMapping, path: tuple[str, ...]) -> str:
    """A part of the source in words: the name of the schema and the path in it."""
    inside = path_text("*" if part == ANY else part for part in path)
    if mapping.source is None:
        return inside or "@"
    separator = "." if inside and not inside.startswith(EACH) else ""
    return f"{mapping.source.name}{separator}{inside}"


def unavailable_findings(mapping: LinkedMapping, target: Type, result: Type) -> Iterator[Diagnostic]:
    """The findings of unavailable paths; ``result`` is the type of the mapping's result."""
    for entry in mapping.unavailable:
        typ = _at(entry, target)
        if isinstance(typ, Diagnostic):
            yield typ
        elif typ is not None and (_writes(result, entry.path) or _passes_on(mapping, result, entry.path)):
            message = f"`{path_text(entry.path)}` is listed under `unavailable`, but it is written"
            yield Diagnostic("unavailable-but-written", message, entry.span, severity="warning")


def _at(entry: Ignored, typ: Type) -> Type | Diagnostic | None:
    """The type at a path, or what is wrong with the path; None for a path that ends in ``*``."""
    for part in entry.path:
        if part == REST:
            return None
        found = typ.items() if part == EACH else typ.member(part)
        if found is None:
            message = f"`{typ.name}` has no property `{part}`"
            help = did_you_mean(part, typ.property_names())
            return Diagnostic("unknown-property", message, entry.span, help)
        typ = found
    return typ


def _writes(result: Type, path: tuple[str, ...]) -> bool:
    """Whether a path is certainly written. The result of another mapping may have it or not."""
    match result:
        case ObjectType(fields) if path:
            inner = fields.get(path[0])
            return inner is not None and _writes(inner, path[1:])
        case ListType(element) if path and path[0] == EACH:
            return _writes(element, path[1:])
        case UnionType(options):
            return any(_writes(option, path) for option in options)
    return not path and bool(result.kinds)


def _passes_on(mapping: LinkedMapping, result: Type, path: tuple[str, ...]) -> bool:
    """Whether a path is a property of an object or a list of the source that the mapping passes on.

    It may also be one of the result of another mapping, which does not say whether it is written.
    """
    source = mapping.source
    if source is None or any(_target_name(used) == source.name for used in mapping.used.values()):
        return False
    typ = result
    for part in path:
        found = typ.items() if part == EACH else typ.member(part)
        if not typ.known or found is None:
            return False
        typ = found
    inside = (source.name + ".", source.name + EACH)
    return any(found.name.startswith(inside) for found in schema_types_in(typ))


def _target_name(mapping: LinkedMapping) -> str | None:
    return None if mapping.target is None else mapping.target.name
