"""What starts runs: an EventBridge rule at :00 (or later) and every interval after it, another one for the event queue
between them, perhaps one at a daily time that the API may move, and a queue for what they could not start."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from infrastructure.cluster import acknowledge_tagging
from infrastructure.dead_letters import make_dead_letters
from infrastructure.naming import CONTAINER, REQUESTED_GROUP, Names
from infrastructure.network import Network
from infrastructure.refresh_task import RefreshTask
from infrastructure.resource import resource_of
from infrastructure.settings import DailyRefresh
from infrastructure.settings import Schedule as ScheduleSettings


class Schedule(Construct):
    """Rules, targets and dead-letter queue."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Names,
        settings: ScheduleSettings,
        daily: DailyRefresh | None,
        cluster: ecs.ICluster,
        task: RefreshTask,
        network: Network,
    ) -> None:
        super().__init__(scope, id_)
        self._cluster = cluster
        self._task = task
        self._network = network
        self._enabled = settings.enabled
        self.dead_letters = make_dead_letters(self, names=names)
        self._role = self._make_role()
        self.rule = self._add_rule(
            "Rule",
            name=names.rule,
            description=(
                f"Refresh the materialized views of {names.service} every {names.interval_minutes} minutes, "
                f"from :{settings.first_minute:02}"
            ),
            schedule=every_hour_at(settings.minutes),
            variables={"VISTAFRESCA_TRIGGER_TYPE": "cron", "VISTAFRESCA_TRIGGERED_BY": names.rule},
        )
        self.rules = [self.rule]
        self.rule_names = [names.rule]
        if settings.poll_minutes:
            self.rules.append(self._add_requested_rule(names, settings))
            self.rule_names.append(names.requested_rule)
        self.daily_rule = None if daily is None else self._add_daily_rule(names, daily)
        if self.daily_rule is not None:
            self.rules.append(self.daily_rule)
            self.rule_names.append(names.daily_rule)

    def _add_daily_rule(self, names: Names, daily: DailyRefresh) -> events.Rule:
        """A scheduled run like those of every interval, at a time of its own.

        A time that the API gave it lasts until a deployment that changes this rule.
        """
        minute, hours = daily.utc(year=datetime.now(UTC).year)
        return self._add_rule(
            "DailyRule",
            name=names.daily_rule,
            description=f"Daily run for {names.service}, at first {daily.hour:02}:{daily.minute:02} {daily.time_zone}",
            schedule=events.Schedule.cron(
                minute=str(minute), hour=",".join(map(str, hours)), day="*", month="*", year="*"
            ),
            variables={"VISTAFRESCA_TRIGGER_TYPE": "cron", "VISTAFRESCA_TRIGGERED_BY": names.daily_rule},
        )

    def _add_requested_rule(self, names: Names, settings: ScheduleSettings) -> events.Rule:
        rule = self._add_rule(
            "RequestedRule",
            name=names.requested_rule,
            description=(
                f"Refresh what the event queue of {names.service} asks for, every {names.poll_minutes} minutes"
            ),
            schedule=every_hour_at(settings.requested_minutes),
            variables={"VISTAFRESCA_TRIGGER_TYPE": "event", "VISTAFRESCA_TRIGGERED_BY": names.requested_rule},
            command=["python", "-m", "refresh_task", "run", "--requested"],
        )
        # The target does not know this parameter of EventBridge's.
        resource_of(rule).add_property_override("Targets.0.EcsParameters.Group", REQUESTED_GROUP)
        return rule

    def _add_rule(
        self,
        id_: str,
        *,
        name: str,
        description: str,
        schedule: events.Schedule,
        variables: Mapping[str, str],
        command: Sequence[str] | None = None,
    ) -> events.Rule:
        rule = events.Rule(
            self,
            id_,
            rule_name=name,
            description=description,
            schedule=schedule,
            enabled=self._enabled,
        )
        rule.add_target(
            targets.EcsTask(
                cluster=self._cluster,
                task_definition=self._task.definition,
                platform_version=ecs.FargatePlatformVersion.VERSION1_4,
                subnet_selection=self._network.task_subnets,
                assign_public_ip=self._network.assign_public_ip,
                security_groups=[self._task.security_group],
                role=self._role,
                propagate_tags=ecs.PropagatedTagSource.TASK_DEFINITION,
                # Longer than this the next run is near, and a late one helps nobody.
                max_event_age=Duration.minutes(5),
                retry_attempts=2,
                dead_letter_queue=self.dead_letters,
                container_overrides=[
                    targets.ContainerOverride(
                        container_name=CONTAINER,
                        command=command if command is None else list(command),
                        environment=[
                            *(
                                targets.TaskEnvironmentVariable(name=variable, value=value)
                                for variable, value in variables.items()
                            ),
                            targets.TaskEnvironmentVariable(
                                name="VISTAFRESCA_SCHEDULED_TIME", value=events.EventField.from_path("$.time")
                            ),
                        ],
                    )
                ],
            )
        )
        return rule

    def _make_role(self) -> iam.Role:
        """EventBridge's role. The target grants it RunTask on this revision and PassRole on the task's two roles."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("events.amazonaws.com"))
        # Whatever the account: the target grants it so.
        acknowledge_tagging(
            role,
            cluster=self._cluster,
            account="*",
            why="propagate_tags needs ecs:TagResource on tasks that do not exist yet; on this cluster only.",
        )
        return role


def every_hour_at(minutes: str) -> events.Schedule:
    """At these minutes ("0,10,20") of every hour, UTC."""
    return events.Schedule.cron(minute=minutes, hour="*", day="*", month="*", year="*")
