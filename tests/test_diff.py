"""Two versions of a mapping over a corpus: what changes, where it is written, and what is not shown."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from conftest import REPOSITORY
from crossdock.cli.app import run
from crossdock.core.json_types import JSON
from crossdock.tools.diff import markdown
from crossdock.tools.diff.differences import differences
from crossdock.tools.diff.report import DiffReport

MAPPING = """\
from: shop/order
map:
  number: to_string(id)
  total: amount
  mail: email
  lines:
    - $each: rows[?count > `0`]
      sku: code
      kind: lookup('kind', type)
tables:
  kind: {M: mug, T: tea}
"""
SCHEMA: JSON = {
    "type": "object",
    "properties": {
        "id": {"type": ["integer", "null"]},
        "amount": {},
        "email": {"type": "string", "x-sensitive": True},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"code": {}, "type": {"type": "string"}, "count": {"type": "integer"}},
            },
        },
    },
}
PAYLOADS: list[JSON] = [
    {
        "id": 1,
        "amount": 10,
        "email": "ada@example.com",
        "rows": [{"code": "A", "type": "M", "count": 1}, {"code": "B", "type": "T", "count": 0}],
    },
    {"id": 2, "amount": 20, "email": "bob@example.com", "rows": [{"code": "C", "type": "T", "count": 1}]},
]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mappings/shop/order.yaml", MAPPING)
    write(tmp_path / "schemas/shop/order.schema.json", json.dumps(SCHEMA))
    for number, payload in enumerate(PAYLOADS, 1):
        write(tmp_path / f"examples/shop/order/{number}.json", json.dumps(payload))
    commit(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commit(directory: Path) -> None:
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "state"]):
        subprocess.run(["git", *who, *arguments], cwd=directory, check=True)


def change(shop: Path, old: str, new: str) -> None:
    path = shop / "mappings/shop/order.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def diff(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["diff", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# --- values


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {}, ["removed a"]),
        ({}, {"a": None}, ["added a"]),
        ({"a": None}, {}, ["removed a"]),
        ({"a": None}, {"a": 1}, ["no longer null a"]),
        ({"a": 1}, {"a": None}, ["became null a"]),
        ({"a": 1}, {"a": "1"}, ["retyped a"]),
        ({"a": 1}, {"a": True}, ["retyped a"]),
        ({"a": 1}, {"a": 1.0}, ["changed a"]),
        ({"a": [1]}, {"a": {}}, ["retyped a"]),
        ({"a": "x", "b": 1}, {"b": 1, "a": "y"}, ["changed a"]),
        ([1, 2, 3], [2, 3], ["removed 0"]),
        ([1, 2, 3], [1, 9, 2, 3], ["added 1"]),
        ([1, 2, 3], [1, 9, 3], ["changed 1"]),
        ([{"s": "A", "q": 1}, {"s": "B", "q": 2}], [{"s": "B", "q": 3}], ["removed 0", "changed 0 q"]),
        ([None], [], ["removed 0"]),
        (None, None, []),
    ],
)
def test_differences_are_told_apart(before: JSON, after: JSON, expected: list[str]) -> None:
    found = [" ".join(map(str, (each.kind, *each.new))) for each in differences(before, after)]

    assert found == expected


def test_a_list_without_measure_is_compared_place_by_place() -> None:
    before: JSON = [{"n": n} for n in range(2000)]
    after: JSON = [{"n": n + 1} for n in range(2000)]

    assert sum(1 for _ in differences(before, after)) == 2000


# --- the command


def test_nothing_changed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, "total: amount", "total: not_null(amount)   # another way to say it")

    assert diff(capsys, "HEAD:shop/order") == (
        0,
        "shop/order: 2 payloads read, nothing changed\n",
        "",
    )


def test_what_changed_by_the_cell_that_writes_it(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, "total: amount", "total: to_string(amount)")
    change(shop, "rows[?count > `0`]", "rows")
    change(shop, "M: mug", "M: cup")
    change(shop, "  mail: email\n", "  mail: upper(email)\n  extra: {$const: null}\n")

    assert diff(capsys, "HEAD:shop/order", "shop/order") == (
        1,
        dedent("""\
            shop/order: 2 payloads read, 2 changed

            mappings/shop/order.yaml:4:10
              - amount
              + to_string(amount)
                total  retyped  2 payloads
                  1.json  /total  10  →  "10"
                  2.json  /total  20  →  "20"

            mappings/shop/order.yaml:5:9
              - email
              + upper(email)
                mail  changed  2 payloads
                  1.json  /mail  •••  →  •••
                  2.json  /mail  •••  →  •••

            mappings/shop/order.yaml:6:19
              + null
                extra  added  2 payloads
                  1.json  /extra  absent  →  null
                  2.json  /extra  absent  →  null

            mappings/shop/order.yaml:8:7
              - $each: rows[?count > `0`] …
              + $each: rows …
                lines[]  added  1 payload
                  1.json  /lines/1  absent  →  {"sku":"B","kind":"tea"}

            mappings/shop/order.yaml:10:13
                lookup('kind', type)
              = the table `kind` changed
              = it is inside `$each: rows`, which was `$each: rows[?count > `0`]`
                lines[].kind  changed  1 payload
                  1.json  /lines/0/kind  "mug"  →  "cup"

            changed: 1.json, 2.json
            """),
        "",
    )


def test_a_cell_that_is_as_it_was_says_what_around_it_changed(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(shop, "rows[?count > `0`]", "reverse(rows)")
    change(shop, "      sku: code\n", "      sku: code\n      # as sold\n")
    _, out, _ = diff(capsys, "HEAD:shop/order", "--format", "json")

    notes = [note for rule in json.loads(out)["mappings"][0]["rules"] for note in rule["notes"]]
    assert notes == []  # the elements themselves came and went, and their own rule has the text

    change(shop, "  total: amount", "  total: {$with: '{amount: id}', $value: amount}")
    _, out, _ = diff(capsys, "HEAD:shop/order", "--format", "json")

    rules = json.loads(out)["mappings"][0]["rules"]
    assert rules[0]["notes"] == ["it is inside `$with: {amount: id}`, which is new"]


@pytest.mark.parametrize(
    "cell",
    [
        "upper(email)",
        "'{{ email }}!'",
        '"object([{key: email, value: id}])"',
        '"[email, id]"',
        '"{a: {b: email}}"',
        "{$with: '{m: email}', $value: m}",
        "[{$each: 'rows[].{m: root().email}', mine: m}]",
        "email && rows[0].code && root().email",
    ],
)
def test_what_is_made_of_a_secret_is_not_shown(
    shop: Path, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    change(shop, "total: amount", f"total: {cell}")
    for form in ("text", "json", "markdown"):
        code, out, _ = diff(capsys, "HEAD:shop/order", "--format", form)
        assert code == 1
        assert "example.com" not in out.lower()


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_keys_of_a_payload_control_no_terminal_and_no_log(
    shop: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    write(shop / "mappings/shop/old.yaml", "map: {all: m}\n")
    write(shop / "mappings/shop/new.yaml", "map: {all: n}\n")
    key = "\x1b]0;a\n::error::b"
    write(shop / "p.json", json.dumps({"m": {key: 1}, "n": {key: 2}}))

    code, out, _ = diff(capsys, "shop/old", "shop/new", "--format", form, "--examples", "p.json")

    assert (code, "::error::b" in out) == (1, True)
    assert [line for line in out.splitlines() if line.startswith("::")] == []
    assert all(char.isprintable() for line in out.split("\n") for char in line)


def test_failures_and_warnings_that_come_and_go(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, "map:\n", "checks:\n  - {check: total == `10`, message: not ten}\nmap:\n")
    change(shop, "total: amount", "total: integer(amount)")
    write(shop / "examples/shop/order/3.json", '{"id": 3, "amount": "many", "rows": []}')
    write(shop / "examples/shop/order/4.json", "{")
    code, out, _ = diff(capsys, "HEAD:shop/order")

    assert code == 1
    assert out.replace("text is not a number", "…") == dedent("""\
        shop/order: 4 payloads read, 2 changed, 1 failed before, 2 now

        new warning: 1 payload
          warning[check-failed]: not ten
          mappings/shop/order.yaml:3:13
          2.json

        now fails: 1 payload
          error[evaluation-failed]: `integer` takes a number as its first argument, and this …
          mappings/shop/order.yaml:6:10
          3.json

        changed: 2.json, 3.json
        """)
    assert "many" not in out


def test_the_past_has_its_own_tables_and_schemas(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, "tables:\n  kind: {M: mug, T: tea}\n", "tables:\n  kind: ./tables/kind\n")
    write(shop / "mappings/shop/tables/kind.yaml", "M: mug\nT: tea\n")
    write(shop / "schemas/shop/order.schema.json", json.dumps({**SCHEMA, "required": ["email"]}))  # type: ignore[dict-item]
    assert diff(capsys, "HEAD:shop/order")[0] == 0

    commit(shop)
    write(shop / "mappings/shop/tables/kind.yaml", "M: mug\nT: teapot\n")
    code, out, _ = diff(capsys, "HEAD:mappings/shop/order.yaml", "mappings/shop/order.yaml")

    assert code == 1
    assert '"tea"  →  "teapot"' in out
    assert diff(capsys, "HEAD~1:shop/order", "HEAD:shop/order")[0] == 0


def test_lines_are_read_one_by_one_and_a_broken_one_is_one(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(shop, "number: to_string(id)", "number: id")
    lines = [json.dumps(PAYLOADS[0]), "", '{"id": ', json.dumps(PAYLOADS[1])]
    write(shop / "yesterday.ndjson", "\n".join(lines) + "\n")
    code, out, _ = diff(capsys, "HEAD:shop/order", "--examples", "yesterday.ndjson", "--format", "json")

    found = json.loads(out)["mappings"][0]
    assert code == 1
    assert found["payloads"] == {"read": 3, "changed": 2, "failed_before": 1, "failed_after": 1}
    assert found["changed"] == ["yesterday.ndjson:1", "yesterday.ndjson:4"]
    assert found["rules"][0]["fields"][0] == {
        "field": "number",
        "kind": "retyped",
        "payloads": 2,
        "places": 2,
        "samples": [
            {"payload": "yesterday.ndjson:1", "pointer": "/number", "before": "1", "after": 1},
            {"payload": "yesterday.ndjson:4", "pointer": "/number", "before": "2", "after": 2},
        ],
    }


def test_whole_projects_are_compared(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(shop / "mappings/shop/other.yaml", "map: {a: id}\n")
    code, out, _ = diff(capsys, "HEAD:")

    assert (code, out) == (
        1,
        "shop/other: only in the new version\n\nshop/order: 2 payloads read, nothing changed\n",
    )


def test_markdown_for_a_pull_request(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(shop, "total: amount", "total: join('|', ['`', to_string(amount)])")
    code, out, _ = diff(capsys, "HEAD:shop/order", "--format", "markdown", "--samples", "1")

    assert code == 1
    assert out == dedent("""\
        ## What changes from `HEAD:shop/order` to `shop/order`

        ### `shop/order`

        2 payloads read, 2 changed.

        | field | what | payloads | written at | before | after |
        |---|---|--:|---|---|---|
        | `total` | retyped | 2 | `mappings/shop/order.yaml:4:10` | `10` | ``"`\\|10"`` |

        <details><summary>The rules, and more payloads</summary>

        ```diff
        # mappings/shop/order.yaml:4:10
        - amount
        + join('|', ['`', to_string(amount)])
        ```
        - `1.json` `/total`: `10` → ``"`|10"``

        </details>
        """)
    assert markdown.write(DiffReport("a", "b", ())) == "## What changes from `a` to `b`"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere:shop/order"], "there is no git revision `nowhere`"),
        (["--", "--output=x:shop/order"], "there is no git revision `--output=x`"),
        (["HEAD:shop/ordr"], "there is no mapping `HEAD:shop/ordr`; did you mean `shop/order`?"),
        (["shop/order"], "name what `shop/order` is compared with, or the revision that it is from"),
        (["HEAD:shop/order", "missing.yaml"], "there is no file `missing.yaml`"),
        (["HEAD:shop/order", "shop"], "`HEAD:shop/order` is one mapping and `shop` is a folder of mappings"),
        (["HEAD:shop/order", "--examples", "gone"], "there is no file `gone`"),
    ],
)
def test_usage(shop: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    code, out, err = diff(capsys, *arguments)

    assert (code, out) == (2, "")
    assert message in err


def test_without_git_and_without_payloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write(tmp_path / "mappings/shop/order.yaml", "map: {a: id}\n")

    assert "is not in a git repository" in diff(capsys, "HEAD:shop/order")[2]
    code, _, err = diff(capsys, "shop/order", "mappings/shop/order.yaml")
    assert code == 2
    assert "there are no payloads to compare; name some with --examples" in err


def test_a_setting_that_one_version_does_not_know_is_left_out_there(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(shop / "mappings/shop/channel.yaml", "settings:\n  tax: {describe: Tax., default: none}\n")
    change(shop, "total: amount", "total: settings().tax")
    code, out, _ = diff(capsys, "HEAD:shop/order", "--set", "tax=high", "--samples", "1")

    assert code == 1
    assert '1.json  /total  10  →  "high"' in out


def test_real_mappings_against_themselves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing changes between a mapping and itself, whatever its examples."""
    monkeypatch.chdir(REPOSITORY)
    for name in ("kibo/order", "fabric/order"):
        code, out, _ = diff(capsys, name, f"mappings/{name}.yaml")
        assert code == 0
        assert "nothing changed" in out
