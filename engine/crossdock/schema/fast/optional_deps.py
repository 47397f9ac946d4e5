"""The optional libraries, if they are installed: ``pip install crossdock[fast]``.

Everything works without them, and the same. ``CROSSDOCK_PLAIN=1`` in the environment leaves them unused.
"""

from __future__ import annotations

import os
from functools import cache
from types import ModuleType


@cache
def orjson() -> ModuleType | None:
    """The library orjson, or None."""
    if _plain():
        return None
    try:
        import orjson
    except ImportError:
        return None
    return orjson


@cache
def msgspec() -> ModuleType | None:
    """The library msgspec, or None."""
    if _plain():
        return None
    try:
        import msgspec
        import msgspec.json
    except ImportError:
        return None
    return msgspec


def _plain() -> bool:
    return bool(os.environ.get("CROSSDOCK_PLAIN"))
