"""A mapping made ready to run at speed: its function, and the acceptors of its two schemas.

It gives a result or nothing. Nothing means that something is unusual: the payload may not fit its schema,
a value may be one that a function refuses, a check may not hold. Then the mapping runs the careful way,
which alone decides, and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.execution.scope import Scope
from crossdock.schema.fast.writer import write

Run = Callable[[JSON, Scope], "JSON | Missing"]
Accept = Callable[[JSON], int]
Read = Callable[[bytes], "JSON | Missing"]


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no result this way; not even that there is none."""


NOTHING: Final = Nothing()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What runs in place of a mapping. An acceptor gives a number below 0 for what it does not accept.

    ``read`` gives the value of bytes that fit the source schema, and MISSING for others. ``prunes`` makes
    what reads of trusted bytes only what ``run`` can see.
    """

    run: Run
    takes: Accept | None = None
    gives: Accept | None = None
    read: Read | None = None
    prunes: Callable[[], Read] | None = None

    def result(
        self, payload: JSON, scope: Scope, *, takes: bool = True, gives: bool = True
    ) -> JSON | Missing | Nothing:
        """The result of a payload, MISSING when the mapping gives none, NOTHING to go the careful way.

        ``takes`` and ``gives`` say whether the payload and the result are held against their schemas.
        """
        try:
            if takes and self.takes is not None and self.takes(payload) < 0:
                return NOTHING
            value = self.run(payload, scope)
            if gives and self.gives is not None and self.gives(None if value is MISSING else value) < 0:
                return NOTHING
        except Exception:  # whatever it is: the careful way says it
            return NOTHING
        return value

    def converted(
        self,
        data: bytes,
        scope: Scope,
        *,
        validate: bool = True,
        trust_source: bool = False,
        compact: bool = True,
    ) -> bytes | Nothing:
        """The JSON text of the result for that of a payload, both in UTF-8; NOTHING as above.

        With ``trust_source`` the payload is not held against its schema, and not all of it is read.
        """
        try:
            payload = self._read(data, validate=validate, trust_source=trust_source)
            if isinstance(payload, Missing):
                return NOTHING
            value = self.result(payload, scope, takes=False, gives=validate)
            return NOTHING if isinstance(value, Nothing) else write(_present(value), compact=compact)
        except Exception:  # as above
            return NOTHING

    def _read(self, data: bytes, *, validate: bool, trust_source: bool) -> JSON | Missing:
        if trust_source and self.prunes is not None:
            return self.prunes()(data)
        if validate and not trust_source and self.read is not None:
            return self.read(data)
        from crossdock.core.json_reader import decode

        return decode(data, "payload")


def _present(value: JSON | Missing) -> JSON:
    return None if isinstance(value, Missing) else value
