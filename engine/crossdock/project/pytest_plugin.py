"""The pytest plugin: every example is a test, and its snapshots say what must come out.

An example is a JSON file below a folder ``examples`` that stands beside a folder ``mappings``, in a
folder named after its mapping. ``pytest`` in such a directory runs them all; no Python is needed.

    examples/shop/order/full.json             the payload
    examples/shop/order/full.settings.yaml    settings of the channel, where it needs some
    snapshots/shop/order/full.json            the result: what `crossdock transform` prints
    snapshots/shop/order/full.txt             its diagnostics: why there is no result, or the warnings

A folder named after a conversation holds requests; their result is what `crossdock plan` prints.

    examples/shop/refund/full.json            the request
    examples/shop/refund/full.answers.json    the channel's answers by step, where they are needed

``pytest --snapshot-update`` writes the snapshots, and removes those whose example is gone. When all
examples of a project were run, a snapshot without an example fails the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from crossdock.project.project import Project

EXAMPLES: Final = "examples"
SNAPSHOTS: Final = "snapshots"
_RESULT, _DIAGNOSTICS = ".json", ".txt"
_ANSWERS: Final = ".answers.json"


def project_of(file: Path) -> Path | None:
    """The directory of the project that a file is an example of."""
    if not _is_example(file):
        return None
    folders = (folder.parent for folder in file.parents if folder.name == EXAMPLES)
    return next((root for root in folders if _has_mappings(root)), None)


def _is_example(file: Path) -> bool:
    return file.suffix == ".json" and not file.name.endswith(_ANSWERS)


def _has_mappings(root: Path) -> bool:
    return any(True for _ in (root / "mappings").rglob("*.yaml"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Examples(config), "crossdock-examples")


class Examples:
    """What pytest is told about examples: which files they are, and which snapshots have none."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._projects: dict[Path, Project] = {}
        self._ran: set[Path] = set()
        self._unused: list[str] = []

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

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.location[0].endswith(".json"):
            self._ran.add((self._config.rootpath / report.location[0]).resolve())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # A worker of pytest-xdist runs a part of the examples; the controller hears of all.
        config = self._config
        if not config.pluginmanager.hasplugin("syrupy") or hasattr(config, "workerinput"):
            return
        options = config.option
        if getattr(options, "disable_unused_snapshots", False):
            return
        update = options.update_snapshots and not getattr(options, "no_cleanup", False)
        for snapshot in _unused(self._ran):
            self._unused.append(f"{'deleted' if update else 'unused'}: {_shown(snapshot, config)}")
            if update:
                _remove(snapshot)
        if self._unused and not options.update_snapshots and not options.warn_unused_snapshots:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._unused:
            terminalreporter.section("snapshots without an example")
            for line in self._unused:
                terminalreporter.write_line(line)
            if not self._config.option.update_snapshots:
                terminalreporter.write_line("`pytest --snapshot-update` deletes them")


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
        yield Example.from_parent(self, name=self.example, nodeid=self.nodeid, project=self.project)


class MismatchError(Exception):
    """What came out of an example is not what its snapshots say."""


class Example(pytest.Item):
    """An example as a test."""

    def __init__(self, *, project: Project, **given: Any) -> None:
        super().__init__(**given)
        self.project = project
        self.case = PurePosixPath(self.name)
        self.snapshots = project.roots[0] / SNAPSHOTS
        self.obj = self.runtest  # syrupy asks every item for its function

    def runtest(self) -> None:
        if not self.config.pluginmanager.hasplugin("syrupy"):
            raise MismatchError("examples are compared by syrupy: pip install 'crossdock[test]'")
        from crossdock.project.cases import Case, run_case

        result, diagnostics = run_case(self.project, Case(self.project.roots[0], self.case))
        problems = [self._compare(_RESULT, result), self._compare(_DIAGNOSTICS, diagnostics)]
        if found := [problem for problem in problems if problem]:
            raise MismatchError("\n\n".join(found))

    def _compare(self, suffix: str, text: str | None) -> str | None:
        """What is wrong with the result or the diagnostics, beside their snapshot."""
        from crossdock.project.snapshots import difference

        name = self.case.with_suffix(suffix).as_posix()
        file, shown = self.snapshots / name, f"{SNAPSHOTS}/{name}"
        existed = file.is_file()
        if text is None:
            return self._leave_out(file, shown) if existed else None
        found = difference(self, name, text + "\n")
        if found is None:
            return None
        problem = (
            f"(-) is not what came out (+)\n{found}" if existed else f"does not exist; this came out\n{text}"
        )
        return f"{shown} {problem}\n= help: `pytest --snapshot-update` writes it"

    def _leave_out(self, file: Path, shown: str) -> str | None:
        if self.config.option.update_snapshots:
            file.unlink()
            return None
        what = "result" if file.suffix == _RESULT else "diagnostics"
        return f"{shown} exists, but no {what} came out\n= help: `pytest --snapshot-update` deletes it"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from crossdock.core.errors import CrossdockError, ProjectError

        match excinfo.value:
            case ProjectError() as error:
                return f"{error}\n  = note: an example stands at {EXAMPLES}/<mapping>/<case>.json"
            case MismatchError() | CrossdockError() as error:
                return str(error)
            case _:
                return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.case.with_suffix("").as_posix()
