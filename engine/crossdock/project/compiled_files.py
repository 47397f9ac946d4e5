"""The compiled files of a project: each is compiled once, whichever thread asks first.

What each was made of is noted, so that after a change only what was made of a changed file is made again.

An error is kept as well if it follows from the files alone. It is not kept if it may be another one when the
file is asked for in another way: a file that could not be read, or a chain of uses that was too long from
where it began. Then only the request that met it has it.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.limits import USE_CHAIN
from crossdock.core.once import MAKING

if TYPE_CHECKING:
    from crossdock.channels.earlier import Earlier

T = TypeVar("T")
Key: TypeAlias = "tuple[str, str]"
_Broken: TypeAlias = "tuple[Diagnostic, ...]"


class CompiledFiles:
    """What was compiled, by kind and name. ``chain`` are the files that are being compiled for each other.

    ``earlier``, if there is one, keeps what is found for the time after a change.
    """

    def __init__(self, earlier: Earlier | None = None) -> None:
        self.earlier = earlier
        self.chain: list[str] = []
        self._kept: dict[Key, object] = {}
        self._broken: dict[Key, _Broken] = {}
        self._passing: dict[Key, _Broken] = {}
        self._made_of: dict[Key, set[Path]] = {}
        self._noting: list[set[Path]] = []  # for each file that is being compiled, by the thread that does
        self._thread = 0
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
                    return cast(T, self._compile(key, compile_file, used))
        if self._noting and self._thread == get_ident():
            self._noting[-1] |= self._made_of[key]
        return cast(T, found)

    def reads(self, path: Path) -> None:
        """Note that what is being compiled is made of a file too."""
        if self._noting and self._thread == get_ident():
            self._noting[-1].add(path)

    def without(self, changed: Set[Path], *, broken: bool) -> CompiledFiles:
        """What was compiled, without everything that was made of these files, and without what is ``broken``.

        What is wrong with a file may depend on which files there are, such as the help of an unknown name.
        """
        left = CompiledFiles(self.earlier)
        with MAKING:
            made_of = {key: files for key, files in self._made_of.items() if files.isdisjoint(changed)}
            left._made_of = made_of
            left._kept = {key: made for key, made in self._kept.items() if key in made_of}
            if not broken:
                left._broken = {key: found for key, found in self._broken.items() if key in made_of}
        return left

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
            if self._noting:
                self._noting[-1] |= self._made_of[key]
            raise CompileError(broken)
        self._depth += 1
        self._thread = get_ident()
        self._noting.append(set())
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
            self._made_of[key] = files = self._noting.pop()
            if self._noting:
                self._noting[-1] |= files
            if not self._depth:
                self._passing.clear()
                self._is_passing = False

    def _note(self, key: Key, broken: _Broken) -> None:
        self._is_passing |= any(item.id == "unreadable" for item in broken)
        (self._passing if self._is_passing else self._broken)[key] = broken
