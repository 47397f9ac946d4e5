"""The requested links of a mapping: those of a target field, or those of a source.

fields(mapping, "items[].sku")                  the links of that field, and of all below it
destinations(mapping, "items[].quantity")       where it goes, what it decides on, why it is ignored
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossdock.checking.field_reads import FieldReads
from crossdock.checking.ignored_fields import REST
from crossdock.checking.lineage import Link, check_reads, lineage
from crossdock.checking.read_set import reads_of_checks
from crossdock.core.diagnostics import did_you_mean
from crossdock.core.paths import EACH, Parts, field_of, field_text, parse_path
from crossdock.tools.explain.paths import UnknownPathError, must_know, parts_of

if TYPE_CHECKING:
    from crossdock.checking.provenance import ReadSet
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
    direct = [link for link in links if _goes_to(link, name, wanted)]
    decides = [link for link in links if link not in direct and _decides_on(link, name, wanted)]
    checks = [check for check, reads in check_reads(mapping) if _below(reads, name)]
    checks += [check for check, reads in reads_of_checks(mapping) if _reads(reads, wanted)]
    goes = bool(direct or decides or checks)
    named = (item for item in mapping.ignored if not (goes and item.path[-1] == REST))
    ignored = [item for item in named if _related(item.path, wanted)]
    return Destinations(name, tuple(direct), tuple(decides), tuple(dict.fromkeys(checks)), tuple(ignored))


def _goes_to(link: Link, name: str, wanted: tuple[str, ...]) -> bool:
    """Whether a cell reads a source or something in it as a value, or as a part of something around it."""
    if _below(link.sources, name):
        return True
    only_decides = any(_around(path, wanted) for path in link.because_of)
    return _reads(link.reads, wanted) and (
        not only_decides or any(_around(path, wanted) for path in link.sources)
    )


def _decides_on(link: Link, name: str, wanted: tuple[str, ...]) -> bool:
    return _below(link.because_of, name) or any(
        _reads(each, wanted) for each in (link.reads, *link.decided_by)
    )


def _below(paths: Iterable[str], name: str) -> bool:
    return any(path == name or path.startswith((name + ".", name + EACH)) for path in paths)


def _around(path: str, wanted: tuple[str, ...]) -> bool:
    """Whether a path leads to something around a requested source, or to the source."""
    start = parse_path(path) if "(" not in path else (path,)
    return wanted[: len(start)] == start


def _reads(reads: ReadSet, wanted: tuple[str, ...]) -> bool:
    in_payload = not (wanted and "(" in wanted[0])  # and not of `settings()`, for example
    return in_payload and FieldReads.of(reads).has(wanted)


def _related(ignored: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """An ignored subtree around the requested source, or inside it."""
    ignored = ignored[:-1] if ignored[-1:] == (REST,) else ignored
    length = min(len(ignored), len(wanted))
    return ignored[:length] == wanted[:length]
