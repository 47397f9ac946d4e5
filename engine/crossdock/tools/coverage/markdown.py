"""Coverage for a pull request: one table, and a list of what is open in each mapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossdock.core import markdown
from crossdock.tools.coverage.accounts import Account
from crossdock.tools.coverage.report import Coverage, by_place, firing_words, open_parts


def write(found: Sequence[Coverage]) -> str:
    head = ["mapping", "source fields", "target fields", "rules", "table rows"]
    parts = [markdown.table(head, [_row(item) for item in found])]
    for item in found:
        if listed := list(_listed(item)):
            parts.append(f"### {markdown.code(item.mapping)}\n\n" + "\n".join(listed))
    return "\n\n".join(parts)


def _row(item: Coverage) -> list[str]:
    sides = {account.side: account for account in item.accounts}
    cells = [_share(sides[side]) if side in sides else "" for side in ("source", "target")]
    if item.firing is None:
        return [markdown.code(item.mapping), *cells, "", ""]
    rows = f"{item.firing.rows_hit} of {item.firing.rows}" if item.firing.rows else ""
    return [markdown.code(item.mapping), *cells, firing_words(item.firing), rows]


def _share(account: Account) -> str:
    return f"{account.total - len(account.unaccounted)} of {account.total}"


def _listed(item: Coverage) -> Iterator[str]:
    for account in item.accounts:
        for path, count in open_parts(account):
            yield f"- {account.side}: {markdown.code(path)}" + (f", {count} fields" if count > 1 else "")
    for place, says, what in by_place(item.firing.missed if item.firing is not None else ()):
        yield f"- {markdown.code(place)} {says}: {markdown.code(what)}"
