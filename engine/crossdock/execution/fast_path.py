"""The fast path of a mapping: its generated function, and the acceptors of its two schemas.

It gives a result or gives up. It gives up in unusual cases: the payload may break its schema, a function may
refuse a value, a check that refuses may fail. The mapping then runs on the normal path, which alone decides,
and reports what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crossdock.core.json_types import JSON, MISSING, Missing, settled
from crossdock.execution.scope import Scope
from crossdock.schema.fast.selection import Settle
from crossdock.schema.fast.strict_reader import exact
from crossdock.schema.fast.writer import counted, write

if TYPE_CHECKING:
    from crossdock.execution.failed_checks import Kept

Run = Callable[[JSON, Scope, "list[Kept]"], "JSON | Missing"]
Accept = Callable[[JSON], bool]
Read = Callable[[bytes], "JSON | Missing"]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The fast path gave up: run the mapping on the normal path. Not the same as a missing result."""


NOTHING: Final = Nothing()


@dataclass(frozen=True, slots=True)
class Prepared:
    """The fast path of one mapping.

    ``run`` is its generated function. ``takes`` and ``gives`` accept the source and the target. ``read``
    decodes and validates bytes, and returns MISSING for bytes that do not fit. ``settles`` gives a payload
    that fits with its whole numbers as ints wherever ``run`` can read them. ``prunes`` makes the reader of
    trusted bytes, which decodes only the parts that ``run`` can read.
    """

    run: Run
    takes: Accept | None = None
    gives: Accept | None = None
    read: Read | None = None
    settles: Settle = settled
    prunes: Callable[[], Read] | None = None

    def result(
        self, payload: JSON, scope: Scope, failed: list[Kept], *, takes: bool = True, gives: bool = True
    ) -> JSON | Missing | Nothing:
        """The result of a payload, MISSING if there is none, NOTHING to fall back to the normal path.

        ``takes`` and ``gives`` say whether to validate the payload and the result. ``failed`` gets the
        checks that failed with a warning; it says nothing when the path gives up.
        """
        try:
            if takes and self.takes is not None:
                return self._taken(self.takes, payload, scope, failed, gives=gives)
            value = self._computed(settled(payload), scope, failed, gives=gives)
            if gives and self.gives is not None and not isinstance(value, Nothing):
                # No schema has seen the payload: it may hold what is not JSON.
                return NOTHING if exact(_present(value)) is MISSING else value
            return value
        except Exception:  # of any kind: the normal path reports it
            return NOTHING

    def computed(self, payload: JSON, scope: Scope, failed: list[Kept]) -> JSON | Missing | Nothing:
        """The same as ``result`` for a payload whose whole numbers are ints, both sides validated.

        Raises what the generated code raises.
        """
        if self.takes is not None:
            return self._taken(self.takes, payload, scope, failed, gives=True)
        return self._computed(payload, scope, failed, gives=True)

    def _taken(
        self, takes: Accept, payload: JSON, scope: Scope, failed: list[Kept], *, gives: bool
    ) -> JSON | Missing | Nothing:
        payload_or_not = exact(payload, self.settles)
        if isinstance(payload_or_not, Missing) or not takes(payload_or_not):
            return NOTHING
        return self._computed(payload_or_not, scope, failed, gives=gives)

    def _computed(
        self, payload: JSON, scope: Scope, failed: list[Kept], *, gives: bool
    ) -> JSON | Missing | Nothing:
        """The result of a payload whose whole numbers are ints. Raises what the generated code raises."""
        value = self.run(payload, scope, failed)
        if gives and self.gives is not None and not self.gives(_present(value)):
            return NOTHING
        return value

    def converted(
        self,
        data: bytes,
        scope: Scope,
        failed: list[Kept],
        *,
        validate: bool = True,
        trust_source: bool = False,
        compact: bool = True,
    ) -> bytes | Nothing:
        """The JSON text of the result for that of a payload, both in UTF-8; NOTHING as above.

        With ``trust_source`` the payload is not validated, and only read in part.
        """
        try:
            payload = self._read(data, validate=validate, trust_source=trust_source)
            if isinstance(payload, Missing):
                return NOTHING
            value = _present(self.run(payload, scope, failed))
            count = counted(value)  # before anything else walks through a result that is too large
            if validate and self.gives is not None and not self.gives(value):
                return NOTHING
            return write(value, compact=compact, count=count)
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
