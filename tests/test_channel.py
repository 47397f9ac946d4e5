"""A channel's file: every refusal by its text, its settings, and what it may hold."""

from __future__ import annotations

import pytest

from crossdock import CompileError
from crossdock.channels.call_limits import Limits
from crossdock.channels.config import Secret, parse_channel
from crossdock.core.diagnostics import Source
from crossdock.core.json_types import JSON

SETTINGS = """\
settings:
  by: {describe: which, default: number, one_of: [number, id]}
  pages: {describe: how many, default: 3}
  debug: {describe: whether, default: false}
  name: {describe: what, default: Ada}
  free: {describe: anything, default: null}
  north: {describe: how far, default: 0.0}
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", "[not-a-channel]: the file does not describe a channel @1:1"),
        ("- a", "[not-a-channel]: the file does not describe a channel @1:1"),
        ("baseurl: x", "[unknown-key]: a channel has no key `baseurl` @1:1 (did you mean `base_url`?)"),
        ("describe: 7", "[not-text]: text is expected here @1:11"),
        ("base_url: 7", "[not-text]: text is expected here @1:11"),
        (
            'base_url: "{{ settings.x }}"',
            "[unknown-property]: `the channel's settings` has no property `x` @1:24",
        ),
        (
            'base_url: "{{ x | money"',
            "[template-syntax]: not a template: unexpected end of template, expected "
            "'end of print statement' @1:12",
        ),
        (
            "headers: {x: settings().y}",
            "[unknown-property]: `the channel's settings` has no property `y` @1:25",
        ),
        (
            'base_url: "{{ sttings.name }}"',
            "[unknown-property]: `the context of a channel's file` has no property `sttings` @1:15",
        ),
        (
            "headers: {x: plain}",
            "[unknown-property]: `the context of a channel's file` has no property `plain` @1:14 "
            "(constant text is written {$const: plain})",
        ),
        (
            "headers: {x: {$use: y}}",
            "[unknown-fragment]: `y` cannot be used here @1:21 "
            "(only a mapping can use fragments and other mappings)",
        ),
        ("settings: [a]", "[not-an-object]: `settings` must contain names with their values @1:11"),
        ("settings: {a: b}", "[not-an-object]: a setting has `describe:` and `default:` @1:15"),
        ("settings: {a: {default: 1}}", "[incomplete-setting]: the setting `a` has no `describe:` @1:12"),
        ("settings: {a: {describe: x}}", "[incomplete-setting]: the setting `a` has no `default:` @1:12"),
        (
            "settings: {a: {describe: x, default: 1, one_of: [2]}}",
            "[incomplete-setting]: the default of `a` is not among its `one_of` @1:38",
        ),
        (
            "settings: {a: {describe: x, default: 1, oneof: [1]}}",
            "[unknown-key]: a setting has no key `oneof` @1:41 (did you mean `one_of`?)",
        ),
        (
            "auth: bearer",
            "[unknown-auth]: `auth` has a `kind:`, one of none, bearer, headers, client_credentials @1:7",
        ),
        (
            "auth: {kind: oauth}",
            "[unknown-auth]: `auth` has a `kind:`, one of none, bearer, headers, client_credentials @1:7",
        ),
        ("auth: {kind: bearer}", "[incomplete-auth]: `auth` has no `token:` @1:7"),
        ("auth: {kind: headers}", "[incomplete-auth]: `auth` has no `headers:` @1:7"),
        (
            "auth: {kind: client_credentials, client_id: {env: A}, client_secret: {env: B}}",
            "[incomplete-auth]: `auth` has no `url:` @1:7",
        ),
        (
            "auth: {kind: client_credentials, url: /t, style: x, client_id: a, client_secret: {env: B}}",
            "[unknown-auth]: `style` is one of json, form, basic @1:7",
        ),
        (
            "auth: {kind: bearer, token: abc}",
            "[secret-in-file]: `token` is a secret, and a secret is never written into a file @1:29 "
            "(token: {env: NAME_OF_A_VARIABLE})",
        ),
        (
            "auth: {kind: client_credentials, url: /t, client_id: a, client_secret: b}",
            "[secret-in-file]: `client_secret` is a secret, and a secret is never written into a file @1:72 "
            "(client_secret: {env: NAME_OF_A_VARIABLE})",
        ),
        (
            "auth: {kind: bearer, token: {env: A}, url: /t}",
            "[unknown-key]: auth of the kind `bearer` has no key `url` @1:39 (the keys are `kind`, `token`)",
        ),
        (
            'headers: {"x\\ny": "{{ settings.a }}"}',
            "[header-name]: `x\\ny` cannot be the name of a header @1:11",
        ),
        (
            "auth: {kind: headers, headers: {Transfer-Encoding: a}}",
            "[header-name]: `Transfer-Encoding` is set by HTTP itself @1:33 (leave it out)",
        ),
        ("answers: [a]", "[not-an-object]: `answers` must contain names with their conditions @1:10"),
        (
            "answers: {a b: status}",
            "[answer-class]: this cannot be the name of a class @1:11 "
            "(a name is made of letters, digits and _: `not_found`)",
        ),
        *(
            (
                f"answers: {{{name}: status}}",
                f"[answer-class]: `{name}` is a property of every answer, "
                "and cannot be the name of a class @1:11",
            )
            for name in ("status", "headers", "body", "turn")
        ),
        ("answers: {retry: {wait: status}}", "[answer-class]: `retry` has no `when:` @1:11"),
        (
            "answers: {retry: {when: status, after: status}}",
            "[unknown-key]: `retry` has no key `after` @1:33 (the keys are `when`, `wait`)",
        ),
        (
            "answers: {gone: {when: status}}",
            "[not-an-expression]: `gone` takes an expression @1:17",
        ),
        (
            "answers: {gone: statuss == `404`}",
            "[unknown-property]: `the answer` has no property `statuss` @1:17 (did you mean `status`?)",
        ),
        (
            "answers: {gone: lost, lost: status == `404`}",
            "[unknown-property]: `the answer` has no property `lost` @1:17 "
            "(a class sees only those above it)",
        ),
        (
            "answers: {gone: status == '404'}",
            "[impossible-comparison]: a whole number and text are never equal @1:17",
        ),
        (
            "answers: {gone: settings().code}",
            "[unknown-property]: `the channel's settings` has no property `code` @1:28",
        ),
        (
            "answers: {gone: headers.Warning}",
            "[header-name]: the names of an answer's headers are in lower case, and `Warning` is not @1:25 "
            '(write "warning")',
        ),
        (
            "answers: {retry: {when: status, wait: header}}",
            "[unknown-property]: `the answer` has no property `header` @1:39 (did you mean `headers`?)",
        ),
        ("limits: 7", "[not-an-object]: `limits` must be an object of whole numbers @1:9"),
        (
            "limits: {second: 1}",
            "[unknown-key]: `limits` has no key `second` @1:10 (did you mean `seconds`?)",
        ),
        *(
            (
                f"limits: {{rate: {value}}}",
                "[limit-value]: `rate` must be a number of calls above 0 and a unit @1:16 "
                "(2/s, 30/min or 1000/h)",
            )
            for value in ("0", "0/s", "2", "2/sec", "1.5/s", "'2 / s'", "[2]", "-1/h")
        ),
        (
            "limits: {deadline_seconds: 0}",
            "[limit-value]: `deadline_seconds` must be a whole number above 0 @1:28",
        ),
        *(
            (f"limits: {{seconds: {value}}}", "[limit-value]: `seconds` must be a whole number above 0 @1:19")
            for value in ("0", "-1", "1.5", "true", "'1'", "[1]")
        ),
    ],
)
def test_what_is_no_channel_is_refused(text: str, expected: str) -> None:
    with pytest.raises(CompileError) as caught:
        parse_channel(Source("channel.yaml", text))
    (item,) = caught.value.diagnostics
    assert item.span is not None
    help = f" ({item.help})" if item.help else ""
    assert f"[{item.id}]: {item.message} @{item.span.line}:{item.span.column}{help}" == expected


def test_all_mistakes_are_told_at_once() -> None:
    text = "describ: x\nsettings: {a: 1}\nauth: {kind: x}\nlimits: {seconds: 0, x: 1}\nheaders: {a: '['}\n"
    with pytest.raises(CompileError) as caught:
        parse_channel(Source("channel.yaml", text))
    assert sorted(item.id for item in caught.value.diagnostics) == [
        "expression-syntax",
        "limit-value",
        "not-an-object",
        "unknown-auth",
        "unknown-key",
        "unknown-key",
    ]


def test_a_channel_holds_what_its_file_says() -> None:
    text = """\
describe: A shop.
base_url: https://shop.example.com
headers: {x-a: {$const: b}}
auth:
  kind: client_credentials
  url: /token
  style: basic
  client_id: someone
  client_secret: {env: SHOP_SECRET}
  scope: all
limits: {seconds: 5, answer_bytes: 100, attempts: 1, wait_seconds: 2}
"""
    channel = parse_channel(Source("channel.yaml", text))
    assert channel.describe == "A shop."
    assert (channel.auth.kind, channel.auth.style) == ("client_credentials", "basic")
    assert channel.auth.secrets == {
        "client_id": Secret(None, "someone"),
        "client_secret": Secret("SHOP_SECRET"),
        "scope": Secret(None, "all"),
    }
    assert channel.limits == Limits(5, 100, 1, 2)


def test_secrets_may_stand_in_headers_by_their_variables() -> None:
    text = (
        'auth: {kind: headers, headers: {X-Key: {env: SHOP_KEY}, Authorization: {env: A, prefix: "Token "}}}'
    )
    auth = parse_channel(Source("channel.yaml", text)).auth
    assert auth.secrets == {"X-Key": Secret("SHOP_KEY"), "Authorization": Secret("A", prefix="Token ")}


@pytest.mark.parametrize("value", ["shpat_0123456789abcdef", "'Bearer {env: X}'", "{prefix: a}", "[a]"])
def test_a_secret_may_not_stand_in_a_header(value: str) -> None:
    with pytest.raises(CompileError) as raised:
        parse_channel(Source("channel.yaml", f"auth: {{kind: headers, headers: {{X-Key: {value}}}}}"))
    (found,) = raised.value.diagnostics
    assert (found.id, found.message, found.help) == (
        "secret-in-file",
        "`X-Key` has a secret, and a secret is never written into a file",
        "X-Key: {env: NAME_OF_A_VARIABLE}; a header without a secret belongs into `headers:`",
    )
    assert value not in found.message


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("by", "id", "id"),
        ("pages", "7", 7),
        ("pages", "-7", -7),
        ("debug", "true", True),
        ("debug", "false", False),
        ("name", "true", "true"),
        ("name", "7", "7"),
        ("name", "", ""),
        ("free", "anything", "anything"),
        ("north", "-45.52", -45.52),
        ("north", "45", 45.0),
    ],
)
def test_a_setting_given_as_text_has_the_kind_of_its_default(name: str, text: str, value: JSON) -> None:
    channel = parse_channel(Source("channel.yaml", SETTINGS))
    given = channel.overridden({name: text})
    assert given == {**channel.defaults(), name: value}
    assert type(given[name]) is type(value)


@pytest.mark.parametrize(
    "name, text, message, help",
    [
        ("by", "name", "the setting `by` takes one of number, id", None),
        ("pages", "seven", "the setting `pages` takes a whole number", None),
        ("pages", "7.5", "the setting `pages` takes a whole number", None),
        ("debug", "yes", "the setting `debug` takes true or false", None),
        ("north", "1e5", "the setting `north` takes a number", None),
        ("north", "nan", "the setting `north` takes a number", None),
        ("page", "7", "there is no setting `page`", "did you mean `pages`?"),
        ("zzz", "7", "there is no setting `zzz`", "the settings are by, pages, debug, name, free, north"),
    ],
)
def test_a_setting_that_is_not_there_or_cannot_be_that_is_refused(
    name: str, text: str, message: str, help: str | None
) -> None:
    channel = parse_channel(Source("channel.yaml", SETTINGS))
    with pytest.raises(CompileError) as caught:
        channel.overridden({name: text})
    assert [(item.message, item.help) for item in caught.value.diagnostics] == [(message, help)]
