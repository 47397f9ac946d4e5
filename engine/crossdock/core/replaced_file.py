"""Writes a file completely or not at all: its old content stays until the new one is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A new file that replaces another, with its permissions, unless an exception is raised.

    Raises OSError.
    """
    unfinished = path.with_name(f".{os.urandom(8).hex()}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if path.exists():
                unfinished.chmod(path.stat().st_mode & 0o777)
            yield stream
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
