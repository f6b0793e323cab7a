"""A deployment migrates first: what runs, in which order, with which rights; and nothing of it unless asked for."""

import json
import shlex
from pathlib import Path

import pytest

from deployment.request import OneOffTask
from infrastructure import commands
from infrastructure.naming import DEPLOYMENT_GROUP
from tests.infrastructure.cfn_lint import findings
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.migrating import KIND, comes_before, functions, steps, synthesized
from tests.infrastructure.template import Template, as_list, services, variables
from tests.infrastructure.test_least_privilege import role_of, statements, task_of
from tests.infrastructure.test_operations import output

OUTPUTS = {
    "sandbox-main": "Main",
    "production-fluxion": "Fluxion",
    "production-driver-matrix": "DriverMatrix",
}


@pytest.fixture(scope="module", params=["sandbox", "production"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an environment that migrates on deploy was synthesized."""
    folder = tmp_path_factory.mktemp("migrating")
    synthesized(folder, request.param)
    return folder


@pytest.fixture(scope="module")
def migrating(folder: Path) -> Template:
    (template,) = (folder / "out").glob("*.template.json")
    return Template.read(template)


def test_the_shipped_environments_have_none_of_it(template: Template) -> None:
    assert template.resources(KIND) == []
    assert template.resources("AWS::StepFunctions::StateMachine") == []
    assert not [
        function
        for function in template.resources("AWS::Lambda::Function")
        if "deployment" in json.dumps(function.properties)
    ]


def test_every_rule_comes_after_apply_and_apply_after_migrate(migrating: Template) -> None:
    for service in services(migrating):
        migrate, apply = steps(migrating, service)
        scheduled = [
            rule
            for rule in migrating.resources("AWS::Events::Rule")
            if "ScheduleExpression" in rule.properties and service in rule.properties["Name"]
        ]
        assert len(scheduled) >= 2
        for rule in scheduled:
            assert {migrate.id, apply.id} <= comes_before(migrating, rule.id), rule.properties["Name"]
        assert migrate.id in comes_before(migrating, apply.id)


def test_the_api_s_function_comes_after_them_too(migrating: Template) -> None:
    """It runs the same image on the same schema."""
    for service in services(migrating):
        for function in migrating.resources("AWS::Lambda::Function"):
            if function.properties.get("FunctionName") == f"{service}-bi-api":
                assert {step.id for step in steps(migrating, service)} <= comes_before(migrating, function.id)


def test_they_come_after_all_that_the_task_needs(migrating: Template) -> None:
    """No property names these: the rights of its roles, the ways through the network, the database itself."""
    for service in services(migrating):
        definition = task_of(migrating, service)
        roles = [role_of(migrating, definition, kind).id for kind in ("TaskRoleArn", "ExecutionRoleArn")]
        (group,) = [
            group.id
            for group in migrating.resources("AWS::EC2::SecurityGroup")
            if group.properties["GroupDescription"] == f"Vistafresca: refresh task of {service}"
        ]
        needed = {
            resource.id
            for resource in migrating
            if (resource.type == "AWS::IAM::Policy" and resource.properties["Roles"][0]["Ref"] in roles)
            or (
                resource.type in {"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"}
                and group in json.dumps(resource.properties)
            )
            or resource.type
            in {
                "AWS::RDS::DBInstance",
                "AWS::SecretsManager::SecretTargetAttachment",
                "AWS::EC2::Route",
                "AWS::EC2::VPCEndpoint",
            }
        }
        assert len(needed) >= 3
        assert needed - comes_before(migrating, steps(migrating, service)[0].id) == set()


def test_what_runs_is_what_the_outputs_say(migrating: Template) -> None:
    """The same command, on the same cluster, in the same network; of the very revision, where the outputs name the
    newest."""
    for service in services(migrating):
        for name, step in zip(("Migrate", "Apply"), steps(migrating, service), strict=True):
            words = shlex.split(output(migrating, OUTPUTS[service] + name))
            (container,) = json.loads(words[words.index("--overrides") + 1])["containerOverrides"]
            properties = migrating.resolve(step.properties)
            assert {"name": properties["Container"], "command": properties["Command"]} == container
            network = words[words.index("--network-configuration") + 1]
            assert f"subnets=[{','.join(properties['Subnets'])}]" in network
            assert f"securityGroups=[{','.join(properties['SecurityGroups'])}]" in network
            assert f"assignPublicIp={properties['AssignPublicIp']}" in network
            definition = task_of(migrating, service)
            assert step.properties["TaskDefinition"] == {"Ref": definition.id}
            assert definition.properties["Family"] == words[words.index("--task-definition") + 1]


def test_the_functions_understand_the_properties(migrating: Template) -> None:
    for service in services(migrating):
        definition = task_of(migrating, service)
        (container,) = definition.properties["ContainerDefinitions"]
        for step in steps(migrating, service):
            task = OneOffTask.read(migrating.resolve(step.properties))
            assert task.group == DEPLOYMENT_GROUP
            assert container["LogConfiguration"]["Options"]["awslogs-group"] == step.properties["LogGroup"]
            assert container["LogConfiguration"]["Options"]["awslogs-stream-prefix"] == task.log_stream_prefix
            assert container["Name"] == task.container


def test_the_task_is_given_up_before_the_framework_gives_up_and_before_cloudformation_does(migrating: Template) -> None:
    (waiter,) = migrating.resources("AWS::StepFunctions::StateMachine")
    definition = json.loads(str(migrating.resolve(waiter.properties["DefinitionString"])))
    retry = definition["States"]["framework-isComplete-task"]["Retry"][0]
    framework_s = retry["IntervalSeconds"] * retry["MaxAttempts"]
    for step in migrating.resources(KIND):
        assert int(step.properties["TimeoutS"]) + 300 <= framework_s <= 3600 - 300


def test_a_database_s_role_may_run_its_own_revision_and_look_after_it(migrating: Template) -> None:
    (cluster,) = migrating.resources("AWS::ECS::Cluster")
    on_this_cluster = {"ArnEquals": {"ecs:cluster": {"Fn::GetAtt": [cluster.id, "Arn"]}}}
    seen = set()
    for service in services(migrating):
        definition = task_of(migrating, service)
        migrate, apply = steps(migrating, service)
        role = migrating.referred(migrate.properties["Role"])
        assert role is not None
        assert role == migrating.referred(apply.properties["Role"])
        seen.add(role.id)
        given = {tuple(as_list(s["Action"])): s for s in statements(migrating, role)}
        assert set(given) == {
            ("ecs:RunTask",),
            ("ecs:TagResource",),
            ("ecs:DescribeTasks", "ecs:StopTask"),
            ("iam:PassRole",),
            ("logs:GetLogEvents",),
            ("cloudformation:DescribeStacks",),
        }
        run = given[("ecs:RunTask",)]
        assert (run["Resource"], run["Condition"]) == ({"Ref": definition.id}, on_this_cluster)
        account = "123456789012"
        tasks = f"arn:aws:ecs:us-east-1:{account}:task/{cluster.properties['ClusterName']}/*"
        look = given[("ecs:DescribeTasks", "ecs:StopTask")]
        assert (migrating.resolve(look["Resource"]), look["Condition"]) == (tasks, on_this_cluster)
        tag = given[("ecs:TagResource",)]
        assert migrating.resolve(tag["Resource"]) == tasks
        assert tag["Condition"] == {"StringEquals": {"ecs:CreateAction": "RunTask"}}
        passed = given[("iam:PassRole",)]
        both = {role_of(migrating, definition, kind).id for kind in ("TaskRoleArn", "ExecutionRoleArn")}
        assert {resource["Fn::GetAtt"][0] for resource in passed["Resource"]} == both
        assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        assert migrating.resolve(given[("logs:GetLogEvents",)]["Resource"]) == (
            f"arn:aws:logs:us-east-1:{account}:log-group:/aws/ecs/{service}-bi-refresh:log-stream:run/refresh/*"
        )
        assert given[("cloudformation:DescribeStacks",)]["Resource"] == {"Ref": "AWS::StackId"}
    assert len(seen) == len(services(migrating))


def test_the_functions_may_do_nothing_but_become_those_roles(migrating: Template) -> None:
    """They write their logs; all else they may as the role that a request names, which trusts them and nobody else."""
    (name,) = {function.properties["Role"]["Fn::GetAtt"][0] for function in functions(migrating)}
    role = next(role for role in migrating.resources("AWS::IAM::Role") if role.id == name)
    given = {tuple(as_list(s["Action"])): s for s in statements(migrating, role)}
    assert set(given) == {("logs:CreateLogStream", "logs:PutLogEvents"), ("sts:AssumeRole",)}
    become = set()
    for service in services(migrating):
        trusting = migrating.referred(steps(migrating, service)[0].properties["Role"])
        assert trusting is not None
        (trust,) = trusting.properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"AWS": {"Fn::GetAtt": [role.id, "Arn"]}}
        assert trust["Action"] == "sts:AssumeRole"
        become.add(f"arn:aws:iam::123456789012:role/{trusting.properties['RoleName']}")
    assert {migrating.resolve(arn) for arn in as_list(given["sts:AssumeRole",]["Resource"])} == become


def test_no_role_has_a_managed_policy_and_no_right_is_on_everything(migrating: Template) -> None:
    for role in migrating.resources("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties
    ours = {step.properties["Role"]["Fn::GetAtt"][0] for step in migrating.resources(KIND)}
    for role in migrating.resources("AWS::IAM::Role"):
        if role.id in ours or role.id.startswith("OneOffTasks"):
            assert "*" not in [r for s in statements(migrating, role) for r in as_list(s["Resource"])]


def test_their_logs_are_where_a_failure_says_and_go_when_the_others_go(migrating: Template) -> None:
    """The framework adds `Logs: /aws/lambda/FUNCTION` to the reason."""
    names = {function.properties["FunctionName"] for function in functions(migrating)}
    assert len(names) == 2
    for name in names:
        group = migrating.one("AWS::Logs::LogGroup", LogGroupName=f"/aws/lambda/{name}")
        assert group.properties["RetentionInDays"] in {7, 90}
    logging = {
        json.dumps(function.properties["LoggingConfig"])
        for function in migrating.resources("AWS::Lambda::Function")
        if "Framework" in json.dumps(function.properties) or "framework" in function.id
    }
    assert len(logging) == 1


def test_the_functions_carry_their_package_and_nothing_else(folder: Path) -> None:
    (carried,) = [path.parent for path in (folder / "out").glob("asset.*/deployment")]
    files = {path.relative_to(carried).as_posix() for path in carried.rglob("*") if path.is_file()}
    assert files == {f"deployment/{path.name}" for path in (ROOT / "deployment").glob("*.py")}


def test_cfn_lint_finds_nothing(folder: Path) -> None:
    assert findings(*(folder / "out").glob("*.template.json")) == []


def test_one_database_may_say_otherwise(tmp_path: Path) -> None:
    template = synthesized(
        tmp_path, "production", ('name = "driver-matrix"', 'name = "driver-matrix"\nmigrate_on_deploy = false')
    )
    assert {step.properties["LogGroup"]["Ref"] for step in template.resources(KIND)} == {
        resource.id
        for resource in template.resources("AWS::Logs::LogGroup")
        if resource.properties["LogGroupName"] == "/aws/ecs/production-fluxion-bi-refresh"
    }
    assert len(template.resources(KIND)) == 2


def test_one_database_alone_may_say_so(tmp_path: Path) -> None:
    template = synthesized(
        tmp_path,
        "production",
        ("migrate_on_deploy = true\n", ""),
        ('name = "fluxion"', 'name = "fluxion"\nmigrate_on_deploy = true'),
    )
    assert len(template.resources(KIND)) == 2
    (definition,) = {step.properties["TaskDefinition"]["Ref"] for step in template.resources(KIND)}
    assert "production-fluxion" in variables(task_of(template, "production-fluxion"))["POWERTOOLS_SERVICE_NAME"]
    assert definition == task_of(template, "production-fluxion").id


def test_the_digests_of_this_checkout_are_in_the_template(migrating: Template) -> None:
    for service in services(migrating):
        migrate, apply = steps(migrating, service)
        assert migrate.properties["Files"] == commands.files_of_migrate()
        systems = [word for word in migrate.properties["Command"][4:] if word != "--system"]
        assert apply.properties["Files"] == commands.files_of_apply(systems)


def test_synthesizing_twice_gives_the_same(migrating: Template, tmp_path: Path) -> None:
    """A second deployment changes nothing."""
    again = synthesized(tmp_path, services(migrating)[0].split("-")[0])
    assert again.json == migrating.json


def test_the_shipped_environment_without_it_has_the_rest(production: Template) -> None:
    """The operator's commands stay, whichever way is chosen."""
    assert {f"{prefix}{name}" for prefix in ("Fluxion", "DriverMatrix") for name in ("Migrate", "Apply")} <= set(
        production.json["Outputs"]
    )
