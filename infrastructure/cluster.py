"""The ECS cluster of an environment, which its databases share."""

from aws_cdk import Acknowledgment, Names, Stack, Token, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure.resource import resource_of

NO_INSIGHTS = (
    "They cost extra, and freshness is watched by the task's own metrics: container_insights = true turns them on."
)


def make_cluster(scope: Construct, *, name: str, vpc: ec2.IVpc, container_insights: bool) -> ecs.Cluster:
    """A Fargate cluster."""
    cluster = ecs.Cluster(
        scope,
        "Cluster",
        cluster_name=name,
        vpc=vpc,
        container_insights_v2=ecs.ContainerInsights.ENABLED if container_insights else ecs.ContainerInsights.DISABLED,
    )
    if not container_insights:
        Validations.of(cluster).acknowledge(Acknowledgment(id="AwsSolutions-ECS4", reason=NO_INSIGHTS))
    return cluster


def acknowledge_tagging(role: Construct, *, cluster: ecs.ICluster, account: str, why: str) -> None:
    """Wave through ecs:TagResource on this cluster's tasks, named as cdk-nag names what only a deployment knows. Within
    a nested stack the cluster is a parameter, named after it."""
    stack = Stack.of(role)
    name = stack.resolve(cluster.cluster_name)["Ref"]
    if stack.node.path != Stack.of(cluster).node.path:
        name = f"referenceto{Names.node_unique_id(resource_of(cluster).node)}Ref"
    shown = f"arn:{stack.partition}:ecs:{stack.region}:{account}:task/<{name}>/*"
    Validations.of(role).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{shown}]", reason=why))


def account_of(stack: Stack) -> str:
    """As cdk-nag writes it."""
    return "<AWS::AccountId>" if Token.is_unresolved(stack.account) else stack.account
