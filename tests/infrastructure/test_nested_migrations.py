"""Databases with a stack of their own are migrated before anything of it is scheduled."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.infrastructure.cfn_lint import findings
from tests.infrastructure.migrating import KIND, comes_before, functions, steps, synthesized
from tests.infrastructure.template import Template, services


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
