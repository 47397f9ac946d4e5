"""The files of the studio's page: small, and what their sources give."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import REPOSITORY

SOURCES = REPOSITORY / "studio"
ASSETS = REPOSITORY / "engine" / "crossdock" / "studio" / "assets"


def test_the_assets_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in ASSETS.iterdir()}
    assert set(sizes) == {"icon.svg", "index.html", "licenses.txt", "studio.css", "studio.js"}
    assert sum(sizes.values()) < 700_000


def test_the_assets_are_what_their_sources_give(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (SOURCES / "node_modules" / "esbuild").exists():
        pytest.skip("node, or its packages, are not installed: `make studio-assets` installs them")
    done = subprocess.run(["node", "build.mjs", tmp_path], cwd=SOURCES, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    different = [name for name, data in made.items() if (ASSETS / name).read_bytes() != data]
    assert (len(made), different) == (5, []), "`make studio-assets` makes them again"


def test_the_lockfile_names_no_registry() -> None:
    """So that packages come from the one that npm is set up with."""
    packages = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 20
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


def test_the_page_has_no_code_of_its_own() -> None:
    """The policy of the page would refuse it."""
    page = (ASSETS / "index.html").read_text(encoding="utf-8")
    assert page.count("<script") == page.count('<script type="module" src="/assets/studio.js"></script>') == 1
    assert "<style" not in page and "style=" not in page and "onclick" not in page
