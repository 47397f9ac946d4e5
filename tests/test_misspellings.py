"""The check finds misspelt property names in every file below ``mappings/``, in the file that has them.

A sample is planted here, and the 400 of docs/checks.md with MISSPELLINGS=all (`make misspellings`).
"""

from __future__ import annotations

import os
import random

import pytest

from conftest import REPOSITORY
from misspellings import Place, known_words, misspelt, places, plant

ALL = os.environ.get("MISSPELLINGS") == "all"
COUNT, SEED, LEAST = (400, 1, 394) if ALL else (40, 2, 39)
ERROR = {
    *("additionalErrorData", "context", "endpoint", "error", "errorCode", "errors", "exceptionDetail"),
    *("items", "message", "messages", "service", "type"),
}
# What no schema documents: the bodies of errors, and the orders of a page, which are validated one by one.
OPEN = {
    "kibo/failure.yaml": ERROR,
    "fabric/failure.yaml": ERROR,
    "kibo/order_fetch/conversation.yaml": {
        *("id", "isHistoricalImport", "isImport", "orderNumber", "status")
    },
    "fabric/order_fetch/conversation.yaml": {"orderId", "orderNumber"},
}
IN_CONDITIONS = {"errorCode", "type"}  # of the body that `tolerate` is given


def is_open(place: Place) -> bool:
    in_conversation = place.file.endswith("/conversation.yaml") and place.name in IN_CONDITIONS
    return in_conversation or place.name in OPEN.get(place.file, ())


def test_misspellings_are_found_in_their_file() -> None:
    planted = list(plant(COUNT, SEED))
    missed = [each for each in planted if not each.found]

    assert [str(each) for each in missed if not is_open(each.place)] == []
    assert len(planted) == COUNT
    assert len(planted) - len(missed) >= LEAST


def test_all_kinds_of_files_have_places() -> None:
    found = places()

    files = {place.file.rpartition("/")[2] for place in found}
    assert {"actions.yaml", "channel.yaml", "conversation.yaml", "order.yaml", "row.yaml"} <= files
    assert len(found) > 5000


@pytest.mark.parametrize("name", ["id", "sku", "Product Code", "shipmentNumber"])
def test_a_misspelling_is_no_known_word(name: str) -> None:
    known = known_words(REPOSITORY)
    chance = random.Random(name)

    for _ in range(50):
        word = misspelt(name, known, chance)
        assert word != name
        assert not set(word.split()) <= known
