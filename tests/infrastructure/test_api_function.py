"""The function behind the API: what it runs, what it is told, and how it reaches its database and AWS."""

import json
from pathlib import Path

import pytest

from infrastructure.application import application
from infrastructure.settings import Api
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.paging_path import broken_links
from tests.infrastructure.template import Template, api_of, container, services, told_to, variables
from tests.infrastructure.test_least_privilege import task_of

RUNS_ONLY = {
    "AWS_REGION",  # Lambda sets it by itself, and lets nobody else
    "VISTAFRESCA_SCHEDULE",
    "VISTAFRESCA_SENTRY_DSN_SECRET_ARN",
    "VISTAFRESCA_SENTRY_MONITOR_SLUG",
    "VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN",
    "VISTAFRESCA_SENTRY_FAILURE_THRESHOLD",
}


@pytest.fixture(scope="module")
def open_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The sandbox with an API: a network of its own, without a NAT gateway, and an image that is built."""
    folder = tmp_path_factory.mktemp("environments")
    text = (ROOT / "environments/sandbox.toml").read_text(encoding="utf-8")
    api = '[api]\nenabled = true\nauthorizer = "iam"\nconcurrency = 0\n\n[[database]]'
    assert "[[database]]" in text
    (folder / "open.toml").write_text(text.replace("[[database]]", api, 1), encoding="utf-8")
    application(environments=folder, name="open", outdir=str(folder / "out")).synth()  # raises on a finding of cdk-nag
    return Template.read(folder / "out/vistafresca-open.template.json")


def test_it_is_the_task_s_image_with_another_command(open_sandbox: Template, production: Template) -> None:
    for template in (open_sandbox, production):
        for service in services(template):
            function, task = api_of(template, service).properties, task_of(template, service)
            given, pulled = (
                template.resolve(image).split("/")[-1]
                for image in (function["Code"]["ImageUri"], container(task)["Image"])
            )
            assert given == pulled
            assert function["Architectures"] == ["arm64"]
            assert function["ImageConfig"] == {
                "EntryPoint": ["python", "-m", "awslambdaric"],
                "Command": ["api.lambda_handler.handler"],
            }


def test_it_is_told_what_the_task_is_told_but_for_sentry(production: Template) -> None:
    for service in services(production):
        told, task = told_to(api_of(production, service)), variables(task_of(production, service))
        alike = {name: value for name, value in task.items() if name not in RUNS_ONLY}
        assert {name: told.get(name) for name in alike} == alike
        assert not RUNS_ONLY & set(told)


def test_it_knows_how_to_start_the_task_where_the_schedule_starts_it(production: Template) -> None:
    for service in services(production):
        told, task = told_to(api_of(production, service)), task_of(production, service)
        rule = next(
            rule.properties
            for rule in production.resources("AWS::Events::Rule")
            if rule.properties["Name"] == told["VISTAFRESCA_RULE"]
        )
        vpc = rule["Targets"][0]["EcsParameters"]["NetworkConfiguration"]["AwsVpcConfiguration"]
        assert told["VISTAFRESCA_SUBNETS"].split(",") == vpc["Subnets"]
        assert [told["VISTAFRESCA_SECURITY_GROUPS"]] == vpc["SecurityGroups"]
        assert told["VISTAFRESCA_ASSIGN_PUBLIC_IP"] == str(vpc["AssignPublicIp"] == "ENABLED").lower()
        assert told["VISTAFRESCA_TASK_DEFINITION"] == {"Ref": task.id}
        assert told["VISTAFRESCA_CONTAINER"] == container(task)["Name"]
        assert told["VISTAFRESCA_DAILY_RULE"] == f"vistafresca-{service}-daily"
        assert told["VISTAFRESCA_REQUESTED_RULE"] == f"{service}-bi-views-requested-5min"


def test_roles_of_iam_callers_are_told_by_the_arn_that_their_requests_show(production: Template) -> None:
    told = told_to(api_of(production, "production-driver-matrix"))
    assert json.loads(told["VISTAFRESCA_IAM_ROLES"]) == {"arn:aws:sts::123456789012:assumed-role/finance/*": ["cfo"]}
    assert "VISTAFRESCA_IAM_ROLES" not in told_to(api_of(production, "production-fluxion"))


def test_a_role_s_path_is_no_part_of_its_sessions_and_a_user_is_itself() -> None:
    given = {
        "arn:aws-cn:iam::123456789012:role/teams/bi/lead": ["admin"],
        "arn:aws:iam::123456789012:user/x/ana": ["cfo"],
    }
    assert Api.model_validate_json(json.dumps({"authorizer": "iam", "roles": given})).caller_patterns == {
        "arn:aws-cn:sts::123456789012:assumed-role/lead/*": ("admin",),
        "arn:aws:iam::123456789012:user/x/ana": ("cfo",),
    }


def test_its_database_lets_it_in(production: Template, open_sandbox: Template) -> None:
    for template in (production, open_sandbox):
        for service in services(template):
            (group,) = api_of(template, service).properties["VpcConfig"]["SecurityGroupIds"]
            ingress = [
                rule.properties
                for rule in template.resources("AWS::EC2::SecurityGroupIngress")
                if rule.properties["SourceSecurityGroupId"] == group
            ]
            egress = [
                rule.properties["DestinationSecurityGroupId"]
                for rule in template.resources("AWS::EC2::SecurityGroupEgress")
                if rule.properties["GroupId"] == group
            ]
            assert [rule["GroupId"] for rule in ingress] == egress
            (only,) = ingress
            task = next(
                rule.properties
                for rule in template.resources("AWS::EC2::SecurityGroupIngress")
                if rule.properties["Description"] == "refresh task" and rule.properties["GroupId"] == only["GroupId"]
            )
            assert (only["FromPort"], only["ToPort"]) == (task["FromPort"], task["ToPort"])


def test_in_an_existing_network_it_is_where_the_tasks_are(production: Template) -> None:
    for service in services(production):
        vpc = api_of(production, service).properties["VpcConfig"]
        assert vpc["SubnetIds"] == ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
    assert production.resources("AWS::EC2::VPCEndpoint") == []


def test_in_a_new_network_it_has_private_ways_to_what_it_calls(open_sandbox: Template) -> None:
    """A function has no public address, and there is no NAT gateway."""
    doors = {
        open_sandbox.resolve(endpoint.properties["ServiceName"]).rsplit(".", 1)[-1]: endpoint.properties
        for endpoint in open_sandbox.resources("AWS::EC2::VPCEndpoint")
        if endpoint.properties["VpcEndpointType"] == "Interface"
    }
    assert set(doors) == {"secretsmanager", "ecs", "events"}
    subnets = api_of(open_sandbox, "open-main").properties["VpcConfig"]["SubnetIds"]
    for door in doors.values():
        assert door["PrivateDnsEnabled"] is True
        (subnet,) = door["SubnetIds"]  # one zone: each costs by the hour
        assert subnet in subnets
        (group,) = door["SecurityGroupIds"]
        (ingress,) = open_sandbox.json["Resources"][group["Fn::GetAtt"][0]]["Properties"]["SecurityGroupIngress"]
        # Their names mean these endpoints to the tasks in the public subnets, too.
        assert (ingress["CidrIp"], ingress["FromPort"], ingress["ToPort"]) == ("10.80.0.0/20", 443, 443)
    public = {
        subnet.id
        for subnet in open_sandbox.resources("AWS::EC2::Subnet")
        if {"Key": "aws-cdk:subnet-type", "Value": "Public"} in subnet.properties["Tags"]
    }
    assert public.isdisjoint(subnet["Ref"] for subnet in subnets)


def test_its_connections_to_the_database_are_limited_unless_the_account_cannot(
    production: Template, open_sandbox: Template
) -> None:
    for service in services(production):
        assert api_of(production, service).properties["ReservedConcurrentExecutions"] == 10
    assert "ReservedConcurrentExecutions" not in api_of(open_sandbox, "open-main").properties


def test_it_answers_before_the_front_stops_waiting(production: Template) -> None:
    for service in services(production):
        assert api_of(production, service).properties["Timeout"] <= 29


def test_its_log_is_json_and_kept_as_long_as_the_task_s(production: Template) -> None:
    for service in services(production):
        logging = api_of(production, service).properties["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        group = production.referred(logging["LogGroup"])
        assert group is not None
        assert group.properties == {"LogGroupName": f"/aws/lambda/{service}-bi-api", "RetentionInDays": 90}


def test_its_alarms_reach_someone_in_the_sandbox_too(open_sandbox: Template) -> None:
    assert broken_links(open_sandbox) == []


def test_nothing_of_it_is_made_where_it_is_off(sandbox: Template) -> None:
    assert not {resource.type for resource in sandbox if "ApiGateway" in resource.type}
    functions = {function.properties["FunctionName"] for function in sandbox.resources("AWS::Lambda::Function")}
    assert functions == {"vistafresca-sandbox-pager"}
    assert not [name for name in sandbox.json["Outputs"] if "Api" in name]


def test_every_variable_is_one_that_the_task_or_the_api_reads(production: Template) -> None:
    """A renamed variable would be ignored in silence."""
    folders = (ROOT / "refresh_task", ROOT / "api")
    source = "".join(file.read_text(encoding="utf-8") for folder in folders for file in Path(folder).rglob("*.py"))
    given = {name for service in services(production) for name in told_to(api_of(production, service))}
    assert [name for name in sorted(given) if name.startswith("VISTAFRESCA_") and f'"{name}"' not in source] == []
