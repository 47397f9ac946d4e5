"""Coverage for a terminal.

kibo/order
  source  1902 fields of kibo/order: 101 read, 1801 ignored, 0 unaccounted
  target  42 fields of retailops/order: 42 written, 0 unavailable, 0 unaccounted
  rules   199 of 215 seen in 105 examples
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crossdock.tools.coverage.report import Coverage, account_words, by_place, firing_words, open_parts


def write(found: Iterable[Coverage]) -> str:
    return "\n".join(line for item in found for line in _lines(item))


def _lines(item: Coverage) -> Iterator[str]:
    yield item.mapping
    for account in item.accounts:
        yield f"  {account.side}  {account_words(account)}"
        for path, count in open_parts(account):
            yield f"    {path}" + (f" ({count} fields)" if count > 1 else "")
    if item.firing is not None:
        yield f"  rules   {firing_words(item.firing)}"
        if item.firing.rows:
            yield f"  rows    {item.firing.rows_hit} of {item.firing.rows} hit"
        for place, says, what in by_place(item.firing.missed):
            yield f"    {place}: {says}: {what}"
