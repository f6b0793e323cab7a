"""Cut one link, and the message does not arrive: what the other tests follow is really followed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.deployment.deployed import DATABASE_SECRET, Deployed
from tests.e2e.deployment.environment import FAMILY, RULE, RUNBOOK, STACK
from tests.e2e.deployment.pages import changed_to
from tests.emulation.self_check import differences

VIEW = "sales.mv_daily_revenue"
ALARM = f"{FAMILY}-views-failed"


def test_without_the_publishers_in_the_topic_policy_nobody_is_paged(deployed: Deployed) -> None:
    sns, topic = deployed.emulator.client("sns"), _alarm(deployed)["AlarmActions"][0]
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    cut = {**policy, "Statement": [each for each in policy["Statement"] if "Service" not in str(each["Principal"])]}
    with _changed(
        lambda document: sns.set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(document)
        ),
        cut,
        policy,
    ):
        assert differences(deployed.emulator, STACK) != []
        assert changed_to("ALARM", _fail(deployed)) == {"views-failed"}
        _expect_no_page(deployed)
        assert _refusals(deployed, "the policy of arn:aws:sns") != []


def test_without_the_publishers_in_the_key_policy_nobody_is_paged(deployed: Deployed) -> None:
    kms, sns = deployed.emulator.client("kms"), deployed.emulator.client("sns")
    topic = sns.get_topic_attributes(TopicArn=_alarm(deployed)["AlarmActions"][0])["Attributes"]
    key = topic["KmsMasterKeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    cut = {**policy, "Statement": [each for each in policy["Statement"] if "Service" not in str(each["Principal"])]}
    with _changed(
        lambda document: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document)), cut, policy
    ):
        assert changed_to("ALARM", _fail(deployed)) == {"views-failed"}
        _expect_no_page(deployed)
        assert _refusals(deployed, "the policy of arn:aws:kms") != []


def test_with_another_dimension_the_alarm_sees_nothing(deployed: Deployed) -> None:
    with _alarm_with(deployed, Dimensions=[{"Name": "service", "Value": "e2e-shops"}]):
        assert changed_to("ALARM", _fail(deployed)) == set()
        _expect_no_page(deployed)


def test_without_its_action_the_alarm_tells_nobody(deployed: Deployed) -> None:
    with _alarm_with(deployed, AlarmActions=[]):
        assert changed_to("ALARM", _fail(deployed)) == {"views-failed"}
        _expect_no_page(deployed)


def test_without_the_heartbeat_silence_is_silent(deployed: Deployed) -> None:
    cloudwatch, events = deployed.emulator.client("cloudwatch"), deployed.emulator.client("events")
    name = f"{FAMILY}-heartbeat"
    heartbeat = _settings(_alarm(deployed, name))
    cloudwatch.delete_alarms(AlarmNames=[name])
    events.disable_rule(Name=RULE)
    try:
        assert deployed.account.advance(35) == []
        assert deployed.mailbox.mails == []
    finally:
        events.enable_rule(Name=RULE)
        cloudwatch.put_metric_alarm(**heartbeat)


@pytest.mark.parametrize("key", ["username", "password"])
def test_without_a_key_of_the_secret_no_run_succeeds(deployed: Deployed, key: str) -> None:
    secrets = deployed.emulator.client("secretsmanager")
    whole = secrets.get_secret_value(SecretId=DATABASE_SECRET)["SecretString"]
    cut = {name: value for name, value in json.loads(whole).items() if name != key}
    with _changed(
        lambda text: secrets.put_secret_value(SecretId=DATABASE_SECRET, SecretString=text), json.dumps(cut), whole
    ):
        ended, changes = deployed.run()
    assert ended.exit_code == 2
    assert "run-failed" in changed_to("ALARM", changes)


def test_without_the_right_to_read_the_secret_no_run_succeeds(deployed: Deployed) -> None:
    """The task has its role's rights and no others."""
    iam = deployed.emulator.client("iam")
    definition = deployed.emulator.client("ecs").describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
    role = definition["taskRoleArn"].rsplit("/", 1)[-1]
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=policy)
    try:
        ended, changes = deployed.run()
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
    assert ended.exit_code == 2
    assert "AccessDenied" in str(ended.events("run_failed"))
    assert "run-failed" in changed_to("ALARM", changes)


def _fail(deployed: Deployed) -> Any:
    deployed.shop.trouble("fails", VIEW)
    ended, changes = deployed.run()
    assert ended.exit_code == 1
    return changes


def _expect_no_page(deployed: Deployed) -> None:
    assert [mail for mail in deployed.mailbox.mails if "views-failed" in mail.links_to(RUNBOOK)] == []


def _refusals(deployed: Deployed, reason: str) -> list[str]:
    return [entry["why"] for entry in deployed.account.journal.since(0) if reason in str(entry.get("why"))]


def _alarm(deployed: Deployed, name: str = ALARM) -> dict[str, Any]:
    (alarm,) = deployed.emulator.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    found: dict[str, Any] = alarm
    return found


_NOT_SETTINGS = {"AlarmArn", "StateValue", "StateReason", "StateReasonData"}


def _settings(alarm: dict[str, Any]) -> dict[str, Any]:
    """What PutMetricAlarm takes of what DescribeAlarms gives."""
    return {
        name: value
        for name, value in alarm.items()
        if name not in _NOT_SETTINGS and not name.endswith("Timestamp") and value is not None
    }


@contextmanager
def _alarm_with(deployed: Deployed, **changed: Any) -> Iterator[None]:
    put, settings = deployed.emulator.client("cloudwatch").put_metric_alarm, _settings(_alarm(deployed))
    with _changed(lambda document: put(**document), {**settings, **changed}, settings):
        yield


@contextmanager
def _changed(put: Any, changed: Any, original: Any) -> Iterator[None]:
    put(changed)
    try:
        yield
    finally:
        put(original)
