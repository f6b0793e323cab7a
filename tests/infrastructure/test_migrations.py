"""A deployment migrates first: what runs, in which order, with which rights; and nothing of it unless asked for."""

import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployment.request import OneOffTask
from infrastructure import commands
from infrastructure.application import application
from infrastructure.naming import DEPLOYMENT_GROUP
from tests.infrastructure.cfn_lint import findings
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.template import Resource, Template, as_list, services, variables
from tests.infrastructure.test_least_privilege import role_of, statements, task_of
from tests.infrastructure.test_operations import output

KIND = "Custom::VistafrescaTask"
OUTPUTS = {
    "sandbox-main": "Main",
    "production-fluxion": "Fluxion",
    "production-driver-matrix": "DriverMatrix",
}


def synthesized(folder: Path, name: str, *changes: tuple[str, str]) -> Template:
    """A shipped environment with changes. Raises on a finding of cdk-nag."""
    text = (ROOT / f"environments/{name}.toml{'' if name == 'sandbox' else '.example'}").read_text(encoding="utf-8")
    for old, new in (("log_retention_days", "migrate_on_deploy = true\nlog_retention_days"), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    application(environments=folder, name=name, outdir=str(folder / "out")).synth()
    return Template.read(folder / f"out/vistafresca-{name}.template.json")


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


@dataclass(frozen=True, kw_only=True)
class Nesting:
    """An environment's stack, and those of its databases within it."""

    parent: Template
    nested: list[Template]
    folder: Path

    def given(self, nested: Template, parameter: dict[str, str]) -> object:
        """What the stack above hands down for a reference to a parameter."""
        assert parameter["Ref"] in nested.json["Parameters"]
        values = [
            stack.properties["Parameters"][parameter["Ref"]]
            for stack in self.parent.resources("AWS::CloudFormation::Stack")
        ]
        assert all(value == values[0] for value in values)
        return values[0]


def steps(template: Template, service: str) -> tuple[Resource, Resource]:
    """A database's two resources, migrate and apply."""
    definition = task_of(template, service)
    migrate, apply = (step for step in template.resources(KIND) if definition.id in json.dumps(step.properties))
    return migrate, apply


def comes_before(template: Template, later: str) -> set[str]:
    """All that CloudFormation makes or changes before the resource `later`: what it depends on, and so on."""
    known: set[str] = set()
    pending = [later]
    while pending:
        body = template.json["Resources"][pending.pop()]
        text = json.dumps(body.get("Properties", {}))
        named = set(re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', text)) | set(as_list(body.get("DependsOn", [])))
        pending += (named & set(template.json["Resources"])) - known
        known |= named
    return known & set(template.json["Resources"])


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


def functions(template: Template) -> list[Resource]:
    """Ours, which the framework calls."""
    return [
        function
        for function in template.resources("AWS::Lambda::Function")
        if str(function.properties.get("Handler", "")).startswith("deployment.")
    ]


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


# ---- In a stack of its own -----------------------------------------------------------------------

NESTED = ('region = "', 'layout = "nested"\nregion = "')


@pytest.fixture(scope="module", params=[("sandbox", 1), ("production", 2)], ids=["sandbox", "production"])
def nesting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Nesting:
    """The shipped environments with layout = "nested". Raises on a finding of cdk-nag, wherever it is."""
    name, databases = request.param
    folder = tmp_path_factory.mktemp("nesting")
    parent = synthesized(folder, name, NESTED)
    nested = [Template.read(path) for path in sorted((folder / "out").glob("*.nested.template.json"))]
    assert len(nested) == databases
    return Nesting(parent=parent, nested=nested, folder=folder)


def test_within_a_nested_stack_every_rule_and_the_api_s_function_come_after_the_migrations(nesting: Nesting) -> None:
    """The order is the nested stack's own: CloudFormation knows none between resources of two stacks."""
    for template in nesting.nested:
        (service,) = services(template)
        migrate, apply = steps(template, service)
        later = [
            resource.id
            for resource in template
            if (resource.type == "AWS::Events::Rule" and "ScheduleExpression" in resource.properties)
            or resource.properties.get("FunctionName") == f"{service}-bi-api"
        ]
        assert len(later) >= 2
        for id_ in later:
            assert {migrate.id, apply.id} <= comes_before(template, id_), id_
        assert migrate.id in comes_before(template, apply.id)


def test_one_provider_serves_all_nested_stacks(nesting: Nesting) -> None:
    """Its token and the role that a database's role trusts are parameters, and come from the stack above."""
    parent = nesting.parent
    (role,) = {function.properties["Role"]["Fn::GetAtt"][0] for function in functions(parent)}
    for template in nesting.nested:
        assert functions(template) == []
        for step in template.resources(KIND):
            token = nesting.given(template, step.properties["ServiceToken"])
            framework = parent.referred(token)
            assert framework is not None
            assert framework.properties["Handler"] == "framework.onEvent"
        own = template.referred(template.resources(KIND)[0].properties["Role"])
        assert own is not None
        (trust,) = own.properties["AssumeRolePolicyDocument"]["Statement"]
        assert nesting.given(template, trust["Principal"]["AWS"]) == {"Fn::GetAtt": [role, "Arn"]}


def test_a_nested_stack_comes_after_the_provider_and_the_network_and_nothing_of_them_after_it(nesting: Nesting) -> None:
    """No circular wait. What a task needs of the stack above, the nested stack as a whole waits for."""
    assert nesting.parent.waiting_in_a_circle == set()
    provider = {resource.id for resource in nesting.parent if resource.id.startswith("OneOffTasks")}
    network = {
        resource.id
        for resource in nesting.parent
        if resource.type in {"AWS::EC2::Route", "AWS::EC2::VPCEndpoint", "AWS::EC2::SubnetRouteTableAssociation"}
    }
    for stack in nesting.parent.resources("AWS::CloudFormation::Stack"):
        assert (provider | network) - comes_before(nesting.parent, stack.id) == set()


def test_cfn_lint_finds_nothing_in_either_stack(nesting: Nesting) -> None:
    assert findings(*(nesting.folder / "out").glob("*.template.json")) == []


# ---- When it runs again --------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the digests are made of."""
    subprocess.run(["cp", "-R", str(ROOT / "sql"), str(ROOT / "views.toml"), str(tmp_path)], check=True)
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    return tmp_path


def digests() -> tuple[str, str]:
    return commands.files_of_migrate(), commands.files_of_apply(["fluxion"])


@pytest.mark.parametrize(
    ("file", "migrates", "applies"),
    [
        ("sql/bi_refresh/functions/remedy.sql", True, False),
        ("sql/bi_refresh/migrations/bi_refresh_0001_core.py", True, False),
        ("sql/bi_refresh/migrations/bi_refresh_9999_new.up.sql", True, False),
        ("sql/systems/teloo/migrations/teloo_0001_marketplace.up.sql", True, False),
        ("views.toml", False, True),
        ("sql/systems/fluxion/views.toml", False, True),
        ("sql/systems/teloo/views.toml", False, False),  # not a system of this database
        ("sql/bi_refresh/README.md", False, False),
        ("sql/bi_refresh/migrations/__pycache__/x.cpython-313.pyc", False, False),
    ],
)
def test_it_runs_again_if_a_file_that_it_reads_changed(tree: Path, file: str, *, migrates: bool, applies: bool) -> None:
    migrate, apply = digests()
    path = tree / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n-- changed\n")
    assert (digests()[0] != migrate, digests()[1] != apply) == (migrates, applies)


def test_a_file_that_moved_or_went_is_a_change_too(tree: Path) -> None:
    before = digests()[0]
    functions_ = tree / "sql/bi_refresh/functions"
    (functions_ / "remedy.sql").rename(functions_ / "remedy2.sql")
    moved = digests()[0]
    (functions_ / "remedy2.sql").unlink()
    assert len({before, moved, digests()[0]}) == 3


def test_all_that_is_digested_is_in_the_image() -> None:
    """Nothing that .dockerignore keeps out: README files, bytecode."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"!sql/", "!views.toml", "**/*.md", "**/*.pyc"} <= set(ignored)
    assert {".md", ".pyc"}.isdisjoint(commands.READ_BY_MIGRATE)


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
