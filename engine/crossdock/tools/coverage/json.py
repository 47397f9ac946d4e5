"""Coverage for programs: every field and every missed arm."""

from __future__ import annotations

from collections.abc import Iterable

from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON
from crossdock.tools.coverage.firing import Missed
from crossdock.tools.coverage.leaves import text_of
from crossdock.tools.coverage.report import VERDICTS, Coverage


def write(found: Iterable[Coverage]) -> str:
    return encode([_plain(item) for item in found])


def _plain(item: Coverage) -> JSON:
    plain: dict[str, JSON] = {"mapping": item.mapping}
    for account in item.accounts:
        done, left_out = VERDICTS[account.side]
        plain[account.side] = {
            "schema": account.schema,
            "fields": account.total,
            done: [text_of(leaf) for leaf in account.done],
            left_out: {text_of(leaf): entry.reason for leaf, entry in account.left_out},
            "unaccounted": [text_of(leaf) for leaf in account.unaccounted],
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
