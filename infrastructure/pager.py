"""Who is told: an SNS topic that may really be published to, or an existing one.

A topic with a policy of its own grants CloudWatch nothing, and one encrypted with AWS's key can never be
published to by an alarm: both fail in silence. So the publishers are named in the topic's policy and in the
key's. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
"""

from aws_cdk import Annotations, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infrastructure.settings import Pager as PagerSettings

PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com")


class Pager(Construct):
    """The topic that every alarm and every state-change rule publishes to."""

    def __init__(
        self, scope: Construct, id_: str, *, settings: PagerSettings, name: str, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        self.runbook_url = settings.runbook_url
        self.imported = settings.topic_arn is not None
        self.topic: sns.ITopic = (
            self._own(settings, name=name, removal_policy=removal_policy)
            if settings.topic_arn is None
            else sns.Topic.from_topic_arn(self, "Topic", settings.topic_arn)
        )

    def runbook(self, section: str) -> str:
        """Where to read what to do."""
        return f"{self.runbook_url}#{section}"

    def _own(self, settings: PagerSettings, *, name: str, removal_policy: RemovalPolicy) -> sns.Topic:
        key = kms.Key(
            self,
            "Key",
            description=f"Messages to those who are paged by {name}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        topic = sns.Topic(self, "Topic", topic_name=name, display_name="Vistafresca", master_key=key, enforce_ssl=True)
        for publisher in PUBLISHERS:
            principal = iam.ServicePrincipal(publisher)
            # No aws:SourceAccount or aws:SourceArn: EventBridge sends neither with its calls to the key, and
            # would be refused.
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[principal], actions=["kms:Decrypt", "kms:GenerateDataKey*"], resources=["*"]
                )
            )
            topic.add_to_resource_policy(
                iam.PolicyStatement(principals=[principal], actions=["sns:Publish"], resources=[topic.topic_arn])
            )
        for email in settings.emails:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        if not settings.emails:
            Annotations.of(topic).add_warning_v2(
                "vistafresca:nobody-is-paged",
                (
                    "Nobody is told when data is late: add an address to pager.emails, or subscribe to the "
                    "topic after deploying."
                ),
            )
        return topic
