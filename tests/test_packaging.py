"""The wheel: what is in it, and that it works where the repository is not."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

EXAMPLE = "kibo/order/full.json"


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command in another directory, with no trace of this process's Python."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], repository)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment that has the wheel, and its dependencies from this environment.

    A path in a .pth file is only searched: the editable install that this environment has of the
    repository, itself a .pth file, does not come along.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel]
    run([sys.executable, "-m", "pip", "--python", commands / "python", *install], folder)
    site = run([commands / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder)
    Path(site.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return commands


def test_the_wheel_holds_the_package_and_all_mappings_and_schemas(wheel: Path, repository: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    for folder in ("mappings", "schemas"):
        files = [path for path in (repository / folder).rglob("*") if path.is_file()]
        wanted = {f"crossdock/bundled/{path.relative_to(repository).as_posix()}" for path in files}
        assert wanted and wanted <= names
    sources = repository / "engine"
    assert {path.relative_to(sources).as_posix() for path in sources.rglob("*.py")} <= names
    assert "crossdock/py.typed" in names


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        described = archive.read(metadata).decode()
    assert {Path(name).parts[0] for name in names} == {"crossdock", Path(metadata).parts[0]}
    assert metadata.replace("METADATA", "licenses/LICENSE") in names
    assert not [
        name for name in names if Path(name).name.startswith(("test_", "conftest")) or "__pycache__" in name
    ]
    assert "\nRequires-Python: >=3.11\n" in described
    assert "\nLicense-Expression: Apache-2.0\n" in described


def test_the_wheel_has_the_page_of_the_studio_and_is_small(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    pages = {f"crossdock/studio/assets/{name}" for name in ("index.html", "studio.js", "studio.css")}
    assert pages <= names
    assert wheel.stat().st_size < 1_500_000


def test_it_transforms_an_example_in_another_directory(
    installed: Path, repository: Path, tmp_path: Path
) -> None:
    where = run([installed / "python", "-c", "import crossdock; print(crossdock.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    payload = tmp_path / "order.json"
    payload.write_bytes((repository / "examples" / EXAMPLE).read_bytes())
    result = run([installed / "crossdock", "transform", "kibo/order", "order.json"], tmp_path)
    assert result == (repository / "snapshots" / EXAMPLE).read_text(encoding="utf-8")


def test_the_plugin_writes_snapshots_for_an_integrator(
    installed: Path, repository: Path, tmp_path: Path
) -> None:
    example = tmp_path / "examples" / EXAMPLE
    example.parent.mkdir(parents=True)
    example.write_bytes((repository / "examples" / EXAMPLE).read_bytes())
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/own.yaml").write_text("map: {}\n", encoding="utf-8")
    run([installed / "python", "-m", "pytest", "-q", "--snapshot-update"], tmp_path)
    written = (tmp_path / "snapshots" / EXAMPLE).read_bytes()
    assert written == (repository / "snapshots" / EXAMPLE).read_bytes()
