"""The first files of a channel, from the description of its API."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.tools.derivation.located import Located
from crossdock.tools.derivation.schema import BASE, DIALECT
from crossdock.tools.derivation.schema import text as written
from crossdock.tools.openapi.channel_file import channel_file
from crossdock.tools.openapi.description import Description, elements, member, members, read_description, text
from crossdock.tools.openapi.operations import Operation, chosen, error_of, operations
from crossdock.tools.openapi.schemas import DEFINITIONS, Converter
from crossdock.tools.openapi.skeletons import setting_skeleton, skeleton

_MODELINE: Final = "../../../.crossdock/"
_LISTS: Final = ("orders", "items", "results", "data", "content", "records", "list")
_FAILURE: Final = """\
describe: A call that failed, as an event that RetailOPS shows to the merchant.
from: crossdock/failure
to: retailops/definitions#/$defs/event

# TODO code and message: what the channel says in `body`
map:
  handle: channel_{% if action %}{{ lookup('handle', action, action) }}_{% endif %}fail
  secondary:
    $if: concept
    id: id && to_string(id)
    concept: concept
  data:
    code: upper(kind)
    message: message
    status: status
    is_failure: 1

tables:
  handle: ../tables/handle
"""
_ORDER: Final = """\
# yaml-language-server: $schema=../../.crossdock/mapping.json
describe: An order of {channel} as RetailOPS pulls it.
from: {channel}/order

# TODO `to` and `map`: crossdock suggest {channel}/order retailops/order drafts them
map: {{}}
"""


def files_of(path: Path, channel: str) -> dict[str, str]:
    """The files by their paths below the project. Raises ProjectError for a document that cannot be used."""
    description = read_description(path)
    found = chosen(operations(description))
    schemas = _schemas(description, path.name, channel, found)
    errors = error_of(description)
    mappings = f"mappings/{channel}"
    files = {
        f"{mappings}/channel.yaml": channel_file(
            description, channel, "../../.crossdock/", errors=errors is not None
        ),
        f"{mappings}/failure.yaml": _FAILURE,
        f"{mappings}/cat_push_config/conversation.yaml": setting_skeleton(_MODELINE),
        **{
            f"{mappings}/{action}/conversation.yaml": skeleton(channel, action, operation, _MODELINE)
            for action, operation in found.items()
        },
    }
    if "order" in schemas:
        files[f"{mappings}/order.yaml"] = _ORDER.format(channel=channel)
    return files | {
        f"schemas/{channel}/{name}.schema.json": written(schema) for name, schema in schemas.items()
    }


def _schemas(
    description: Description, document: str, channel: str, found: dict[str, Operation]
) -> dict[str, JSON]:
    """The schemas of the calls, of an order, of a failure, and the definitions that they share."""
    converter = Converter(description, document)
    parts: dict[str, Located] = {}
    for operation in found.values():
        parts |= {f"{operation.name}.request": operation.request} if operation.request is not None else {}
        parts |= {f"{operation.name}.answer": operation.answer} if operation.answer is not None else {}
    fetch = found.get("order_fetch")
    if fetch is not None and (order := _element(description, fetch.answer)) is not None:
        parts["order"] = order
    if (error := error_of(description)) is not None:
        parts["error"] = error
    schemas: dict[str, JSON] = {
        name: {**_head(channel, name), **converter.schema(place)} for name, place in parts.items()
    }
    if converter.definitions:
        schemas[DEFINITIONS] = {**_head(channel, DEFINITIONS), "$defs": dict(converter.definitions)}
    return schemas


def _head(channel: str, name: str) -> dict[str, JSON]:
    return {"$schema": DIALECT, "$id": f"{BASE}{channel}/{name}", "title": f"{channel}/{name}"}


def _element(description: Description, answer: Located | None) -> Located | None:
    """The schema of one order in an answer that has a list of them; of the answer itself without a list."""
    if answer is None:
        return None
    place = description.resolved(answer)
    if isinstance(member(place, "items").value, dict):
        return member(place, "items")
    properties = members(member(place, "properties"))
    for name in _LISTS:
        inner = description.resolved(properties[name]) if name in properties else None
        if inner is not None and isinstance(member(inner, "items").value, dict):
            return member(inner, "items")
    return next(
        (
            each
            for part in elements(member(place, "allOf"))
            if (each := _element(description, part)) is not None and text(member(each, "$ref"))
        ),
        answer,
    )
