"""The examples of EventBridge's page on input transformation, and what is refused.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
Left out: its row for a CloudWatch log group, whose output (an unquoted timestamp) contradicts the row "Simple JSON".
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulation.eventbridge import transformers
from tests.emulation.unsupported import UnsupportedError

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2015-11-11T21:29:54Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING"},
}
PATHS = {
    "timestamp": "$.time",
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "resource": "$.resources[0]",
}
RULE = "arn:aws:events:us-east-2:123456789012:rule/example"


def apply(template: str, paths: dict[str, str] | None = None, event: dict[str, Any] | None = None) -> str:
    transformer = {"InputPathsMap": PATHS if paths is None else paths, "InputTemplate": template}
    return transformers.apply(transformer, event or EVENT, rule_arn=RULE, ingested="2015-11-11T21:29:55Z")


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        (r'"instance \"<instance>\" is in <state>"', r'"instance \"i-0123456789\" is in RUNNING"'),
        ('"<aws.events.rule-name> triggered"', '"example triggered"'),
        ('"<timestamp> <resource>"', f'"2015-11-11T21:29:54Z {EVENT["resources"][0]}"'),
    ],
)
def test_texts(template: str, output: str) -> None:
    assert apply(template) == output


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ('{"instance" : <instance>, "state": <state>}', {"instance": "i-0123456789", "state": "RUNNING"}),
        (
            r'{"instance" : <instance>, "state": "<state>", "instanceStatus": "instance \"<instance>\" is in <state>"}',
            {
                "instance": "i-0123456789",
                "state": "RUNNING",
                "instanceStatus": 'instance "i-0123456789" is in RUNNING',
            },
        ),
        (
            '{"instance" : <instance>, "state": [ 9, <state>, true ], "Transformed" : "Yes"}',
            {"instance": "i-0123456789", "state": [9, "RUNNING", True], "Transformed": "Yes"},
        ),
        (
            '{"arn" : <aws.events.rule-arn>, "name" : <aws.events.rule-name>, "event" : <aws.events.event.json>}',
            {"arn": RULE, "name": "example", "event": EVENT},
        ),
        (
            '{"event": <aws.events.event>, "at": <aws.events.event.ingestion-time>}',
            {
                "event": {name: value for name, value in EVENT.items() if name != "detail"},
                "at": "2015-11-11T21:29:55Z",
            },
        ),
    ],
)
def test_json(template: str, output: Any) -> None:
    assert json.loads(apply(template)) == output


def test_a_variable_whose_path_leads_nowhere_does_not_appear() -> None:
    assert apply('"exit code <code>."', {"code": "$.detail.containers[0].exitCode"}) == '"exit code ."'


def test_numbers_and_booleans_are_written_within_a_text() -> None:
    event = {"detail": {"containers": [{"exitCode": 137}], "spot": False, "reason": None}}
    paths = {"code": "$.detail.containers[0].exitCode", "spot": "$.detail.spot"}
    assert apply('"<code> <spot>"', paths, event) == '"137 false"'


def test_values_are_not_escaped() -> None:
    """ "EventBridge doesn't escape values extracted by Input Path": a quotation mark in one breaks a JSON template."""
    event = {"detail": {"state": 'a "b"'}}
    assert apply('"<state>"', {"state": "$.detail.state"}, event) == '"a "b""'
    with pytest.raises(UnsupportedError, match="not JSON"):
        apply('{"state": "<state>"}', {"state": "$.detail.state"}, event)
    assert json.loads(apply('{"state": <state>}', {"state": "$.detail.state"}, event)) == event["detail"]


@pytest.mark.parametrize(
    ("target", "output"),
    [
        ({}, EVENT),
        ({"Input": '{"constant": 1}'}, {"constant": 1}),
        ({"InputPath": "$.detail"}, EVENT["detail"]),
        ({"InputPath": "$.detail.state"}, "RUNNING"),
        ({"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": "[<state>]"}}, ["RUNNING"]),
    ],
)
def test_what_a_target_is_handed(target: dict[str, Any], output: Any) -> None:
    target = {"Id": "Target0", "Arn": "arn:aws:sns:us-east-1:123456789012:pager"} | target
    assert json.loads(transformers.target_input(target, EVENT, rule_arn=RULE, ingested="")) == output


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ('"<unknown>"', {}),
        ("[<a>]", {"a": "$.absent"}),
        ('"<a>"', {"a": "$.detail"}),
        ('"<a>"', {"a": "$.resources[*]"}),
        ('"<a>"', {"a": "$.resources[-1]"}),
        ('"<a>"', {"a": "time"}),
        ('"<aws.events.event.json>"', {}),
        ("{broken", {}),
    ],
)
def test_what_it_does_not_know_it_refuses(template: str, paths: dict[str, str]) -> None:
    with pytest.raises(UnsupportedError):
        apply(template, paths)


def test_an_input_path_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="leads nowhere"):
        transformers.target_input({"InputPath": "$.absent"}, EVENT, rule_arn=RULE, ingested="")


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_outside_of_quotation_marks_every_value_is_itself(value: Any) -> None:
    assert json.loads(apply('{"a": [<a>]}', {"a": "$.detail.a"}, {"detail": {"a": value}})) == {"a": [value]}
