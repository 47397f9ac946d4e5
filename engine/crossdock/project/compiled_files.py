"""The compiled files of a project: each is compiled once, whichever thread asks first.

An error is kept as well if it follows from the files alone. It is not kept if it may be another one when the
file is asked for in another way: a file that could not be read, or a chain of uses that was too long from
where it began. Then only the request that met it has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.limits import USE_CHAIN
from crossdock.core.once import MAKING

T = TypeVar("T")
Key: TypeAlias = "tuple[str, str]"
_Broken: TypeAlias = "tuple[Diagnostic, ...]"


class CompiledFiles:
    """What was compiled, by kind and name. ``chain`` are the files that are being compiled for each other."""

    def __init__(self) -> None:
        self.chain: list[str] = []
        self._kept: dict[Key, object] = {}
        self._broken: dict[Key, _Broken] = {}
        self._passing: dict[Key, _Broken] = {}
        self._depth = 0
        self._is_passing = False

    def get(self, kind: str, name: str, compile_file: Callable[[], T], *, used: bool = True) -> T:
        """What a file is compiled to. ``used``: other files can use it, so that it is part of the chain.

        Raises CompileError, a new one each time: a raised error collects the frames that it passes.
        """
        key = kind, name
        found = self._kept.get(key)
        if found is None:
            with MAKING:
                found = self._kept.get(key)
                if found is None:
                    found = self._compile(key, compile_file, used)
        return cast(T, found)

    def used(self, name: str, word: str, what: str) -> None:
        """Check that a file may be used by the one that is being compiled.

        Raises CompileError for a circle, ProjectError for a chain that is too long.
        """
        if name in self.chain:
            circle = " → ".join([*self.chain[self.chain.index(name) :], name])
            raise CompileError([Diagnostic("use-circle", f"`{word}` forms a circle: {circle}")])
        if len(self.chain) > USE_CHAIN:
            self._is_passing = True
            message = f"`{word}` leads through more than {USE_CHAIN} {what}"
            raise ProjectError([Diagnostic("file-too-large", message)])

    def _compile(self, key: Key, compile_file: Callable[[], object], used: bool) -> object:
        broken = self._broken.get(key) or self._passing.get(key)
        if broken is not None:
            raise CompileError(broken)
        self._depth += 1
        if used:
            self.chain.append(key[1])
        try:
            self._kept[key] = made = compile_file()
            return made
        except CompileError as error:
            self._note(key, tuple(error.diagnostics))
            raise
        finally:
            if used:
                self.chain.pop()
            self._depth -= 1
            if not self._depth:
                self._passing.clear()
                self._is_passing = False

    def _note(self, key: Key, broken: _Broken) -> None:
        self._is_passing |= any(item.id == "unreadable" for item in broken)
        (self._passing if self._is_passing else self._broken)[key] = broken
