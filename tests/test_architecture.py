"""The structure of the engine, read from its source: imports go down, and no code names a channel."""

from __future__ import annotations

import ast
import builtins
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from conftest import REPOSITORY

ENGINE = REPOSITORY / "engine" / "crossdock"

# The one module that imports a library of this kind, when it is a question of more than taste.
HOMES = {
    "httpcore": {"channels.connections"},
    "httpx": {"channels.connections", "channels.http"},
    "jinja2": {"language.jinja"},
    "orjson": {f"schema.fast.{name}" for name in ("acceptance", "msgspec_types", "strict_reader", "writer")},
    "msgspec": {"schema.fast.msgspec_types", "schema.fast.partial_reader"},
    "jsonschema_rs": {"schema.fast.acceptance"},
    "jmespath": {"language.jmespath_parser", "execution.jmespath_library"},
    "jsonschema": {"schema.validator"},
    "referencing": {"schema.store"},
    "yaml": {"core.yaml_reader", "tools.derivation.recipe", "tools.openapi.description"},
    "click": {"cli"},
    "pytest": {"project.pytest_plugin", "project.snapshots"},
}
CHANNELS = ("kibo", "fabric", "mozu")
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
WALKS = (
    "An order, from bytes to bytes",
    "A RetailOPS request, from the request to the answer",
    "A check",
)
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ENGINE.rglob("*.py")):
        parts = path.relative_to(ENGINE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = path
    return found


MODULES = modules()


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


@cache
def imports_of(name: str) -> frozenset[str]:
    return frozenset(imported(tree_of(name)))


def imported(node: ast.AST) -> Iterator[str]:
    """Every module that is imported at run time, in a function too; not what only the types need."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            names = [f"{child.module}.{alias.name}" for alias in child.names]
            yield from (
                name if name.removeprefix("crossdock.") in MODULES else str(child.module) for name in names
            )
        yield from imported(child)


def test_the_root_of_the_engine_holds_packages_only() -> None:
    assert [path.name for path in ENGINE.glob("*.py")] == ["__init__.py"]


PLANTED = {
    "an import of a higher package": (
        "core/paths.py",
        "from crossdock.project import search_path",
        "core",
        "project",
    ),
    "one for types only": (
        "language/links.py",
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from crossdock.execution.scope import Scope",
        "language",
        "execution",
    ),
    "one of the two that are independent": (
        "checking/facts.py",
        "from crossdock.execution import scope",
        "checking",
        "execution",
    ),
    "one inside a function": (
        "schema/store.py",
        "def planted() -> None:\n    from crossdock.tools import overview",
        "schema",
        "tools",
    ),
}


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], tuple[int, str]]:
    """Runs the import contracts on a copy of the engine, with lines added to one of its modules."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ENGINE, copy / "crossdock", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", copy)

    def run(module: str, lines: str) -> tuple[int, str]:
        file = copy / "crossdock" / module
        before = file.read_text(encoding="utf-8")
        file.write_text(f"{before}\n{lines}\n", encoding="utf-8")
        try:
            done = subprocess.run(
                [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
                cwd=copy,
                env={**os.environ, "PYTHONPATH": str(copy), "COLUMNS": "200"},
                capture_output=True,
                text=True,
                timeout=120,
            )
        finally:
            file.write_text(before, encoding="utf-8")
        return done.returncode, done.stdout

    return run


def test_the_imports_of_the_engine_keep_their_contracts(
    linted: Callable[[str, str], tuple[int, str]],
) -> None:
    code, told = linted("core/paths.py", "")

    assert (code, "0 broken" in told) == (0, True), told


@pytest.mark.parametrize("case", PLANTED)
def test_an_upward_import_breaks_the_contract(
    case: str, linted: Callable[[str, str], tuple[int, str]]
) -> None:
    module, lines, lower, higher = PLANTED[case]
    code, told = linted(module, lines)

    assert code == 1
    assert f"crossdock.{lower} is not allowed to import crossdock.{higher}" in told
    assert "Imports go down through the packages BROKEN" in told


def test_a_circle_inside_a_package_breaks_the_contract(
    linted: Callable[[str, str], tuple[int, str]],
) -> None:
    code, told = linted("core/diagnostics.py", "from crossdock.core import rendering")

    assert code == 1
    assert "No circle of imports inside a package BROKEN" in told
    assert "No cycles are allowed in crossdock.core" in told


def layers() -> list[set[str]]:
    """The packages from the top to the bottom, as the contract lists them."""
    contract = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    listed = contract["tool"]["importlinter"]["contracts"][0]["layers"]
    return [set(re.split(r"\s*\|\s*", layer)) for layer in listed]


def test_the_contract_lists_every_package() -> None:
    packages = {path.parent.name for path in ENGINE.glob("*/__init__.py")}

    assert set().union(*layers()) == packages


def test_the_page_draws_the_packages_in_the_order_of_the_contract() -> None:
    picture = PAGE.partition("## The packages")[2].split("```")[1]
    drawn = re.findall(r"^[ │├─]*([a-z]+)  ", picture, flags=re.MULTILINE)
    wanted = [sorted(layer) for layer in layers()]

    assert drawn == [package for layer in wanted for package in layer]


def named_in(text: str) -> list[str]:
    """The modules and packages in backticks, such as `checking.lineage`."""
    packages = "|".join(sorted(name for name in MODULES if name and "." not in name))
    return re.findall(rf"`((?:{packages})(?:\.[a-z_]+)+)`", text)


def test_every_module_that_the_page_names_exists() -> None:
    named = named_in(PAGE)

    assert len(set(named)) > 50
    assert set(named) - set(MODULES) == set()


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_through_names_each_room_once(walk: str) -> None:
    named = named_in(PAGE.partition(f"## {walk}\n")[2].partition("\n## ")[0])

    assert len(named) > 10
    assert [name for name in named if named.count(name) > 1] == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_by_one_module(library: str) -> None:
    users = {
        name for name in MODULES if any(found.partition(".")[0] == library for found in imports_of(name))
    }
    if library == "click":
        users = {name.partition(".")[0] for name in users}

    assert users == HOMES[library]


def test_no_channel_is_named_in_the_engine() -> None:
    """In code; a docstring may name one, and so may a help text as its example."""
    for name in MODULES:
        tree = tree_of(name)
        docs = {id(node) for node in ast.walk(tree) for node in _docstring(node)}
        for node in ast.walk(tree):
            text = (
                node.value
                if isinstance(node, ast.Constant) and id(node) not in docs
                else getattr(node, "id", "")
            )
            for channel in CHANNELS:
                assert channel not in str(text).lower().replace("such as `kibo/order`", ""), (
                    f"{name}: {text!r}"
                )


def _docstring(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Module | ast.ClassDef | FUNCTIONS):
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            yield first.value


def test_no_class_name_is_defined_twice() -> None:
    """One name is one class, so that a name in a message or a signature says which."""
    homes: dict[str, list[str]] = {}
    for name in MODULES:
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(name)

    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [
        f"{name}.{node.name}: {(node.end_lineno or 0) - node.lineno + 1}"
        for name in MODULES
        for node in ast.walk(tree_of(name))
        if isinstance(node, FUNCTIONS) and (node.end_lineno or 0) - node.lineno >= 40
    ]

    assert long == []


def test_no_method_shadows_a_builtin() -> None:
    """Ruff reports variables and parameters only. `Project.open` is public and keeps its name."""
    found = {
        f"{kind.name}.{node.name}"
        for name in MODULES
        for kind in ast.walk(tree_of(name))
        if isinstance(kind, ast.ClassDef)
        for node in kind.body
        if isinstance(node, FUNCTIONS) and not node.name.startswith("_") and hasattr(builtins, node.name)
    }

    assert found == {"Project.open", "JsonLines.format"}  # `format` is what logging calls


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}

    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_money_is_computed_in_decimals() -> None:
    """A float is made where a result leaves the library, or where it is shown to be a text's decimal."""
    makers = {
        f"{name}.{function.name}"
        for name in MODULES
        if name.startswith("language.functions.")
        for function in ast.walk(tree_of(name))
        if isinstance(function, FUNCTIONS)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    }

    assert makers == {
        "language.functions.decimals.plain",
        "language.functions.scaled.scaled",
    }


def test_nothing_leaves_the_engine_but_through_its_own_doors() -> None:
    """No module prints, reads the clock, or evaluates text as Python, but for what runs generated code."""
    for name in MODULES:
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                doors = ("print", "eval", "__import__", *(["exec"] if name != "core.python_module" else []))
                assert node.func.id not in doors, f"{name}:{node.lineno}"


def loaded(*arguments: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = (
        line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")
    )
    return {line.partition(".")[0] if not line.startswith("crossdock") else line for line in lines}


HEAVY = {
    "httpx",
    "jinja2",
    "jsonschema",
    "referencing",
    "jmespath",
    "yaml",
    "pytest",
    "decimal",
    "importlib.metadata",
}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["transform", "--help"]])
def test_help_waits_for_nothing_that_it_does_not_need(arguments: list[str]) -> None:
    found = loaded("-m", "crossdock.cli", *arguments)

    assert found & HEAVY == set()
    own = {name for name in found if name.startswith("crossdock")}
    others = {name for name in own if not name.startswith("crossdock.cli")}
    assert others == {"crossdock", "crossdock.core", "crossdock.core.version"}


def test_importing_the_package_is_light() -> None:
    found = loaded("-c", "import crossdock")

    assert found & HEAVY == set()
    assert {name for name in found if name.startswith("crossdock")} == {"crossdock"}


def test_transforming_loads_neither_the_network_nor_the_test_tools(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "a.yaml").write_text("map: {a: b}\n", encoding="utf-8")
    (tmp_path / "in.json").write_text("{}", encoding="utf-8")
    found = loaded("-m", "crossdock.cli", "-C", str(tmp_path), "transform", "a", str(tmp_path / "in.json"))

    assert found & {"httpx", "pytest", "jinja2", "jsonschema"} == set()


def test_transforming_with_cached_code_loads_neither_yaml_nor_the_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "a.yaml").write_text("map: {a: b}\n", encoding="utf-8")
    (tmp_path / "in.json").write_text("{}", encoding="utf-8")
    command = ("-m", "crossdock.cli", "-C", str(tmp_path), "transform", "a", str(tmp_path / "in.json"))
    assert "yaml" in loaded(*command)
    found = loaded(*command)

    assert found & {"yaml", "jmespath", "decimal"} == {"decimal"}
    assert {name for name in found if name.startswith("crossdock.execution")} == {
        *("crossdock.execution", "crossdock.execution.fast_path"),
        *("crossdock.execution.runtime", "crossdock.execution.scope", "crossdock.execution.searches"),
    }
    assert "crossdock.core.rendering" not in found


def test_every_public_name_is_there_and_documented() -> None:
    import crossdock

    for name in crossdock.__all__:
        assert getattr(crossdock, name) is not None
    assert dir(crossdock) == sorted(crossdock.__all__)
    with pytest.raises(AttributeError, match="module 'crossdock' has no attribute 'Nothing'"):
        crossdock.Nothing  # noqa: B018
