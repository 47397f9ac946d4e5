"""What is known of the name at a place: its type and where it is from, or what a word or a function means."""

from __future__ import annotations

from dataclasses import dataclass

from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, Type
from crossdock.core.diagnostics import Span
from crossdock.core.errors import CompileError, CrossdockError
from crossdock.core.yaml_reader import MapNode, parse_yaml
from crossdock.editing.analysis import Analysis, PropertyRead, Sightings, VariableRead
from crossdock.editing.describing import about, function_help
from crossdock.editing.keys import keys_at, language_of
from crossdock.editing.places import TextPlace, place_at, word_at
from crossdock.language import syntax
from crossdock.language.functions import REGISTRY
from crossdock.project.search_path import resolved_name
from crossdock.project.shared_files import CONVERSATION
from crossdock.tools.schema_tree import described


@dataclass(frozen=True, slots=True)
class Hover:
    """What is known of a name, as Markdown, and where the name is."""

    text: str
    span: Span


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """What is known at an offset; None if there is nothing to say."""
    source = analysis.source
    try:
        place = place_at(parse_yaml(source), offset)
    except CompileError:
        return None
    if place is None or source.text.startswith("#", offset):
        return None
    sightings = analysis.sightings()
    if place.is_key:
        return _of_key(analysis, place, sightings)
    return (
        _of_name(sightings, offset)
        or _of_function(analysis, offset)
        or _of_file(analysis, place)
        or _of_word(analysis, place)
    )


def _of_key(analysis: Analysis, place: TextPlace, sightings: Sightings) -> Hover | None:
    span, name = place.scalar.span, str(place.keys[-1])
    for each in sightings.cells:
        match each.cell:
            case syntax.Object(fields) | syntax.Use(beside=fields):
                if any(item.key_span == span for item in fields):
                    found = each.target.member(name) if each.target.known else None
                    return None if found is None else Hover(about(found), span)
    language = language_of(analysis.name, analysis.source.text)
    text = keys_at(language, place.keys[:-1]).get(name) if language is not None else None
    return Hover(f"`{name}`: {text}", span) if text else None


def _of_name(sightings: Sightings, offset: int) -> Hover | None:
    found = name_at(sightings, offset)
    if found is None or found[1] is None:
        return None
    return Hover(about(found[1]), found[0])


def name_at(sightings: Sightings, offset: int) -> tuple[Span, Type | None, TypeScope] | None:
    """The property or variable that is read at an offset: where it is written, and its type.

    Of several types, for the uses of a mapping, it is the first that says anything.
    """
    first = None
    reads: list[PropertyRead | VariableRead] = [*sightings.properties, *sightings.variables]
    for each in reads:
        span = each.expression.scalar.span
        if each.node.span is not None and span.start <= offset <= span.end:
            part = each.expression.scalar.part(*each.node.span)
            if part.start <= offset <= part.end:
                found = part, each.found, each.scope
                if each.found is not None and each.found != ANYTHING:
                    return found
                first = first or found
    return first


def _of_function(analysis: Analysis, offset: int) -> Hover | None:
    text = analysis.source.text
    start, end = word_at(text, offset)
    function = REGISTRY.get(text[start:end])
    is_called = text[end : end + 1] == "(" or text[:start].rstrip().endswith("|")
    if function is None or not is_called:
        return None
    return Hover(function_help(function), Span(analysis.source, start, end))


def _of_file(analysis: Analysis, place: TextPlace) -> Hover | None:
    """What the file, the fragment or the schema is that a value names."""
    span, value = place.scalar.span, place.scalar.value
    if not isinstance(value, str):
        return None
    text: str | None = None
    if "/" in value:
        name = resolved_name(value, analysis.name)
        try:
            text = analysis.project.schema(value, analysis.name).name if not value.startswith(".") else None
            text = described(analysis.project.schema(value, analysis.name).shape()) if text else None
        except CrossdockError:
            text = None
        text = text or (_describe(analysis, name) if name is not None else None)
    return Hover(f"`{value}`: {text}", span) if text else None


def _describe(analysis: Analysis, name: str) -> str | None:
    for known in (name, f"{name}/{CONVERSATION}"):
        try:
            node = parse_yaml(analysis.project.text(known))
        except CrossdockError:
            continue
        said = node.get("describe") if isinstance(node, MapNode) else None
        return str(getattr(said, "value", "")) or None
    return None


def _of_word(analysis: Analysis, place: TextPlace) -> Hover | None:
    """What the key means whose value this is."""
    language = language_of(analysis.name, analysis.source.text)
    name = place.keys[-1] if place.keys else ""
    if language is None or not isinstance(name, str):
        return None
    text = keys_at(language, place.keys[:-1]).get(name)
    return Hover(f"`{name}`: {text}", place.scalar.span) if text else None
