"""The file of a gateway: what it means, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock import CompileError, ProjectError
from crossdock.cli.app import run
from crossdock.core.diagnostics import Source
from crossdock.gateway.config import GatewayConfig, GatewayLimits, Profile, parse_config
from crossdock.gateway.gateway import Gateway
from crossdock.project.project import Project

WHOLE = """\
journal: {env: JOURNAL_URL}
window_hours: 24
limits: {threads: 4, tries: 3}
profiles:
  acme:
    channel: kibo
    path: /acme/
    channel_id: 21
    settings: {tenant: "15394"}
    secrets: {KIBO_CLIENT_ID: ACME_ID}
    tickets: [ACME_TICKET, ACME_NEXT]
    dialects: [later]
    queued: [inv_push]
    deadline_seconds: 60
  other: {channel: fabric, tickets: [OTHER]}
"""
SHOP = "profiles: {{a: {{channel: kibo, tickets: [T], {}}}}}"
WRONG = {
    "": ["not-a-gateway: the file does not describe a gateway"],
    "[a]": ["not-a-gateway: the file does not describe a gateway"],
    "{}": ["not-an-object: `profiles` must be an object of profiles"],
    "profiles: {}": ["not-an-object: `profiles` must be an object of profiles"],
    "profile: {}": [
        "unknown-key: a gateway has no key `profile`",
        "not-an-object: `profiles` must be an object of profiles",
    ],
    "profiles: {a: b}": ["not-an-object: a profile must be an object with `channel:`"],
    "profiles: {a: {}}": [
        "incomplete-profile: the profile `a` needs `channel:`",
        "incomplete-profile: the profile `a` needs `tickets:`",
    ],
    "profiles: {' ': {channel: kibo, tickets: [T]}}": ["gateway-value: a profile needs a name"],
    "profiles: {a: {channel: kibo, tickets: []}}": [
        "incomplete-profile: the profile `a` needs `tickets:`",
    ],
    SHOP.format("ticket: x"): ["unknown-key: a profile has no key `ticket`"],
    SHOP.format("path: acme"): ["gateway-value: this is not a value of `path`"],
    SHOP.format("channel_id: [1]"): ["gateway-value: this is not a value of `channel_id`"],
    SHOP.format("queued: inv_push"): ["not-a-list: `queued` must be a list of names"],
    SHOP.format("secrets: {A: 'b c'}"): ["not-an-object: `secrets` must be an object"],
    SHOP.format("settings: [a]"): ["not-an-object: `settings` must be an object"],
    SHOP.format("deadline_seconds: 0"): ["limit-value: `deadline_seconds` must be a whole number above 0"],
    "journal: 7\n" + SHOP.format("path: /"): ["not-text: `journal` must be a database's URL"],
    "journal: {env: A-B}\n" + SHOP.format("path: /"): ["not-text: `journal` must be a database's URL"],
    "limits: {thread: 1}\n" + SHOP.format("path: /"): ["unknown-key: `limits` has no key `thread`"],
    "limits: 7\n" + SHOP.format("path: /"): ["not-an-object: `limits` must be an object of whole numbers"],
    "window_hours: yes\n" + SHOP.format("path: /"): [
        "limit-value: `window_hours` must be a whole number above 0"
    ],
}


def test_a_file_is_a_gateway() -> None:
    found = parse_config(Source("gateway.yaml", WHOLE))
    acme = Profile(
        "acme",
        "kibo",
        ("ACME_TICKET", "ACME_NEXT"),
        "/acme",
        "21",
        {"tenant": "15394"},
        {"KIBO_CLIENT_ID": "ACME_ID"},
        ("later",),
        ("inv_push",),
        60,
    )
    other = Profile("other", "fabric", ("OTHER",))
    assert found == GatewayConfig((acme, other), "", "JOURNAL_URL", 24, GatewayLimits(threads=4, tries=3))


@pytest.mark.parametrize("text", WRONG)
def test_a_file_that_is_no_gateway_is_refused(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        parse_config(Source("gateway.yaml", text))
    assert [f"{item.id}: {item.message}" for item in caught.value.diagnostics] == WRONG[text]


def config(tmp_path: Path, **more: object) -> GatewayConfig:
    profile = Profile("acme", "kibo", ("T",), **more)  # type: ignore[arg-type]
    return GatewayConfig((profile,), f"sqlite:///{tmp_path}/journal.db")


@pytest.mark.parametrize(
    "more, environ, message",
    [
        ({}, {}, "the profile `acme` needs the environment variable T"),
        (
            {"secrets": {"KIBO_CLIENT_ID": "ID"}},
            {"T": "x"},
            "the profile `acme` needs the environment variable ID",
        ),
        ({}, {"T": "x"}, "the environment variable `KIBO_CLIENT_ID` is not set"),
        (
            {"queued": ("order_fetch",)},
            {"T": "x", "KIBO_CLIENT_ID": "x", "KIBO_CLIENT_SECRET": "x"},
            "`order_fetch` is not an action that can be queued",
        ),
        (
            {"dialects": ("later",)},
            {"T": "x", "KIBO_CLIENT_ID": "x", "KIBO_CLIENT_SECRET": "x"},
            "there is no dialect `later`",
        ),
    ],
)
def test_what_is_missing_ends_the_start(
    tmp_path: Path, repository: Path, more: dict[str, object], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        Gateway(Project.open(repository), config(tmp_path, **more), environ=environ)
    assert caught.value.diagnostics[0].message == message


FILE = """\
profiles:
  acme: {channel: kibo, tickets: [T], secrets: {KIBO_CLIENT_ID: ACME}}
  other: {channel: kibo, tickets: [T], path: /other}
"""
KIBO = {"T": "x", "ACME": "x", "KIBO_CLIENT_ID": "x", "KIBO_CLIENT_SECRET": "x"}


@pytest.mark.parametrize(
    "written, instead, line, message, help",
    [
        (
            "{KIBO_CLIENT_ID:",
            "{KIBO_CLIENT_IDD:",
            2,
            "the channel `kibo` has no environment variable KIBO_CLIENT_IDD",
            "did you mean `KIBO_CLIENT_ID`?",
        ),
        (
            "path: /other",
            "settings: {tenent: 1}",
            3,
            "there is no setting `tenent`",
            "did you mean `tenant`?",
        ),
        (
            ", path: /other",
            "",
            3,
            "requests for the profile `other` are taken for `acme`",
            "they have the same path, channel_id and ticket: let one of these differ",
        ),
        (
            "profiles:",
            "journal: {env: JOURNAL_URL}\nprofiles:",
            None,
            "the journal needs the environment variable JOURNAL_URL",
            "set it to the database's URL: sqlite:///journal.db",
        ),
    ],
)
def test_a_profile_that_would_not_be_what_it_says(
    tmp_path: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: str,
    instead: str,
    line: int | None,
    message: str,
    help: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    found = parse_config(Source("gateway.yaml", FILE.replace(written, instead, 1)))
    with pytest.raises((ProjectError, CompileError)) as caught:
        Gateway(Project.open(repository), found, environ=KIBO)
    (problem,) = caught.value.diagnostics
    assert (problem.message, problem.help) == (message, help)
    assert (problem.span.line if problem.span else None) == line


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Error: name a channel, or a file with --config\n"),
        (["kibo", "--config", "x"], "Error: name a channel, or a file with --config\n"),
        (["--config", "none.yaml"], "Error: none.yaml cannot be read: No such file or directory\n"),
        (["kibo", "--journal", "x"], "Error: the journal's URL is not one of a database\n"),
    ],
)
def test_a_start_that_cannot_be(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", *arguments]) == 2
    assert capsys.readouterr().err.endswith(message)
