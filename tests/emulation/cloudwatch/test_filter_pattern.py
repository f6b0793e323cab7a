"""The examples of "Filter and pattern syntax", and what is refused.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulation.cloudwatch import filter_pattern
from tests.emulation.cloudwatch.json_pattern import (
    KEYWORDS,
    ORDERS,
    All,
    AnyOf,
    Bare,
    Equality,
    Expression,
    Is,
    JsonPattern,
    NotExists,
    Order,
    Quoted,
)
from tests.emulation.cloudwatch.selector import Selector
from tests.emulation.cloudwatch.term_pattern import Term, TermPattern
from tests.emulation.unsupported import UnsupportedError

BAD_REQUEST = "[ERROR 400] BAD REQUEST"
UNAUTHORIZED = "[ERROR 401] UNAUTHORIZED REQUEST"
MISSING = "[ERROR 419] MISSING ARGUMENTS"
INVALID = "[ERROR 420] INVALID ARGUMENTS"
INTERNAL = "[ERROR 500] INTERNAL SERVER ERROR"

TRAIL = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
}
PEOPLE = {
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}


def matches(pattern: str, message: str) -> bool:
    return filter_pattern.parse(pattern).matches(message)


@pytest.mark.parametrize(
    ("pattern", "found", "passed_over"),
    [
        ("ERROR", [BAD_REQUEST, UNAUTHORIZED, MISSING, INVALID], []),
        ("ERROR ARGUMENTS", [MISSING, INVALID], [BAD_REQUEST, UNAUTHORIZED]),
        ("?ERROR ?ARGUMENTS", [BAD_REQUEST, UNAUTHORIZED, MISSING, INVALID], []),
        ('"INTERNAL SERVER ERROR"', [INTERNAL], [BAD_REQUEST]),
        ("ERROR -ARGUMENTS", [BAD_REQUEST, UNAUTHORIZED], [MISSING, INVALID]),
        ('" "', [BAD_REQUEST, "", "{}"], []),
        # Case counts, as the page's note says.
        ("error", [], [BAD_REQUEST]),
        # https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/lightsail/, GetContainerLogRequest.filterPattern:
        ("", [BAD_REQUEST, ""], []),
        ("-ERROR", ["all is well"], [BAD_REQUEST]),
    ],
)
def test_terms(pattern: str, found: list[str], passed_over: list[str]) -> None:
    assert all(matches(pattern, message) for message in found)
    assert not any(matches(pattern, message) for message in passed_over)


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        # Strings, numbers, arrays, objects in arrays, IS, NOT EXISTS.
        ('{ $.eventType = "UpdateTrail" }', TRAIL, True),
        ("{ $.sourceIPAddress != 123.123.* }", TRAIL, True),
        ("{ $.sourceIPAddress != 111.111.* }", TRAIL, False),
        ('{ $.arrayKey[0] = "value" }', TRAIL, True),
        ("{ $.objectList[1].id = 2 }", TRAIL, True),
        ("{ $.SomeObject IS NULL }", TRAIL, True),
        ("{ $.SomeOtherObject NOT EXISTS }", TRAIL, True),
        ("{ $.SomeObject NOT EXISTS }", TRAIL, False),
        ('{ $.eventType = "*" && $.sourceIPAddress != 123.123.* }', TRAIL, True),
        # The asterisk is the only wildcard.
        ('{ $.eventType = "Update?rail" }', TRAIL, False),
        ('{ $.a = "[x]?" }', {"a": "[x]?"}, True),
        ('{ $.a = "[x]?" }', {"a": "xy"}, False),
        # "If a property selector points to an array or object, the metric filter won't match the log format."
        ('{ $.arrayKey = "value" }', TRAIL, False),
        ('{ $.objectList = "*" }', TRAIL, False),
        # Compound expressions, and the order of operations.
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', PEOPLE, True),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "no" && $.actions[2] = "no" }',
            PEOPLE,
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "no") && $.actions[2] = "no" }',
            PEOPLE,
            False,
        ),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', PEOPLE, False),
        # Numeric operators; the page gives the patterns, the lines are ours.
        ("{ $.bandwidth > 75 }", {"bandwidth": 76}, True),
        ("{ $.bandwidth > 75 }", {"bandwidth": 75}, False),
        ("{ $.latency < 50 }", {"latency": 49.9}, True),
        ("{ $.latency < 50 }", {"latency": 50}, False),
        ("{ $.refreshRate >= 60 }", {"refreshRate": 60}, True),
        ("{ $.responseTime <= 5 }", {"responseTime": 5.1}, False),
        ("{ $.errorCode = 400}", {"errorCode": 400}, True),
        ("{ $.errorCode = 400}", {"errorCode": 4000}, False),
        ("{ $.errorCode != 500 }", {"errorCode": 400}, True),
        ("{ $.number[0] = 1e-3 }", {"number": [0.001]}, True),
        ("{ $.number[0] != 1e+3 }", {"number": [1000]}, False),
        ("{ $.latency = * }", {"latency": 50, "requestType": "GET"}, True),
        ("{ $.latency = * }", {"requestType": "GET"}, False),
        ("{ $.status = 4* }", {"status": 404}, True),
        ("{ $.ok IS TRUE }", {"ok": True}, True),
        ("{ $.ok IS TRUE }", {"ok": 1}, False),
        ("{ $.ok IS FALSE }", {"ok": False}, True),
    ],
)
def test_json(pattern: str, line: dict[str, Any], expected: bool) -> None:  # noqa: FBT001  a column
    assert matches(pattern, json.dumps(line)) is expected


@pytest.mark.parametrize("message", ["not JSON", '["an array"]', '"a text"', ""])
def test_what_is_no_json_object_has_no_fields(message: str) -> None:
    assert not matches("{ $.a NOT EXISTS }", message)


@pytest.mark.parametrize(
    "pattern",
    [
        "%AUTHORIZED%",
        '"%AUTHORIZED%"',
        "{ $.message = %bind% }",
        "[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        "{ $.a IS NOT NULL }",  # "currently not supported", says the page
        "{ $.a EXISTS }",
        "{ $.a[*] = 1 }",
        "{ $.a is null }",
        "{ $.a = a-b }",
        "{ $.a > b }",
        "{ $.a = 1 && }",
        "{ ($.a = 1 }",
        "{ $.a = 1) }",
        "{ a = 1 }",
        "{ }",
        "ERROR ?WARN",
        "4.5",
        "a-b",
        '"unfinished',
    ],
)
def test_what_it_does_not_know_it_refuses(pattern: str) -> None:
    with pytest.raises(UnsupportedError, match=r"evaluator|not documented"):
        filter_pattern.parse(pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{ $.a != 1 }", "{}"),
        ("{ $.a != 1 }", '{"a": [1]}'),
        ("{ $.a = 1 }", '{"a": true}'),
        ("{ $.a = * }", '{"a": null}'),
        ('{ $.a = "1" }', '{"a": 1}'),
        ("{ $.a > 1 }", '{"a": "2"}'),
        ("ERROR", "ERRORS"),
        ("-ERROR", "anERROR"),
    ],
)
def test_what_is_not_documented_it_refuses_when_it_comes_to_it(pattern: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match="not documented"):
        matches(pattern, message)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,5}", fullmatch=True)
SELECTORS = st.builds(
    lambda first, rest: Selector((first, *rest)), NAMES, st.lists(NAMES | st.integers(0, 9), max_size=3)
)
TEXTS = st.text(st.characters(codec="ascii", exclude_characters='"%', categories=["L", "N", "P", "S", "Zs"]))
NUMBERS = st.integers(-9999, 9999).map(float) | st.floats(-1e6, 1e6)
BARE = st.from_regex(r"[A-Za-z0-9_.*]{1,6}", fullmatch=True).map(Bare)
CONDITIONS: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Equality, SELECTORS, st.booleans(), TEXTS.map(Quoted) | BARE),
    st.builds(Order, SELECTORS, st.sampled_from(sorted(ORDERS)), NUMBERS),
    st.builds(Is, SELECTORS, st.sampled_from(sorted(KEYWORDS))),
    st.builds(NotExists, SELECTORS),
)
EXPRESSIONS = st.recursive(
    CONDITIONS,
    lambda parts: st.builds(
        lambda kind, several: kind(tuple(several)),
        st.sampled_from([All, AnyOf]),
        st.lists(parts, min_size=2, max_size=3),
    ),
    max_leaves=6,
)


@given(expression=EXPRESSIONS)
def test_a_json_pattern_written_down_is_read_as_the_same_pattern(expression: Expression) -> None:
    pattern = JsonPattern(expression)
    assert filter_pattern.parse(str(pattern)) == pattern


TERMS = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), min_size=1).map(Term)


@given(wanted=st.lists(TERMS), unwanted=st.lists(TERMS), alternatives=st.lists(TERMS, min_size=1))
def test_a_pattern_of_terms_written_down_is_read_as_the_same_pattern(
    wanted: list[Term], unwanted: list[Term], alternatives: list[Term]
) -> None:
    for pattern in (TermPattern(tuple(wanted), tuple(unwanted)), TermPattern(alternatives=tuple(alternatives))):
        assert filter_pattern.parse(str(pattern)) == pattern
