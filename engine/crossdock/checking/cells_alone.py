"""The check of cells that belong to no mapping, such as those of a channel's file."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType

from crossdock.checking.check import CellCheck
from crossdock.checking.settings_types import type_of_settings
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, Type
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.json_types import JSON
from crossdock.language import syntax


def check_alone(
    cells: Iterable[syntax.Cell], settings: MappingType[str, JSON], context: Type = ANYTHING
) -> list[Diagnostic]:
    """The errors in cells that belong to no mapping. All that they can read is settings and the context."""
    check = CellCheck(TypeScope(context, type_of_settings(settings)))
    for cell in cells:
        for use in syntax.uses(cell):
            help = "only a mapping can use fragments and other mappings"
            check.finding("unknown-fragment", f"`{use.name}` cannot be used here", use.name_span, help)
        if not syntax.uses(cell):
            check.cell(cell, context, ANYTHING)
    return [item for item in dict.fromkeys(check.findings) if item.severity == "error"]
