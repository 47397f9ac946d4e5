"""What is covered of some mappings, as text, as JSON and as Markdown.

kibo/order
  source  1902 fields of kibo/order: 101 read, 1801 ignored, 0 unaccounted
  target  42 fields of retailops/order: 42 written, 0 unavailable, 0 unaccounted
  rules   199 of 215 seen in 105 examples
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crossdock.core import markdown
from crossdock.core.json_types import JSON
from crossdock.tools.coverage.accounts import Account, accounts_of
from crossdock.tools.coverage.firing import Firing, Missed, firings
from crossdock.tools.coverage.leaves import Parts, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.language.mapping import Mapping
    from crossdock.project.project import Project

_WORDS: Final = {"source": ("read", "ignored"), "target": ("written", "unavailable")}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one mapping. ``firing`` is None when no examples were run."""

    mapping: str
    accounts: tuple[Account, ...]
    firing: Firing | None

    @property
    def open(self) -> int:
        """How many fields nobody has thought of."""
        return sum(len(account.open) for account in self.accounts)

    @property
    def missed(self) -> int:
        return 0 if self.firing is None else len(self.firing.missed)


def coverage(
    project: Project, mappings: Sequence[Mapping], given: Iterable[Path] = (), *, examples: bool = True
) -> list[Coverage]:
    """The coverage of each mapping, by its own examples and those of its users, or by what is given."""
    found: Sequence[Firing | None] = [None] * len(mappings)
    if examples:
        found = firings(project, mappings, given)
    return [
        Coverage(mapping.name, tuple(accounts_of(mapping)), firing)
        for mapping, firing in zip(mappings, found, strict=True)
    ]


def subtrees(fields: Sequence[Parts], others: Iterable[Parts]) -> list[tuple[str, int]]:
    """Fields by the largest subtrees that hold none of the others, and how many are in each."""
    kept = {other[:length] for other in others for length in range(len(other) + 1)}
    found: dict[Parts, int] = {}
    for leaf in fields:
        top = next((leaf[:length] for length in range(1, len(leaf)) if leaf[:length] not in kept), leaf)
        found[top] = found.get(top, 0) + 1
    return [(text_of(path), count) for path, count in found.items()]


def open_parts(account: Account) -> list[tuple[str, int]]:
    others = [*account.done, *(leaf for leaf, _ in account.left_out)]
    return subtrees(account.open, others)


def by_place(missed: Iterable[Missed]) -> Iterator[tuple[str, str, str]]:
    """Where something is missed, what is said of it, and of what; the rows of a table as one."""
    rows: dict[str, list[Missed]] = {}
    for item in missed:
        if item.rule.kind == "row":
            rows.setdefault(item.rule.text.partition(": ")[0], []).append(item)
        else:
            yield str(item.rule.span), item.says, item.rule.text
    for table, found in rows.items():
        names = ", ".join(item.rule.text.partition(": ")[2] for item in found)
        yield str(found[0].rule.span), f"rows of `{table}` that are never hit", names


# Text


def as_text(found: Iterable[Coverage]) -> str:
    return "\n".join(line for item in found for line in _lines(item))


def _lines(item: Coverage) -> Iterator[str]:
    yield item.mapping
    for account in item.accounts:
        yield f"  {account.side}  {in_words(account)}"
        for path, count in open_parts(account):
            yield f"    {path}" + (f" ({count} fields)" if count > 1 else "")
    if item.firing is not None:
        yield f"  rules   {_fired(item.firing)}"
        if item.firing.rows:
            yield f"  rows    {item.firing.rows_hit} of {item.firing.rows} hit"
        for place, says, what in by_place(item.firing.missed):
            yield f"    {place}: {says}: {what}"


def in_words(account: Account) -> str:
    done, left_out = _WORDS[account.side]
    return (
        f"{_count(account.total, 'field')} of {account.schema}: {len(account.done)} {done}, "
        f"{len(account.left_out)} {left_out}, {len(account.open)} unaccounted"
    )


def _fired(firing: Firing) -> str:
    return f"{firing.rules_seen} of {firing.rules} seen in {_count(sum(firing.examples.values()), 'example')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


# JSON


def as_json(found: Iterable[Coverage]) -> JSON:
    return [_plain(item) for item in found]


def _plain(item: Coverage) -> JSON:
    plain: dict[str, JSON] = {"mapping": item.mapping}
    for account in item.accounts:
        done, left_out = _WORDS[account.side]
        plain[account.side] = {
            "schema": account.schema,
            "fields": account.total,
            done: [text_of(leaf) for leaf in account.done],
            left_out: {text_of(leaf): entry.reason for leaf, entry in account.left_out},
            "unaccounted": [text_of(leaf) for leaf in account.open],
        }
    if item.firing is not None:
        plain["examples"] = {
            "run": dict(item.firing.examples),
            "rules": {"all": item.firing.rules, "seen": item.firing.rules_seen},
            "rows": {"all": item.firing.rows, "hit": item.firing.rows_hit},
            "missed": [_missed(each) for each in item.firing.missed],
        }
    return plain


def _missed(item: Missed) -> JSON:
    span = item.rule.span
    return {
        "kind": item.rule.kind,
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "rule": item.rule.text,
        "says": item.says,
    }


# Markdown


def as_markdown(found: Sequence[Coverage]) -> str:
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
    return [markdown.code(item.mapping), *cells, _fired(item.firing), rows]


def _share(account: Account) -> str:
    return f"{account.total - len(account.open)} of {account.total}"


def _listed(item: Coverage) -> Iterator[str]:
    for account in item.accounts:
        for path, count in open_parts(account):
            yield f"- {account.side}: {markdown.code(path)}" + (f", {count} fields" if count > 1 else "")
    for place, says, what in by_place(item.firing.missed if item.firing is not None else ()):
        yield f"- {markdown.code(place)} {says}: {markdown.code(what)}"
