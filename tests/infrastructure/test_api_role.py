"""Everything that the API may do in the account, written out: one entry more or less is a failure."""

from typing import Any

import pytest

from tests.infrastructure.template import Resource, Template, api_of, as_list, services
from tests.infrastructure.test_least_privilege import INTERFACES, role_of, statements, task_of

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:fluxion/bi-refresh-GhIjKl"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
USER = "arn:aws:rds-db:us-east-1:123456789012:dbuser:cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ/bi_refresh"
CONNECTS = {
    "production-fluxion": {"secretsmanager:GetSecretValue": [SECRET], "kms:Decrypt": [KEY]},
    "production-driver-matrix": {"rds-db:connect": [USER]},
}


def role(template: Template, service: str) -> Resource:
    found = template.referred(api_of(template, service).properties["Role"])
    assert found is not None
    return found


def allowed(template: Template, service: str) -> dict[str, dict[str, Any]]:
    """Action → its one statement."""
    given: dict[str, dict[str, Any]] = {}
    for statement in statements(template, role(template, service)):
        if statement["Effect"] == "Allow":
            for action in as_list(statement["Action"]):
                assert action not in given
                given[action] = statement
    return given


def resources(template: Template, statement: dict[str, Any]) -> list[Any]:
    return sorted(template.resolve(as_list(statement["Resource"])))


@pytest.mark.parametrize("service", CONNECTS)
def test_it_can_do_this_and_nothing_else(production: Template, service: str) -> None:
    given = allowed(production, service)
    rules = {rule.properties["Name"]: f"<{rule.id}.Arn>" for rule in production.resources("AWS::Events::Rule")}
    task = task_of(production, service)
    (cluster,) = production.resources("AWS::ECS::Cluster")
    log = production.one("AWS::Logs::LogGroup", LogGroupName=f"/aws/lambda/{service}-bi-api")
    interval = "10min" if service == "production-fluxion" else "30min"
    assert {action: resources(production, statement) for action, statement in given.items()} == {
        **CONNECTS[service],
        "logs:CreateLogStream": [f"<{log.id}.Arn>"],
        "logs:PutLogEvents": [f"<{log.id}.Arn>"],
        "events:DescribeRule": sorted(
            rules[name]
            for name in (
                f"{service}-bi-views-refresh-{interval}",
                f"{service}-bi-views-requested-5min",
                f"vistafresca-{service}-daily",
            )
        ),
        "events:PutRule": [rules[f"vistafresca-{service}-daily"]],
        "ecs:RunTask": [f"<{task.id}>"],
        "ecs:TagResource": [f"arn:aws:ecs:us-east-1:123456789012:task/<{cluster.id}>/*"],
        "iam:PassRole": sorted(
            f"<{role_of(production, task, kind).id}.Arn>" for kind in ("TaskRoleArn", "ExecutionRoleArn")
        ),
        **{action: ["*"] for action in INTERFACES},
    }


def test_what_it_starts_it_starts_on_this_cluster_and_for_ecs(production: Template) -> None:
    (cluster,) = production.resources("AWS::ECS::Cluster")
    for service in services(production):
        given = allowed(production, service)
        assert given["ecs:RunTask"]["Condition"] == {"ArnEquals": {"ecs:cluster": {"Fn::GetAtt": [cluster.id, "Arn"]}}}
        assert given["ecs:TagResource"]["Condition"] == {"StringEquals": {"ecs:CreateAction": "RunTask"}}
        assert given["iam:PassRole"]["Condition"] == {
            "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        }


def test_network_interfaces_are_lambda_s_and_not_its_code_s(production: Template) -> None:
    for service in services(production):
        (denied,) = [s for s in statements(production, role(production, service)) if s["Effect"] == "Deny"]
        function = f"arn:aws:lambda:us-east-1:123456789012:function:{service}-bi-api"
        assert set(denied["Action"]) == INTERFACES
        assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": function}}


def test_the_rule_that_everything_lives_by_is_out_of_its_reach(production: Template) -> None:
    """And so is what any rule starts: that would be events:PutTargets."""
    for service in services(production):
        changing = {action for action in allowed(production, service) if action.startswith("events:")}
        assert changing == {"events:DescribeRule", "events:PutRule"}
        (movable,) = as_list(allowed(production, service)["events:PutRule"]["Resource"])
        moved = production.referred(movable)
        assert moved is not None
        assert moved.properties["Name"] == f"vistafresca-{service}-daily"
