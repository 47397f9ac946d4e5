"""The schemas for editors: generated, valid, and in agreement with the parsers and with our own files."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from crossdock.channels import call_limits, config, step_parser, task_parser
from crossdock.core.diagnostics import Source
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language import parser
from crossdock.language.parser import plain
from crossdock.project.project import MAPPINGS, bundled_root
from crossdock.tools.editor import LANGUAGES, schema

ROOT = bundled_root()
FOLDER = ROOT / "schemas" / "crossdock"


def language_of(path: Path) -> str:
    if path.name in ("conversation.yaml", "channel.yaml", "actions.yaml", "dialect.yaml"):
        return path.stem
    return "mapping"


FILES = [path for path in sorted((ROOT / MAPPINGS).rglob("*.yaml")) if path.parent.name != "tables"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_is_what_the_parser_knows(language: str) -> None:
    written = (FOLDER / f"{language}.json").read_text(encoding="utf-8")
    assert written == json.dumps(schema(language), indent=2, ensure_ascii=False) + "\n", (
        f"crossdock schema {language} > schemas/crossdock/{language}.json"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_schema_is_a_draft_7_schema(language: str) -> None:
    Draft7Validator.check_schema(schema(language))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_our_own_files_fit(path: Path) -> None:
    document = parse_yaml(Source(path.name, path.read_text(encoding="utf-8")))
    assert document is not None
    errors = Draft7Validator(schema(language_of(path))).iter_errors(plain(document))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("mapping", "mapp: {}"),
        ("mapping", "map: {a: {$cnst: 1}}"),
        ("mapping", "map: {a: {$with: 1}}"),
        ("mapping", "map: {}\nchecks: [{check: a, message: b, level: fatal}]"),
        ("conversation", "response: {}\nsteps: [{step: a, call: GET /, event: {}}]"),
        ("conversation", "response: {}\nsteps: [{step: a}]"),
        ("conversation", "response: {}\nsteps: [{step: a, call: GET /, at_once: 99}]"),
        ("conversation", "response: {}\nsteps: [{step: a, fail: {cod: b}, message: c}]"),
        ("conversation", "response: {}\nsteps: [{step: a, value: b, none: {fail: c}}]"),
        ("mapping", "steps: []\nmap: {}"),
        ("mapping", "steps: []\ninputs: {a: {}}"),
        ("channel", "settings: {a: {default: 1}}"),
        ("channel", "auth: {kind: magic}"),
        ("actions", "ship: {when: data}"),
    ],
)
def test_a_slip_is_marked(language: str, text: str) -> None:
    document = parse_yaml(Source("slip.yaml", text))
    assert document is not None
    assert list(Draft7Validator(schema(language)).iter_errors(plain(document)))


def test_every_key_is_explained() -> None:
    tables = (
        parser.FILE_KEYS,
        parser.CHECK_KEYS,
        parser.WORDS,
        step_parser.FILE_KEYS,
        step_parser.STEP_KEYS,
        step_parser.SHARED_KEYS,
        task_parser.NONE_KEYS,
        task_parser.INPUT_KEYS,
        config.FILE_KEYS,
        config.AUTH_KEYS,
        call_limits.LIMIT_KEYS,
    )
    assert all(len(text) > 10 for table in tables for text in table.values())
    assert {key for keys in config.AUTH_KINDS.values() for key in keys} <= set(config.AUTH_KEYS)
