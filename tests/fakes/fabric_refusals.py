"""fabric's refusals, in the words of its two generations of services, and its searches."""

from __future__ import annotations

import re
from typing import Any

from fakes.channel import Refusal

_FIELD = re.compile(r"[a-z]+\.[a-zA-Z.\-_]*")
_CODES = {400: "SERVICE-4002", 401: "SERVICE-4001", 404: "SERVICE-4040", 409: "SERVICE-4006"}


def error_body(
    status: int,
    message: str,
    code: str = "",
    generation: str = "new",
    errors: list[dict[str, Any]] | None = None,
    **_: Any,
) -> dict[str, Any]:
    """``new``: with codes and a context; ``old``: without; ``catalog``: the code is the type."""
    kind = "CLIENT_ERROR" if status < 500 else "SERVER_ERROR"
    if generation == "catalog":
        return {"type": code or "NOT_FOUND", "message": message}
    if generation == "old":
        return {"type": kind, "message": message, **({"errors": errors} if errors else {})}
    return {
        "type": kind,
        "errorCode": code or _CODES.get(status, "SERVICE-5000"),
        "message": message,
        "errors": errors or [],
        "context": {"service": "orders", "endpoint": "POST /v3/orders"},
    }


def unknown(what: object, status: int = 404, **more: Any) -> Refusal:
    more.setdefault("code", "SERVICE-4040" if status == 404 else "SERVICE-4004")
    return Refusal(status, f"{what} doesn't exist", **more)


def invalid(name: str, detail: str = "has an invalid value", **more: Any) -> Refusal:
    return Refusal(400, f"`{name}` {detail}", **{"code": "SERVICE-4002", **more})


def required(given: Any, *names: str, **more: Any) -> None:
    """Every name has a value."""
    missing = [name for name in names if not isinstance(given, dict) or given.get(name) in (None, "", [])]
    if missing:
        raise Refusal(
            400,
            f"Mandatory param(s): {', '.join(f'`{name}`' for name in missing)} is/are missing",
            code="SERVICE-4003",
            errors=[
                {"type": "CLIENT_ERROR", "errorCode": "SERVICE-4003", "message": name, "errors": []}
                for name in missing
            ],
            **more,
        )


def searched(rows: list[dict[str, Any]], given: Any, arguments: Any, about: str) -> dict[str, Any]:
    """A page of the rows that fit all filters. Fields are named ``order.statusCode``."""
    if not isinstance(given, dict) or not isinstance(given.get("filters"), list):
        raise invalid("filters", "is required", code="SERVICE-4003")
    if len(given["filters"]) > 50:
        raise invalid("filters", "are too many")
    for each in given["filters"]:
        rows = _kept(rows, each, about)
    for field in reversed(given.get("sort", f"-{about}.createdAt").split(",")):
        name = _name(field[1:], about)
        if field[:1] not in ("+", "-"):
            raise invalid("sort")
        rows = sorted(rows, key=lambda row, name=name: str(row.get(name) or ""), reverse=field[0] == "-")
    offset, limit = int(arguments.get("offset", 0)), int(arguments.get("limit", 10))
    if offset < 0 or not 1 <= limit <= 100:
        raise invalid("limit", "is from 1 to 100")
    page = {"offset": offset, "limit": limit, "count": len(rows)}
    return {"data": rows[offset : offset + limit], "pagination": page}


def _name(field: str, about: str) -> str:
    if not _FIELD.fullmatch(field) or not field.startswith(f"{about}."):
        raise invalid("field", f"{field} is no field of a search")
    return field.removeprefix(f"{about}.")


def _kept(rows: list[dict[str, Any]], each: dict[str, Any], about: str) -> list[dict[str, Any]]:
    name, condition = _name(each.get("field", ""), about), each.get("condition", "EQ")
    if condition in ("IN", "NIN"):
        values = each.get("values")
        if not isinstance(values, list) or not 1 <= len(values) <= 25:
            raise invalid("values", "are from 1 to 25")
        return [row for row in rows if (row.get(name) in values) == (condition == "IN")]
    if "value" not in each:
        raise invalid("value", "is required", code="SERVICE-4003")
    tests = {
        "EQ": lambda given, value: given == value,
        "NEQ": lambda given, value: given != value,
        "LT": lambda given, value: given < value,
        "GT": lambda given, value: given > value,
        "LTE": lambda given, value: given <= value,
        "GTE": lambda given, value: given >= value,
    }
    if condition not in tests:
        raise invalid("condition")
    return [row for row in rows if tests[condition](str(row.get(name) or ""), str(each["value"]))]
