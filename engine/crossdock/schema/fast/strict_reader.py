"""Bytes to a value that is strict JSON and fits a schema, in one go and without a hook for each object.

What the quick parsers let pass is made up for; see ``decoding``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.schema.fast.acceptors import acceptor
from crossdock.schema.fast.decoding import accepted
from crossdock.schema.fast.msgspec_types import Typed, typed
from crossdock.schema.store import Schema

# Types are made when they are likely to save what they cost: after so many bytes, read the other way.
_WORTH: Final = 8 * 1024 * 1024
_REST: Final = 63


@dataclass(slots=True)
class Reader:
    """How the payloads of a schema are read. It gets quicker while it reads, and gives the same.

    When its types have turned down a payload that fits, they rest for some payloads: like ones follow.
    """

    schema: Schema
    types: Typed | None = None
    seen: int = 0
    resting: int = 0

    def read(self, data: bytes, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
        """The value of a payload that fits, or MISSING."""
        if self.types is None or self.resting:
            return self._learn(data, limit)
        value = self.types.read(data) if len(data) <= limit else MISSING
        if value is MISSING:
            value = accepted(data, acceptor(self.schema), limit=limit)
            self.resting = 0 if value is MISSING else _REST
        return value

    def _learn(self, data: bytes, limit: int) -> JSON | Missing:
        value = accepted(data, acceptor(self.schema), limit=limit)
        self.resting = max(0, self.resting - 1)
        before, self.seen = self.seen, self.seen + len(data)
        if before < _WORTH <= self.seen:
            self.types = typed(self.schema)
        return value


def read(data: bytes, schema: Schema, *, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
    """The value of a payload that fits a schema, just as ``payloads.decode`` has it; or MISSING.

    MISSING means only that the slow way has to be gone.
    """
    return schema.once(Reader).read(data, limit)
