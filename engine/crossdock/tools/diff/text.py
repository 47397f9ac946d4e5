"""A comparison for a terminal.

kibo/order: 34 payloads read, 2 changed, 6 fail before, 6 after

mappings/kibo/order.yaml:64:18
  - product.name
  + join(' + ', [product.name, product.subtitle])
    items[].sku_title  changed  2 payloads
      product-extra.json  /items/0/sku_title  "Silver ring"  →  "Silver ring + Velvet box"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from crossdock.core.diagnostics import printable
from crossdock.tools.diff.comparison import Change, Remark, Sample
from crossdock.tools.diff.report import (
    REMARKS,
    Compared,
    DiffReport,
    by_rule,
    counted,
    place_of,
    rule_lines,
    summary,
    value_text,
)
from crossdock.tools.diff.rules import RuleVersions

_MOST_NAMES: Final = 10


def write(report: DiffReport) -> str:
    return "\n\n".join("\n".join(map(printable, _mapping(each))) for each in report.mappings)


def _mapping(each: Compared) -> Iterator[str]:
    if each.comparison is None:
        yield f"{each.name}: {each.status}"
        return
    comparison = each.comparison
    yield f"{each.name}: {summary(comparison)}"
    for rule, changes in by_rule(comparison.changes):
        yield ""
        yield from _rule(rule, changes)
    for remark in comparison.remarks:
        yield ""
        yield from _remark(remark)
    if comparison.names:
        listed = comparison.names[:_MOST_NAMES]
        more = comparison.changed - len(listed)
        yield ""
        yield f"changed: {', '.join(listed)}" + (f" and {more} more" if more else "")


def _rule(rule: RuleVersions, changes: list[Change]) -> Iterator[str]:
    yield place_of(rule)
    yield from (f"  {line}" for line in rule_lines(rule))
    for note in dict.fromkeys(note for change in changes for note in change.notes):
        yield f"  = {note}"
    widths = [max(len(cell) for cell in column) for column in zip(*map(_head, changes), strict=True)]
    for change in changes:
        yield "    " + _aligned(_head(change), widths)
        yield from _samples(change.samples)


def _head(change: Change) -> tuple[str, str, str]:
    many = f", {counted(change.places, 'place')}" if change.places != change.payloads else ""
    return change.path or "the whole result", change.kind, counted(change.payloads, "payload") + many


def _samples(samples: list[Sample]) -> Iterator[str]:
    rows = [
        (s.payload, s.new or s.old or "/", value_text(s.before), "→", value_text(s.after)) for s in samples
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "      " + _aligned(row, widths)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _remark(remark: Remark) -> Iterator[str]:
    item = remark.after or remark.before
    assert item is not None
    yield f"{REMARKS[remark.kind]}: {counted(remark.count, 'payload')}"
    yield f"  {item.severity}[{item.id}]: {item.message}"
    if remark.before and remark.after:
        yield f"  before: {remark.before.message}"
    if item.span:
        yield f"  {item.span}"
    listed = ", ".join(remark.payloads)
    more = remark.count - len(remark.payloads)
    yield f"  {listed}" + (f" and {more} more" if more else "")
