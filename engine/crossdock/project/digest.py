"""One digest of all mappings and schemas on a search path: equal for projects that do the same."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

PATTERNS = ("mappings/**/*.yaml", "schemas/*/*.schema.json")


def digest(roots: Sequence[Path]) -> str:
    """The SHA-256 of the files that count, with their names. The first root that has a file wins."""
    found: dict[str, Path] = {}
    for root in reversed(roots):
        for pattern in PATTERNS:
            found |= {path.relative_to(root).as_posix(): path for path in root.glob(pattern)}
    parts = (f"{sha256(path.read_bytes()).hexdigest()} {name}" for name, path in sorted(found.items()))
    return sha256("\n".join(parts).encode()).hexdigest()
