"""Writes ``mappings/tables/country.yaml``: every country of ISO 3166-1, as RetailOPS matches it.

    python scripts/countries.py            # write the table
    python scripts/countries.py --check    # exit 1 when the table is not what this script writes

A row's key is a code or a name in capital letters, its value is the code and the name together:

    DE: DE Germany        DEU: DE Germany        DEUTSCHLAND: DE Germany

Sources: the codes and ISO's names from pycountry, common names from Unicode CLDR by babel (in English and in
the country's own official languages), and the names below that neither has. A name that two countries share
is in no row, and a name of two or three letters is in one only when it is listed below: a name must never be
read as the code of another country.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import babel
import pycountry
import yaml
from babel.languages import get_official_languages

TABLE = Path(__file__).resolve().parent.parent / "mappings/tables/country.yaml"
HEADER = """\
# Countries by their ISO 3166-1 codes and by their names in capital letters; RetailOPS matches a country on
# code and name together. Written by scripts/countries.py; edit the names there.
"""

# The names that RetailOPS' own lists have, where CLDR has a longer or a newer one.
SHOWN = {
    "CZ": "Czech Republic",
    "HK": "Hong Kong",
    "MM": "Myanmar",
    "MO": "Macao",
    "PS": "Palestine",
    "TR": "Turkey",
}

# Names in use that neither source has, or that both give to a country in another form.
ALSO = {
    "AE": ["UAE", "U.A.E."],
    "BA": ["Bosnia", "Bosnia-Herzegovina"],
    "BN": ["Brunei Darussalam"],
    "CD": ["DR Congo", "Democratic Republic of the Congo", "Congo-Kinshasa"],
    "CG": ["Republic of the Congo", "Congo-Brazzaville"],
    "CI": ["Ivory Coast", "Cote d'Ivoire"],
    "CV": ["Cape Verde"],
    "CZ": ["Czech Republic", "Czechia"],
    "FK": ["Falkland Islands"],
    "FM": ["Micronesia"],
    "GB": ["England", "Great Britain", "Northern Ireland", "Scotland", "UK", "U.K.", "Wales"],
    "GM": ["The Gambia"],
    "HK": ["Hong Kong", "Hongkong"],
    "IR": ["Iran"],
    "KP": ["North Korea"],
    "KR": ["South Korea", "Republic of Korea", "Korea South"],
    "LA": ["Laos"],
    "MD": ["Moldova"],
    "MK": ["Macedonia", "North Macedonia"],
    "MM": ["Burma", "Myanmar"],
    "MO": ["Macau", "Macao"],
    "NL": ["Holland", "The Netherlands"],
    "PS": ["Palestine"],
    "RU": ["Russia"],
    "ST": ["Sao Tome and Principe"],
    "SY": ["Syria"],
    "SZ": ["Swaziland"],
    "TL": ["East Timor"],
    "TR": ["Turkey", "Turkiye"],
    "TW": ["Taiwan"],
    "TZ": ["Tanzania"],
    "US": ["USA", "U.S.A.", "U.S.", "United States of America"],
    "VA": ["Holy See", "Vatican"],
    "VE": ["Venezuela"],
    "VG": ["British Virgin Islands"],
    "VI": ["US Virgin Islands", "U.S. Virgin Islands"],
    "VN": ["Vietnam", "Viet Nam"],
}

# Names that people use for more than one country, whatever a source says.
AMBIGUOUS = {"CONGO"}


def main(arguments: list[str]) -> int:
    written = HEADER + yaml.safe_dump(
        rows(), allow_unicode=True, default_flow_style=False, width=200, sort_keys=False
    )
    if arguments == ["--check"]:
        return 0 if TABLE.read_text("utf-8") == written else 1
    TABLE.write_text(written, "utf-8")
    return 0


def rows() -> dict[str, str]:
    """The table: codes first, then names, each part in alphabetical order."""
    countries = sorted(pycountry.countries, key=lambda country: country.alpha_2)
    shown = {country.alpha_2: f"{country.alpha_2} {_shown(country.alpha_2)}" for country in countries}
    codes = {
        code: shown[country.alpha_2] for country in countries for code in (country.alpha_2, country.alpha_3)
    }
    owners: dict[str, set[str]] = {}
    for country in countries:
        for name in _names(country):
            owners.setdefault(name, set()).add(country.alpha_2)
    listed = {spelling for names in ALSO.values() for name in names for spelling in _spellings(name)}
    names = {
        name: shown[next(iter(those))]
        for name, those in owners.items()
        if len(those) == 1 and (len(name) > 3 or name in listed) and name not in {*codes, *AMBIGUOUS}
    }
    return {**dict(sorted(codes.items())), **dict(sorted(names.items()))}


def _shown(code: str) -> str:
    return SHOWN.get(code) or babel.Locale("en").territories[code]


def _names(country: pycountry.db.Country) -> Iterator[str]:
    """Every name of a country in every spelling, in capital letters."""
    code = country.alpha_2
    found = [country.name, _shown(code), babel.Locale("en").territories[code], *ALSO.get(code, [])]
    found += [getattr(country, kind, None) for kind in ("common_name", "official_name")]
    for language in get_official_languages(code, regional=True, de_facto=True):
        try:
            found.append(babel.Locale.parse(language).territories.get(code))
        except (babel.UnknownLocaleError, ValueError):
            continue
    for name in found:
        if name is not None:
            yield from _spellings(name)


def _spellings(name: str) -> Iterator[str]:
    """A name as people write it: with and without accents, `&` or `and`, `St.`, `St` or `Saint`."""
    curly = unicodedata.normalize("NFC", name).upper()
    plain = curly.replace("\u2019", "'")
    for spelled in {curly, plain, _without_accents(plain)}:
        for joined in {spelled, spelled.replace(" & ", " AND "), spelled.replace(" AND ", " & ")}:
            yield joined
            if joined.startswith("ST. "):
                yield joined.replace("ST. ", "ST ", 1)
                yield joined.replace("ST. ", "SAINT ", 1)


def _without_accents(name: str) -> str:
    if not all("LATIN" in unicodedata.name(char, "") for char in name if char.isalpha()):
        return name  # the marks of other scripts are not accents
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize(
        "NFC", "".join(char for char in decomposed if not unicodedata.combining(char))
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
