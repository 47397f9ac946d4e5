"""The table of limits in docs/security.md is made of the limits themselves.

``pytest tests/test_limits.py --snapshot-update`` writes it again.
"""

from __future__ import annotations

import re

import pytest

from conftest import REPOSITORY
from crossdock.core import markdown
from crossdock.core.json_faults import integer
from crossdock.core.limits import LEAST_INTEGER, LIMITS, MOST_INTEGER, Limit

SECURITY = REPOSITORY / "docs" / "security.md"
DIAGNOSTICS = REPOSITORY / "docs" / "diagnostics.md"
START, END = "<!-- limits -->\n", "<!-- end of limits -->"
MIB = 1024 * 1024


def table() -> str:
    """The limits as a Markdown table, in their order."""
    rows = [[each.bounds, amount(each), beyond(each)] for each in LIMITS]
    return markdown.table(["input", "limit", "beyond it"], rows) + "\n"


def beyond(limit: Limit) -> str:
    """The link to an error, which has a heading of its own or a line in the table of a heading."""
    if not limit.id:
        return limit.effect
    page = DIAGNOSTICS.read_text(encoding="utf-8")
    anchor = limit.id
    if f"### {limit.id}\n" not in page:
        (anchor,) = re.findall(rf"^\| \[[^]]+\]\(#([^)]+)\) \|.* `{limit.id}`", page, flags=re.MULTILINE)
    return f"[`{limit.id}`](diagnostics.md#{anchor})"


def amount(limit: Limit) -> str:
    if limit.unit == "bytes" and limit.value % MIB == 0:
        return f"{limit.value // MIB} MiB"
    return f"{limit.value:,}".replace(",", " ") + f" {limit.unit}"


def test_the_page_of_security_lists_the_limits(request: pytest.FixtureRequest) -> None:
    text = SECURITY.read_text(encoding="utf-8")
    before, rest = text.split(START)
    old, after = rest.split(END)
    if request.config.getoption("update_snapshots", default=False):
        SECURITY.write_text(before + START + table() + END + after, encoding="utf-8")
    else:
        assert old == table()


def test_every_limit_has_a_documented_error_or_effect() -> None:
    page = DIAGNOSTICS.read_text(encoding="utf-8")

    assert [each for each in LIMITS if bool(each.id) == bool(each.effect)] == []
    documented = {*re.findall(r"^### (.+)$", page, flags=re.MULTILINE)}
    for row in re.findall(r"^\| (`.+?) \|", page, flags=re.MULTILINE):
        documented |= set(re.findall("`([^`]+)`", row))
    assert {each.id for each in LIMITS if each.id} - documented == set()


def test_a_whole_number_has_64_bits_at_most() -> None:
    assert integer(str(2**64 - 1)) == MOST_INTEGER
    assert integer(str(-(2**63))) == LEAST_INTEGER
    for beyond in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="out of range"):
            integer(str(beyond))
