"""What a resource's properties should be, and what AWS's own API says that they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulation.emulator import Emulator

Pairs = dict[str, tuple[Any, Any]]
"""By the property's name: what was declared, what was found."""


@dataclass(frozen=True)
class Resource:
    """One of the template's: its properties with every reference resolved, and its physical id."""

    type: str
    id: str
    properties: Mapping[str, Any]


def _task_definition(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("ecs").describe_task_definition(taskDefinition=resource.id)["taskDefinition"]
    (declared,), (container,) = resource.properties["ContainerDefinitions"], found["containerDefinitions"]
    declared = dict(_camel(declared))
    pairs = {name: (declared.get(name), container.get(name)) for name in declared}
    return pairs | {
        "Cpu": (str(resource.properties["Cpu"]), found["cpu"]),
        "Memory": (str(resource.properties["Memory"]), found["memory"]),
        "TaskRoleArn": (resource.properties["TaskRoleArn"], found["taskRoleArn"]),
    }


def _rule(emulator: Emulator, resource: Resource) -> Pairs:
    events = emulator.client("events")
    found = events.describe_rule(Name=resource.id)
    targets = {target["Id"]: target for target in events.list_targets_by_rule(Rule=resource.id)["Targets"]}
    pairs: Pairs = {
        "State": (resource.properties["State"], found["State"]),
        "ScheduleExpression": (resource.properties.get("ScheduleExpression"), found.get("ScheduleExpression") or None),
        "EventPattern": (resource.properties.get("EventPattern"), json.loads(found.get("EventPattern") or "null")),
    }
    for declared in resource.properties["Targets"]:
        target = targets.get(declared["Id"], {})
        pairs |= {
            f"Targets.{declared['Id']}.{name}": (_network(value), _network(target.get(name)))
            for name, value in declared.items()
        }
    return pairs


def _alarm(emulator: Emulator, resource: Resource) -> Pairs:
    (found,) = emulator.client("cloudwatch").describe_alarms(AlarmNames=[resource.id])["MetricAlarms"]
    return {
        name: (_sorted(name, value), _sorted(name, found.get(name)))
        for name, value in resource.properties.items()
        if name != "Tags"
    }


def _metric_filter(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("logs").describe_metric_filters(logGroupName=resource.properties["LogGroupName"])
    same = [
        each
        for each in found["metricFilters"]
        if each["filterPattern"] == resource.properties["FilterPattern"]
        and each["metricTransformations"][0]["metricName"]
        == resource.properties["MetricTransformations"][0]["MetricName"]
    ]
    (transformation,) = same[0]["metricTransformations"] if len(same) == 1 else ({},)
    (declared,) = resource.properties["MetricTransformations"]
    dimensions = {each["Key"]: each["Value"] for each in declared.get("Dimensions", [])}
    return {
        "FilterPattern": (1, len(same)),
        "MetricNamespace": (declared["MetricNamespace"], transformation.get("metricNamespace")),
        "MetricValue": (declared["MetricValue"], transformation.get("metricValue")),
        "Dimensions": (dimensions, transformation.get("dimensions", {})),
    }


def _topic(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("sns").get_topic_attributes(TopicArn=resource.id)["Attributes"]
    return {"KmsMasterKeyId": (resource.properties.get("KmsMasterKeyId"), found.get("KmsMasterKeyId"))}


def _topic_policy(emulator: Emulator, resource: Resource) -> Pairs:
    sns = emulator.client("sns")
    return {
        topic: (
            resource.properties["PolicyDocument"],
            json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]),
        )
        for topic in resource.properties["Topics"]
    }


def _subscription(emulator: Emulator, resource: Resource) -> Pairs:
    listed = emulator.client("sns").list_subscriptions_by_topic(TopicArn=resource.properties["TopicArn"])
    found = {each["SubscriptionArn"]: each for each in listed["Subscriptions"]}.get(resource.id, {})
    return {name: (resource.properties[name], found.get(name)) for name in ("Protocol", "Endpoint", "TopicArn")}


def _key(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("kms").get_key_policy(KeyId=resource.id, PolicyName="default")["Policy"]
    return {"KeyPolicy": (resource.properties["KeyPolicy"], json.loads(found))}


def _queue(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("sqs").get_queue_attributes(QueueUrl=resource.id, AttributeNames=["All"])["Attributes"]
    return {
        "MessageRetentionPeriod": (
            str(resource.properties.get("MessageRetentionPeriod", 345_600)),
            found["MessageRetentionPeriod"],
        )
    }


def _queue_policy(emulator: Emulator, resource: Resource) -> Pairs:
    sqs = emulator.client("sqs")
    return {
        url: (
            resource.properties["PolicyDocument"],
            json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]),
        )
        for url in resource.properties["Queues"]
    }


_NONE: Mapping[str, Any] = {"Variables": {}}


def _function(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("lambda").get_function_configuration(FunctionName=resource.id)
    return {
        **{
            name: (resource.properties.get(name), found.get(name)) for name in ("Handler", "Runtime", "Timeout", "Role")
        },
        "Environment": (resource.properties.get("Environment", _NONE), found.get("Environment", _NONE)),
    }


def _permission(emulator: Emulator, resource: Resource) -> Pairs:
    function = str(resource.properties["FunctionName"])
    policy = json.loads(emulator.client("lambda").get_policy(FunctionName=function)["Policy"])
    wanted = resource.properties["Principal"], resource.properties.get("SourceArn")
    granted = [
        (statement["Principal"].get("Service"), statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn"))
        for statement in policy["Statement"]
    ]
    return {"Principal and SourceArn": (True, wanted in granted)}


def _state_machine(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("stepfunctions").describe_state_machine(stateMachineArn=resource.id)
    return {
        "Definition": (json.loads(resource.properties["DefinitionString"]), json.loads(found["definition"])),
        "RoleArn": (resource.properties["RoleArn"], found["roleArn"]),
    }


def _invoke_configuration(emulator: Emulator, resource: Resource) -> Pairs:
    found = emulator.client("lambda").get_function_event_invoke_config(
        FunctionName=resource.properties["FunctionName"], Qualifier=resource.properties["Qualifier"]
    )
    destination = resource.properties.get("DestinationConfig", {})
    kept = {name: value for name, value in found.get("DestinationConfig", {}).items() if value}
    return {
        "DestinationConfig": (destination, kept),
        "MaximumRetryAttempts": (resource.properties.get("MaximumRetryAttempts"), found.get("MaximumRetryAttempts")),
    }


def _camel(value: Any) -> Any:
    """CloudFormation's names as the ECS API spells them, but for the keys of options, which are the user's."""
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if isinstance(value, dict):
        return {
            key[0].lower() + key[1:]: inner if key in ("Options", "DockerLabels") else _camel(inner)
            for key, inner in value.items()
        }
    return value


def _network(value: Any) -> Any:
    """EventBridge's API spells one key of a target otherwise than CloudFormation."""
    if isinstance(value, dict):
        return {
            "awsvpcConfiguration" if key == "AwsVpcConfiguration" else key: _network(inner)
            for key, inner in value.items()
        }
    return value


def _sorted(name: str, value: Any) -> Any:
    """Dimensions have no order."""
    if name == "Dimensions" and value:
        return sorted(value, key=lambda dimension: str(dimension["Name"]))
    return value


READERS: Mapping[str, Callable[[Emulator, Resource], Pairs]] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::ECS::TaskDefinition": _task_definition,
    "AWS::Events::Rule": _rule,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::EventInvokeConfig": _invoke_configuration,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::Permission": _permission,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
