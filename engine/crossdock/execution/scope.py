"""What an expression can reach beside its context."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, cast

from crossdock.core.json_types import JSON, settled
from crossdock.core.records import record

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping


@record(frozen=True, slots=True)
class Scope:
    """The payload of the mapping, the settings, and in a conversation the request and what came of it.

    ``now`` is when the conversation began; there is no time outside of one.
    ``tables`` are those of the mapping, by name; a mapping puts its own and its payload in when it runs.
    All whole numbers in a scope are ints: see ``whole_numbers`` for settings.
    ``names`` are the values of the variables that are named around the expression, computed when read.
    ``kept`` is what generated code found in this run and may find again: see ``execution.codegen.joins``.
    """

    root: JSON = None
    settings: Mapping[str, JSON] = field(default_factory=dict)
    request: JSON = None
    answers: Mapping[str, JSON] = field(default_factory=dict)
    events: tuple[JSON, ...] = ()
    now: str | None = None
    tables: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    names: Mapping[str, JSON] = field(default_factory=dict)
    kept: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    def after(self, answers: Mapping[str, JSON], events: Sequence[JSON]) -> Scope:
        """The scope with more answers and events."""
        if not answers and not events:
            return self
        return self._with({**self.answers, **answers}, (*self.events, *events), self.names)

    def naming(self, name: str, value: JSON) -> Scope:
        """The scope inside of what gives a value a name."""
        names = ChainMap({name: value}, cast("MutableMapping[str, JSON]", self.names))
        return self._with(self.answers, self.events, names)

    def _with(
        self, answers: Mapping[str, JSON], events: tuple[JSON, ...], names: Mapping[str, JSON]
    ) -> Scope:
        """The scope with these. `replace` takes twice as long, and each element of a list may need one."""
        return Scope(
            self.root,
            self.settings,
            self.request,
            answers,
            events,
            self.now,
            self.tables,
            names,
            self.kept,
        )


def whole_numbers(settings: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Settings as expressions see them: a default that is written 0.0 only says that decimals are allowed."""
    changed = {name: new for name, value in settings.items() if (new := settled(value)) is not value}
    return {**settings, **changed} if changed else settings


def default_settings(mapping: LinkedMapping) -> Mapping[str, JSON]:
    """The defaults of a mapping's settings, as expressions see them."""
    return whole_numbers(mapping.settings)


def given_settings(mapping: LinkedMapping, given: Mapping[str, JSON] | None) -> Mapping[str, JSON]:
    """The same, with some of them given. Not copied when none are."""
    defaults = mapping.once(default_settings)
    return {**defaults, **whole_numbers(given)} if given else defaults
