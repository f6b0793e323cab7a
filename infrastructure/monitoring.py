"""Turns what is watched into alarms that page, and say when it is over."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from infrastructure.alarms import Watch
from infrastructure.naming import Names
from infrastructure.pager import Pager


class Monitoring(Construct):
    """The alarms of one database."""

    def __init__(self, scope: Construct, id_: str, *, names: Names, watches: Sequence[Watch], pager: Pager) -> None:
        super().__init__(scope, id_)
        self.alarms = [self._alarm(watch, names, pager) for watch in watches]

    def _alarm(self, watch: Watch, names: Names, pager: Pager) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            watch.name,
            alarm_name=names.alarm(watch.name),
            alarm_description=pager.description(
                what=watch.what, where=names.place, first=watch.first, section=watch.name
            ),
            metric=watch.metric,
            comparison_operator=watch.comparison,
            threshold=watch.threshold,
            evaluation_periods=watch.periods,
            datapoints_to_alarm=watch.breaching or watch.periods,
            treat_missing_data=watch.missing,
        )
        page = actions.SnsAction(pager.alarms_topic)
        alarm.add_alarm_action(page)
        alarm.add_ok_action(page)
        return alarm
