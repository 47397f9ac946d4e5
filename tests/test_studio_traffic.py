"""The studio beside a gateway: the requests of its journal as they come, and how they would go now."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from conftest import Run
from crossdock import Project
from crossdock.gateway.journal.entries import NewEntry
from crossdock.gateway.journal.journal import Journal
from crossdock.gateway.journal.reading import read_journal
from crossdock.gateway.journal.store import JournalError, open_store
from fakes import retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import Served, config_for, project_for, served
from studio_kit import Studio, studio_of

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def kibo() -> Iterator[FakeKibo]:
    with FakeKibo() as fake:
        fake.add(*(order(number, line(1, "MUG-BLUE", 2, 10)) for number in range(1001, 1006)))
        yield fake


@pytest.fixture(scope="module")
def shop(kibo: FakeKibo, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_for(tmp_path_factory.mktemp("shop"), repository, "kibo", kibo.url)


@pytest.fixture(scope="module")
def journal(shop: Path) -> str:
    return f"sqlite:///{shop}/journal.db"


@pytest.fixture(scope="module")
def gateway(shop: Path, journal: str) -> Iterator[Served]:
    with served(Project.open(shop), config_for("kibo", journal)) as found:
        assert found.post("/orders/order_ack", retailops.acknowledge(1001)).status_code == 200
        yield found


@pytest.fixture(scope="module")
def studio(gateway: Served, shop: Path, journal: str) -> Iterator[Studio]:
    with studio_of(shop, "--journal", journal) as found:
        yield found


def first(studio: Studio) -> dict[str, Any]:
    found: dict[str, Any] = studio.ask("request", id=1)
    return found


def test_requests_are_events_as_they_come(studio: Studio, gateway: Served) -> None:
    assert studio.ask("project")["traffic"] is True
    with studio.client.stream("GET", "/api/traffic") as events:
        lines = (line.removeprefix("data: ") for line in events.iter_lines() if line)
        (known,) = json.loads(next(lines))["requests"]
        assert (known["id"], known["profile"], known["action"], known["state"]) == (
            1,
            "kibo",
            "order_ack",
            "done",
        )
        assert "request" not in known and "response" not in known
        gateway.post("/orders/order_ack", retailops.acknowledge(1002))
        newest: dict[str, Any] = {}
        while newest.get("state") != "done":  # it may be seen while it runs
            (newest,) = json.loads(next(lines))["requests"]
        assert (newest["id"], newest["status"], newest["calls"]) == (2, 200, known["calls"])


def test_a_request_has_its_calls_and_answers_and_goes_the_same_way_now(studio: Studio, shop: Path) -> None:
    found = first(studio)
    steps = found["then"]["steps"]
    assert steps[0]["calls"][0]["method"] == "GET"
    assert steps[0]["calls"][0]["answer"]["status"] == 200
    assert json.loads(found["then"]["response"]) == json.loads(found["now"]["response"]) == {"events": []}
    assert {each["kind"] for each in found["differences"]} == {"same"}
    assert found["same_mappings"] is True
    assert "canary-ticket" not in json.dumps(found)


def test_what_a_filter_decided_is_known_of_the_replay(studio: Studio) -> None:
    told = json.dumps(first(studio)["now"]["steps"])
    assert "data.order.acks[?@].to_string(@)" in told
    assert '"note": "1 of 1"' in told


def test_sensitive_values_of_a_request_are_hidden_until_they_are_revealed(studio: Studio) -> None:
    hidden = json.dumps(first(studio), ensure_ascii=False)
    revealed = json.dumps(studio.ask("request", id=1, revealed=True), ensure_ascii=False)
    assert "@example.com" in revealed
    assert "@example.com" not in hidden
    assert "•••" in hidden


def test_what_a_request_has_of_secrets_is_hidden_too(studio: Studio, journal: str) -> None:
    """The gateway keeps no ticket; another program may have written one."""
    writing = Journal(open_store(journal))
    given = json.dumps(retailops.acknowledge(1003) | {"headers": {"client_id": "1", "ticket": "canary-1"}})
    accepted = writing.accept(NewEntry("kibo", None, "order_ack", "a key", (), given))
    writing.close()
    found = studio.ask("request", id=accepted.entry)
    assert json.loads(found["request"])["headers"] == {"client_id": "1", "ticket": "•••"}
    assert "canary-1" not in json.dumps(found)


def test_an_unsaved_change_of_a_mapping_is_a_difference(studio: Studio, shop: Path) -> None:
    path = "mappings/kibo/order_ack/conversation.yaml"
    source = studio.ask("file", path=path)["text"]
    (shop / path).parent.mkdir(exist_ok=True)
    (shop / path).write_text(source, encoding="utf-8")
    try:
        changed = source.replace("call: PUT /commerce/orders/", "call: PUT /commerce/other/")
        found = studio.ask("request", id=1, unsaved={path: changed})
    finally:
        (shop / path).unlink()
    differences = {each["kind"]: each for each in found["differences"] if each["kind"] != "same"}
    assert differences["other"]["differs"] == ["the URL"]


def test_a_request_that_is_not_there_is_refused(studio: Studio) -> None:
    assert studio.refused("request", id=999) == "there is no request 999 in the journal"
    assert studio.refused("request", id="1") == "start the studio with --journal to see requests"


def test_the_journal_is_only_read(gateway: Served, journal: str, tmp_path: Path) -> None:
    reading = read_journal(journal)
    with pytest.raises(JournalError, match="the journal cannot be read: OperationalError"):
        reading.drop(1, "by mistake")
    with pytest.raises(JournalError, match=r"there is no journal .*missing\.db"):
        read_journal(f"sqlite:///{tmp_path}/missing.db")
    assert list(tmp_path.iterdir()) == []
    with create_engine(f"sqlite:///{tmp_path}/newer.db").begin() as connection:
        connection.execute(text("CREATE TABLE crossdock_version (version INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO crossdock_version VALUES (9)"))
    with pytest.raises(JournalError, match="the journal has version 9, and this program knows 1"):
        read_journal(f"sqlite:///{tmp_path}/newer.db")


def test_what_is_wrong_with_the_journal_ends_the_command(shop: Path, run_crossdock: Run) -> None:
    ran = run_crossdock("studio", str(shop), "--no-open", "--journal", f"sqlite:///{shop}/none.db")
    assert (ran.code, ran.err) == (2, f"Error: there is no journal {shop}/none.db\n")
    ran = run_crossdock("studio", str(shop), "--no-open", "--journal", "mysql://somewhere")
    assert ran.err == "Error: the journal cannot be read from `mysql`: use sqlite or postgresql\n"
    code = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from crossdock.cli.app import run\n"
        f"sys.exit(run(['studio', {str(shop)!r}, '--no-open', '--journal', 'sqlite:///x.db']))"
    )
    bare = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert bare.stderr == "Error: `studio --journal` needs sqlalchemy: install crossdock[serve]\n"


def test_the_page_shows_a_request_as_a_sequence(studio: Studio) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page, logged = browser.new_page(viewport={"width": 1400, "height": 900}), list[str]()
        page.on("console", lambda message: logged.append(message.text))
        page.goto(studio.url)
        page.get_by_role("button", name="Traffic").click()
        page.get_by_role("button", name="done order_ack #1 kibo").click()
        sequences = page.get_by_role("list", name="What happens, in order")
        playwright.expect(sequences).to_have_count(2)
        playwright.expect(sequences.first).to_contain_text("GET /api/commerce/orders")
        playwright.expect(page.locator("#pane-difference")).to_contain_text(
            "The same calls, and the same response."
        )
        browser.close()
    assert logged == []
