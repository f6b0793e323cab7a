"""A template's intrinsic functions, worked out as the deployment did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulation.emulator import Emulator
from tests.intrinsic_functions import worked_out

_PSEUDO = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True)
class Resolver:
    """Works intrinsic functions out, from physical ids and the attributes that follow from them."""

    emulator: Emulator
    template: Mapping[str, Any]
    ids: Mapping[str, str]

    def resolve(self, value: Any) -> Any:
        return worked_out(value, ref=self._ref, attribute=self._attribute)

    def _ref(self, name: str) -> str:
        return _PSEUDO.get(name) or self.ids.get(name, f"<{name}>")

    def _attribute(self, name: str, attribute: str) -> str:  # noqa: PLR0911  one return per kind of resource
        type_, id_ = self.template["Resources"][name]["Type"], self.ids[name]
        if attribute not in ("Arn", "QueueName", "TopicArn", "TopicName", "GroupId"):
            return f"<{name}.{attribute}>"
        match type_, attribute:
            case "AWS::SQS::Queue", "Arn":
                return _arn("sqs", id_.rsplit("/", 1)[-1])
            case "AWS::SQS::Queue", _:
                return id_.rsplit("/", 1)[-1]
            case "AWS::SNS::Topic", "TopicName":
                return id_.rsplit(":", 1)[-1]
            case "AWS::KMS::Key", _:
                return _arn("kms", f"key/{id_}")
            case "AWS::ECS::Cluster", _:
                return _arn("ecs", f"cluster/{id_}")
            case "AWS::IAM::Role", _:
                return str(self.emulator.client("iam").get_role(RoleName=id_)["Role"]["Arn"])
            case "AWS::Lambda::Function", _:
                return _arn("lambda", f"function:{id_}")
            case "AWS::Events::Rule", _:
                return _arn("events", f"rule/{id_}")
            case _:
                return id_


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:000000000000:{resource}"
