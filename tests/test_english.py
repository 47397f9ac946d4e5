"""The documentation, messages, comments and mappings use plain English, and no words are misspelt.

The rules are in scripts/english.py, which `make lint` runs too, as it runs codespell.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY

ENGLISH = runpy.run_path(str(REPOSITORY / "scripts/english.py"))
offences, texts_of = ENGLISH["offences"], ENGLISH["texts_of"]
FILES: list[Path] = ENGLISH["files"]()
HOSTILE = sorted(REPOSITORY.glob("tests/hostile/*/*.txt"))


def test_what_people_read_is_found() -> None:
    names = {path.relative_to(REPOSITORY).as_posix() for path in FILES}
    assert names > {"README.md", "docs/tutorial.md", "mappings/kibo/order.yaml", "scripts/parcelhub.py"}
    assert len([name for name in names if name.startswith("engine/")]) > 200


@pytest.mark.parametrize("kind", [".md", ".yaml", ".py"])
def test_what_people_read_is_plain_english(kind: str) -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}: {each}"
        for path in FILES
        if path.suffix == kind
        for line, text in texts_of(path)
        for each in offences(text)
    ]
    assert found == []


def test_titles_of_hostile_cases_use_plain_english() -> None:
    titles = [path.read_text(encoding="utf-8").partition("\n")[0] for path in HOSTILE]
    assert len(titles) > 300
    assert [title for title in titles if offences(title)] == []


def test_lint_runs_both_checks() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    lint = makefile.partition("\nlint:")[2].partition("\n\n")[0].splitlines()
    assert lint[-2:] == ["\t$(BIN)/codespell $(PROSE)", "\t$(BIN)/python scripts/english.py"]


def test_misspelt_prose_is_found_and_misspelt_code_is_not(tmp_path: Path) -> None:
    page = "The adress is in `tipe`.\n```yaml\nmap: {curency: x}\n```\n"
    (tmp_path / "page.md").write_text(page, encoding="utf-8")
    ran = subprocess.run(
        [Path(sys.executable).parent / "codespell", "--toml", REPOSITORY / "pyproject.toml", "page.md"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
    )
    assert (ran.returncode, ran.stdout) == (65, "page.md:1: adress ==> address\n")


@pytest.mark.parametrize(
    "text",
    [
        "a payload that nobody vouches for",
        "Whoever runs it",
        "held against its schema",
        "holds 12 properties against the payload",
        "falls back to the careful way",
        "this is no text",
        "the key stands twice",
        "the user is told",
        "a row of 0 units is no event",
        "it shall be sent",
    ],
)
def test_the_check_finds_each_kind_of_phrase(text: str) -> None:
    assert offences(text)


@pytest.mark.parametrize(
    "text",
    [
        "there is no text",
        "there may be no home",
        "it is no longer there",
        "`ok` stands for success",
        "a stand-in",
        "compared with it",
    ],
)
def test_the_check_accepts_plain_sentences(text: str) -> None:
    assert offences(text) == []
