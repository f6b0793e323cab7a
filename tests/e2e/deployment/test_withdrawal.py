"""The end, in the last file of this folder: what a stack that is deleted leaves behind."""

from __future__ import annotations

import pytest

from tests.e2e.deployment.cdk import CdkError
from tests.e2e.deployment.deployed import Deployed
from tests.e2e.deployment.environment import FAMILY, LOG_GROUP, NAME, STACK


def test_sentry_would_have_taken_everything_that_all_scenarios_sent(deployed: Deployed) -> None:
    assert len(deployed.sentry.check_ins) > 2
    assert deployed.sentry.rejected == []


def test_destroy_leaves_what_the_retention_settings_say_and_nothing_else(deployed: Deployed) -> None:
    """With removal_policy = "retain": protected from being destroyed at all; then the logs and the pager's key stay."""
    settings = deployed.cdk.folder / f"environments/{NAME}.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('removal_policy = "destroy"', 'removal_policy = "retain"'), encoding="utf-8")
    deployed.cdk.deploy()
    with pytest.raises(CdkError, match=r"(?i)termination ?protection"):
        deployed.cdk.destroy()
    client = deployed.emulator.client
    client("cloudformation").update_termination_protection(StackName=STACK, EnableTerminationProtection=False)
    deployed.cdk.destroy()

    assert client("events").list_rules()["Rules"] == []
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert client("cloudwatch").list_dashboards()["DashboardEntries"] == []
    assert client("sns").list_topics()["Topics"] == []
    assert client("sqs").list_queues().get("QueueUrls", []) == []
    assert client("lambda").list_functions()["Functions"] == []
    assert client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert client("ecs").list_clusters()["clusterArns"] == []
    assert client("ecs").list_task_definitions(familyPrefix=FAMILY, status="ACTIVE")["taskDefinitionArns"] == []
    roles = [role["RoleName"] for role in client("iam").list_roles()["Roles"]]
    assert [role for role in roles if not role.startswith("cdk-")] == []
    groups = [group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"]]
    assert LOG_GROUP in groups
    keys = [client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in client("kms").list_keys()["Keys"]]
    kept = [key for key in keys if f"paged by {STACK}" in key["Description"]]
    assert [key["KeyState"] for key in kept] == ["Enabled"]
