"""A project and everything compiled is shared between threads, cold or warm, and made once.

Each round opens a fresh project and lets eight threads ask for everything in it, each in another order, while
Python switches between them as often as it can.
"""

from __future__ import annotations

import json
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from conftest import MakeProject
from crossdock import CompileError, CrossdockError, Project, ProjectError
from crossdock.channels import compiler as conversation_compiler
from crossdock.channels.messages import Answer
from crossdock.channels.runner import run_conversation
from crossdock.core.limits import USE_CHAIN
from crossdock.execution import codegen
from crossdock.project import code_cache
from crossdock.project import project as project_module
from crossdock.schema import safe_regex

THREADS = 8
DOUBTFUL = [f"[[a{n}]" for n in range(20)]
ROUNDS = 50
LINE = {
    "type": "object",
    "required": ["sku"],
    "properties": {"sku": {"type": "string", "pattern": "^[A-Z]+$"}},
}
FILES = {
    "schemas/shop/line.schema.json": json.dumps(LINE),
    "schemas/shop/order.schema.json": json.dumps(
        {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "integer"},
                "lines": {"type": "array", "items": {"$ref": "line.schema.json"}},
            },
        }
    ),
    "schemas/desk/any.schema.json": '{"type": "object"}',
    "mappings/shop/channel.yaml": "settings: {till: {describe: which till, default: T1}}",
    "mappings/actions.yaml": "notify: {call: POST /notify, when: lines}",
    "mappings/shop/c.yaml": "from: shop/line\nmap: {sku: sku}",
    "mappings/shop/b.yaml": "from: shop/order\nmap: {lines: [{$each: lines, $use: ./c}]}",
    "mappings/shop/a.yaml": (
        "from: shop/order\n"
        "map: {b: {$use: ./b}, again: {$use: top}, price: money(id), till: settings().till}\n"
        "fragments: {top: {$use: ./b}}"
    ),
    "mappings/shop/broken.yaml": "from: shop/order\nmap: {x: ids, b: {$use: ./b}}",
    "mappings/shop/uses_broken.yaml": "from: shop/order\nmap: {$use: ./broken}",
    "mappings/shop/notify/conversation.yaml": (
        "request: shop/order\nresponse_schema: desk/any\n"
        'steps: [{step: put, call: "PUT /orders/{{ id }}", body: {$use: ../a}}]\n'
        "response: {answer: answers().put, id: id}"
    ),
}
ORDER = {"id": 7, "lines": [{"sku": "A"}]}
RESULT = {"b": {"lines": [{"sku": "A"}]}, "again": {"lines": [{"sku": "A"}]}, "price": "7.00", "till": "T1"}


@pytest.fixture
def switching() -> Iterator[None]:
    """Python switches between threads all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each thing was compiled or generated."""
    counts: Counter[str] = Counter()

    def counted(owner: Any, name: str, key: Callable[..., str]) -> None:
        function = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            counts[key(*arguments)] += 1
            return function(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    counted(project_module, "compile_mapping", lambda name, *_: name)
    counted(conversation_compiler, "compile_conversation", lambda name, *_: name)
    counted(project_module, "parse_channel", lambda source: source.name)
    counted(project_module, "parse_actions", lambda source: source.name)
    counted(codegen, "generate", lambda mapping: f"code of {mapping.name}")
    return counts


def refusal(call: Callable[[], object]) -> list[str]:
    try:
        call()
    except CrossdockError as error:
        return [item.id for item in error.diagnostics]
    return []


def asked(project: Project) -> dict[str, Callable[[], object]]:
    """What a thread asks a project for. The answers are the same objects, or equal ones, in all threads."""

    def kept() -> bool:
        return code_cache.keep_mapping(project, project.mapping("shop/a"))

    def found() -> object:
        prepared = code_cache.find(project.roots, "shop/a")
        return None if prepared is None else "found"

    def held() -> object:
        conversation = project.conversation("shop", "notify")
        result = run_conversation(conversation, ORDER, lambda call, _: Answer(200, call.body))  # type: ignore[arg-type]
        return json.dumps(result.response)

    return {
        "a": lambda: project.mapping("shop/a"),
        "b": lambda: project.mapping("shop/b"),
        "c": lambda: project.mapping("shop/c"),
        "linked b": lambda: project.mapping("shop/a").linked.used["./b"],
        "conversation": lambda: project.conversation("shop", "notify"),
        "held": held,
        "schema": lambda: project.schema("shop/order"),
        "line": lambda: project.schema("shop/line").shape(),
        "settings": lambda: json.dumps(project.settings("shop/a", {"till": "T2"})),
        "channel": lambda: project.channel_of("shop/a"),
        "actions": lambda: project.actions,
        "broken": lambda: refusal(lambda: project.mapping("shop/broken")),
        "uses broken": lambda: refusal(lambda: project.mapping("shop/uses_broken")),
        "unknown": lambda: refusal(lambda: project.mapping("shop/none")),
        "result": lambda: json.dumps(project.mapping("shop/a")(ORDER)),  # type: ignore[arg-type]
        "bytes": lambda: project.mapping("shop/a").convert(json.dumps(ORDER).encode()),
        "trusted": lambda: project.mapping("shop/a").convert(json.dumps(ORDER).encode(), trust_source=True),
        "exact": lambda: json.dumps(project.mapping("shop/a")({"id": 10**15})),
        "prepared": lambda: project.mapping("shop/a").prepared(),
        "kept": kept,
        "found or not": lambda: found() in (None, "found"),
        "findings": lambda: [str(item.id) for item in project.check(["shop/a", "shop/broken"])],
    }


def in_threads(tasks: Callable[[], dict[str, Callable[[], object]]], seed: int) -> list[dict[str, object]]:
    """The answers of each thread, which all begin together, each in another order."""
    barrier = Barrier(THREADS)

    def run(number: int) -> dict[str, object]:
        mine = list(tasks().items())
        random.Random(seed * THREADS + number).shuffle(mine)
        barrier.wait()
        return {name: task() for name, task in mine}

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(run, number) for number in range(THREADS)]]


@pytest.mark.usefixtures("switching")
def test_a_fresh_project_is_compiled_once_whichever_thread_asks(
    project: MakeProject, made: Counter[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_CACHE", str(tmp_path / "cache"))
    project(FILES)
    for turn in range(ROUNDS):
        made.clear()
        fresh = Project([tmp_path])
        answers = in_threads(partial(asked, fresh), turn)
        first = answers[0]
        assert all(other == first for other in answers), turn  # compiled objects are equal only to themselves
        assert first["result"] == json.dumps(RESULT)
        assert json.loads(str(first["held"])) == {"answer": RESULT, "id": 7}
        assert first["broken"] == ["unknown-property"]
        assert first["uses broken"] == ["unknown-property", "broken-use"]
        assert first["kept"] is True
        assert {name: times for name, times in made.items() if times != 1 and "code of" not in name} == {}, (
            turn
        )
        # Once with whole amounts, and once for an amount that is too large for them.
        assert made["code of shop/a"] == 2
        assert fresh.mapping("shop/a") is first["a"] and fresh.mapping("shop/b").linked is first["linked b"]
    prepared = code_cache.find([tmp_path], "shop/a")
    assert prepared is not None


@pytest.mark.usefixtures("switching")
def test_the_bundled_project_is_compiled_once_too(repository: Path, made: Counter[str]) -> None:
    names = [
        "kibo/order",
        "fabric/order",
        "kibo/order_ack/conversation",
        "fabric/order_ack/conversation",
    ]
    for turn in range(2):
        made.clear()
        fresh = Project([repository])
        tasks = {name: partial(fresh.named, name) for name in names}
        answers = in_threads(partial(dict[str, Callable[[], object]], tasks), turn)
        assert all(other == answers[0] for other in answers)
        assert {name: times for name, times in made.items() if times != 1} == {}


@pytest.mark.usefixtures("switching")
def test_the_filters_of_warnings_are_as_before() -> None:
    """`re` warns of some patterns, and the filters that make an error of it belong to all threads."""
    before = list(warnings.filters)
    for _ in range(10):
        safe_regex.unsafe.cache_clear()
        found = in_threads(lambda: {each: partial(safe_regex.unsafe, each) for each in DOUBTFUL}, 0)
        assert {reason for answers in found for reason in answers.values()} == {
            "has a character in a class that needs a backslash before it"
        }
    assert list(warnings.filters) == before


def chain(length: int) -> dict[str, str]:
    """Mappings that use one another; the last one uses none."""
    files = {f"mappings/shop/m{n}.yaml": f"map: {{x: {{$use: ./m{n + 1}}}}}" for n in range(length)}
    return {**files, f"mappings/shop/m{length}.yaml": "map: {x: x}"}


def test_an_error_of_a_long_chain_is_not_that_of_its_end(project: MakeProject) -> None:
    made = project(chain(USE_CHAIN + 5))
    with pytest.raises(CompileError, match="broken-use"):
        made.mapping("shop/m0")
    assert made.mapping("shop/m20").name == "shop/m20"
    with pytest.raises(CompileError, match="broken-use"):
        made.mapping("shop/m0")


def test_a_file_that_could_not_be_read_once_is_read_again(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project({"mappings/shop/a.yaml": "map: {$use: ./b}", "mappings/shop/b.yaml": "map: {x: x}"})
    real = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name == "b.yaml":
            raise OSError(24, "Too many open files")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(CompileError, match="cannot be read: Too many open files"):
        made.mapping("shop/a")
    with pytest.raises(ProjectError, match="unreadable"):
        made.mapping("shop/b")
    monkeypatch.undo()
    assert made.mapping("shop/a")({"x": 1}) == {"x": 1}


def test_an_error_that_is_kept_is_raised_as_a_new_one(project: MakeProject) -> None:
    made = project({"mappings/shop/a.yaml": "map: {x: uper(x)}"})
    raised = []
    for _ in range(3):
        with pytest.raises(CompileError) as caught:
            made.mapping("shop/a")
        raised.append(caught.value)
    assert len({id(error) for error in raised}) == 3
    assert len({str(error) for error in raised}) == 1
    assert "unknown-function" in str(raised[0])


def test_a_circle_is_one_from_wherever_it_is_entered(project: MakeProject) -> None:
    made = project({"mappings/shop/a.yaml": "map: {$use: ./b}", "mappings/shop/b.yaml": "map: {$use: ./a}"})
    for name in ("shop/a", "shop/b", "shop/a"):
        with pytest.raises(CompileError, match=r"use-circle|broken-use"):
            made.mapping(name)
