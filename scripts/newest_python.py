"""Print the newest Python at hand that is newer than this one: on the path, or of pyenv. Nothing without one.

python scripts/newest_python.py
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

NEWEST = 20  # minor versions to look for


def found() -> dict[tuple[int, ...], Path]:
    """The interpreters of Python 3 by their versions."""
    here = {
        (3, minor): Path(path)
        for minor in range(NEWEST)
        if (path := shutil.which(f"python3.{minor}")) is not None
    }
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for path in root.glob("versions/3.*/bin/python"):
        if re.fullmatch(r"[0-9.]+", path.parts[-3]):  # not a preview, and not one of other makers
            here[tuple(map(int, path.parts[-3].split(".")))] = path
    return here


def main() -> None:
    newer = {version: path for version, path in found().items() if version[:2] > sys.version_info[:2]}
    if newer:
        print(newer[max(newer)])  # noqa: T201


if __name__ == "__main__":
    main()
