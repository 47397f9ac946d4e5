"""The table of countries: every country by its codes and names, and never one for another."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import babel
import pycountry
import pytest

from conftest import REPOSITORY
from crossdock import Mapping, Project

ENGLISH = babel.Locale("en").territories


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.open(REPOSITORY)


@pytest.fixture(scope="module")
def code(project: Project) -> Mapping:
    return project.mapping("country_code")


def payload(name: str) -> Any:
    return json.loads((REPOSITORY / "examples" / name / "full.json").read_text("utf-8"))


def test_the_table_is_what_its_script_writes() -> None:
    done = subprocess.run([sys.executable, REPOSITORY / "scripts/countries.py", "--check"], check=False)

    assert done.returncode == 0, "run `make countries`"


@pytest.mark.parametrize("country", list(pycountry.countries), ids=lambda country: country.alpha_2)
def test_a_country_is_known_by_its_codes_and_its_names(country: Any, code: Mapping) -> None:
    two, name = country.alpha_2, ENGLISH[country.alpha_2]
    names = [
        name,
        country.name,
        getattr(country, "official_name", name),
        getattr(country, "common_name", name),
    ]
    texts = [
        two,
        two.lower(),
        country.alpha_3,
        *names,
        f" {name.upper()} ",
        *(f"{two} {each}" for each in names),
    ]

    known = {text: code.run(text).value for text in texts if text != "Congo" and text != "CG Congo"}

    assert known == dict.fromkeys(known, two)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("US United States", "US"),
        ("UK", "GB"),
        ("uk United Kingdom", "GB"),
        ("Côte d\u2019Ivoire", "CI"),
        ("CI Ivory Coast", "CI"),
        ("Saint Lucia", "LC"),
        ("St Lucia", "LC"),
        ("El Salvador", "SV"),
        ("Österreich", "AT"),
        ("Osterreich", "AT"),
        ("Bosnia and Herzegovina", "BA"),
        ("Trinidad & Tobago", "TT"),
    ],
)
def test_people_write_countries_in_many_ways(text: str, known: str, code: Mapping) -> None:
    assert code.run(text).value == known


@pytest.mark.parametrize(
    "text",
    ["", " ", "Atlantis", "La Palma", "IN Indiana", "De Panne", "CA California", "Korea", "Congo", "XX"],
)
def test_a_name_is_not_taken_for_a_code(text: str, code: Mapping) -> None:
    assert not code.run(text).present


def test_kibo_tells_that_a_country_is_not_known(project: Project) -> None:
    order = payload("kibo/order")
    order["fulfillmentInfo"]["fulfillmentContact"]["address"]["countryCode"] = "Atlantis"

    result = project.mapping("kibo/order").run(order)

    assert result.value["ship_addr"]["country_match"] == "Atlantis"
    assert [item.message for item in result.warnings] == [
        "the country of an address is not known, and RetailOPS gets it as Kibo has it"
    ]


def test_fabric_tells_that_a_country_is_not_known(project: Project) -> None:
    order = payload("fabric/order")
    order["shipInfo"][0]["shipToAddress"]["countryCode"] = "Atlantis"

    messages = [item.message for item in project.mapping("fabric/order").run(order).warnings]

    assert messages == ["the country of an address is not known, and RetailOPS gets it as fabric has it"]
