"""What a comparison found, of one mapping or of several, as a text and as JSON.

kibo/order: 34 payloads read, 2 changed, 6 fail before, 6 after

mappings/kibo/order.yaml:64:18
  - product.name
  + join(' + ', [product.name, product.subtitle])
    items[].sku_title  changed  2 payloads
      product-extra.json  /items/0/sku_title  "Silver ring"  →  "Silver ring + Velvet box"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, Span, shorten
from crossdock.core.json_types import JSON, Missing
from crossdock.tools.diff.comparison import Change, Comparison, Remark, RemarkKind, Sample
from crossdock.tools.diff.privacy import HIDDEN
from crossdock.tools.diff.rules import Rule, brief, line_of

REMARKS: Final[dict[RemarkKind, str]] = {
    "fails": "now fails",
    "passes": "no longer fails",
    "fails otherwise": "fails otherwise",
    "warns": "new warning",
    "warns no more": "no longer a warning",
    "warns otherwise": "warning with other figures",
}
_MOST_NAMES: Final = 10


@dataclass(frozen=True, slots=True)
class Compared:
    """One mapping's part of a report. ``comparison`` is None for one that only one side has."""

    name: str
    comparison: Comparison | None = None
    status: str = "compared"

    @property
    def changed(self) -> bool:
        return self.comparison is None or self.comparison.changed > 0


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def summary(comparison: Comparison) -> str:
    """All figures in one line."""
    changed = f"{comparison.changed} changed" if comparison.changed else "nothing changed"
    line = f"{counted(comparison.read, 'payload')} read, {changed}"
    if comparison.failed_before or comparison.failed_after:
        line += f", {comparison.failed_before} failed before, {comparison.failed_after} now"
    return line


def by_rule(changes: Iterable[Change]) -> Iterator[tuple[Rule, list[Change]]]:
    for rule, found in groupby(changes, key=lambda each: each.rule):
        yield rule, list(found)


def value_text(value: JSON | Missing, most: int = 60) -> str:
    """A value on one line, or that there is none."""
    if isinstance(value, Missing) or value == HIDDEN:
        return HIDDEN if value == HIDDEN else "absent"
    return shorten(json_reader.encode(value, compact=True), most)


# --- text


def text(report: Sequence[Compared]) -> str:
    return "\n\n".join("\n".join(_mapping(each)) for each in report)


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


def _rule(rule: Rule, changes: list[Change]) -> Iterator[str]:
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


def place_of(rule: Rule) -> str:
    if rule.new is None:
        return f"{rule.old}, which is gone" if rule.old else "no cell of the mapping"
    return str(rule.new)


def rule_lines(rule: Rule, most: int = 100) -> list[str]:
    """The cell before and after, or once when it is as it was."""
    if rule.unchanged and rule.new is not None:
        return [f"  {shorten(brief(rule.new), most)}"]
    old = [f"- {shorten(brief(rule.old), most)}"] if rule.old else []
    return old + ([f"+ {shorten(brief(rule.new), most)}"] if rule.new else [])


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


# --- JSON


def data(report: Sequence[Compared], old: str, new: str) -> dict[str, JSON]:
    changed = any(each.changed for each in report)
    return {"old": old, "new": new, "changed": changed, "mappings": [_data(each) for each in report]}


def _data(each: Compared) -> JSON:
    found: dict[str, JSON] = {"mapping": each.name, "status": each.status}
    if (comparison := each.comparison) is not None:
        found["payloads"] = {
            "read": comparison.read,
            "changed": comparison.changed,
            "failed_before": comparison.failed_before,
            "failed_after": comparison.failed_after,
        }
        found["changed"] = list[JSON](comparison.names)
        found["rules"] = [_rule_data(*pair) for pair in by_rule(comparison.changes)]
        found["remarks"] = [_remark_data(remark) for remark in comparison.remarks]
    return found


def _rule_data(rule: Rule, changes: list[Change]) -> JSON:
    notes = dict.fromkeys(note for change in changes for note in change.notes)
    fields = [_change_data(change) for change in changes]
    return {"before": _span(rule.old), "after": _span(rule.new), "notes": list[JSON](notes), "fields": fields}


def _change_data(change: Change) -> JSON:
    samples: list[JSON] = []
    for sample in change.samples:
        found: dict[str, JSON] = {"payload": sample.payload, "pointer": sample.new or sample.old}
        if not isinstance(sample.before, Missing):
            found["before"] = sample.before
        if not isinstance(sample.after, Missing):
            found["after"] = sample.after
        samples.append(found)
    return {
        "field": change.path,
        "kind": change.kind,
        "payloads": change.payloads,
        "places": change.places,
        "samples": samples,
    }


def _remark_data(remark: Remark) -> JSON:
    return {
        "kind": remark.kind,
        "before": _diagnostic(remark.before),
        "after": _diagnostic(remark.after),
        "payloads": remark.count,
        "samples": list[JSON](remark.payloads),
    }


def _diagnostic(item: Diagnostic | None) -> JSON:
    if item is None:
        return None
    return {"id": item.id, "severity": item.severity, "message": item.message, "span": _span(item.span)}


def _span(span: Span | None) -> JSON:
    if span is None:
        return None
    return {"file": span.source.name, "line": span.line, "column": span.column, "text": line_of(span)}
