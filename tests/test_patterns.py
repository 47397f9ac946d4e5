"""Patterns of schemas: those that a text could make slow are refused, and the others are quick."""

from __future__ import annotations

import random
import re
import time
from math import inf

import pytest

from conftest import REPOSITORY
from crossdock.schema.keyword_rules import TESTS, searcher, wanted
from crossdock.schema.pattern_syntax import WHITE_SPACE
from crossdock.schema.safe_regex import longest_tried, unsafe

SHARE = "has two repeats that can match the same text, with nothing between them to separate it"
WAYS = "can match the same text in too many ways"
NESTED = "repeats a part that is itself repeated or a choice"

REFUSED = {
    r"a*a*a*$": SHARE,
    r"\d*\d*x": SHARE,
    r"^\w+\d+$": SHARE,
    r"\s*,?\s*$": SHARE,
    r".*foo.*": SHARE,
    r"^[a-z]+x[a-z]+$": SHARE,
    r"^(a*)(b|c)?(a*)$": SHARE,
    r"^(a+|b)(a+)$": SHARE,
    r"^(a*,?){3}$": SHARE,
    r"a*(ab)?a*": SHARE,
    r"^[^a]*(x{2,}b){1,9}$": SHARE,
    r"a?" * 30 + "a" * 30: WAYS,
    r"(a)?" * 30: WAYS,
    r"(a|a)" * 20: WAYS,
    r"(a|ab)-" * 20: WAYS,
    r"(a*)?-" * 20: WAYS,
    r"(ab?)?" * 12: WAYS,
    r"^a{0,9}a{0,9}a{0,9}$": WAYS,
    r"((((a{9}){9}){9}){9})": "repeats too much",
    r"^(a+)+$": NESTED,
    r"(a|b)*": NESTED,
    r"(?i)a": "changes how it is read",
    r"(a)\1": "refers back to a group",
    r"[[a]": "has a character in a class that needs a backslash before it",
    r"[a--b]": "has a character in a class that needs a backslash before it",
    r"a**": "is not a regular expression of Python",
    "a" * 201: "is longer than 200 characters",
}
TAKEN = [
    r"",
    r"\S",
    r"^-?[0-9]+(\.[0-9]*)?$",
    r"^[a-z]+\.[a-zA-Z._-]*$",
    r"^\d+(?:,\d{3})*$",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    r"^\s*\w+\s*$",
    r"^(GET|POST) /[a-z]+(/[a-z]+)?$",
    r"^[a-z]+([-_][a-z0-9]+){0,9}$",
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$",
    r"^(?P<sku>[A-Z]+)-(?:\d+)$",
    r"^\u00e9+é?$|^[\x41-\x5a]+-[à-ü]+$",
    r"[(]+[)]+",
    r"^x{2,}?y*?$",
]


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_pattern_that_a_text_could_make_slow_is_refused_at_once(pattern: str) -> None:
    started = time.process_time()
    assert unsafe(pattern) == REFUSED[pattern]
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize("pattern", TAKEN)
def test_a_pattern_with_one_way_is_taken(pattern: str) -> None:
    assert unsafe(pattern) is None


def test_the_patterns_of_our_schemas_are_taken_and_tried_on_any_text() -> None:
    files = (REPOSITORY / "schemas").rglob("*.schema.json")
    written = {
        found for file in files for found in re.findall(r'"pattern": "([^"]+)"', file.read_text("utf-8"))
    }
    patterns = [pattern.replace("\\\\", "\\") for pattern in written]
    assert len(patterns) >= 6
    assert {pattern: (unsafe(pattern), longest_tried(pattern)) for pattern in patterns} == dict.fromkeys(
        patterns, (None, inf)
    )


# --- what a pattern means


MEANT = [
    (r"\S", " \u00a0\u2028\ufeff\u3000", False),
    (r"\S", "\u00a0x", True),
    (r"[\S]", "\ufeff", False),
    (r"[^\S]", "\ufeff", True),
    (r"[^\s]", "\x1c", True),
    (r"^[\sa]+$", "a\u2003\v", True),
    (r"^\s$", "\x85", False),
    (r"\\s", "\\s", True),
    (r"^\d$", "\u0663", False),
    (r"^\w$", "é", False),
    (r"^.$", "\u2029", False),
    (r"^.$", "\r", False),
    (r"^[.]$", "x", False),
    (r"^a$", "a\n", False),
]


@pytest.mark.parametrize(("pattern", "text", "matches"), MEANT)
def test_a_pattern_means_what_ecma_says(pattern: str, text: str, matches: bool) -> None:
    assert (searcher(pattern).search(text) is not None) is matches


def test_each_character_is_white_space_or_is_not() -> None:
    space, other = searcher(r"\s"), searcher(r"\S")
    spaces = {char for char in map(chr, range(0x11_0000)) if space.search(char)}
    assert spaces == set(WHITE_SPACE)
    assert not any(other.search(char) for char in spaces)
    assert all(other.search(chr(code)) for code in range(0x11_0000) if chr(code) not in spaces)


def test_two_repeats_share_white_space_beyond_ascii() -> None:
    assert unsafe("^\\s*[\u00a0]*$") == unsafe(r"^\s*[ ]*$") is not None


# --- how long a text may be


LONGEST = {r"^\d+$": inf, r"\S": inf, r"\d+$": 2_000, r"^a|b+$": 2_000, r"^\s*x?\w*y?$": 1_000_000}


@pytest.mark.parametrize("pattern", LONGEST)
def test_how_long_a_text_may_be(pattern: str) -> None:
    assert longest_tried(pattern) == LONGEST[pattern]


def test_a_text_that_is_too_long_is_not_tried_and_the_finding_says_so() -> None:
    pattern, long = r"\d+$", "1" * 2_001
    assert TESTS["pattern"](pattern, "1" * 2_000)
    assert not TESTS["pattern"](pattern, long)
    assert wanted("pattern", pattern, long) == (
        r"expected text of at most 2000 characters that matches `\d+$`, found text of 2001 characters"
    )
    assert wanted("pattern", pattern, "x") == r"expected text that matches `\d+$`, found text of 1 character"


HOSTILE = ("a", "ab", "aab", "a-", "b", "x", "-", "abx-")


def _atom(random: random.Random, depth: int) -> str:
    kind = random.random()
    if kind < 0.55 or depth > 2:
        return random.choice(["a", "b", "[ab]", ".", r"\w", "[^a]", "-", "x"])
    branches = 1 if kind < 0.8 else random.randint(2, 3)
    return "(" + "|".join(_sequence(random, depth + 1) for _ in range(branches)) + ")"


def _sequence(random: random.Random, depth: int) -> str:
    repeats = ["", "", "", "*", "+", "?", "{0,3}", "{2}", "{1,9}", "{2,}"]
    return "".join(_atom(random, depth) + random.choice(repeats) for _ in range(random.randint(1, 4)))


def test_what_is_taken_is_quick_on_hostile_texts() -> None:
    """Patterns at random: each that is taken is tried on texts as long as it may be, made to almost match."""
    chance = random.Random(11)
    taken = 0
    for _ in range(500):
        pattern = chance.choice(["", "^"]) + _sequence(chance, 0) + chance.choice(["", "$"])
        if unsafe(pattern):
            continue
        taken += 1
        length = int(min(longest_tried(pattern), 4_000))
        for part in HOSTILE:
            started = time.process_time()
            searcher(pattern).search(part * (length // len(part) - 1) + "!")
            assert time.process_time() - started < 1, pattern
    assert taken > 50
