"""The language server: ``editing.workspace`` over stdio, for any editor that speaks the protocol.

It is thin. Each question of an editor is one call of the workspace; positions are UTF-16 on both sides. The
findings of a changed file are sent at once, those of the files that use it when the editor has been quiet for
a moment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import from_fs_path, to_fs_path

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError, ProjectError
from crossdock.core.version import __version__
from crossdock.editing.navigation import RenameError
from crossdock.editing.positions import Position, TextLines, TextRange
from crossdock.editing.workspace import CodeAction, Edit, Location, Workspace

T = TypeVar("T")

UPDATE_SNAPSHOT: Final = "crossdock.updateSnapshot"
_QUIET_SECONDS: Final = 0.3
_NAMED: Final = 3  # snapshots that a message names
_KINDS: Final = {
    "property": lsp.CompletionItemKind.Property,
    "function": lsp.CompletionItemKind.Function,
    "table": lsp.CompletionItemKind.Struct,
    "fragment": lsp.CompletionItemKind.Snippet,
    "mapping": lsp.CompletionItemKind.File,
    "steps": lsp.CompletionItemKind.File,
    "variable": lsp.CompletionItemKind.Variable,
    "key": lsp.CompletionItemKind.Field,
    "word": lsp.CompletionItemKind.Keyword,
    "value": lsp.CompletionItemKind.Value,
    "schema": lsp.CompletionItemKind.Class,
}
_TRIGGERS: Final = [".", "$", "'", "/", " ", "{", "[", "(", "&", "?"]


class _Utf16Protocol(LanguageServerProtocol):
    """The protocol with columns in UTF-16, which every editor can do, whatever else an editor prefers."""

    @lsp_method(lsp.INITIALIZE)
    def lsp_initialize(self, params: lsp.InitializeParams) -> Generator[Any, Any, lsp.InitializeResult]:
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        return (yield from super().lsp_initialize(params))


class EditorServer(LanguageServer):
    """A session with one editor. ``files`` is None until it has a project; ``shown`` has what was sent."""

    def __init__(self, directory: Path | None) -> None:
        super().__init__("crossdock", __version__, protocol_cls=_Utf16Protocol)
        self.directory = directory
        self.files: Workspace | None = None
        self.shown: dict[Path, list[Diagnostic]] = {}
        self.pending: asyncio.Task[None] | None = None

    def begin(self, root: Path | None) -> None:
        """Open the project of the session."""
        try:
            self.files = Workspace(self.directory or root or Path.cwd())
        except ProjectError as error:
            self.window_show_message(
                lsp.ShowMessageParams(lsp.MessageType.Warning, f"crossdock: {error.diagnostics[0].message}")
            )

    def changed(self, uri: str) -> None:
        """A document was opened or changed: give its text to the project, and show what is found."""
        path = path_of(uri)
        if self.files is None or path is None:
            return
        self.files.change(path, self.workspace.get_text_document(uri).source)
        self.show(path, self.files.first_diagnostics(path))
        self.later()

    def later(self) -> None:
        """Show the findings of all files when nothing has changed for a moment."""
        if self.pending is not None:
            self.pending.cancel()
        self.pending = asyncio.ensure_future(self._rest())

    async def _rest(self) -> None:
        await asyncio.sleep(_QUIET_SECONDS)
        self.show_all()

    def show_all(self) -> None:
        """Show the findings of all files that have some, and that had some."""
        if self.files is None:
            return
        for path in sorted({*self.files.files_with_findings(), *self.shown}):
            self.show(path, self.files.diagnostics(path))

    def show(self, path: Path, found: list[Diagnostic]) -> None:
        if self.files is None or self.shown.get(path, []) == found:
            return
        self.shown[path] = found
        made = [diagnostic(item) for item in found]
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri_of(path), made))


def path_of(uri: str) -> Path | None:
    """The file of a document; None for one that is not in a file."""
    found = to_fs_path(uri) if uri.startswith("file:") else None
    return None if found is None else Path(found).resolve()


def uri_of(path: Path) -> str:
    return from_fs_path(str(path)) or path.as_uri()


def diagnostic(item: Diagnostic) -> lsp.Diagnostic:
    """A finding: its sentence, and below it the help and the notes, as the command line has them."""
    place = TextLines(item.span.source.text).of(item.span) if item.span else _START
    lines = [item.message, *(f"help: {item.help}" for _ in (item.help,) if item.help), *item.notes]
    severity = lsp.DiagnosticSeverity.Error if item.severity == "error" else lsp.DiagnosticSeverity.Warning
    return lsp.Diagnostic(_range(place), "\n".join(lines), severity, code=item.id, source="crossdock")


_START: Final = TextRange(Position(0, 0), Position(0, 0))


def _range(of: TextRange) -> lsp.Range:
    return lsp.Range(lsp.Position(of.start.line, of.start.column), lsp.Position(of.end.line, of.end.column))


def _edits(edits: list[Edit] | tuple[Edit, ...]) -> list[lsp.TextEdit]:
    return [lsp.TextEdit(_range(edit.range), edit.text) for edit in edits]


def _locations(found: list[Location]) -> list[lsp.Location]:
    return [lsp.Location(uri_of(each.path), _range(each.range)) for each in found]


def serve(directory: Path | None) -> None:
    """Answer an editor over stdin and stdout until it ends the session."""
    # pygls closes what it writes to, and the command line still flushes stdout.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        made(directory).start_io(stdout=output)


def made(directory: Path | None) -> EditorServer:
    """A server for the project at or above a directory, or the one of the editor's folder."""
    server = EditorServer(directory)
    _documents(server)
    _questions(server)
    _changes(server)
    _actions(server)
    return server


def _documents(server: EditorServer) -> None:
    @server.feature(lsp.INITIALIZED)
    def initialized(_params: lsp.InitializedParams) -> None:
        folder = server.workspace.root_path
        server.begin(Path(folder) if folder else None)
        server.later()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if server.files is not None and path is not None:
            server.files.close(path)
            server.later()

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if server.files is not None and path is not None:
            server.files.refresh([path])
            server.later()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(params: lsp.DidChangeWatchedFilesParams) -> None:
        paths = [path for change in params.changes if (path := path_of(change.uri)) is not None]
        if server.files is not None:
            server.files.refresh(paths)
            server.later()


def _asked(
    server: EditorServer, uri: str, at: lsp.Position, ask: Callable[[Workspace, Path, int, int], T]
) -> T | None:
    """The answer of the workspace to a question about a position; None without a project."""
    path = path_of(uri)
    if server.files is None or path is None:
        return None
    return ask(server.files, path, at.line, at.character)


def _questions(server: EditorServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=_TRIGGERS))
    def completion(params: lsp.CompletionParams) -> lsp.CompletionList | None:
        found = _asked(server, params.text_document.uri, params.position, Workspace.completion)
        if found is None:
            return None
        items = [
            lsp.CompletionItem(
                label=item.label,
                kind=_KINDS[item.kind],
                detail=item.detail or None,
                documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, item.documentation)
                if item.documentation
                else None,
                sort_text=f"{number:05}",
                text_edit=lsp.TextEdit(_range(found.range), item.label),
            )
            for number, item in enumerate(found.items)
        ]
        return lsp.CompletionList(is_incomplete=False, items=items)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        found = _asked(server, params.text_document.uri, params.position, Workspace.hover)
        if found is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text), _range(found.range))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        return _locations(
            _asked(server, params.text_document.uri, params.position, Workspace.definition) or []
        )

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        return _locations(
            _asked(server, params.text_document.uri, params.position, Workspace.references) or []
        )


def _changes(server: EditorServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare_rename(params: lsp.PrepareRenameParams) -> lsp.Range | None:
        found = _asked(server, params.text_document.uri, params.position, Workspace.symbol)
        return None if found is None else _range(found)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        def renamed(files: Workspace, path: Path, line: int, column: int) -> list[Edit]:
            return files.rename(path, line, column, params.new_name)

        try:
            edits = _asked(server, params.text_document.uri, params.position, renamed)
        except RenameError as error:
            raise JsonRpcException(str(error), code=lsp.LSPErrorCodes.RequestFailed) from None
        return None if edits is None else lsp.WorkspaceEdit(changes={params.text_document.uri: _edits(edits)})

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        path = path_of(params.text_document.uri)
        if server.files is None or path is None:
            return []
        before = server.workspace.get_text_document(params.text_document.uri).source
        after = server.files.layout(path)
        whole = TextLines(before).between(0, len(before))
        return [] if before == after else [lsp.TextEdit(_range(whole), after)]


def _actions(server: EditorServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    def code_actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        path = path_of(params.text_document.uri)
        if server.files is None or path is None:
            return []
        start, end = (Position(at.line, at.character) for at in (params.range.start, params.range.end))
        found = server.files.code_actions(path, start, end)
        made = [_code_action(action, params.text_document.uri) for action in found]
        if server.files.has_examples(path):
            made.append(_snapshot_action(params.text_document.uri))
        return made

    @server.command(UPDATE_SNAPSHOT)
    def update_snapshot(uri: str) -> None:
        path = path_of(uri)
        if server.files is not None and path is not None:
            kind, text = _updated(server.files, path)
            server.window_show_message(lsp.ShowMessageParams(kind, f"crossdock: {text}"))


def _snapshot_action(uri: str) -> lsp.CodeAction:
    title = "Update the snapshots of the examples"
    command = lsp.Command(title, UPDATE_SNAPSHOT, arguments=[uri])
    return lsp.CodeAction(title, lsp.CodeActionKind.Source, command=command)


def _updated(files: Workspace, path: Path) -> tuple[lsp.MessageType, str]:
    """Update the snapshots of a file's examples, and say which have changed."""
    try:
        changed = files.update_snapshots(path)
    except CrossdockError as error:
        problem = error.diagnostics[0]
        return lsp.MessageType.Error, f"the examples cannot run: {problem.message}"
    if not changed:
        return lsp.MessageType.Info, "every snapshot is as it was"
    names = [each.relative_to(files.root).as_posix() for each in changed]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return lsp.MessageType.Info, f"changed {', '.join(names[:_NAMED])}{more}"


def _code_action(action: CodeAction, uri: str) -> lsp.CodeAction:
    return lsp.CodeAction(
        action.title,
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=None if action.finding is None else [diagnostic(action.finding)],
        edit=lsp.WorkspaceEdit(changes={uri: _edits(action.edits)}),
    )
