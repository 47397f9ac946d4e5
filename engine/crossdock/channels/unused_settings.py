"""Which settings are read: one that no mapping, conversation or header of its channel reads is unused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crossdock.channels.config import Channel, channel_cells
from crossdock.checking.facts import path_of
from crossdock.checking.narrowing import Anchor
from crossdock.core.diagnostics import Diagnostic
from crossdock.language import syntax
from crossdock.language.expr import Expr, children
from crossdock.language.syntax import LinkedMapping

_ALL: Final = "*"


def unused_settings(channel: Channel, files: Iterable[LinkedMapping]) -> list[Diagnostic]:
    """A finding for each setting that nothing reads; ``files`` are all that can read it."""
    read = {name for cell in channel_cells(channel) for name in _read_in(cell)}
    for mapping in files:
        read |= mapping.once(_read_by)
    if _ALL in read:
        return []
    return [
        Diagnostic("unused-setting", f"nothing reads the setting `{name}`", setting.span, severity="warning")
        for name, setting in channel.settings.items()
        if name not in read
    ]


def _read_by(mapping: LinkedMapping) -> frozenset[str]:
    return frozenset(name for cell in _cells(mapping) for name in _read_in(cell))


def _cells(mapping: LinkedMapping) -> Iterator[syntax.Cell]:
    yield mapping.cell
    yield from mapping.fragments.values()
    for check in mapping.checks:
        yield syntax.Evaluate(check.condition)
        if check.message is not None:
            yield syntax.Evaluate(check.message)


def _read_in(cell: syntax.Cell) -> Iterator[str]:
    for expression in syntax.expressions(cell):
        if "settings" in expression.text:  # few have it, and to walk through all takes long
            yield from _names(expression.node)


def _names(node: Expr) -> Iterator[str]:
    """The settings that an expression reads; a star for all of them."""
    path = path_of(node)
    if path and path[0] == Anchor("settings"):
        yield str(path[1]) if len(path) > 1 else _ALL
        return
    for child in children(node):
        yield from _names(child)
