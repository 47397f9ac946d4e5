"""Schemas on a search path, closed: a reference leads to a file of the project, and nothing is fetched.

``shop/order`` is ``<root>/shop/order.schema.json`` in the first root that has it; ``shop/order#/$defs/tax``
is a part of it. A reference may name a file (``definitions.schema.json#/$defs/tax``, the suffix may be
left out), a place in its own file (``#/$defs/tax``), or the ``$id`` of a schema of the project.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote, unquote, urljoin

from crossdock.core.diagnostics import Diagnostic, Span, did_you_mean, shorten
from crossdock.core.errors import InputError, ProjectError
from crossdock.core.json_reader import decode, locate
from crossdock.core.json_types import JSON
from crossdock.core.once import MAKING, made_once
from crossdock.core.similar import bounded
from crossdock.schema.dialect import Node, Problem, Reading
from crossdock.schema.node import DOCUMENTED_AS, resolved
from crossdock.schema.node import properties as properties_of
from crossdock.schema.reference_cycles import circular, endless, multiplying
from crossdock.schema.shape import Shape

if TYPE_CHECKING:
    from referencing import Registry

T = TypeVar("T")

SUFFIX = ".schema.json"
_SCHEME = "schema:"


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """A schema or a part of one. ``document`` is its file's root, with references made absolute."""

    name: str
    document: Node
    node: Node
    store: SchemaStore = field(repr=False)
    _kept: dict[object, object] = field(default_factory=dict, repr=False)

    def resolve(self, node: Node) -> Node:
        """What a node's ``$ref`` names, followed to its end; a node without one is itself."""
        return resolved(node, self.store.target)

    def shape(self) -> Shape:
        """The static description of this schema's values, for checks without a value."""
        return self.once(_shape)

    def once(self, build: Callable[[Schema], T]) -> T:
        """What ``build`` makes of this schema, made once and kept with it."""
        return made_once(self._kept, build, lambda: build(self))

    def with_documented(self, name: str, other: Schema) -> Schema:
        """This schema, in which another one documents what a property may be, and nothing validates it."""
        properties: Node = {**properties_of(self.node), name: {DOCUMENTED_AS: other.node}}
        return Schema(self.name, self.document, {**self.node, "properties": properties}, self.store)

    def registry(self) -> Registry[JSON]:
        """This schema's file and all that it refers to, for a validator. It cannot fetch."""
        return self.store.registry(self.name.partition("#")[0])


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """One schema file, read."""

    name: str
    path: str
    text: str = field(repr=False)
    reading: Reading = field(repr=False)

    def refuse(self, problems: Iterable[Problem]) -> list[Diagnostic]:
        """The problems with the places in the file that they are about."""
        found = list(problems)
        if not found:
            return []
        spans = locate(self.text, self.path, {each.pointer for each in found}, secret=False)
        return [Diagnostic(each.id, each.message, spans.get(each.pointer), each.help) for each in found]


class SchemaStore:
    """The schemas below some roots; where two roots have the same file, the first counts."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._files: dict[str, _File] = {}
        self._schemas: dict[object, object] = {}
        self._targets: dict[str, Node] = {}
        self._closed: set[str] = set()
        self._digests: dict[str, str] = {}
        self.shapes = Shape({}, self.target)

    def names(self) -> tuple[str, ...]:
        """The names of all schema files, in order."""
        return tuple(sorted(self._paths))

    def seen(self) -> dict[Path, str | None] | None:
        """Every schema file that was read so far, with the SHA-256 of its content; None for a missing file.

        None instead of the dictionary if files were found by their ``$id``, because any file could have it.
        """
        with MAKING:
            return None if "_ids" in vars(self) else self._seen()

    def _seen(self) -> dict[Path, str | None]:
        found: dict[Path, str | None] = {}
        for name, digest in self._digests.items():
            root, path = self._paths[name]
            before = self._roots[: self._roots.index(root)]
            found |= {path: digest, **dict.fromkeys((other / (name + SUFFIX) for other in before), None)}
        return found

    def get(self, name: str) -> Schema:
        """A schema by name, or a ``ProjectError``: unknown, unreadable, wrong, or with loose references."""
        return made_once(self._schemas, name, lambda: self._schema(name))

    def _schema(self, name: str) -> Schema:
        base, _, part = name.partition("#")
        if base not in self._paths:
            message = f"there is no schema `{shorten(base)}`"
            raise ProjectError([Diagnostic("unknown-schema", message, help=did_you_mean(base, self._paths))])
        self._close(base)
        parts = self._files[base].reading.parts
        if part not in parts:
            message = f"`{base}` has no part `{shorten(part)}`"
            raise ProjectError([Diagnostic("unknown-schema", message, help=did_you_mean(part, parts))])
        return Schema(name, parts[""], parts[part], self)

    def target(self, reference: str) -> Node:
        """The node of an absolute reference."""
        return self._targets[reference]

    def place_of(self, node: Node) -> Span | None:
        """Where a node of a schema that was read is written; None for one that is made of others."""
        for file in self._files.values():
            for pointer, part in file.reading.parts.items():
                if part is node:
                    return locate(file.text, file.path, {pointer}, secret=False).get(pointer)
        return None

    def registry(self, name: str) -> Registry[JSON]:
        """A closed registry of a schema file and all that it refers to."""
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        files = self._closure(name)
        return Registry().with_resources(
            (_uri(file.name), DRAFT202012.create_resource(cast(JSON, file.reading.parts[""])))
            for file in files
        )

    @cached_property
    def _paths(self) -> dict[str, tuple[Path, Path]]:
        """Name -> root and file."""
        paths: dict[str, tuple[Path, Path]] = {}
        for root in self._roots:
            for path in sorted(root.rglob("*" + SUFFIX)):
                name = path.relative_to(root).as_posix().removesuffix(SUFFIX)
                paths.setdefault(name, (root, path))
        return paths

    @cached_property
    def _ids(self) -> dict[str, str]:
        """``$id`` -> name. Reads every file, so it is asked last."""
        ids: dict[str, str] = {}
        for name in self.names():
            try:
                *_, document = self._decoded(name)
            except ProjectError:  # reported when that file itself is used
                continue
            if isinstance(document, dict) and isinstance(given := document.get("$id"), str):
                ids.setdefault(given.rstrip("#"), name)
        return ids

    def _decoded(self, name: str) -> tuple[str, str, JSON]:
        root, path = self._paths[name]
        shown = path.relative_to(root.parent).as_posix()
        if not path.resolve().is_relative_to(root.resolve()):
            message = f"`{shorten(name)}` leads out of `{root.name}`"
            raise ProjectError([Diagnostic("unknown-schema", message)])
        try:
            data = path.read_bytes()
            self._digests[name] = sha256(data).hexdigest()
            return shown, data.decode("utf-8", "replace"), decode(data, shown, secret=False)
        except OSError as error:
            message = f"`{shown}` cannot be read: {(error.strerror or 'it does not answer').lower()}"
            raise ProjectError([Diagnostic("unreadable", message)]) from None
        except InputError as error:
            raise ProjectError(error.diagnostics) from None

    def _file(self, name: str) -> _File:
        if name not in self._files:
            path, text, document = self._decoded(name)
            own = document.get("$id") if isinstance(document, dict) else None
            base = own.rstrip("#") if isinstance(own, str) else ""
            file = _File(name, path, text, Reading(partial(self._absolute, name, base)))
            if isinstance(document, dict):
                file.reading.schema(document)
            else:
                file.reading.problems.append(
                    Problem("invalid-schema", "a schema file must contain an object", "")
                )
            if file.reading.problems:
                raise ProjectError(file.refuse(file.reading.problems))
            self._files[name] = file
        return self._files[name]

    def _absolute(self, name: str, base: str, reference: str) -> str | None:
        """A reference as written in the file ``name``, made absolute; None when it leads out."""
        address, _, fragment = reference.partition("#")
        if fragment and not fragment.startswith("/"):
            return None
        target = self._named(name, base, address) if address else name
        return None if target is None else f"{_uri(target)}#{quote(unquote(fragment), safe='/~$')}"

    def _named(self, name: str, base: str, address: str) -> str | None:
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), address)).removesuffix(SUFFIX)
        if beside in self._paths and not address.startswith("/"):
            return beside
        return self._ids.get(address) or self._ids.get(urljoin(base, address))

    def _closure(self, name: str) -> list[_File]:
        """A file and all that it refers to, each once."""
        files = {name: self._file(name)}
        todo = [files[name]]
        while todo:
            for reference in todo.pop().reading.references.values():
                other = unquote(reference.partition("#")[0].removeprefix(_SCHEME))
                if other not in files:
                    files[other] = self._file(other)
                    todo.append(files[other])
        return list(files.values())

    @bounded()
    def _close(self, name: str) -> None:
        """Makes sure that every reference from a file leads to a schema, and that none runs in a circle."""
        findings: list[Diagnostic] = []
        files = [file for file in self._closure(name) if file.name not in self._closed]
        for file in files:
            findings += file.refuse(self._loose(file))
        if not findings:
            sizes: dict[int, int] = {}
            places = (
                (_uri(file.name) + "#" + quote(at, safe="/~$"), named)
                for file in files
                for at, named in file.reading.references.items()
            )
            back = circular(places)
            for file in files:
                findings += file.refuse(self._endless(file, sizes, back=back))
        if findings:
            raise ProjectError(findings)
        self._closed.update(file.name for file in files)

    def _loose(self, file: _File) -> Iterable[Problem]:
        for at, reference in file.reading.references.items():
            address, _, fragment = reference.partition("#")
            target = self._files[unquote(address.removeprefix(_SCHEME))]
            node = target.reading.parts.get(unquote(fragment))
            if node is None:
                message = f"`{target.name}` has no schema at `{shorten(unquote(fragment))}`"
                help = did_you_mean(unquote(fragment), target.reading.parts)
                yield Problem("unresolved-reference", message, at, help)
            else:
                self._targets[reference] = node

    def _endless(self, file: _File, sizes: dict[int, int], *, back: bool) -> Iterable[Problem]:
        """Too many schemas for one value. ``back``: some references may lead back to themselves."""
        parts, help = file.reading.parts, "descend into a property or an item in between"
        if (at := endless(parts, self.target, sizes)) is not None:
            message = "the references here form a cycle, or multiply without limit"
            yield Problem("endless-reference", message, at, help)
        elif back and (at := multiplying(parts, self.target)) is not None:
            message = "the references here lead back to themselves twice through one property or item"
            help = "let one alternative refer to it, or put what they share in one place"
            yield Problem("endless-reference", message, at, help)


def _shape(schema: Schema) -> Shape:
    return schema.store.shapes.of(schema.node)


def _uri(name: str) -> str:
    return _SCHEME + quote(name)
