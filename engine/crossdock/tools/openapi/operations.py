"""The calls of a description, and which of them may answer an action of RetailOPS.

The choice is a first guess by the words of paths and names, in the order of what is most likely. It never
decides what a call means: that is for the author of the channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from crossdock.tools.derivation.located import Located
from crossdock.tools.openapi.description import Description, elements, member, members, text

METHODS: Final = ("get", "post", "put", "patch", "delete")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. ``request`` and ``answer`` are the schemas of its JSON, ``offset`` is its place."""

    name: str
    method: str
    path: str
    summary: str
    query: tuple[tuple[str, bool], ...]
    request: Located | None
    answer: Located | None
    offset: int

    @property
    def words(self) -> frozenset[str]:
        """The words of its path and its name, in the singular and in lower case."""
        return frozenset(map(_singular, _WORD.findall(f"{self.name} {self.path}")))

    @property
    def is_collection(self) -> bool:
        """Whether the path ends in a name and not in a parameter."""
        return not self.path.rstrip("/").endswith("}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an action asks for: methods, words that the call must have, and words that speak against it."""

    methods: tuple[str, ...]
    words: frozenset[str]
    against: frozenset[str] = frozenset()
    collection: bool | None = None


def _wish(methods: str, words: str, against: str = "", collection: bool | None = None) -> Wish:
    return Wish(tuple(methods.split()), frozenset(words.split()), frozenset(against.split()), collection)


_ASIDE: Final = "cart quote draft wishlist note attribute adjustment return shipment item line discount batch"
WISHES: Final[dict[str, tuple[Wish, ...]]] = {
    "order_fetch": (
        _wish("GET", "order", f"{_ASIDE} payment summary html count", collection=True),
        _wish("POST", "order search", f"{_ASIDE} payment"),
    ),
    "order_ack": (
        _wish("POST PUT PATCH", "order acknowledge", "tracking package shipment"),
        _wish("PATCH PUT", "order attribute", "item"),
        _wish("PATCH PUT", "order", f"{_ASIDE} payment", collection=False),
    ),
    "shipment_submit": (
        _wish("POST", "order fulfillment", "cancel return", collection=True),
        _wish("POST", "order shipment", "cancel return search", collection=True),
        _wish("POST", "order package", "cancel return", collection=True),
        _wish("POST", "shipment", "cancel return search", collection=True),
    ),
    "order_writeback": (
        _wish("PUT PATCH", "order", f"{_ASIDE} payment", collection=False),
        _wish("PUT PATCH", "order item"),
    ),
    "items_returned": (
        _wish("POST", "return", "cancel search shipment", collection=True),
        _wish("POST", "refund", "cancel search", collection=True),
    ),
    "inv_push": (
        _wish(
            "POST PUT PATCH", "inventory", "search delete reservation order tag find export", collection=True
        ),
        _wish("POST PUT PATCH", "stock", "search delete", collection=True),
        _wish("PUT PATCH", "inventory", "search reservation order tag"),
    ),
    "catpush_transmit": (
        _wish(
            "POST PUT",
            "product",
            "search delete option category image price variant quote cart order sort return rule",
            collection=True,
        ),
        _wish("POST PUT", "item", "search delete order cart quote inventory price", collection=True),
    ),
    "capture_channel_payments": (
        _wish("POST PUT", "capture"),
        _wish("POST", "order payment", "cancel search", collection=True),
    ),
    "order_complete": (
        _wish("POST PUT PATCH", "order complete"),
        _wish("POST PUT PATCH", "order close"),
    ),
    "order_cancel": (
        _wish("POST PUT PATCH", "order cancel", "item line shipment return reason"),
        _wish("DELETE", "order", _ASIDE, collection=False),
    ),
}
"""The wishes of each action, the best first. cat_push_config is a setting and needs no call."""


def operations(description: Description) -> list[Operation]:
    """All calls, in the order of the document."""
    found: list[Operation] = []
    taken: set[str] = set()
    for path, item in members(member(description.root, "paths")).items():
        place = description.resolved(item)
        for method in METHODS:
            if method in members(place):
                made = _operation(description, path, method, place)
                name = made.name if made.name not in taken else f"{made.name}_{len(taken)}"
                taken.add(name)
                found.append(replace(made, name=name))
    return found


def chosen(all_operations: list[Operation]) -> dict[str, Operation]:
    """The call that may answer each action, for the actions that have one."""
    found = {}
    for action, wishes in WISHES.items():
        fits = next((each for wish in wishes if (each := _best(wish, all_operations)) is not None), None)
        if fits is not None:
            found[action] = fits
    return found


def _best(wish: Wish, all_operations: list[Operation]) -> Operation | None:
    fits = [
        each
        for each in all_operations
        if each.method in wish.methods
        and wish.words <= each.words
        and not wish.against & each.words
        and wish.collection in (None, each.is_collection)
    ]
    # The one that says least beside what is asked for, then the one whose method is named first.
    return min(
        fits,
        key=lambda each: (len(each.words - wish.words), wish.methods.index(each.method), len(each.path)),
        default=None,
    )


def _operation(description: Description, path: str, method: str, item: Located) -> Operation:
    place = description.resolved(member(item, method))
    parameters = [
        description.resolved(each)
        for each in (*elements(member(item, "parameters")), *elements(member(place, "parameters")))
    ]
    query = {
        text(member(each, "name")): member(each, "required").value is True
        for each in parameters
        if text(member(each, "in")) == "query"
    }
    return Operation(
        name=_name(text(member(place, "operationId")), method, path),
        method=method.upper(),
        path=path if path.startswith("/") else f"/{path}",
        summary=" ".join(text(member(place, "summary")).split()),
        query=tuple(query.items()),
        request=_json_of(description.resolved(member(place, "requestBody"))),
        answer=next(_answers(description, place), None),
        offset=member(item, method).offset,
    )


def _answers(description: Description, place: Located) -> Iterator[Located]:
    """The schemas of the answers that are not failures."""
    for status, answer in members(member(place, "responses")).items():
        if status.startswith("2") and (schema := _json_of(description.resolved(answer))) is not None:
            yield schema


def error_of(description: Description) -> Located | None:
    """The schema that most failures of the calls have; None when none has one."""
    counted: dict[str, int] = {}
    found: dict[str, Located] = {}
    for item in members(member(description.root, "paths")).values():
        for method in METHODS:
            answers = members(member(member(item, method), "responses"))
            for status, answer in answers.items():
                schema = _json_of(description.resolved(answer)) if status[:1] in "45d" else None
                if schema is not None and (reference := text(member(schema, "$ref"))):
                    counted[reference] = counted.get(reference, 0) + 1
                    found[reference] = schema
    return found[max(counted, key=lambda each: counted[each])] if counted else None


def _json_of(place: Located) -> Located | None:
    """The schema of the JSON in a body or an answer."""
    for kind, content in members(member(place, "content")).items():
        if "json" in kind and isinstance(member(content, "schema").value, dict):
            return member(content, "schema")
    return None


def _name(stated: str, method: str, path: str) -> str:
    """The name of a call as that of a step: `list_orders`."""
    parts = [each for each in path.split("/") if each and not each.startswith("{")]
    words = _WORD.findall(stated) or [method, *_WORD.findall(" ".join(parts))]
    name = "_".join(word.lower() for word in words)[:60].strip("_") or method
    return name if name[0].isalpha() else f"call_{name}"


def _singular(word: str) -> str:
    word = word.lower()
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
