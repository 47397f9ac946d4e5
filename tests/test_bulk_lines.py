"""`transform --lines` with several processes, several files and compressed ones: the same bytes as one."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import pty
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from conftest import MakeProject, Run, interruptible
from crossdock.bulk.blocks import Cutter
from crossdock.bulk.converter import PayloadConverter
from crossdock.bulk.pool import conversion, lines_of
from crossdock.bulk.ranges import LineRange
from crossdock.bulk.sources import RawFile, Sources
from crossdock.bulk.unit import Converted, LineBlock, convert
from crossdock.cli import progress
from crossdock.core.errors import InputError
from test_lines import FILES, payload, result

COMMAND = [sys.executable, "-m", "crossdock.cli", "transform", "shop/order", "--lines"]


@pytest.fixture
def place(project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project(FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mixed(count: int) -> bytes:
    """Lines of each kind: accepted, with a warning, refused in two ways, blank, and with CRLF."""
    kinds = (
        b'{"number": %d}\n',
        b'{"number": %d, "total": 1}\n',
        b'{"number": "%d"}\n',
        b'{"number": %d\n',
        b"\n",
        b'{"number": %d}\r\n',
    )
    chance = random.Random(count)
    lines = (chance.choice(kinds) for _ in range(count))
    return b"".join(line % number if b"%" in line else line for number, line in enumerate(lines))


def test_any_split_into_blocks_gives_the_same(place: Path) -> None:
    """The results, the refused lines, and how many warnings there were of each kind."""
    data, converter, chance = mixed(300), PayloadConverter(None, "shop/order"), random.Random(1)

    def all_of(sizes: Iterator[int]) -> tuple[bytes, int, list[tuple[int, bytes | None, int]], int]:
        cutter = Cutter(io.BytesIO(data), "lines.jsonl")
        blocks = iter(lambda: cutter.take(next(sizes)), None)
        made = [convert(converter, block) for block in blocks]
        refused = [
            (each.number, each.line, each.code) for part in made for each in part.findings if each.code
        ]
        listed = sum(not each.code for part in made for each in part.findings)
        warned = listed + sum(sum(part.more.values()) for part in made)
        return b"".join(part.results for part in made), sum(part.taken for part in made), refused, warned

    whole = all_of(iter([len(data), 1]))
    assert whole[0].count(b"\n") == whole[1] - len(whole[2])
    assert {code for _, _, code in whole[2]} == {3}
    assert whole[3] > 10
    for most in (1, 2, 30, 100, 5_000):
        assert all_of(chance.randint(1, most) for _ in range(10_000)) == whole


def test_ranges_of_a_file_are_the_blocks_of_its_bytes(place: Path) -> None:
    """A line that is too long is cut in the same way: it is never a range."""
    chance = random.Random(1)
    sizes = (0, 5, 60, 599, 600, 601, 1_500)
    data = b"\n".join(chance.randbytes(chance.choice(sizes)).hex().encode() for _ in range(300))

    def taken(most: int, *, ranges: bool) -> tuple[list[LineBlock], bytes]:
        source, seen, order = RawFile("lines.jsonl"), list[bytes](), random.Random(most)
        stream, whole = io.BufferedReader(source, 16), source.whole() if ranges else None
        cutter = Cutter(stream, "lines.jsonl", whole=whole, limit=1_200)
        blocks = []
        while block := cutter.take(order.randint(1, most), 3, lambda data: seen.append(bytes(data))):
            blocks.append(block)
        assert any(isinstance(each, LineRange) for each in blocks) == ranges
        assert any(len(lines_of(each).data) == 1_203 for each in blocks)
        return [lines_of(each) for each in blocks], b"".join(seen)

    for end in (b"", b"\n"):
        (place / "lines.jsonl").write_bytes(data + end)
        for most in (1, 10, 1_000):
            assert taken(most, ranges=True) == taken(most, ranges=False)


def test_what_a_block_is_and_gives_can_be_sent_to_a_process(place: Path) -> None:
    block, converter = LineBlock("lines.jsonl", 7, mixed(50)), PayloadConverter(None, "shop/order")
    made = convert(converter, block)

    assert pickle.loads(pickle.dumps(block)) == block
    assert pickle.loads(pickle.dumps(converter)) == converter
    sent: Converted = pickle.loads(pickle.dumps(made))
    assert sent == made
    names = {each.span.source.name for line in sent.findings for each in line.diagnostics if each.span}
    assert {(name.file, name.number) for name in names if name != "mappings/shop/order.yaml"} <= {
        ("lines.jsonl", number) for number in range(7, 57)
    }


@pytest.mark.parametrize("form", ["text", "short", "json", "sarif", "github"])
def test_processes_say_and_give_the_same_bytes(form: str, place: Path, run_crossdock: Run) -> None:
    """In blocks of a few lines, so that each process has many."""
    (place / "one.jsonl").write_bytes(mixed(400))
    (place / "two.jsonl").write_bytes(mixed(30).rstrip(b"\n"))
    command = ["transform", "shop/order", "--lines", "--format", form, "one.jsonl", "-", "two.jsonl"]
    from crossdock.bulk import blocks

    one = run_crossdock(*command, stdin=mixed(20))
    whole = blocks.BLOCK_BYTES
    try:
        blocks.BLOCK_BYTES = 100  # type: ignore[misc]
        three = run_crossdock(*command, "--workers", "3", stdin=mixed(20))
    finally:
        blocks.BLOCK_BYTES = whole  # type: ignore[misc]

    assert (one.code, one.out.count("\n") > 100) == (3, True)
    assert three == one


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_files_by_their_names(suffix: str, workers: str, place: Path, run_crossdock: Run) -> None:
    data = b"".join(payload(number) + b"\n" for number in range(5_000))
    wanted = "".join(result(number) for number in range(5_000)).encode()
    packed = {
        ".gz": gzip.compress(data[:100]) + gzip.compress(data[100:]),
        ".zst": zstandard.compress(data[:100]) + zstandard.compress(data[100:]),
    }
    (place / f"in{suffix}").write_bytes(packed[suffix])
    command = ["transform", "shop/order", "--lines", "--workers", workers]
    written = []
    for _ in range(2):
        assert run_crossdock(*command, f"in{suffix}", "-o", f"out{suffix}") == (0, "", "")
        written.append((place / f"out{suffix}").read_bytes())

    assert written[0] == written[1]
    out = Sources([f"out{suffix}"], io.BytesIO())
    assert b"".join(block.data for block in out.blocks()) == wanted


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cut.gz", "it ends too early"),
        ("cut.zst", "it ends too early"),
        ("damaged.gz", "it is damaged"),
        ("damaged.zst", "it is damaged"),
        ("no.gz", "it is damaged"),
        ("no.zst", "it is damaged"),
    ],
)
def test_a_compressed_file_that_is_not_whole(name: str, reason: str, place: Path, run_crossdock: Run) -> None:
    data = b"".join(payload(number) + b"\n" for number in range(10_000))
    whole = gzip.compress(data) if name.endswith(".gz") else zstandard.compress(data)
    damaged = whole[:5000] + bytes(20) + whole[5020:]
    (place / name).write_bytes({"c": whole[:-9], "d": damaged, "n": payload(1)}[name[0]])
    for workers in ("1", "2"):
        ran = run_crossdock("transform", "shop/order", "--lines", name, "--workers", workers, "-o", "out")
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.endswith(f"error[unreadable]: `{name}` cannot be read: {reason}\n")
    assert not (place / "out").exists()


def test_the_results_before_the_end_of_a_cut_file_are_given(place: Path, run_crossdock: Run) -> None:
    note = random.Random(1).randbytes(1_000)
    lines = (b'{"number": %d, "note": "%s"}\n' % (number, note.hex().encode()) for number in range(1_000))
    (place / "cut.gz").write_bytes(gzip.compress(b"".join(lines), compresslevel=0)[:-9])
    for workers in ("1", "2"):
        ran = run_crossdock("transform", "shop/order", "--lines", "cut.gz", "--workers", workers)
        assert ran.out.startswith(result(0) + result(1))
        assert ran.out.count("\n") > 500


def test_a_source_that_changes_is_an_error(place: Path) -> None:
    for change in ("append", "replace", "touch"):
        (place / "lines.jsonl").write_bytes(payload(1) + b"\n" + payload(2))
        blocks = Sources(["lines.jsonl"], io.BytesIO()).blocks()
        next(blocks)
        if change == "append":
            with (place / "lines.jsonl").open("ab") as file:
                file.write(b"\n")
        elif change == "replace":
            (place / "new").write_bytes(payload(1) + b"\n" + payload(3))
            (place / "new").replace("lines.jsonl")
        else:
            os.utime(place / "lines.jsonl", ns=(1, 1))
        with pytest.raises(InputError, match="has changed while it was read"):
            list(blocks)


@pytest.mark.parametrize("change", ["append", "same size", "replace", "remove"])
def test_a_worker_that_reads_a_file_sees_that_it_has_changed(change: str, place: Path) -> None:
    path, lines = place / "lines.jsonl", payload(1) + b"\n" + payload(2) + b"\n"
    path.write_bytes(lines)
    os.utime(path, ns=(1, 1))
    whole = RawFile("lines.jsonl").whole()
    assert whole is not None
    first = replace(whole, size=len(payload(1)) + 1)
    assert first.read().data == payload(1) + b"\n"
    if change == "replace":
        (place / "new").write_bytes(lines)
        (place / "new").replace(path)
    elif change == "remove":
        path.unlink()
    else:
        with path.open("ab" if change == "append" else "r+b") as file:
            file.write(payload(3))
    with (
        conversion(PayloadConverter(None, "shop/order"), 2) as converted,
        pytest.raises(InputError) as raised,
    ):
        list(converted(iter([first])))
    message = "there is no file `lines.jsonl`" if change == "remove" else "has changed while it was read"
    assert message in str(raised.value)


def test_stdin_by_its_name_is_the_file_that_it_is(place: Path) -> None:
    """A worker has another stdin, and no name leads to a file that was removed."""
    (place / "lines.jsonl").write_bytes(b"".join(payload(number) + b"\n" for number in range(3)))
    for script in (
        '"$@" --workers 2 /dev/stdin < lines.jsonl',
        'exec 5< lines.jsonl; rm lines.jsonl; "$@" --workers 2 /dev/fd/5',
    ):
        ran = subprocess.run(
            ["bash", "-c", script, "-", *COMMAND], cwd=place, capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "".join(map(result, range(3))), "")


def test_a_url_is_read_by_fsspec(place: Path, run_crossdock: Run) -> None:
    """Those of object stores are read in the same way, by the packages that fsspec names."""
    import fsspec

    memory = fsspec.filesystem("memory")
    data = b"".join(payload(number) + b"\n" for number in range(2_000))
    memory.pipe("/shop/lines.jsonl.gz", gzip.compress(data))
    (place / "more.jsonl").write_bytes(payload(7))
    urls = ["memory://shop/lines.jsonl.gz", (place / "more.jsonl").as_uri()]
    wanted = "".join(result(number) for number in (*range(2_000), 7))
    assert run_crossdock("transform", "shop/order", "--lines", *urls) == (0, wanted, "")
    ran = run_crossdock("bulk", "shop/order", *urls, "--to", "out", "--format", "json")
    assert ran.code == 0
    assert (place / "out/results/part-00000.jsonl").read_text() == wanted
    sources = json.loads(ran.out)["sources"]
    assert [each["bytes"] for each in sources] == [len(gzip.compress(data)), len(payload(7))]
    for url, message in (
        ("memory://shop/none", "error[no-such-file]: there is no file `memory://shop/none`\n"),
        ("nothing://shop/none", "error[no-such-file]: `nothing://shop/none` is not a file's name\n"),
    ):
        assert run_crossdock("transform", "shop/order", "--lines", url) == (3, "", message)

    blocks = Sources(urls[:1], io.BytesIO()).blocks()
    next(blocks)
    memory.pipe("/shop/lines.jsonl.gz", gzip.compress(data + b"\n"))
    with pytest.raises(InputError, match="has changed while it was read"):
        list(blocks)


def test_a_pipe_may_be_a_file(place: Path) -> None:
    ran = subprocess.run(
        ["bash", "-c", '"$@" <(echo "{\\"number\\": 1}") <(echo "{\\"number\\": 2}")', "-", *COMMAND],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, result(1) + result(2), "")


def test_what_goes_with_lines_only(place: Path, run_crossdock: Run) -> None:
    assert run_crossdock("transform", "shop/order", "a", "b").err.endswith(
        "Error: several files are read with --lines\n"
    )
    assert run_crossdock("transform", "shop/order", "a", "--workers", "2").err.endswith(
        "Error: --workers goes with --lines\n"
    )


def test_a_missing_package_is_named(place: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (place / "in.zst").write_bytes(b"")
    for arguments in (["in.zst"], ["-", "-o", "out.zst"]):
        ran = run_crossdock("transform", "shop/order", "--lines", *arguments)
        assert ran == (2, "", "Error: zstandard is needed: install crossdock[bulk]\n")
    assert not (place / "out.zst").exists()


# Progress


def at_a_terminal(place: Path, *arguments: str) -> tuple[int, str]:
    """The exit code of a run whose stderr is a terminal, and all that is written there."""
    here, there = pty.openpty()
    with (place / "printed").open("wb") as printed:
        running = subprocess.Popen(
            [*COMMAND[:3], *arguments],
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=there,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"},
        )
    os.close(there)
    shown = b""
    with suppress(OSError):  # the end, on Linux
        while data := os.read(here, 65536):
            shown += data
    os.close(here)
    return running.wait(timeout=60), shown.decode()


def test_a_bar_at_a_terminal_makes_room_for_findings_and_a_summary(place: Path) -> None:
    (place / "lines.jsonl").write_bytes(payload(1) + b"\n{}\n" + payload(2) + b"\n")
    refused = "refused: 1 missing-required\r\n  lines.jsonl:2: the required property `number` is missing\r\n"
    code, shown = at_a_terminal(place, "transform", "shop/order", "--lines", "lines.jsonl")
    assert (code, (place / "printed").read_text()) == (3, result(1) + result(2))
    before, _, after = shown.partition(
        "error[missing-required]: the required property `number` is missing\r\n"
    )
    assert before.endswith("\x1b[2K")  # the bar is gone
    bar = r"\x1b\[2K━+ 3 lines, [0-9,]+/s, 1 refused, 0:00 left\r\n\x1b\[\?25h\r\x1b\[1A\x1b\[2K"
    assert re.search(bar, after), after
    end = after.rpartition("\x1b[2K")[2]
    assert re.fullmatch(
        r"3 lines in [0-9.]+ s \([0-9,]+/s\): 2 converted, 1 refused\r\n", end.partition("refused:")[0]
    )
    assert end.endswith(refused)

    code, shown = at_a_terminal(place, "bulk", "shop/order", "lines.jsonl", "--to", "out")
    assert code == 1
    assert re.search(bar + "$", shown), shown
    assert (place / "printed").read_text().endswith(refused.replace("\r", ""))


def test_progress_into_a_log_only_when_it_is_asked_for(
    place: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_SECONDS", 0.0)
    (place / "lines.jsonl").write_bytes(payload(1) + b"\n" + payload(2) + b"\n")
    command = ["transform", "shop/order", "--lines", "lines.jsonl"]
    assert run_crossdock(*command).err == ""
    line, end = run_crossdock(*command, "--progress").err.splitlines()
    assert re.fullmatch(r"2 lines, [0-9,]+/s, 0 refused, 0:00 left", line)
    assert re.fullmatch(r"2 lines in [0-9.]+ s \([0-9,]+/s\): 2 converted, 0 refused", end)
    for arguments, message in (
        (["--lines", "--format", "json"], "--progress prints lines: leave out --format json"),
        ([], "--progress goes with --lines"),
    ):
        ran = run_crossdock("transform", "shop/order", "lines.jsonl", "--progress", *arguments)
        assert (ran.code, ran.err.splitlines()[-1]) == (2, f"Error: {message}")


# Ends


def children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(each) for each in text.split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: object) -> None:
    assert callable(true)
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def at_work(place: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A run with two workers that waits for more of its stdin. Its stdout is a file."""
    with (place / "printed").open("wb") as printed:
        running = subprocess.Popen(
            [*COMMAND, "--workers", "2", *arguments],
            cwd=place,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.PIPE,
            preexec_fn=interruptible,
            start_new_session=True,
        )
    until(lambda: len(children(running.pid)) == 2)
    assert running.stdin is not None
    running.stdin.write(b"".join(payload(number) + b"\n" for number in range(100_000)))
    running.stdin.flush()
    return running, children(running.pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_the_workers_too(number: signal.Signals, place: Path) -> None:
    """Ctrl-C reaches all processes of the terminal."""
    running, workers = at_work(place, "-o", "out.jsonl")
    if number == signal.SIGINT:
        os.killpg(running.pid, number)
    else:
        running.send_signal(number)
    _, err = running.communicate(timeout=60)

    assert running.returncode == (130 if number == signal.SIGINT else -number)
    assert err.strip() == (b"interrupted" if number == signal.SIGINT else b"")
    until(lambda: not any(alive(each) for each in workers))
    left = [path.name for path in place.iterdir() if path.is_file() and path.name != "printed"]
    assert [name for name in left if not name.endswith(".unfinished")] == []
    assert len(left) == (1 if number == signal.SIGKILL else 0)


def test_a_killed_worker_is_a_clear_end(place: Path) -> None:
    running, workers = at_work(place)
    os.kill(workers[1], signal.SIGKILL)
    _, err = running.communicate(b"".join(payload(number) + b"\n" for number in range(100_000)), timeout=60)

    assert running.returncode == 6
    assert err.decode() == (
        "error[worker-died]: a worker process was ended by SIGKILL\n"
        "  = help: SIGKILL often means that the memory was used up: take fewer workers\n"
    )
    assert not alive(workers[0])
    lines = (place / "printed").read_text().splitlines(keepends=True)
    assert lines == [result(number) for number in range(len(lines))]


def test_a_reader_that_has_enough_is_no_failure(place: Path) -> None:
    (place / "lines.jsonl").write_bytes(b'{"number": 1}\n' * 100_000)
    script = '"$@" lines.jsonl --workers 2 2> err | head -n 1; echo "${PIPESTATUS[*]}"'
    ran = subprocess.run(
        ["bash", "-c", script, "bash", *COMMAND], cwd=place, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout == result(1) + "0 0\n"
    assert (place / "err").read_text() == ""


def test_what_was_read_before_a_failure_is_converted_first(place: Path) -> None:
    def blocks() -> Iterator[LineBlock]:
        for number in range(10):
            yield LineBlock("lines.jsonl", number + 1, payload(number) + b"\n")
        raise OSError("the end")

    for workers in (1, 3):
        taken = []
        with conversion(PayloadConverter(None, "shop/order"), workers) as converted:
            done = converted(blocks())
            with pytest.raises(OSError, match="the end"):
                taken.extend(made.results.decode() for _, made in done)
        assert len(taken) in (0, 10)
    assert children(os.getpid()) == []
