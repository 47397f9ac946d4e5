"""Attacks and odd input: each case gives one exit code and one message, quickly and in little memory.

``tests/hostile`` is the catalogue; ``hostile_cases`` describes the format of a case. To update what the cases
expect, and the table of counts in docs/security.md, run

    pytest tests/test_hostile.py --snapshot-update

and read the diff: a message names the place, the reason and, where that is not obvious, what to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from conftest import REPOSITORY
from crossdock.cli.app import run
from crossdock.core import markdown
from hostile_cases import (
    MEGABYTES,
    PROJECT,
    Case,
    Ran,
    all_cases,
    bytes_of,
    lay_out,
    pace,
    read_case,
    run_apart,
    without_places,
    write_expected,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each case runs in a copy of the process")

CASES = all_cases()
# As a user has it, with an interpreter of its own; without those that ask a server of the test.
SAMPLE = [case for case in CASES[::30] if case.section("server") is None]
COMMAND = [sys.executable, "-m", "crossdock.cli"]


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load what the commands need, so that no case is charged for it; all of them succeed."""
    folder = tmp_path_factory.mktemp("warm")
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    order, answers = str(folder / "order.json"), str(folder / "answers.json")

    assert run(["-C", str(folder), "transform", "shop/order", order]) == 0
    assert run(["-C", str(folder), "check"]) == 0
    assert run(["-C", str(folder), "plan", "shop", "notify", order, "--answers", answers]) == 0
    assert run(["-C", str(folder), "answer", "shop", "notify", order, "--set", "url=http://127.0.0.1:9"]) == 5


def tried(case: Case, folder: Path) -> tuple[Ran, float]:
    """What comes of a case, and the seconds that it has; again when it was slow, at the pace of now.

    The limit tells a cost that explodes from one that does not. Other work on the machine makes one run slow,
    not the quickest of four.
    """
    lay_out(case, folder)
    ran, seconds = run_apart(case, folder), case.seconds
    for _ in range(3):
        if ran.seconds <= seconds and ran.megabytes <= MEGABYTES:
            break
        seconds = max(seconds, case.seconds * pace())
        ran = run_apart(case, folder)
    return ran, seconds


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_ends_as_it_says(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = tmp_path / "project"
    ran, seconds = tried(case, folder)

    assert "Traceback" not in ran.err
    assert ran.code is not None, ran.err
    if request.config.getoption("update_snapshots", default=False):
        write_expected(case, ran)
    else:
        assert (ran.err, ran.code, ran.out) == (case.said("exit"), case.code, case.said("result"))
    assert ran.seconds <= seconds, f"{ran.seconds:.3f} s of processor time"
    assert ran.megabytes <= MEGABYTES, f"{ran.megabytes:.0f} MB more memory"


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_a_user_sees_the_same(case: Case, tmp_path: Path) -> None:
    lay_out(case, tmp_path)
    section = case.section("input")
    done = subprocess.run(
        [*COMMAND, *case.command],
        cwd=tmp_path,
        input=section.content if section else b"",
        capture_output=True,
        timeout=60,
    )

    assert without_places(done.stderr.decode()) == case.said("exit")
    assert (done.returncode, done.stdout.decode()) == (case.code, case.said("result"))


def test_there_are_cases_of_every_kind() -> None:
    groups = Counter(case.group for case in CASES)

    assert sum(groups.values()) >= 300
    assert groups["payloads"] >= 60
    assert groups["jinja"] >= 70
    assert groups["jmespath"] >= 60
    assert groups["yaml"] >= 60
    assert groups["schemas"] >= 40
    assert len({(case.group, case.title) for case in CASES}) == len(CASES)


def test_nothing_is_expected_that_says_nothing() -> None:
    """A refusal has a message, and what is let through shows what came of it."""
    for case in CASES:
        expected = case.section("exit")
        assert expected is not None, case.name
        shown = expected if case.code else case.section("result")
        assert shown is not None and shown.text.strip(), case.name


def test_a_case_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "case.txt"
    path.write_text(
        "A title\nseconds 0.5: it is long\n\n=== payload parts\n"
        '[["[", 3], {"hex": "ff00"}, ["ab", 2]]\n=== exit 3\nerror[not-json]: no\n',
        encoding="utf-8",
    )
    case = read_case(path)

    assert (case.title, case.seconds, case.code, case.ids) == ("A title", 0.5, 3, ["not-json"])
    assert case.sections[0].content == b"[[[\xff\x00abab"
    assert case.said("exit") == "error[not-json]: no\n"


def test_parts_may_be_repeated_together() -> None:
    assert bytes_of([[["a", ["b", 2]], 2], {"utf-16": "x"}]) == b"abbabb" + "x".encode("utf-16")


# --- the table that counts the catalogue

SECURITY = REPOSITORY / "docs" / "security.md"
START, END = "<!-- hostile -->\n", "<!-- end of hostile -->"
GROUPS = {
    "payloads": "payloads: broken JSON, odd values, and values that must stay data",
    "requests": "RetailOPS requests to a bundled channel",
    "yaml": "mapping files: YAML tricks",
    "mappings": "mappings, tables, settings and channels with forbidden names and paths",
    "jmespath": "expressions: broken, very large, or applied to values of the wrong kind",
    "jinja": "templates: escapes to Python, loops, and features that only Jinja's renderer has",
    "schemas": "schemas: slow patterns, references that leave the project or multiply",
    "conversations": "conversations and channels: calls to other hosts, limits that do not limit",
    "calls": "calls: paths, headers and URLs built from a payload",
    "answers": "answers to a plan, read from a file",
    "server": "server answers, byte for byte",
    "arguments": "command-line arguments",
    "untrusted": "good and bad input with `--untrusted`",
}


def summary() -> str:
    """How many cases there are of each kind, and how many of them are refused."""
    codes: dict[str, list[int]] = {group: [] for group in GROUPS}
    for case in all_cases():
        codes[case.group].append(case.code)
    rows = [[GROUPS[group], *counted(found)] for group, found in codes.items()]
    rows.append(["all", *counted([code for found in codes.values() for code in found])])
    return markdown.table(["input", "cases", "refused", "accepted"], rows) + "\n"


def counted(codes: list[int]) -> list[str]:
    taken = codes.count(0)
    return [str(len(codes)), str(len(codes) - taken), str(taken)]


def test_every_group_is_described() -> None:
    assert set(GROUPS) == {case.group for case in CASES}


def test_the_page_of_security_counts_the_catalogue(request: pytest.FixtureRequest) -> None:
    text = SECURITY.read_text(encoding="utf-8")
    before, rest = text.split(START)
    old, after = rest.split(END)
    if request.config.getoption("update_snapshots", default=False):
        SECURITY.write_text(before + START + summary() + END + after, encoding="utf-8")
    else:
        assert old == summary()
