"""An OpenAPI document, as JSON or YAML, read into values that know their offset in the text.

YAML is read as JSON would be: a plain scalar is true, false, null or a number of JSON, or else text, and a
key is always text, so that `200:` is "200" and `NO` stays a country. Aliases are refused: a few bytes of them
can stand for gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from crossdock.core.diagnostics import Diagnostic, Source, Span, shorten
from crossdock.core.errors import ProjectError
from crossdock.core.limits import DOCUMENT_BYTES, DOCUMENT_DEPTH
from crossdock.core.paths import parse_pointer
from crossdock.core.yaml_reader import plain_value
from crossdock.tools.derivation.located import Located, MalformedError, read

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_VERSIONS: Final = ("3.0", "3.1")
_NONE: Final = Located(None, 0)


@dataclass(frozen=True, slots=True)
class Description:
    """A document: its text, its root, and whether it is of OpenAPI 3.0 (else 3.1)."""

    source: Source
    root: Located
    is_3_0: bool

    def line(self, place: Located) -> int:
        return Span(self.source, place.offset, place.offset).line

    def at(self, reference: str) -> Located:
        """What a reference within the document leads to: `#/components/schemas/Order`.

        Raises ProjectError for one that leads out of the document, or nowhere.
        """
        found = self.root if reference.startswith("#/") else _NONE
        for step in parse_pointer(reference[1:]) if reference.startswith("#/") else ():
            found = member(found, step)
        if found.value is None:
            message = f"`{shorten(reference)}` is not in the document"
            help = "a description in several files has to be bundled into one first"
            raise ProjectError([Diagnostic("description-reference", message, Span(self.source, 0, 1), help)])
        return found

    def resolved(self, place: Located) -> Located:
        """A part of the document, or what it refers to with `$ref`, through any number of references."""
        seen: set[str] = set()
        while isinstance(reference := member(place, "$ref").value, str):
            if reference in seen:
                message = f"the reference `{shorten(reference)}` leads back to itself"
                span = Span(self.source, place.offset, place.offset + 1)
                raise ProjectError([Diagnostic("description-reference", message, span)])
            seen.add(reference)
            place = self.at(reference)
        return place


def member(place: Located, name: str) -> Located:
    """The member of an object; a null without one."""
    return place.value.get(name, _NONE) if isinstance(place.value, dict) else _NONE


def members(place: Located) -> Mapping[str, Located]:
    return place.value if isinstance(place.value, dict) else {}


def elements(place: Located) -> list[Located]:
    return place.value if isinstance(place.value, list) else []


def text(place: Located) -> str:
    return place.value if isinstance(place.value, str) else ""


def read_description(path: Path) -> Description:
    """The description in a file. Raises ProjectError for a file that is not one."""
    source = Source(str(path), _content(path))
    root = _json(source) if source.text.lstrip("\ufeff \t\r\n").startswith("{") else _yaml(source)
    version = text(member(root, "openapi"))
    if not version.startswith(_VERSIONS):
        stated = text(member(root, "swagger"))
        found = f"`{shorten(version or 'swagger ' + stated)}`" if version or stated else "no version"
        message = f"this is not a description of OpenAPI 3.0 or 3.1: `openapi` says {found}"
        raise ProjectError([Diagnostic("not-a-description", message, Span(source, 0, 1))])
    return Description(source, root, version.startswith("3.0"))


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(DOCUMENT_BYTES + 1)
        if len(data) > DOCUMENT_BYTES:
            message = f"`{path}` has more than {DOCUMENT_BYTES // 1024 // 1024} MiB"
            raise ProjectError([Diagnostic("document-too-large", message)])
        return data.decode("utf-8-sig")
    except OSError as error:
        message = f"`{path}` cannot be read: {(error.strerror or 'unknown reason').lower()}"
        raise ProjectError([Diagnostic("document-unreadable", message)]) from None
    except UnicodeDecodeError:
        raise ProjectError([Diagnostic("document-encoding", f"`{path}` is not UTF-8")]) from None


def _json(source: Source) -> Located:
    try:
        return read(source.text, 0)[0]
    except MalformedError as error:
        span = Span(source, error.offset, error.offset + 1)
        raise ProjectError([Diagnostic("json-malformed", error.why, span)]) from None


def _yaml(source: Source) -> Located:
    try:
        events = _events(source)
        return _built(next(events, None), events, source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        span = Span(source, mark.index, mark.index + 1) if mark is not None else Span(source, 0, 1)
        problem = getattr(error, "problem", None) or "this is not YAML"
        raise ProjectError([Diagnostic("yaml-syntax", problem, span)]) from None


def _events(source: Source) -> Iterator[yaml.Event]:
    """The events of the first document, without those around it."""
    around = (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.StreamEndEvent)
    for event in yaml.parse(source.text, Loader=_Loader):
        if isinstance(event, yaml.DocumentEndEvent):
            return
        if isinstance(event, yaml.AliasEvent):
            start = _start(event)
            message = "a description with YAML aliases is not read"
            help = "write it as JSON, or without aliases"
            raise ProjectError([Diagnostic("yaml-alias", message, Span(source, start, start + 1), help)])
        if not isinstance(event, around):
            yield event


def _built(event: yaml.Event | None, events: Iterator[yaml.Event], source: Source, depth: int = 0) -> Located:
    """The value that begins with an event. ``events`` are those after it."""
    if event is None:
        return _NONE
    start = _start(event)
    if depth > DOCUMENT_DEPTH:
        message = f"nested deeper than {DOCUMENT_DEPTH} levels"
        raise ProjectError([Diagnostic("yaml-depth", message, Span(source, start, start + 1))])
    if isinstance(event, yaml.MappingStartEvent):
        return Located(_object(events, source, depth), start)
    if isinstance(event, yaml.SequenceStartEvent):
        return Located(_array(events, source, depth), start)
    return Located(_scalar(event), start)


def _object(events: Iterator[yaml.Event], source: Source, depth: int) -> dict[str, Located]:
    found: dict[str, Located] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        value = _built(next(events, None), events, source, depth + 1)
        found[str(getattr(event, "value", ""))] = Located(value.value, _start(event))
    return found


def _array(events: Iterator[yaml.Event], source: Source, depth: int) -> list[Located]:
    found: list[Located] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        found.append(_built(event, events, source, depth + 1))
    return found


def _start(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.index if mark is not None else 0


def _scalar(event: yaml.Event) -> str | int | float | bool | None:
    written = str(getattr(event, "value", ""))
    if getattr(event, "style", None):  # quoted, or a block
        return written
    try:
        return None if written in ("", "~") else plain_value(written)
    except OverflowError:  # a bound or an example that no payload of ours can have
        return written
