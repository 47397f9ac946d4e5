"""Kibo's refusals, in its words."""

from __future__ import annotations

import re
from typing import Any

from fakes.channel import Refusal

_FILTER = re.compile(r"^\s*([\w.]+)\s+(eq|ne|gt|ge|lt|le|sw|cont)\s+(?:'([^']*)'|(.+?))\s*$", re.IGNORECASE)


def not_found(what: object) -> Refusal:
    return Refusal(404, f"Item not found: {what}", name="ItemId", value=str(what))


def invalid(name: str, detail: str = "") -> Refusal:
    return Refusal(
        400, f"Missing or invalid parameter: {name} {detail}".strip(), name="ParameterName", value=name
    )


def conflict(message: str) -> Refusal:
    return Refusal(409, f"Validation conflict: {message}")


def found(rows: dict[str, Any], key: str) -> Any:
    if key not in rows:
        raise not_found(key)
    return rows[key]


def filtered(rows: list[dict[str, Any]], text: str, known: set[str]) -> list[dict[str, Any]]:
    """The rows that a filter keeps: ``a eq b and c ne d``; there is no ``or``."""
    for condition in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text else ():
        match = _FILTER.match(condition)
        if match is None or " or " in condition or match[1] not in known:
            raise invalid("filter", condition)
        name, operator, value = match[1], match[2].lower(), match[3] if match[3] is not None else match[4]
        rows = [row for row in rows if _keeps(row.get(name), operator, value)]
    return rows


def _keeps(given: Any, operator: str, value: str) -> bool:
    if operator in ("sw", "cont"):
        text = "" if given is None else str(given)
        return text.startswith(value) if operator == "sw" else value in text
    if isinstance(given, int) and not isinstance(given, bool):
        try:
            left, right = float(given), float(value)
        except ValueError:
            raise invalid("filter", value) from None
    elif given is None:
        return operator == "ne"
    else:
        left, right = str(given), value
    compared = {"eq": left == right, "ne": left != right, "gt": left > right, "ge": left >= right}
    return {**compared, "lt": left < right, "le": left <= right}[operator]


def page(rows: list[dict[str, Any]], arguments: Any) -> dict[str, Any]:
    """One page of rows, in the order that is asked for."""
    start, size = int(arguments.get("startIndex", 0)), int(arguments.get("pageSize", 20))
    if not 0 <= size <= 200 or start < 0:
        raise invalid("pageSize", "must be from 0 to 200")
    if sorting := arguments.get("sortBy"):
        name, _, direction = sorting.partition(" ")
        rows = sorted(rows, key=lambda row: str(row.get(name) or ""), reverse=direction.strip() == "desc")
    return {
        "startIndex": start,
        "pageSize": size,
        "pageCount": -(-len(rows) // size) if size else 0,
        "totalCount": len(rows),
        "items": rows[start : start + size],
    }
