"""A value as it may be shown: the value itself, or only its kind.

Lists and objects are shown only by their size, so that nothing sensitive in them is shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal

from crossdock.checking.masking import HIDDEN
from crossdock.core.diagnostics import shorten
from crossdock.core.json_types import JSON


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a value. ``value`` is the value itself if ``kind`` is "value", else a size."""

    kind: Literal["value", "absent", "hidden", "list", "object"]
    value: JSON = None

    @property
    def there(self) -> bool:
        return self.kind != "absent"

    def text(self, most: int = 60) -> str:
        """For people, on one line."""
        match self.kind:
            case "value":
                return shorten(json.dumps(self.value, ensure_ascii=False), most)
            case "absent":
                return "absent"
            case "hidden":
                return HIDDEN
            case "list":
                return f"a list of {self.value}" if self.value else "an empty list"
            case "object":
                plural = "y" if self.value == 1 else "ies"
                return f"an object of {self.value} propert{plural}" if self.value else "an empty object"

    def data(self) -> dict[str, JSON]:
        """For programs: the one key is the kind."""
        return {self.kind: self.value if self.kind in ("value", "list", "object") else True}


ABSENT: Final = Shown("absent")


def show(value: JSON, *, hidden: bool) -> Shown:
    match value:
        case None:
            return ABSENT
        case list():
            return Shown("list", len(value))
        case dict():
            return Shown("object", len(value))
    return Shown("hidden") if hidden else Shown("value", value)
