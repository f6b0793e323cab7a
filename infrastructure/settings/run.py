"""What an environment says once for all its databases, and a database may say otherwise, key by key."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infrastructure.settings.section import KeyArn, SecretArn, Section

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html: the smallest and the largest
# memory that Fargate sells with a CPU value, and the step between, all in MiB.
FARGATE_MEMORY_MIB = {
    256: (512, 2048, 512),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
}


class Schedule(Section):
    """When a run starts."""

    interval_minutes: Literal[5, 6, 10, 12, 15, 20, 30, 60] = 10
    """Minutes between two runs, counted from :00. They divide the hour, so that every hour looks the same."""

    offset_minutes: Annotated[int, Field(ge=0, le=59)] | None = None
    """Minutes after :00 from which the interval counts instead; less than the interval. Absent: 0; with layout =
    "nested" a number that follows from the database's name, so that not all start in the same minute."""

    enabled: bool = True
    """false deploys the rules disabled: nothing runs, and the heartbeat alarm pages after the usual time."""

    event_poll_minutes: Literal[0, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] | None = None
    """Minutes between two runs for the event queue alone (vistafresca run --requested), set halfway between scheduled
    ones; they divide the interval. 0: none, and the queue waits for the schedule. Absent: 5, or the most below that
    divides the interval; with layout = "map" none, for it would look at the queues of all databases."""

    @property
    def first_minute(self) -> int:
        """The first minute of an hour at which a run starts."""
        return self.offset_minutes or 0

    @property
    def poll_minutes(self) -> int:
        """What event_poll_minutes comes to; 0: there is no rule for the event queue."""
        if self.event_poll_minutes is not None:
            return self.event_poll_minutes
        return next(minutes for minutes in (5, 4, 3) if self.interval_minutes % minutes == 0)

    @property
    def requested_minutes(self) -> str:
        """The minutes of every hour at which the event queue is looked at, clear of the schedule's:
        5 → "2,7,12,…"."""
        first = (self.first_minute + self.poll_minutes // 2) % self.poll_minutes
        return ",".join(str(minute) for minute in range(first, 60, self.poll_minutes))

    @property
    def minutes(self) -> str:
        """The minutes of every hour at which a run starts: 10 → "0,10,20,30,40,50"."""
        return ",".join(str(minute) for minute in range(self.first_minute, 60, self.interval_minutes))

    @property
    def crontab(self) -> str:
        """The same in five fields, for people and Sentry: 10 → "*/10 * * * *", from :03 "3,13,23,33,43,53 * * * *"."""
        if self.first_minute or self.interval_minutes == 60:  # noqa: PLR2004  an hour
            return f"{self.minutes} * * * *"
        return f"*/{self.interval_minutes} * * * *"

    @model_validator(mode="after")
    def _starts_within_its_interval(self) -> Self:
        if self.first_minute >= self.interval_minutes:
            msg = (
                f"offset_minutes = {self.offset_minutes} must be less than interval_minutes = "
                f"{self.interval_minutes}: lower it"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _polls_keep_step(self) -> Self:
        if self.poll_minutes and self.interval_minutes % self.poll_minutes:
            msg = (
                f"event_poll_minutes = {self.poll_minutes} does not divide interval_minutes = {self.interval_minutes}, "
                "so the two kinds of run would meet: use a divisor, or 0 for none"
            )
            raise ValueError(msg)
        return self


class Task(Section):
    """What a run gets, and how long each part of it may take."""

    cpu: Literal[256, 512, 1024, 2048, 4096] = 256
    """Fargate CPU units; 1024 are one vCPU. The work is the database's, so the smallest is usually enough."""

    memory_mib: int = 512
    """Fargate memory in MiB; must be one that Fargate sells with that CPU."""

    run_deadline_s: Annotated[int, Field(ge=30, le=3600)] | None = None
    """Seconds after which a run cancels itself. Absent: one minute less than the interval."""

    statement_timeout_s: Annotated[int, Field(ge=1, le=3600)] | None = None
    """Seconds one view's refresh may take, unless its policy says otherwise. Absent: 300, or the deadline if
    that is shorter."""

    lock_timeout_s: Annotated[int, Field(ge=1, le=600)] = 30
    """Seconds to wait for a lock on a view."""

    connections: Annotated[int, Field(ge=1, le=32)] = 2
    """Refreshes at the same time, each on a connection of its own."""

    vacuum: bool = True
    """VACUUM (ANALYZE) views that refreshes left full of dead rows, at the end of a run."""

    stop_timeout_s: Annotated[int, Field(ge=10, le=120)] = 120
    """Seconds between SIGTERM and SIGKILL: the time to cancel, record and report. Fargate allows at most 120."""

    @model_validator(mode="after")
    def _fargate_sells_it(self) -> Self:
        least, most, step = FARGATE_MEMORY_MIB[self.cpu]
        if self.memory_mib not in range(least, most + 1, step):
            msg = (
                f"memory_mib = {self.memory_mib} does not go with cpu = {self.cpu}: use {least} to {most} "
                f"in steps of {step}"
            )
            raise ValueError(msg)
        return self


class Guards(Section):
    """When the database has enough to do already: refreshes wait, and what has not begun is left to the next run."""

    max_replica_lag_s: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Seconds a replica may be behind; 0: any."""

    max_transaction_age_s: Annotated[int, Field(ge=0, le=604_800)] = 0
    """Seconds for which another transaction may keep dead rows from being removed; 0: any."""

    min_free_storage_gib: Annotated[int, Field(ge=0, le=131_072)] = 0
    """Free storage of the instance in GiB, as CloudWatch has it; 0: any. Needs database[].instance_id, unless the
    instance is provisioned."""

    wait_s: Annotated[int, Field(ge=0, le=3600)] = 60
    """Seconds to wait for the load to pass."""


class Alarms(Section):
    """From which value on a person is told."""

    consecutive_failures: Annotated[int, Field(ge=1, le=20)] = 2
    """Scheduled runs in a row in which the same view failed."""

    views_failed: Annotated[int, Field(ge=1, le=1000)] = 1
    """Views that failed in one run."""

    views_late: Annotated[int, Field(ge=1, le=1000)] = 1
    """Views older than their target lag at the end of a run."""

    views_suspended: Annotated[int, Field(ge=1, le=1000)] = 1
    """Views that are left alone after failing again and again."""

    oldest_request_s: Annotated[int, Field(ge=60, le=86_400)] | None = None
    """Seconds an entry of the event queue may wait. Absent: 600, or twice event_poll_minutes if that is longer."""

    fresh_ratio_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    """The service-level objective: how many of all views are to be within their target lag, on average over a day.
    Absent: no alarm, for each late view pages by itself; the dashboard shows the ratio."""

    api_errors: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Answers 5xx of the API within five minutes."""

    api_latency_ms: Annotated[int, Field(ge=100, le=29_000)] = 5000
    """Milliseconds that one answer in a hundred of the API takes, or more."""

    slow_run_s: Annotated[int, Field(ge=10, le=3600)] | None = None
    """Seconds a run may take before it is too near its slot; less than the deadline. Absent: 80 % of the interval, or
    90 % of the deadline if that is less."""

    overlapping_runs: Annotated[int, Field(ge=2, le=20)] = 2
    """Runs within three intervals that found another one at work. EventBridge may start a run twice, so one
    says nothing."""


class Sentry(Section):
    """The Sentry cron monitor. Without a DSN nothing is sent."""

    dsn_secret_arn: SecretArn | None = None
    """Complete ARN of a plain-text secret that holds the DSN."""

    dsn_secret_kms_key_arn: KeyArn | None = None
    """The customer-managed key of that secret, if it has one."""

    checkin_margin_min: Annotated[int, Field(ge=1, le=60)] = 3
    """Minutes a check-in may be late before Sentry calls it missed."""

    max_runtime_min: Annotated[int, Field(ge=1, le=61)] | None = None
    """Minutes after which Sentry calls a run timed out. Absent: the first full minute after the deadline."""

    failure_threshold: Annotated[int, Field(ge=1, le=20)] = 2
    """Failed or missed check-ins in a row before Sentry opens an issue."""
