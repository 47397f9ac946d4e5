"""What an editor asks while a file is written: the service of ``editing``, with the texts of the page.

The service keeps texts between questions, so they are asked one after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from crossdock.core.json_types import JSON
from crossdock.editing.positions import Position, TextRange
from crossdock.editing.workspace import Workspace
from crossdock.studio.files import State, StudioFiles


class EditorLanguage:
    """Completions, explanations of names and cures of findings, for the page. Threads may share it."""

    def __init__(self, files: StudioFiles) -> None:
        self._files = files
        self._gate = threading.Lock()
        self._workspace: Workspace | None = None
        self._open: set[Path] = set()
        self._state = State({})

    def complete(self, unsaved: Mapping[str, str], path: str, line: int, column: int) -> JSON:
        """What may be written at a position, the likeliest first, and the range that it replaces."""
        with self._gate:
            found = self._with(unsaved).completion(self._files.file(path), line, column)
        items: list[JSON] = [
            {
                "label": item.label,
                "kind": item.kind,
                "detail": item.detail,
                "documentation": item.documentation,
            }
            for item in found.items
        ]
        return {"items": items, "range": _range(found.range)}

    def hover(self, unsaved: Mapping[str, str], path: str, line: int, column: int) -> JSON:
        """What is known of the name at a position, as Markdown; an empty text if there is nothing to say."""
        with self._gate:
            found = self._with(unsaved).hover(self._files.file(path), line, column)
        return {"text": "" if found is None else found.text}

    def fixes(self, unsaved: Mapping[str, str], path: str, start: Position, end: Position) -> JSON:
        """What is offered to do about the findings of a stretch of a file."""
        with self._gate:
            found = self._with(unsaved).code_actions(self._files.file(path), start, end)
        return {
            "fixes": [
                {
                    "title": action.title,
                    "edits": [{"range": _range(edit.range), "text": edit.text} for edit in action.edits],
                }
                for action in found
                if action.finding is not None
            ]
        }

    def _with(self, unsaved: Mapping[str, str]) -> Workspace:
        """The service with these texts, and with the files that are on disk now."""
        state = self._files.state(("mappings", "schemas"))
        if self._workspace is None:
            self._workspace = Workspace(self._files.roots[0])
        elif changed := self._state.changes(state):
            self._workspace.refresh(self._files.roots[0] / path for path in changed)
        self._state = state
        texts = {self._files.file(path): text for path, text in unsaved.items()}
        for path in self._open - set(texts):
            self._workspace.close(path)
        for path, text in texts.items():
            self._workspace.change(path, text)
        self._open = set(texts)
        return self._workspace


def _range(found: TextRange) -> JSON:
    start, end = found.start, found.end
    return {"start": [start.line, start.column], "end": [end.line, end.column]}
