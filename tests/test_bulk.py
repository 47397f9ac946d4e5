"""`crossdock bulk`: whole parts, nothing lost and nothing twice after any interruption, and replays.

KILLS=50 tries fifty kills instead of a few.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest

from conftest import MakeProject, Run, interruptible
from crossdock.bulk.converter import PayloadConverter
from crossdock.bulk.folder import BulkFolder
from crossdock.bulk.pool import conversion
from crossdock.bulk.run import BulkJob, BulkRun
from crossdock.bulk.sources import Sources
from crossdock.cli import progress
from crossdock.core.errors import InputError
from crossdock.core.limits import PAYLOAD_BYTES
from test_bulk_lines import alive, children, mixed, until
from test_lines import FILES, payload, result

KILLS = int(os.environ.get("KILLS", "4"))
BULK = ["bulk", "shop/order", "lines.jsonl", "--to", "out", "--part-size", "0.005"]
COMMAND = [sys.executable, "-m", "crossdock.cli"]


@pytest.fixture
def place(project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project. A run in this process shows no progress, however slow the machine is."""
    monkeypatch.setattr(progress, "_SECONDS", 3600.0)
    project(FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def said(errors: str) -> str:
    """What a process said but for its progress, which a slow machine shows."""
    return "".join(line for line in errors.splitlines(keepends=True) if " lines, " not in line)


def joined(folder: Path, kind: str) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / kind).iterdir()))


def test_what_a_run_writes(place: Path, run_crossdock: Run) -> None:
    lines = [b'{"number": 1}', b'{"number": 2, "total": 3}', b'{"number": "x"}', b"", b'{"number": \xff}']
    (place / "lines.jsonl").write_bytes(b"\n".join(lines))
    ran = run_crossdock("bulk", "shop/order", "lines.jsonl", "--to", "out")

    assert ran.code == 1
    assert ran.out.partition(" lines in ")[0] == "4"
    assert ran.out.partition("/s): ")[2] == (
        "2 converted, 2 refused, 1 part\n"
        "refused: 1 wrong-type\n"
        "  lines.jsonl:3: expected a whole number, found text\n"
        "refused: 1 not-utf-8\n"
        "  lines.jsonl:5: the byte at offset 11 is not UTF-8\n"
        "warnings: 1 check-failed at mappings/shop/order.yaml:5:12\n"
        "  lines.jsonl:2: the parts do not add up: 2 against 3, a difference of -1\n"
    )
    assert ran.err == ""
    written = files(place / "out")
    assert sorted(written) == [
        "dead/part-00000.jsonl",
        "manifest.json",
        "parts/part-00000.json",
        "results/part-00000.jsonl",
    ]
    assert written["results/part-00000.jsonl"].decode() == result(1) + result(2)
    letters = [json.loads(line) for line in written["dead/part-00000.jsonl"].splitlines()]
    assert [(each["source"], each["line"], each["mapping"]) for each in letters] == [
        ("lines.jsonl", 3, "shop/order"),
        ("lines.jsonl", 5, "shop/order"),
    ]
    assert (letters[0]["payload"], letters[1]["payload_base64"]) == (
        '{"number": "x"}',
        "eyJudW1iZXIiOiD/fQ==",
    )
    assert letters[0]["findings"] == [
        {
            "id": "wrong-type",
            "severity": "error",
            "message": "expected a whole number, found text",
            "input": {"file": "lines.jsonl:3", "pointer": "/number"},
        }
    ]
    manifest = json.loads(written["manifest.json"])
    assert (manifest["state"], manifest["lines"], manifest["converted"]) == ("complete", 4, 2)
    assert manifest["mapping"]["sha256"] == letters[0]["mappings_sha256"]
    assert manifest["sources"][0]["bytes"] == (place / "lines.jsonl").stat().st_size
    assert [(each["id"], each["times"]) for each in manifest["refused"]] == [
        ("wrong-type", 1),
        ("not-utf-8", 1),
    ]


def test_dead_letters_are_for_their_owner_only(place: Path, run_crossdock: Run) -> None:
    (place / "lines.jsonl").write_bytes(b"{}\n")
    before = os.umask(0)
    try:
        run_crossdock(*BULK)
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / "out/dead").stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "out/dead/part-00000.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((place / "out/results/part-00000.jsonl").stat().st_mode) == 0o666


def test_the_parts_together_are_what_transform_gives(place: Path, run_crossdock: Run) -> None:
    (place / "lines.jsonl").write_bytes(mixed(3_000))
    (place / "more.jsonl.gz").write_bytes(gzip.compress(mixed(500)))
    sources = ["lines.jsonl", "more.jsonl.gz"]
    whole = run_crossdock("transform", "shop/order", "--lines", *sources, "--format", "json")
    command = ["bulk", "shop/order", *sources, "--part-size", "0.005"]
    summaries = []
    for workers in ("1", "3"):
        ran = run_crossdock(*command, "--to", f"out{workers}", "--workers", workers, "--format", "json")
        assert ran.code == 1
        summaries.append(json.loads(ran.out))
        summaries[-1].pop("seconds")

    assert files(place / "out1") == files(place / "out3")
    assert summaries[0] == summaries[1] == json.loads((place / "out1/manifest.json").read_text())
    assert len(summaries[0]["parts"]) > 10
    assert joined(place / "out1", "results").decode() == whole.out
    findings = json.loads(whole.err)
    refused = [each for each in findings if each["severity"] == "error"]
    letters = [json.loads(line) for line in joined(place / "out1", "dead").splitlines()]
    assert [finding for letter in letters for finding in letter["findings"]] == refused
    assert summaries[0]["warnings"][0]["times"] == len(findings) - len(refused)
    assert sum(each["times"] for each in summaries[0]["refused"]) == len(letters)


def test_json_has_all_of_the_summary_and_text_counts(place: Path, run_crossdock: Run) -> None:
    (place / "lines.jsonl").write_bytes(b'{"number": 1, "total": 2}\n' * 5 + b"{}\n" * 4)
    shown = json.loads(run_crossdock(*BULK, "--format", "json").out)

    assert [(each["times"], len(each["first"])) for each in (*shown["refused"], *shown["warnings"])] == [
        (4, 3),
        (5, 3),
    ]
    assert shown["refused"][0]["first"][0] == {
        "at": "lines.jsonl:6",
        "message": "the required property `number` is missing",
    }


# Directories


def test_a_directory_that_is_not_this_runs(place: Path, run_crossdock: Run, project: MakeProject) -> None:
    (place / "lines.jsonl").write_bytes(mixed(100))
    run_crossdock(*BULK)
    before = files(place / "out")
    again = "error[run-exists]: `out` has a run already\n  = help: --resume goes on with it\n"
    assert run_crossdock(*BULK) == (2, "", again)

    def other(what: str) -> str:
        return (
            f"error[other-run]: `out` is of a run with {what}\n  = help: begin again in another directory\n"
        )

    options = run_crossdock(*BULK, "--resume", "--set", "colour=blue")
    assert options == (2, "", other("other settings or options"))
    with (place / "lines.jsonl").open("ab") as file:
        file.write(b"\n")
    assert run_crossdock(*BULK, "--resume") == (
        2,
        "",
        other("other sources, or they have changed"),
    )
    (place / "lines.jsonl").write_bytes(mixed(100))
    assert run_crossdock(*BULK, "--resume").code == 1
    manifest = json.loads(before["manifest.json"])
    (place / "out/manifest.json").write_text(json.dumps(manifest | {"engine": "0.0.1"}))
    assert run_crossdock(*BULK, "--resume").err == other("another version of Crossdock")
    (place / "out/manifest.json").write_bytes(before["manifest.json"])
    (place / "mappings/shop/order.yaml").write_text("map: {ref: to_string(number)}\n")
    assert run_crossdock(*BULK, "--resume").err == other("another mapping, or another version of it")
    assert files(place / "out") == before


def test_a_source_with_other_lines_of_the_same_size(place: Path, run_crossdock: Run) -> None:
    """Its digest tells. What was not converted yet is not."""
    data = mixed(1_000)
    (place / "lines.jsonl").write_bytes(data)
    run_crossdock(*BULK)
    (place / "lines.jsonl").write_bytes(b"eebmun".join(data.rsplit(b"number", 1)))
    ran = run_crossdock(*BULK, "--resume")

    assert ran.code == 3
    assert ran.err.startswith("error[other-run]: the lines from `lines.jsonl:")
    assert ran.err.endswith(
        "` on are not those that this run has read before\n  = help: begin again in another directory\n"
    )


@pytest.mark.parametrize("manifest", [None, "", "[]"])
def test_a_directory_of_something_else(manifest: str | None, place: Path, run_crossdock: Run) -> None:
    (place / "lines.jsonl").write_bytes(payload(1))
    (place / "out").mkdir()
    (place / "out/precious.txt").write_text("mine")
    if manifest is not None:
        (place / "out/manifest.json").write_text(manifest)
    for arguments in ([], ["--resume"]):
        assert run_crossdock(*BULK, *arguments) == (
            2,
            "",
            "error[not-a-run]: `out` is neither empty nor the directory of a run\n",
        )
    assert run_crossdock("bulk", "replay", "out").err == (
        "error[not-a-run]: `out` is not the directory of a run\n"
    )


def test_two_runs_cannot_write_into_one_directory(place: Path, run_crossdock: Run) -> None:
    running = begun(place)
    ran = run_crossdock(*BULK, "--resume")
    assert ran == (2, "", "error[run-in-progress]: another run is writing into `out`\n")
    running.kill()
    running.communicate()


def test_a_source_that_is_not_there(place: Path, run_crossdock: Run) -> None:
    assert run_crossdock(*BULK) == (3, "", "error[no-such-file]: there is no file `lines.jsonl`\n")
    (place / "lines.jsonl").mkdir()
    ran = run_crossdock(*BULK)
    assert ran == (3, "", "error[is-a-directory]: `lines.jsonl` is a directory, not a file\n")
    assert files(place / "out") == {}


# Bad input


def test_a_line_that_is_too_long_is_a_dead_letter_without_it(place: Path, run_crossdock: Run) -> None:
    long = b'{"number": 1, "name": "' + b"x" * (PAYLOAD_BYTES + 8_000_000) + b'"}\n'
    (place / "lines.jsonl").write_bytes(payload(1) + b"\n" + long + payload(2))
    assert run_crossdock(*BULK).code == 1

    letter = json.loads(joined(place / "out", "dead"))
    assert (letter["line"], "payload" in letter) == (2, False)
    assert letter["findings"][0]["id"] == "payload-too-large"
    assert joined(place / "out", "results").decode() == result(1) + result(2)
    ran = run_crossdock("bulk", "replay", "out")
    assert ran.out.splitlines()[-1] == (
        "cause payload-too-large: 1 letter, pass now: 0, fail still: 1 payload-too-large"
    )


def test_a_cut_archive_leaves_whole_parts(place: Path, run_crossdock: Run) -> None:
    data = mixed(20_000)
    (place / "lines.jsonl.gz").write_bytes(gzip.compress(data, compresslevel=0)[:-100])
    command = ["bulk", "shop/order", "lines.jsonl.gz", "--to", "out", "--part-size", "0.01"]
    for _ in range(2):
        ran = run_crossdock(*command, "--resume")
        assert (ran.code, ran.out) == (3, "")
        assert ran.err == "error[unreadable]: `lines.jsonl.gz` cannot be read: it ends too early\n"
    assert json.loads((place / "out/manifest.json").read_text())["state"] == "running"
    written = files(place / "out")
    assert not [name for name in written if name.endswith(".unfinished")]
    records = [json.loads(text) for name, text in written.items() if name.startswith("parts/")]
    assert len(records) > 5
    assert {each["results"]["file"] for each in records} == {
        name for name in written if name.startswith("results/")
    }


def test_a_source_that_changes_during_the_run(place: Path) -> None:
    (place / "lines.jsonl").write_bytes(mixed(2_000))
    converter = PayloadConverter(None, "shop/order")
    job = BulkJob(converter, ("lines.jsonl",), converter.digest(), 5_000)

    def change(_tally: object) -> None:
        os.utime(place / "lines.jsonl", ns=(1, 1))

    sources = Sources(job.sources, io.BytesIO(), digests=True)
    run = BulkRun(job, BulkFolder(place / "out"), sources)
    run.begin(resume=False)
    with conversion(converter, 1) as converted, pytest.raises(InputError, match="has changed while"):
        run.run(converted, change)
    assert len(list((place / "out/parts").iterdir())) <= 2


def test_a_full_disk_and_what_goes_on_when_there_is_room(place: Path, run_crossdock: Run) -> None:
    """A limit on the size of files ends a write as a full disk does."""
    (place / "lines.jsonl").write_bytes(mixed(3_000))
    small = ["bulk", "shop/order", "lines.jsonl", "--to", "out", "--part-size", "0.05"]
    run_crossdock(*[each if each != "out" else "whole" for each in small])
    ran = subprocess.run(
        [*COMMAND, *small],
        cwd=place,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # else the limit cuts off compiled modules too
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000)),
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said(ran.stderr) == (
        "error[unwritable]: `out` cannot be written: file too large\n"
        "  = help: the parts that are complete stay; --resume goes on when there is room\n"
    )
    assert not [name for name in files(place / "out") if name.endswith(".unfinished")]
    assert run_crossdock(*small, "--resume").code == 1
    assert files(place / "out") == files(place / "whole")


def test_a_part_that_was_damaged_is_made_again(place: Path, run_crossdock: Run) -> None:
    (place / "lines.jsonl").write_bytes(mixed(2_000))
    run_crossdock(*BULK)
    whole = files(place / "out")
    (place / "out/results/part-00001.jsonl").write_bytes(b"{}\n")
    (place / "out/dead/part-00002.jsonl").unlink()
    (place / "out/parts/part-00003.json").write_bytes(b"")
    (place / "out/results/part-00009.jsonl.unfinished").write_bytes(b"")
    assert run_crossdock(*BULK, "--resume").code == 1
    assert files(place / "out") == whole


# Stores


def objects(store: Any, root: str) -> dict[str, bytes]:
    return {name.removeprefix(root): store.cat_file(name) for name in sorted(store.find(root))}


def test_a_store_gets_what_a_directory_gets(place: Path, run_crossdock: Run) -> None:
    """A resumed run makes again what is damaged there; a file that is not complete never gets there."""
    store = fsspec.filesystem("memory")
    (place / "lines.jsonl").write_bytes(mixed(1_000))
    run_crossdock(*BULK)
    whole = files(place / "out")
    there = [*BULK[:3], "--to", "memory://archive/out/", *BULK[5:]]
    assert run_crossdock(*there).code == 1
    assert objects(store, "/archive/out/") == whole
    again = (
        "error[run-exists]: `memory://archive/out/` has a run already\n  = help: --resume goes on with it\n"
    )
    assert run_crossdock(*there) == (2, "", again)
    store.pipe_file("/archive/out/results/part-00001.jsonl", b"{}\n")
    store.rm_file("/archive/out/dead/part-00002.jsonl")
    store.rm_file("/archive/out/parts/part-00003.json")
    assert run_crossdock(*there, "--resume").code == 1
    assert objects(store, "/archive/out/") == whole

    assert run_crossdock("bulk", "replay", "out").code == 1
    assert run_crossdock("bulk", "replay", "memory://archive/out").code == 1
    assert objects(store, "/archive/out/") == files(place / "out")
    store.rm("/archive", recursive=True)
    store.pipe_file("/archive/out/precious.txt", b"mine")
    refused = "error[not-a-run]: `memory://archive/out/` is neither empty nor the directory of a run\n"
    assert run_crossdock(*there) == (2, "", refused)
    unknown = "error[unwritable]: `nope://a` cannot be written: no package is installed for such URLs\n"
    assert run_crossdock(*BULK[:3], "--to", "nope://a") == (2, "", unknown)


def test_a_part_that_a_store_refuses_has_no_record(place: Path, run_crossdock: Run) -> None:
    """What is in its way is a file of the name of a folder. Nothing is left on this machine."""
    (place / "lines.jsonl").write_bytes(mixed(1_000))
    run_crossdock(*BULK)
    there = Path(f"{place}/there{place}/there")  # fsspec's wrapper puts the path below itself
    there.mkdir(parents=True)
    (there / "manifest.json").write_bytes((place / "out/manifest.json").read_bytes())
    (there / "dead").write_bytes(b"")
    (place / "here").mkdir()
    to = f"dir::{(place / 'there').as_uri()}"
    command = [*COMMAND, *BULK[:3], "--to", to, *BULK[5:], "--resume"]
    variables = {**os.environ, "TMPDIR": str(place / "here")}
    ran = subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, check=False)
    assert (ran.returncode, said(ran.stderr)) == (
        2,
        f"error[unwritable]: `{to}` cannot be written: not a directory\n"
        "  = help: the parts that are complete stay; --resume goes on when there is room\n",
    )
    assert sorted(files(there)) == ["dead", "manifest.json", "results/part-00000.jsonl"]
    assert list((place / "here").iterdir()) == []

    (there / "dead").unlink()
    assert run_crossdock(*command[3:]).code == 1
    assert files(there) == files(place / "out")


# Ends


def begun(place: Path, *arguments: str) -> subprocess.Popen[str]:
    """A run that waits for more of its stdin, after its first parts."""
    running = subprocess.Popen(
        [*COMMAND, "bulk", "shop/order", "-", "--to", "out", "--part-size", "0.005", *arguments],
        cwd=place,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,
        start_new_session=True,
    )
    assert running.stdin is not None
    running.stdin.write(mixed(3_000).decode())
    running.stdin.flush()
    until(lambda: (place / "out/parts/part-00000.json").exists())
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_whole_parts_only(number: signal.Signals, place: Path, run_crossdock: Run) -> None:
    running = begun(place, "--workers", "2")
    os.killpg(running.pid, number)
    out, err = running.communicate(timeout=60)

    assert running.returncode == (130 if number == signal.SIGINT else -number)
    assert (out, said(err).strip()) == ("", "interrupted" if number == signal.SIGINT else "")
    assert not [name for name in files(place / "out") if name.endswith(".unfinished")]
    whole = ["bulk", "shop/order", "-", "--part-size", "0.005"]
    assert run_crossdock(*whole, "--to", "out", "--resume", stdin=mixed(3_000)).code == 1
    run_crossdock(*whole, "--to", "whole", stdin=mixed(3_000))
    assert files(place / "out") == files(place / "whole")


@pytest.mark.parametrize("kind", ["directory", "store"])
def test_killed_at_any_moment_and_resumed_the_bytes_are_the_same(
    kind: str, place: Path, run_crossdock: Run
) -> None:
    """The run or one of its workers, at random moments, until it comes to its end by itself."""
    to, out, most, first = "out", place / "out", KILLS, "manifest.json"
    if kind == "store":  # one that shows a file while it is written
        to, out, most = f"dir::{(place / 'out').as_uri()}", Path(f"{place}/out{place}/out"), KILLS // 4
        first = "parts/part-00000.json"
    (place / "lines.jsonl").write_bytes(mixed(12_000))
    command = [*BULK[:3], "--part-size", "0.02", "--workers", "2", "--to"]
    begin = time.monotonic()
    run_crossdock(*command, "whole")
    seconds = time.monotonic() - begin
    whole, chance, kills, runs = files(place / "whole"), random.Random(KILLS), 0, 0
    while kills < most:
        running = subprocess.Popen(
            [*COMMAND, *command, to, "--resume"], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        until(lambda running=running: running.poll() is not None or (out / first).exists())
        time.sleep(chance.random() * seconds / 2)
        workers = [] if running.poll() is not None else children(running.pid)
        victim = chance.choice([running.pid, *workers])
        if running.poll() is None and alive(victim):
            os.kill(victim, signal.SIGKILL)
            kills += 1
        _, err = running.communicate(timeout=60)
        assert running.returncode in (-9, 6, 1), err
        until(lambda workers=workers: not any(alive(each) for each in workers))
        if running.returncode == 1:
            assert files(out) == whole
            runs += 1
            out.rename(place / f"done{runs}")

    assert run_crossdock(*command, to, "--resume").code == 1
    assert files(out) == whole


# Replay


def test_a_replay_takes_only_what_failed_and_says_what_became_of_it(place: Path, run_crossdock: Run) -> None:
    lines = [b'{"number": %d}' % number for number in range(50)]
    lines[10:20] = [b'{"number": "%d"}' % number for number in range(10)]
    lines[20:23] = [b"{"] * 3
    lines[30] = b'{"number": "x"}'
    (place / "lines.jsonl").write_bytes(b"\n".join(lines))
    run_crossdock(*BULK)
    before = files(place / "out")
    (place / "mappings/shop/order.yaml").write_text(
        "from: shop/source\nmap: {ref: to_string(number), colour: settings().colour}\n"
    )
    schema = place / "schemas/shop/source.schema.json"
    schema.write_text(schema.read_text().replace('"integer"', '"string", "pattern": "^[0-9]+$"'))
    ran = run_crossdock("bulk", "replay", "out")

    assert ran.code == 1
    assert ran.out.splitlines()[-2:] == [
        "cause wrong-type: 11 letters, pass now: 10, fail still: 1 pattern-mismatch",
        "cause not-json: 3 letters, pass now: 0, fail still: 3 not-json",
    ]
    assert joined(place / "out/replay-001", "results").decode() == "".join(result(n) for n in range(10))
    letters = [json.loads(line) for line in joined(place / "out/replay-001", "dead").splitlines()]
    assert [(each["source"], each["line"]) for each in letters] == [
        ("lines.jsonl", 21),
        ("lines.jsonl", 22),
        ("lines.jsonl", 23),
        ("lines.jsonl", 31),
    ]
    after = files(place / "out")
    assert {name: after[name] for name in before} == before

    schema.write_text(schema.read_text().replace("[0-9]", "[0-9x]"))
    second = json.loads(run_crossdock("bulk", "replay", "out", "--workers", "2", "--format", "json").out)
    assert second["letters_of"] == "replay-001"
    assert second["causes"] == [
        {
            "cause": "not-json",
            "letters": 3,
            "passing": 0,
            "failing": [{"id": "not-json", "times": 3}],
        },
        {"cause": "pattern-mismatch", "letters": 1, "passing": 1, "failing": []},
    ]
    assert joined(place / "out/replay-002", "results").decode() == result(0).replace("0", "x")


def test_a_replay_of_a_thousand_letters(place: Path, run_crossdock: Run) -> None:
    (place / "lines.jsonl").write_bytes(b'{"number": 1}\n{"number": "1"}\n' * 1_000)
    run_crossdock(*BULK[:-1], "0.05")
    schema = place / "schemas/shop/source.schema.json"
    schema.write_text(schema.read_text().replace('"integer"', '"string"'))
    ran = run_crossdock("bulk", "replay", "out", "--workers", "2")

    assert ran.code == 0
    assert ran.out.endswith("cause wrong-type: 1,000 letters, pass now: 1,000\n")
    assert joined(place / "out/replay-001", "results").decode() == result(1) * 1_000
    assert run_crossdock("bulk", "replay", "out").out.startswith("0 lines in ")


def test_an_interrupted_replay_begins_again(place: Path, run_crossdock: Run) -> None:
    (place / "lines.jsonl").write_bytes(b"{}\n")
    run_crossdock(*BULK)
    (place / "out/replay-001/results").mkdir(parents=True)
    (place / "out/replay-001/results/part-00009.jsonl").write_bytes(b"{}\n")
    assert run_crossdock("bulk", "replay", "out").code == 1
    assert sorted(files(place / "out/replay-001")) == [
        "dead/part-00000.jsonl",
        "manifest.json",
        "parts/part-00000.json",
        "results/part-00000.jsonl",
    ]


def test_only_a_finished_run_is_replayed(place: Path, run_crossdock: Run) -> None:
    running = begun(place)
    running.kill()
    running.communicate()
    assert run_crossdock("bulk", "replay", "out") == (
        2,
        "",
        "error[run-unfinished]: `out` is of a run that is not finished\n  = help: finish it with --resume\n",
    )


# Progress


def test_progress_in_a_log_is_a_line_every_few_seconds(
    place: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "lines.jsonl").write_bytes(mixed(300))
    monkeypatch.setattr(progress, "_SECONDS", 0.0)
    lines = run_crossdock(*BULK).err.splitlines()
    taken = json.loads((place / "out/manifest.json").read_text())["lines"]
    assert len(lines) == len(list((place / "out/parts").iterdir()))
    assert lines[-1].startswith(f"{taken} lines, ")
    assert lines[-1].endswith(" refused, 0:00 left")
