"""How sure a finding is: every payload brings it about, or only some do."""

from __future__ import annotations

from enum import Enum

from crossdock.core.diagnostics import Severity


class Certainty(Enum):
    """``ALWAYS`` is an error. ``SOMETIMES`` is a warning: an author may know that no such payload comes."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"

    @property
    def severity(self) -> Severity:
        return "error" if self is Certainty.ALWAYS else "warning"

    @property
    def verb(self) -> str:
        """The verb of the message: this value *is* text, or *may be*."""
        return "is" if self is Certainty.ALWAYS else "may be"


def certainty(kinds: frozenset[str], wrong: frozenset[str]) -> Certainty:
    """How sure it is that a value of some kinds is of one of the wrong ones."""
    return Certainty.SOMETIMES if kinds - wrong else Certainty.ALWAYS
