"""What `again` in a step says of the calls after the first, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crossdock.language import syntax
from crossdock.language.expr import Expression


@dataclass(frozen=True, slots=True)
class Again:
    """Make the call another time as long as ``when`` is true, ``most`` times in all.

    ``url`` is the whole next URL. ``path``, ``query`` and ``body`` take the place of those of the call
    before, ``query`` by its names. ``wait`` gives the seconds before the next call. All of them read
    ``{status, headers, body}`` of the last answer, and ``turn``, its number.
    """

    when: Expression
    url: Expression | None
    path: Expression | None
    query: syntax.Cell | None
    body: syntax.Cell | None
    wait: syntax.Cell | None
    most: int

    def cells(self) -> list[syntax.Cell]:
        """Its cells; an expression counts as one."""
        expressions = [each for each in (self.when, self.url, self.path) if each is not None]
        cells = [each for each in (self.query, self.body, self.wait) if each is not None]
        return [*map(syntax.Evaluate, expressions), *cells]

    def changed(
        self,
        cell: Callable[[syntax.Cell], syntax.Cell],
        expression: Callable[[Expression], Expression],
    ) -> Again:
        """The same with everything in it changed that is evaluated."""
        url, path, query, body, wait = self.url, self.path, self.query, self.body, self.wait
        return Again(
            when=expression(self.when),
            url=None if url is None else expression(url),
            path=None if path is None else expression(path),
            query=None if query is None else cell(query),
            body=None if body is None else cell(body),
            wait=None if wait is None else cell(wait),
            most=self.most,
        )
