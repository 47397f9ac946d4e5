"""What `crossdock suggest` prints: the draft of a mapping between two schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crossdock.drafting.draft import Drafting
from crossdock.drafting.samples import samples_of
from crossdock.drafting.writing import mapping_text
from crossdock.values import JSON

if TYPE_CHECKING:
    from crossdock.project import Project


def suggest(
    project: Project, source: str, target: str, payloads: Iterable[JSON] = (), *, modeline: str | None = None
) -> str:
    """A mapping as text. Raises ProjectError when a schema is missing."""
    drafting = Drafting(project.schema(source), project.schema(target), samples_of(payloads))
    return mapping_text(drafting.draft(), source, target, modeline=modeline)
