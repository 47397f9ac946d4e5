"""Snapshots of examples as an extension of syrupy: one file each, below a project's folder ``snapshots``.

Syrupy relates snapshots to Python tests by the names of their files. Snapshots of examples have the names of
the examples, so this extension finds none for syrupy's own search; ``pytest_plugin`` finds unused ones.
"""

# ruff: noqa: ARG002, ARG003 - syrupy calls these methods with keywords

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension
from syrupy.location import PyTestLocation


class SnapshotFile(SingleFileSnapshotExtension):
    """A file in UTF-8 at the path that the assertion has as its name."""

    def serialize(self, data: Any, **_options: Any) -> bytes:
        return str(data).encode()

    def diff_lines(self, serialized_data: Any, snapshot_data: Any) -> Any:
        return super().diff_lines(_text(serialized_data), _text(snapshot_data))

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: str | int = 0) -> str:
        # A file holds one snapshot, so its name is the test's.
        return test_location.snapshot_name

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: str | int) -> str:
        return str(index)

    @classmethod
    def matches_test_location(cls, *, test_location: PyTestLocation, snapshot_location: str) -> bool:
        return True

    def discover_snapshots(
        self, *, test_location: PyTestLocation, ignore_extensions: list[str] | None = None
    ) -> SnapshotCollections:
        return SnapshotCollections()


def _text(data: str | bytes) -> str:
    # Syrupy gives the empty string for a snapshot that does not exist.
    return data if isinstance(data, str) else data.decode(errors="replace")


def difference(config: pytest.Config, snapshot: SnapshotAssertion, file: Path, text: str) -> str | None:
    """How a text differs from its snapshot; None when it does not, or when it has just been written."""
    named = snapshot.use_extension(SnapshotFile)(name=str(file))
    if named == text:
        return None
    found = config.hook.pytest_assertrepr_compare(config=config, op="==", left=named, right=text)
    _legend, *lines = next(lines for lines in found if lines)
    return "\n".join(lines)
