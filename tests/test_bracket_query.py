"""Queries with brackets: what they stand for, and what is refused."""

from __future__ import annotations

import pytest

from crossdock.gateway.bracket_query import MOST_BYTES, MOST_FIELDS, parse_brackets
from crossdock.gateway.problems import HttpProblem

READ = {
    b"": {},
    b"a=1": {"a": "1"},
    b"data[order][channel_refnum]=496&data[single]=1": {
        "data": {"order": {"channel_refnum": "496"}, "single": "1"}
    },
    b"headers%5Bticket%5D=1%2C1&version=1": {"headers": {"ticket": "1,1"}, "version": "1"},
    b"a[b]=&c": {"a": {"b": ""}, "c": ""},
    b"a=x+y%20z": {"a": "x y z"},
    b"a[]=1&a[]=2": {"a": ["1", "2"]},
    b"a[0][b]=1&a[1][b]=2": {"a": [{"b": "1"}, {"b": "2"}]},
    b"a[1]=x": {"a": {"1": "x"}},
    "a=ü".encode().replace("ü".encode(), b"%C3%BC"): {"a": "ü"},
    b"a=1;b=2": {"a": "1;b=2"},
    b"&&a=1&": {"a": "1"},
}
REFUSED = {
    b"data[channel]=x&data[channel][id]=1": "a name in the query has both a value and names below it",
    b"data[channel][id]=1&data[channel]=x": "a name in the query occurs twice",
    b"a=1&a=2": "a name in the query occurs twice",
    b"data[order=1": "a name in the query has brackets that do not match",
    b"data]order=1": "a name in the query has brackets that do not match",
    b"[a]=1": "a name in the query has brackets that do not match",
    b"=1": "a name in the query has brackets that do not match",
    b"a[b]c=1": "a name in the query has brackets that do not match",
    b"a=%ff": "the query is not percent-encoded UTF-8",
    b"a=\xff": "the query is not percent-encoded UTF-8",
    b"a" + b"[b]" * 64 + b"=1": "a name in the query has more than 64 levels, the limit",
    b"&".join(b"a%d=1" % number for number in range(MOST_FIELDS + 1)): (
        "the query has more than 200 fields, the limit"
    ),
}


@pytest.mark.parametrize("query", READ)
def test_a_query_stands_for_an_object_of_texts(query: bytes) -> None:
    assert parse_brackets(query) == READ[query]


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_that_stands_for_nothing_is_refused(query: bytes) -> None:
    with pytest.raises(HttpProblem) as caught:
        parse_brackets(query)
    assert (caught.value.status, caught.value.detail) == (400, REFUSED[query])


def test_a_long_query_is_refused() -> None:
    with pytest.raises(HttpProblem) as caught:
        parse_brackets(b"a=" + b"1" * MOST_BYTES)
    assert (caught.value.status, caught.value.detail) == (
        414,
        "the query has more than 16384 bytes, the limit",
    )
