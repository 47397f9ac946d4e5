"""Read only the parts of a payload at given paths, each completely.

This is for trusted payloads: other parts are skipped without being kept or validated, but msgspec still
checks that they are JSON. Without msgspec the whole payload is read, strictly.

    read = pruned_reader([("number",), ("items", "[]", "sku")])
    read(b'{"number": 7, "items": [{"sku": "A", "text": "..."}], "note": "..."}')
    # {'number': 7, 'items': [{'sku': 'A'}]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from crossdock.core import json_reader
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, MISSING, Missing, settle
from crossdock.core.limits import PAYLOAD_BYTES, PAYLOAD_DEPTH
from crossdock.core.paths import EACH
from crossdock.schema.fast import optional_deps
from crossdock.schema.fast.msgspec_types import SCALARS, list_of, object_type
from crossdock.schema.fast.runtime import OutsideError, walk
from crossdock.schema.fast.strict_reader import may_vanish

Path = tuple[str, ...]
"""The names that lead to a part of a payload; ``[]`` is each item of a list."""

Pruned = Callable[[bytes], "JSON | Missing"]


def pruned_reader(paths: Iterable[Path]) -> Pruned:
    """The reader of the parts at some paths: at each, its value is what the whole payload has there.

    It gives MISSING for what is not JSON; equal keys are not looked for, nor depth, numbers out of range and
    UTF-8 where nothing is asked for. A payload that has a list where a path has a name, or an object
    where a path has items, is read whole and strictly.
    """
    wanted = _Selection()
    for path in paths:
        wanted.add(path)
    msgspec = optional_deps.msgspec()
    if msgspec is None or wanted.whole:
        return _whole
    decode, refusal = msgspec.json.Decoder(wanted.msgspec_type()).decode, msgspec.MsgspecError

    def read(data: bytes) -> JSON | Missing:
        if len(data) > PAYLOAD_BYTES:
            return MISSING
        if may_vanish(data):
            return _whole(data)
        try:
            value = settle(decode(data))
            walk([value], PAYLOAD_DEPTH + 1)
        except (refusal, OutsideError, ValueError, RecursionError):
            return _whole(data)
        return value

    return read


def _whole(data: bytes) -> JSON | Missing:
    try:
        return json_reader.decode(data, "payload")
    except InputError:
        return MISSING


@dataclass(slots=True)
class _Selection:
    """What to read below a place: everything, some members, or a part of each item."""

    whole: bool = False
    members: dict[str, _Selection] = field(default_factory=dict)
    items: _Selection | None = None

    def add(self, path: Path) -> None:
        """Notes a path that begins here."""
        if not path or not path[0].isascii():  # msgspec may pass over a name like that
            self.whole = True
        elif path[0] == EACH:
            self.items = self.items or _Selection()
            self.items.add(path[1:])
        else:
            self.members.setdefault(path[0], _Selection()).add(path[1:])

    def msgspec_type(self) -> Any:
        """The msgspec type for the parts to read; a number, text or null in their place is kept unchanged."""
        if self.whole:
            return Any
        kinds = list(SCALARS.values())
        if self.members:
            kinds.append(
                object_type("Object", {name: each.msgspec_type() for name, each in self.members.items()})
            )
        if self.items is not None:
            kinds.append(list_of(self.items.msgspec_type()))
        return reduce(or_, kinds)
