"""Bugs that are planted in the gateway: for each there is a test that fails by it.

CI plants three. ``FAULTS=planted`` plants all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from faults.bugs import BUGS
from faults.plant import inside

SAMPLE = ["key_without_channel", "ticket_before_encoding", "secret_in_log"]
PLANTED = list(BUGS) if os.environ.get("FAULTS") == "planted" else SAMPLE


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str, repository: Path) -> None:
    bug = BUGS[name]
    # The program is imported before pytest, which warns of that.
    options = ["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    command = [sys.executable, "-m", "pytest", *options, bug.test]
    environ = {**os.environ, **inside(f"bug={name}")}
    ran = subprocess.run(command, cwd=repository, env=environ, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 1, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert f"FAILED {bug.test}" in ran.stdout
    assert "AssertionError" in ran.stdout or "DID NOT RAISE" in ran.stdout, ran.stdout[-3000:]


def test_the_guide_names_every_planted_bug_and_its_test(repository: Path) -> None:
    guide = (repository / "docs" / "gateway-tests.md").read_text(encoding="utf-8")
    for bug in BUGS.values():
        assert f"`{bug.test.rpartition('::')[2].partition('[')[0]}`" in guide
