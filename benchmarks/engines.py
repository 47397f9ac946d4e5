"""Crossdock itself as rows, in its ways to run a mapping; a way that is not there yet is skipped."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from handwritten.fabric_order import fabric_order
from handwritten.kibo_order import kibo_order

from crossdock import Mapping, Project
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope

ROOT: Final = Path(__file__).resolve().parents[1]
HANDWRITTEN: Final = {"kibo": kibo_order, "fabric": fabric_order}


def mapping_of(channel: str) -> Mapping:
    """The order mapping of a channel, compiled anew."""
    return Project([ROOT]).mapping(f"{channel}/order")


def interpret(mapping: Mapping, payload: Any, *, traced: bool) -> Any:
    """The reference meaning, without validation."""
    scope = Scope(settings=mapping.linked.settings)
    return execute(mapping.linked, payload, scope, name="payload", traced=traced).value


def has_code_generation() -> bool:
    return find_spec("crossdock.execution.codegen") is not None
