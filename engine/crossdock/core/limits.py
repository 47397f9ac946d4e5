"""The bounds on what users, channels and files may give, and on what tools do with it.

Each is a constant; docs/security.md shows all of them, ``LIMITS``, as a table. A bound of the program's own
work, such as the depth of generated code, stays in its module.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Limit(NamedTuple):
    """One bound. ``bounds`` completes "the most ... of".

    What exceeds it is an error with the diagnostic ``id``; or it is none, and ``effect`` says what happens.
    """

    value: int
    unit: str
    bounds: str
    id: str = ""
    effect: str = ""


_known: list[Limit] = []


def _limit(value: int, unit: str, bounds: str, id: str) -> int:
    _known.append(Limit(value, unit, bounds, id=id))
    return value


def _cut(value: int, unit: str, bounds: str, effect: str) -> int:
    _known.append(Limit(value, unit, bounds, effect=effect))
    return value


PAYLOAD_BYTES: Final = _limit(32 * 1024 * 1024, "bytes", "a payload", "payload-too-large")
PAYLOAD_VALUES: Final = _limit(2_000_000, "values", "a payload with a schema", "payload-too-large")
PAYLOAD_DEPTH: Final = _limit(64, "levels", "a payload's objects and lists", "nesting-too-deep")
VIOLATIONS: Final = _cut(20, "violations", "the report on one payload", "the others are not reported")
INTEGER_BITS: Final = _limit(64, "bits", "a whole number, signed or not", "number-range")

FILE_CHARACTERS: Final = _limit(256 * 1024, "characters", "a YAML file", "file-too-large")
FILE_VALUES: Final = _limit(50_000, "values", "a YAML file", "file-too-large")
FILE_DEPTH: Final = _limit(32, "levels", "a YAML file's objects and lists", "yaml-depth")
USES: Final = _limit(2_000, "uses", "the other mappings and fragments of a mapping", "file-too-large")
USED_CELLS: Final = _limit(20_000, "cells", "what a mapping uses, each as often as used", "file-too-large")
USE_CHAIN: Final = _limit(32, "links", "a chain of uses", "file-too-large")
EXPANDED_STEPS: Final = _limit(
    2_000, "steps", "the steps of a conversation, with those of the files that it uses", "file-too-large"
)
USE_LEVELS: Final = _limit(
    100, "levels", "a mapping's objects and lists, with all that it uses", "file-too-large"
)

EXPRESSION_CHARACTERS: Final = _limit(4_000, "characters", "an expression", "expression-too-large")
TEMPLATE_CHARACTERS: Final = _limit(4_000, "characters", "a template", "template-too-large")
EXPRESSION_DEPTH: Final = _limit(40, "levels", "an expression's brackets", "expression-too-large")
EXPRESSION_CHAIN: Final = _limit(100, "operators", "a chain in an expression", "expression-too-large")
RESULT_COPIES: Final = _limit(512, "copies", "what an expression reads", "expression-too-large")
MAPPING_COPIES: Final = _limit(1_024, "copies", "what the cells of a mapping read", "expression-too-large")
CONVERSATION_COPIES: Final = _limit(
    4_096, "copies", "what the cells of a conversation read", "expression-too-large"
)
NESTED_LOOPS: Final = _limit(2, "loops", "nested loops over the whole payload", "expression-too-large")

RESULT_CHARACTERS: Final = _limit(
    128 * 1024 * 1024, "characters", "the texts of a result, and eight for each value", "result-too-large"
)
STRING_CHARACTERS: Final = _limit(256 * 1024, "characters", "a string from a function", "evaluation-failed")
STRING_PARTS: Final = _limit(100_000, "parts", "a list that `split` makes", "evaluation-failed")
DECIMAL_DIGITS: Final = _limit(
    20, "digits", "a decimal number, before and after the point", "evaluation-failed"
)
DECIMAL_CHARACTERS: Final = _limit(64, "characters", "a decimal number in a string", "evaluation-failed")
PADDED_CHARACTERS: Final = _limit(
    1_000, "characters", "the length that `pad_left` takes", "evaluation-failed"
)

SCHEMA_PLACES: Final = _limit(2_000, "schemas", "the references from one place", "endless-reference")
SCHEMA_CHAIN: Final = _limit(100, "schemas", "a chain of references", "endless-reference")
PATTERN_CHARACTERS: Final = _limit(200, "characters", "a pattern", "unsafe-pattern")
PATTERN_ELEMENTS: Final = _limit(400, "elements", "a pattern, repeats written out", "unsafe-pattern")
PATTERN_WAYS: Final = _limit(100, "ways", "matching one text with a pattern", "unsafe-pattern")
PATTERN_STEPS: Final = _limit(4_000_000, "steps", "matching a text with a pattern", "pattern-mismatch")

# What a mapping may use with --untrusted.
RUN_MEMORY: Final = _limit(512 * 1024 * 1024, "bytes", "the memory of an untrusted run", "memory-limit")
RUN_PROCESSOR: Final = _limit(2, "seconds", "the processor time of an untrusted run", "processor-limit")
RUN_SECONDS: Final = _limit(30, "seconds", "the time of an untrusted run, by the clock", "time-limit")
RUN_OUTPUT: Final = _limit(64 * 1024 * 1024, "bytes", "the output of an untrusted run", "output-limit")
RUN_FILES: Final = _cut(16, "files", "the open files of an untrusted run", "another one cannot be opened")

# Those of a call are defaults: `limits` in channel.yaml sets others.
CALL_SECONDS: Final = _limit(30, "seconds", "one attempt of a call, its answer included", "channel-failed")
CALL_ATTEMPTS: Final = _limit(3, "attempts", "a call that may be repeated", "channel-failed")
CALL_WAIT: Final = _cut(60, "seconds", "the wait between two attempts", "the wait is cut short")
AGAIN_CALLS: Final = _limit(100, "calls", "a step with `again` that does not say `most`", "channel-failed")
MOST_AGAIN_CALLS: Final = _limit(10_000, "calls", "the `most` of a step with `again`", "limit-value")
ANSWER_BYTES: Final = _limit(4 * 1024 * 1024, "bytes", "a channel's answer", "channel-failed")
ANSWER_TEXT_BYTES: Final = _cut(2_000, "bytes", "an answer that is not JSON", "the rest is dropped")
FAILURE_CHARACTERS: Final = _cut(200, "characters", "the `text` of a failure", "the rest is dropped")

DOCUMENT_BYTES: Final = _limit(
    8 * 1024 * 1024, "bytes", "a document that `derive` reads", "document-too-large"
)
DOCUMENT_VALUES: Final = _limit(1_000, "JSON values", "a document", "json-too-many")
DOCUMENT_DEPTH: Final = _limit(64, "levels", "the JSON in a document", "json-malformed")

COMPARED_DEPTH: Final = _cut(12, "levels", "a type that is checked", "deeper parts are accepted")
COVERED_DEPTH: Final = _cut(16, "levels", "the fields of `coverage`", "what is deeper counts as one field")
DRAFTED_DEPTH: Final = _cut(6, "levels", "the fields that `suggest` writes", "deeper fields are left out")
CANDIDATE_DEPTH: Final = _cut(
    7, "levels", "the fields that `suggest` reads", "deeper fields are not considered"
)
CANDIDATES: Final = _cut(5_000, "fields", "the fields that `suggest` reads", "the others are not considered")
CANDIDATE_VALUES: Final = _cut(
    200, "values", "the examples of a field in `suggest`", "the others are not used"
)
DIFF_PAIRS: Final = _cut(10_000, "pairs", "two lists in `diff`", "elements are compared by position")
DIFF_PAYLOADS: Final = _cut(
    1_000, "payloads", "the payloads that `diff` names", "the others are only counted"
)
SHEET_EXAMPLES: Final = _cut(60, "examples", "the examples of `sheet`", "the others are not used")
CACHE_ENTRIES: Final = _cut(512, "entries", "the cache of generated code", "the oldest entries are deleted")

LIMITS: Final = tuple(_known)

LEAST_INTEGER: Final = -(2 ** (INTEGER_BITS - 1))
MOST_INTEGER: Final = 2**INTEGER_BITS - 1
