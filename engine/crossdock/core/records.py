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
    from operator import attrgetter

    def record(*, frozen, slots, eq=True, **options):
        """The decorator of a record. ``frozen`` is for the type checker, and makes the fields its hash.

        Python compiles each method that it makes for a data class. These two need not be compiled.
        """

        def made(cls):
            own = vars(cls).get("__hash__") is not None
            given = {name for name in ("__eq__", "__repr__") if name in vars(cls)}
            options.setdefault("repr", False)
            kind = dataclass(slots=slots, eq=False, unsafe_hash=frozen and eq and not own, **options)(cls)
            if "__repr__" not in given:
                kind.__repr__ = _shown
            if eq and "__eq__" not in given:
                kind.__eq__ = _equality(kind)
            return kind

        return made

    def _shown(self):
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _equality(kind):
        names = [field.name for field in fields(kind) if field.compare]
        content = attrgetter(*names, "__class__")  # at least two, so that it gives a tuple

        def equal(self, other):
            return content(self) == content(other) if other.__class__ is self.__class__ else NotImplemented

        return equal

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
