"""Who is told: a topic that alarms publish to, and one that people subscribe to, their own or an existing one.

Between the two, `messages.py` adds what alarms cannot know. A topic with a policy of its own grants CloudWatch nothing,
and one encrypted with AWS's key can never be published to by an alarm: both fail in silence. So the publishers are
named in the topics' policies and in the key's.
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
"""

from aws_cdk import Annotations, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infrastructure.settings import Pager as PagerSettings

CLOUDWATCH = "cloudwatch.amazonaws.com"
EVENTBRIDGE = "events.amazonaws.com"


class Pager(Construct):
    """`alarms_topic`: what every alarm and every state-change rule publishes to. `people_topic`: what people get, which
    only the messages' function publishes to, and the alarm on that function."""

    def __init__(
        self, scope: Construct, id_: str, *, settings: PagerSettings, name: str, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        self.runbook_url = settings.runbook_url
        self.imported = settings.topic_arn is not None
        key = kms.Key(
            self,
            "Key",
            description=f"Messages to those who are paged by {name}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self.alarms_topic = _topic(self, "Alarms", f"{name}-alarms", key, publishers=(CLOUDWATCH, EVENTBRIDGE))
        self.people_topic: sns.ITopic
        self.people_key: kms.IKey | None
        if settings.topic_arn is None:
            self.people_topic = _topic(self, "Topic", name, key, publishers=(CLOUDWATCH,))
            self.people_key = key
            self._subscribe(settings)
        else:
            self.people_topic = sns.Topic.from_topic_arn(self, "Topic", settings.topic_arn)
            own = settings.topic_kms_key_arn
            self.people_key = None if own is None else kms.Key.from_key_arn(self, "TopicKey", own)

    def runbook(self, section: str) -> str:
        """Where to read what to do."""
        return f"{self.runbook_url}#{section}"

    def description(self, *, what: str, where: str, first: str, section: str) -> str:
        """What someone reads at three in the morning, should the function fail; paging/wording.py takes it apart."""
        return f"{what} {where}. First: {first} Runbook: {self.runbook(section)}"

    def _subscribe(self, settings: PagerSettings) -> None:
        for email in settings.emails:
            self.people_topic.add_subscription(subscriptions.EmailSubscription(email))
        if not settings.emails:
            Annotations.of(self.people_topic).add_warning_v2(
                "vistafresca:nobody-is-paged",
                (
                    "Nobody is told when data is late: add an address to pager.emails, or subscribe to the "
                    "topic after deploying."
                ),
            )


def _topic(scope: Construct, id_: str, name: str, key: kms.Key, *, publishers: tuple[str, ...]) -> sns.Topic:
    topic = sns.Topic(scope, id_, topic_name=name, display_name="Vistafresca", master_key=key, enforce_ssl=True)
    for publisher in publishers:
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
    return topic
