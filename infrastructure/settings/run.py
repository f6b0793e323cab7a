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

    enabled: bool = True
    """false deploys the rule disabled: nothing runs, and the heartbeat alarm pages after the usual time."""

    @property
    def minutes(self) -> str:
        """The minutes of every hour at which a run starts: 10 → "0,10,20,30,40,50"."""
        return ",".join(str(minute) for minute in range(0, 60, self.interval_minutes))

    @property
    def crontab(self) -> str:
        """The same in five fields, for people and Sentry: 10 → "*/10 * * * *"."""
        return "0 * * * *" if self.interval_minutes == 60 else f"*/{self.interval_minutes} * * * *"  # noqa: PLR2004  an hour


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


class Alarms(Section):
    """From which value on a person is told."""

    consecutive_failures: Annotated[int, Field(ge=1, le=20)] = 2
    """Scheduled runs in a row in which the same view failed."""

    views_failed: Annotated[int, Field(ge=1, le=1000)] = 1
    """Views that failed in one run."""

    views_late: Annotated[int, Field(ge=1, le=1000)] = 1
    """Views older than their target lag at the end of a run."""

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
