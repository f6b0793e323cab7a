"""What starts the state machine: the same rules as for one database, with the machine as their target."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.dead_letters import make_dead_letters
from infrastructure.naming import REQUESTED_GROUP, Names
from infrastructure.schedule import every_hour_at
from infrastructure.settings import Schedule as ScheduleSettings

RUN = ["python", "-m", "refresh_task", "run"]


class FleetSchedule(Construct):
    """Rules and dead-letter queue."""

    def __init__(
        self, scope: Construct, id_: str, *, names: Names, settings: ScheduleSettings, machine: sfn.IStateMachine
    ) -> None:
        super().__init__(scope, id_)
        self._machine = machine
        self._names = names
        self._enabled = settings.enabled
        self.dead_letters = make_dead_letters(self, names=names)
        self.rules = [
            self._add_rule(
                "Rule",
                name=names.rule,
                description=f"Refresh every database of {names.environment}, every {names.interval_minutes} minutes",
                minutes=settings.minutes,
                trigger_type="cron",
                command=RUN,
            )
        ]
        self.rule_names = [names.rule]
        if settings.poll_minutes:
            self.rules.append(
                self._add_rule(
                    "RequestedRule",
                    name=names.requested_rule,
                    description=f"Look at every event queue of {names.environment}, every {names.poll_minutes} minutes",
                    minutes=settings.requested_minutes,
                    trigger_type="event",
                    command=[*RUN, "--requested"],
                )
            )
            self.rule_names.append(names.requested_rule)

    def _add_rule(
        self, id_: str, *, name: str, description: str, minutes: str, trigger_type: str, command: Sequence[str]
    ) -> events.Rule:
        rule = events.Rule(
            self, id_, rule_name=name, description=description, schedule=every_hour_at(minutes), enabled=self._enabled
        )
        rule.add_target(
            targets.SfnStateMachine(
                self._machine,
                input=events.RuleTargetInput.from_object(
                    machine_input(
                        command,
                        names=self._names,
                        trigger_type=trigger_type,
                        triggered_by=name,
                        scheduled_time=events.EventField.from_path("$.time"),
                    )
                ),
                max_event_age=Duration.minutes(5),
                retry_attempts=2,
                dead_letter_queue=self.dead_letters,
            )
        )
        return rule


def machine_input(
    command: Sequence[str], *, names: Names, trigger_type: str, triggered_by: str, scheduled_time: str = ""
) -> dict[str, object]:
    """What an execution is about: a command for every database's task, and why. The group is how the rules on task
    states tell a run for the event queue from others; without one ECS would make this of the family."""
    return {
        "command": list(command),
        "group": REQUESTED_GROUP if trigger_type == "event" else f"family:{names.family}",
        "trigger_type": trigger_type,
        "triggered_by": triggered_by,
        "scheduled_time": scheduled_time,
    }
