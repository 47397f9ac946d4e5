"""The check finds misspelt names in every file below ``mappings/``, in the file that has them.

A sample is planted here, and the 400 of docs/checks.md with MISSPELLINGS=all (`make misspellings`).
"""

from __future__ import annotations

import os
import random

import pytest

from conftest import REPOSITORY
from misspellings import known_words, misspelt, places, plant

ALL = os.environ.get("MISSPELLINGS") == "all"
COUNT, SEEDS = (400, (1, 2, 3, 4, 5)) if ALL else (40, (2,))


@pytest.mark.parametrize("seed", SEEDS)
def test_misspellings_are_found_in_their_file(seed: int) -> None:
    planted = list(plant(COUNT, seed))

    assert [str(each) for each in planted if not each.found] == []
    assert len(planted) == COUNT


def test_all_kinds_of_files_have_places() -> None:
    found = places()

    files = {place.file.rpartition("/")[2] for place in found}
    assert {"actions.yaml", "channel.yaml", "conversation.yaml", "order.yaml", "row.yaml"} <= files
    # There are over 9,600 places; far fewer would mean that a kind of file or cell is no longer planted in.
    assert len(found) > 9500
    kinds = {"property", "written property", "function", "table", "schema", "mapping", "word"}
    assert {place.kind for place in found} == kinds


@pytest.mark.parametrize("name", ["id", "sku", "Product Code", "shipmentNumber"])
def test_a_misspelling_is_no_known_word(name: str) -> None:
    known = known_words(REPOSITORY)
    chance = random.Random(name)

    for _ in range(50):
        word = misspelt(name, known, chance)
        assert word != name
        assert not set(word.split()) <= known
