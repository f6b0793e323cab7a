"""The examples of EventBridge's pages on event patterns, and what is refused.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html (operators)
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-null-values.html
Where a page gives a pattern and no event, or the other way round, the missing half is ours.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulation.eventbridge import patterns
from tests.emulation.unsupported import UnsupportedError

TERMINATED = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"},
}
LAUNCHED = {
    "detail-type": "EC2 Instance Launch Successful",
    "source": "aws.autoscaling",
    "resources": [],
    "detail": {"eventVersion": "", "responseElements": None},
}
WITHOUT_STATE = {
    "detail-type": ["EC2 Instance State-change Notification"],
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-02ebd4584a2ebd341"],
    "detail": {"c-count": {"c1": 100}},
}
FINDING = {"source": "aws.macie", "detail-type": "Macie Finding", "detail": {"severity": {"score": 1}, "count": 2}}
GROUP = (
    "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:eb56d16b-bbf0-401d-b893-d5978ed4a025:"
    "autoScalingGroupName/ASGTerminate"
)
INSTANCES = [f"arn:aws:ec2:us-east-1:{account}:instance/i-b188560f" for account in ("123456789012", "111122223333")]
COUNTS = {
    "c-count": [{"numeric": [">", 0, "<=", 5]}],
    "d-count": [{"numeric": ["<", 10]}],
    "x-limit": [{"numeric": ["=", 3.018e2]}],
}
COMPLEX = {
    "time": [{"prefix": "2017-10-02"}],
    "detail": {
        "state": [{"anything-but": "initializing"}],
        "c-count": [{"numeric": [">", 0, "<=", 5]}],
        "d-count": [{"numeric": ["<", 10]}],
        "x-limit": [{"anything-but": [100, 200, 300]}],
    },
}


def detail(**fields: Any) -> dict[str, Any]:
    return {"detail": fields}


def either(**rules: Any) -> dict[str, Any]:
    """As the page writes it: one alternative per field."""
    return {"detail": {"$or": [{name.replace("_", "-"): rule} for name, rule in rules.items()]}}


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        # Fields and values.
        ({"source": ["aws.ec2"], **detail(state=["terminated"])}, TERMINATED, True),
        ({"source": ["aws.ec2"], **detail(state=["running"])}, TERMINATED, False),
        ({"source": ["aws.ec2", "aws.fargate"]}, {"source": "aws.fargate"}, True),
        ({"source": ["aws.ec2"]}, {}, False),
        ({"source": ["aws.macie"], **detail(severity={"score": [1]}, count=[2])}, FINDING, True),
        ({"source": ["aws.macie"], **detail(severity={"score": [2]}, count=[2])}, FINDING, False),
        ({"source": ["AWS.ec2"]}, {"source": "aws.ec2"}, False),
        # Null and the empty text, which are not interchangeable.
        (detail(eventVersion=[""]), LAUNCHED, True),
        (detail(responseElements=[None]), LAUNCHED, True),
        (detail(responseElements=[""]), LAUNCHED, False),
        (detail(eventVersion=[None]), LAUNCHED, False),
        # Arrays.
        ({"resources": [*INSTANCES]}, {"resources": [GROUP, INSTANCES[0]]}, True),
        ({"resources": [INSTANCES[1]]}, {"resources": [GROUP, INSTANCES[0]]}, False),
        # Beginnings and endings.
        ({"time": [{"prefix": "2017-10-02"}]}, {"time": "2017-10-02T18:43:48Z"}, True),
        ({"time": [{"prefix": "2017-10-02"}]}, {"time": "2017-10-03T18:43:48Z"}, False),
        ({"service": [{"prefix": {"equals-ignore-case": "eventb"}}]}, {"service": "EventBridge"}, True),
        ({"FileName": [{"suffix": ".png"}]}, {"FileName": "a.png"}, True),
        ({"FileName": [{"suffix": ".png"}]}, {"FileName": "a.png.txt"}, False),
        ({"FileName": [{"suffix": {"equals-ignore-case": ".png"}}]}, {"FileName": "a.PNG"}, True),
        # Anything but.
        (detail(state=[{"anything-but": "initializing"}]), detail(state="running"), True),
        (detail(state=[{"anything-but": "initializing"}]), detail(state="initializing"), False),
        (detail(state=[{"anything-but": "initializing"}]), detail(), False),
        (detail(**{"x-limit": [{"anything-but": 123}]}), detail(**{"x-limit": 124}), True),
        (detail(**{"x-limit": [{"anything-but": 123}]}), detail(**{"x-limit": 123}), False),
        (detail(state=[{"anything-but": ["stopped", "overloaded"]}]), detail(state="running"), True),
        (detail(state=[{"anything-but": ["stopped", "overloaded"]}]), detail(state="overloaded"), False),
        (detail(**{"x-limit": [{"anything-but": [100, 200, 300]}]}), detail(**{"x-limit": 400}), True),
        (detail(**{"x-limit": [{"anything-but": [100, 200, 300]}]}), detail(**{"x-limit": 300}), False),
        (detail(state=[{"anything-but": {"equals-ignore-case": "initializing"}}]), detail(state="INITIALIZING"), False),
        (detail(state=[{"anything-but": {"prefix": "init"}}]), detail(state="initializing"), False),
        (detail(state=[{"anything-but": {"prefix": "init"}}]), detail(state="running"), True),
        ({"Region": [{"anything-but": {"prefix": "us-"}}]}, {"Region": "eu-west-1"}, True),
        ({"FileName": [{"anything-but": {"suffix": ".png"}}]}, {"FileName": "a.png"}, False),
        ({"FileName": [{"anything-but": {"suffix": [".png", ".jpg"]}}]}, {"FileName": "a.jpg"}, False),
        ({"FilePath": [{"anything-but": {"wildcard": "*/lib/*"}}]}, {"FilePath": "/usr/lib/x"}, False),
        ({"FilePath": [{"anything-but": {"wildcard": "*/lib/*"}}]}, {"FilePath": "/usr/bin/x"}, True),
        # Numbers.
        (detail(**COUNTS), detail(**{"c-count": 5, "d-count": 9.5, "x-limit": 301.8}), True),
        (detail(**COUNTS), detail(**{"c-count": 0, "d-count": 9.5, "x-limit": 301.8}), False),
        ({"Price": [{"numeric": ["=", 100]}]}, {"Price": 100}, True),
        ({"Price": [{"numeric": [">", 10, "<=", 20]}]}, {"Price": 20}, True),
        ({"Price": [{"numeric": [">", 10, "<=", 20]}]}, {"Price": "20"}, False),
        # Existence, of leaves.
        (detail(state=[{"exists": True}]), TERMINATED, True),
        (detail(state=[{"exists": True}]), WITHOUT_STATE, False),
        (detail(state=[{"exists": False}]), WITHOUT_STATE, True),
        (detail(state=[{"exists": False}]), TERMINATED, False),
        (detail(state=[{"exists": False}]), {}, True),
        (detail(**{"c-count": [{"exists": True}]}), WITHOUT_STATE, False),
        # Regardless of case.
        (
            {"detail-type": [{"equals-ignore-case": "ec2 instance state-change notification"}]},
            WITHOUT_STATE,
            True,
        ),
        ({"Name": [{"equals-ignore-case": "alice"}]}, {"Name": "Alice"}, True),
        # Wildcards.
        ({"EventBusArn": [{"wildcard": "arn:*:event-bus/*"}]}, {"EventBusArn": "arn:aws:event-bus/a"}, True),
        ({"FilePath": [{"wildcard": "*/lib/*"}]}, {"FilePath": "/bin/x"}, False),
        ({"text": [{"wildcard": r"a\*b\\"}]}, {"text": "a*b\\"}, True),
        ({"text": [{"wildcard": r"a\*b"}]}, {"text": "axb"}, False),
        # Several at once.
        (COMPLEX, {"time": "2017-10-02T1", **detail(**{"state": "a", "c-count": 1, "d-count": 1, "x-limit": 1})}, True),
        (COMPLEX, {"time": "2017-10-02T1", **detail(**{"state": "a", "c-count": 1, "d-count": 1})}, False),
        # $or.
        ({"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]}, {"Location": "Rio", "Day": "Monday"}, True),
        ({"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]}, {"Location": "Rio", "Day": "Sunday"}, False),
        (either(**{name.replace("-", "_"): rule for name, rule in COUNTS.items()}), detail(**{"d-count": 9}), True),
        (either(**{name.replace("-", "_"): rule for name, rule in COUNTS.items()}), detail(**{"d-count": 10}), False),
    ],
)
def test_matches_as_documented(pattern: dict[str, Any], event: dict[str, Any], *, expected: bool) -> None:
    assert patterns.matches(pattern, event) is expected


ANY_FAILED = {"detail": {"list": {"code": [{"anything-but": [0]}]}}}
SAME_ITEM = {"detail": {"list": {"name": ["a"], "code": [{"anything-but": [0]}]}}}


@pytest.mark.parametrize(
    ("pattern", "items", "expected"),
    [
        (ANY_FAILED, [{"code": 0}, {"code": 1}], True),
        (ANY_FAILED, [{"code": 0}], False),
        (ANY_FAILED, [{"name": "x"}], False),
        (ANY_FAILED, [], False),
        (SAME_ITEM, [{"name": "a", "code": 1}, {"name": "b", "code": 0}], True),
        (SAME_ITEM, [{"name": "a", "code": 0}, {"name": "b", "code": 1}], False),
    ],
)
def test_the_fields_of_an_array_s_objects_match_in_one_object(
    pattern: dict[str, Any], items: list[Any], *, expected: bool
) -> None:
    """https://github.com/aws/event-ruler (EventBridge's own engine), "array consistency"."""
    assert patterns.matches(pattern, {"detail": {"list": items}}) is expected


def test_a_boolean_is_no_number() -> None:
    assert not patterns.matches({"a": [1]}, {"a": True})
    assert not patterns.matches({"a": [True]}, {"a": 1})
    assert not patterns.matches({"a": [{"numeric": ["=", 1]}]}, {"a": True})
    assert patterns.matches({"a": [{"anything-but": [0]}]}, {"a": False})


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"source": "aws.ec2"},
        {"source": []},
        {"source": [["aws.ec2"]]},
        {"detail": {}},
        {"detail": {"sourceIPAddress": [{"cidr": "10.0.0.0/24"}]}},
        {"a": [{"prefix": 1}]},
        {"a": [{"prefix": "a", "suffix": "b"}]},
        {"a": [{"regex": "a"}]},
        {"a": [{"exists": "yes"}]},
        {"a": [{"exists": True, "prefix": "a"}]},
        {"a": [{"wildcard": "a**"}]},
        {"a": [{"wildcard": "a\\b"}]},
        {"a": [{"numeric": ["!=", 1]}]},
        {"a": [{"numeric": [">", "1"]}]},
        {"a": [{"numeric": [">"]}]},
        {"a": [{"numeric": [">", 1, "<", 2, "=", 3]}]},
        {"a": [{"numeric": ["<", 6e9]}]},
        {"a": [{"anything-but": [1, "a"]}]},
        {"a": [{"anything-but": [None]}]},
        {"a": [{"anything-but": {"numeric": ["=", 1]}}]},
        {"a": [{"anything-but": {"prefix": "a", "suffix": "b"}}]},
        {"$or": [{"a": [1]}]},
        {"$or": {"a": [1]}},
        {"$or": [{"a": [1]}, {"b": [{"cidr": "10.0.0.0/24"}]}]},
    ],
)
def test_what_it_does_not_know_it_refuses_whatever_the_event(pattern: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        patterns.matches(pattern, {"source": "other"})


def test_what_is_not_documented_it_refuses_when_it_comes_to_it() -> None:
    with pytest.raises(UnsupportedError, match="one voice"):
        patterns.matches({"a": [300]}, {"a": 300.0})
    with pytest.raises(UnsupportedError, match="several objects"):
        patterns.matches({"a": {"b": [{"exists": False}]}}, {"a": [{"b": 1}, {"c": 1}]})
    assert patterns.matches({"a": {"b": [{"exists": False}]}}, {"a": [{"c": 1}]})


TEXTS = st.text("ab*\\", max_size=4)


@given(value=TEXTS, wanted=TEXTS)
def test_anything_but_is_the_opposite_where_there_is_a_value(value: str, wanted: str) -> None:
    for operator in ("prefix", "suffix", "equals-ignore-case"):
        rule = {operator: wanted}
        assert patterns.matches({"a": [rule]}, {"a": value}) is not patterns.matches(
            {"a": [{"anything-but": rule}]}, {"a": value}
        )


@given(value=TEXTS)
def test_a_wildcard_with_everything_escaped_is_the_text_itself(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace("*", "\\*")
    assert patterns.matches({"a": [{"wildcard": escaped}]}, {"a": value})
    assert not patterns.matches({"a": [{"wildcard": escaped}]}, {"a": f"{value}x"})
