"""What stands between alarms and people: a function that adds to which views, since when, why, and what to do.

It runs in no VPC and from no image, so that it works where those fail. Should it fail, Lambda gives people its record
of the call with the raw alarm in it, and an alarm of its own tells them so directly (docs/decisions/0012-messages.md).
"""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Acknowledgment, Duration, IgnoreMode, RemovalPolicy, Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infrastructure.cluster import account_of
from infrastructure.pager import Pager
from infrastructure.resource import pass_over_twice_ordered

ROOT = Path(__file__).parent.parent
SECTION = "pager-failing"
WHY_EVERY_STREAM = "The log streams of one log group, which only those who write them can name."


class Messages(Construct):
    """The function, what it may do, and who is told when it fails."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment: str,
        log_groups: Sequence[str],
        pager: Pager,
        retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.log_group_name = f"/aws/lambda/{name}-pager"
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=self.log_group_name,
            retention=retention,
            removal_policy=removal_policy,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self._may_read([*log_groups, self.log_group_name])
        self._may_publish(pager)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=f"{name}-pager",
            description=f"Vistafresca: says to people what the alarms of {environment} mean",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="paging.handler.handler",
            code=lambda_.Code.from_asset(
                str(ROOT), exclude=["/*", "!/paging", "__pycache__"], ignore_mode=IgnoreMode.GIT
            ),
            memory_size=256,
            # Reading the log takes some fifteen seconds at most, publishing as many (paging/handler.py).
            timeout=Duration.seconds(60),
            role=self.role,
            log_group=log_group,
            environment={
                "VISTAFRESCA_ENVIRONMENT": environment,
                "VISTAFRESCA_PEOPLE_TOPIC_ARN": pager.people_topic.topic_arn,
                "VISTAFRESCA_RUNBOOK_URL": pager.runbook_url,
            },
        )
        pass_over_twice_ordered(self.function)
        # Not the function's own on_failure, which would grant every kms:GenerateDataKey*. Once more after a minute;
        # then people get that with the raw alarm in it, rather than a better one too late.
        lambda_.CfnEventInvokeConfig(
            self,
            "OnFailure",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=1,
            maximum_event_age_in_seconds=300,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=pager.people_topic.topic_arn)
            ),
        )
        pager.alarms_topic.add_subscription(subscriptions.LambdaSubscription(self.function))
        self.alarm = self._watch(name, environment, pager)

    def _may_read(self, log_groups: Sequence[str]) -> None:
        stack = Stack.of(self)
        for group in log_groups:
            arn = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{group}:*"
            self.role.add_to_policy(
                iam.PolicyStatement(actions=["logs:FilterLogEvents", "logs:GetLogEvents"], resources=[arn])
            )
            shown = arn.replace(stack.account, account_of(stack))
            Validations.of(self.role).acknowledge(
                Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{shown}]", reason=WHY_EVERY_STREAM)
            )

    def _may_publish(self, pager: Pager) -> None:
        """To the people's topic, with its key."""
        self.role.add_to_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[pager.people_topic.topic_arn]))
        if pager.people_key is not None:
            self.role.add_to_policy(
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[pager.people_key.key_arn]
                )
            )

    def _watch(self, name: str, environment: str, pager: Pager) -> cloudwatch.Alarm:
        """Directly to people: this alarm cannot go by way of what it watches."""
        five_minutes = Duration.minutes(5)
        failures = {
            "crashed": self.function.metric_errors(statistic="Sum", period=five_minutes),
            # Not called within five minutes, for too many functions ran at once.
            "expired": self.function.metric("AsyncEventsDropped", statistic="Sum", period=five_minutes),
            "unreported": self.function.metric("DestinationDeliveryFailures", statistic="Sum", period=five_minutes),
            "undelivered": pager.alarms_topic.metric_number_of_notifications_failed(
                statistic="Sum", period=five_minutes
            ),
        }
        alarm = cloudwatch.Alarm(
            self,
            "Failing",
            alarm_name=f"{name}-{SECTION}",
            alarm_description=pager.description(
                what="Messages could not be composed, so that alarms reach people raw, late or not at all.",
                where=f"Environment: {environment}",
                first=(
                    f"See in CloudWatch which alarms of {name} are on. Then read the function's log (output "
                    "FollowPager)."
                ),
                section=SECTION,
            ),
            metric=cloudwatch.MathExpression(
                expression=f"SUM([{', '.join(failures)}])",
                using_metrics=dict(failures),
                period=five_minutes,
                label="Messages that failed",
            ),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=1,
            evaluation_periods=2,
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        page = actions.SnsAction(pager.people_topic)
        alarm.add_alarm_action(page)
        alarm.add_ok_action(page)
        return alarm
