"""Generated code on disk: it saves time and changes nothing, and what is wrong with it is not there.

The projects are real files, and so are the entries. Most runs are in this process; those that are about
many processes start them.
"""

from __future__ import annotations

import io
import json
import os
import random
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from conftest import REPOSITORY
from crossdock import CrossdockError, Project
from crossdock.bulk.converter import PayloadConverter
from crossdock.cli.app import run
from crossdock.core.python_module import Generated
from crossdock.language.syntax import LinkedMapping
from crossdock.project import cached_files, code_cache
from crossdock.project.search_path import located

SOURCE = {
    "type": "object",
    "required": ["number"],
    "properties": {
        "number": {"type": "integer"},
        "colour": {"type": "string"},
        "amount": {"type": "number"},
        "lines": {"type": "array", "items": {"$ref": "types#/$defs/line"}},
    },
}
TYPES = {"$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string"}}}}}
TARGET = {
    "type": "object",
    "properties": {
        "ref": {"type": "string"},
        "colour": {"type": "string"},
        "size": {"type": "integer"},
        "lines": {"type": "array"},
    },
}
ORDER = """
from: shop/source
to: shop/target
tables: {colours: ../tables/colour}
map:
  ref: to_string(number)
  colour: lookup('colours', colour)
  size: settings().size
  lines:
    - $each: lines
      $use: ./line
checks:
  - check: amount == `1`
    message: it is not 1
"""
LINE = "from: shop/types#/$defs/line\nmap: {sku: upper(sku)}\n"
CHANNEL = "describe: A shop.\nsettings:\n  size: {describe: of it, default: 3}\n"
FILES = {
    "mappings/shop/order.yaml": ORDER.replace("check: amount", "check: root().amount"),
    "mappings/shop/line.yaml": LINE,
    "mappings/shop/channel.yaml": CHANNEL,
    "mappings/tables/colour.yaml": "{r: red, b: blue}\n",
    "schemas/shop/source.schema.json": json.dumps(SOURCE),
    "schemas/shop/types.schema.json": json.dumps(TYPES),
    "schemas/shop/target.schema.json": json.dumps(TARGET),
}
GOOD = b'{"number": 7, "colour": "r", "amount": 1, "lines": [{"sku": "tea"}]}'
WANTED = b'{"ref":"7","colour":"red","size":3,"lines":[{"sku":"TEA"}]}\n'


class Shop:
    """A project, and its own directory of entries. ``found`` says of each look whether it was a hit."""

    def __init__(self, place: Path, kept: Path, capture: pytest.CaptureFixture[bytes]) -> None:
        self.place, self.kept, self._capture = place, kept, capture
        self.found: list[bool] = []

    def write(self, path: str, text: str) -> None:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def call(self, *arguments: str, stdin: bytes = GOOD) -> tuple[int, bytes, bytes]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            code = run(arguments)
        return code, *self._capture.readouterr()

    def transform(self, *arguments: str, stdin: bytes = GOOD) -> tuple[int, bytes, bytes]:
        return self.call("transform", "shop/order", "--compact", *arguments, stdin=stdin)

    def entries(self) -> list[Path]:
        return sorted(self.kept.iterdir()) if self.kept.exists() else []

    @property
    def entry(self) -> Path:
        (found,) = self.entries()
        return found


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Shop]:
    made = Shop(tmp_path / "project", tmp_path / "kept", capsysbinary)
    for path, text in FILES.items():
        made.write(path, text)
    monkeypatch.chdir(made.place)
    monkeypatch.setenv("CROSSDOCK_CACHE", str(made.kept))
    monkeypatch.setattr(cached_files, "_engine", lambda folder: "as it is")  # someone may be editing it
    find = code_cache.find

    def watched(roots: Sequence[Path], name: str) -> object:
        prepared = find(roots, name)
        made.found.append(prepared is not None)
        return prepared

    monkeypatch.setattr(code_cache, "find", watched)
    yield made


# A hit is a miss, but sooner


def test_a_hit_gives_what_a_miss_gives(shop: Shop) -> None:
    assert [shop.transform() for _ in range(3)] == [(0, WANTED, b"")] * 3
    assert shop.found == [False, True, True]
    assert len(shop.entries()) == 1


@pytest.mark.parametrize(
    "payload",
    [
        b'{"number": "x"}',
        b'{"number": 1, "colour": "r", "amount": 2}',
        b'{"number": 1, "lines": [{"sku": 5}]}',
        b'{"number": 1, "number": 1}',
        b"[",
        b"",
        b'{"number": 1, "colour": "green", "amount": 1}',
    ],
)
def test_a_hit_says_what_a_miss_says(payload: bytes, shop: Shop) -> None:
    without = shop.transform("--no-cache", stdin=payload)
    first, second = shop.transform(stdin=payload), shop.transform(stdin=payload)

    assert first == second == without
    assert (without[0], without[2]) != (0, b"") or b"green" in payload


def test_a_hit_reads_no_mapping(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.transform()
    monkeypatch.setattr(PayloadConverter, "_project", None)

    assert shop.transform() == (0, WANTED, b"")


def test_every_example_of_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The bytes of a kept mapping are those of a mapping that has just been read."""
    from crossdock.execution.fast_path import Nothing
    from crossdock.execution.scope import Scope

    monkeypatch.setenv("CROSSDOCK_CACHE", str(tmp_path))
    monkeypatch.setattr(cached_files, "_engine", lambda folder: "as it is")
    for name in ("kibo/order", "fabric/order"):
        project = Project.open(REPOSITORY)
        mapping = project.mapping(name)
        assert code_cache.keep_mapping(project, mapping)
        kept = code_cache.find(project.roots, name)
        assert kept is not None
        some = 0
        for file in sorted((REPOSITORY / "examples" / name).glob("*.json")):
            data = file.read_bytes()
            converted = kept.converted(data, Scope(), [])
            if not isinstance(converted, Nothing):
                assert converted == mapping.convert(data)
                some += 1
        assert some >= 3


def test_without_the_cache_nothing_is_looked_for_or_written(shop: Shop) -> None:
    assert shop.transform("--no-cache") == (0, WANTED, b"")
    assert (shop.found, shop.kept.exists()) == ([], False)


def test_settings_that_are_given_are_used_and_not_kept(shop: Shop) -> None:
    assert b'"size":4' in shop.transform("--set", "size=4")[1]
    assert shop.entries() == []
    shop.transform()
    assert b'"size":4' in shop.transform("--set", "size=4")[1]
    assert shop.transform() == (0, WANTED, b"")


# Never stale

CHANGES = {
    "the mapping": ("mappings/shop/order.yaml", "to_string(number)", "to_string(`8`)", b'"ref":"8"'),
    "a table": ("mappings/tables/colour.yaml", "red", "rot", b'"colour":"rot"'),
    "a setting": ("mappings/shop/channel.yaml", "default: 3", "default: 4", b'"size":4'),
    "a used mapping": ("mappings/shop/line.yaml", "upper(sku)", "sku", b'"sku":"tea"'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_counts_at_once(change: str, shop: Shop) -> None:
    path, old, new, shown = CHANGES[change]
    shop.transform()
    text, times = FILES[path], (shop.place / path).stat()
    assert old in text
    shop.write(path, text.replace(old, new))
    os.utime(shop.place / path, ns=(times.st_atime_ns, times.st_mtime_ns))  # its time says nothing

    code, out, err = shop.transform()
    assert (code, err, shop.found) == (0, b"", [False, False])
    assert shown in out
    assert shop.transform() == (0, out, b"")
    shop.write(path, text)
    assert shop.transform() == (0, WANTED, b"")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("schemas/shop/source.schema.json", '"colour": {"type": "string"}', '"colour": {"const": "b"}'),
        ("schemas/shop/types.schema.json", '"sku": {"type": "string"}', '"sku": {"maxLength": 2}'),
        ("schemas/shop/target.schema.json", '"ref": {"type": "string"}', '"ref": {"maxLength": 0}'),
    ],
)
def test_a_changed_schema_counts_at_once(path: str, old: str, new: str, shop: Shop) -> None:
    shop.transform()
    assert old in FILES[path]
    shop.write(path, FILES[path].replace(old, new))

    without = shop.transform("--no-cache")
    assert without[0] in (2, 3, 4)
    assert shop.transform() == without
    shop.write(path, FILES[path])
    assert shop.transform() == (0, WANTED, b"")


@pytest.mark.parametrize("path", [path for path in FILES if "channel" not in path])
def test_a_file_that_is_gone_counts_at_once(path: str, shop: Shop) -> None:
    shop.transform()
    (shop.place / path).unlink()

    assert shop.transform()[0] == 2
    assert shop.transform() == shop.transform("--no-cache")
    (shop.place / path).mkdir()
    assert shop.transform() == shop.transform("--no-cache")


HIDING = {
    "a mapping": ("mappings/shop/order.yaml", "map: {ref: \"'own'\"}\n"),
    "a used mapping": ("mappings/shop/line.yaml", "map: {sku: \"'own'\"}\n"),
    "a table": ("mappings/tables/colour.yaml", "{r: own}\n"),
    "a channel": ("mappings/shop/channel.yaml", CHANNEL.replace("3", "77")),
    "a schema": ("schemas/shop/source.schema.json", '{"required": ["own"]}'),
    "a schema's part": ("schemas/shop/types.schema.json", '{"$defs": {"line": {"required": ["own"]}}}'),
}


@pytest.mark.parametrize("what", HIDING)
def test_a_file_that_hides_a_bundled_one_counts_at_once(
    what: str, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crossdock.project import search_path as roots

    above = tmp_path / "above"
    (above / "mappings").mkdir(parents=True)
    monkeypatch.setattr(roots, "bundled", lambda: shop.place)
    monkeypatch.chdir(above)
    assert [shop.transform() for _ in range(2)] == [(0, WANTED, b"")] * 2
    assert shop.found == [False, True]
    path, text = HIDING[what]
    (above / path).parent.mkdir(parents=True, exist_ok=True)
    (above / path).write_text(text)

    own = shop.transform("--no-cache")
    assert own != (0, WANTED, b"")
    assert [shop.transform() for _ in range(2)] == [own] * 2
    (above / path).unlink()
    assert shop.transform() == (0, WANTED, b"")


def test_a_file_that_changes_while_it_is_read_makes_no_entry_that_is_good(shop: Shop) -> None:
    """Two mappings may read one table at two times; then no state of the file stands for both."""
    for before, after in (("{r: rot}\n", FILES["mappings/tables/colour.yaml"]), (None, "{r: red}\n")):
        table = shop.place / "mappings/tables/colour.yaml"
        project = Project.open(shop.place)
        table.write_text(before) if before else table.unlink()
        if before:
            project.table_text("tables/colour", "shop/line")
        else:
            with pytest.raises(CrossdockError):
                project.table_text("tables/colour", "shop/line")
        table.write_text(after)
        assert code_cache.keep_mapping(project, project.mapping("shop/order"))

        assert code_cache.find(project.roots, "shop/order") is None
        table.write_text(before) if before else table.unlink()
        assert code_cache.find(project.roots, "shop/order") is None
        table.write_text(after)


def test_a_schema_that_is_found_by_its_id_is_not_kept(shop: Shop) -> None:
    """Any file may claim the same id, so all of them would have to be watched."""
    by_id = FILES["schemas/shop/source.schema.json"].replace("types#", "https://example.com/types#")
    shop.write("schemas/shop/source.schema.json", by_id)
    shop.write("schemas/shop/types.schema.json", json.dumps({"$id": "https://example.com/types", **TYPES}))

    assert [shop.transform() for _ in range(2)] == [(0, WANTED, b"")] * 2
    assert (shop.found, shop.entries()) == ([False, False], [])


def test_another_engine_another_python_and_other_libraries_have_entries_of_their_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.transform()
    changes: list[Callable[[], None]] = [
        lambda: monkeypatch.setattr(cached_files, "__version__", "0.0.9"),
        lambda: monkeypatch.setattr(cached_files, "_engine", lambda folder: "edited"),
        lambda: monkeypatch.setattr(cached_files, "_libraries", lambda: [1, 2]),
        lambda: monkeypatch.setattr(sys, "version", "3.99"),
    ]
    for change in changes:
        change()
        assert shop.transform() == (0, WANTED, b"")
        assert shop.transform() == (0, WANTED, b"")
    assert shop.found == [False] + [False, True] * 4
    assert len(shop.entries()) == 5


def test_the_engine_is_known_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "bundled").mkdir()
    for name in ("a.py", "functions/b.py", "bundled/c.py", "d.txt"):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (1000, 1000))
    known = [cached_files._engine(tmp_path)]
    (tmp_path / "d.txt").write_text("y")
    (tmp_path / "bundled/c.py").write_text("y")
    assert cached_files._engine(tmp_path) == known[0]

    os.utime(tmp_path / "functions/b.py", (900, 900))  # an older file in the place of a newer one
    known.append(cached_files._engine(tmp_path))
    (tmp_path / "a.py").write_text("xy")
    os.utime(tmp_path / "a.py", (1000, 1000))
    known.append(cached_files._engine(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "e.py")
    known.append(cached_files._engine(tmp_path))
    assert len(set(known)) == 4


def test_the_libraries_are_known_by_where_they_are() -> None:
    assert [when > 0 for when in cached_files._libraries()] == [True] * 3


# What is wrong with an entry


def test_every_byte_of_an_entry_counts(shop: Shop) -> None:
    shop.transform()
    whole = shop.entry.read_bytes()
    roots = located()
    step = max(1, len(whole) // 400)
    places = sorted({*range(64), *range(64, len(whole), step), len(whole) - 1})
    for place in places:
        shop.entry.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        assert code_cache.find(roots, "shop/order") is None
    assert len(places) > 200
    shop.entry.write_bytes(whole)
    assert code_cache.find(roots, "shop/order") is not None


def forged(body: bytes) -> bytes:
    from hashlib import sha256

    return cached_files.MAGIC + sha256(body).digest() + body


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "cut short": lambda whole: whole[: len(whole) // 2],
    "cut by a byte": lambda whole: whole[:-1],
    "longer": lambda whole: whole + b"\0",
    "only its beginning": lambda whole: cached_files.MAGIC,
    "garbage": lambda whole: b"\xff" * 5000,
    "garbage that begins well": lambda whole: cached_files.MAGIC + bytes(range(256)) * 8,
    "nothing, with its digest": lambda whole: forged(b""),
    "garbage, with its digest": lambda whole: forged(b"\xfb\x00garbage"),
    "another value, with its digest": lambda whole: forged(__import__("marshal").dumps((1, 2, 3))),
    "too few values, with their digest": lambda whole: forged(__import__("marshal").dumps(("x",))),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_entry_is_ignored_and_written_again(how: str, shop: Shop) -> None:
    shop.transform()
    entry, whole = shop.entry, shop.entry.read_bytes()
    entry.write_bytes(BROKEN[how](whole))

    assert shop.transform() == (0, WANTED, b"")
    assert shop.found == [False, False]
    assert shop.transform() == (0, WANTED, b"")
    assert shop.found[-1]
    assert shop.entries() == [entry]


def test_the_entry_of_another_mapping_is_not_taken(shop: Shop) -> None:
    shop.transform()
    other = shop.entry.read_bytes()
    shop.entry.unlink()
    shop.write("mappings/shop/order2.yaml", "map: {ref: \"'second'\"}\n")
    shop.call("transform", "shop/order2")
    shop.entry.write_bytes(other)

    assert shop.call("transform", "shop/order2", "--compact") == (0, b'{"ref":"second"}\n', b"")
    assert shop.found[-1] is False


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_an_entry_that_others_can_write_is_not_taken(mode: int, shop: Shop) -> None:
    shop.transform()
    shop.entry.chmod(mode)

    assert shop.transform() == (0, WANTED, b"")
    assert shop.found == [False, False]
    assert stat.S_IMODE(shop.entry.stat().st_mode) == 0o600
    shop.transform()
    assert shop.found[-1]


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_directory_that_others_can_write_is_not_used(mode: int, shop: Shop) -> None:
    shop.transform()
    before = shop.entry.stat().st_mtime_ns
    shop.kept.chmod(mode)

    assert [shop.transform() for _ in range(2)] == [(0, WANTED, b"")] * 2
    assert shop.found == [False] * 3
    assert shop.entry.stat().st_mtime_ns == before
    shop.kept.chmod(0o755)
    shop.transform()
    assert shop.found[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_another_is_not_used(shop: Shop) -> None:
    shop.transform()
    os.chown(shop.entry, 1, 1)
    assert shop.transform() == (0, WANTED, b"")
    os.chown(shop.kept, 1, 1)
    assert shop.transform() == (0, WANTED, b"")
    assert shop.found == [False] * 3


def test_a_link_in_the_place_of_an_entry_is_not_followed(shop: Shop, tmp_path: Path) -> None:
    shop.transform()
    entry = shop.entry
    entry.rename(tmp_path / "moved")
    entry.symlink_to(tmp_path / "moved")
    moved = (tmp_path / "moved").read_bytes()

    assert shop.transform() == (0, WANTED, b"")
    assert shop.found == [False, False]
    assert not entry.is_symlink()
    assert (tmp_path / "moved").read_bytes() == moved


def test_a_link_in_the_place_of_the_directory_is_not_followed(shop: Shop, tmp_path: Path) -> None:
    shop.transform()
    shop.kept.rename(tmp_path / "moved")
    shop.kept.symlink_to(tmp_path / "moved")

    assert shop.transform() == (0, WANTED, b"")
    assert shop.found == [False, False]


def test_a_directory_or_a_pipe_in_the_place_of_an_entry(shop: Shop) -> None:
    shop.transform()
    entry = shop.entry
    entry.unlink()
    os.mkfifo(entry, 0o600)
    assert shop.transform() == (0, WANTED, b"")  # and no reader waits for a writer
    assert entry.is_file()
    entry.unlink()
    entry.mkdir()
    assert shop.transform() == (0, WANTED, b"")
    assert shop.found == [False] * 3
    assert shop.entries() == [entry]


# Where there is no place for it


def test_a_directory_that_cannot_be_made(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere"), Path("/dev/full")):
        monkeypatch.setenv("CROSSDOCK_CACHE", str(place))
        assert shop.transform() == (0, WANTED, b"")
    assert (tmp_path / "file").read_text() == ""


def test_a_full_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(descriptor: int, *arguments: object, **named: object) -> Full:
        os.close(descriptor)
        return Full()

    monkeypatch.setattr(os, "fdopen", full)
    assert not code_cache.keep(located(), "shop/order", {}, Generated("x", "run = 1"), {})
    assert shop.entries() == []


@pytest.mark.parametrize("given", ["off", "kept", "./kept", "~/kept"])
def test_a_directory_that_is_off_or_relative(given: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_CACHE", given)
    before = sorted(shop.place.rglob("*"))

    assert [shop.transform() for _ in range(2)] == [(0, WANTED, b"")] * 2
    assert shop.found == [False, False]
    assert sorted(shop.place.rglob("*")) == before


def test_the_default_directory(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_CACHE", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    home, elsewhere = tmp_path / "home/.cache/crossdock", tmp_path / "xdg/crossdock"
    shop.transform()
    assert [path.parent for path in tmp_path.rglob("*") if len(path.name) == 64] == [home]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    shop.transform()
    assert len(list(elsewhere.iterdir())) == 1
    monkeypatch.setenv("XDG_CACHE_HOME", "xdg")  # one that is relative counts as none
    shop.transform()
    assert shop.found == [False, False, True]
    assert not (shop.place / "xdg").exists()


def test_without_a_home(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSDOCK_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def homeless(*arguments: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert shop.transform() == (0, WANTED, b"")


@pytest.mark.parametrize("home", ["", "relative", "./here"])
def test_a_home_that_is_none(home: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSDOCK_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", home)
    before = sorted(shop.place.rglob("*"))

    assert [shop.transform() for _ in range(2)] == [(0, WANTED, b"")] * 2
    assert shop.found == [False, False]
    assert sorted(shop.place.rglob("*")) == before


def test_a_file_that_may_not_grow(shop: Shop) -> None:
    """As on a full disk: the entry is not written, nothing of it is left, and the result is there."""
    script = 'ulimit -f 1; exec "$@"'
    # -B: some versions of Python would leave their own compiled modules cut off, to the harm of later tests.
    command = [sys.executable, "-B", "-m", "crossdock.cli", "transform", "shop/order", "--compact"]
    ran = subprocess.run(
        ["bash", "-c", script, "bash", *command], input=GOOD, capture_output=True, timeout=60
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, WANTED, b"")
    assert (shop.kept.is_dir(), shop.entries()) == (True, [])


# Names and directories


def test_a_mapping_by_its_file(shop: Shop, tmp_path: Path) -> None:
    shop.transform()
    file = str(shop.place / "mappings/shop/order.yaml")
    assert shop.call("transform", file, "--compact") == (0, WANTED, b"")
    assert shop.call("transform", "/shop/order/", "--compact") == (0, WANTED, b"")
    assert shop.found == [False, True, True]
    assert len(shop.entries()) == 1


def test_a_mapping_outside_the_project_is_not_kept(shop: Shop, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("map: {ref: \"'outside'\"}\n")

    assert [shop.call("transform", str(outside), "--compact")[1] for _ in range(2)] == [
        b'{"ref":"outside"}\n'
    ] * 2
    assert shop.entries() == []


@pytest.mark.parametrize("name", ["", "/", "..", "../..", "shop", "a" * 5000, "a\0b", "\udcff", "shop/\n"])
def test_a_name_that_is_none(name: str, shop: Shop) -> None:
    shop.transform()
    ran = shop.call("transform", name)

    assert ran == shop.call("transform", name, "--no-cache")
    assert ran[0] == 2
    assert ran[2].startswith(b"error[unknown-mapping]: there is no mapping `")


def test_odd_names_of_mappings(shop: Shop) -> None:
    for number, name in enumerate(["shop/a b", "shop/ä", "shop/a'\"$(x)", "shop/order.v2", "shop/-x"]):
        shop.write(f"mappings/{name}.yaml", f'map: {{ref: "`{number}`"}}\n')
        wanted = (0, b'{"ref":%d}\n' % number, b"")
        assert [shop.call("transform", "--compact", "--", name) for _ in range(2)] == [wanted] * 2
    assert shop.found == [False, True] * 5
    assert len(shop.entries()) == 5


def test_another_directory(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given in ("project", str(shop.place), "project/mappings/shop", "./project/../project"):
        ran = shop.call("-C", given, "transform", "shop/order", "--compact")
        assert ran == (0, WANTED, b"")
    assert shop.found == [False, True, True, True]
    for given in ("nowhere", "project/nowhere", "project/mappings/shop/order.yaml", "/"):
        code, _, err = shop.call("-C", given, "transform", "kibo/order")
        assert (code, err[:18]) == (2, b"error[no-project]:")


def test_two_projects_do_not_mix(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    shop.transform()
    shutil.copytree(shop.place, tmp_path / "copy")
    (tmp_path / "copy/mappings/tables/colour.yaml").write_text("{r: rot}\n")
    monkeypatch.chdir(tmp_path / "copy")
    assert b'"rot"' in shop.transform()[1]
    monkeypatch.chdir(shop.place)
    assert shop.transform() == (0, WANTED, b"")
    assert len(shop.entries()) == 2


# Pruning


def test_the_oldest_entries_are_dropped_and_no_other_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_files, "CACHE_ENTRIES", 3)
    shop.kept.mkdir(mode=0o700)
    others = ["letter.txt", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + ".old"]
    for name in others:
        (shop.kept / name).write_text("mine")
        os.utime(shop.kept / name, (1, 1))
    for number in range(5):
        shop.write(f"mappings/shop/m{number}.yaml", "map: {ref: number}\n")
        shop.call("transform", f"shop/m{number}")
        newest = max(shop.kept.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (1000 + number, 1000 + number))
    kept = {path.name for path in shop.entries()} - set(others)

    assert len(kept) == 3
    assert sorted(int((shop.kept / name).stat().st_mtime) for name in kept) == [1002, 1003, 1004]
    assert {path.name for path in shop.entries()} == kept | set(others)


def test_what_a_killed_process_left_is_dropped_in_time(shop: Shop) -> None:
    shop.kept.mkdir(mode=0o700)
    old, new = (shop.kept / f"{'0' * 64}.{pid}.0123abcd" for pid in (1, 2))
    old.write_text("half")
    os.utime(old, (time.time() - 4000, time.time() - 4000))
    new.write_text("half")
    shop.transform()

    assert old not in shop.entries()
    assert new in shop.entries()


# Many at once


def test_many_processes_while_the_entries_are_dropped(shop: Shop) -> None:
    """Each finds an entry that is whole, or none."""
    command = [sys.executable, "-m", "crossdock.cli", "transform", "shop/order", "--compact"]
    chance = random.Random(7)
    (shop.place / "good.json").write_bytes(GOOD)
    running: list[subprocess.Popen[bytes]] = []
    for _ in range(20):
        running.append(
            subprocess.Popen([*command, "good.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        )
    dropped = 0
    while any(process.poll() is None for process in running):
        for entry in shop.entries():
            if chance.random() < 0.5 and "." not in entry.name:
                entry.unlink(missing_ok=True)
                dropped += 1
        time.sleep(0.02)
    done = [(process.returncode, *process.communicate()) for process in running]

    assert done == [(0, WANTED, b"")] * 20
    assert dropped > 0
    assert [entry.name for entry in shop.entries() if "." in entry.name] == []


def test_a_process_that_is_killed_while_it_writes_does_no_harm(shop: Shop) -> None:
    script = (
        "import os; from crossdock.project import cached_files as cache; from crossdock.cli.app import run\n"
        "cache.replace_file = lambda folder, name, data:"
        " ((folder / (name + '.1.0123abcd')).write_bytes(data[:99]), os._exit(9))\n"
        "run(['transform', 'shop/order'])"
    )
    killed = subprocess.run([sys.executable, "-c", script], input=GOOD, timeout=60)

    assert killed.returncode == 9
    assert len(shop.entries()) == 1
    assert [shop.transform() for _ in range(2)] == [(0, WANTED, b"")] * 2
    assert shop.found == [False, True]


# crossdock compile


def test_compiling_spares_the_next_transform_its_start(shop: Shop) -> None:
    shop.write("mappings/shop/more.yaml", "map: {a: b}\n")

    assert shop.call("compile") == (0, b"", b"3 mappings compiled\n")
    assert len(shop.entries()) == 3
    assert shop.transform() == (0, WANTED, b"")
    assert shop.call("transform", "shop/more", "--compact", stdin=b'{"b": 1}') == (0, b'{"a":1}\n', b"")
    assert shop.found == [True, True]


def test_an_entry_depends_on_its_own_files_only(shop: Shop) -> None:
    shop.write("mappings/shop/more.yaml", "map: {a: b}\n")
    shop.call("compile")
    shop.write("mappings/shop/more.yaml", "map: {a: c}\n")

    assert shop.transform() == (0, WANTED, b"")
    shop.call("transform", "shop/more", "--compact", stdin=b"{}")
    assert shop.found == [True, False]


def test_compiling_some(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("map: {a: b}\n")
    file = str(shop.place / "mappings/shop/line.yaml")

    assert shop.call("compile", "shop/order", file) == (0, b"", b"2 mappings compiled\n")
    assert len(shop.entries()) == 2
    assert shop.call("compile", "../outside.yaml") == (0, b"", b"1 mapping compiled, 1 of them not cached\n")
    assert shop.call("compile", "kibo/order") == (0, b"", b"1 mapping compiled\n")
    assert len(shop.entries()) == 3


def test_compiling_what_is_wrong(shop: Shop) -> None:
    shop.write("mappings/shop/bad.yaml", "map: {a: mony(b), c: (}\n")
    wrong = (
        "mappings/shop/bad.yaml:1:10: error[unknown-function]: there is no function `mony`\n"
        "mappings/shop/bad.yaml:1:22: error[expression-syntax]: the expression is not finished\n"
    )

    code, out, err = shop.call("compile", "--format", "short")
    assert (code, out, err.decode()) == (2, b"", wrong)
    assert shop.call("compile") == shop.call("compile", "shop/bad", "shop/line", "shop/order")
    assert shop.call("compile")[2].endswith(b"\n2 mappings compiled\n")
    assert len(shop.entries()) == 2  # the others are compiled
    code, _, err = shop.call("compile", "shop/ordr", "--format", "json")
    assert (code, [each["id"] for each in json.loads(err)]) == (2, ["unknown-mapping"])
    assert json.loads(shop.call("compile", "shop/order", "--format", "json")[2]) == []


def test_compiling_what_only_the_interpreter_runs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from crossdock.execution import codegen

    generate = codegen.generate

    def bounded(mapping: LinkedMapping, **named: bool) -> Generated:
        if mapping.name == "shop/line":
            raise SyntaxError("too many statically nested blocks")
        return generate(mapping, **named)

    monkeypatch.setattr(codegen, "generate", bounded)
    told = b"1 mapping compiled\nonly the interpreter can run shop/line\n"
    assert shop.call("compile") == (0, b"", told)
    assert len(shop.entries()) == 1
    code, out, err = shop.call("compile", "--show", "shop/line")
    assert (code, out) == (2, b"")
    assert err.endswith(b"Error: only the interpreter can run `shop/line`\n")


def test_compiling_without_a_place_to_keep_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.call("compile", "--no-cache") == (0, b"", b"2 mappings compiled\n")
    assert not shop.kept.exists()
    monkeypatch.setenv("CROSSDOCK_CACHE", "off")
    assert shop.call("compile") == (0, b"", b"2 mappings compiled, 2 of them not cached\n")


def test_the_code_of_a_mapping_is_python_with_its_lines(shop: Shop, tmp_path: Path) -> None:
    import ast

    code, out, err = shop.call("compile", "--show", "shop/order")
    text = out.decode()
    assert (code, err) == (0, b"")
    assert [each.name for each in ast.parse(text).body if isinstance(each, ast.FunctionDef)] == ["run"]
    for line in ("# mappings/shop/order.yaml:6  ref: to_string(number)", "{'r': 'red', 'b': 'blue'}"):
        assert line in text
    names = {each.id for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Name)}
    assert {name for name in names if name[:-1] in ("TABLE", "SETTINGS")} <= set(assigned(text))
    assert shop.call("compile", "--show", "shop/order", "-o", "code.py") == (0, b"", b"")
    assert (shop.place / "code.py").read_text() == text
    assert shop.entries() == []


def assigned(text: str) -> list[str]:
    import ast

    return [
        target.id
        for each in ast.parse(text).body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--show"], b"Error: --show takes one mapping\n"),
        (["--show", "shop/order", "shop/line"], b"Error: --show takes one mapping\n"),
        (["shop/order", "-o", "x.py"], b"Error: --output needs --show\n"),
    ],
)
def test_usage_of_compile(arguments: list[str], line: bytes, shop: Shop) -> None:
    code, out, err = shop.call("compile", *arguments)

    assert (code, out) == (2, b"")
    assert err.endswith(line)


def test_compiling_what_comes_with_it(repository: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """All mappings of the project have code, and all of it can be kept."""
    monkeypatch.chdir(repository)
    code, out, err = shop.call("compile")

    assert (code, out) == (0, b"")
    assert err.decode() == f"{len(shop.entries())} mappings compiled\n"
    assert len(shop.entries()) == len(Project.open(repository).mapping_names(own=True)) > 50
