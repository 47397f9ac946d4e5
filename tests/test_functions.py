"""The function library: every example is run, money is exact, and every refusal is asserted as it reads."""

from __future__ import annotations

import copy
import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

import jmespath.functions
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.diagnostics import Source, Span
from crossdock.core.json_types import JSON, settled
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution.evaluator import Evaluator
from crossdock.execution.scope import Scope
from crossdock.language.functions import REGISTRY, Function, FunctionError, reference
from crossdock.language.jmespath import compile_expression

PAGE = Path(__file__).parent.parent / "docs" / "functions.md"
EXAMPLES = [(name, example) for name, function in REGISTRY.items() for example in function.examples]
CALLED = [name for name, function in REGISTRY.items() if function.call]

# The functions that give null for a null in the first place: a list there is the empty list instead.
LACKING = [
    name
    for name in CALLED
    if REGISTRY[name].kind == "library" and not REGISTRY[name].parameters[0].takes_list
]

SUITABLE: dict[str, JSON] = {"any": 1, "string": "x", "number": 1, "integer": 1, "array": [], "object": {}}
UNHURRIED = settings(deadline=None)

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4).map(float)
cents = st.integers(-(10**12), 10**12).map(lambda units: Decimal(units) / 100)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.from_regex(r"[+-]?\d+(\.\d*)?"),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


def call(name: str, *arguments: JSON) -> JSON:
    return REGISTRY[name].apply(arguments)


def refusal(name: str, *arguments: JSON) -> str:
    with pytest.raises(FunctionError) as caught:
        call(name, *arguments)
    return str(caught.value)


def evaluate(text: str) -> JSON:
    scalar = ScalarNode(text, Span(Source("example", text), 0, len(text)))
    return Evaluator(Scope()).evaluate(compile_expression(scalar), None)


class TestRegistry:
    @pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[item.expression for _, item in EXAMPLES])
    def test_each_example_yields_what_it_says(self, name, example):
        assert json.dumps(evaluate(example.expression)) == json.dumps(example.result)
        assert f"{name}(" in example.expression

    def test_the_page_is_the_reference(self):
        assert PAGE.read_text(encoding="utf-8") == reference(), "write reference() to docs/functions.md"

    def test_every_function_of_jmespath_is_listed(self):
        listed = {name for name, function in REGISTRY.items() if function.kind == "jmespath"}
        assert listed == set(jmespath.functions.Functions.FUNCTION_TABLE)

    @pytest.mark.parametrize("function", REGISTRY.values(), ids=REGISTRY)
    def test_each_function_is_complete(self, function):
        assert function.doc and not function.doc.endswith(".") and "\n" not in function.doc
        assert function.examples or function.kind == "context"
        assert function.call or function.kind != "library"
        assert function.piped < max(1, len(function.parameters))
        assert function.returns
        optional = [parameter.optional for parameter in function.parameters]
        assert optional == sorted(optional)
        assert not any(parameter.variadic for parameter in function.parameters[:-1])

    def test_the_signature_reads_like_the_reference(self):
        expected = "money(amount: number | string, currency?: string, rounding?: string) -> string"
        assert REGISTRY["money"].signature == expected
        assert REGISTRY["add"].signature == "add(value: number | string | null, ...) -> number | null"
        assert REGISTRY["root"].signature == "root() -> any"

    def test_jmespath_takes_as_many_arguments_as_we_say(self):
        for name, known in jmespath.functions.Functions.FUNCTION_TABLE.items():
            parameters = REGISTRY[name].parameters
            assert len(parameters) == len(known["signature"]), name
            assert any(item.variadic for item in parameters) == bool(known["signature"][-1].get("variadic"))

    def test_what_needs_a_scope_is_not_applied(self):
        with pytest.raises(TypeError, match="root is not evaluated here"):
            call("root")

    def test_a_type_that_is_none_is_refused(self):
        from crossdock.language.functions.function import types

        with pytest.raises(ValueError, match="unknown types in text"):
            types("text | null")


class TestCalling:
    @pytest.mark.parametrize("name", LACKING)
    def test_a_missing_argument_gives_a_missing_result(self, name):
        function = REGISTRY[name]
        others = [SUITABLE[min(item.types - {"null"})] for item in function.parameters if not item.optional][
            1:
        ]
        assert call(name, None, *others) is (False if name == "equal" else None)

    def test_null_for_an_optional_argument_is_as_if_not_written(self):
        assert call("money", 2.5, None, None) == "2.50"
        assert call("round", 2.5, None, "down") == 2
        assert call("equal", 1, 1, None) is True
        assert call("iso", 0, None) == "1970-01-01T00:00:00Z"

    def test_a_wrong_type_is_refused_beside_a_missing_argument(self):
        assert refusal("replace", None, 1, "x") == "`replace` takes text as its second argument, not a number"

    def test_whole_floats_are_whole_numbers(self):
        assert call("truncate", "abc", 2.0) == "ab"

    def test_subclasses_are_what_they_derive_from(self):
        class Rows(list):
            pass

        assert call("first", Rows([7])) == 7

    @pytest.mark.parametrize("value", [math.inf, [math.nan]])
    def test_text_is_of_json(self, value):
        with pytest.raises(FunctionError, match=r"^`text` takes values that JSON has$"):
            REGISTRY["text"].apply([value])

    @pytest.mark.parametrize("name", CALLED)
    @given(data=st.data())
    @settings(UNHURRIED, max_examples=30)
    def test_any_json_gives_json_or_a_refusal(self, name, data):
        function = REGISTRY[name]
        least = sum(not parameter.optional for parameter in function.parameters)
        arguments = data.draw(st.lists(json_values, min_size=least, max_size=least + 2))
        before = copy.deepcopy(arguments)
        try:
            result = function.apply(arguments)
        except FunctionError as error:
            assert str(error).startswith(f"`{name}` ") and not str(error).endswith(".")
        else:
            assert name in ("first", "last", "unique", "zip", "entries", "object", "to_number") or json.dumps(
                result, allow_nan=False
            )
        assert repr(arguments) == repr(before)

    @pytest.mark.parametrize("name", CALLED)
    def test_no_refusal_shows_the_value(self, name):
        function, secret = REGISTRY[name], "4111-1111-1111-1111"
        for count in range(1, 5):
            for value in (secret, [secret], {secret: secret}, 4111111111111111e20):
                try:
                    function.apply([value] * count)
                except FunctionError as error:
                    assert "4111" not in str(error)

    def test_the_thread_s_own_decimal_context_has_no_say(self):
        with localcontext() as context:
            context.prec = 3
            assert call("sum", [123456.78, 0.01]) == 123456.79
            assert call("equal", 123456.78, 123456.79) is False
            assert call("neg", 123456.78) == -123456.78
            assert call("max_of", 123456.78, 123456.79) == 123456.79
            assert call("shares", 123456.79, [1, 1]) == [61728.4, 61728.39]
            assert call("ratio", 123456.79, 1) == 123456.79
            assert call("money", "123456.789") == "123456.79"

    @UNHURRIED
    @given(st.sampled_from(["money", "number", "neg", "magnitude", "amount"]), amounts)
    def test_the_same_input_gives_the_same_bytes(self, name, value):
        assert json.dumps(call(name, value)) == json.dumps(call(name, value))


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("19.90", 19.9),
            ("-10.", -10),
            ("+3", 3),
            (".5", 0.5),
            ("007", 7),
            ("0.10", 0.1),
            ("-0", 0),
            ("-.5", -0.5),
        ],
    )
    def test_numeric_text(self, text, value):
        assert json.dumps(call("number", text)) == json.dumps(value)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " 1",
            "1 ",
            "1\n",
            "1_000",
            "1,25",
            "$1",
            "NaN",
            "Infinity",
            "1e5",
            "٣",
            "\uff11",
            ".",
            "-",
            "0x10",
            "1.2.3",
        ],
    )
    def test_other_text_is_no_number(self, text):
        expected = "`number` takes a number as its first argument, and this text is not a number"
        assert refusal("number", text) == expected

    @pytest.mark.parametrize(
        "value", [1e300, -1e21, 10**21, 10**4000, 1e-300, "9" * 22, "0." + "0" * 100_000 + "1"]
    )
    def test_numbers_beyond_measure_are_refused(self, value):
        assert refusal("money", value) == (
            "`money` takes a number between 1e-20 and 1e21 in size as its first argument"
        )

    def test_results_beyond_measure_are_refused(self):
        assert refusal("multiply", *[10**20] * 50) == "`multiply` gives a number of 1e21 or more in size"

    def test_small_results_may_be_arguments_again(self):
        assert call("multiply", *[1e-15] * 2) == 0
        assert call("money", call("multiply", 1e-10, 1e-10)) == "0.00"

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_what_json_has_not_is_no_number(self, value):
        expected = "`number` takes a number as its first argument, and this is not a number"
        assert refusal("number", value) == expected

    def test_whole_results_are_integers(self):
        assert json.dumps([call("number", 2.0), call("add", 0.5, 0.5), call("neg", 0.0)]) == "[2, 1, 0]"

    @UNHURRIED
    @given(st.lists(cents, max_size=50))
    def test_sum_is_the_decimal_sum(self, values):
        total = call("sum", [float(value) for value in values])
        assert Decimal(str(total)) == sum(values, Decimal(0))
        assert json.dumps(call("sum", [str(value) for value in values])) == json.dumps(total)

    @UNHURRIED
    @given(st.lists(cents, min_size=1, max_size=20))
    def test_add_is_sum(self, values):
        floats = [float(value) for value in values]
        assert call("add", *floats, None) == call("sum", floats)

    @UNHURRIED
    @given(cents, cents)
    def test_subtract_undoes_add(self, a, b):
        assert call("subtract", call("add", float(a), float(b)), float(b)) == float(a)
        assert call(
            "equal", call("subtract", float(a), float(b)), call("neg", call("subtract", float(b), float(a)))
        )

    def test_many_equal_prices(self):
        assert json.dumps(call("sum", [19.99] * 200)) == "3998"
        assert sum([19.99] * 200) != 3998

    @pytest.mark.parametrize("values", [[1, 2], [0.1, 0.2], ["19.90", 0.1], []])
    def test_avg(self, values):
        expected = {2: 1.5, 0.2: 0.15, 0.1: 10}.get(values[-1]) if values else None
        assert call("avg", values) == expected

    def test_round(self):
        assert call("round", 2.675, 2) == 2.68
        assert call("round", -2.5) == -3
        assert [call("round", 2.5, 0, name) for name in ("up", "down", "ceiling", "floor")] == [3, 2, 3, 2]
        assert [call("round", -2.4, 0, name) for name in ("up", "down", "ceiling", "floor")] == [
            -3,
            -2,
            -2,
            -3,
        ]

    def test_equal(self):
        assert call("equal", 0.1 + 0.2, 0.3) is False
        assert call("equal", 0.1 + 0.2, 0.3, 0.001) is True
        assert call("equal", 10, "9.99", "0.01") is True
        assert [call("equal", None, 0), call("equal", 0, None), call("equal", None, None)] == [
            False,
            False,
            True,
        ]


class TestMoney:
    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ((19.9,), "19.90"),
            ((2.675,), "2.68"),
            ((1.15 * 100,), "115.00"),
            ((1234.5, "JPY"), "1235"),
            ((1234.5, "jpy", "half_even"), "1234"),
            ((1.2345, "KWD"), "1.235"),
            ((1.23455, "CLF"), "1.2346"),
            ((1.5, "ISK"), "2"),
            ((1.005, "XYZ"), "1.01"),
            ((-0.001,), "0.00"),
            ((-0.0, "JPY"), "0"),
            ((1e20,), "100000000000000000000.00"),
            ((1e-7,), "0.00"),
            (("-10.", "EUR"), "-10.00"),
            ((0.001, "EUR", "up"), "0.01"),
            ((-0.019, "EUR", "down"), "-0.01"),
            ((-0.011, "EUR", "floor"), "-0.02"),
            ((-0.019, "EUR", "ceiling"), "-0.01"),
        ],
    )
    def test_money(self, arguments, text):
        assert call("money", *arguments) == text

    @UNHURRIED
    @given(amounts, st.sampled_from([None, "USD", "JPY", "KWD", "CLF"]))
    def test_money_is_within_half_a_unit_and_idempotent(self, value, currency):
        text = call("money", value, currency)
        digits = {None: 2, "USD": 2, "JPY": 0, "KWD": 3, "CLF": 4}[currency]
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        assert Decimal(text) == exact
        assert abs(Decimal(text) - Decimal(str(value))) <= Decimal("0.5").scaleb(-digits)
        assert call("money", text, currency) == text == call("money", call("number", text), currency)
        assert call("equal", call("amount", value, currency), text) is True

    @UNHURRIED
    @given(
        st.integers(-(10**12), 10**12),
        st.lists(st.integers(0, 10**6) | st.floats(0.001, 10**6) | st.just("2.50"), min_size=1, max_size=30),
        st.sampled_from([(None, 2), ("JPY", 0), ("KWD", 3)]),
    )
    def test_shares_lose_nothing(self, units, weights, currency):
        code, digits = currency
        value = float(Decimal(units).scaleb(-digits))
        parts = call("shares", value, weights, code)
        assert call("equal", call("sum", parts), value) is True
        assert len(parts) == len(weights)
        assert parts == [call("share", value, weights, index, code) for index in range(len(weights))]
        whole = sum(Decimal(str(weight)) for weight in weights)
        for part, weight in zip(parts, weights, strict=True):
            fair = Decimal(str(value)) * Decimal(str(weight)) / whole if whole else Decimal(str(part))
            assert abs(Decimal(str(part)) - fair) < Decimal(1).scaleb(-digits) + Decimal("1e-9")

    def test_shares_of_nothing(self):
        assert call("shares", 10, []) == []
        assert call("shares", 0, [1, 2]) == [0, 0]
        assert call("shares", 10.01, [0, 0]) == [5.01, 5]
        assert call("shares", 10, [1, None, 1]) == [5, 0, 5]
        assert call("shares", 10.005, [1, 1]) == [5.01, 5]


class TestDates:
    @pytest.mark.parametrize(
        ("arguments", "seconds"),
        [
            (("2016-04-08T19:09:07Z",), 1460142547),
            (("2016-04-08t19:09:07z",), 1460142547),
            (("2016-04-08T19:09:07.999999999Z",), 1460142547),
            (("2016-04-08T19:09:07,5+00:00",), 1460142547),
            (("2016-04-08T14:09:07-05:00",), 1460142547),
            (("2016-04-08T14:09:07-0500",), 1460142547),
            (("2016-04-08T21:09:07+02",), 1460142547),
            (("2016-04-08 19:09:07Z",), 1460142547),
            (("2016-04-08T19:09:07", "UTC"), 1460142547),
            (("2016-04-08T21:09:07", "+02:00"), 1460142547),
            (("2016-04-08T19:09:07Z", "+02:00"), 1460142547),
            (("2016-04-08T19:09Z",), 1460142540),
            (("2016-04-08", "UTC"), 1460073600),
            (("1969-12-31T23:59:59.5Z",), -1),
            (("0001-01-01T00:00:00Z",), -62135596800),
            (("2016-02-29T00:00:00Z",), 1456704000),
            (("Tue, 20 Nov 2012 00:00:00 +0000",), 1353369600),
            (("20 Nov 2012 01:00 +0100",), 1353369600),
            (("Tue, 1 May 2012 00:00:00 GMT",), 1335830400),
            (("01 May 2012 00:00:00 UT",), 1335830400),
            (("Tue, 20 Nov 2012 00:00:00", "-05:00"), 1353387600),
            (("Sun, 1 Jan 2017 00:59:60 +0100",), 1483228800),
        ],
    )
    def test_epoch(self, arguments, seconds):
        assert call("epoch", *arguments) == seconds

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "yesterday",
            "08/04/2016",
            "20160408T190907Z",
            "2016-04-08T",
            "2016-04-08T19Z",
            "2016-04-08T19:09:07ZZ",
            "2016-04-08T19:09.5Z",
            " 2016-04-08T19:09:07Z",
            "2016-04-08T19:09:07Z\n",
            "\uff12016-04-08T19:09:07Z",
            "Tue, 20 Nov 12 00:00:00 +0000",
            "Tuesday, 20 Nov 2012 00:00:00 +0000",
            "20 November 2012 00:00:00 +0000",
            "20 Nov 2012 00:00:00 CST",
            "Tue, 20 Nov 2012",
        ],
    )
    def test_text_that_is_no_date(self, text):
        assert refusal("epoch", text) == (
            "`epoch` takes an ISO 8601 or RFC 2822 date-time, and this text is neither"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "2016-02-30T00:00:00Z",
            "2015-02-29T00:00:00Z",
            "2016-13-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2016-04-08T25:00:00Z",
            "2016-04-08T19:61:00Z",
            "2016-04-08T19:09:60Z",
            "2016-12-31T22:59:60Z",
            "2016-12-31T23:59:60+01:00",
            "2016-04-08T19:09:07+24:00",
            "Sat, 31 Nov 2012 00:00:00 +0000",
            "20 Nov 2012 24:00:00 GMT",
        ],
    )
    def test_dates_that_do_not_exist(self, text):
        assert refusal("epoch", text) == "`epoch` takes a date-time that exists, and this one does not"

    def test_a_day_of_the_week_that_the_date_does_not_have(self):
        assert refusal("epoch", "Mon, 20 Nov 2012 00:00:00 GMT") == (
            "`epoch` takes a date-time that exists, and this one is on another day of the week"
        )

    @pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2016-12-31T15:59:60.5-08:00"])
    def test_a_leap_second_is_the_second_after_it(self, text):
        assert call("epoch", text) == call("epoch", "2017-01-01T00:00:00Z")
        assert call("iso", text) == "2017-01-01T00:00:00Z"

    @pytest.mark.parametrize(
        "seconds, year", [(253402300800, 10000), (253402300799 + 366 * 86400, 10000), (1460142547000, 48240)]
    )
    def test_the_year_of_milliseconds(self, seconds, year):
        message = f"`iso` takes Unix seconds, and these lie in the year {year}: probably milliseconds"
        assert refusal("iso", seconds) == message

    @UNHURRIED
    @given(st.integers(-62135596800, 253402300799))
    def test_iso_and_epoch_undo_each_other(self, seconds):
        text = call("iso", seconds)
        assert call("epoch", text) == seconds
        assert call("iso", text) == text
        assert len(text) == 20

    @UNHURRIED
    @given(st.datetimes(), st.integers(-23 * 60, 23 * 60))
    def test_epoch_agrees_with_the_calendar(self, moment, minutes):
        sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
        text = f"{moment.isoformat()}{sign}{hours:02}:{rest:02}"
        beginning = type(moment)(1970, 1, 1)
        assert call("epoch", text) == math.floor((moment - beginning).days * 86400) + (
            (moment - beginning).seconds - minutes * 60
        )

    def test_iso(self):
        assert call("iso", 1460142547.0) == "2016-04-08T19:09:07Z"
        assert call("iso", "2016-04-08T14:09:07.123-05:00") == "2016-04-08T19:09:07Z"
        assert call("iso", -1) == "1969-12-31T23:59:59Z"


class TestText:
    def test_title_keeps_what_follows_an_apostrophe_small(self):
        assert call("title", "o'neill's ÉCOLE-normale 2nd") == "O'neill's École-Normale 2nd"
        assert call("title", "3RD AVENUE, 12 BIS") == "3rd Avenue, 12 Bis"

    def test_urlencode_keeps_only_the_unreserved(self):
        assert call("urlencode", "AZaz09-._~") == "AZaz09-._~"
        assert call("urlencode", "/?&=+ %'\"€") == "%2F%3F%26%3D%2B%20%25%27%22%E2%82%AC"

    def test_uuid_joins_its_names_without_doubt(self):
        made = {
            call("uuid", *names)
            for names in (("a", "b"), ("ab",), ("a,b",), ('a", "b',), ("b", "a"), ("1",), (1,))
        }
        assert len(made) == 7
        assert call("uuid", 1.0) == call("uuid", 1)
        assert call("uuid", "\ud800")

    @UNHURRIED
    @given(st.lists(st.text(), min_size=1, max_size=3), st.lists(st.text(), min_size=1, max_size=3))
    def test_uuids_differ_when_names_do(self, a, b):
        assert (call("uuid", *a) == call("uuid", *b)) == (a == b)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "NaN",
            "[1,]",
            "{'a': 1}",
            "1e999",
            '{"a": 1, "a": 2}',
            "[" * 65 + "1" + "]" * 65,
            "[" * 10**5,
            "9" * 5000,
            '"\\ud800"',
            '{"\\udc00": 1}',
            "12345678901234567890123",
            '{"n": [18446744073709551616]}',
        ],
    )
    def test_what_is_not_json_is_missing(self, text):
        assert call("parse_json", text) is None

    def test_the_largest_whole_number_that_a_payload_may_have_is_read(self):
        assert call("parse_json", "18446744073709551615") == 18446744073709551615

    def test_to_string_writes_letters_as_they_are(self):
        assert call("to_string", {"Farbe": ["grün", "\u2028"]}) == '{"Farbe":["grün","\u2028"]}'

    def test_json_of_64_levels_is_read(self):
        assert call("first", call("parse_json", "[" * 64 + "1" + "]" * 64)) is not None

    @UNHURRIED
    @given(json_values)
    def test_parse_json_reads_what_json_writes(self, value):
        try:
            text = json.dumps(value, allow_nan=False)
        except ValueError:
            return
        whole = re.findall(r'"(?:[^"\\]|\\.)*"|(?<![0-9.])(-?[0-9]+)(?![0-9.eE])', text)
        if all(-(2**63) <= int(digits) < 2**64 for digits in whole if digits):
            assert json.dumps(call("parse_json", text)) == json.dumps(settled(value))
        else:
            assert call("parse_json", text) is None

    def test_replace_does_not_grow_beyond_its_bound(self):
        assert len(call("replace", "a" * 512, "a", "b" * 512)) == 262_144

    def test_braces_in_data_are_only_braces(self):
        assert call("replace", "{0.__class__} %s", "%s", "{}") == "{0.__class__} {}"

    @pytest.mark.parametrize(
        ("text", "value"),
        [("1", 1), ("1.0", 1), ("-1e3", -1000), ("+1", 1), ("-10.", -10), (".5", 0.5)],
    )
    def test_to_number_reads_numbers(self, text, value):
        assert json.dumps(call("to_number", text)) == json.dumps(value)

    @pytest.mark.parametrize(
        "value", ["NaN", "Infinity", "1_000", " 1 ", "٣", "", "9" * 5000, "1e999", True, [1], {}]
    )
    def test_to_number_reads_nothing_else(self, value):
        assert call("to_number", value) is None


class TestCollections:
    def test_first_and_last(self):
        assert [call("first", [None, 1]), call("first", []), call("last", [1, 2]), call("last", [])] == [
            None,
            None,
            2,
            None,
        ]

    def test_unique_tells_true_from_1_and_keeps_order(self):
        items = [1, True, "1", 1.0, [1], [True], {"a": 1}, {"a": 1.0}, None, False, 0, None]
        assert repr(call("unique", items)) == repr([1, True, "1", [1], [True], {"a": 1}, None, False, 0])

    def test_zip_ends_with_the_shortest(self):
        assert call("zip", [1, 2, 3], ["a", "b"]) == [[1, "a"], [2, "b"]]

    def test_positions_count_nulls_and_repetitions_too(self):
        assert call("positions", [None, "a", "a", False]) == [1, 2, 3, 4]

    def test_an_object_is_made_of_entries(self):
        red = {"key": "colour", "value": "red"}
        assert call("object", call("entries", {"a": 1, "b": None})) == {"a": 1, "b": None}
        assert call("object", [red, {**red, "value": "blue"}]) == {"colour": "blue"}
        assert call("object", [{"key": "colour"}]) == {"colour": None}


REFUSALS: list[tuple[tuple[JSON, ...], str]] = [
    (("money",), "`money` takes 1 to 3 arguments, not 0"),
    (("money", 1, "EUR", "up", 1), "`money` takes 1 to 3 arguments, not 4"),
    (("money", [1]), "`money` takes a number or text as its first argument, not a list"),
    (("money", {}), "`money` takes a number or text as its first argument, not an object"),
    (("money", True), "`money` takes a number or text as its first argument, not true or false"),
    (("money", "$5"), "`money` takes a number as its first argument, and this text is not a number"),
    (("money", 1, 2), "`money` takes text as its second argument, not a number"),
    (
        ("money", 1, "EUR", "bankers"),
        "`money` takes half_up, half_even, up, down, ceiling or floor as its rounding",
    ),
    (("neg", 1, 2), "`neg` takes 1 argument, not 2"),
    (("add",), "`add` takes at least 1 argument, not 0"),
    (("add", 1, None, "x"), "`add` takes a number as its third argument, and this text is not a number"),
    (
        ("add", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, []),
        "`add` takes a number or text as its argument 11, not a list",
    ),
    (("integer", 2.5), "`integer` takes a whole number as its first argument, not a fraction"),
    (("integer", "2.5"), "`integer` takes a whole number as its first argument, not a fraction"),
    (("round", 1, 1.5), "`round` takes a whole number as its second argument, not a fraction"),
    (("round", 1, "2"), "`round` takes a whole number as its second argument, not text"),
    (("round", 1, 21), "`round` takes 0 to 20 as its digits"),
    (("round", 1, -1), "`round` takes 0 to 20 as its digits"),
    (("equal", 1), "`equal` takes 2 to 3 arguments, not 1"),
    (("equal", 1, "x"), "`equal` takes a number as its second argument, and this text is not a number"),
    (
        ("equal", None, None, "x"),
        "`equal` takes a number as its third argument, and this text is not a number",
    ),
    (("sum", 1), "`sum` takes a list as its first argument, not a number"),
    (("sum", [1, None]), "`sum` takes a list of numbers, and item [1] is null"),
    (("sum", [1, 2, "x"]), "`sum` takes a list of numbers, and item [2] is text that is not a number"),
    (("sum", [True]), "`sum` takes a list of numbers, and item [0] is true or false"),
    (("avg", [[1]]), "`avg` takes a list of numbers, and item [0] is a list"),
    (("sum", [1e300]), "`sum` takes numbers between 1e-20 and 1e21 in size, and item [0] is not"),
    (("shares", 1, [1, -1]), "`shares` takes weights that are not negative"),
    (("shares", 1, ["x"]), "`shares` takes a list of numbers, and item [0] is text that is not a number"),
    (
        ("share", 1, [1], 1),
        "`share` takes the index of a weight as its third argument, and no weight has this index",
    ),
    (
        ("share", 1, [1], -1),
        "`share` takes the index of a weight as its third argument, and no weight has this index",
    ),
    (("epoch", 1460142547), "`epoch` takes text as its first argument, not a number"),
    (("epoch", "2016-04-08"), "`epoch` takes a date with a time, or a zone as its second argument"),
    (
        ("epoch", "2016-04-08T19:09:07"),
        "`epoch` takes a date-time with an offset, or a zone as its second argument",
    ),
    (("epoch", "2016-04-08", "Europe/Oslo"), "`epoch` takes UTC or an offset such as +01:00 as its zone"),
    (("epoch", "2016-04-08", "+25:00"), "`epoch` takes UTC or an offset such as +01:00 as its zone"),
    (("iso", 1460142547.5), "`iso` takes whole seconds, not a fraction"),
    (
        ("iso", 1460142547000),
        "`iso` takes Unix seconds, and these lie in the year 48240: probably milliseconds",
    ),
    (("iso", -62135596801), "`iso` takes Unix seconds, and these lie before the year 1"),
    (("iso", "2016-04-08"), "`iso` takes a date with a time, or a zone as its second argument"),
    (("iso", "0001-01-01T00:00:00+01:00"), "`iso` takes Unix seconds, and these lie before the year 1"),
    (("upper", 1), "`upper` takes text as its first argument, not a number"),
    (("replace", "a", "", "b"), "`replace` takes text that is not empty as its second argument"),
    (("replace", "a" * 513, "a", "b" * 512), "`replace` gives text of more than 262144 characters"),
    (("urlencode", "é" * 50_000), "`urlencode` gives text of more than 262144 characters"),
    (("parse_json", " " * 262_145), "`parse_json` takes text of at most 262144 characters"),
    (("split", "," * 100_000, ","), "`split` gives more than 100000 parts"),
    (("join", "x" * 1_000, ["a"] * 1_000), "`join` gives text of more than 262144 characters"),
    (("join", "", ["a", 1]), "`join` takes a list of texts, and an item is a number"),
    (("join", "", ["a", None]), "`join` takes a list of texts, and an item is null"),
    (("to_string", [["\\" * 200] * 700]), "`to_string` gives text of more than 262144 characters"),
    (("to_string", ["a"] * 300_000), "`to_string` gives text of more than 262144 characters"),
    (("split", "a", ""), "`split` takes text that is not empty as its second argument"),
    (("truncate", "a", -1), "`truncate` takes a length that is not negative"),
    (("pad_left", "a", 10**9, "0"), "`pad_left` takes a length of 0 to 1000"),
    (("pad_left", "a", 5, ""), "`pad_left` takes one character as its third argument"),
    (("urlencode", "\ud800"), "`urlencode` takes valid Unicode text, and this text is not valid"),
    (("uuid",), "`uuid` takes at least 1 argument, not 0"),
    (("uuid", "a", True), "`uuid` takes a number or text as its second argument, not true or false"),
    (("first", "abc"), "`first` takes a list as its first argument, not text"),
    (
        ("object", [{"key": 1, "value": "red"}]),
        "`object` takes a list of objects, each with text as its `key`",
    ),
    (("object", [None]), "`object` takes a list of objects, each with text as its `key`"),
    (("zip", [], 1), "`zip` takes a list as its second argument, not a number"),
]


@pytest.mark.parametrize(("case", "message"), REFUSALS, ids=[repr(case)[:50] for case, _ in REFUSALS])
def test_each_refusal_reads_as_it_should(case, message):
    assert refusal(*case) == message


def test_an_expression_is_no_number():
    class Reference:
        pass

    expected = "`money` takes a number or text as its first argument, not an expression"
    assert refusal("money", Reference()) == expected  # type: ignore[arg-type]


def test_a_function_without_arguments_says_so():
    nothing = Function("nothing", (), frozenset({"null"}), "Nothing", call=lambda: None)
    with pytest.raises(FunctionError, match="`nothing` takes no argument, not 1"):
        nothing.apply([1])
