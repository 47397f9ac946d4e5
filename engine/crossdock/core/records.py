"""``record``: a data class that is frozen for the type checker, and as quick to make as any other.

``dataclass(frozen=True)`` stores each field through ``object.__setattr__``, so that its instances take eight
times as long to make, and a check of a project makes 200,000 of them. mypy refuses whatever would change a
record, and records are compared and hashed by their fields, as frozen data classes are. ``replace`` is that
of ``dataclasses`` in half the time.

    @record(frozen=True, slots=True)
    class Size: ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
    from dataclasses import replace
else:
    from dataclasses import dataclass, fields
    from functools import cache

    def record(*, frozen, slots, **options):
        """The decorator of a record. ``frozen`` is for the type checker, and makes the fields its hash."""

        def made(cls):
            own = vars(cls).get("__hash__") is not None
            hashed = frozen and not own and options.get("eq", True)
            return dataclass(slots=slots, unsafe_hash=hashed, **options)(cls)

        return made

    def replace(instance, /, **changes):
        """A record like another one, with some fields changed."""
        kind = type(instance)
        for name in _given(kind):
            if name not in changes:
                changes[name] = getattr(instance, name)
        return kind(**changes)

    @cache
    def _given(kind):
        """The fields that are given when a record is made."""
        return tuple(field.name for field in fields(kind) if field.init)
