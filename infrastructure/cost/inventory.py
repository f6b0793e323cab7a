"""What of a deployment costs money by being there, counted in its synthesized templates: what is counted is what is
deployed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FREE = {
    "AWS::ApiGatewayV2::": "paid by the request",
    "AWS::Lambda::": "paid by the request; what pages and what deploys is called too seldom to count",
    "AWS::CDK::Metadata": "no resource",
    "AWS::CloudFormation::": "free",
    "Custom::": "free",
    "AWS::EC2::EIP": "counted with the NAT gateway that it belongs to",
    "AWS::EC2::InternetGateway": "free",
    "AWS::EC2::Route": "free",
    "AWS::EC2::SecurityGroup": "free",
    "AWS::EC2::Subnet": "free",
    "AWS::EC2::VPC": "free",
    "AWS::ECS::Cluster": "free",
    "AWS::ECS::TaskDefinition": "paid by the run",
    "AWS::Events::Rule": "free for schedules and for AWS's own events",
    "AWS::IAM::": "free",
    "AWS::Logs::": "paid by the line",
    "AWS::RDS::DBSubnetGroup": "free",
    "AWS::SNS::": "the first thousand e-mails a month are free, and nobody wants more",
    "AWS::SQS::": "the first million requests a month are free, and the queue is empty while all is well",
    "AWS::SecretsManager::SecretTargetAttachment": "free",
    "AWS::StepFunctions::": "paid by the transition; what waits for a deployment's tasks is called too seldom to count",
}
"""Types, or the beginnings of their names, that cost nothing by being there, and why."""

COUNTED = {
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::EC2::NatGateway",
    "AWS::EC2::VPCEndpoint",
    "AWS::KMS::Key",
    "AWS::Logs::MetricFilter",
    "AWS::RDS::DBInstance",
    "AWS::SecretsManager::Secret",
}


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """`unknown` are resource types that nobody has priced or found free: they are named, not left out in silence."""

    standard_alarms: int = 0
    math_alarms: int = 0
    math_alarm_metrics: int = 0
    log_metrics: int = 0
    dashboards: int = 0
    keys: int = 0
    secrets: int = 0
    endpoint_zones: int = 0
    nat_gateways: int = 0
    instances: tuple[tuple[str, int], ...] = ()
    """RDS class and GiB of each."""

    unknown: tuple[str, ...] = ()


def count(templates: Iterable[Mapping[str, Any]]) -> Inventory:
    """Of all stacks of a deployment, nested ones included."""
    resources = [body for template in templates for body in template["Resources"].values()]
    of_type = {type_: _properties(resources, type_) for type_ in COUNTED}
    alarms = [_metrics_of(alarm) for alarm in of_type["AWS::CloudWatch::Alarm"]]
    types = Counter(body["Type"] for body in resources)
    return Inventory(
        standard_alarms=sum(metrics is None for metrics in alarms),
        math_alarms=sum(metrics is not None for metrics in alarms),
        math_alarm_metrics=sum(metrics for metrics in alarms if metrics is not None),
        log_metrics=len({_metric_of(metric_filter) for metric_filter in of_type["AWS::Logs::MetricFilter"]}),
        dashboards=len(of_type["AWS::CloudWatch::Dashboard"]),
        keys=len(of_type["AWS::KMS::Key"]),
        secrets=len(of_type["AWS::SecretsManager::Secret"]),
        endpoint_zones=sum(
            len(endpoint["SubnetIds"])
            for endpoint in of_type["AWS::EC2::VPCEndpoint"]
            if endpoint.get("VpcEndpointType") == "Interface"
        ),
        nat_gateways=len(of_type["AWS::EC2::NatGateway"]),
        instances=tuple(
            (str(instance["DBInstanceClass"]), int(instance["AllocatedStorage"]))
            for instance in of_type["AWS::RDS::DBInstance"]
        ),
        unknown=tuple(sorted(type_ for type_ in types if type_ not in COUNTED and not type_.startswith(tuple(FREE)))),
    )


def _properties(resources: Sequence[Mapping[str, Any]], type_: str) -> list[Mapping[str, Any]]:
    return [body.get("Properties", {}) for body in resources if body["Type"] == type_]


def _metrics_of(alarm: Mapping[str, Any]) -> int | None:
    """How many metrics an alarm on metric math reads; None: it is one on a metric."""
    if "Metrics" not in alarm:
        return None
    return sum("MetricStat" in query for query in alarm["Metrics"])


def _metric_of(metric_filter: Mapping[str, Any]) -> tuple[str, str]:
    """Its log group, which is one service's, and its metric: two filters may write one metric."""
    (written,) = metric_filter["MetricTransformations"]
    return str(metric_filter["LogGroupName"]), str(written["MetricName"])
