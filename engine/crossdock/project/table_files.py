"""Tables with files of their own, in a folder ``tables``."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import MapNode, parse_yaml
from crossdock.language.parser import table_rows
from crossdock.project.shared_files import TABLES


def rows_of(source: Source) -> Mapping[str, JSON]:
    """The rows of a table that has a file of its own. Raises CompileError."""
    node = parse_yaml(source)
    if not isinstance(node, MapNode):
        message = "a table holds keys and their values"
        raise CompileError([Diagnostic("not-an-object", message, Span(source, 0, 1))])
    return table_rows(node)


def no_table(name: str) -> ProjectError:
    """The error for a name that is not that of a table file."""
    help = f"table files are in a folder `{TABLES}`"
    return ProjectError([Diagnostic("unknown-table", f"there is no table file `{name}`", help=help)])
