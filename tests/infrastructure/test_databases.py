"""Several databases in one environment: one cluster, one pager and one dashboard; all else once each."""

import json

import pytest

from tests.infrastructure.conftest import synthesize
from tests.infrastructure.template import Template, services

PER_DATABASE_ALARMS = {
    "heartbeat",
    "failing-repeatedly",
    "views-failed",
    "views-late",
    "view-suspended",
    "incremental-mismatch",
    "requests-waiting",
    "run-failed",
    "slow-run",
    "overlapping-runs",
    "launch-refused",
    "undelivered",
    "undelivered-and-lost",
    "api-errors",
    "api-slow",
    "api-crashed",
    "api-throttled",
    "api-fallback",
    "api-fallback-refused",
}


def test_each_has_a_task_definition_its_rules_and_every_alarm(production: Template) -> None:
    assert services(production) == ["production-fluxion", "production-driver-matrix"]
    names = {alarm.properties["AlarmName"] for alarm in production.resources("AWS::CloudWatch::Alarm")}
    assert names == {
        "vistafresca-production-pager-failing",
        *(f"vistafresca-{service}-{alarm}" for service in services(production) for alarm in PER_DATABASE_ALARMS),
    }
    rules = {rule.properties["Name"] for rule in production.resources("AWS::Events::Rule")}
    assert rules == {
        "production-fluxion-bi-views-refresh-10min",
        "production-driver-matrix-bi-views-refresh-30min",
        *(f"{service}-bi-views-requested-5min" for service in services(production)),
        *(f"vistafresca-{service}-daily" for service in services(production)),
        *(f"vistafresca-{s}-{rule}" for s in services(production) for rule in ("task-not-started", "task-exited")),
    }


def test_they_share_cluster_pager_and_dashboard(production: Template) -> None:
    for shared in ("AWS::ECS::Cluster", "AWS::KMS::Key", "AWS::CloudWatch::Dashboard"):
        production.one(shared)
    topics = {topic.properties["TopicName"] for topic in production.resources("AWS::SNS::Topic")}
    assert topics == {"vistafresca-production", "vistafresca-production-alarms"}
    production.one("AWS::Lambda::Function", FunctionName="vistafresca-production-pager")


def test_neither_shares_a_role_a_security_group_or_a_log_group(production: Template) -> None:
    tasks = production.resources("AWS::ECS::TaskDefinition")
    for kind in ("TaskRoleArn", "ExecutionRoleArn"):
        assert len({str(task.properties[kind]) for task in tasks}) == len(tasks)
    names = {group.properties["LogGroupName"] for group in production.resources("AWS::Logs::LogGroup")}
    assert names == {
        f"{prefix}{service}-bi-{what}"
        for service in services(production)
        for prefix, what in (("/aws/ecs/", "refresh"), ("/aws/lambda/", "api"), ("/aws/vendedlogs/", "api-access"))
    } | {"/aws/lambda/vistafresca-production-pager"}


def test_the_dashboard_shows_every_alarm_and_every_database(template: Template) -> None:
    (dashboard,) = template.resources("AWS::CloudWatch::Dashboard")
    body = template.resolve(dashboard.properties["DashboardBody"])
    for service in services(template):
        assert f"## {service}:" in body
        assert f'service=\\"{service}\\"' in body
    for alarm in template.resources("AWS::CloudWatch::Alarm"):
        assert f"<{alarm.id}.Arn>" in body


def test_production_outlives_a_deleted_stack_and_the_sandbox_does_not(production: Template, sandbox: Template) -> None:
    """But for what a creation made that is rolled back: kept, its names would be in the way of the next one."""
    kept = ("AWS::Logs::LogGroup", "AWS::KMS::Key")
    for template, policy in ((production, "RetainExceptOnCreate"), (sandbox, "Delete")):
        for resource in template.json["Resources"].values():
            if resource["Type"] in kept:
                assert resource["DeletionPolicy"] == policy


@pytest.mark.parametrize(("name", "protected"), [("production", True), ("sandbox", False)])
def test_production_cannot_be_deleted_by_mistake(name: str, *, protected: bool) -> None:
    """Termination protection is the deployment's business, so it stands in the manifest, not in the template."""
    manifest = json.loads((synthesize(name).template_path.parent / "manifest.json").read_text(encoding="utf-8"))
    properties = manifest["artifacts"][f"vistafresca-{name}"]["properties"]
    assert properties.get("terminationProtection", False) is protected
