"""`crossdock schema NAME --tree`: a payload's schema, to be read in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import REPOSITORY, MakeProject, Run
from crossdock import Project
from crossdock.tools.schema_tree import schema_tree

ORDER = {
    "description": "An order of the shop. It is never empty.",
    "type": "object",
    "required": ["number", "lines"],
    "properties": {
        "number": {"type": "integer", "description": "The number that buyers see."},
        "placed": {"type": ["string", "null"], "format": "date-time"},
        "kind": {"enum": ["web", "store"]},
        "buyer": {"$ref": "#/$defs/person", "description": "Who\n pays; " + "a long text " * 20},
        "lines": {
            "type": ["array", "null"],
            "items": {
                "type": "object",
                "required": ["sku"],
                "properties": {
                    "sku": {"type": "string"},
                    "codes": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
                    "parts": {"type": "array", "items": {"$ref": "#/properties/lines/items"}},
                },
            },
        },
        "names": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"en": {"type": "string"}}},
        },
        "extra": {},
        "id": {"type": ["string", "number"]},
    },
    "$defs": {"person": {"type": "object", "properties": {"email": {"type": "string", "x-sensitive": True}}}},
}
TREE = """\
shop/order: An order of the shop.
* is required, ? may be null.

number*             whole number                  The number that buyers see.
placed              text?                         date-time
kind                'web' | 'store'
buyer               object                        Who pays; a long text a long text a long text a l…
  email             text                          sensitive
lines*              list of objects?
  sku*              text
  codes             list of list of whole numbers
  parts             list of objects, as lines
names               object
  (any other name)  object
    en              text
extra               anything
id                  text | number
"""


def test_a_tree_has_a_line_for_each_property(
    project: MakeProject, run_crossdock: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project({"schemas/shop/order.schema.json": json.dumps(ORDER)})
    monkeypatch.chdir(tmp_path)

    assert run_crossdock("schema", "shop/order", "--tree") == (0, TREE, "")
    assert run_crossdock("schema", "shop/order", "--tree", "-o", "tree.txt") == (0, "", "")
    assert (tmp_path / "tree.txt").read_text(encoding="utf-8") == TREE
    assert run_crossdock("schema", "shop/order", "-o", "order.json").code == 0
    assert json.loads((tmp_path / "order.json").read_text(encoding="utf-8"))["type"] == "object"


def test_every_bundled_schema_has_a_tree() -> None:
    """Also those that refer to themselves, which end."""
    project = Project.open(REPOSITORY)
    trees = {name: schema_tree(project.schema(name)).splitlines() for name in project.schemas.names()}

    assert len(trees) > 60
    assert max(map(len, trees.values())) < 3_000
    assert max(len(line) for lines in trees.values() for line in lines[3:]) <= 170


def test_the_tree_in_the_documentation_is_the_one_that_is_printed() -> None:
    tree = schema_tree(Project.open(REPOSITORY).schema("retailops/order_ack.response"))

    assert f"```text\n{tree}\n```\n" in (REPOSITORY / "docs/schemas.md").read_text(encoding="utf-8")


def test_a_kind_of_file_has_no_tree(run_crossdock: Run) -> None:
    ran = run_crossdock("schema", "mapping", "--tree")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("Error: --tree shows the schema of a payload, not of a kind of file\n")
