"""Rules of security groups as resources of their own, which ministack's CloudFormation does not know."""

from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

_SIDES = {
    "AWS::EC2::SecurityGroupIngress": "IpPermissions",
    "AWS::EC2::SecurityGroupEgress": "IpPermissionsEgress",
}


def correct_security_group_rules() -> None:
    """A rule is added to its group and taken from it again. An update replaces it, as most of its properties would on
    AWS."""
    for type_, side in _SIDES.items():
        provisioners._RESOURCE_HANDLERS.setdefault(type_, _handlers(side))


def _handlers(side: str) -> dict[str, Any]:
    def create(_logical_id: str, properties: dict[str, Any], _stack: str) -> Any:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is None:
            msg = f"The security group '{properties['GroupId']}' does not exist"
            raise ValueError(msg)
        (rule,) = provisioners._ec2_sg_permissions([properties])
        group[side].append(rule)
        id_ = ec2._sg_rule_id(properties["GroupId"], side == "IpPermissionsEgress", rule)
        rule["SecurityGroupRuleId"] = id_
        return id_, {"Id": id_}

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is not None:
            group[side] = [rule for rule in group[side] if rule.get("SecurityGroupRuleId") != physical_id]

    return {"create": create, "delete": delete}
