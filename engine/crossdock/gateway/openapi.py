"""The gateway's description in OpenAPI 3.1, made of the schemas and of actions.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from crossdock.channels.actions import Action
from crossdock.core.errors import ProjectError
from crossdock.core.version import __version__
from crossdock.gateway.served import OWN, Served
from crossdock.project.project import Project

_RETAILOPS: Final = "retailops"
_SCHEMA: Final = "schema:"
_COMPONENTS: Final = "#/components/schemas/"
_PROBLEMS: Final = {
    "400": "The request is not JSON, or its query cannot be read.",
    "401": "The ticket is missing or not valid.",
    "403": "The request is for another channel.",
    "422": "The request does not fit its schema.",
    "502": "The channel gave no usable answer.",
    "503": "Not now; Retry-After says when.",
    "504": "The channel did not answer in time.",
}


def openapi(project: Project, all_served: Iterable[Served]) -> dict[str, Any]:
    """The description of all paths of all profiles, with the schemas that they name."""
    schemas = Components(project)
    paths: dict[str, dict[str, Any]] = {}
    for served in all_served:
        for dialect, actions in served.dialects.items():
            for action in actions.by_name.values():
                for method, path, operation in _operations(served, dialect, action, schemas):
                    at = paths.setdefault(path, {})
                    at[method] = _either(at[method], operation) if method in at else operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Crossdock gateway", "version": __version__},
        "paths": paths,
        "components": {"schemas": schemas.found},
    }


class Components:
    """The schemas of a description, each with those that it refers to."""

    def __init__(self, project: Project) -> None:
        self.found: dict[str, Any] = {}
        self._project = project

    def reference(self, name: str) -> dict[str, str]:
        """A reference to a schema of the project; an empty schema if it has none of that name."""
        key = name.replace("/", ".")
        if key not in self.found:
            try:
                document = self._project.schema(name).document
            except ProjectError:
                return {}
            self.found[key] = {}  # a schema may refer to itself
            self.found[key] = self._moved(document)
        return {"$ref": _COMPONENTS + key}

    def _moved(self, node: Any) -> Any:
        """A schema whose references lead to components, without the notes on its sources."""
        if isinstance(node, list):
            return [self._moved(item) for item in node]
        if not isinstance(node, dict):
            return node
        moved = {key: self._moved(value) for key, value in node.items() if not key.startswith("x-")}
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith(_SCHEMA):
            name, _, pointer = target.removeprefix(_SCHEMA).partition("#")
            moved["$ref"] = self.reference(name).get("$ref", "") + pointer
        return moved


def _operations(
    served: Served, dialect: str, action: Action, schemas: Components
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    schema = f"{dialect or _RETAILOPS}/{action.name}"
    response = {"schema": schemas.reference(f"{schema}.response")}
    for method, path in action.calls:
        name = [served.name, *([dialect] if dialect != OWN else []), action.name, method.lower()]
        operation: dict[str, Any] = {
            "operationId": "_".join(name),
            "summary": action.name,
            "responses": {
                str(action.status): {
                    "description": "Answered; what failed at the channel is in `events`.",
                    "content": {"application/json": response},
                },
                **{status: {"description": text} for status, text in _PROBLEMS.items()},
            },
        }
        if method != "GET":
            body = {"application/json": {"schema": schemas.reference(f"{schema}.request")}}
            operation["requestBody"] = {"required": True, "content": body}
        yield method.lower(), served.profile.path + path, operation


def _either(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two actions that one path serves: the name in the request, or its shape, tells them apart."""
    either = {**first, "summary": f"{first['summary']}, {second['summary']}"}
    either["responses"] = {**second["responses"], **first["responses"]}
    if "requestBody" in first:
        bodies = [each["requestBody"]["content"]["application/json"]["schema"] for each in (first, second)]
        known = [schema for body in bodies for schema in body.get("anyOf", [body])]
        either["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"anyOf": known}}},
        }
    return either
