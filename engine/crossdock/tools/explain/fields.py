"""The requested links of a mapping: those of a target field, or those of a source.

fields(mapping, "items[].sku")                  the links of that field, and of all below it
destinations(mapping, "items[].quantity")       where it goes, what it decides on, why it is ignored
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossdock.checking.ignored_fields import REST
from crossdock.checking.lineage import Link, check_reads, lineage
from crossdock.core.diagnostics import did_you_mean
from crossdock.core.paths import EACH, Parts, field_of, field_text, parse_path
from crossdock.tools.explain.paths import UnknownPathError, must_know, parts_of

if TYPE_CHECKING:
    from crossdock.language.syntax import Check, Ignored, LinkedMapping


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where a source field goes. All empty: nowhere."""

    source: str
    direct: tuple[Link, ...]
    decides: tuple[Link, ...]
    checks: tuple[Check, ...]
    ignored: tuple[Ignored, ...]


def fields(mapping: LinkedMapping, field: str | None = None) -> list[Link]:
    """The links of a field and of all below it, or all. Raises UnknownPathError for an unknown field."""
    links = lineage(mapping)
    if field is None:
        return links
    wanted = field_of(parts_of(field))
    found = [link for link in links if _touches(parse_path(link.target), wanted)]
    if not found:
        raise UnknownPathError(_never_written(mapping, wanted, links))
    return found


def _touches(target: Parts, wanted: tuple[str, ...]) -> bool:
    """A requested target, or one that contains a requested target."""
    length = min(len(target), len(wanted))
    return target[:length] == wanted[:length]


def _never_written(mapping: LinkedMapping, wanted: tuple[str, ...], links: Sequence[Link]) -> str:
    name = field_text(wanted)
    if mapping.target is not None:
        must_know(mapping.target, wanted)
        return f"`{mapping.name}` never writes `{name}`"
    help = did_you_mean(name, [link.target for link in links])
    return f"`{mapping.name}` does not write `{name}`" + (f"; {help}" if help else "")


def destinations(mapping: LinkedMapping, source: str) -> Destinations:
    """Where a source field, and all below it, goes. Raises UnknownPathError when there is no such field."""
    wanted = field_of(parts_of(source))
    if mapping.source is not None and not source.partition("(")[1]:
        must_know(mapping.source, wanted)
    name, links = field_text(wanted), lineage(mapping)
    inside = (name, name + ".", name + EACH)
    direct = [link for link in links if any(_below(path, inside) for path in link.sources)]
    decides = [
        link for link in links if link not in direct and any(_below(path, inside) for path in link.because_of)
    ]
    checks = [check for check, reads in check_reads(mapping) if any(_below(path, inside) for path in reads)]
    goes = bool(direct or decides or checks)
    named = (item for item in mapping.ignored if not (goes and item.path[-1] == REST))
    ignored = [item for item in named if _related(item.path, wanted)]
    return Destinations(name, tuple(direct), tuple(decides), tuple(checks), tuple(ignored))


def _below(path: str, inside: tuple[str, str, str]) -> bool:
    return path == inside[0] or path.startswith(inside[1:])


def _related(ignored: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """An ignored subtree around the requested source, or inside it."""
    ignored = ignored[:-1] if ignored[-1:] == (REST,) else ignored
    length = min(len(ignored), len(wanted))
    return ignored[:length] == wanted[:length]
