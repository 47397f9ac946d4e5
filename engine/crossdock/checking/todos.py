"""What an author has left open: a comment `# TODO …` on a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from crossdock.core.diagnostics import Diagnostic, Source, Span, shorten

_TODO: Final = re.compile(r"^[ \t]*(?P<all>#[ \t]*TODO\b:?[ \t]*(?P<what>[^\n]*))", re.MULTILINE)


def todos(source: Source) -> Iterator[Diagnostic]:
    """One warning for a file with such comments, at the first of them."""
    found = list(_TODO.finditer(source.text))
    if found:
        first, more = found[0], len(found) - 1
        others = (
            f"; {more} more {'place is' if more == 1 else 'places are'} marked in this file" if more else ""
        )
        message = f"this is not decided yet: {shorten(first['what'].rstrip(), 100) or 'TODO'}{others}"
        help = "delete the comment when it is"
        yield Diagnostic("todo", message, Span(source, *first.span("all")), help, severity="warning")
