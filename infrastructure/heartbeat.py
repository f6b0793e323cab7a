"""When silence is an alarm: the arithmetic of periods, proved in tests/infrastructure/test_heartbeat.py.

A run completes somewhere in its interval of I minutes, before its deadline, which is a minute before the next one at
the latest. If one run is lost, the next completes less than 3 I - 1 minutes after the one before. So 3 I - 1 whole
minutes without a completion are never met by one lost run, wherever in the hour runs start, and are met when two in a
row are lost and the third is late. For I = 10 minutes the alarm fires 29 to 30 minutes after the last run that
completed.

Periods are of one minute, because CloudWatch's windows move with the minute: longer ones, whose windows were thought to
keep to the clock's grid, would fire for one lost run where the next takes longer than the one before.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html

Empty periods are filled with zeros by metric math. Left missing, CloudWatch would look further back than N periods
(its "evaluation range") and let an old datapoint there hold the alarm in OK for several periods more.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """Fires when each of the last `periods` periods of `period_s` seconds saw no run complete."""

    period_s: int
    periods: int

    @classmethod
    def every(cls, interval_minutes: int) -> "Heartbeat":
        """For runs so many minutes apart."""
        return cls(period_s=60, periods=3 * interval_minutes - 1)

    @property
    def silence_minutes(self) -> tuple[int, int]:
        """The least and the most time since the last completed run when the alarm fires."""
        least = self.periods * self.period_s // 60
        return least, least + self.period_s // 60
