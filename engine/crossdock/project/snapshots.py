"""Snapshots by syrupy: one file each, named by what is compared, below a project's ``snapshots``.

Syrupy's own search for unused snapshots relates files to Python tests by their names. Examples are no
Python tests, so that search is turned off here; ``testing`` looks for snapshots without an example.
"""

# ruff: noqa: ARG002, ARG003 - the signatures are syrupy's

from __future__ import annotations

from pathlib import Path

import pytest
import syrupy
from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation


class SnapshotFile(SingleFileSnapshotExtension):
    """A text file at ``<snapshots of the item>/<name given to the assertion>``."""

    _write_mode = WriteMode.TEXT

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: str | int = 0) -> str:
        return str(index)

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: str | int) -> str:
        folder: Path = test_location.item.snapshots  # type: ignore[attr-defined]
        return str(folder / str(index))

    @classmethod
    def matches_test_location(cls, *, test_location: PyTestLocation, snapshot_location: str) -> bool:
        return True

    def discover_snapshots(
        self, *, test_location: PyTestLocation, ignore_extensions: list[str] | None = None
    ) -> SnapshotCollections:
        return SnapshotCollections()


def difference(item: pytest.Item, name: str, text: str) -> str | None:
    """How a text differs from its snapshot; None when it does not, or when it has just been written."""
    options = item.config.option
    snapshot = SnapshotAssertion(
        session=item.config._syrupy,  # type: ignore[attr-defined]
        extension_class=SnapshotFile,
        test_location=PyTestLocation(item),
        update_snapshots=options.update_snapshots,
    )
    snapshot.update_new_snapshots_only = getattr(options, "update_new_snapshots_only", False)
    if snapshot(name=name) == text:
        return None
    _legend, *lines = syrupy.pytest_assertrepr_compare(item.config, "==", snapshot, text) or [""]
    return "\n".join(lines)
