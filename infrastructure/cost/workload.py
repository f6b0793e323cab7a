"""How often a deployment works, from its settings, and what is assumed of each time, since only running it would
tell."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from infrastructure.settings import Database

HOURS = 730
"""Of an average month, which AWS's own calculator has, too."""

RUN_METRICS = 18
"""Names that a run's line of metrics has (refresh_task/report/metrics.py; a test compares). Where changes
are captured for incremental views, there are three more."""

VIEW_METRICS = 2
"""ViewLagSeconds, ViewRefreshDuration."""

TRANSITIONS_OF_ROUND, TRANSITIONS_OF_DATABASE = 4, 2
"""State transitions of an execution of the map's machine, and of each child execution in it: one into each state that
ends well, and one to the end (infrastructure/fleet/definition.py; a test compares).
https://aws.amazon.com/step-functions/pricing/"""

RUN_LOG_BYTES, VIEW_LOG_BYTES, EMPTY_QUEUE_LOG_BYTES = 3_900, 1_500, 900
"""What a scheduled run writes, each view that it refreshes, and a run for an empty event queue (a test measures)."""


class Way(StrEnum):
    """How images reach the tasks of an existing network."""

    NAT = "nat"
    S3_ENDPOINT = "s3-endpoint"


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """Per database, but for `image_mib` and `way`. Durations are from the image's pull to the task's end."""

    views: int = 5
    run_s: float = 60
    requested_s: float = 60
    image_mib: float = 64
    """Compressed, as it is pulled: base and layers (README.md)."""

    way: Way = Way.NAT
    api_requests: int = 0
    api_ms: float = 100


@dataclass(frozen=True, kw_only=True)
class Starts:
    """Tasks started in a month."""

    scheduled: float
    requested: float
    daily: float

    @property
    def all(self) -> float:
        return self.scheduled + self.requested + self.daily


def starts(database: Database) -> Starts:
    """None where the schedule is off."""
    schedule = database.schedule
    if not schedule.enabled:
        return Starts(scheduled=0, requested=0, daily=0)
    hours_a_day = len(database.api.daily.utc(year=datetime.now(UTC).year)[1]) if database.api.enabled else 0
    return Starts(
        scheduled=HOURS * 60 / schedule.interval_minutes,
        requested=HOURS * 60 / schedule.poll_minutes if schedule.poll_minutes else 0,
        daily=HOURS / 24 * hours_a_day,
    )
