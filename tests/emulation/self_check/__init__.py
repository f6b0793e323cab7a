"""What the template says against what the emulator has: anything that it lost, and a test would miss by passing.

For each kind of resource that the pages depend on, the properties that matter, read back through AWS's own API. A
resource of a kind that is not known here is a difference, too: it must be looked at first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.emulation.emulator import Emulator
from tests.emulation.self_check.readers import READERS, Resource
from tests.emulation.self_check.resolver import Resolver

UNWATCHED = {
    "AWS::CDK::Metadata": "nothing is made of it",
    "AWS::CloudWatch::Dashboard": "no test looks at it",
    "AWS::EC2::SecurityGroup": "the emulator has no network to filter",
    "AWS::EC2::SecurityGroupEgress": "the same",
    "AWS::EC2::SecurityGroupIngress": "the same",
    "AWS::ECS::Cluster": "tasks run in it or fail",
    "AWS::IAM::Policy": "calls are refused without it",
    "AWS::IAM::Role": "the same",
    "AWS::Logs::LogGroup": "lines are written into it or a task fails",
    "Custom::VistafrescaTask": "its task has run, or the deployment would have failed",
}
"""Kinds that are not compared, and why not."""


def differences(emulator: Emulator, stack: str) -> list[str]:
    """One sentence each."""
    return [found for resource in _resources(emulator, stack) for found in _compare(emulator, resource)]


def _compare(emulator: Emulator, resource: Resource) -> Iterator[str]:
    if resource.type in UNWATCHED:
        return
    read = READERS.get(resource.type)
    if read is None:
        yield f"{resource.id}: nothing compares a {resource.type}; teach tests/emulation/self_check"
        return
    for name, (declared, found) in read(emulator, resource).items():
        if declared != found:
            yield f"{resource.type} {resource.id}: {name} is {found!r}, the template says {declared!r}"


def _resources(emulator: Emulator, stack: str) -> Iterator[Resource]:
    client = emulator.client("cloudformation")
    template = client.get_template(StackName=stack)["TemplateBody"]
    document = template if isinstance(template, dict) else json.loads(template)
    listed = client.describe_stack_resources(StackName=stack)["StackResources"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}
    for logical_id, body in document["Resources"].items():
        if logical_id not in ids and "Condition" not in body:
            raise AssertionError(f"{logical_id} ({body['Type']}) was never made")
        if logical_id in ids:
            yield Resource(
                body["Type"], ids[logical_id], Resolver(emulator, document, ids).resolve(body.get("Properties", {}))
            )
