"""The dashboard of an environment with many databases: which of them are the worst, however many there are.

One database's rows are eight to ten widgets, and nobody looks through those of fifty. Here are as many as fit a screen:
the alarms that say whose data is late, and the ten worst databases by each measure. Alarms are named, not referred to,
so that no nested stack has to hand anything up.
"""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infrastructure.metrics import worst
from infrastructure.naming import Names

PERIOD = Duration.minutes(5)
THIRD, FULL = 8, 24
ALARMS = {
    "heartbeat": "No run completes",
    "views-late": "Views are late",
    "failing-repeatedly": "Views fail again and again",
}
ALARMS_PER_WIDGET = 100
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""
WORST = {
    "MaxLagSeconds": "Oldest data (s)",
    "ViewsLate": "Late views",
    "MaxConsecutiveFailures": "Failures in a row",
    "ViewsSuspended": "Suspended views",
    "RunDuration": "Longest run (s)",
    "OldestRequestSeconds": "Oldest request in the event queue (s)",
}


class Overview(Construct):
    """One page, of the same length for eleven databases and for a hundred."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment: str,
        databases: Sequence[Names],
        pager_alarm: cloudwatch.IAlarm,
    ) -> None:
        super().__init__(scope, id_)
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=name, default_interval=Duration.hours(12))
        dashboard.add_widgets(
            cloudwatch.TextWidget(
                markdown=f"## {environment}: {len(databases)} databases, the ten worst by each measure",
                width=FULL,
                height=1,
            ),
            cloudwatch.AlarmStatusWidget(title="Messages to people", alarms=[pager_alarm], width=FULL, height=2),
        )
        for alarm, title in ALARMS.items():
            for start in range(0, len(databases), ALARMS_PER_WIDGET):
                part = databases[start : start + ALARMS_PER_WIDGET]
                dashboard.add_widgets(
                    cloudwatch.AlarmStatusWidget(
                        title=f"{title} ({alarm})",
                        alarms=[self._alarm(names, alarm) for names in part],
                        sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
                        width=FULL,
                        height=4,
                    )
                )
        dashboard.add_widgets(
            *(
                cloudwatch.GraphWidget(
                    title=f"{title}: the ten worst",
                    left=[worst(metric, environment=environment, period=PERIOD)],
                    width=THIRD,
                )
                for metric, title in WORST.items()
            )
        )

    def _alarm(self, names: Names, alarm: str) -> cloudwatch.IAlarm:
        arn = Stack.of(self).format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=names.alarm(alarm),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        return cloudwatch.Alarm.from_alarm_arn(self, names.alarm(alarm), arn)
