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
