"""A comparison for programs; docs/diff.md shows one."""

from __future__ import annotations

from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON, Missing
from crossdock.tools.diff.comparison import Change, Remark
from crossdock.tools.diff.report import Compared, DiffReport, by_rule
from crossdock.tools.diff.rules import RuleVersions, line_of


def write(report: DiffReport) -> str:
    mappings = [_data(each) for each in report.mappings]
    return encode({"old": report.old, "new": report.new, "changed": report.changed, "mappings": mappings})


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


def _rule_data(rule: RuleVersions, changes: list[Change]) -> JSON:
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
