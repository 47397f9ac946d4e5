"""Templates that try to get out: refused when they are compiled, or provably only a name or a text.

Jinja parses, and does nothing else: no environment compiles, renders or calls anything.
"""

from __future__ import annotations

import jinja2
import jinja2.environment
import jinja2.runtime
import jinja2.sandbox
import pytest

from conftest import fastest
from crossdock import CompileError, Source, Span
from crossdock.core.yaml_reader import MapNode, ScalarNode, parse_yaml
from crossdock.execution.evaluator import Evaluator
from crossdock.execution.scope import Scope
from crossdock.language.jinja import compile_template, is_template


def scalar_of(text: str) -> ScalarNode:
    return ScalarNode(text, Span(Source("m.yaml", text), 0, len(text)))


def evaluate(text: str, payload: object) -> object:
    return Evaluator(Scope(root=payload)).evaluate(compile_template(scalar_of(text)), payload)  # type: ignore[arg-type]


CALLS = "only the library's functions can be called"
NAMED = "arguments are given in order, without names"
ARITHMETIC = "arithmetic is not allowed in a template"
INDEX = "an index must be a constant: a number or text"
ATTACKS: list[tuple[str, str, str]] = [
    # attributes and calls of Python objects
    ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "template-not-allowed", CALLS),
    ("{{ x.__class__() }}", "template-not-allowed", CALLS),
    ("{{ cycler.__init__.__globals__.os.popen('id') }}", "template-not-allowed", CALLS),
    ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "template-not-allowed", CALLS),
    ("{{ self.__init__.__globals__.__builtins__.open('/etc/passwd') }}", "template-not-allowed", CALLS),
    ("{{ ''['__class__']['__mro__'][1]['__subclasses__']() }}", "template-not-allowed", CALLS),
    ("{{ x.pop('id') }}", "template-not-allowed", CALLS),
    ("{{ x.items() }}", "template-not-allowed", CALLS),
    ("{{ 'a'.join(x) }}", "template-not-allowed", CALLS),
    ("{{ '{0.__class__}'.format(x) }}", "template-not-allowed", CALLS),
    ("{{ '{a}'.format_map(x) }}", "template-not-allowed", CALLS),
    ("{{ 'a'.ljust(1000000000) }}", "template-not-allowed", CALLS),
    ("{{ upper(x)(y) }}", "template-not-allowed", CALLS),
    ("{{ upper(x)(y)(z) }}", "template-not-allowed", CALLS),
    ("{{ (upper)(x).y(z) }}", "template-not-allowed", CALLS),
    ("{{ x[0]() }}", "template-not-allowed", CALLS),
    ("{{ x | attr('__class__') }}", "unknown-function", "there is no filter `attr`"),
    ("{{ '%s' | format(x) }}", "unknown-function", "there is no filter `format`"),
    ("{{ x | map(attribute='__class__') }}", "template-not-allowed", NAMED),
    ("{{ x | xmlattr }}", "unknown-function", "there is no filter `xmlattr`"),
    ("{{ x | pprint }}", "unknown-function", "there is no filter `pprint`"),
    ("{{ x | selectattr('__class__') }}", "unknown-function", "there is no filter `selectattr`"),
    ("{{ x | tojson(indent=1000000000) }}", "template-not-allowed", NAMED),
    ("{{ x | safe }}", "unknown-function", "there is no filter `safe`"),
    ("{{ x | random }}", "unknown-function", "there is no filter `random`"),
    ("{{ x | indent(1000000000) }}", "unknown-function", "there is no filter `indent`"),
    ("{{ x | batch(100000000, 0) }}", "unknown-function", "there is no filter `batch`"),
    ("{{ x | center(1000000000) }}", "unknown-function", "there is no filter `center`"),
    ("{{ x | int }}", "unknown-function", "there is no filter `int`"),
    # Jinja's own globals
    ("{{ cycler('a') }}", "unknown-function", "there is no function `cycler`"),
    ("{{ joiner() }}", "unknown-function", "there is no function `joiner`"),
    ("{{ namespace() }}", "unknown-function", "there is no function `namespace`"),
    ("{{ lipsum() }}", "unknown-function", "there is no function `lipsum`"),
    ("{{ lipsum(n=100000) }}", "template-not-allowed", NAMED),
    ("{{ range(1000000000) }}", "unknown-function", "there is no function `range`"),
    ("{{ dict(a=1) }}", "template-not-allowed", NAMED),
    ("{{ super() }}", "unknown-function", "there is no function `super`"),
    ("{{ caller() }}", "unknown-function", "there is no function `caller`"),
    ("{{ open('/etc/passwd') }}", "unknown-function", "there is no function `open`"),
    ("{{ eval('1') }}", "unknown-function", "there is no function `eval`"),
    ("{{ __import__('os') }}", "unknown-function", "there is no function `__import__`"),
    ("{{ _('x') }}", "unknown-function", "there is no function `_`"),
    ("{{ money(*x) }}", "template-not-allowed", NAMED),
    ("{{ money(**x) }}", "template-not-allowed", NAMED),
    ("{{ money(x, currency='USD') }}", "template-not-allowed", NAMED),
    # arithmetic, which takes time and memory
    ("{{ 'a' * 10**9 }}", "template-not-allowed", ARITHMETIC),
    ("{{ 7 ** (7 ** 9) }}", "template-not-allowed", ARITHMETIC),
    ("{{ '%1000000000d' % 1 }}", "template-not-allowed", ARITHMETIC),
    ("{{ 1 + 1 }}", "template-not-allowed", ARITHMETIC),
    ("{{ 1 - x }}", "template-not-allowed", ARITHMETIC),
    ("{{ 1 / 0 }}", "template-not-allowed", ARITHMETIC),
    ("{{ 1 // 0 }}", "template-not-allowed", ARITHMETIC),
    ("{{ -x }}", "template-not-allowed", ARITHMETIC),
    ("{{ +x }}", "template-not-allowed", ARITHMETIC),
    ("{{ -'x' }}", "template-not-allowed", ARITHMETIC),
    ("{{ -none }}", "template-not-allowed", ARITHMETIC),
    ("{{ -true }}", "template-not-allowed", ARITHMETIC),
    ("{{ -1e400 }}", "template-not-allowed", "JSON cannot write this value"),
    # statements
    ("{% for i in x %}{{ i }}{% endfor %}", "template-not-allowed", "a loop is not allowed in a template"),
    (
        "{% for i in range(9) recursive %}{{ loop(i) }}{% endfor %}",
        "template-not-allowed",
        "a loop is not allowed in a template",
    ),
    ("{% macro m() %}x{% endmacro %}", "template-not-allowed", "a macro is not allowed in a template"),
    ("{% call m() %}x{% endcall %}", "template-not-allowed", "a call is not allowed in a template"),
    ("{% include '/etc/passwd' %}", "template-not-allowed", "an include is not allowed in a template"),
    ("{% import 'x' as y %}", "template-not-allowed", "an import is not allowed in a template"),
    ("{% from 'x' import y %}", "template-not-allowed", "an import is not allowed in a template"),
    ("{% extends 'x' %}", "template-not-allowed", "an extends is not allowed in a template"),
    ("{% block b %}x{% endblock %}", "template-not-allowed", "a block is not allowed in a template"),
    ("{% set a = 1 %}", "template-not-allowed", "an assignment is not allowed in a template"),
    ("{% set a %}x{% endset %}", "template-not-allowed", "an assignment is not allowed in a template"),
    (
        "{% filter upper %}x{% endfilter %}",
        "template-not-allowed",
        "a filter block is not allowed in a template",
    ),
    ("{% with a = 1 %}{{ a }}{% endwith %}", "template-not-allowed", "a with is not allowed in a template"),
    (
        "{% autoescape true %}x{% endautoescape %}",
        "template-not-allowed",
        "an autoescape block is not allowed in a template",
    ),
    ("{% do x %}", "template-syntax", "not a template: Encountered unknown tag 'do'"),
    ("{% break %}", "template-syntax", "not a template: Encountered unknown tag 'break'"),
    ("{% trans %}x{% endtrans %}", "template-syntax", "not a template: Encountered unknown tag 'trans'"),
    ("{% debug %}", "template-syntax", "not a template: Encountered unknown tag 'debug'"),
    # values that are made, and places that are computed
    ("{{ [1, 2] }}", "template-not-allowed", "a list is not allowed in a template"),
    ("{{ (1, 2) }}", "template-not-allowed", "a tuple is not allowed in a template"),
    ("{{ {'a': 1} }}", "template-not-allowed", "an object is not allowed in a template"),
    ("{{ x[1:2] }}", "template-not-allowed", INDEX),
    ("{{ x[y] }}", "template-not-allowed", INDEX),
    ("{{ x['__cla' ~ 'ss__'] }}", "template-not-allowed", INDEX),
    ("{{ x[true] }}", "template-not-allowed", INDEX),
    ("{{ x[-'a'] }}", "template-not-allowed", INDEX),
    ("{{ x[-true] }}", "template-not-allowed", INDEX),
    ("{{ x[-1.5] }}", "template-not-allowed", INDEX),
    ("{{ x[1.5] }}", "template-not-allowed", INDEX),
    ("{{ 1 < x < 3 }}", "template-not-allowed", "one comparison at a time"),
    (
        "{{ x is divisibleby 3 }}",
        "template-not-allowed",
        "there is no test `divisibleby`; there are `defined` and `undefined`",
    ),
    (
        "{{ x is string }}",
        "template-not-allowed",
        "there is no test `string`; there are `defined` and `undefined`",
    ),
    (
        "{{ x is callable }}",
        "template-not-allowed",
        "there is no test `callable`; there are `defined` and `undefined`",
    ),
    ("{{ 1e999 }}", "template-not-allowed", "JSON cannot write this value"),
    ("{{ '\\ud800' }}", "template-not-allowed", "JSON cannot write this value"),
    # what Jinja would take and mean otherwise
    (
        "{{ x | default }}",
        "template-not-allowed",
        "`default` takes one argument: the replacement for a missing value",
    ),
    (
        "{{ x | default('a', true) }}",
        "template-not-allowed",
        "`default` takes one argument: the replacement for a missing value",
    ),
    ("{{ x | d }}", "template-not-allowed", "`d` takes one argument: the replacement for a missing value"),
    ("{{ x | default(value='a') }}", "template-not-allowed", NAMED),
    ("{{ x | join }}", "wrong-arguments", "`join` takes 2 arguments, not 1"),
    ("{{ x | sort_by('a') }}", "wrong-arguments", "`sort_by` takes an expression as its second argument"),
    ("{{ x | map('upper') }}", "wrong-arguments", "`map` takes an expression as its first argument"),
]


@pytest.mark.parametrize(("text", "id", "message"), ATTACKS)
def test_refused_when_it_is_compiled(text: str, id: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_template(scalar_of(text))

    item = caught.value.diagnostics[0]
    assert (item.id, item.message) == (id, message)
    assert item.span is not None
    assert 0 <= item.span.start < item.span.end <= len(text)


# Allowed, because a name is only ever looked for among the keys of the payload.
HARMLESS = [
    ("{{ ''.__class__ }}", None),
    ("{{ ''['__class__'] }}", None),
    ("{{ x.__class__.__mro__ }}", None),
    ("{{ x.__init__ }}", None),
    ("{{ cycler.__init__.__globals__ }}", None),
    ("{{ self._TemplateReference__context }}", None),
    ("{{ config }}", None),
    ("{{ lipsum }}", None),
    ("{{ upper }}", None),
    ("{{ money.call }}", None),
    ("{{ loop.index }}", None),
    ("{{ request.application }}", None),
    ("{{ x.items }}", None),
    ("{{ x.real }}", None),
    ("{{ names.count }}", None),
    ("{{ x['__class__'] | default('no') }}", "no"),
    ("{% raw %}{{ x.__class__() }}{% endraw %}", "{{ x.__class__() }}"),
    ("{# {% include 'x' %} #}", ""),
    ("{{ evil }}", "{{ 7 * 7 }} {0.__class__} %s ${jndi:x}"),
    ("{{ evil | upper }}", "{{ 7 * 7 }} {0.__CLASS__} %S ${JNDI:X}"),
    ("{{ replace(evil, '7', '{{') }}", "{{ {{ * {{ }} {0.__class__} %s ${jndi:x}"),
]
PAYLOAD = {"x": {"a": 1}, "names": ["n"], "evil": "{{ 7 * 7 }} {0.__class__} %s ${jndi:x}"}


@pytest.mark.parametrize(("text", "result"), HARMLESS)
def test_a_name_is_a_key_of_the_payload_and_nothing_else(text: str, result: str | None) -> None:
    assert evaluate(text, PAYLOAD) == result


def test_nothing_of_jinjas_runtime_is_ever_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_args: object, **_keywords: object) -> None:
        raise AssertionError("Jinja must only parse")

    for name in (
        "compile",
        "from_string",
        "get_template",
        "_generate",
        "_compile",
        "call_filter",
        "getattr",
        "getitem",
    ):
        monkeypatch.setattr(jinja2.Environment, name, forbidden)
    for name in ("render", "generate", "new_context", "root_render_func"):
        monkeypatch.setattr(jinja2.environment.Template, name, forbidden, raising=False)
    monkeypatch.setattr(jinja2.runtime.Context, "call", forbidden)
    monkeypatch.setattr(jinja2.runtime, "Undefined", forbidden)

    text = "{% if a.b[0] is defined %}{{ a['b'] | join('-') | upper }}{% else %}{{ x ~ 1 }}{% endif %}"
    assert evaluate(text, {"a": {"b": ["y", "z"]}}) == "Y-Z"
    assert evaluate("{{ cycler.next }}{{ root.x }}", {"x": 1}) is None
    for attack, _, _ in ATTACKS:
        with pytest.raises(CompileError):
            compile_template(scalar_of(attack))


def test_no_function_of_the_library_formats_with_the_payload() -> None:
    """``.format`` of a text that comes from the payload is how a sandbox is left."""
    import ast
    from pathlib import Path

    import crossdock.language.functions

    for path in Path(crossdock.language.functions.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("format", "format_map"), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                assert not isinstance(node.left, ast.Constant | ast.JoinedStr), f"{path.name}:{node.lineno}"


HOSTILE = {
    "parentheses": "{{" + "(" * 1_900 + "x" + ")" * 1_900 + "}}",
    "open lists": "{{ " + "[" * 3_900 + " }}",
    "negations": "{{ " + "not " * 900 + "x }}",
    "signs": "{{ " + "-" * 3_900 + "1 }}",
    "filters": "{{ x" + "|upper" * 600 + " }}",
    "points": "{{ x" + ".a" * 1_900 + " }}",
    "brackets": "{{ a" + "[0]" * 1_200 + " }}",
    "conjunctions": "{{ " + "x and " * 600 + "x }}",
    "inline ifs": "{{ " + "x if x else " * 300 + "x }}",
    "ifs": "{% if x %}" * 190 + "{% endif %}" * 190,
    "elifs": "{% if x %}a" + "{% elif x %}a" * 280 + "{% endif %}",
    "open outputs": "{{" * 1_900,
    "too long": "a" * 4_001 + "{{ x }}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_template_is_refused_at_once(text: str) -> None:
    scalar = scalar_of(text)

    def refuse() -> None:
        with pytest.raises(CompileError) as caught:
            compile_template(scalar)
        item = caught.value.diagnostics[0]
        assert item.id in ("expression-too-large", "template-too-large", "template-syntax")

    assert fastest(refuse) < 0.1


@pytest.mark.parametrize(
    ("text", "id", "message", "place"),
    [
        (
            "a {{ x",
            "template-syntax",
            "not a template: unexpected end of template, expected 'end of print statement'",
            "a {{ x",
        ),
        ("a\n{{ x }\nb", "template-syntax", "not a template: unexpected '}'", "{{ x }"),
        (
            "{{ }}",
            "template-syntax",
            "not a template: Expected an expression, got 'end of print statement'",
            "{{ }}",
        ),
        ("{% iff x %}", "template-syntax", "not a template: Encountered unknown tag 'iff'", "{% iff x %}"),
        (
            "a\nb {% for x in y %}{% endfor %}\nc",
            "template-not-allowed",
            "a loop is not allowed in a template",
            "b {% for x in y %}{% endfor %}",
        ),
        ("{{ mony(x) }}", "unknown-function", "there is no function `mony`", "mony"),
        ("{{ 'mony' ~ mony(x) }}", "unknown-function", "there is no function `mony`", "mony"),
        ("{# mony #}mony {{ x | mony }}", "unknown-function", "there is no filter `mony`", "mony"),
        ("{{ x['mony'] | mony }}", "unknown-function", "there is no filter `mony`", "mony"),
        ("{{ x }}\n\n{{- mony(x) }}", "unknown-function", "there is no function `mony`", "mony"),
        (
            "a" * 4_001 + "{{ x }}",
            "template-too-large",
            "the template has more than 4000 characters",
            "a" * 4_001 + "{{ x }}",
        ),
        (
            "{{ x }} {{ " + "(" * 41 + "x" + ")" * 41 + " }}",
            "expression-too-large",
            "the expression nests deeper than 40 levels",
            "(",
        ),
        (
            "{{ x" + ".a" * 200 + " }}",
            "expression-too-large",
            "the expression chains more than 100 operators",
            "{{ x" + ".a" * 200 + " }}",
        ),
    ],
)
def test_the_sentence_and_the_place(text: str, id: str, message: str, place: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_template(scalar_of(text))

    item = caught.value.diagnostics[0]
    assert item.span is not None
    assert (item.id, item.message, item.span.text) == (id, message, place)


def test_the_place_of_a_name_is_not_that_of_an_equal_text_before_it() -> None:
    text = "mony {# mony #}{{ 'mony' ~ \"mony\" ~ x['mony'] ~ mony(x) }}"
    with pytest.raises(CompileError) as caught:
        compile_template(scalar_of(text))

    (item,) = caught.value.diagnostics
    assert item.span is not None
    assert item.span.start == text.rindex("mony(")


def test_a_mistake_stands_at_its_place_in_the_file_too() -> None:
    root = parse_yaml(Source("m.yaml", 'key: "\\u00e9 \\"{{ x }}\\"\n  {{ mony(x) }}"\n'))
    assert isinstance(root, MapNode)
    scalar = root.get("key")
    assert isinstance(scalar, ScalarNode)

    with pytest.raises(CompileError) as caught:
        compile_template(scalar)
    assert str(caught.value) == (
        "error[unknown-function]: there is no function `mony`\n"
        "  --> m.yaml:2:6\n"
        "  |\n"
        '2 |   {{ mony(x) }}"\n'
        "  |      ^^^^\n"
        "  = help: did you mean `money`?"
    )


def test_all_mistakes_of_a_template_are_reported() -> None:
    text = "{% for x in y %}{% endfor %}{{ mony(x) }}{{ 1 + 1 }}{{ x | uper }}{{ length() }}"
    with pytest.raises(CompileError) as caught:
        compile_template(scalar_of(text))

    assert sorted(item.message for item in caught.value.diagnostics) == [
        "`length` takes 1 argument, not 0",
        "a loop is not allowed in a template",
        "arithmetic is not allowed in a template",
        "there is no filter `uper`",
        "there is no function `mony`",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ a }}", True),
        ("{% if a %}{% endif %}", True),
        ("{# a #}", True),
        ("a }}", False),
        ("{a: b}", False),
        ("a.{b: c}", False),
        ("[{a: {b: c}}]", False),
    ],
)
def test_a_template_is_told_from_an_expression_by_its_brackets(text: str, expected: bool) -> None:
    assert is_template(text) is expected
