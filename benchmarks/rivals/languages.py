"""The rivals: jmespath.py alone, glom, JSONata in Rust, Python and node, and jq."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from handwritten.kibo_order import TENDER
from handwritten.values import COUNTRIES
from measuring import Row, Skipped
from workers import Worker

from rivals import Conversion, Rival, program

NODE: Final = Path(__file__).parent / "node"
TABLES: Final = {"country": COUNTRIES, "tender": TENDER}


def rivals() -> list[Rival]:
    """All rivals. Those that are not installed say so when they are started."""
    return [
        Rival("jmespath.py alone", _jmespath),
        Rival("glom", _glom),
        Rival("jq, Python binding", _jq),
        Rival("JSONata, jlens", _jlens),
        Rival("JSONata, node", _node, most=30),
        Rival("JSONata, Python", _jsonata, most=30),
    ]


def _in_process(name: str, note: str, convert: Callable[[Any], Any], payload: Any) -> Conversion:
    return Conversion(Row(name, lambda: convert(payload), note), lambda: convert(payload))


def _installed(name: str, package: str) -> Skipped | None:
    try:
        import_module(package)
    except ImportError:
        return Skipped(name, "not installed")
    return None


def _jmespath(payload: Any) -> Conversion:
    import jmespath

    compiled = jmespath.compile(program("order.jmespath"))
    note = "one expression; no dates, money or tables, which JMESPath has not; sums are floats"
    return _in_process("jmespath.py alone", note, compiled.search, payload)


def _glom(payload: Any) -> Conversion | Skipped:
    if missing := _installed("glom", "glom"):
        return missing
    from rivals.glom_kibo import convert

    note = "a glom spec with Python functions for dates, money and tables; lenient about types"
    return _in_process("glom", note, convert, payload)


def _jq(payload: Any) -> Conversion | Skipped:
    if missing := _installed("jq", "jq"):
        return missing
    import jq

    compiled = jq.compile(program("order.jq"), args=TABLES)
    note = "money in binary fractions"
    return _in_process("jq, Python binding", note, lambda given: compiled.input_value(given).first(), payload)


def _jlens(payload: Any) -> Conversion | Skipped:
    if missing := _installed("JSONata, jlens", "jlens"):
        return missing
    import jlens

    expression = jlens.Expression(program("order.jsonata"))
    note = "an engine in Rust; money in binary fractions"
    return _in_process("JSONata, jlens", note, lambda given: expression.evaluate(given, TABLES), payload)


def text_by_jlens() -> Callable[[str], str] | None:
    """JSON text for JSON text, nothing validated; None when the library is not installed."""
    if _installed("", "jlens"):
        return None
    import jlens

    expression = jlens.Expression(program("order.jsonata"))
    convert: Callable[[str], str] = lambda text: expression.evaluate_json(text, TABLES)  # noqa: E731
    return convert


def _jsonata(payload: Any) -> Conversion | Skipped:
    if missing := _installed("JSONata, Python", "jsonata"):
        return missing
    import jsonata

    expression = jsonata.Jsonata(program("order.jsonata"))
    for name, table in TABLES.items():
        expression.assign(name, table)
    return _in_process("JSONata, Python", "money in binary fractions", expression.evaluate, payload)


def _node(payload: Any) -> Conversion | Skipped:
    name = "JSONata, node"
    if not shutil.which("node"):
        return Skipped(name, "node is not installed")
    if not (NODE / "node_modules" / "jsonata").exists():
        return Skipped(name, "not installed: `npm ci` in benchmarks/rivals/node")
    worker = Worker(["node", "worker.js"], NODE)
    worker.ask({"program": program("order.jsonata"), "tables": TABLES})
    worker.ask({"load": payload})
    row = Row(name, note="money in binary fractions; measured in its own process", timed=worker.seconds)
    return Conversion(row, lambda: worker.ask({"result": True})["result"], worker.close)
