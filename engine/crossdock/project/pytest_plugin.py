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

Those of a dialect are in a folder for each channel: examples/desk/ack_all/shop/full.json.

``pytest --snapshot-update`` writes the snapshots, and removes those without an example. When all examples
of a project were run, a snapshot without an example fails the run. Syrupy compares and writes; its options
apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from crossdock.project.project import Project

# Repeated from crossdock.project.examples, which loads the engine: pytest loads this plugin in every
# project, also where there is no example.
EXAMPLES: Final = "examples"
_ANSWERS: Final = ".answers.json"

SNAPSHOTS: Final = "snapshots"
_RESULT, _DIAGNOSTICS = ".json", ".txt"


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
    """Collects the examples, and finds snapshots without an example."""

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
        # A worker of pytest-xdist runs some of the examples; the controller gets the reports of all.
        config = self._config
        if not config.pluginmanager.hasplugin("syrupy") or hasattr(config, "workerinput"):
            return
        if _option(config, "disable_unused_snapshots"):
            return
        update = _option(config, "update_snapshots") and not _option(config, "no_cleanup")
        for snapshot in _unused(self._ran):
            self._unused.append(f"{'deleted' if update else 'unused'}: {_shown(snapshot, config)}")
            if update:
                _remove(snapshot)
        tolerated = _option(config, "update_snapshots") or _option(config, "warn_unused_snapshots")
        if self._unused and not tolerated:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._unused:
            terminalreporter.section("snapshots without an example")
            for line in self._unused:
                terminalreporter.write_line(line)
            if not _option(self._config, "update_snapshots"):
                terminalreporter.write_line("`pytest --snapshot-update` deletes them")


def _option(config: pytest.Config, name: str) -> bool:
    """A flag of syrupy's; some of its versions lack some of them."""
    return bool(config.getoption(name, default=False))


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
        yield ExampleItem.from_parent(self, name=self.path.stem, callobj=self._test())

    def _test(self) -> Callable[..., None]:
        """The function that pytest calls, with the fixture of syrupy in its parameter."""

        def without_syrupy() -> None:
            raise MismatchError("examples are compared by syrupy: pip install 'crossdock[test]'")

        def example(snapshot: SnapshotAssertion) -> None:
            ExampleSnapshots(self.config, self.project, PurePosixPath(self.example), snapshot).compare()

        return example if self.config.pluginmanager.hasplugin("syrupy") else without_syrupy


class MismatchError(Exception):
    """The result or the diagnostics of an example differ from their snapshot."""


class ExampleItem(pytest.Function):
    """The test of one example: a function, so that syrupy gives it the fixture ``snapshot``."""

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ARG002 (pytest.Function takes none)
    ) -> Any:
        from crossdock.core.errors import CrossdockError, ProjectError

        match excinfo.value:
            case ProjectError() as error:
                return f"{error}\n  = note: examples are named {EXAMPLES}/<mapping>/<case>.json"
            case MismatchError() | CrossdockError() as error:
                return str(error)
            case _:
                return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        example = cast(ExampleFile, self.parent).example
        return self.path, None, example.removesuffix(".json")


@dataclass(frozen=True, slots=True)
class ExampleSnapshots:
    """The snapshots of one example: ``<case>.json`` with the result, ``<case>.txt`` with diagnostics."""

    config: pytest.Config
    project: Project
    case: PurePosixPath
    snapshot: SnapshotAssertion

    def compare(self) -> None:
        """Run the example. Raises MismatchError when a snapshot differs, and what running it raises."""
        from crossdock.project.cases import Case, run_case

        result, diagnostics = run_case(self.project, Case(self.project.roots[0], self.case))
        problems = [self._problem(_RESULT, result), self._problem(_DIAGNOSTICS, diagnostics)]
        if found := [problem for problem in problems if problem]:
            raise MismatchError("\n\n".join(found))

    def _problem(self, suffix: str, text: str | None) -> str | None:
        """How the result or the diagnostics differ from their snapshot; None when they do not."""
        from crossdock.project.snapshots import difference

        name = self.case.with_suffix(suffix).as_posix()
        file, shown = self.project.roots[0] / SNAPSHOTS / name, f"{SNAPSHOTS}/{name}"
        existed = file.is_file()
        if text is None:
            return self._leave_out(file, shown) if existed else None
        found = difference(self.config, self.snapshot, file, text + "\n")
        if found is None:
            return None
        problem = (
            f"(-) is not what came out (+)\n{found}" if existed else f"does not exist; this came out\n{text}"
        )
        return f"{shown} {problem}\n= help: `pytest --snapshot-update` writes it"

    def _leave_out(self, file: Path, shown: str) -> str | None:
        if _option(self.config, "update_snapshots"):
            file.unlink()
            return None
        what = "result" if file.suffix == _RESULT else "diagnostics"
        return f"{shown} exists, but no {what} came out\n= help: `pytest --snapshot-update` deletes it"
