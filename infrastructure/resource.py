"""The one CloudFormation resource that a construct is made of, for what CDK's constructs do not know."""

from aws_cdk import CfnResource
from constructs import IConstruct


def resource_of(construct: IConstruct) -> CfnResource:
    """Raises TypeError where it is made of several, or of none."""
    resource = construct if isinstance(construct, CfnResource) else construct.node.default_child
    if not isinstance(resource, CfnResource):
        msg = f"{construct.node.path} is not made of one resource"
        raise TypeError(msg)
    return resource


def pass_over_twice_ordered(construct: IConstruct) -> None:
    """CDK orders whole constructs, and so says again what some property says already, which cfn-lint remarks upon."""
    resource_of(construct).add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
