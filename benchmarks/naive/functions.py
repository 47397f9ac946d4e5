"""The custom functions that the mappings call, as one writes them for jmespath.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import jmespath.functions
from jmespath.functions import signature

_ANY: Final[Any] = {"types": []}
_REST: Final[Any] = {"types": [], "variadic": True}
_PLACES: Final = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3}


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _quantized(value: Any, currency: Any) -> Decimal:
    step = Decimal(1).scaleb(-_PLACES.get(currency, 2))
    return _decimal(value).quantize(step, ROUND_HALF_UP)


class Functions(jmespath.functions.Functions):
    """JMESPath's functions and ours. ``root`` is the payload of the run."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.root: Any = None
        self._tables, self._settings = tables, settings

    @signature()
    def _func_root(self) -> Any:
        return self.root

    @signature()
    def _func_settings(self) -> Any:
        return self._settings

    @signature(_ANY, _ANY)
    def _func_lookup(self, table: str, key: Any) -> Any:
        return self._tables[table].get(key)

    @signature(_REST)
    def _func_add(self, *values: Any) -> Any:
        present = [_decimal(value) for value in values if value is not None]
        return _plain(sum(present, Decimal(0))) if present else None

    @signature(_ANY, _ANY)
    def _func_subtract(self, value: Any, less: Any) -> Any:
        return None if value is None else _plain(_decimal(value) - _decimal(less or 0))

    @signature(_REST)
    def _func_multiply(self, *values: Any) -> Any:
        if None in values:
            return None
        product = Decimal(1)
        for value in values:
            product *= _decimal(value)
        return _plain(product)

    @signature(_ANY, _ANY)
    def _func_ratio(self, value: Any, by: Any) -> Any:
        return _plain(_decimal(value) / _decimal(by)) if value is not None and by else None

    @signature(_ANY)
    def _func_number(self, value: Any) -> Any:
        return None if value is None else _plain(_decimal(value))

    @signature(_ANY)
    def _func_integer(self, value: Any) -> Any:
        return None if value is None else int(_decimal(value))

    @signature(_ANY)
    def _func_neg(self, value: Any) -> Any:
        return None if value is None else _plain(-_decimal(value))

    @signature(_ANY)
    def _func_magnitude(self, value: Any) -> Any:
        return None if value is None else _plain(abs(_decimal(value)))

    @signature(_ANY, _ANY)
    def _func_max_of(self, one: Any, other: Any) -> Any:
        return max(one, other)

    @signature(_ANY, _ANY)
    def _func_equal(self, one: Any, other: Any) -> Any:
        return one == other if one is None or other is None else _decimal(one) == _decimal(other)

    @signature(_ANY)
    def _func_sum(self, values: Any) -> Any:
        return _plain(sum(map(_decimal, values or ()), Decimal(0)))

    @signature(_ANY, _ANY)
    def _func_money(self, value: Any, currency: Any) -> Any:
        return None if value is None else str(_quantized(value, currency))

    @signature(_ANY, _ANY)
    def _func_amount(self, value: Any, currency: Any) -> Any:
        return None if value is None else _plain(_quantized(value, currency))

    @signature(_ANY)
    def _func_upper(self, text: Any) -> Any:
        return None if text is None else text.upper()

    @signature(_ANY)
    def _func_lower(self, text: Any) -> Any:
        return None if text is None else text.lower()

    @signature(_ANY, {"types": ["expref"]})
    def _func_group_by(self, values: Any, key: Any) -> Any:
        groups: dict[str, list[Any]] = {}
        for value in values:
            groups.setdefault(key.visit(key.expression, value), []).append(value)
        return groups

    @signature(_ANY)
    def _func_trim(self, text: Any) -> Any:
        return None if text is None else text.strip()

    @signature(_ANY)
    def _func_unique(self, values: Any) -> Any:
        return list(dict.fromkeys(values))

    @signature(_ANY)
    def _func_epoch(self, text: Any) -> Any:
        return None if text is None else int(datetime.fromisoformat(text).timestamp())

    @signature(_ANY, _ANY, _ANY)
    def _func_round(self, value: Any, *_: Any) -> Any:
        return None if value is None else int(_decimal(value) // 1)

    @signature(_ANY)
    def _func_iso(self, value: Any) -> Any:
        return datetime.fromtimestamp(value, UTC).isoformat() if isinstance(value, int) else value

    @signature(_ANY)
    def _func_parse_json(self, text: Any) -> Any:
        try:
            return None if text is None else json.loads(text)
        except ValueError:
            return None


class TwoOrThree(Functions):
    """``lookup`` with a default too: a signature of JMESPath's has one number of arguments."""

    def call_function(self, function_name: str, resolved_args: Any) -> Any:
        if function_name == "lookup" and len(resolved_args) == 3:
            table, key, default = resolved_args
            return None if key is None else self._tables[table].get(key, default)
        return super().call_function(function_name, resolved_args)
