"""Python that we wrote by program: its source, its constants, and the way to make it run.

A generated module defines one function, ``run``. The names that it calls come from a support module,
what it holds of the mapping or schema from its constants, which are JSON; so the compiled code and
the constants can be kept on disk, and nothing else of the mapping or schema is needed to run them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Any
from warnings import catch_warnings

from crossdock.core.json_types import JSON
from crossdock.core.once import MAKING, made_once


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated module. Tracebacks show ``name`` in place of a file name."""

    name: str
    source: str
    constants: Mapping[str, JSON] = field(default_factory=dict, repr=False)
    _kept: dict[object, object] = field(init=False, default_factory=dict, repr=False)

    def compiled(self) -> CodeType:
        """Raises SyntaxError, RecursionError or MemoryError for what is beyond Python's own limits."""
        return made_once(self._kept, None, self._compiled)

    def _compiled(self) -> CodeType:
        # What is written out may be compared with nothing, or indexed: Python's advice is for people.
        # The filters of warnings are global, so only one thread at a time may change them.
        with MAKING, catch_warnings(action="ignore", category=SyntaxWarning):
            return compile(self.source, f"<{self.name}>", "exec", dont_inherit=True)

    def load(self, support: ModuleType) -> Callable[..., Any]:
        """The function ``run``; raises as ``compiled`` does."""
        return run_of(self.compiled(), self.constants, support)


def run_of(code: CodeType, constants: Mapping[str, JSON], support: ModuleType) -> Callable[..., Any]:
    """The function ``run`` of a compiled module, among the names of its support module."""
    names: dict[str, Any] = {**vars(support), **constants}
    exec(code, names)  # noqa: S102 (our own code: the text of no mapping gets into it but as literals)
    function: Callable[..., Any] = names["run"]
    return function
