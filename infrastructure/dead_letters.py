"""A queue for what rules could not start."""

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.naming import Names


def make_dead_letters(scope: Construct, *, names: Names) -> sqs.Queue:
    """Of the rules of one schedule."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        queue_name=f"{names.family}-undelivered",
        enforce_ssl=True,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        retention_period=Duration.days(14),
    )
    Validations.of(queue).acknowledge(
        Acknowledgment(id="AwsSolutions-SQS3", reason="It is the dead-letter queue; an alarm watches its depth.")
    )
    return queue
