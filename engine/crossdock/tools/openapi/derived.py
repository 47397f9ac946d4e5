"""The `openapi` of a recipe -> schemas: parts of the description of an API.

    openapi:
      document: acme.yaml
      schemas:
        order: {answer: GET /orders, at: "items[]"}

``request`` and ``answer`` name a call, ``component`` a schema of the document, and ``at`` a part of it. What
they share is in one file of definitions.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH
from crossdock.tools.derivation import paths
from crossdock.tools.derivation import recipe as recipes
from crossdock.tools.derivation.corrections import is_personal
from crossdock.tools.derivation.located import Located
from crossdock.tools.derivation.recipe import Recipe
from crossdock.tools.derivation.schema import BASE, DIALECT
from crossdock.tools.derivation.schema import text as written
from crossdock.tools.derivation.systems import DOCUMENTS, SUFFIX
from crossdock.tools.openapi.description import Description, elements, member, members, read_description
from crossdock.tools.openapi.operations import operations
from crossdock.tools.openapi.schemas import DEFINITIONS, Converter

Place: TypeAlias = Mapping[str, str]
_COMPONENTS: Final = "#/components/schemas/"


def described(system: Path, documents: Path | None = None) -> dict[Path, str]:
    """The schemas that a system's recipe takes from the description of an API, by file.

    The description is beside the recipe, or else in ``documents`` (default CROSSDOCK_DOCUMENTS). Raises
    ProjectError for one that cannot be read, and for parts that it does not have.
    """
    recipe = recipes.load(system)
    if not recipe.described:
        return {}
    path = _document(recipe, documents)

    def is_sensitive(at: tuple[str, ...]) -> bool:
        if any(paths.matches(pattern, at) for pattern in recipe.public):
            return False
        return is_personal(at) or any(paths.matches(pattern, at) for pattern in recipe.sensitive)

    converter = Converter(read_description(path), path.name, is_sensitive)
    files = schema_files(converter, recipe.system, recipe.described)
    return {system / name: text for name, text in files.items()}


def schema_files(converter: Converter, system: str, places: Mapping[str, Place]) -> dict[str, str]:
    """The files of schemas by their names."""
    found = {name: _found(converter, place) for name, place in places.items()}
    schemas: dict[str, JSON] = {
        name: {**_head(system, name), **converter.schema(place)} for name, place in found.items()
    }
    if converter.definitions:
        schemas[DEFINITIONS] = {**_head(system, DEFINITIONS), "$defs": dict(converter.definitions)}
    return {f"{name}{SUFFIX}": written(schema) for name, schema in schemas.items()}


def recipe_text(system: str, document: str, places: Mapping[str, Place]) -> str:
    """A recipe that derives these schemas again."""
    lines = [
        f"describe: {system}, from the description of its API.",
        "",
        f"# `crossdock derive {system}` makes the schemas again, from a newer description too.",
        "# It is beside this file, or in the directory that --documents names.",
        "openapi:",
        f"  document: {json.dumps(document, ensure_ascii=False)}",
        "  schemas:",
    ]
    for name, place in places.items():
        words = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in place.items())
        lines.append(f"    {name}: {{{words}}}")
    return "\n".join(lines) + "\n"


def _document(recipe: Recipe, documents: Path | None) -> Path:
    if not recipe.openapi:
        message = f"the recipe of `{recipe.system}` has no `openapi.document`"
        raise ProjectError([Diagnostic("recipe-invalid", message)])
    beside = recipe.folder / recipe.openapi
    stated = os.environ.get(DOCUMENTS)
    directory = documents or (Path(stated) if stated else None)
    if beside.is_file():
        return beside
    if directory is not None:
        return directory / recipe.openapi
    message = f"the description `{recipe.openapi}` is not beside the recipe of `{recipe.system}`"
    help = "put it there, or name its directory with --documents DIR, or in CROSSDOCK_DOCUMENTS"
    raise ProjectError([Diagnostic("documents-unknown", message, None, help)])


def _found(converter: Converter, place: Place) -> Located:
    """The schema at a place of the description."""
    description, document = converter.description, converter.document
    if "component" in place:
        component = place["component"]
        reference = component if component.startswith("#/") else f"{_COMPONENTS}{component}"
        found = Located({"$ref": Located(reference, description.at(reference).offset)}, 0)
    else:
        kind = "request" if "request" in place else "answer"
        found = _of_call(description, document, kind, place[kind])
    for step in paths.parse(place.get("at", "")):
        inner = _part(description, found, step)
        if inner is None:
            message = f"`{place['at']}` does not occur in this part of `{document}`"
            raise ProjectError([Diagnostic("evidence-empty", message)])
        found = inner
    return found


def _of_call(description: Description, document: str, kind: str, call: str) -> Located:
    calls = {f"{each.method} {each.path}": each for each in operations(description)}
    if call not in calls:
        message = f"`{document}` has no call `{call}`"
        raise ProjectError([Diagnostic("evidence-empty", message, help=did_you_mean(call, calls))])
    found = calls[call].request if kind == "request" else calls[call].answer
    if found is None:
        message = f"the call `{call}` of `{document}` has no {kind} in JSON"
        raise ProjectError([Diagnostic("evidence-empty", message)])
    return found


def _part(description: Description, place: Located, step: str) -> Located | None:
    """A property or the elements of a schema, through references and `allOf`."""
    place = description.resolved(place)
    own = member(place, "items") if step == EACH else members(member(place, "properties")).get(step)
    if own is not None and isinstance(own.value, dict):
        return own
    branches = (_part(description, each, step) for each in elements(member(place, "allOf")))
    return next((each for each in branches if each is not None), None)


def _head(system: str, name: str) -> dict[str, JSON]:
    return {"$schema": DIALECT, "$id": f"{BASE}{system}/{name}", "title": f"{system}/{name}"}
