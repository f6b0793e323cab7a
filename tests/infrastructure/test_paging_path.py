"""Nothing that watches is blind or mute: each alarm sees a metric that is written, and may publish to its topic."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.infrastructure.paging_path import CLOUDWATCH, EVENTBRIDGE, broken_links
from tests.infrastructure.template import Template, as_list, variables

Mutation = Callable[[dict[str, dict[str, Any]]], None]


def test_every_alarm_and_every_rule_reaches_someone(template: Template) -> None:
    assert broken_links(template) == []


def _of_type(resources: dict[str, dict[str, Any]], type_: str) -> dict[str, Any]:
    """The properties of the first resource of that type."""
    properties = next(resource["Properties"] for resource in resources.values() if resource["Type"] == type_)
    assert isinstance(properties, dict)
    return properties


def _alarm(resources: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    properties = next(
        resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::CloudWatch::Alarm" and resource["Properties"]["AlarmName"].endswith(f"-{name}")
    )
    assert isinstance(properties, dict)
    return properties


def _rule(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    properties = next(
        resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Events::Rule" and "EventPattern" in resource["Properties"]
    )
    assert isinstance(properties, dict)
    return properties


def _without_service(document: dict[str, Any], service: str) -> None:
    for statement in document["Statement"]:
        if isinstance(statement["Principal"], dict) and "Service" in statement["Principal"]:
            names = [name for name in as_list(statement["Principal"]["Service"]) if name != service]
            statement["Principal"]["Service"] = names


def _topic_policy_forgets(service: str) -> Mutation:
    return lambda resources: _without_service(_of_type(resources, "AWS::SNS::TopicPolicy")["PolicyDocument"], service)


def _key_forgets(service: str) -> Mutation:
    return lambda resources: _without_service(_of_type(resources, "AWS::KMS::Key")["KeyPolicy"], service)


def _no_topic_policy(resources: dict[str, dict[str, Any]]) -> None:
    for id_ in [id_ for id_, resource in resources.items() if resource["Type"] == "AWS::SNS::TopicPolicy"]:
        del resources[id_]


def _key_by_alias(resources: dict[str, dict[str, Any]]) -> None:
    _of_type(resources, "AWS::SNS::Topic")["KmsMasterKeyId"] = "alias/aws/sns"


def _key_by_account(resources: dict[str, dict[str, Any]]) -> None:
    for statement in _of_type(resources, "AWS::KMS::Key")["KeyPolicy"]["Statement"]:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def _denied(resources: dict[str, dict[str, Any]]) -> None:
    for statement in _of_type(resources, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]:
        if statement["Effect"] == "Deny":
            del statement["Condition"]


def _remove(kind: str) -> Mutation:
    return lambda resources: _alarm(resources, "heartbeat").__delitem__(kind)


def _actions_off(resources: dict[str, dict[str, Any]]) -> None:
    _alarm(resources, "views-late")["ActionsEnabled"] = False


def _other_dimension(resources: dict[str, dict[str, Any]]) -> None:
    _alarm(resources, "views-late")["Dimensions"] = [{"Name": "Service", "Value": "sandbox-main"}]


def _no_dimension(resources: dict[str, dict[str, Any]]) -> None:
    del _alarm(resources, "slow-run")["Dimensions"]


def _dimension_in_expression(resources: dict[str, dict[str, Any]]) -> None:
    for entry in _alarm(resources, "heartbeat")["Metrics"]:
        if "MetricStat" in entry:
            entry["MetricStat"]["Metric"]["Dimensions"] = []


def _unknown_metric(resources: dict[str, dict[str, Any]]) -> None:
    _alarm(resources, "views-late")["MetricName"] = "LateViews"


def _filter_without_dimension(resources: dict[str, dict[str, Any]]) -> None:
    for resource in resources.values():
        if resource["Type"] == "AWS::Logs::MetricFilter":
            resource["Properties"]["MetricTransformations"][0].pop("Dimensions")


def _no_subscription(resources: dict[str, dict[str, Any]]) -> None:
    for id_ in [id_ for id_, resource in resources.items() if resource["Type"] == "AWS::SNS::Subscription"]:
        if resources[id_]["Properties"]["Protocol"] == "lambda":
            del resources[id_]


def _no_permission(resources: dict[str, dict[str, Any]]) -> None:
    for id_ in [id_ for id_, resource in resources.items() if resource["Type"] == "AWS::Lambda::Permission"]:
        if resources[id_]["Properties"]["Principal"] == "sns.amazonaws.com":
            del resources[id_]


def _permission_for_another_topic(resources: dict[str, dict[str, Any]]) -> None:
    _of_type(resources, "AWS::Lambda::Permission")["SourceArn"] = {"Ref": "PagerTopic86343D3D"}


def _pager_function(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    properties = next(
        resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function" and resource["Properties"]["FunctionName"].endswith("-pager")
    )
    assert isinstance(properties, dict)
    return properties


def _publishes_in_a_circle(resources: dict[str, dict[str, Any]]) -> None:
    subscription = next(
        resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::SNS::Subscription" and resource["Properties"]["Protocol"] == "lambda"
    )
    _pager_function(resources)["Environment"]["Variables"]["VISTAFRESCA_PEOPLE_TOPIC_ARN"] = subscription["TopicArn"]


def _role_without(action: str) -> Mutation:
    def forget(resources: dict[str, dict[str, Any]]) -> None:
        for resource in resources.values():
            if resource["Type"] == "AWS::IAM::Policy":
                for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                    statement["Action"] = [name for name in as_list(statement["Action"]) if name != action]

    return forget


def _key_without_account(resources: dict[str, dict[str, Any]]) -> None:
    statements = _of_type(resources, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    statements[:] = [statement for statement in statements if "AWS" not in statement["Principal"]]


def _no_destination(resources: dict[str, dict[str, Any]]) -> None:
    del _of_type(resources, "AWS::Lambda::EventInvokeConfig")["DestinationConfig"]


def _watchman_through_what_it_watches(resources: dict[str, dict[str, Any]]) -> None:
    _alarm(resources, "pager-failing")["AlarmActions"] = _alarm(resources, "heartbeat")["AlarmActions"]


def _watches(metric: str) -> Mutation:
    """The alarm on the function without one of its metrics."""

    def blind(resources: dict[str, dict[str, Any]]) -> None:
        entries = _alarm(resources, "pager-failing")["Metrics"]
        entries[:] = [
            entry for entry in entries if entry.get("MetricStat", {}).get("Metric", {}).get("MetricName") != metric
        ]

    return blind


def _people_topic_forgets_cloudwatch(resources: dict[str, dict[str, Any]]) -> None:
    for resource in resources.values():
        if resource["Type"] == "AWS::SNS::TopicPolicy" and "PagerTopic" in str(resource["Properties"]["Topics"]):
            _without_service(resource["Properties"]["PolicyDocument"], CLOUDWATCH)


def _rule_off(resources: dict[str, dict[str, Any]]) -> None:
    _rule(resources)["State"] = "DISABLED"


def _rule_without_target(resources: dict[str, dict[str, Any]]) -> None:
    _rule(resources)["Targets"] = []


def _rule_with_role(resources: dict[str, dict[str, Any]]) -> None:
    _rule(resources)["Targets"][0]["RoleArn"] = "arn:aws:iam::123456789012:role/any"


def _metric_of_a_rest_api(resources: dict[str, dict[str, Any]]) -> None:
    _alarm(resources, "api-errors")["MetricName"] = "5XXError"


def _other_stage(resources: dict[str, dict[str, Any]]) -> None:
    for dimension in _alarm(resources, "api-slow")["Dimensions"]:
        if dimension["Name"] == "Stage":
            dimension["Value"] = "prod"


def _function_by_service(resources: dict[str, dict[str, Any]]) -> None:
    _alarm(resources, "api-crashed")["Dimensions"] = [{"Name": "service", "Value": "production-fluxion"}]


def _api_of_another_service(resources: dict[str, dict[str, Any]]) -> None:
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] = "api"


@pytest.mark.parametrize(
    ("mutation", "said"),
    [
        (_metric_of_a_rest_api, "api-errors: nothing writes AWS/ApiGateway 5XXError"),
        (_other_stage, "api-slow: nothing writes AWS/ApiGateway Latency"),
        (_function_by_service, "api-crashed: nothing writes AWS/Lambda Errors {'service': 'production-fluxion'}"),
        (_api_of_another_service, "api-fallback: nothing writes Vistafresca ApiFallbacks"),
    ],
)
def test_a_cut_link_of_the_api_is_found(production: Template, mutation: Mutation, said: str) -> None:
    cut = production.copy()
    mutation(cut.json["Resources"])
    problems = broken_links(cut)
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("mutation", "said"),
    [
        (_no_topic_policy, f"the topic's policy does not let {CLOUDWATCH} publish"),
        (_topic_policy_forgets(CLOUDWATCH), f"the topic's policy does not let {CLOUDWATCH} publish"),
        (_topic_policy_forgets(EVENTBRIDGE), f"the topic's policy does not let {EVENTBRIDGE} publish"),
        (_key_forgets(CLOUDWATCH), f"the key's policy does not let {CLOUDWATCH} kms:Decrypt"),
        (_key_forgets(EVENTBRIDGE), f"the key's policy does not let {EVENTBRIDGE} kms:GenerateDataKey*"),
        (_key_by_alias, "the topic is encrypted with alias/aws/sns"),
        (_key_by_account, f"the key's policy does not let {EVENTBRIDGE} kms:Decrypt"),
        (_denied, f"the topic's policy does not let {CLOUDWATCH} publish"),
        (_remove("AlarmActions"), "heartbeat: has no AlarmActions"),
        (_remove("OKActions"), "heartbeat: has no OKActions"),
        (_actions_off, "views-late: its actions are switched off"),
        (_other_dimension, "views-late: nothing writes Vistafresca ViewsLate {'Service': 'sandbox-main'}"),
        (_no_dimension, "slow-run: nothing writes Vistafresca RunDuration {}"),
        (_dimension_in_expression, "heartbeat: nothing writes Vistafresca RunCompleted {}"),
        (_unknown_metric, "views-late: nothing writes Vistafresca LateViews"),
        (_filter_without_dimension, "views-failed: nothing writes Vistafresca/Logs ViewsFailed"),
        (_no_subscription, "heartbeat: no function is subscribed to vistafresca-sandbox-alarms"),
        (_no_permission, "its policy does not let sns.amazonaws.com call it for vistafresca-sandbox-alarms"),
        (_permission_for_another_topic, "its policy does not let sns.amazonaws.com call it"),
        (_publishes_in_a_circle, "where nobody subscribes"),
        (_role_without("sns:Publish"), "its role may not publish to the people's topic"),
        (_role_without("kms:Decrypt"), "its role may not kms:Decrypt with the key of the people's topic"),
        (_role_without("kms:GenerateDataKey"), "its role may not kms:GenerateDataKey with the key"),
        (_key_without_account, "does not go by the account's roles"),
        (_role_without("logs:FilterLogEvents"), "may not logs:FilterLogEvents in /aws/ecs/sandbox-main-bi-refresh"),
        (_role_without("logs:GetLogEvents"), "may not logs:GetLogEvents in /aws/ecs/sandbox-main-bi-refresh"),
        (_no_destination, "what it fails on is not handed to people"),
        (_watchman_through_what_it_watches, "no alarm tells people of AWS/Lambda Errors"),
        (_watches("Errors"), "no alarm tells people of AWS/Lambda Errors"),
        (_watches("DestinationDeliveryFailures"), "no alarm tells people of AWS/Lambda DestinationDeliveryFailures"),
        (_watches("NumberOfNotificationsFailed"), "no alarm tells people of AWS/SNS NumberOfNotificationsFailed"),
        (_people_topic_forgets_cloudwatch, f"pager-failing: the topic's policy does not let {CLOUDWATCH} publish"),
        (_rule_off, "is disabled"),
        (_rule_without_target, "has no target"),
        (_rule_with_role, "a role on an SNS target"),
    ],
)
def test_a_cut_link_is_found(sandbox: Template, mutation: Mutation, said: str) -> None:
    cut = sandbox.copy()
    mutation(cut.json["Resources"])
    problems = broken_links(cut)
    assert any(said in problem for problem in problems), problems


def test_a_renamed_service_blinds_the_alarms_on_its_metrics(sandbox: Template) -> None:
    renamed = sandbox.copy()
    (task,) = renamed.resources("AWS::ECS::TaskDefinition")
    assert variables(task)["POWERTOOLS_SERVICE_NAME"] == "sandbox-main"
    for entry in task.properties["ContainerDefinitions"][0]["Environment"]:
        if entry["Name"] == "POWERTOOLS_SERVICE_NAME":
            entry["Value"] = "main"
    assert any("heartbeat: nothing writes" in problem for problem in broken_links(renamed))
