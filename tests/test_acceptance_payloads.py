"""Real schemas: every example and snapshot, and payloads that were broken on purpose.

The verdict is compared both ways. A payload that fits and is not accepted is only slower, so it is no error
at once; but of ordinary payloads there is none. ``CROSSDOCK_MUTATIONS=6`` breaks more than 10,000.
"""

from __future__ import annotations

import json
import os
from functools import cache
from random import Random
from typing import Any

import pytest

import crossdock.channels.answer_reader
import crossdock.channels.cell_runner
import crossdock.execution.runner
from conftest import REPOSITORY
from crossdock import Project
from crossdock.core import json_reader
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, MISSING
from crossdock.project.cases import cases_of, run_case
from crossdock.schema.fast import acceptor
from crossdock.schema.fast.msgspec_types import typed
from crossdock.schema.fast.strict_reader import StrictReader, accepted, reader_of
from crossdock.schema.store import Schema
from crossdock.schema.validator import Violation, validate
from test_acceptance_reading import decoded, exact

MUTATIONS = float(os.environ.get("CROSSDOCK_MUTATIONS", "1"))
"""How many payloads are broken for each payload that there is."""


@cache
def project() -> Project:
    return Project([REPOSITORY])


@cache
def payloads_of(name: str) -> dict[tuple[str, str], Schema]:
    """What is validated while the examples below a name run: schema and text, and the schema.

    So also requests, answers and the results of every mapping that a conversation uses.
    """
    seen: dict[tuple[str, str], Schema] = {}

    def held(value: JSON, schema: Schema) -> list[Violation]:
        seen[schema.name, json.dumps(value)] = schema
        return validate(value, schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossdock.execution.runner, "validate", held)
        patch.setattr(crossdock.channels.answer_reader, "validate", held)
        patch.setattr(crossdock.channels.cell_runner, "validate", held)
        for case in cases_of(project(), name):
            run_case(project(), case)
    return seen


NAMES = sorted(
    path.relative_to(REPOSITORY / "examples").as_posix() for path in REPOSITORY.glob("examples/*/*")
)


@cache
def typed_reader(schema: Schema) -> StrictReader:
    reader = reader_of(schema)
    reader.types = typed(schema)
    return reader


def verdict(data: bytes, schema: Schema) -> bool:
    """What the slow way says."""
    try:
        return validate(json_reader.decode(data, "payload"), schema) == []
    except InputError:
        return False


def hold(data: bytes, schema: Schema) -> bool:
    """Compares each reader with the slow one; returns whether the acceptor took a valid payload."""
    fits = verdict(data, schema)
    quick = typed_reader(schema)
    quick.resting = 0
    for found in (quick.read(data), accepted(data, acceptor(schema))):
        assert found is MISSING or (fits and exact(found) == decoded(data))
    return not fits or found is not MISSING


@pytest.mark.parametrize("name", NAMES)
def test_payloads_of_examples_get_the_same_verdict(name: str) -> None:
    for (_, text), schema in payloads_of(name).items():
        assert hold(text.encode(), schema), text


def test_samples_are_accepted() -> None:
    """The samples of the schemas, each beside its schema."""
    count = 0
    for path in sorted((REPOSITORY / "schemas").glob("*/samples/*.json")):
        name = f"{path.parent.parent.name}/{path.stem}"
        if name in project().schemas.names():
            schema = project().schema(name)
            count += verdict(path.read_bytes(), schema)
            assert hold(path.read_bytes(), schema), path

    assert count > 50


# --- payloads broken on purpose

VALUES: list[JSON] = [
    *(None, True, False, 0, 1, -1, 1.0, 1.5, -0.0, "", "x", "1", "12.50", [], {}, [None], {"x": 1}),
    *("1\n", "٣", "a" * 300, 10**15, 2**63, 2**64 - 1, 1e15),
]
BEYOND: list[JSON] = [2**64, -(2**63) - 1, 1e19, -1e300, 10**40]


def places(value: JSON) -> list[tuple[Any, Any]]:
    """Every object or list of a value with each of its keys or indexes."""
    found = []
    for key in (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        found.append((value, key))
        found += places(value[key])  # type: ignore[index,call-overload]
    return found


def deep(depth: int) -> JSON:
    value: JSON = []
    for _ in range(depth):
        value = [value] if depth % 2 else {"x": value}
    return value


def broken(value: JSON, random: Random) -> tuple[bytes, bool]:
    """A payload with one thing changed, as text; and whether it is still an ordinary one."""
    where, key = random.choice(places(value) or [([value], 0)])
    ordinary = True
    match random.randrange(9):
        case 0:
            del where[key]
        case 1:
            where[key] = None
        case 2 | 3 | 4:
            where[key] = random.choice(VALUES)
        case 5:
            where[key], ordinary = random.choice(BEYOND), False
        case 6 if isinstance(where, dict):
            where[random.choice(["extra", "", "é"])] = random.choice(VALUES)
        case 7:
            where[key], ordinary = deep(random.choice([3, 30, 57, 70])), False
        case _ if isinstance(where, dict):
            return twice(value, where, key, random), False
    indent = random.choice([None, 2])
    return json.dumps(value, ensure_ascii=random.random() < 0.5, indent=indent).encode(), ordinary


def twice(value: JSON, where: dict[str, JSON], key: str, random: Random) -> bytes:
    """The text of a value in which a key occurs twice."""
    mark = "\ue000"
    again = random.choice([where[key], None, "x", {}])
    where[mark] = again
    return json.dumps(value, ensure_ascii=False).replace(f'"{mark}"', json.dumps(key)).encode()


@pytest.mark.parametrize("name", NAMES)
def test_broken_payloads_get_the_same_verdict(name: str) -> None:
    random = Random(name)
    turned_down = []

    for (_, text), schema in payloads_of(name).items():
        for _ in range(int(MUTATIONS + random.random())):
            data, ordinary = broken(json.loads(text), random)
            if not hold(data, schema) and ordinary:
                turned_down.append(data)

    assert turned_down == []
