"""The studio behind its page: what it lets in, and what it answers. ``test_studio_browser`` has the page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conftest import Run
from studio_kit import FILES, ORDER, Studio, make_shop, studio_of

FULL = json.dumps(FILES["examples/shop/order/full.json"])
MAPPING = "mappings/shop/order.yaml"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with studio_of(make_shop(tmp_path_factory.mktemp("shop"))) as found:
        yield found


def evaluate(studio: Studio, **more: object) -> dict[str, object]:
    asked = {"name": "shop/order", "payload": FULL, "example": "examples/shop/order/full.json", **more}
    found: dict[str, object] = studio.ask("evaluate", **asked)
    return found


# The door


def test_nothing_is_answered_without_the_token(studio: Studio) -> None:
    for path in ("/", "/?token=wrong", "/assets/studio.js", "/api/events"):
        answer = httpx.get(studio.origin + path)
        assert (answer.status_code, answer.text) == (
            403,
            "Open the address that `crossdock studio` printed: it has a token.\n",
        )
    assert httpx.post(studio.origin + "/api/project", json={}).status_code == 403
    forged = httpx.post(
        studio.origin + "/api/project", json={}, headers={"cookie": f"{cookie(studio)}=wrong"}
    )
    assert forged.status_code == 403


def cookie(studio: Studio) -> str:
    (name,) = studio.client.cookies
    return name


def test_the_token_moves_from_the_url_into_a_cookie_that_scripts_cannot_read(studio: Studio) -> None:
    answer = httpx.get(studio.url)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=strict")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "shop.example"},
        {"host": "127.0.0.1:1"},
        {"origin": "http://localhost:3000"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_another_host_or_origin_is_refused_also_with_the_token(
    studio: Studio, headers: dict[str, str]
) -> None:
    for answer in (
        studio.client.get("/", headers=headers),
        studio.client.post("/api/project", json={}, headers=headers),
    ):
        assert (answer.status_code, answer.text) == (403, "This address is not the studio's own.\n")


def test_the_page_runs_no_inline_code_and_loads_nothing_from_elsewhere(studio: Studio) -> None:
    answer = studio.client.get("/")
    policy = answer.headers["content-security-policy"].split("; ")
    (styles,) = (each for each in policy if each.startswith("style-src"))
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in answer.headers["content-security-policy"]
    nonce = styles.partition("'nonce-")[2].rstrip("'")
    assert f'<meta name="csp-nonce" content="{nonce}" />' in answer.text
    assert nonce not in studio.client.get("/").text
    assert (answer.headers["referrer-policy"], answer.headers["x-frame-options"]) == ("no-referrer", "DENY")
    assert studio.client.get("/assets/studio.js").headers["content-security-policy"].endswith("'none'")
    assert studio.client.get("/assets/../server.py").status_code == 404


def test_a_question_must_be_json(studio: Studio) -> None:
    for content, kind in (("{}", "text/plain"), ("{", "application/json"), ("[]", "application/json")):
        answer = studio.client.post("/api/project", content=content, headers={"content-type": kind})
        assert answer.status_code == 400
        assert answer.json()["refused"] in ("a question is JSON", "a question is an object")
    assert studio.refused("evaluate", name=1) == "`name` is a text"
    half = studio.client.post(
        "/api/evaluate",
        content=r'{"name": "shop/order", "payload": "\ud800"}',
        headers={"content-type": "application/json"},
    )
    assert half.json()["refused"] == "a text has half of a character (a lone surrogate)"


# Files


def test_the_project_lists_its_files_with_their_examples(studio: Studio) -> None:
    project = studio.ask("project")
    files = {file["name"]: file for file in project["files"] if file["own"]}
    assert (project["writable"], sorted(files)) == (True, ["shop/order", "shop/order_ack"])
    assert [example["name"] for example in files["shop/order"]["examples"]] == ["empty", "full"]
    assert files["shop/order_ack"]["kind"] == "conversation"
    assert files["shop/order_ack"]["examples"][0]["answers"] == "examples/shop/order_ack/full.answers.json"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../secret.yaml", "the studio opens mappings and examples only"),
        ("/etc/passwd", "the studio opens mappings and examples only"),
        ("mappings/../schemas/shop/order.schema.json", "the studio opens mappings and examples only"),
        ("schemas/shop/order.schema.json", "the studio opens mappings and examples only"),
        ("mappings/shop/order.txt", "the studio opens mappings and examples only"),
        ("mappings\\order.yaml", "the studio opens mappings and examples only"),
        ("", "the studio opens mappings and examples only"),
        ("mappings/shop/none.yaml", "there is no file mappings/shop/none.yaml"),
    ],
)
def test_only_mappings_and_examples_can_be_opened(studio: Studio, path: str, message: str) -> None:
    assert studio.refused("file", path=path) == message
    assert studio.refused("evaluate", name="shop/order", payload="{}", unsaved={path: "map: {}"}) == message


def test_a_link_that_leads_out_of_its_folder_is_neither_read_nor_written(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    (tmp_path / "outside.yaml").write_text("map: {}\n", encoding="utf-8")
    (shop / "mappings/shop/link.yaml").symlink_to(tmp_path / "outside.yaml")
    with studio_of(shop) as studio:
        assert studio.refused("file", path="mappings/shop/link.yaml") == "`shop/link` leads out of `mappings`"
        refused = studio.refused("save", path="mappings/shop/link.yaml", text="x", digest=None)
    assert refused == "mappings/shop/link.yaml leads out of mappings"
    assert (tmp_path / "outside.yaml").read_text(encoding="utf-8") == "map: {}\n"


def test_a_file_is_saved_whole_with_its_line_ends_and_not_over_a_newer_one(tmp_path: Path) -> None:
    shop = make_shop(tmp_path)
    file = shop / MAPPING
    file.write_bytes(ORDER.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    with studio_of(shop) as studio:
        opened = studio.ask("file", path=MAPPING)
        assert opened["text"] == ORDER
        saved = studio.ask("save", path=MAPPING, text=ORDER + "# more\n", digest=opened["digest"])
        assert file.read_bytes() == (ORDER + "# more\n").replace("\n", "\r\n").encode()
        assert file.stat().st_mode & 0o777 == 0o640
        stale = {"path": MAPPING, "text": "lost", "digest": opened["digest"]}
        assert studio.refused("save", **stale) == f"{MAPPING} was changed on disk since it was read"
        new = {"path": "examples/shop/order/new.json", "text": "{}\n", "digest": None}
        assert studio.ask("save", **new)["text"] == "{}\n"
        assert studio.refused("save", **new).endswith("was changed on disk since it was read")
        file.unlink()
        stale["digest"] = saved["digest"]
        assert studio.refused("save", **stale) == f"{MAPPING} is not there any more"
    assert not file.exists()
    assert not list(shop.rglob("*.unfinished"))


def test_a_bundled_file_is_read_only(studio: Studio) -> None:
    opened = studio.ask("file", path="mappings/kibo/order.yaml")
    assert opened["writable"] is False
    refused = studio.refused("save", path="mappings/kibo/order.yaml", text="x", digest=opened["digest"])
    assert refused == "mappings/kibo/order.yaml comes with Crossdock: a file of your own replaces it"


# A mapping at work


def test_each_value_of_a_result_names_its_cell_and_its_sources(studio: Studio) -> None:
    found = evaluate(studio)
    values = {value["output"]: value for value in found["values"]}  # type: ignore[attr-defined]
    total = values["/lines/0/total"]
    assert ORDER[total["at"]["from"] : total["at"]["to"]] == "money(price)"
    assert (total["reads"], total["value"]) == (["/items/0/price"], "9.50")
    assert total["decided_by"] == ["/items/0/quantity", "/items/1/quantity", "/items/0"]
    (turn,) = total["turns"]
    assert turn["note"] == "1 of 2"
    assert found["diagnostics"] == []


def test_sensitive_values_are_hidden_until_they_are_revealed(studio: Studio) -> None:
    hidden = evaluate(studio)
    assert hidden["hidden"] == ["/customer/email"]
    assert json.loads(str(hidden["result"]))["buyer"] == "•••"
    assert "ada@example.com" not in json.dumps(hidden)
    revealed = evaluate(studio, revealed=True)
    assert json.loads(str(revealed["result"]))["buyer"] == "ada@example.com"
    (buyer,) = (value for value in revealed["values"] if value["output"] == "/buyer")  # type: ignore[attr-defined]
    assert buyer["value"] == "ada@example.com"


def test_an_unsaved_text_is_evaluated_and_its_places_are_in_utf_16(studio: Studio) -> None:
    text = "# 😀\n" + ORDER.replace("number: id", "number: idd")
    found = evaluate(studio, unsaved={MAPPING: text})
    (wrong,) = found["diagnostics"]  # type: ignore[misc]
    assert (wrong["id"], wrong["help"]) == ("unknown-property", "did you mean `id`?")
    units = text.encode("utf-16-le")
    assert units[2 * wrong["at"]["from"] : 2 * wrong["at"]["to"]].decode("utf-16-le") == "idd"
    assert "result" not in found
    assert evaluate(studio)["diagnostics"] == []


def test_a_payload_that_breaks_its_schema_has_the_message_at_its_place(studio: Studio) -> None:
    found = evaluate(studio, payload='{"id": 1, "customer": {}, "items": []}')
    (wrong,) = found["diagnostics"]  # type: ignore[misc]
    assert wrong["input"] == {"name": "examples/shop/order/full.json", "pointer": "/id"}
    (broken,) = evaluate(studio, payload='{"id": ')["diagnostics"]  # type: ignore[misc]
    assert broken["at"]["file"] == "examples/shop/order/full.json"


def test_a_result_is_compared_with_its_snapshot_and_secrets_stay_hidden(studio: Studio) -> None:
    assert evaluate(studio)["snapshot"] == {"verdict": "same", "lines": []}
    text = ORDER.replace("number: id", 'number: "X-{{ id }}"')
    changed = evaluate(studio, unsaved={MAPPING: text})["snapshot"]
    assert changed["verdict"] == "differs"  # type: ignore[index]
    lines = changed["lines"]  # type: ignore[index]
    assert [line for line in lines if line[0] in "+-"] == ['-  "number": "R-1",', '+  "number": "X-R-1",']
    assert "ada" not in json.dumps(changed)
    examples = [f"examples/shop/order/{name}.json" for name in ("full", "empty")]
    assert studio.ask("examples", name="shop/order", examples=examples) == {
        examples[0]: "same",
        examples[1]: "differs",
    }


def test_a_source_says_where_it_goes_and_what_type_it_has(studio: Studio) -> None:
    found = studio.ask("about", name="shop/order", side="source", pointer="/items/0/quantity")
    assert (found["path"], found["type"], found["schema"]) == (
        "items[].quantity",
        "a whole number",
        "shop/order",
    )
    assert [link["target"] for link in found["decides_on"]] == ["lines[].sku", "lines[].total"]
    target = studio.ask("about", name="shop/order", side="target", pointer="/lines/0/total")
    assert (target["path"], target["type"]) == ("lines[].total", "text")


def test_the_margin_shows_what_no_example_tries(studio: Studio) -> None:
    found = studio.ask("coverage", name="shop/order")
    assert found["summary"] == "6 of 6 seen in 2 examples"
    assert found["missed"] == []
    text = ORDER.replace("`0`", "`5`")
    found = studio.ask("coverage", name="shop/order", unsaved={MAPPING: text})
    assert [(each["at"]["line"], each["says"]) for each in found["missed"]] == [
        (7, "the filter never keeps an element"),
        (8, "the cell never gives a value"),
        (9, "the cell never gives a value"),
    ]


def test_the_sheet_is_tables(studio: Studio) -> None:
    mapping = studio.ask("sheet", name="shop/order")
    assert mapping["tables"][0]["columns"][0] == "target field"
    assert mapping["tables"][0]["rows"][0][:2] == ["number", "text"]
    conversation = studio.ask("sheet", name="shop/order_ack")
    assert conversation["tables"][0]["title"] == "Steps"


def test_the_language_service_knows_the_texts_of_the_page(studio: Studio) -> None:
    text = ORDER.replace("number: id", "number: customer.")
    at = {"path": MAPPING, "unsaved": {MAPPING: text}, "line": 3, "column": len("  number: customer.")}
    found = studio.ask("complete", **at)
    assert [item["label"] for item in found["items"]][:1] == ["email"]
    assert found["range"]["start"] == [3, at["column"]]
    hover = {"path": MAPPING, "unsaved": {}, "line": 3, "column": len("  number: i")}
    assert studio.ask("hover", **hover)["text"].startswith("`shop/order.id`: text")
    assert studio.refused("hover", **{**hover, "line": -1}) == "`line` and `column` are whole numbers"


def test_a_finding_has_the_cures_that_editors_offer(studio: Studio) -> None:
    text = ORDER.replace("number: id", "number: idd")
    at = {"line": 3, "column": 10, "end_line": 3, "end_column": 13}
    found = studio.ask("fixes", path=MAPPING, unsaved={MAPPING: text}, **at)
    assert found["fixes"] == [
        {"title": "Change to `id`", "edits": [{"range": {"start": [3, 10], "end": [3, 13]}, "text": "id"}]}
    ]


# A conversation at work


def converse(studio: Studio, answers: object, **more: object) -> dict[str, object]:
    asked = {
        "name": "shop/order_ack",
        "request": '{"number": "R-1"}',
        "answers": json.dumps(answers),
        **more,
    }
    found: dict[str, object] = studio.ask("converse", **asked)
    return found


def test_a_dry_run_shows_each_call_answer_and_skipped_step(studio: Studio) -> None:
    answers = FILES["examples/shop/order_ack/full.answers.json"]
    found = converse(studio, answers)
    order, note = found["steps"]  # type: ignore[misc]
    assert (order["outcome"], order["calls"][0]["url"]) == ("ran", "https://shop.example/orders/R-1")
    assert json.loads(order["calls"][0]["answer"]["body"])["customer"] == {"email": "•••"}
    assert note["calls"][0]["body"] == {"about": "R-1", "email": "•••"}
    assert found["hidden_answers"] == ["/order/customer/email"]
    assert json.loads(str(found["response"])) == {"number": "R-1"}
    assert "ada@example.com" not in json.dumps(found)

    unpaid = {"order": {**answers["order"], "paid": False}}
    _, skipped = converse(studio, unpaid)["steps"]  # type: ignore[misc]
    assert (skipped["outcome"], skipped["why"]) == ("skipped", "`if` is not true")


def test_an_answer_that_is_not_given_is_asked_for(studio: Studio) -> None:
    found = converse(studio, {})
    order, note = found["steps"]  # type: ignore[misc]
    assert (order["outcome"], note["outcome"]) == ("unanswered", "waiting")
    assert "response" not in found


def test_a_revealed_conversation_has_its_values(studio: Studio) -> None:
    found = converse(studio, FILES["examples/shop/order_ack/full.answers.json"], revealed=True)
    _, note = found["steps"]  # type: ignore[misc]
    assert note["calls"][0]["body"] == {"about": "R-1", "email": "ada@example.com"}


# The command


def test_changes_on_disk_are_events(studio: Studio) -> None:
    with studio.client.stream("GET", "/api/events") as events:
        lines = (line for line in events.iter_lines() if line)
        assert next(lines) == 'data: {"ready": true}'
        file = studio.folder / "examples/shop/order/later.json"
        file.write_text("{}\n", encoding="utf-8")
        assert next(lines) == 'data: {"changed": ["examples/shop/order/later.json"]}'
        file.unlink()


def test_ctrl_c_ends_the_studio_also_while_a_page_listens(tmp_path: Path) -> None:
    with studio_of(make_shop(tmp_path)) as studio, studio.client.stream("GET", "/api/events") as events:
        assert next(events.iter_lines())
        studio.process.send_signal(2)
        assert studio.process.wait(10) == 0
        assert studio.process.stderr is not None
        assert studio.process.stderr.read() == ""


def test_a_port_that_is_taken_is_an_error(studio: Studio, run_crossdock: Run) -> None:
    port = studio.origin.rpartition(":")[2]
    ran = run_crossdock("studio", str(studio.folder), "--no-open", "--port", port)
    assert (ran.code, ran.err) == (2, f"Error: cannot listen at port {port}: address already in use\n")


def test_without_its_extra_the_command_names_it(tmp_path: Path) -> None:
    make_shop(tmp_path)
    code = (
        "import sys; sys.modules['starlette'] = None\n"
        "from crossdock.cli.app import run\n"
        f"sys.exit(run(['studio', {str(tmp_path)!r}, '--no-open']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert ran.stderr == "Error: `studio` needs starlette: install crossdock[studio]\n"
