"""A deployment whose migration fails says why, and leaves no schedule behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.e2e.deployment.cdk import CdkError
from tests.e2e.deployment.deployed import DATABASE_SECRET, Deployed
from tests.e2e.deployment.environment import NAME, RULE

OTHER = "broken"


def test_a_deployment_whose_migration_fails_says_why_and_starts_no_schedule(deployed: Deployed) -> None:
    secrets, events = deployed.emulator.client("secretsmanager"), deployed.emulator.client("events")
    right = secrets.describe_secret(SecretId=DATABASE_SECRET)["ARN"]
    wrong = secrets.create_secret(Name="shop/wrong", SecretString=deployed.shop.secret_text("not the password"))["ARN"]
    folder = deployed.cdk.folder / "environments"
    text = (folder / f"{NAME}.toml").read_text(encoding="utf-8")
    (folder / f"{OTHER}.toml").write_text(text.replace(right, wrong), encoding="utf-8")
    other = replace(deployed.cdk, environment=OTHER)

    try:
        with pytest.raises(CdkError) as raised:
            other.deploy()
        pages = deployed.emulator.client("cloudformation").get_paginator("describe_stack_events")
        happened = [event for page in pages.paginate(StackName=f"vistafresca-{OTHER}") for event in page["StackEvents"]]
    finally:
        other.destroy()
        secrets.delete_secret(SecretId=wrong, ForceDeleteWithoutRecovery=True)
    said = " ".join(str(raised.value).split())
    for part in ("`vistafresca migrate`", "exit code 2", "password authentication failed", "Check the user's password"):
        assert part in said, part
    assert "not the password" not in said
    made = {event["LogicalResourceId"] for event in happened if event["ResourceStatus"] == "CREATE_COMPLETE"}
    assert any("Migrations" in each for each in made)
    assert [each for each in made if "Schedule" in each and "Rule" in each] == []
    assert [rule["Name"] for rule in events.list_rules(NamePrefix=RULE)["Rules"]] == [RULE]
