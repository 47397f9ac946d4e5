"""`transform --lines`: one payload per line, one result per line, and a bad line does not stop the others."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from conftest import MakeProject, Ran, Run, interruptible
from crossdock.bulk.blocks import Cutter
from crossdock.bulk.unit import LineBlock
from crossdock.core.limits import PAYLOAD_BYTES

FILES = {
    "schemas/shop/source.schema.json": json.dumps(
        {"type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}, "total": {}}}
    ),
    "mappings/shop/channel.yaml": "describe: A shop.\nsettings:\n  colour: {describe: c, default: red}\n",
    "mappings/shop/order.yaml": """
from: shop/source
map: {ref: to_string(number), colour: settings().colour}
checks:
  - check: equal(root().number, root().total || root().number)
    message: the parts do not add up
""",
    "mappings/shop/fails.yaml": "map: {ref: upper(a)}\n",
    "mappings/shop/never.yaml": "map: {ref: \"epoch(join('', ['no date']))\"}\n",
}
COMMAND = [sys.executable, "-m", "crossdock.cli", "transform", "shop/order", "--lines"]


Lines: TypeAlias = Callable[..., Ran]


def payload(number: int) -> bytes:
    return b'{"number": %d}' % number


def result(number: int, colour: str = "red") -> str:
    return f'{{"ref":"{number}","colour":"{colour}"}}\n'


@pytest.fixture
def transformed(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> Lines:
    """Transforms lines: those of the file lines.jsonl, or of stdin."""
    project(FILES)
    monkeypatch.chdir(tmp_path)

    def call(
        data: bytes, *arguments: str, file: str | None = "lines.jsonl", mapping: str = "shop/order"
    ) -> Ran:
        if file is not None:
            (tmp_path / "lines.jsonl").write_bytes(data)
        return run_crossdock(
            "transform", mapping, *([file] if file else []), "--lines", *arguments, stdin=data
        )

    return call


def test_each_line_gives_a_line_in_the_same_order(transformed: Lines) -> None:
    data = b"".join(payload(number) + b"\n" for number in range(200))

    for cached in ([], [], ["--no-cache"]):
        for file in ("lines.jsonl", None, "-"):
            wanted = "".join(result(number) for number in range(200))
            assert transformed(data, *cached, file=file) == (0, wanted, "")


def test_the_line_of_a_result_is_what_one_payload_gives(transformed: Lines) -> None:
    """Also when it holds what begins a line elsewhere: a line separator, an escaped line end."""
    data = '{"a": "x\\n y\u2028z\u0085"}\n{"a": "ß"}\n'.encode()
    ran = transformed(data, mapping="shop/fails")

    assert ran == (0, '{"ref":"X\\n Y\u2028Z\u0085"}\n{"ref":"SS"}\n', "")


@pytest.mark.parametrize(
    "data",
    [
        b'{"number": 1}\n\n  \n\t\r\n{"number": 2}\n\n',
        b'{"number": 1}\r\n{"number": 2}\r\n',
        b'{"number": 1}\n{"number": 2}',
        b'\n{"number": 1}\n   {"number": 2}  ',
    ],
)
def test_blank_lines_and_line_ends(data: bytes, transformed: Lines) -> None:
    assert transformed(data) == (0, result(1) + result(2), "")


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n \n\n"])
def test_no_payload_at_all(data: bytes, transformed: Lines) -> None:
    assert transformed(data) == (0, "", "")
    assert transformed(data, "--format", "json") == (0, "", "[]\n")


def test_a_bad_line_is_told_and_the_rest_goes_on(transformed: Lines) -> None:
    data = b'{"number": 1}\n\n{"number": "x"}\nno\n{"number": 1, "number": 2}\n{"number": 2}\n{}'

    for file, name in (("lines.jsonl", "lines.jsonl"), (None, "<stdin>")):
        assert transformed(data, "--format", "short", file=file) == (
            3,
            result(1) + result(2),
            f"{name}:3 at /number: error[wrong-type]: expected a whole number, found text\n"
            f"{name}:4:1:1: error[not-json]: expected a value, found a word\n"
            f"{name}:5:1:15: error[duplicate-key]: the key `number` occurs twice in one object\n"
            f"{name}:7: error[missing-required]: the required property `number` is missing\n",
        )


def test_findings_as_text_stand_apart(transformed: Lines) -> None:
    assert transformed(b"{}\n{}\n").err == (
        "error[missing-required]: the required property `number` is missing\n"
        "  --> lines.jsonl:1\n"
        "\n"
        "error[missing-required]: the required property `number` is missing\n"
        "  --> lines.jsonl:2\n"
    )


def test_the_exit_code_is_that_of_the_first_refusal(transformed: Lines) -> None:
    assert transformed(b'{"a": 1}\n[\n{"a": "x"}\n', mapping="shop/fails").code == 4
    assert transformed(b'[\n{"a": 1}\n{"a": "x"}\n', mapping="shop/fails").code == 3
    assert transformed(b'{"a": "x"}\n', mapping="shop/fails").code == 0


def test_warnings_are_told_line_by_line_and_refuse_nothing(transformed: Lines) -> None:
    ran = transformed(
        b'{"number": 1, "total": 2}\n{"number": 2, "total": 2}\n{"number": 3, "total": 1}\n',
        "--format",
        "short",
    )

    assert (ran.code, ran.out) == (0, result(1) + result(2) + result(3))
    assert ran.err == (
        "mappings/shop/order.yaml:5:12: warning[check-failed]: "
        "the parts do not add up: 1 against 2, a difference of -1 (lines.jsonl:1)\n"
        "mappings/shop/order.yaml:5:12: warning[check-failed]: "
        "the parts do not add up: 3 against 1, a difference of 2 (lines.jsonl:3)\n"
    )


WARNED = b'{"number": 3, "total": 1}\n' * 1200 + b"{}\n" * 5


def test_of_a_warning_the_first_are_shown_and_how_many_there_are(transformed: Lines) -> None:
    """Errors are all shown: each of them is a payload without a result."""
    ran = transformed(WARNED, "--format", "short")

    place = "mappings/shop/order.yaml:5:12: warning[check-failed]: "
    failed = f"{place}the parts do not add up: 3 against 1, a difference of 2 (lines.jsonl:"
    assert (ran.code, ran.out) == (3, result(3) * 1200)
    assert ran.err == (
        "".join(f"{failed}{number})\n" for number in (1, 2, 3))
        + "".join(
            f"lines.jsonl:{number}: error[missing-required]: the required property `number` is missing\n"
            for number in range(1201, 1206)
        )
        + f"{place}this came 1,200 times, and the first 3 are shown\n"
    )
    assert transformed(WARNED).err.endswith(
        "\n\nwarning[check-failed]: this came 1,200 times, and the first 3 are shown\n"
        "  --> mappings/shop/order.yaml:5:12\n"
        "  |\n"
        "5 |   - check: equal(root().number, root().total || root().number)\n"
        "  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  = help: `--format json` has all of them\n"
    )
    assert len(json.loads(transformed(WARNED, "--format", "json").err)) == 1205


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_a_document_is_one_document(form: str, transformed: Lines) -> None:
    ran = transformed(b'{"number": 1, "total": 2}\n{}\n{"number": 2}\n', "--format", form)

    assert (ran.code, ran.out) == (3, result(1) + result(2))
    document = json.loads(ran.err)
    found = document if form == "json" else document["runs"][0]["results"]
    assert [each.get("id", each.get("ruleId")) for each in found] == ["check-failed", "missing-required"]
    assert (form == "json") is ("lines.jsonl:2" in json.dumps(found[1]))
    if form == "sarif":
        place = found[1]["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": "lines.jsonl"}, "region": {"startLine": 2}}
    for data in (b'{"number": 1}\n', b""):
        json.loads(transformed(data, "--format", form).err)


def test_a_document_holds_also_the_error_that_ends_it(
    transformed: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = transformed(b"", "--format", "json", file="nothing.jsonl")
    assert (ran.code, [each["id"] for each in json.loads(ran.err)]) == (3, ["no-such-file"])

    class Broken(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            data = super().read1(size)
            if not data:
                raise OSError(5, "Input/output error")
            return data

    monkeypatch.setattr(io, "BytesIO", Broken)
    ran = transformed(b'{}\n{"number": 1}\n', "--format", "json", file=None)
    assert (ran.code, ran.out) == (3, result(1))
    assert [(each["id"], each["message"]) for each in json.loads(ran.err)] == [
        ("missing-required", "the required property `number` is missing"),
        ("unreadable", "`-` cannot be read: input/output error"),
    ]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("nothing.jsonl", "error[no-such-file]: there is no file `nothing.jsonl`\n"),
        ("mappings", "error[is-a-directory]: `mappings` is a directory, not a file\n"),
    ],
)
def test_a_file_that_cannot_be_read(file: str, line: str, transformed: Lines, tmp_path: Path) -> None:
    assert transformed(b"", file=file) == (3, "", line)
    assert transformed(b"", "-o", "out.jsonl", file=file) == (3, "", line)
    assert not (tmp_path / "out.jsonl").exists()


def test_options_that_one_payload_has(transformed: Lines) -> None:
    assert transformed(payload(1), "--set", "colour=blue").out == result(1, "blue")
    assert transformed(b'{"number": 1.5}', "--no-validate").out == '{"ref":"1.5","colour":"red"}\n'
    assert transformed(payload(1), "--compact").out == result(1)


@pytest.mark.parametrize("form", ["text", "short", "json", "github", "sarif"])
def test_every_finding_says_of_which_line_it_is(form: str, transformed: Lines) -> None:
    """Also one of a mapping that reads nothing, and in a form that shows one place only."""
    for data, mapping in (
        (b'\n{"a": 1}', "shop/fails"),
        (b"\n{}", "shop/never"),
        (b'\n{"number": 1, "total": 2}', "shop/order"),
        (b"\nno", "shop/order"),
        (b"\n[]", "shop/order"),
    ):
        ran = transformed(data, "--format", form, mapping=mapping)
        if form == "sarif" and "mappings/" not in ran.err:
            assert '"uri": "lines.jsonl"' in ran.err
            assert '"startLine": 2' in ran.err
        else:
            assert "lines.jsonl:2" in ran.err.replace("%3A", ":")
        assert ran.err.count("-failed") + ran.err.count("not-json") + ran.err.count("wrong-type") >= 1


def test_what_is_wrong_with_the_mapping_is_told_once(transformed: Lines) -> None:
    ran = transformed(payload(1) * 3, mapping="shop/ordr")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("error[unknown-mapping]") == 1


# Into a file


def test_the_results_in_a_file(transformed: Lines, tmp_path: Path) -> None:
    ran = transformed(payload(1) + b"\n{}\n" + payload(2), "-o", "out.jsonl")

    assert (ran.code, ran.out) == (3, "")
    assert (tmp_path / "out.jsonl").read_text() == result(1) + result(2)
    assert transformed(payload(3), "-o", "-").out == result(3)


def test_a_file_may_be_its_own_result(transformed: Lines, tmp_path: Path) -> None:
    data = b"".join(payload(number) + b"\n" for number in range(5000))
    assert transformed(data, "-o", "lines.jsonl").code == 0

    assert (tmp_path / "lines.jsonl").read_text() == "".join(result(number) for number in range(5000))


def test_a_file_keeps_its_permissions_and_a_link_its_target(transformed: Lines, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("old")
    (tmp_path / "out.jsonl").chmod(0o640)
    (tmp_path / "link.jsonl").symlink_to("out.jsonl")
    transformed(payload(1), "-o", "link.jsonl")

    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "out.jsonl").read_text() == result(1)
    assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o640
    before = os.umask(0o027)
    try:
        transformed(payload(1), "-o", "new.jsonl")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.jsonl").stat().st_mode) == 0o640


def test_a_file_is_whole_or_as_it_was(
    transformed: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.jsonl").write_text("as it was")
    listed = sorted([*tmp_path.iterdir(), tmp_path / "lines.jsonl"])

    def failing(error: BaseException) -> None:
        def some(self: Cutter) -> object:
            yield LineBlock("lines.jsonl", 1, payload(1))
            raise error

        monkeypatch.setattr(Cutter, "__iter__", some)

    failing(KeyboardInterrupt())
    ran = transformed(b"", "-o", "out.jsonl")
    assert (ran.code, ran.err.strip()) == (130, "interrupted")
    failing(OSError(28, "No space left on device"))
    assert transformed(b"", "-o", "out.jsonl") == (
        2,
        "",
        "error[unwritable]: `out.jsonl` cannot be written: no space left on device\n",
    )
    assert (tmp_path / "out.jsonl").read_text() == "as it was"
    assert sorted(tmp_path.iterdir()) == listed


@pytest.mark.parametrize(
    ("output", "reason"),
    [("nowhere/out.jsonl", "no such file or directory"), ("mappings", "it is a directory")],
)
def test_a_file_that_cannot_be_written(output: str, reason: str, transformed: Lines) -> None:
    line = f"error[unwritable]: `{output}` cannot be written: {reason}\n"

    assert transformed(payload(1), "-o", output) == (2, "", line)


# Long lines


def read(data: bytes, limit: int) -> list[tuple[int, bytes]]:
    """The lines of the blocks that begin with three bytes each, without those that are empty."""
    cutter = Cutter(io.BytesIO(data), "-", limit=limit)
    blocks = iter(lambda: cutter.take(3), None)
    lines = (
        (number, line.removesuffix(b"\r"))
        for block in blocks
        for number, line in enumerate(block.data.split(b"\n"), block.first)
    )
    return [(number, line) for number, line in lines if line]


def test_of_a_line_that_is_too_long_no_more_is_read_than_shows_it() -> None:
    assert read(b"12345\n1234\r\n\n" + b"x" * 1000 + b"\n12", limit=5) == [
        (1, b"12345"),
        (2, b"1234"),
        (4, b"x" * 7),
        (5, b"12"),
    ]
    for extra in range(12):  # wherever the pieces end
        assert read(b"x" * (6 + extra) + b"\nend", limit=5)[1:] == [(2, b"end")]
        assert read(b"x" * (6 + extra), limit=5)[0][1][:6] == b"x" * 6
        assert read(b" " * (8 + extra) + b"x\nend", limit=5) == [(1, b" " * 7), (2, b"end")]


def test_a_line_beyond_the_limit_is_refused_and_the_next_one_is_read(
    transformed: Lines, tmp_path: Path
) -> None:
    long = b'{"number": 1, "name": "' + b"x" * PAYLOAD_BYTES + b'"}\n'
    ran = transformed(payload(1) + b"\n" + long + payload(2), "--format", "short")

    assert ran == (
        3,
        result(1) + result(2),
        f"lines.jsonl:2: error[payload-too-large]: the payload has more than "
        f"{PAYLOAD_BYTES} bytes, the limit\n",
    )


# What only a process shows


@pytest.fixture
def place(project: MakeProject, tmp_path: Path) -> Path:
    project(FILES)
    return tmp_path


@pytest.mark.parametrize("stdin", [True, False])
def test_a_reader_that_has_enough_is_no_failure(stdin: bool, place: Path) -> None:
    (place / "lines.jsonl").write_bytes(b'{"number": 1}\n' * 20_000)
    source = "cat lines.jsonl | " if stdin else ""
    file = "-" if stdin else "lines.jsonl"
    script = f'{source}"$@" {file} 2> err | head -n 1; echo "${{PIPESTATUS[*]}}"'
    ran = subprocess.run(
        ["bash", "-c", script, "bash", *COMMAND], cwd=place, capture_output=True, text=True, timeout=60
    )

    first, codes = ran.stdout.splitlines()
    assert (first + "\n", codes.split()[-2:]) == (result(1), ["0", "0"])
    assert (place / "err").read_text() == ""


def at_work(command: Sequence[str], place: Path, given: bytes) -> subprocess.Popen[bytes]:
    """A process that has read lines, the last of which it refuses."""
    running = subprocess.Popen(
        command,
        cwd=place,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=interruptible,
    )
    assert running.stdin is not None and running.stderr is not None
    running.stdin.write(given)
    running.stdin.flush()
    assert running.stderr.readline().startswith(b"error[missing-required]")
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_leaves_nothing_half_written(place: Path, number: signal.Signals) -> None:
    """What was printed stays, and a file is as it was."""
    (place / "out.jsonl").write_text("as it was")
    for output in ([], ["-o", "out.jsonl"]):
        running = at_work([*COMMAND, *output], place, b'{"number": 1}\n{}\n')
        running.send_signal(number)
        out, err = running.communicate(timeout=60)

        interrupted = number == signal.SIGINT
        assert running.returncode == (130 if interrupted else -number)
        assert out.decode() == ("" if output else result(1))
        assert err.endswith(b"interrupted\n") is interrupted
        assert b"Traceback" not in err
    assert (place / "out.jsonl").read_text() == "as it was"
    assert sorted(path.name for path in place.iterdir()) == ["mappings", "out.jsonl", "schemas"]


def test_a_signal_that_the_parent_ignores_ends_nothing(place: Path) -> None:
    """As with nohup."""
    running = at_work(["bash", "-c", 'trap "" HUP; exec "$@"', "bash", *COMMAND], place, b"{}\n")
    running.send_signal(signal.SIGHUP)
    out, _ = running.communicate(payload(2), timeout=60)

    assert (running.returncode, out.decode()) == (3, result(2))


def test_a_terminal_sees_each_result_at_once(place: Path) -> None:
    shown, terminal = os.openpty()
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        COMMAND, cwd=place, stdin=subprocess.PIPE, stdout=terminal, env=buffered
    ) as running:
        os.close(terminal)
        assert running.stdin is not None
        for number in range(3):
            running.stdin.write(payload(number) + b"\n")
            running.stdin.flush()
            assert select.select([shown], [], [], 30)[0], "nothing is shown"
            assert os.read(shown, 100).decode().strip() == result(number).strip()
        running.stdin.close()
        assert running.wait(30) == 0
    os.close(shown)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_no_traceback(place: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            COMMAND,
            cwd=place,
            input=b'{"number": 1}\n' * 2000,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (ran.returncode, ran.stderr) == (2, b"error: no space left on device\n")
    ran = subprocess.run(
        [*COMMAND, "-o", "/dev/full"], cwd=place, input=payload(1), stderr=subprocess.PIPE, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (
        2,
        b"error[unwritable]: `/dev/full` cannot be written: no space left on device\n",
    )


def test_a_closed_output_is_said(place: Path) -> None:
    ran = subprocess.run(
        ["bash", "-c", '"$@" >&-', "bash", *COMMAND],
        cwd=place,
        input=payload(1),
        stderr=subprocess.PIPE,
        timeout=60,
    )

    assert ran.returncode == 2
    assert ran.stderr.endswith(b"error: standard output is closed\n")


PEAK = """
import resource, sys
from crossdock.cli.app import run
code = run(["transform", "shop/order", "lines.jsonl", "--lines", "-o", "out.jsonl", "--format", "short"])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("every", [1, 50])
def test_memory_does_not_grow_with_the_lines(every: int, place: Path) -> None:
    """The peak of ten times as many lines is the same, also when some are refused."""
    peaks = []
    for count in (2_000, 2_000, 20_000):  # the first run makes the code, and keeps it
        good = b'{"number": 1, "note": "' + b"n" * 200 + b'"}\n'
        block = good * every if every == 1 else good * (every - 1) + b'{"number": "x"}\n'
        (place / "lines.jsonl").write_bytes(block * (count // every))
        ran = subprocess.run(
            [sys.executable, "-c", PEAK], cwd=place, capture_output=True, text=True, timeout=120, check=True
        )
        code, peak = ran.stdout.split()
        assert code == ("0" if every == 1 else "3")
        assert ran.stderr.count("\n") == (0 if every == 1 else count // every)
        peaks.append(int(peak))

    assert peaks[2] <= peaks[1] * 1.1


def test_what_was_kept_is_not_all_that_can_be_generated(
    transformed: Lines, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amounts of many decimals have code of their own, and no line of them is interpreted."""
    from crossdock.execution import runner

    project({"mappings/shop/times.yaml": "map: {ref: 'multiply(a, b)'}\n"})
    data = b'{"a": 2, "b": 3}\n' + b'{"a": "1.23456789", "b": "1.1"}\n' * 5
    wanted = (0, '{"ref":6}\n' + '{"ref":1.358024679}\n' * 5, "")
    assert transformed(data, mapping="shop/times") == wanted  # and it is kept
    monkeypatch.setattr(runner, "execute", None)
    assert transformed(data, mapping="shop/times") == wanted
