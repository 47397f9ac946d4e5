"""Every planted mistake is found where it was planted, and nothing else is.

``tests/errors/*.yaml`` are mappings, conversations and channels with one mistake each. A comment on the line
of the mistake names the id and the word under the caret:

    sku: product.cod        # expect: unknown-property @ cod

``# expect below: …`` is about the next line, for a line that cannot end in a comment.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from conftest import REPOSITORY, MakeProject
from crossdock import CompileError, Diagnostic, Project, Source
from crossdock.channels.compiler import compile_conversation
from crossdock.channels.config import parse_channel
from crossdock.project.compiler import compile_mapping

ERRORS = REPOSITORY / "tests" / "errors"
FILES = sorted(ERRORS.glob("*.yaml"))
PROJECT = Project([ERRORS])
LENIENT = Project([ERRORS], lenient=True)
_EXPECT = re.compile(r"# expect(?P<below> below)?: (?P<all>.*)")

# A finding: its id, its line, and the column, or 0 when it was not said.
Found = tuple[str, int, int]


def expected(text: str) -> list[Found]:
    found = []
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if (match := _EXPECT.search(line)) is None:
            continue
        blamed = number + 1 if match["below"] else number
        for part in match["all"].split("; "):
            id, _, word = part.partition(" @ ")
            found.append((id, blamed, lines[blamed - 1].index(word) + 1 if word else 0))
    return found


def findings(path: Path) -> list[Diagnostic]:
    source = Source(path.name, path.read_text(encoding="utf-8"))
    project = LENIENT if path.stem.startswith("lenient") else PROJECT
    lenient = project is LENIENT
    keys = set(re.findall(r"^(\w+):", source.text, re.MULTILINE))
    try:
        if keys & {"settings", "auth", "limits", "base_url"}:
            parse_channel(source)
            return []
        if keys & {"steps", "response"}:
            name = "shop/notify/conversation"
            return list(compile_conversation(name, source, project, lenient=lenient).findings)
        return list(compile_mapping(f"shop/{path.stem}", source, project, lenient=lenient).findings)
    except CompileError as error:
        return error.diagnostics


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_planted_mistake_is_found_where_it_stands(path: Path) -> None:
    wanted = expected(path.read_text(encoding="utf-8"))
    assert wanted, "the file says of no line what is expected there"
    columns = {(id, line) for id, line, column in wanted if column}
    found = []
    for item in findings(path):
        assert item.span is not None
        if item.span.source.name != path.name:
            continue
        column = item.span.column if (item.id, item.span.line) in columns else 0
        found.append((item.id, item.span.line, column))

    assert Counter(found) == Counter(wanted)


def test_there_are_mistakes_of_every_kind() -> None:
    ids = Counter(id for path in FILES for id, _, _ in expected(path.read_text(encoding="utf-8")))

    assert len(FILES) >= 120
    assert {id for id, count in ids.items() if count >= 2} >= {
        *("unknown-property", "impossible-comparison", "not-a-list", "wrong-type", "may-be-missing"),
        *("uncovered-value", "unused-table", "unused-fragment", "unreachable", "ignored-but-read"),
        *("never-written", "unbound-call", "not-allowed-value", "unfit-context"),
        *("allowed-without-reason", "unused-allowance", "unknown-function", "unknown-table"),
        *("unknown-fragment", "unknown-word", "wrong-arguments"),
    }


CHANNEL = """\
settings:
  reference: {describe: Which number the ERP knows., default: number}
  warehouse: {describe: Where the goods are., default: main}%s
headers: {x-reference: settings().reference}
"""


@pytest.mark.parametrize(
    ("comment", "ids"),
    [
        ("", ["unused-setting"]),
        ("   # allow[unused-setting]: read by the mappings of a merchant's own project", []),
        ("   # allow[unused-setting]", ["allowed-without-reason"]),
    ],
)
def test_a_setting_that_nothing_reads_is_found_in_the_whole_project(
    project: MakeProject, comment: str, ids: list[str]
) -> None:
    made = project({"mappings/shop/channel.yaml": CHANNEL % comment, "mappings/shop/order.yaml": "map: {}\n"})

    found = made.check()

    assert [item.id for item in found] == ids
    assert all(item.span and item.span.line == 3 for item in found)
    assert made.check(["shop/order"]) == []


@pytest.mark.parametrize(
    "cell",
    [
        "  a: >- # allow[may-be-missing]: a reason\n    b.c\n",
        "  a:\n    >- # allow[may-be-missing]: a reason\n    b.c\n",
        "  a:\n\n    # a remark\n    |- # allow[may-be-missing]: a reason\n    b\n    .c\n",
        "  a:\n    # allow[may-be-missing]: a reason\n    >-\n    b.c\n",
        "  # allow[may-be-missing]: a reason\n  a:\n    >-\n    b.c\n",
    ],
)
def test_a_comment_beside_the_header_of_a_block_text_is_for_its_key_too(
    project: MakeProject, cell: str
) -> None:
    required = '{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}'
    optional = '{"type": "object", "properties": {"b": {"properties": {"c": {"type": "string"}}}}}'
    files = {"schemas/shop/to.schema.json": required, "schemas/shop/from.schema.json": optional}
    text = f"from: shop/from\nto: shop/to\nmap:\n{cell}"

    assert project({**files, "mappings/shop/order.yaml": text}).check() == []
    without = text.replace("allow[may-be-missing]", "a note")
    (found,) = project({**files, "mappings/shop/order.yaml": without}).check()
    assert found.id == "may-be-missing"


@pytest.mark.parametrize(
    "text",
    [
        "map: {a: settings().warehouse}",
        "map: {a: 'settings() | @'}",
        "checks: [{check: settings().warehouse, message: m}]\nmap: {}",
    ],
)
def test_a_setting_is_read_by_its_name_or_with_all_others(project: MakeProject, text: str) -> None:
    made = project(
        {
            "mappings/shop/channel.yaml": CHANNEL % "",
            "mappings/shop/order.yaml": f"from: shop/order\n{text}",
            "schemas/shop/order.schema.json": "{}",
        }
    )

    assert made.check() == []


def test_what_a_broken_file_reads_is_not_known(project: MakeProject) -> None:
    made = project(
        {"mappings/shop/channel.yaml": CHANNEL % "", "mappings/shop/order.yaml": "map: {a: nil()}"}
    )

    assert [item.id for item in made.check()] == ["unknown-function"]


def test_what_the_mistakes_are_planted_beside_is_clean() -> None:
    names = [name for name in PROJECT.mapping_names() if name != "shop/broken"]

    assert PROJECT.check(names) == []
