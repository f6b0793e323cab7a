"""A template's resources in the shape in which boto3 would describe them once they are deployed."""

from collections.abc import Mapping
from typing import Any

from tests.infrastructure.template import Template, container, variables

Description = Mapping[str, Any]


def alarms(template: Template) -> dict[str, Description]:
    """By name, as describe_alarms has them: its fields are CloudFormation's."""
    return {
        alarm.properties["AlarmName"]: template.resolve(alarm.properties)
        for alarm in template.resources("AWS::CloudWatch::Alarm")
    }


def metric_filters(template: Template, service: str | None = None) -> list[Description]:
    """As describe_metric_filters has them: those of the log group into which a service's task writes, or all."""
    return [
        {
            "filterName": metric_filter.id,
            "logGroupName": template.resolve(metric_filter.properties["LogGroupName"]),
            "filterPattern": template.resolve(metric_filter.properties["FilterPattern"]),
            "metricTransformations": [
                _transformation(template.resolve(made)) for made in metric_filter.properties["MetricTransformations"]
            ],
        }
        for metric_filter in template.resources("AWS::Logs::MetricFilter")
        if service is None or metric_filter.properties["LogGroupName"] == _log_group(template, service)
    ]


def rules(template: Template) -> dict[str, Description]:
    """By name, as describe_rule and list_targets_by_rule have them together."""
    return {
        rule.properties["Name"]: template.resolve(rule.properties) for rule in template.resources("AWS::Events::Rule")
    }


def _transformation(made: Mapping[str, Any]) -> Description:
    described = {f"{name[0].lower()}{name[1:]}": value for name, value in made.items()}
    return described | {"dimensions": {entry["Key"]: entry["Value"] for entry in made.get("Dimensions", [])}}


def _log_group(template: Template, service: str) -> Any:
    (group,) = [
        container(task)["LogConfiguration"]["Options"]["awslogs-group"]
        for task in template.resources("AWS::ECS::TaskDefinition")
        if variables(task)["POWERTOOLS_SERVICE_NAME"] == service
    ]
    return group
