"""The first files of a channel, from the description of its API."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from crossdock.core.paths import EACH
from crossdock.tools.derivation.located import Located
from crossdock.tools.openapi.channel_file import channel_file
from crossdock.tools.openapi.derived import Place, recipe_text, schema_files
from crossdock.tools.openapi.description import Description, elements, member, members, read_description, text
from crossdock.tools.openapi.operations import Operation, chosen, error_of, operations
from crossdock.tools.openapi.schemas import Converter
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
    places = _places(description, found)
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
    if "order" in places:
        files[f"{mappings}/order.yaml"] = _ORDER.format(channel=channel)
    files[f"schemas/{channel}/derive.yaml"] = recipe_text(channel, path.name, places)
    return files | {
        f"schemas/{channel}/{name}": written
        for name, written in schema_files(Converter(description, path.name), channel, places).items()
    }


def _places(description: Description, found: dict[str, Operation]) -> dict[str, Place]:
    """The schemas of the calls, of an order and of a failure: which parts of the description they are."""
    places: dict[str, Place] = {}
    for operation in found.values():
        call = f"{operation.method} {operation.path}"
        if operation.request is not None:
            places[f"{operation.name}.request"] = {"request": call}
        if operation.answer is not None:
            places[f"{operation.name}.answer"] = {"answer": call}
    fetch = found.get("order_fetch")
    if fetch is not None and fetch.answer is not None:
        at = _element(description, fetch.answer)
        places["order"] = {"answer": f"{fetch.method} {fetch.path}", **({"at": at} if at else {})}
    if (error := error_of(description)) is not None:
        places["error"] = {"component": text(member(error, "$ref"))}
    return places


def _element(description: Description, answer: Located) -> str:
    """Where one order is in an answer that has a list of them; the empty path without a list."""
    place = description.resolved(answer)
    if isinstance(member(place, "items").value, dict):
        return EACH
    properties = members(member(place, "properties"))
    for name in _LISTS:
        inner = description.resolved(properties[name]) if name in properties else None
        if inner is not None and isinstance(member(inner, "items").value, dict):
            return f"{name}{EACH}"
    branches = (_element(description, part) for part in elements(member(place, "allOf")))
    return next((each for each in branches if each), "")
