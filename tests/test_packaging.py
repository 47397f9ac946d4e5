"""The wheel: what is in it, and that it works where the repository is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

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


def needed(name: str, found: set[str]) -> set[str]:
    """The names of the distributions that one needs, without its extras, beside those that are found."""
    for requirement in map(Requirement, distribution(name).requires or ()):
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and requirement.name not in found:
            found = needed(requirement.name, {*found, requirement.name})
    return found


def repacked(name: str, folder: Path) -> None:
    """A wheel of a distribution as it is installed here, so that nothing is downloaded."""
    found = distribution(name)
    tag = next(
        line.partition(": ")[2]
        for line in (found.read_text("WHEEL") or "").splitlines()
        if line.startswith("Tag: ")
    )
    files = [
        file
        for file in found.files or ()
        if ".." not in file.parts and file.name not in ("INSTALLER", "REQUESTED", "direct_url.json")
    ]
    with ZipFile(folder / f"{name.replace('-', '_')}-{found.version}-{tag}.whl", "w") as wheel:
        for file in files:
            if file.name != "RECORD" and file.suffix != ".pyc":
                wheel.writestr(str(file), Path(str(file.locate())).read_bytes())
        record = next(file for file in files if file.name == "RECORD")
        wheel.writestr(str(record), "".join(f"{file},,\n" for file in files if file.suffix != ".pyc"))


@pytest.fixture(scope="module")
def wheels(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel, and those of all that it needs."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in needed("crossdock", {"pip"}):
        repacked(name, folder)
    shutil.copy(wheel, folder)
    return folder


@pytest.mark.parametrize("tool", ["pipx", "uv"])
def test_a_tool_installs_the_command_by_itself(
    tool: str, wheels: Path, repository: Path, tmp_path: Path
) -> None:
    """In an environment of its own: only what the wheel says that it needs is there."""
    found = shutil.which(tool, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{tool} is not installed")
    (wheel,) = wheels.glob("crossdock-*.whl")
    local = ["--no-index", "--find-links", str(wheels)]
    commands = {
        "pipx": ["install", f"--pip-args={' '.join(local)}", "--python", sys.executable],
        "uv": ["tool", "install", "--offline", "--no-cache", *local, "--python", sys.executable],
    }
    home = {
        "HOME": str(tmp_path),
        **{name: str(tmp_path / "tools") for name in ("PIPX_HOME", "UV_TOOL_DIR")},
        **{name: str(tmp_path / "bin") for name in ("PIPX_BIN_DIR", "UV_TOOL_BIN_DIR")},
    }
    done = subprocess.run(
        [found, *commands[tool], wheel],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **home},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr

    command = tmp_path / "bin" / "crossdock"
    assert run([command, "--version"], tmp_path) == "crossdock, version 0.1.0\n"
    payload = repository / "examples" / EXAMPLE
    result = run([command, "transform", "kibo/order", payload], tmp_path)
    assert result == (repository / "snapshots" / EXAMPLE).read_text(encoding="utf-8")
    serve = subprocess.run([command, "serve", "kibo"], cwd=tmp_path, capture_output=True, encoding="utf-8")
    missing = "Error: `serve` needs sqlalchemy: install crossdock[serve]\n"
    assert (serve.returncode, serve.stderr) == (2, missing)
