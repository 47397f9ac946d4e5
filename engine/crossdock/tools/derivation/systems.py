"""A system's folder -> its schema files: derived and compared together, all written or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import ProjectError
from crossdock.core.json_reader import decode
from crossdock.core.json_types import JSON
from crossdock.tools.derivation import recipe as recipes
from crossdock.tools.derivation import schema
from crossdock.tools.derivation.corrections import Rewriting
from crossdock.tools.derivation.evidence import Library, shape_of
from crossdock.tools.derivation.recipe import ShapeRecipe
from crossdock.tools.derivation.shapes import NOTHING, InferredShape, merge

SUFFIX = ".schema.json"
DOCUMENTS = "CROSSDOCK_DOCUMENTS"


def derive(system: Path, documents: Path | None = None) -> dict[Path, str]:
    """Every schema of a system, by file. ``documents`` is their directory; default CROSSDOCK_DOCUMENTS."""
    recipe = recipes.load(system)
    stated = os.environ.get(DOCUMENTS)
    library = Library(recipe, documents or (Path(stated) if stated else None))
    rewriting = Rewriting(recipe)
    files = {
        system / f"{own.name}{SUFFIX}": schema.text(_schema(recipe.system, own, library, rewriting))
        for own in recipe.shapes
    }
    if unmet := rewriting.unmet():
        raise ProjectError(unmet)
    return files


def _schema(system: str, own: ShapeRecipe, library: Library, rewriting: Rewriting) -> JSON:
    shape, defs = _shape(own, library, rewriting)
    policies = {inner.name: inner.policy for inner in own.defs}
    for inner in own.defs:
        body, more = _shape(inner, library, rewriting)
        described = {"description": inner.describe} if inner.describe else {}
        defs[inner.name] = replace(body, keywords={**described, **body.keywords})
        for name, part in more.items():
            defs[name] = merge(defs[name], part) if name in defs else part
    parts: dict[str, JSON] = {
        name: schema.definition(part, policies.get(name, own.policy)) for name, part in sorted(defs.items())
    }
    return schema.schema(system, own.name, shape, parts, own.policy, own.describe, own.described_by)


def _shape(
    own: ShapeRecipe, library: Library, rewriting: Rewriting
) -> tuple[InferredShape, dict[str, InferredShape]]:
    shape = NOTHING
    for item in own.evidence:
        shape = merge(shape, shape_of(item, library, shape, own.policy))
    return rewriting.extract(rewriting.apply(shape, own), own)


def samples_of(system: Path, name: str) -> list[JSON]:
    """The whole samples that a schema of a system is derived from. Raises ProjectError for a wrong recipe."""
    shapes = (own for own in recipes.load(system).shapes if own.name == name)
    whole = (item for own in shapes for item in own.evidence if item.sample and not item.at and not item.into)
    files = (system / str(item.sample) for item in whole if item.under is None and item.schema is None)
    return [decode(file.read_bytes(), file.name) for file in files if file.is_file()]


def check(system: Path, documents: Path | None = None, described: Mapping[Path, str] | None = None) -> str:
    """A unified diff between the files and the newly derived schemas; empty if they are equal.

    ``described``: the files that are derived from the description of an API.
    """
    derived = derive(system, documents) | dict(described or {})
    stale = [path for path in sorted(system.glob(f"*{SUFFIX}")) if path not in derived]
    differences = [_difference(path, text) for path, text in derived.items()]
    differences += [_difference(path, None) for path in stale]
    return "".join(differences)


def _difference(path: Path, derived: str | None) -> str:
    name = f"{path.parent.name}/{path.name}"
    found = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
    before, after = (text.splitlines(keepends=True) if text else [] for text in (found, derived))
    names = (
        name if found is not None else "/dev/null",
        f"{name} (derived)" if derived is not None else "/dev/null",
    )
    return "".join(unified_diff(before, after, *names))


def write(schemas: Mapping[Path, str]) -> None:
    """Write all files. Each is complete under a temporary name before the first one is replaced."""
    ready: list[tuple[str, Path]] = []
    try:
        for path, text in schemas.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            ready.append((name, path))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(name).chmod(0o644)
        # Each rename is atomic, and writing, which may fail, is over by now.
        for name, path in ready:
            Path(name).replace(path)
    except OSError as error:
        message = f"the schemas cannot be written: {error.strerror or error}"
        raise ProjectError([Diagnostic("schemas-unwritable", message)]) from None
    finally:
        for name, _ in ready:
            Path(name).unlink(missing_ok=True)
