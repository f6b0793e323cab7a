"""The container: what it may do on its machine, what it is told, and where its words go."""

import re
from pathlib import Path

import pytest

from infrastructure.naming import Names
from infrastructure.refresh_task import variables as told_to_task
from infrastructure.settings import read
from refresh_task.settings import Settings as TaskSettings
from tests.infrastructure.paging_path import TASK_METRICS
from tests.infrastructure.template import Resource, Template, container, services, variables

ROOT = Path(__file__).parent.parent.parent


def tasks(template: Template) -> list[Resource]:
    return template.resources("AWS::ECS::TaskDefinition")


def test_it_runs_without_rights_on_its_machine(template: Template) -> None:
    for task in tasks(template):
        given = container(task)
        assert given["User"] == "10001:10001"
        assert given["ReadonlyRootFilesystem"] is True
        assert given["LinuxParameters"]["InitProcessEnabled"] is True
        assert given.get("Privileged", False) is False
        assert task.properties["RequiresCompatibilities"] == ["FARGATE"]
        assert task.properties["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}


def test_it_runs_the_task_and_is_told_everything_it_needs(sandbox: Template) -> None:
    (task,) = tasks(sandbox)
    assert container(task)["Command"] == ["python", "-m", "refresh_task", "run"]
    given = dict(variables(task))
    assert sandbox.referred(given.pop("VISTAFRESCA_DATABASE_SECRET_ARN")) is not None
    assert given == {
        "AWS_REGION": "us-east-1",
        "VISTAFRESCA_ENVIRONMENT": "sandbox",
        "VISTAFRESCA_DATABASE": "main",
        "VISTAFRESCA_INTERVAL_S": "600",
        "VISTAFRESCA_RUN_DEADLINE_S": "540",
        "VISTAFRESCA_STATEMENT_TIMEOUT_S": "300",
        "VISTAFRESCA_LOCK_TIMEOUT_S": "30",
        "VISTAFRESCA_CONNECTIONS": "2",
        "VISTAFRESCA_VACUUM": "true",
        "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN": "10",
        "POWERTOOLS_SERVICE_NAME": "sandbox-main",
        "POWERTOOLS_METRICS_NAMESPACE": "Vistafresca",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def test_with_a_token_it_is_told_who_and_where(production: Template) -> None:
    given = variables(next(task for task in tasks(production) if "driver" in task.properties["Family"]))
    assert given["VISTAFRESCA_DATABASE_IAM_AUTH"] == "true"
    assert given["PGHOST"] == "ops.cluster-abcdefghijkl.us-east-1.rds.amazonaws.com"
    assert (given["PGPORT"], given["PGUSER"], given["PGDATABASE"]) == ("5432", "bi_refresh", "ops")
    assert "VISTAFRESCA_DATABASE_SECRET_ARN" not in given


def test_sentry_knows_the_same_schedule_and_is_more_patient_than_the_deadline(production: Template) -> None:
    given = {task.properties["Family"]: variables(task) for task in tasks(production)}
    fluxion, driver = given["vistafresca-production-fluxion"], given["vistafresca-production-driver-matrix"]
    assert (fluxion["VISTAFRESCA_SCHEDULE"], driver["VISTAFRESCA_SCHEDULE"]) == ("*/10 * * * *", "*/30 * * * *")
    assert fluxion["VISTAFRESCA_SENTRY_MONITOR_SLUG"] == "vistafresca-production-fluxion"
    assert fluxion["VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN"] == "10"
    for task in given.values():
        assert int(task["VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN"]) * 60 > int(task["VISTAFRESCA_RUN_DEADLINE_S"])
        assert len(task["VISTAFRESCA_SENTRY_MONITOR_SLUG"]) <= 50


def test_every_variable_is_one_that_the_task_reads(template: Template) -> None:
    """A renamed variable would be ignored in silence: the task's source must know each of ours."""
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "refresh_task").rglob("*.py"))
    given = {name for task in tasks(template) for name in variables(task)} | {
        name
        for rule in template.resources("AWS::Events::Rule")
        if "ScheduleExpression" in rule.properties
        for name in re.findall(
            r'"name":"(VISTAFRESCA_\w+)"', rule.properties["Targets"][0]["InputTransformer"]["InputTemplate"]
        )
    }
    assert [name for name in sorted(given) if name.startswith("VISTAFRESCA_") and name not in source] == []


@pytest.mark.parametrize("minutes", [5, 6, 10, 12, 15, 20, 30, 60])
@pytest.mark.parametrize("environment", ["sandbox.toml", "production.toml.example"])
def test_the_task_accepts_what_it_is_told_at_every_interval(tmp_path: Path, environment: str, minutes: int) -> None:
    """With Sentry and without: what it refuses, it would refuse at every run."""
    text = (ROOT / "environments" / environment).read_text(encoding="utf-8")
    schedule = f"[schedule]\ninterval_minutes = {minutes}\n"
    text = text.replace("[schedule]\ninterval_minutes = 10\n", "").replace("[pager]", f"{schedule}\n[pager]", 1)
    (tmp_path / "any.toml").write_text(text.replace("statement_timeout_s = 600", ""), encoding="utf-8")
    settings = read(tmp_path, "any")
    for database in settings.database:
        told = told_to_task(settings, database, Names.of(settings, database))
        accepted = TaskSettings.from_environment(told)
        assert (accepted.interval_s, accepted.run_deadline_s) == (database.interval_s, database.run_deadline_s)


def test_nothing_secret_is_in_the_template(template: Template) -> None:
    """Secrets are named by complete ARN and fetched at run time; injected ones would fail before any log line."""
    for task in tasks(template):
        assert "Secrets" not in container(task)
        for name, value in variables(task).items():
            if name.endswith("SECRET_ARN") and isinstance(value, str):
                assert re.fullmatch(r"arn:aws:secretsmanager:.+-[A-Za-z0-9]{6}", value)


def test_logs_are_kept_under_the_documented_name_and_never_hold_up_a_run(template: Template) -> None:
    for task, service in zip(tasks(template), services(template), strict=True):
        logging = container(task)["LogConfiguration"]
        group = template.referred(logging["Options"]["awslogs-group"])
        assert group is not None
        assert group.properties["LogGroupName"] == f"/aws/ecs/{service}-bi-refresh"
        assert group.properties["RetentionInDays"] in {7, 90}
        assert logging["LogDriver"] == "awslogs"
        assert logging["Options"]["mode"] == "non-blocking"
        assert logging["Options"]["max-buffer-size"] == f"{4 * 1024 * 1024}b"


def test_the_task_writes_what_alarms_read() -> None:
    """The other half of the walker's promise: each metric, event and field it trusts is in the task's source."""
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "refresh_task").rglob("*.py"))
    trusted = TASK_METRICS | {"ViewLagSeconds", "ViewRefreshDuration"}
    trusted |= {"run_started", "run_finished", "run_failed", "views_failed", "scheduled", "kind"}
    assert [name for name in sorted(trusted) if name not in source] == []
