"""From the alarms' topic to a person: subscription → permission → function → its role → the people's topic → its key;
and past the function where it fails.

The people's topic is the one that the output Subscribe names. Broken links are returned as sentences.
"""

from collections.abc import Iterator
from typing import Any

from tests.infrastructure.template import Resource, Template, as_list, container, told_to

SNS = "sns.amazonaws.com"
USES_OF_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
READS = ("logs:FilterLogEvents", "logs:GetLogEvents")


def reaches_people_directly(template: Template, topic_arn: Any) -> bool:
    """Whether people subscribe to this very topic."""
    words = str(template.resolve(template.json["Outputs"]["Subscribe"]["Value"])).split()
    return template.resolve(topic_arn) in words


def not_passed_on(template: Template, topic: Resource) -> Iterator[str]:
    """What keeps a message of the alarms' topic from people."""
    functions = [
        function
        for subscription in template.resources("AWS::SNS::Subscription")
        if subscription.properties["TopicArn"] == {"Ref": topic.id} and subscription.properties["Protocol"] == "lambda"
        if (function := template.referred(subscription.properties["Endpoint"])) is not None
    ]
    if not functions:
        yield f"no function is subscribed to {topic.properties['TopicName']}"
    for function in functions:
        yield from _may_not_be_called(template, function, topic)
        yield from _may_not_publish(template, function)
        yield from _may_not_read(template, function)
        yield from _fails_in_silence(template, function, topic)


def _may_not_be_called(template: Template, function: Resource, topic: Resource) -> Iterator[str]:
    allowed = any(
        permission.properties["Principal"] == SNS
        and permission.properties["Action"] == "lambda:InvokeFunction"
        and template.referred(permission.properties["FunctionName"]) == function
        and permission.properties.get("SourceArn") == {"Ref": topic.id}
        for permission in template.resources("AWS::Lambda::Permission")
    )
    if not allowed:
        yield f"{_name(function)}: its policy does not let {SNS} call it for {topic.properties['TopicName']}"


def _may_not_publish(template: Template, function: Resource) -> Iterator[str]:
    told = told_to(function).get("VISTAFRESCA_PEOPLE_TOPIC_ARN")
    if not reaches_people_directly(template, told):
        yield f"{_name(function)}: is told to publish to {template.resolve(told)}, where nobody subscribes"
        return
    statements = list(_statements(template, function))
    if not _grants(statements, "sns:Publish", told):
        yield f"{_name(function)}: its role may not publish to the people's topic"
    topic = template.referred(told)
    if topic is not None and (key_id := topic.properties.get("KmsMasterKeyId")) is not None:
        for action in USES_OF_KEY:
            if not _grants(statements, action, key_id):
                yield f"{_name(function)}: its role may not {action} with the key of the people's topic"
        key = template.referred(key_id)
        if key is None or not _trusts_the_account(key):
            yield f"{_name(function)}: the key of the people's topic does not go by the account's roles"


def _may_not_read(template: Template, function: Resource) -> Iterator[str]:
    statements = list(_statements(template, function))
    for task in template.resources("AWS::ECS::TaskDefinition"):
        group = template.referred(container(task)["LogConfiguration"]["Options"]["awslogs-group"])
        assert group is not None
        name = group.properties["LogGroupName"]
        for action in READS:
            read = [
                resource for s in statements if action in as_list(s["Action"]) for resource in as_list(s["Resource"])
            ]
            if not any(str(template.resolve(arn)).endswith(f":log-group:{name}:*") for arn in read):
                yield f"{_name(function)}: its role may not {action} in {name}"


def _fails_in_silence(template: Template, function: Resource, topic: Resource) -> Iterator[str]:
    destinations = [
        config.properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        for config in template.resources("AWS::Lambda::EventInvokeConfig")
        if template.referred(config.properties["FunctionName"]) == function
    ]
    if not any(reaches_people_directly(template, destination) for destination in destinations):
        yield f"{_name(function)}: what it fails on is not handed to people"
    watched = {
        ("AWS/Lambda", "Errors", "FunctionName"): {"Ref": function.id},
        ("AWS/Lambda", "DestinationDeliveryFailures", "FunctionName"): {"Ref": function.id},
        ("AWS/SNS", "NumberOfNotificationsFailed", "TopicName"): {"Fn::GetAtt": [topic.id, "TopicName"]},
    }
    for (namespace, metric, dimension), value in watched.items():
        if not any(
            (found["Namespace"], found["MetricName"]) == (namespace, metric)
            and found["Dimensions"] == [{"Name": dimension, "Value": value}]
            for alarm in template.resources("AWS::CloudWatch::Alarm")
            if all(reaches_people_directly(template, action) for action in alarm.properties.get("AlarmActions", ()))
            for found in _metrics(alarm)
        ):
            yield f"{_name(function)}: no alarm tells people of {namespace} {metric}"


def _metrics(alarm: Resource) -> Iterator[dict[str, Any]]:
    for entry in alarm.properties.get("Metrics", ()):
        if "MetricStat" in entry:
            yield entry["MetricStat"]["Metric"]


def _statements(template: Template, function: Resource) -> Iterator[dict[str, Any]]:
    role = template.referred(function.properties["Role"])
    assert role is not None
    for policy in template.resources("AWS::IAM::Policy"):
        if {"Ref": role.id} in policy.properties["Roles"]:
            yield from policy.properties["PolicyDocument"]["Statement"]


def _grants(statements: list[dict[str, Any]], action: str, resource: Any) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and action in as_list(statement["Action"])
        and resource in as_list(statement["Resource"])
        and "Condition" not in statement
        for statement in statements
    )


def _trusts_the_account(key: Resource) -> bool:
    """Without this statement no policy of a role counts.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"""
    return any(
        statement["Effect"] == "Allow"
        and statement["Action"] == "kms:*"
        and "AWS" in statement["Principal"]
        and "Condition" not in statement
        for statement in key.properties["KeyPolicy"]["Statement"]
    )


def _name(function: Resource) -> str:
    return str(function.properties["FunctionName"])
