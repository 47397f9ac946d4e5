"""The cached findings of a check: a second check gives the same bytes, and none is ever of other files."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crossdock.cli.app import run
from crossdock.project import cached_files
from crossdock.project.check_cache import CheckCache
from crossdock.project.search_path import located

FIND = CheckCache.find  # the tests replace it

SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "colour": {"type": "string"}},
}
FILES = {
    "mappings/shop/order.yaml": "from: shop/order\nto: shop/order\nmap:\n  id: id\n  name: {$use: ./name}\n",
    "mappings/shop/name.yaml": "map: nam\n",
    "mappings/shop/colours.yaml": (
        "from: shop/order\ntables: {colours: ../tables/colour}\nmap:\n  c: lookup('colours', colour)\n"
    ),
    "mappings/shop/channel.yaml": "describe: A shop.\nsettings:\n  size: {describe: of it, default: 3}\n",
    "mappings/shop/find.yaml": "describe: A.\ninputs: {n: {describe: N}}\nsteps: []\nanswer: $n\n",
    "mappings/shop/order_ack/conversation.yaml": (
        "describe: A.\nrequest: shop/order\nsteps:\n  - step: found\n    use: ../find\n    with: {n: id}\n"
        "  - step: order\n    value: {$use: ../order}\nresponse: {events: events()}\n"
    ),
    "mappings/tables/colour.yaml": "{r: red, b: blue}\n",
    "schemas/shop/order.schema.json": json.dumps(SCHEMA),
    "schemas/shop/notes.md": "Nothing.\n",
}
FORMATS = ["text", "short", "json", "github", "sarif"]


class Shop:
    """A project on disk, and two ways to check it: with the cache, and without."""

    def __init__(self, place: Path, kept: Path, output: pytest.CaptureFixture[bytes]) -> None:
        self.place, self.kept, self.output = place, kept, output
        self.hits: list[bool] = []

    def check(self, *arguments: str) -> tuple[int, bytes, bytes]:
        code = run(["-C", str(self.place), "check", *arguments])
        out, err = self.output.readouterr()
        return code, out, err

    def agree(self, *arguments: str) -> bytes:
        """A check with the cache, which must print what a check without it prints."""
        cached = self.check(*arguments)
        assert cached == self.check(*arguments, "--no-cache")
        return cached[1] + cached[2]

    def write(self, path: str, text: str | bytes) -> None:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def entries(self) -> list[Path]:
        return sorted(self.kept.iterdir()) if self.kept.exists() else []


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Shop:
    made = Shop(tmp_path / "project", tmp_path / "kept", capfdbinary)
    for path, text in FILES.items():
        made.write(path, text)
    monkeypatch.setenv("CROSSDOCK_CACHE", str(made.kept))
    monkeypatch.setattr(cached_files, "_engine", lambda folder: "as it is")  # someone may be editing it

    def watched(cache: CheckCache) -> object:
        found = FIND(cache)
        made.hits.append(found is not None)
        return found

    monkeypatch.setattr(CheckCache, "find", watched)
    return made


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_check_prints_the_same_bytes(form: str, shop: Shop) -> None:
    first = shop.check("--format", form)
    assert first[0] == 2
    assert b"nam" in first[1]
    assert [shop.check("--format", form) for _ in range(2)] == [first] * 2
    assert shop.hits == [False, True, True]


def test_one_entry_serves_all_formats_and_a_clean_project_too(shop: Shop) -> None:
    for form in FORMATS:
        shop.agree("--format", form)
    assert shop.hits == [False] + [True] * 4
    shop.write("mappings/shop/name.yaml", "from: shop/order\nmap: name\n")
    shutil.rmtree(shop.place / "mappings/shop/order_ack")
    (shop.place / "mappings/shop/find.yaml").unlink()
    shop.write("mappings/shop/channel.yaml", "describe: A shop.\n")
    assert [shop.check() for _ in range(2)] == [(0, b"", b"3 mappings checked, no findings\n")] * 2
    assert shop.hits[-2:] == [False, True]
    assert len(shop.entries()) == 1


def test_other_arguments_have_entries_of_their_own(shop: Shop) -> None:
    calls = [(), ("--lenient",), ("shop/order",), ("shop/name",), ("shop/name", "shop/order")]
    found = [shop.check(*call) for call in calls]
    assert [shop.check(*call) for call in calls] == found
    assert shop.hits == [False] * 5 + [True] * 5
    assert len(set(found)) > 3


def test_without_the_cache_nothing_is_read_or_written(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.check("--no-cache")
    monkeypatch.setenv("CROSSDOCK_CACHE", "off")
    shop.check()
    assert (shop.hits, shop.entries()) == ([False], [])


# Whatever a check could read


def edited(shop: Shop, random: random.Random) -> None:
    """One change of one file or name: its content, its place, or whether it is there."""
    files = sorted(path for path in shop.place.rglob("*") if path.is_file())
    file, change = random.choice(files), random.randrange(7)
    if change == 0:
        old, new = random.choices(["name", "nam", "id", "colour", "order", "3"], k=2)
        file.write_text(file.read_text().replace(old, new))
    elif change == 1:
        file.unlink()
    elif change == 2:
        file.rename(file.with_name(random.choice([path.name for path in files])))
    elif change == 3:
        os.utime(file, ns=(0, random.choice([0, 10**18])))  # a touched file is the same file
    elif change == 4:
        same = file.stat()
        text = file.read_bytes()
        file.write_bytes(text[:-1] + random.choice([b" ", b"\n", b"}"]))  # as long, and of the same time
        os.utime(file, ns=(same.st_atime_ns, same.st_mtime_ns))
    elif change == 5:
        path = random.choice(list(FILES))
        shop.write(path, FILES[path])
    else:
        schema = {**SCHEMA, "$id": "https://shop.test/other", "required": random.sample(["id", "name"], 1)}
        shop.write(
            random.choice(["schemas/shop/other.schema.json", "schemas/shop/order.schema.json"]),
            json.dumps(schema),
        )


@pytest.mark.parametrize("seed", range(2))
def test_no_check_is_of_other_files(seed: int, shop: Shop) -> None:
    chosen = random.Random(seed)
    seen = set()
    for _ in range(15):
        seen.add(shop.agree("--format", "json"))
        edited(shop, chosen)
    assert len(seen) > 3
    assert any(shop.hits)  # a touched file, or a change that is none


ADDED = {
    "a mapping": ("mappings/shop/new.yaml", "map: nothing\n"),
    "a schema": ("schemas/shop/new.schema.json", "{}"),
    "a table": ("mappings/tables/new.yaml", "{a: b}\n"),
    "actions": ("mappings/actions.yaml", "x: 1\n"),
    "a dialect": ("mappings/desk/dialect.yaml", "describe: A.\n"),
    "a channel": ("mappings/desk/channel.yaml", "describe: A.\nsettings: 1\n"),
    "a conversation": ("mappings/shop/order_fetch/conversation.yaml", "steps: 1\n"),
    "a file that is no YAML": ("mappings/shop/notes.txt", "x"),
    "a file that is not UTF-8": ("mappings/shop/new.yaml", b"\xff"),
    "a bundled mapping": ("mappings/kibo/order.yaml", "map: nothing\n"),
    "a bundled schema": ("schemas/kibo/order.schema.json", '{"type": "object"}'),
}


@pytest.mark.parametrize("what", ADDED)
def test_an_added_file_and_its_end_are_seen(what: str, shop: Shop) -> None:
    path, text = ADDED[what]
    shop.check()
    shop.write(path, text)
    shop.agree()
    assert shop.hits == [False, False]
    (shop.place / path).unlink()
    shop.agree()


def test_an_added_folder_is_seen(shop: Shop) -> None:
    shop.check()
    (shop.place / "mappings/shop/folder.yaml").mkdir()
    shop.agree()
    assert shop.hits == [False, False]


@pytest.mark.parametrize("path", ["mappings/shop/link.yaml", "mappings/link", "schemas/link.schema.json"])
def test_a_tree_with_a_link_is_checked_each_time(path: str, shop: Shop, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "name.yaml").write_text("map: nam\n")
    (shop.place / path).symlink_to(outside / "name.yaml" if "." in path else outside)
    assert [shop.agree() for _ in range(2)]
    assert (shop.hits, shop.entries()) == ([False, False], [])


def test_a_file_outside_of_the_project_is_checked_each_time(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "draft.yaml").write_text("map: id\n")
    for text in ("map: id\n", "map: [id, id]\n"):
        (tmp_path / "draft.yaml").write_text(text)
        shop.agree("draft.yaml")
    assert (shop.hits, shop.entries()) == ([False, False], [])


def test_a_file_that_changes_during_the_check_leaves_no_entry(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crossdock.project.project import Project

    check = Project.check

    def late(project: Project, *given: object, **options: object) -> object:
        found = check(project, *given, **options)  # type: ignore[arg-type]
        text = (shop.place / "mappings/shop/name.yaml").read_bytes()
        shop.write("mappings/shop/name.yaml", "map: id\n")
        shop.write("mappings/shop/name.yaml", text)  # and back again
        return found

    monkeypatch.setattr(Project, "check", late)
    shop.check()
    assert shop.entries() == []


# Another engine, and what is wrong with an entry


def test_another_engine_another_python_and_other_libraries_check_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[Callable[[], None]] = [
        lambda: monkeypatch.setattr(cached_files, "__version__", "0.0.9"),
        lambda: monkeypatch.setattr(cached_files, "_engine", lambda folder: "edited"),
        lambda: monkeypatch.setattr(cached_files, "_libraries", lambda: [1, 2]),
        lambda: monkeypatch.setattr(sys, "version", "3.99"),
    ]
    shop.check()
    for change in changes:
        change()
        shop.check()
        shop.check()
    assert shop.hits == [False] + [False, True] * 4


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b'{"tree": 1}', b"null"], ids=["nothing", "half", "a list", "a key", "null"]
)
def test_a_broken_entry_is_ignored(broken: bytes, shop: Shop) -> None:
    first = shop.check()
    (entry,) = shop.entries()
    whole = entry.read_bytes()
    entry.write_bytes(broken)
    assert shop.check() == first
    cached_files.write(shop.kept, entry.name, broken)
    assert shop.check() == first
    entry.write_bytes(whole[: len(whole) // 2])
    assert shop.check() == first
    entry.write_bytes(whole)
    entry.chmod(0o666)
    assert shop.check() == first
    assert shop.hits == [False] * 5
    assert shop.check() == first
    assert shop.hits[-1]


def test_a_second_check_does_not_load_what_checks() -> None:
    """The times of two runs are not compared, but what they load: parsers, and the check itself."""
    script = (
        "import sys; from crossdock.cli.app import run; run(['check']); code = run(['check']);"
        "loaded = {'yaml', 'jmespath', 'jinja2', 'crossdock.checking.check', 'crossdock.project.project'};"
        "print(code, sorted(loaded & set(sys.modules)))"
    )
    line = [sys.executable, "-c", script]
    for wanted in ("['crossdock.checking.check',", "0 []"):
        ran = subprocess.run(line, capture_output=True, text=True, timeout=120, cwd=located()[0])
        assert wanted in ran.stdout
