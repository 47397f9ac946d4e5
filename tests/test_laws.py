"""What must hold of every history of orders, at both channels: laws/rules.py lists the laws.

A history is an order, put into the fake channel, and what RetailOPS sends about it, with lost answers,
refusals and broken elements. A few run here; LAWS=20000 runs so many for each channel and tells the figures:

    LAWS=20000 python -m pytest tests/test_laws.py -k many -s

With LAWS=planted, mistakes are planted in copies of the mappings, and each must break its law.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY
from laws.found import FOUND
from laws.planted import MISTAKES, planted
from laws.rules import LAWS, Life
from laws.run import lived, shrunk
from laws.worlds import WORLDS, World

WANTED = os.environ.get("LAWS", "")
MANY = int(WANTED) if WANTED.isdecimal() else 0


@pytest.fixture(scope="module")
def opened() -> Iterator[dict[str, World]]:
    worlds = {name: made(REPOSITORY) for name, made in WORLDS.items()}
    yield worlds
    for world in worlds.values():
        world.close()


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest, opened: dict[str, World]) -> World:
    return opened[request.param]


def test_every_law_holds_of_a_sample_of_histories(world: World) -> None:
    shrunk(world, 60)


@pytest.mark.parametrize("name", FOUND)
def test_what_broke_a_law_once_holds_now(name: str, opened: dict[str, World]) -> None:
    channel, history = FOUND[name]
    Life(opened[channel], history).live()


@pytest.mark.skipif(not MANY, reason="takes many minutes: LAWS=20000")
def test_every_law_holds_of_many_histories(world: World) -> None:
    figures = lived(world, range(MANY))
    sys.stdout.write(f"\n{world.name}: {figures}\n")
    assert not figures.examples


@pytest.mark.skipif(WANTED != "planted", reason="takes minutes: LAWS=planted")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_breaks_its_law(name: str, tmp_path: Path) -> None:
    mistake = MISTAKES[name]
    world = WORLDS[mistake.channel](planted(mistake, REPOSITORY, tmp_path))
    assert [str(each) for each in world.project.check() if each.severity == "error"] == []
    figures = lived(world, (mistake.number, *range(400)), law=mistake.law)
    world.close()
    assert figures.examples, f"no history of {figures.histories} breaks law {mistake.law}"


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_has_its_place(name: str) -> None:
    text = (REPOSITORY / "mappings" / MISTAKES[name].file).read_text(encoding="utf-8")
    assert MISTAKES[name].before in text


def test_every_law_has_planted_mistakes() -> None:
    assert {each.law for each in MISTAKES.values()} == LAWS.keys()
