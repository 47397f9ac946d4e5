"""The documentation, messages and docstrings use plain English.

``RULES`` are phrases that are vague or old-fashioned, each with a suggestion. The check reads the pages, and
all string constants and comments of the engine: messages, help texts and docstrings.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY

ENGINE = REPOSITORY / "engine" / "crossdock"
PAGES = sorted(
    page for pattern in ("*.md", "docs/*.md", "benchmarks/README.md") for page in REPOSITORY.glob(pattern)
)
MAPPINGS = sorted(REPOSITORY.glob("mappings/**/*.yaml"))
HOSTILE = sorted(REPOSITORY.glob("tests/hostile/*/*.txt"))
MODULES = sorted(ENGINE.rglob("*.py"))

_NOUNS = (
    "text|number|string|list|object|name|property|path|whole number|boolean|mapping|template|table|expression"
    "|function|schema|file|type|JSON|UTF-8|date|pointer|URL|key|value|word"
)
RULES = {
    r"\b(nobody|whoever|anybody|somebody)\b": "name the role: the user, the author, the sender, the caller",
    r"\b(held|holds?|holding) (\w+ ){0,4}against\b": "validate against, compare with",
    r"\b(the|a) (careful|quick) way\b|\bway at speed\b": "the normal path, the fast path",
    r"\bvouch": "untrusted",
    rf"(?<!there )\b(is|are) no ({_NOUNS})s?\b": "is not a",
    r"\b(is|are|was|were|be) (said|told)\b": "is reported, is shown, gets",
    r"\b(stands?|standing|stood)\b(?! for\b|-in)": "is, is written, occurs",
}


def offences(text: str) -> list[str]:
    """What a text says and what to say instead, one sentence for each phrase."""
    return [
        f"{match[0]!r}: {better}"
        for pattern, better in RULES.items()
        for match in re.finditer(pattern, " ".join(text.split()), re.IGNORECASE)
    ]


def texts_of(module: Path) -> Iterator[tuple[int, str]]:
    """The string constants and comments of a module, with their lines."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    with module.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_uses_plain_english(page: Path) -> None:
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    assert [f"{page.name}:{number}: {each}" for number, line in lines for each in offences(line)] == []


def test_mappings_use_plain_english() -> None:
    """Comments, descriptions and messages; they appear in generated pages and in reports."""
    texts = {path: path.read_text(encoding="utf-8") for path in MAPPINGS}
    assert len(texts) > 50
    assert {path.as_posix(): found for path, text in texts.items() if (found := offences(text))} == {}


def test_titles_of_hostile_cases_use_plain_english() -> None:
    titles = [path.read_text(encoding="utf-8").partition("\n")[0] for path in HOSTILE]
    assert len(titles) > 300
    assert [title for title in titles if offences(title)] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative_to(ENGINE).as_posix())
def test_a_module_uses_plain_english(module: Path) -> None:
    found = [f"{module.name}:{line}: {each}" for line, text in texts_of(module) for each in offences(text)]
    assert found == []


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
    ],
)
def test_the_check_finds_each_kind_of_phrase(text: str) -> None:
    assert offences(text)


@pytest.mark.parametrize(
    "text", ["there is no text", "`ok` stands for success", "a stand-in", "compared with it"]
)
def test_the_check_accepts_plain_sentences(text: str) -> None:
    assert offences(text) == []
