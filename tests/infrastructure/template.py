"""A synthesized template, and the few questions that tests ask of one."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.intrinsic_functions import worked_out

ACCOUNT = "123456789012"
PSEUDO_PARAMETERS = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource: its logical id and what the template says about it."""

    id: str
    type: str
    properties: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Template:
    """The JSON of one stack. Mutations are made on a copy: `template.copy()`."""

    json: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Template":
        return cls(json=json.loads(path.read_text(encoding="utf-8")))

    def copy(self) -> "Template":
        return Template(json=deepcopy(self.json))

    def resources(self, type_: str) -> list[Resource]:
        return [resource for resource in self if resource.type == type_]

    def __iter__(self) -> Iterator[Resource]:
        for id_, body in self.json["Resources"].items():
            yield Resource(id=id_, type=body["Type"], properties=body.get("Properties", {}))

    def one(self, type_: str, **properties: object) -> Resource:
        """The only resource of that type with these properties."""
        found = [
            resource
            for resource in self.resources(type_)
            if all(resource.properties.get(name) == value for name, value in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} {type_} with {properties}"
        return found[0]

    def referred(self, value: Any) -> Resource | None:
        """The resource that a Ref or Fn::GetAtt names; None for anything else."""
        match value:
            case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), _]}:
                body = self.json["Resources"].get(id_)
                return body and Resource(id=id_, type=body["Type"], properties=body["Properties"])
            case _:
                return None

    def resolve(self, value: Any) -> Any:
        """Intrinsic functions worked out, with a readable stand-in for what only a deployment would know."""
        return worked_out(
            value,
            ref=lambda name: PSEUDO_PARAMETERS.get(name, f"<{name}>"),
            attribute=lambda name, attribute: f"<{name}.{attribute}>",
        )

    @property
    def waiting_in_a_circle(self) -> set[str]:
        """CloudFormation makes a resource after those that it refers to, or depends on: following that must end. Those
        for which it does not."""
        resources = self.json["Resources"]
        before = {id_: _named(body) & set(resources) for id_, body in resources.items()}
        made: set[str] = set()
        while ready := {id_ for id_, earlier in before.items() if id_ not in made and earlier <= made}:
            made |= ready
        return set(resources) - made


def _named(value: Any) -> set[str]:
    match value:
        case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), _]}:
            return {id_}
        case dict():
            depends = set(as_list(value.get("DependsOn", [])))
            return depends | {id_ for inner in value.values() for id_ in _named(inner)}
        case list():
            return {id_ for inner in value for id_ in _named(inner)}
        case _:
            return set()


def as_list(value: Any) -> list[Any]:
    """IAM and CloudFormation write a list of one as the one."""
    return value if isinstance(value, list) else [value]


def container(task_definition: Resource) -> dict[str, Any]:
    """The only container of a task definition."""
    (only,) = task_definition.properties["ContainerDefinitions"]
    assert isinstance(only, dict)
    return only


def variables(task_definition: Resource) -> Mapping[str, Any]:
    """The environment variables of its container."""
    return {entry["Name"]: entry["Value"] for entry in container(task_definition)["Environment"]}


def told_to(function: Resource) -> Mapping[str, Any]:
    """The environment variables of a Lambda function."""
    told = function.properties["Environment"]["Variables"]
    assert isinstance(told, dict)
    return told


def api_of(template: Template, service: str) -> Resource:
    """The function that answers the API of a service."""
    return template.one("AWS::Lambda::Function", FunctionName=f"{service}-bi-api")


def alarm(template: Template, service: str, name: str) -> Resource:
    """One of a service's alarms, by the name that people know it by."""
    return template.one("AWS::CloudWatch::Alarm", AlarmName=f"vistafresca-{service}-{name}")


def services(template: Template) -> list[str]:
    """The service name of every database in the template."""
    return [variables(task)["POWERTOOLS_SERVICE_NAME"] for task in template.resources("AWS::ECS::TaskDefinition")]
