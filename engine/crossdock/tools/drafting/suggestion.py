"""What `crossdock suggest` prints: the draft of a mapping between two schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crossdock.core.json_types import JSON
from crossdock.tools.drafting.draft import Drafting
from crossdock.tools.drafting.example_values import samples_of
from crossdock.tools.drafting.writing import mapping_text

if TYPE_CHECKING:
    from crossdock.project.project import Project


def suggest(
    project: Project, source: str, target: str, payloads: Iterable[JSON] = (), *, modeline: str | None = None
) -> str:
    """A mapping as text. Raises ProjectError when a schema is missing."""
    drafting = Drafting(project.schema(source), project.schema(target), samples_of(payloads))
    return mapping_text(drafting.draft(), source, target, modeline=modeline)
