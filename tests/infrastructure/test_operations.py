"""The commands in the outputs can be pasted, and do what their name says in the schedule's own network."""

import json
import re
import shlex

import pytest

from tests.infrastructure.template import Template

COMMANDS = {"RunNow": "run", "Migrate": "migrate", "Apply": "apply", "Status": "status"}


def output(template: Template, name: str) -> str:
    text = template.resolve(template.json["Outputs"][name]["Value"])
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize(("name", "command"), COMMANDS.items())
def test_one_off_tasks_run_in_the_schedule_s_network(production: Template, name: str, command: str) -> None:
    words = shlex.split(output(production, f"DriverMatrix{name}"))
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[:3] == ["aws", "ecs", "run-task"]
    assert given["--task-definition"] == "vistafresca-production-driver-matrix"
    assert given["--launch-type"] == "FARGATE"
    network = given["--network-configuration"]
    assert "subnets=[subnet-0123456789abcdef0,subnet-0fedcba9876543210]" in network
    assert "assignPublicIp=DISABLED" in network
    assert re.search(r"securityGroups=\[<\w+\.GroupId>\]", network)
    (container,) = json.loads(given["--overrides"])["containerOverrides"]
    assert container == {"name": "refresh", "command": ["python", "-m", "refresh_task", command]}


def test_a_database_with_systems_installs_loads_and_refreshes_them(sandbox: Template) -> None:
    def command(name: str) -> list[str]:
        words = shlex.split(output(sandbox, name))
        (container,) = json.loads(words[words.index("--overrides") + 1])["containerOverrides"]
        return list(container["command"][3:])

    systems = ["fluxion", "universal_transactions", "teloo", "driver_matrix"]
    assert command("MainMigrate") == ["migrate", *(word for system in systems for word in ("--system", system))]
    assert command("MainSampleFluxion") == ["sample", "fluxion"]
    assert command("MainSampleUniversalTransactions") == ["sample", "universal_transactions"]
    files = ["views.toml", *(f"sql/systems/{system}/views.toml" for system in systems)]
    assert command("MainApply") == ["apply", *(word for file in files for word in ("--file", file))]


def test_the_rest_names_the_right_things(sandbox: Template) -> None:
    rules = [f"--region us-east-1 --name sandbox-main-bi-views-{rule}" for rule in ("refresh-10min", "requested-5min")]
    for verb in ("disable", "enable"):
        commands = output(sandbox, f"Main{verb.title()}").split(" && ")
        assert commands == [f"aws events {verb}-rule {rule}" for rule in rules]
    assert "/aws/ecs/sandbox-main-bi-refresh" in output(sandbox, "MainFollowLogs")
    assert output(sandbox, "DashboardUrl").endswith("#dashboards/dashboard/vistafresca-sandbox")
    assert "aws sns subscribe" in output(sandbox, "Subscribe")


def test_the_daily_rule_stops_and_resumes_with_the_others(production: Template) -> None:
    for verb in ("disable", "enable"):
        commands = output(production, f"Fluxion{verb.title()}").split(" && ")
        assert f"aws events {verb}-rule --region us-east-1 --name vistafresca-production-fluxion-daily" in commands
        assert len(commands) == 3


def test_a_first_call_of_the_api_can_be_pasted(production: Template) -> None:
    """With a token, or with a signature of the caller's own keys (curl 7.75 and newer)."""
    url = output(production, "FluxionApiUrl")
    assert url.startswith("<")  # API Gateway makes it
    words = shlex.split(output(production, "FluxionCallApi"))
    assert words == ["curl", "--header", "Authorization: Bearer $TOKEN", f"{url}/api/v1/mv"]
    words = shlex.split(output(production, "DriverMatrixCallApi"))
    assert words[:3] == ["curl", "--aws-sigv4", "aws:amz:us-east-1:execute-api"]
    assert words[3:5] == ["--user", "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"]
    assert words[-1] == f"{output(production, 'DriverMatrixApiUrl')}/api/v1/mv"
    for name, group in (("FollowApi", "/aws/lambda/"), ("FollowApiAccess", "/aws/vendedlogs/")):
        assert f"aws logs tail {group}production-fluxion-bi-api" in output(production, f"Fluxion{name}")


def test_outputs_fit_cloudformation(template: Template) -> None:
    for name, body in template.json["Outputs"].items():
        assert len(template.resolve(body["Value"])) <= 4096, name
        assert body["Description"]
