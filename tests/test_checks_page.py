"""The page of what the check finds is made from the page of the diagnostics, whose examples are run.

``pytest tests/test_checks_page.py --snapshot-update`` writes it anew.
"""

from __future__ import annotations

import re

import pytest

from conftest import REPOSITORY

DIAGNOSTICS = REPOSITORY / "docs" / "diagnostics.md"
CHECKS = REPOSITORY / "docs" / "checks.md"
SECTIONS = {
    "What the check finds": "What an expression reads, gives and decides",
    "What a mapping names": "Names",
    "Expressions and templates": "Expressions and templates",
    "The mapping file": "The mapping file",
    "YAML": "YAML",
    "Channels": "Channels",
    "Conversations": "Conversations",
}
# Found as well where a mapping is checked, and documented where payloads are.
BOTH = {
    "wrong-type": "A value is of a kind that its place does not take: a cell, an argument, an element.",
    "not-allowed-value": "A constant, or one of a table or an enumeration, is none that the target takes.",
    "not-a-list": "A projection or `$each` goes through something that is no list.",
}
HEAD = """\
# What the check finds

<!-- Made by tests/test_checks_page.py from diagnostics.md; change that page, not this one. -->

`crossdock check` compiles every mapping and conversation of the project, or those that are named, and follows
each expression from the source schema to the target schema. Each finding has an id; behind it stands a page
with a bad example, what is printed for it, and the example mended, all of them run as tests.

An **error** is wrong for every payload, and the mapping does not compile. A **warning** is what some payload
could bring about; it can be [allowed on its line](language.md#findings-that-you-accept), with a reason.
`crossdock check --lenient` makes a warning of `unknown-property` where a schema is concerned: for schemas
that document less than there is. A setting that there is not, and an answer that no step gives, stay errors.
"""


def page() -> str:
    text = DIAGNOSTICS.read_text(encoding="utf-8")
    parts = [HEAD]
    for section, title in SECTIONS.items():
        content = re.search(
            rf"^## {re.escape(section)}[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
        )
        assert content is not None, section
        rows = [
            row(match) for match in re.finditer(r"^### (\S+)\n\n(.*?)(?=^### |\Z)", content[1], re.M | re.S)
        ]
        if section == "What the check finds":
            rows += [f"| [`{id}`](diagnostics.md#{id}) | both | {meaning} |" for id, meaning in BOTH.items()]
        parts.append(f"## {title}\n\n| id | is | means |\n|---|---|---|\n" + "\n".join(sorted(rows)) + "\n")
    return "\n".join(parts)


def row(match: re.Match[str]) -> str:
    id, content = match.groups()
    shown = set(re.findall(rf"^(error|warning)\[{re.escape(id)}\]", content, re.MULTILINE))
    meaning = content.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    kind = "both" if id in ("impossible-comparison", "unfit-context") else " and ".join(sorted(shown))
    return f"| [`{id}`](diagnostics.md#{id}) | {kind} | {meaning} |"


def test_the_page_of_the_checks_is_what_the_diagnostics_say(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("update_snapshots", default=False):
        CHECKS.write_text(page(), encoding="utf-8")
    assert CHECKS.read_text(encoding="utf-8") == page()


def test_every_planted_mistake_is_on_the_page() -> None:
    planted = {
        found
        for path in (REPOSITORY / "tests" / "errors").glob("*.yaml")
        for line in re.findall(r"# expect(?: below)?: (.*)", path.read_text(encoding="utf-8"))
        for found in re.findall(r"(?:^|; )([a-z-]+)", line)
    }
    elsewhere = {"unknown-mapping", "unknown-schema"}

    assert {id for id in planted - elsewhere if f"[`{id}`]" not in page()} == set()
