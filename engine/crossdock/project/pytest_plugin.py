"""The pytest plugin: every example is a test that compares its result and diagnostics with snapshots.

An example is a JSON file in a folder named after its mapping, below a folder ``examples`` beside a folder
``mappings``. ``pytest`` in such a directory runs them all; no Python is needed.

    examples/shop/order/full.json             the payload
    examples/shop/order/full.settings.yaml    settings of the channel, where it needs some
    snapshots/shop/order/full.json            the result: what `crossdock transform` prints
    snapshots/shop/order/full.txt             its diagnostics: why there is no result, or the warnings

A folder named after a conversation holds requests; their result is what `crossdock plan` prints.

    examples/shop/refund/full.json            the request
    examples/shop/refund/full.answers.json    the channel's responses by step, where they are needed

``pytest --snapshot-update`` writes the snapshots, and removes those without an example. When all examples
of a project were run, a snapshot without an example fails the run. The options have the names that syrupy
gave them; where syrupy is installed too, its options are used.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from difflib import unified_diff
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from crossdock.project.project import Project

# Repeated from crossdock.project.examples, which loads the engine: pytest loads this plugin in every
# project, also where there is no example.
EXAMPLES: Final = "examples"
_ANSWERS: Final = ".answers.json"

SNAPSHOTS: Final = "snapshots"
_RESULT, _DIAGNOSTICS = ".json", ".txt"
_OPTIONS: Final = {
    "update": ("update_snapshots", "Write the snapshots, and delete those without an example."),
    "update-new-only": ("update_new_snapshots_only", "Write only the snapshots that do not exist yet."),
    "no-cleanup": ("no_cleanup", "Keep snapshots without an example with --snapshot-update."),
    "warn-unused": ("warn_unused_snapshots", "Do not fail when there are snapshots without an example."),
    "disable-unused": ("disable_unused_snapshots", "Do not look for snapshots without an example."),
}


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    # Two plugins must not add the same option, and syrupy may be loaded after this one.
    syrupy = importlib.util.find_spec("syrupy")
    if syrupy is not None and syrupy.origin is not None and not pluginmanager.is_blocked("syrupy"):
        return
    group = parser.getgroup("crossdock")
    for name, (destination, text) in _OPTIONS.items():
        group.addoption(f"--snapshot-{name}", dest=destination, action="store_true", help=text)


def project_of(file: Path) -> Path | None:
    """The project directory of an example's file; None for other files."""
    if not _is_example(file):
        return None
    folders = (folder.parent for folder in file.parents if folder.name == EXAMPLES)
    return next((root for root in folders if _has_mappings(root)), None)


def _is_example(file: Path) -> bool:
    return file.suffix == ".json" and not file.name.endswith(_ANSWERS)


def _has_mappings(root: Path) -> bool:
    return any(True for _ in (root / "mappings").rglob("*.yaml"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ExamplesPlugin(config), "crossdock-examples")


class ExamplesPlugin:
    """Collects the examples, counts their snapshots, and finds snapshots without an example."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._projects: dict[Path, Project] = {}
        self._ran: set[Path] = set()
        self._unused: list[str] = []
        self._counts: Counter[str] = Counter()

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        root = project_of(file_path)
        if root is None:
            return None
        name = file_path.relative_to(root / EXAMPLES).as_posix()
        project = self._project(root)
        file: ExampleFile = ExampleFile.from_parent(parent, path=file_path, example=name, project=project)
        return file

    def _project(self, root: Path) -> Project:
        from crossdock.project.project import Project

        if root not in self._projects:
            self._projects[root] = Project.open(root)
        return self._projects[root]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, ExampleItem) and report.when == "call":
            # pytest-xdist sends the attributes of a report from its workers to the controller.
            vars(report)["snapshot_counts"] = dict(item.counts)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.location[0].endswith(".json"):
            self._ran.add((self._config.rootpath / report.location[0]).resolve())
        self._counts.update(getattr(report, "snapshot_counts", {}))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # A worker of pytest-xdist runs some of the examples; the controller gets the reports of all.
        config = self._config
        if hasattr(config, "workerinput") or _option(config, "disable-unused"):
            return
        update = _option(config, "update") and not _option(config, "no-cleanup")
        for snapshot in _unused(self._ran):
            self._unused.append(f"{'deleted' if update else 'unused'}: {_shown(snapshot, config)}")
            if update:
                _remove(snapshot)
        if self._unused and not _option(config, "update") and not _option(config, "warn-unused"):
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._unused:
            terminalreporter.section("snapshots without an example")
            for line in self._unused:
                terminalreporter.write_line(line)
            if not _option(self._config, "update"):
                terminalreporter.write_line("`pytest --snapshot-update` deletes them")
        if self._counts:
            terminalreporter.write_sep("-", "snapshot report summary")
            terminalreporter.write_line(" ".join(self._counted()))

    def _counted(self) -> Iterator[str]:
        for outcome in ("failed", "passed", "generated", "updated"):
            if count := self._counts[outcome]:
                yield f"{count} snapshot{'' if count == 1 else 's'} {outcome}."


def _option(config: pytest.Config, name: str) -> bool:
    return bool(config.getoption(_OPTIONS[name][0], default=False))


def _unused(ran: set[Path]) -> Iterator[Path]:
    """The snapshots without an example, in those projects of which every example was run."""
    for root in sorted({root for file in ran if (root := project_of(file))}):
        examples = {file for file in (root / EXAMPLES).rglob("*.json") if _is_example(file)}
        if examples <= ran:
            folder = root / SNAPSHOTS
            for snapshot in sorted((*folder.rglob("*" + _RESULT), *folder.rglob("*" + _DIAGNOSTICS))):
                if (root / EXAMPLES / snapshot.relative_to(folder)).with_suffix(".json") not in examples:
                    yield snapshot


def _remove(snapshot: Path) -> None:
    """Delete a snapshot, and the folders that it leaves empty."""
    snapshot.unlink()
    for folder in snapshot.parents:
        if folder.name == SNAPSHOTS or any(folder.iterdir()):
            return
        folder.rmdir()


def _shown(path: Path, config: pytest.Config) -> str:
    root = config.rootpath.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


class ExampleFile(pytest.File):
    """An example's file, as pytest collects it."""

    def __init__(self, *, example: str, project: Project, **given: Any) -> None:
        super().__init__(**given)
        self.example = example
        self.project = project

    def collect(self) -> Iterable[pytest.Item]:
        yield ExampleItem.from_parent(self, name=self.example, nodeid=self.nodeid, project=self.project)


class MismatchError(Exception):
    """The result or the diagnostics of an example differ from their snapshot."""


class ExampleItem(pytest.Item):
    """The test of one example. ``counts`` are its snapshots by outcome, such as ``passed``."""

    def __init__(self, *, project: Project, **given: Any) -> None:
        super().__init__(**given)
        self.project = project
        self.case = PurePosixPath(self.name)
        self.counts: Counter[str] = Counter()

    def runtest(self) -> None:
        from crossdock.project.cases import Case, run_case

        case = Case(self.project.roots[0], self.case)
        result, diagnostics = run_case(self.project, case)
        problems = [self._compare(_RESULT, result), self._compare(_DIAGNOSTICS, diagnostics)]
        if found := [problem for problem in problems if problem]:
            raise MismatchError("\n\n".join(found))

    def _compare(self, suffix: str, text: str | None) -> str | None:
        """Compare the result or the diagnostics with their snapshot, and write it if that is wanted.

        Returns what is wrong, or None.
        """
        name = self.case.with_suffix(suffix).as_posix()
        file, shown = self.project.roots[0] / SNAPSHOTS / name, f"{SNAPSHOTS}/{name}"
        old = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None
        if text is None:
            return None if old is None else self._leave_out(file, shown)
        new = text + "\n"
        if new == old:
            self.counts["passed"] += 1
        elif _option(self.config, "update") or (old is None and _option(self.config, "update-new-only")):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(new, encoding="utf-8", newline="\n")
            self.counts["generated" if old is None else "updated"] += 1
        else:
            self.counts["failed"] += 1
            problem = f"does not exist; this came out\n{text}" if old is None else self._difference(old, new)
            return f"{shown} {problem}\n= help: `pytest --snapshot-update` writes it"
        return None

    def _difference(self, old: str, new: str) -> str:
        """The lines that differ, with a line of context. A missing newline at the end is a line too."""
        markup = self.config.get_terminal_writer().markup
        colors = {"-": {"red": True}, "+": {"green": True}}
        lines = ["(-) is not what came out (+)"]
        for line in [*unified_diff(old.split("\n"), new.split("\n"), n=1, lineterm="")][2:]:
            shown = "  ..." if line.startswith("@@") else f"{line[0]} {line[1:]}"
            lines.append(markup(shown, **colors.get(line[0], {})))
        return "\n".join(lines)

    def _leave_out(self, file: Path, shown: str) -> str | None:
        if _option(self.config, "update"):
            file.unlink()
            return None
        what = "result" if file.suffix == _RESULT else "diagnostics"
        return f"{shown} exists, but no {what} came out\n= help: `pytest --snapshot-update` deletes it"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from crossdock.core.errors import CrossdockError, ProjectError

        match excinfo.value:
            case ProjectError() as error:
                return f"{error}\n  = note: examples are named {EXAMPLES}/<mapping>/<case>.json"
            case MismatchError() | CrossdockError() as error:
                return str(error)
            case _:
                return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.case.with_suffix("").as_posix()
