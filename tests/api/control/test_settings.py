"""The API's own settings."""

from __future__ import annotations

import pytest

from api.settings import ApiSettings
from refresh_task.errors import ConfigurationError

AWS = {
    "VISTAFRESCA_RULE": "prod-main-bi-views-refresh-10min",
    "VISTAFRESCA_DAILY_RULE": "vistafresca-prod-main-daily",
    "VISTAFRESCA_CLUSTER": "arn:aws:ecs:eu-west-1:123456789012:cluster/vistafresca",
    "VISTAFRESCA_TASK_DEFINITION": "vistafresca-prod-main:3",
    "VISTAFRESCA_SUBNETS": "subnet-0a1, subnet-0b2",
    "VISTAFRESCA_SECURITY_GROUPS": "sg-0c3",
}


def test_without_any_the_scheduler_is_in_this_process() -> None:
    settings = ApiSettings.from_environment({"VISTAFRESCA_RULE": " "})
    assert settings == ApiSettings()
    assert not settings.is_on_aws


def test_lists_are_separated_by_commas() -> None:
    settings = ApiSettings.from_environment({**AWS, "VISTAFRESCA_ASSIGN_PUBLIC_IP": "true"})
    assert settings.is_on_aws
    assert (settings.subnets, settings.security_groups) == (("subnet-0a1", "subnet-0b2"), ("sg-0c3",))
    assert (settings.container, settings.assign_public_ip, settings.requested_rule) == ("refresh", True, None)


def test_roles_of_iam_callers_are_given_by_arn_and_say_nothing_of_the_scheduler() -> None:
    written = '{"arn:aws:sts::123456789012:assumed-role/finance/*": ["cfo", "reader"]}'
    settings = ApiSettings.from_environment({"VISTAFRESCA_IAM_ROLES": written})
    assert dict(settings.iam_roles) == {
        "arn:aws:sts::123456789012:assumed-role/finance/*": frozenset({"cfo", "reader"})
    }
    assert not settings.is_on_aws


@pytest.mark.parametrize("left_out", sorted(AWS))
def test_half_of_the_settings_for_aws_is_refused(left_out: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{left_out}: {left_out} is not set, and others for AWS are"):
        ApiSettings.from_environment({name: value for name, value in AWS.items() if name != left_out})


@pytest.mark.parametrize(
    ("variable", "written", "said"),
    [
        ("VISTAFRESCA_RULE", "a rule", "is not the name of an EventBridge rule"),
        ("VISTAFRESCA_DAILY_RULE", "r" * 65, "is not the name of an EventBridge rule"),
        ("VISTAFRESCA_CLUSTER", "arn:aws:ecs:eu-west-1:1:cluster/x", "is not the name or ARN of an ECS cluster"),
        ("VISTAFRESCA_TASK_DEFINITION", "family:latest", "is not a task definition"),
        ("VISTAFRESCA_SUBNETS", "subnet-0a1,sg-0c3", "is not a list of subnet-"),
        ("VISTAFRESCA_SECURITY_GROUPS", "default", "is not a list of sg-"),
        ("VISTAFRESCA_CONTAINER", "re fresh", "is not the name of a container"),
        ("VISTAFRESCA_ASSIGN_PUBLIC_IP", "ENABLED", "is neither true nor false"),
        ("VISTAFRESCA_IAM_ROLES", "arn=cfo", "is not a JSON object of ARNs"),
        ("VISTAFRESCA_IAM_ROLES", '{"arn:aws:iam::1:user/ana": "cfo"}', "is not a JSON object of ARNs"),
    ],
)
def test_a_malformed_value_is_refused_with_its_variable_and_meaning(variable: str, written: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        ApiSettings.from_environment({**AWS, variable: written})
    assert refused.value.subject == variable
    assert f"'{written}' {said}" in str(refused.value)
    assert refused.value.remedy.startswith("It means: ")
