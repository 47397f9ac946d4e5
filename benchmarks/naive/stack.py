"""The mapping's own file, run with plain jmespath.py and Jinja: everything compiled before, nothing more.

    convert = Naive("kibo")
    convert.transform(payload)              an object to an object
    convert.pipeline(data)                  bytes, validated, mapped, validated, bytes

It reads ``mappings/<channel>/order.yaml`` and knows the ``$`` words of the language. It leaves out the
checks, the trace, the types of arguments, and every message that says where a mistake is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jinja2
import jmespath
import jsonschema
import yaml

from naive.functions import TwoOrThree

ROOT: Final = Path(__file__).resolve().parents[2]

Cell = Callable[[Any], Any]


class Naive:
    """An order mapping, compiled."""

    def __init__(self, channel: str) -> None:
        folder = ROOT / "mappings" / channel
        mapping = _yaml(folder / "order.yaml")
        known = _yaml(folder / "channel.yaml")["settings"]
        settings = {name: setting["default"] for name, setting in known.items()}
        tables = {
            name: _yaml(folder / f"{rows}.yaml") if isinstance(rows, str) else rows
            for name, rows in mapping["tables"].items()
        }
        self.functions = TwoOrThree(tables, settings)
        self.options = jmespath.Options(custom_functions=self.functions)
        self.templates = jinja2.Environment(finalize=lambda value: "" if value is None else value)  # noqa: S701
        self.fragments: dict[str, Cell] = {}
        for name, cell in mapping["fragments"].items():
            self.fragments[name] = self._cell(cell)
        self.cell = self._cell(mapping["map"])
        self.source = _validator(mapping["from"])
        self.target = _validator(mapping["to"])

    def transform(self, payload: Any) -> Any:
        """The result of a payload."""
        self.functions.root = payload
        return self.cell(payload)

    def pipeline(self, data: bytes) -> bytes:
        """The result of a payload's bytes as bytes, both sides validated."""
        payload = json.loads(data)
        _refuse(self.source, payload)
        result = self.transform(payload)
        _refuse(self.target, result)
        return json.dumps(result).encode()

    def _cell(self, cell: Any) -> Cell:
        match cell:
            case str() if "{{" in cell or "{%" in cell:
                return self._template(cell)
            case str():
                return self._expression(cell)
            case {"$const": constant}:
                return lambda _: constant
            case {"$with": over, **rest}:
                return self._with(self._expression(over), self._cell(rest))
            case dict():
                return self._object(cell)
            case list():
                return self._list([(self._expression(item.pop("$each")), self._cell(item)) for item in cell])
        return lambda _: cell

    def _expression(self, text: str) -> Cell:
        compiled, options = jmespath.compile(text), self.options
        return lambda context: compiled.search(context, options=options)

    def _template(self, text: str) -> Cell:
        template = self.templates.from_string(text)
        return lambda context: template.render(context)

    def _with(self, over: Cell, cell: Cell) -> Cell:
        def inside(context: Any) -> Any:
            found = over(context)
            return None if found is None else cell(found)

        return inside

    def _object(self, fields: dict[str, Any]) -> Cell:
        cells = [
            (key, self._fragment(cell) if key == "$use" else self._cell(cell)) for key, cell in fields.items()
        ]

        def build(context: Any) -> Any:
            found: dict[str, Any] = {}
            for key, cell in cells:
                value = cell(context)
                if key == "$use":
                    found.update(value)
                elif value is not None:
                    found[key] = value
            return found

        return build

    def _fragment(self, name: str) -> Cell:
        return lambda context: self.fragments[name](context)

    def _list(self, parts: list[tuple[Cell, Cell]]) -> Cell:
        return lambda context: [cell(item) for over, cell in parts for item in over(context) or ()]


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _validator(name: str) -> Any:
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_bytes())
    return jsonschema.Draft202012Validator(schema)


def _refuse(validator: Any, value: Any) -> None:
    errors = list(validator.iter_errors(value))
    if errors:
        raise ValueError(errors[0].message)
