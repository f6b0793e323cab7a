"""The deployment itself: that the emulator has what the template says, and what a second one and a diff come to."""

from __future__ import annotations

from tests.e2e.deployment.deployed import Deployed
from tests.e2e.deployment.environment import STACK
from tests.emulation.self_check import differences


def test_the_emulator_has_what_the_template_says(deployed: Deployed) -> None:
    assert differences(deployed.emulator, STACK) == []


def test_there_is_no_difference_after_a_deployment(deployed: Deployed) -> None:
    exit_code, said = deployed.cdk.diff()
    assert exit_code == 0, said
    assert "There were no differences" in said


def test_a_second_deployment_changes_nothing(deployed: Deployed) -> None:
    cloudformation = deployed.emulator.client("cloudformation")
    before = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    assert "(no changes)" in deployed.cdk.deploy()
    assert cloudformation.describe_stack_events(StackName=STACK)["StackEvents"] == before
