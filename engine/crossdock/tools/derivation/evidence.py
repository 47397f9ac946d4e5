"""One item of a recipe's ``from`` -> the shape that it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from crossdock.core.diagnostics import Diagnostic, Source
from crossdock.core.errors import ProjectError
from crossdock.core.paths import EACH
from crossdock.tools.derivation import documents, paths
from crossdock.tools.derivation.documents import Section, TableRow
from crossdock.tools.derivation.located import Located, MalformedError, read
from crossdock.tools.derivation.prose import described
from crossdock.tools.derivation.published import published
from crossdock.tools.derivation.recipe import Evidence, Policy, Recipe
from crossdock.tools.derivation.shapes import (
    ANY,
    NOTHING,
    InferredShape,
    Locate,
    Origin,
    Status,
    infer,
    leading,
    merge,
    merged,
    rewrite,
)
from crossdock.tools.drafting.words import MONEY, concepts

_TYPE_WORDS = {
    "string": "string", "str": "string", "text": "string", "uuid": "string",
    "date-time": "string", "date": "string",
    "integer": "integer", "int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
    "number": "number", "float": "number", "double": "number", "decimal": "number",
    "boolean": "boolean", "bool": "boolean", "array": "array", "list": "array",
    "object": "object", "hash": "object", "map": "object", "null": "null", "nullable": "null", "any": ANY,
}  # fmt: skip
_NAME_COLUMNS = ("name", "field", "parameter", "property", "attribute")
_PERHAPS_BOOLEAN = re.compile(r"\bboolean ?\?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Library:
    """The documents and samples that a recipe may name."""

    recipe: Recipe
    directory: Path | None

    def source(self, item: Evidence) -> Source:
        """The text of an item's document or sample."""
        if item.sample is not None:
            return _load(self.recipe.folder / item.sample, "sample")
        name = self.recipe.documents.get(item.document or "", item.document or "")
        if self.directory is None:
            system = self.recipe.system
            message = f"`{system}` is derived from `{name}`, but no directory of documents is given"
            help_ = "give it with --documents DIR, or in CROSSDOCK_DOCUMENTS"
            raise ProjectError([Diagnostic("documents-unknown", message, None, help_)])
        return _load(self.directory / name)


@lru_cache(maxsize=16)
def _cached(path: Path, kind: str, _modified: int, _size: int) -> Source:
    return documents.load(path, kind)


def _load(path: Path, kind: str = "document") -> Source:
    """A document, read once while it does not change."""
    if not path.is_file():
        return documents.load(path, kind)
    facts = path.stat()
    return _cached(path, kind, facts.st_mtime_ns, facts.st_size)


def shape_of(item: Evidence, library: Library, before: InferredShape, policy: Policy) -> InferredShape:
    """The shape that one item shows, at its path. ``before`` is the shape from the earlier items."""
    source = library.source(item)
    part = documents.section(source, item.under)
    name = item.sample or source.name
    status: Status = "inferred" if item.sample and item.status is None else "observed"
    status = "inferred" if item.status == "inferred" else status

    def locate(offset: int) -> Origin:
        return Origin(name, source.position(offset)[0], status)

    def documented(offset: int) -> Origin:
        return Origin(name, source.position(offset)[0], "documented")

    placeholders = library.recipe.placeholders
    if item.table:
        shape = _rows(documents.table(part, item.table), documented, placeholders)
    elif item.curl:
        shape = infer(documents.query(part, item.curl), locate, placeholders)
    elif item.prose:
        shape = described(part, item.prose, paths.pick(before, item.into), documented)
    elif item.schema is not None:
        shape = published(documents.block(part, item.json or 1), item.schema, part, documented, policy)
    else:
        shape = infer(documents.block(part, item.json or 1), locate, placeholders)
        if policy.required == "leading" and item.document:
            shape = rewrite(shape, lambda _path, inner: leading(inner))
        if item.sample:
            shape = rewrite(shape, _amount)
    shape = paths.pick(shape, item.at)
    if shape is NOTHING:
        message = f"`{item.at}` does not occur in this part of `{name}`"
        raise ProjectError([Diagnostic("evidence-empty", message, part.span(part.start))])
    return paths.graft(_picked(shape, item, part), paths.parse(item.into))


def _amount(path: tuple[str, ...], shape: InferredShape) -> InferredShape:
    """An amount of a sample is a number: many systems write 3.00 as 3."""
    named = concepts(path[-1]) if path else ()
    # A `value` by itself is of anything.
    if "integer" not in shape.types or not named or named[-1] not in MONEY or path[-1].lower() == "value":
        return shape
    return replace(shape, types=shape.types - {"integer"} | {"number"})


def _picked(shape: InferredShape, item: Evidence, part: Section) -> InferredShape:
    """Only the properties in the item's ``pick``, if it has one."""
    if not item.pick:
        return shape
    missing = [key for key in item.pick if key not in shape.properties]
    if missing:
        message = f"this part of `{part.source.name}` has no property `{missing[0]}`"
        raise ProjectError([Diagnostic("evidence-empty", message, part.span(part.start))])
    return InferredShape(shape.types, {key: shape.properties[key] for key in item.pick}, origin=shape.origin)


def _rows(rows: list[TableRow], locate: Locate, placeholders: Mapping[str, str]) -> InferredShape:
    """A parameter table: a row is a property, its name a path of ``:`` (member) and ``/`` (list element)."""
    return merged(_row(row, locate, placeholders) for row in rows)


def _row(row: TableRow, locate: Locate, placeholders: Mapping[str, str]) -> InferredShape:
    name = next((row.cells[column] for column in _NAME_COLUMNS if row.cells.get(column)), "").strip("*` ")
    steps: list[str] = []
    for position, part in enumerate(name.split("/")):
        steps += [EACH] if position else []
        steps += part.split(":")
    words = re.findall(r"[a-z0-9-]+", row.cells.get("type", "").lower())
    types = {_TYPE_WORDS[word] for word in words if word in _TYPE_WORDS}
    if _PERHAPS_BOOLEAN.search(row.cells.get("description", "")):
        types.add("boolean")
    shape = InferredShape(frozenset(types), origin=locate(row.offset))
    return paths.graft(merge(shape, _example(row, locate, placeholders)), steps)


def _example(row: TableRow, locate: Locate, placeholders: Mapping[str, str]) -> InferredShape:
    """The JSON value in the example cell, if there is one; other cells show nothing."""
    cell = row.cells.get("example", "").strip("` ")
    try:
        value, end = read(cell, 0)
    except MalformedError:
        return NOTHING
    return infer(_all_at(value, row.offset), locate, placeholders) if not cell[end:].strip() else NOTHING


def _all_at(located: Located, offset: int) -> Located:
    """The same value with every part at one offset, because a table cell is one line."""
    match located.value:
        case dict() as members:
            return Located({key: _all_at(member, offset) for key, member in members.items()}, offset)
        case list() as elements:
            return Located([_all_at(element, offset) for element in elements], offset)
        case value:
            return Located(value, offset)
