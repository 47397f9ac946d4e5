"""The pages as a whole: all are reached from the index, and what they state of the actions is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from conftest import REPOSITORY
from crossdock import Project
from crossdock.schema.validator import validate

DOCS = REPOSITORY / "docs"
INDEX = DOCS / "README.md"
# Read from the beginning; the others are looked things up in, or made by a command.
REFERENCES = {"channels.md", "checks.md", "conversations.md", "diagnostics.md", "functions.md", "security.md"}
MOST_WORDS = 3000
_LINK = re.compile(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)")


def links(page: Path) -> set[Path]:
    """The pages that a page links to."""
    found = _LINK.findall(page.read_text(encoding="utf-8"))
    return {(page.parent / link).resolve() for link in found if not link.startswith("http")}


def test_every_page_is_two_clicks_from_the_index() -> None:
    first = links(INDEX)
    reached = first.union(*(links(page) for page in first if page.is_file()))
    pages = {*DOCS.glob("*.md"), REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"} - {INDEX}
    assert {page.name for page in pages - reached} == set()
    assert INDEX in links(REPOSITORY / "README.md")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_a_page_is_short_or_a_reference(page: Path) -> None:
    words = len(page.read_text(encoding="utf-8").split())
    assert words <= MOST_WORDS or page.name in REFERENCES


def test_the_page_of_retailops_has_every_action() -> None:
    page = (DOCS / "retailops.md").read_text(encoding="utf-8")
    actions = yaml.safe_load((REPOSITORY / "mappings/actions.yaml").read_text(encoding="utf-8"))
    expected = {}
    for name, action in actions.items():
        if not name.startswith("$"):
            calls = action["call"] if isinstance(action["call"], list) else [action["call"]]
            expected[name] = (", ".join(f"`{call}`" for call in calls), str(action["status"]))
    rows = re.findall(r"^\| \[`(\w+)`\]\(#\1\) \| (.*) \| (\d+) \|$", page, re.MULTILINE)
    assert {name: (calls, status) for name, calls, status in rows} == expected
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == set(expected)


def test_the_event_on_the_page_of_retailops_is_valid() -> None:
    page = (DOCS / "retailops.md").read_text(encoding="utf-8")
    shown = re.search(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown is not None
    schema = Project.open(REPOSITORY).schema("retailops/definitions#/$defs/event")
    assert validate(json.loads(shown[1]), schema) == []


def test_the_glossary_is_in_order() -> None:
    words = re.findall(
        r"^\| \*\*(.+?)\*\* \|", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(words) > 40
    assert words == sorted(words, key=str.lower)
