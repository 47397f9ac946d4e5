"""The functions that read the scope of an expression. They have no ``call``: the evaluator computes them."""

from __future__ import annotations

from crossdock.language.functions.function import Function, takes, types

FUNCTIONS = (
    Function("root", (), types("any"), "The whole source payload of this mapping", kind="context"),
    Function("settings", (), types("object"), "The channel's settings, with their defaults", kind="context"),
    Function("request", (), types("any"), "In a conversation: the request that it answers", kind="context"),
    Function(
        "answers",
        (),
        types("object"),
        "In a conversation: the answers of the steps so far, by step name",
        kind="context",
    ),
    Function(
        "events",
        (),
        types("array"),
        "In a conversation: the events so far, one for each failure and each `event` step",
        kind="context",
    ),
    Function(
        "now",
        (),
        types("string"),
        "In a conversation: the time at which it began, in UTC: `2026-11-30T09:00:00Z`. "
        "A dry run has a fixed time, which `--now` or `$now` in its answers sets",
        kind="context",
    ),
    Function(
        "lookup",
        takes("table: string, key: string | integer | null, default?: any"),
        types("any"),
        "The value at a key of one of the mapping's tables: `lookup('card', upper(card), 'Other card')`. "
        "A key that the table does not list gives the default, or null; a missing key gives null",
        kind="context",
        piped=1,
    ),
)
