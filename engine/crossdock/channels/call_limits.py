"""The limits of a channel's calls: `limits:` in its file.

limits: {seconds: 30, attempts: 3, rate: 2/s, deadline_seconds: 120}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from crossdock.channels.rate import Rate, parse_rate
from crossdock.core.limits import ANSWER_BYTES, CALL_ATTEMPTS, CALL_SECONDS, CALL_WAIT
from crossdock.core.yaml_reader import MapNode, Node, ScalarNode
from crossdock.language.parser import Parser, plain, unknown_keys

LIMIT_KEYS: Final = {
    "seconds": "the seconds that one attempt of a call may take",
    "answer_bytes": "the largest answer, in bytes",
    "attempts": "the most attempts of a call that may be repeated",
    "wait_seconds": "the most seconds between two attempts, also when a Retry-After asks for more",
    "rate": "the most calls in any second, minute or hour: 2/s, 30/min or 1000/h",
    "deadline_seconds": "the seconds after which a conversation makes no more calls",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a call.

    ``seconds`` bounds one attempt, from the connection to the last byte of the answer; ``answer_bytes`` the
    body of the answer; ``attempts`` how often one call is made; ``wait_seconds`` the wait between two
    attempts; ``rate`` the attempts of all calls; ``deadline_seconds`` a conversation.
    """

    seconds: float = CALL_SECONDS
    answer_bytes: int = ANSWER_BYTES
    attempts: int = CALL_ATTEMPTS
    wait_seconds: float = CALL_WAIT
    rate: Rate | None = None
    deadline_seconds: float | None = None


def parse_limits(parser: Parser, node: Node | None) -> Limits:
    """The limits of a channel's file. ``parser`` takes what is wrong."""
    if node is None:
        return Limits()
    if not isinstance(node, MapNode):
        parser.problem("not-an-object", "`limits` must be an object of whole numbers", node.span)
        return Limits()
    parser.problems.extend(unknown_keys(node, LIMIT_KEYS, "`limits`"))
    found: dict[str, Any] = {}
    for key, value in node.entries:
        name = str(key.value)
        limit = _rate(parser, value) if name == "rate" else whole_limit(parser, value, name)
        if limit is not None and name in LIMIT_KEYS:
            found[name] = limit
    return Limits(**found)


def _rate(parser: Parser, node: Node) -> Rate | None:
    rate = parse_rate(str(node.value)) if isinstance(node, ScalarNode) else None
    if rate is None:
        message = "`rate` must be a number of calls above 0 and a unit"
        parser.problem("limit-value", message, node.span, "2/s, 30/min or 1000/h")
    return rate


def whole_limit(parser: Parser, node: Node, name: str) -> int | None:
    """A limit that is a whole number above 0; None for another value, which ``parser`` reports."""
    number = plain(node)
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    parser.problem("limit-value", f"`{name}` must be a whole number above 0", node.span)
    return None
