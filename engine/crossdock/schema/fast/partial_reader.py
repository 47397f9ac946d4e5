"""Read only the parts of a payload at given paths, each completely.

This is for trusted payloads: other parts are skipped without being kept or validated, but msgspec still
checks that they are JSON.

    read = pruned_reader([("number",), ("items", "[]", "sku")])
    read(b'{"number": 7, "items": [{"sku": "A", "text": "..."}], "note": "..."}')
    # {'number': 7, 'items': [{'sku': 'A'}]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from crossdock.core import json_reader
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, MISSING, Missing, settle
from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.schema.fast.acceptance import is_payload
from crossdock.schema.fast.msgspec_types import SCALARS, list_of, object_type
from crossdock.schema.fast.selection import Path, Selection, parts_at
from crossdock.schema.fast.strict_reader import may_vanish

Pruned = Callable[[bytes], "JSON | Missing"]


def pruned_reader(paths: Iterable[Path]) -> Pruned:
    """The reader of the parts at some paths: at each, its value is what the whole payload has there.

    It gives MISSING for what is not JSON; equal keys are not looked for, nor depth, numbers out of range and
    UTF-8 where nothing is asked for. A payload that has a list where a path has a name, or an object
    where a path has items, is read whole and strictly.
    """
    wanted = parts_at(paths)
    if wanted.whole:
        return _whole
    decode, refusal = msgspec.json.Decoder(_type_of(wanted)).decode, msgspec.MsgspecError

    def read(data: bytes) -> JSON | Missing:
        if len(data) > PAYLOAD_BYTES:
            return MISSING
        if may_vanish(data):
            return _whole(data)
        try:
            value = settle(decode(data))
            return value if is_payload(value) else _whole(data)
        except (refusal, ValueError, RecursionError):
            return _whole(data)

    return read


def _whole(data: bytes) -> JSON | Missing:
    try:
        return json_reader.decode(data, "payload")
    except InputError:
        return MISSING


def _type_of(wanted: Selection) -> Any:
    """The msgspec type for the parts to read; a number, text or null in their place is kept unchanged."""
    if wanted.whole or not all(map(str.isascii, wanted.members)):  # msgspec may pass over a name like that
        return Any
    kinds = list(SCALARS.values())
    if wanted.members:
        kinds.append(object_type("Object", {name: _type_of(each) for name, each in wanted.members.items()}))
    if wanted.items is not None:
        kinds.append(list_of(_type_of(wanted.items)))
    return reduce(or_, kinds)
