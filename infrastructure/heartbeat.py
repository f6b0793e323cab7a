"""When silence is an alarm: the arithmetic of periods, proved in tests/infrastructure/test_heartbeat.py.

Count time from the minute at which runs start. A run that starts on time at minute 0 completes somewhere in the
interval I, before its deadline. If one run is lost, the next completes before minute 3 I, so at most 3 I / P - 2 whole
periods of length P, on a grid that P divides, lie empty between the two, wherever they complete. Asking for one more,
N = 3 I / P - 1, is therefore never met by one lost run, and is met when two in a row are lost and the third is late:
3 I - P to 3 I after the last completion. For I = 10 minutes: P = 5 minutes, N = 5, and the alarm fires 25 to 30 minutes
after the last run that completed.

CloudWatch's grid counts from the full hour. Where runs start at an offset that is no multiple of five minutes, periods
of five minutes would not begin with the slots, one more whole period could lie empty, and one lost run could fire. So P
is one minute there, which divides every offset: P = 1 minute, N = 29, and the alarm fires after 29 to 30 minutes.

Should CloudWatch's windows move with the minute instead of the grid (it does not say), the alarm fires after exactly
3 I - P of silence: by one lost run only if the next takes longer than the one before by P or more (since 2 P <= I),
and then what the alarm says is still true.

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
    def every(cls, interval_minutes: int, *, first_minute: int = 0) -> "Heartbeat":
        """For runs so many minutes apart, from that minute of the hour on. The period divides the interval at least
        twice, so that slots keep step, and the first minute."""
        period_s = 300 if interval_minutes in (10, 15, 20, 30, 60) and first_minute % 5 == 0 else 60
        return cls(period_s=period_s, periods=3 * interval_minutes * 60 // period_s - 1)

    @property
    def silence_minutes(self) -> tuple[int, int]:
        """The least and the most time since the last completed run when the alarm fires."""
        least = self.periods * self.period_s // 60
        return least, least + self.period_s // 60
