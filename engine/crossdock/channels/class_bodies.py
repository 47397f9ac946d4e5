"""The classes of a channel's answers against what these can hold: the answers of all calls, and errors."""

from __future__ import annotations

from collections.abc import Iterable

from crossdock.channels.config import Channel
from crossdock.channels.steps import Conversation
from crossdock.checking.given_types import documented_type
from crossdock.checking.types import ANYTHING, union
from crossdock.core.diagnostics import Diagnostic


def class_findings(channel: Channel, files: Iterable[Conversation]) -> list[Diagnostic]:
    """What the conditions of the classes read that no answer documents. ``files`` make all calls.

    The bodies of errors must be documented, or nothing is known of what is not asked for.
    """
    files = list(files)
    errors = next((file.errors for file in files if file.errors is not None), None)
    if errors is None or not channel.classes.by_name:
        return []
    schemas = [errors, *(schema for file in files for schema in file.answers.values())]
    body = union(documented_type(schema) for schema in dict.fromkeys(schemas))
    if body is ANYTHING:
        return []
    return list(dict.fromkeys(channel.classes.findings(channel.defaults(), body)))
