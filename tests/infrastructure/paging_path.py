"""Follows every alarm and every state-change rule to a person: actions → topic → topic policy → key policy → function
→ people's topic (message_path.py).

Broken links are returned as sentences. A topic that the template does not hold is someone else's: its ARN is literal,
and the stack's output PagerPolicy says what its policy must allow.
"""

from collections.abc import Iterator
from typing import Any

from tests.infrastructure.message_path import not_passed_on, reaches_people_directly
from tests.infrastructure.template import Resource, Template, as_list, container, told_to, variables

CLOUDWATCH = "cloudwatch.amazonaws.com"
EVENTBRIDGE = "events.amazonaws.com"
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey*")

# What the task and the API promise to write, and with which dimensions: the names are repeated here on purpose.
TASK_METRICS = {
    "RunCompleted",
    "ViewsSucceeded",
    "ViewsFailed",
    "ViewsSkipped",
    "ViewsUpstreamFailed",
    "ViewsNotDue",
    "ViewsSuspended",
    "ViewsDistrusted",
    "StepRetries",
    "FreshRatio",
    "RequestsWaiting",
    "OldestRequestSeconds",
    "RequestedRunCompleted",
    "RunsSkipped",
    "ViewsLate",
    "MaxConsecutiveFailures",
    "RunDuration",
    "MaxLagSeconds",
}
API_METRICS = {"ApiFallbacks", "ApiFallbackRefused"}


def broken_links(template: Template) -> list[str]:
    """Everything that keeps an alarm or a rule from reaching someone."""
    return [
        problem
        for alarm in template.resources("AWS::CloudWatch::Alarm")
        for problem in (*_sees_nothing(template, alarm), *_tells_nobody(template, alarm))
    ] + [
        problem
        for rule in template.resources("AWS::Events::Rule")
        if "EventPattern" in rule.properties
        for problem in _rule(template, rule)
    ]


def metrics(alarm: Resource) -> list[dict[str, Any]]:
    """The metrics that an alarm watches, whether directly or within an expression."""
    if "MetricName" in alarm.properties:
        return [alarm.properties]
    stats = [entry["MetricStat"]["Metric"] for entry in alarm.properties["Metrics"] if "MetricStat" in entry]
    assert all(isinstance(stat, dict) for stat in stats)
    return stats


def dimensions(metric: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}


def _sees_nothing(template: Template, alarm: Resource) -> Iterator[str]:
    name = alarm.properties["AlarmName"]
    for metric in metrics(alarm):
        if not _is_written(template, metric):
            of = f"{metric['Namespace']} {metric['MetricName']} {dimensions(metric)}"
            yield f"{name}: nothing writes {of}"


def _is_written(template: Template, metric: dict[str, Any]) -> bool:
    """Whether something in the template writes a metric of exactly this namespace, name and set of dimensions."""
    given = dimensions(metric)
    match metric["Namespace"]:
        case "AWS/Events":
            rule = template.referred(given.get("RuleName"))
            return set(given) == {"RuleName"} and rule is not None and rule.type == "AWS::Events::Rule"
        case "AWS/SQS":
            queue = template.referred(given.get("QueueName"))
            return set(given) == {"QueueName"} and queue is not None and queue.type == "AWS::SQS::Queue"
        case "AWS/Lambda":
            function = template.referred(given.get("FunctionName"))
            return set(given) == {"FunctionName"} and function is not None and function.type == "AWS::Lambda::Function"
        case "AWS/SNS":
            topic = template.referred(given.get("TopicName"))
            return set(given) == {"TopicName"} and topic is not None and topic.type == "AWS::SNS::Topic"
        case "AWS/ApiGateway":
            return _stage_writes(template, metric)
        case namespace:
            return (
                _task_writes(template, metric, namespace)
                or _filter_writes(template, metric, namespace)
                or _api_writes(template, metric, namespace)
            )


def _stage_writes(template: Template, metric: dict[str, Any]) -> bool:
    """An HTTP API's names, which are not a REST API's; https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html"""
    given = dimensions(metric)
    return (
        set(given) == {"ApiId", "Stage"}
        and metric["MetricName"] in {"4xx", "5xx", "Count", "IntegrationLatency", "Latency", "DataProcessed"}
        and any(
            (stage.properties["ApiId"], stage.properties["StageName"]) == (given["ApiId"], given["Stage"])
            for stage in template.resources("AWS::ApiGatewayV2::Stage")
        )
    )


def _api_writes(template: Template, metric: dict[str, Any], namespace: str) -> bool:
    return metric["MetricName"] in API_METRICS and any(
        dimensions(metric) == {"service": told.get("POWERTOOLS_SERVICE_NAME")}
        and told.get("POWERTOOLS_METRICS_NAMESPACE") == namespace
        for told in map(told_to, template.resources("AWS::Lambda::Function"))
    )


def _task_writes(template: Template, metric: dict[str, Any], namespace: str) -> bool:
    given = dimensions(metric)
    return metric["MetricName"] in TASK_METRICS and any(
        given == {"service": variables(task).get("POWERTOOLS_SERVICE_NAME")}
        and variables(task).get("POWERTOOLS_METRICS_NAMESPACE") == namespace
        for task in template.resources("AWS::ECS::TaskDefinition")
    )


def _filter_writes(template: Template, metric: dict[str, Any], namespace: str) -> bool:
    given = dimensions(metric)
    return set(given) == {"service"} and any(
        _makes(metric_filter, metric, namespace) and _logs_of(template, metric_filter, given["service"])
        for metric_filter in template.resources("AWS::Logs::MetricFilter")
    )


def _makes(metric_filter: Resource, metric: dict[str, Any], namespace: str) -> bool:
    (made,) = metric_filter.properties["MetricTransformations"]
    from_fields = {entry["Key"]: entry["Value"] for entry in made.get("Dimensions", [])}
    name = (made["MetricNamespace"], made["MetricName"])
    return name == (namespace, metric["MetricName"]) and from_fields == {"service": "$.service"}


def _logs_of(template: Template, metric_filter: Resource, service: str) -> bool:
    """Whether the filter reads the log group that the task of that service writes."""
    return any(
        variables(task).get("POWERTOOLS_SERVICE_NAME") == service
        and container(task)["LogConfiguration"]["Options"]["awslogs-group"] == metric_filter.properties["LogGroupName"]
        for task in template.resources("AWS::ECS::TaskDefinition")
    )


def _tells_nobody(template: Template, alarm: Resource) -> Iterator[str]:
    name = alarm.properties["AlarmName"]
    if alarm.properties.get("ActionsEnabled", True) is not True:
        yield f"{name}: its actions are switched off"
    for actions in ("AlarmActions", "OKActions"):
        topics = alarm.properties.get(actions, [])
        if not topics:
            yield f"{name}: has no {actions}"
        for topic in topics:
            yield from (f"{name}: {problem}" for problem in _may_not_publish(template, topic, CLOUDWATCH))


def _rule(template: Template, rule: Resource) -> Iterator[str]:
    name = rule.properties["Name"]
    if rule.properties["State"] != "ENABLED":
        yield f"{name}: is disabled"
    targets = rule.properties.get("Targets", [])
    if not targets:
        yield f"{name}: has no target"
    for target in targets:
        if "RoleArn" in target:
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
            yield f"{name}: a role on an SNS target makes delivery to an encrypted topic fail"
        yield from (f"{name}: {problem}" for problem in _may_not_publish(template, target["Arn"], EVENTBRIDGE))


def _may_not_publish(template: Template, topic_arn: object, publisher: str) -> Iterator[str]:
    if isinstance(topic_arn, str) and ":sns:" in topic_arn:
        if "PagerPolicy" not in template.json["Outputs"]:
            yield f"{topic_arn} is imported, and no output says what its policy must allow"
        return
    topic = template.referred(topic_arn)
    if topic is None or topic.type != "AWS::SNS::Topic":
        yield f"{topic_arn} is no topic"
        return
    policies = [
        policy.properties["PolicyDocument"]
        for policy in template.resources("AWS::SNS::TopicPolicy")
        if {"Ref": topic.id} in policy.properties["Topics"]
    ]
    if not _allowed(policies, publisher, "sns:Publish"):
        yield f"the topic's policy does not let {publisher} publish"
    yield from _may_not_use_key(template, topic, publisher)
    if not reaches_people_directly(template, topic_arn):
        yield from not_passed_on(template, topic)


def _may_not_use_key(template: Template, topic: Resource, publisher: str) -> Iterator[str]:
    key_id = topic.properties.get("KmsMasterKeyId")
    if key_id is None:
        return
    key = template.referred(key_id)
    if key is None:
        yield f"the topic is encrypted with {key_id}, whose policy can never let {publisher} use it"
        return
    for action in KEY_ACTIONS:
        if not _allowed([key.properties["KeyPolicy"]], publisher, action):
            yield f"the key's policy does not let {publisher} {action}"


def _allowed(policies: list[dict[str, Any]], publisher: str, action: str) -> bool:
    """Allowed without a condition, since EventBridge sends neither aws:SourceAccount nor aws:SourceArn with its calls;
    and not denied, unless for not coming by TLS, which these services always use."""
    statements = [statement for policy in policies for statement in policy["Statement"]]
    allowing = [
        statement
        for statement in statements
        if statement["Effect"] == "Allow"
        and publisher in as_list(_service(statement["Principal"]))
        and action in as_list(statement["Action"])
        and "Condition" not in statement
    ]
    denying = [
        statement
        for statement in statements
        if statement["Effect"] == "Deny" and statement.get("Condition") != {"Bool": {"aws:SecureTransport": "false"}}
    ]
    return bool(allowing) and not denying


def _service(principal: Any) -> Any:
    return principal.get("Service", []) if isinstance(principal, dict) else []
