"""What starts a run: an EventBridge rule at :00 and every interval after it, and a queue for what it could
not start."""

from aws_cdk import Acknowledgment, Duration, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.naming import CONTAINER, Names
from infrastructure.network import Network
from infrastructure.refresh_task import RefreshTask
from infrastructure.settings import Schedule as ScheduleSettings


class Schedule(Construct):
    """Rule, target and dead-letter queue."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Names,
        settings: ScheduleSettings,
        cluster: ecs.ICluster,
        task: RefreshTask,
        network: Network,
    ) -> None:
        super().__init__(scope, id_)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{names.family}-undelivered",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(14),
        )
        Validations.of(self.dead_letters).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="It is the dead-letter queue; an alarm watches its depth.")
        )
        self.rule = events.Rule(
            self,
            "Rule",
            rule_name=names.rule,
            description=(
                f"Refresh the materialized views of {names.service} every {names.interval_minutes} minutes, from :00"
            ),
            schedule=events.Schedule.cron(minute=settings.minutes, hour="*", day="*", month="*", year="*"),
            enabled=settings.enabled,
        )
        self.rule.add_target(
            targets.EcsTask(
                cluster=cluster,
                task_definition=task.definition,
                platform_version=ecs.FargatePlatformVersion.VERSION1_4,
                subnet_selection=network.task_subnets,
                assign_public_ip=network.assign_public_ip,
                security_groups=[task.security_group],
                role=self._role(cluster),
                propagate_tags=ecs.PropagatedTagSource.TASK_DEFINITION,
                # Longer than this the next run is near, and a late one helps nobody.
                max_event_age=Duration.minutes(5),
                retry_attempts=2,
                dead_letter_queue=self.dead_letters,
                container_overrides=[
                    targets.ContainerOverride(
                        container_name=CONTAINER,
                        environment=[
                            targets.TaskEnvironmentVariable(name="VISTAFRESCA_TRIGGER_TYPE", value="cron"),
                            targets.TaskEnvironmentVariable(name="VISTAFRESCA_TRIGGERED_BY", value=names.rule),
                            targets.TaskEnvironmentVariable(
                                name="VISTAFRESCA_SCHEDULED_TIME", value=events.EventField.from_path("$.time")
                            ),
                        ],
                    )
                ],
            )
        )

    def _role(self, cluster: ecs.ICluster) -> iam.Role:
        """EventBridge's role. The target grants it RunTask on this revision and PassRole on the task's two roles."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("events.amazonaws.com"))
        stack = Stack.of(self)
        tasks = f"arn:{stack.partition}:ecs:{stack.region}:*:task/<{stack.resolve(cluster.cluster_name)['Ref']}>/*"
        Validations.of(role).acknowledge(
            Acknowledgment(
                id=f"AwsSolutions-IAM5[Resource::{tasks}]",
                reason="propagate_tags needs ecs:TagResource on tasks that do not exist yet; on this cluster only.",
            )
        )
        return role
