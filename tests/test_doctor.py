"""``crossdock doctor``: what it finds, what it calls, and that it shows no secret."""

from __future__ import annotations

import json
import platform
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server

from conftest import MakeProject, Ran, Run
from crossdock.core.version import __version__

SECRET = "do-not-show-this"
FILES = {
    "mappings/shop/channel.yaml": 'describe: A shop.\nbase_url: "{{ settings.url }}"\n'
    "auth: {kind: bearer, token: {env: SHOP_TOKEN}}\n"
    "settings: {url: {describe: where it is, default: 'http://127.0.0.1:9'}}\n"
    "limits: {attempts: 1, seconds: 5}\n",
    "mappings/shop/order_ack/conversation.yaml": "steps: []\nresponse: {events: []}\n",
}


@pytest.fixture
def doctor(project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run) -> Run:
    """Runs the command in a project with one channel of its own."""
    project(FILES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHOP_TOKEN", raising=False)
    return lambda *arguments: run_crossdock("doctor", *arguments)


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything with a status; its URL, and the headers with the credentials."""
    seen: list[str] = []

    @Request.application
    def answer(request: Request) -> Response:
        seen.append(request.headers.get("authorization", ""))
        return Response("{}", status)

    server = make_server("127.0.0.1", 0, answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.port}", seen
    finally:
        server.shutdown()
        server.server_close()


def lines(ran: Ran) -> list[str]:
    """The lines of a report, each with single spaces."""
    return [re.sub(" +", " ", line) for line in ran.out.splitlines()]


def test_what_is_there_is_shown(doctor: Run, tmp_path: Path) -> None:
    ran = doctor()

    assert ran.code == 0
    assert lines(ran)[0].startswith(f"crossdock ok {__version__}, in ")
    assert lines(ran)[1] == f"python ok {platform.python_version()}, {sys.executable}"
    assert "extra test ok installed, for snapshots with pytest" in lines(ran)
    assert f"project ok {tmp_path}, this directory" in lines(ran)
    assert "channel shop - SHOP_TOKEN is not set" in lines(ran)


def test_an_extra_that_is_not_installed_is_named(doctor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def without(package: str) -> str:
        if package == "syrupy":
            raise metadata.PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(metadata, "version", without)

    expected = "extra test - syrupy not installed; for snapshots with pytest: pip install 'crossdock[test]'"
    assert expected in lines(doctor())


def test_the_project_says_why_it_is_used(
    doctor: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> None:
    monkeypatch.chdir(tmp_path / "mappings" / "shop")
    assert f"project ok {tmp_path}, the nearest one above that has `mappings`" in lines(doctor())

    ran = run_crossdock("-C", str(tmp_path), "doctor")
    assert f"project ok {tmp_path}, by -C" in lines(ran)

    empty = tmp_path.parent / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert any(
        line.startswith("project - none here; the bundled mappings are used, in ") for line in lines(doctor())
    )


@pytest.mark.parametrize(
    ("cache", "line"),
    [
        ("off", "cache - off, by CROSSDOCK_CACHE; each start compiles anew"),
        (
            "relative",
            "cache - not used: its directory cannot be made, or others can write to it. "
            "CROSSDOCK_CACHE names another",
        ),
    ],
)
def test_a_cache_that_is_not_used_says_why(
    doctor: Run, monkeypatch: pytest.MonkeyPatch, cache: str, line: str
) -> None:
    monkeypatch.setenv("CROSSDOCK_CACHE", cache)
    assert line in lines(doctor())


def test_a_secret_of_a_named_channel_is_missing(doctor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = doctor("shop")
    assert (ran.code, lines(ran)[-1]) == (1, "channel shop MISSING SHOP_TOKEN is not set")

    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    ran = doctor("shop")
    assert (ran.code, lines(ran)[-1]) == (0, "channel shop ok SHOP_TOKEN is set")
    assert SECRET not in ran.out + ran.err


@pytest.mark.parametrize(
    ("status", "code", "line"),
    [
        (404, 0, "channel shop ok reached, it answers 404"),
        (401, 1, "channel shop MISSING reached, and it refuses the credentials (401)"),
    ],
)
def test_a_channel_is_called_when_asked(
    doctor: Run, monkeypatch: pytest.MonkeyPatch, status: int, code: int, line: str
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    with answering(status) as (url, seen):
        assert doctor("shop", "--set", f"url={url}").code == 0
        assert seen == []

        ran = doctor("shop", "--set", f"url={url}", "--reach")

    assert (ran.code, lines(ran)[-1]) == (code, line)
    assert seen == [f"Bearer {SECRET}"]
    assert SECRET not in ran.out + ran.err


def test_a_channel_that_is_not_there_is_not_reached(doctor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    ran = doctor("shop", "--reach")

    assert (ran.code, lines(ran)[-1]) == (
        1,
        "channel shop MISSING not reached: no connection to the channel could be made",
    )


def test_no_channel_is_called_that_is_not_named(doctor: Run) -> None:
    ran = doctor("--reach")
    assert (ran.code, ran.err.splitlines()[-1]) == (2, "Error: name the channels that --reach may call")


def test_an_unknown_channel_is_an_error(doctor: Run) -> None:
    ran = doctor("shopp")
    assert ran.code == 2
    assert ran.err.splitlines()[0] == "error[unknown-channel]: there is no channel `shopp`"


def test_the_report_as_json(doctor: Run, tmp_path: Path) -> None:
    ran = doctor("shop", "--format", "json", "-o", "report.json")

    assert (ran.code, ran.out) == (1, "")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report[-1] == {"subject": "channel shop", "state": "missing", "text": "SHOP_TOKEN is not set"}
