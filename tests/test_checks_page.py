"""The page of the check's findings is generated from the page of the diagnostics, whose examples are run.

``pytest tests/test_checks_page.py --snapshot-update`` writes it.
"""

from __future__ import annotations

import re

import pytest

from conftest import REPOSITORY

DIAGNOSTICS = REPOSITORY / "docs" / "diagnostics.md"
CHECKS = REPOSITORY / "docs" / "checks.md"
SECTIONS = {
    "What the check finds": "What an expression reads, gives and decides",
    "References in a mapping": "References",
    "Expressions and templates": "Expressions and templates",
    "The mapping file": "The mapping file",
    "YAML": "YAML",
    "Channels": "Channels",
    "Conversations": "Conversations",
}
# The check reports these too; they are documented with the payloads.
BOTH = {
    "wrong-type": "A cell, an argument or an element has a type that is not allowed there.",
    "not-allowed-value": "The target schema does not allow a value of a constant, a table or an enumeration.",
    "not-a-list": "A projection or `$each` takes a list, but gets something else.",
}
HEAD = """\
# What the check finds

<!-- Made by tests/test_checks_page.py from diagnostics.md; change that page, not this one. -->

`crossdock check` compiles the mappings and conversations of the project, or only those that you name. It
follows each expression from the source schema to the target schema. Every finding has an id. The id links to
an example that causes the finding, its output, and a corrected example. All of them run as tests.

An **error** is wrong for every payload, and the mapping does not compile. A **warning** is wrong for some
payloads; you can [allow it on its line](language.md#findings-that-you-accept), with a reason. With
`crossdock check --lenient`, an `unknown-property` of a schema is only a warning: use it for schemas that do
not document everything. An unknown setting, or the answer of an unknown step, is still an error.

A mapping is checked in every place that uses it, with the types of that place; a finding names the use.
Of 400 names misspelt one at a time, at random in all files below `mappings/`, the check finds all 400 in the
file that has them, with each of five random seeds: names of properties that are read or written, of
functions, tables, steps, settings, schemas and mappings, and words of the language. `make misspellings`
repeats this.
What no schema documents cannot be checked. What is documented and not validated is checked for its names
only: the bodies of errors, which failure mappings and `tolerate` read, and the orders of a page in
order_fetch, each of which is validated only when it is converted.
"""
TAIL = """\
## What “no findings” promises

For every payload that is valid against the source schema, a mapping without findings writes no unknown
property, no value of a wrong type and no missing required property, and no function fails because of the
type of an argument. The promise does not cover:

- Lines on which a finding is allowed, and values of which no schema says anything.
- Properties that no schema documents, where `values`, `entries` or `.*` read all properties of an object.
  Where a whole object that may have such properties is written to a closed one, that is a warning.
- Properties that only one alternative of a schema documents (`anyOf`, `then`, `dependentSchemas`). They are
  taken to be what that alternative says.
- Values of the right type that the target refuses or a function does not take, such as a text that is too
  long or not a number. Constants and enumerations are checked.

`tests/test_made_soundness.py` tests it with random schemas (maps, conditions, dependencies, alternatives,
null, least lengths) and random files over them: mappings with every kind of cell, mappings that use another
one, with and without `from`, and conversations with every kind of step: calls with `tolerate` and `again`,
values, `each`, nested steps, `fail`, `warn`, `none`, shared steps and `adapts`. In the
last long run, 54,944 files without findings ran with up to 25 payloads each, in 1,384 seconds of processor
time and without a failure. `SOUNDNESS=all` runs 50,000 such files. The same tests plant 22 mistakes in the
check, one at a time, such as a wrong type of `||`: each makes a generated file fail.
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
        parts.append(
            f"## {title}\n\n| id | severity | meaning |\n|---|---|---|\n" + "\n".join(sorted(rows)) + "\n"
        )
    return "\n".join([*parts, TAIL])


def row(match: re.Match[str]) -> str:
    id, content = match.groups()
    shown = set(re.findall(rf"^(error|warning)\[{re.escape(id)}\]", content, re.MULTILINE))
    meaning = content.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    both = id in ("impossible-comparison", "unfit-context", "unknown-property")
    kind = "both" if both else " and ".join(sorted(shown))
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
