"""The files of one project while they are being edited: an editor's questions, answered from memory.

    workspace = Workspace(Path("shop"))
    workspace.change(path, text)
    workspace.diagnostics(path)          # the findings of `crossdock check`, of this text
    workspace.completion(path, 12, 8)    # lines from 0, columns in UTF-16 units from 0

A change is checked by file and by use: what was not made of a changed file is kept. A file on disk is read
once, and again after ``refresh``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Final

from crossdock.channels.earlier import Earlier
from crossdock.core.diagnostics import Diagnostic, Source, Span, in_order
from crossdock.core.errors import CrossdockError
from crossdock.editing.analysis import Analysis
from crossdock.editing.completion import Completion, completions
from crossdock.editing.formatting import formatted
from crossdock.editing.habits import Ending, Habits, endings_of
from crossdock.editing.hover import Hover, hover
from crossdock.editing.navigation import (
    RenameError,
    TextEdit,
    applied,
    definitions,
    references,
    rename,
    symbol_at,
)
from crossdock.editing.open_files import OpenFiles
from crossdock.editing.places import unfinished
from crossdock.editing.positions import Position, TextLines, TextRange
from crossdock.editing.quick_fixes import fixes
from crossdock.editing.symbols import RENAMED
from crossdock.project.compiled_files import CompiledFiles
from crossdock.project.project import Project
from crossdock.project.search_path import MAPPINGS, located
from crossdock.project.shared_files import CONVERSATION_FILE, DIALECT_FILE, has_steps
from crossdock.project.updating import own_cases, update_snapshots

_LISTED: Final = (CONVERSATION_FILE, DIALECT_FILE)  # files whose presence changes what other files mean


@dataclass(frozen=True, slots=True)
class Completions:
    """What may be written, the likeliest first, in the place of a range."""

    items: tuple[Completion, ...]
    range: TextRange


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a name, as Markdown, and where the name is."""

    text: str
    range: TextRange


@dataclass(frozen=True, slots=True)
class Location:
    """A stretch of a file."""

    path: Path
    range: TextRange


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of a text, and what takes its place."""

    range: TextRange
    text: str


@dataclass(frozen=True, slots=True)
class CodeAction:
    """A change of a file that is offered. ``finding`` is what it is about, if it is about one."""

    title: str
    edits: tuple[Edit, ...]
    finding: Diagnostic | None = None


class Workspace:
    """The project at or above a directory, with the files that are open in an editor.

    Threads may share it; their questions are answered one after the other. Raises ProjectError for a
    directory that is not in a project.
    """

    def __init__(self, root: Path) -> None:
        self._roots = located(root)
        self._files = OpenFiles(self._roots)
        self._project = self._opened()
        self._found: dict[str, list[Diagnostic]] | None = None
        self._analysed: Analysis | None = None
        self._endings: dict[str, list[Ending]] = {}
        self._has_checked = False
        self._lock = RLock()

    @property
    def root(self) -> Path:
        return self._roots[0]

    @property
    def project(self) -> Project:
        """The project with the texts of now. A change makes another one."""
        with self._lock:
            return self._project

    # Documents

    def change(self, path: Path, text: str) -> None:
        """Open a file with a text, or give an open one another text, in place of what is on disk."""
        path = path.resolve()
        with self._lock:
            if self._files.unsaved.get(path) == text:
                return
            before = self._files.known(path)
            self._files.unsaved[path] = text
            if before != text:
                self._changed(path, before, text)

    def close(self, path: Path) -> None:
        """Take the text of a file from disk again."""
        path = path.resolve()
        with self._lock:
            before = self._files.unsaved.pop(path, None)
            if before is not None:
                self._files.forget(path)
                self._changed(path, before, self._text(path))

    def refresh(self, paths: Iterable[Path]) -> None:
        """Read files again that were made, changed or removed on disk. Those that are open stay."""
        with self._lock:
            for path in paths:
                self._read_again(path.resolve())

    def _read_again(self, path: Path) -> None:
        if path in self._files.unsaved:
            return
        if not path.is_relative_to(self.root / MAPPINGS) or path.name in _LISTED:
            self._files.forget(path)
            self._anew()
            return
        before = self._files.known(path)
        self._files.forget(path)
        after = self._text(path)
        if before != after:
            self._changed(path, before, after)

    def _changed(self, path: Path, before: str | None, after: str | None) -> None:
        self._files.forget(path)
        is_other_file = before is None or after is None or has_steps(before) != has_steps(after)
        if is_other_file and path.name in _LISTED and (before is None or after is None):
            self._anew()
            return
        changed = {path}
        if path.is_relative_to(self.root):
            changed = {root / path.relative_to(self.root) for root in self._roots}
        self._project = self._project.after(changed, relisted=is_other_file)
        self._endings.pop(self._name(path), None)
        self._found, self._analysed = None, None

    def _opened(self) -> Project:
        return Project(self._roots, files=self._files, compiled=CompiledFiles(Earlier()))

    def _anew(self) -> None:
        """Begin with nothing kept: a schema has changed, or what a name means."""
        self._project = self._opened()
        self._found, self._analysed = None, None

    def _text(self, path: Path) -> str | None:
        """The text of a file; None if there is none."""
        if path not in self._files.unsaved and not path.is_file():
            return None
        try:
            return self._files.read(path).text
        except CrossdockError:
            return ""

    # Questions

    def diagnostics(self, path: Path) -> list[Diagnostic]:
        """The findings of `crossdock check` in a file, in the order of its text."""
        with self._lock:
            return in_order(self._all().get(self._files.display(path.resolve()), []))

    def first_diagnostics(self, path: Path) -> list[Diagnostic]:
        """The findings of `crossdock check NAME` in a file: those that do not wait for the files that use it.

        They are what an editor shows at once. ``diagnostics`` has those of all files, and takes longer.
        """
        with self._lock:
            name = self._name(path)
            if self._found is not None or name not in self._project.own_names():
                return self.diagnostics(path)
            try:
                found = self._project.check([name])
            except CrossdockError as error:
                found = list(error.diagnostics)
            shown = self._files.display(path.resolve())
            of_file = (item for item in found if item.span is not None and item.span.source.name == shown)
            return in_order(of_file)

    def all_diagnostics(self) -> list[Diagnostic]:
        """All findings of `crossdock check`, those without a place too."""
        with self._lock:
            return [item for found in self._all().values() for item in found]

    def files_with_findings(self) -> list[Path]:
        """The files that have findings."""
        with self._lock:
            return sorted(self.root / name for name in self._all() if name)

    def completion(self, path: Path, line: int, column: int) -> Completions:
        """What may be written at a position, the likeliest first."""
        with self._lock:
            source = self._source(path)
            lines = TextLines(source.text)
            offset = lines.offset(Position(line, column))
            place = unfinished(source, offset)
            if place is None:
                return Completions((), lines.between(offset, offset))
            analysis = Analysis(self._project, self._name(path), place.source)
            found = completions(analysis, place, source.text, self._habits(analysis))
            return Completions(found.items, lines.between(found.start, found.end))

    def hover(self, path: Path, line: int, column: int) -> Described | None:
        """What is known of the name at a position; None if there is nothing to say."""
        with self._lock:
            analysis = self._analysis(path)
            lines = TextLines(analysis.source.text)
            found: Hover | None = hover(analysis, lines.offset(Position(line, column)))
            return None if found is None else Described(found.text, lines.of(found.span))

    def definition(self, path: Path, line: int, column: int) -> list[Location]:
        """Where the name at a position is defined, also in another file or a schema."""
        with self._lock:
            analysis, offset = self._at(path, line, column)
            return self._locations(definitions(analysis, offset))

    def references(self, path: Path, line: int, column: int) -> list[Location]:
        """Where the name at a position is used and defined."""
        with self._lock:
            analysis, offset = self._at(path, line, column)
            return self._locations(references(analysis, offset))

    def symbol(self, path: Path, line: int, column: int) -> TextRange | None:
        """The name at a position that can be renamed; None if there is none."""
        with self._lock:
            analysis, offset = self._at(path, line, column)
            found = symbol_at(analysis, offset)
            if found is None or found.kind not in RENAMED:
                return None
            return TextLines(analysis.source.text).of(found.span)

    def rename(self, path: Path, line: int, column: int, name: str) -> list[Edit]:
        """The edits of the file that give a name another one.

        Raises RenameError if it cannot be renamed, or if anything would be wrong afterwards that is not now.
        """
        with self._lock:
            analysis, offset = self._at(path, line, column)
            edits = rename(analysis, offset, name)
            if new := self._new_findings(path.resolve(), analysis.source, edits):
                raise RenameError(f"with the new name, {new[0].span}: {new[0].message}")
            return self._edits(analysis.source, edits)

    def code_actions(self, path: Path, start: Position, end: Position) -> list[CodeAction]:
        """What is offered for a stretch of a file: its findings' likely cures, and fields to ignore."""
        with self._lock:
            analysis = self._analysis(path)
            lines = TextLines(analysis.source.text)
            place = lines.offset(start), lines.offset(end)
            found = fixes(analysis, self.diagnostics(path), *place)
            return [
                CodeAction(fix.title, tuple(self._edits(analysis.source, fix.edits)), fix.finding)
                for fix in found
            ]

    def has_examples(self, path: Path) -> bool:
        """Whether the project has examples of a mapping or conversation."""
        with self._lock:
            return bool(own_cases(self._project, self._name(path)))

    def update_snapshots(self, path: Path) -> list[Path]:
        """Write the snapshots of a file's examples anew, with the texts of now; those that have changed.

        Raises CrossdockError if an example cannot run.
        """
        with self._lock:
            return update_snapshots(self._project, self._name(path))

    def layout(self, path: Path) -> str:
        """The text of a file in its layout: see ``editing.formatting``."""
        with self._lock:
            return formatted(self._source(path))

    # Within

    def _at(self, path: Path, line: int, column: int) -> tuple[Analysis, int]:
        analysis = self._analysis(path)
        return analysis, TextLines(analysis.source.text).offset(Position(line, column))

    def _edits(self, source: Source, edits: Iterable[TextEdit]) -> list[Edit]:
        lines = TextLines(source.text)
        return [Edit(lines.of(edit.span), edit.text) for edit in edits]

    def _locations(self, spans: Iterable[Span]) -> list[Location]:
        return [Location(self.path_of(span.source), TextLines(span.source.text).of(span)) for span in spans]

    def path_of(self, source: Source) -> Path:
        """The file of a source, by its name in messages."""
        found = (root / source.name for root in self._roots)
        return next((path for path in found if path.is_file()), self.root / source.name)

    def _new_findings(self, path: Path, source: Source, edits: Iterable[TextEdit]) -> list[Diagnostic]:
        """What would be wrong after some edits of a file and is not now. Nothing stays changed."""
        before = {(item.id, item.message) for item in self.all_diagnostics()}
        kept = self._project, self._found, self._analysed, self._files.unsaved.get(path)
        endings = dict(self._endings)
        try:
            self.change(path, applied(source.text, edits))
            return [item for item in self.all_diagnostics() if (item.id, item.message) not in before]
        finally:
            self._project, self._found, self._analysed, text = kept
            self._endings = endings
            self._files.forget(path)
            if text is None:
                self._files.unsaved.pop(path, None)
            else:
                self._files.unsaved[path] = text

    def _all(self) -> dict[str, list[Diagnostic]]:
        if self._found is None:
            self._found = {}
            for item in self._check():
                self._found.setdefault(item.span.source.name if item.span else "", []).append(item)
            self._has_checked = True
        return self._found

    def _learn(self, own: str) -> None:
        """Read what the cells of each other file end with: what is offered in a file depends on them."""
        for name in self._project.all_names():
            if name not in self._endings and name != own:
                with suppress(CrossdockError):
                    self._endings[name] = list(endings_of(Analysis.of_file(self._project, name)))

    def _habits(self, analysis: Analysis) -> Habits:
        """What the file that is written and, once all files were checked, the others read."""
        if self._has_checked:
            self._learn(analysis.name)
        others = (each for name, found in self._endings.items() if name != analysis.name for each in found)
        return Habits((*others, *endings_of(analysis)))

    def _check(self) -> Iterator[Diagnostic]:
        try:
            yield from self._project.check()
        except CrossdockError as error:  # a file that cannot be read
            yield from error.diagnostics

    def _analysis(self, path: Path) -> Analysis:
        name = self._name(path)
        if self._analysed is None or self._analysed.name != name:
            self._analysed = Analysis(self._project, name, self._source(path))
        return self._analysed

    def _source(self, path: Path) -> Source:
        try:
            return self._files.read(path.resolve())
        except CrossdockError:
            return Source(self._files.display(path.resolve()), "")

    def _name(self, path: Path) -> str:
        """The name of a file below ``mappings/``; that of another file is its path."""
        path = path.resolve()
        for root in self._roots:
            folder = (root / MAPPINGS).resolve()
            if path.is_relative_to(folder):
                return path.relative_to(folder).with_suffix("").as_posix()
        return path.with_suffix("").as_posix()
