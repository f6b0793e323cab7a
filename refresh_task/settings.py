"""The task's settings: read once from the environment, validated, frozen. docs/configuration.md lists them (a test
compares).

A dataclass and not pydantic, which everything off the task's path uses: importing it costs the task more than
connecting does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from refresh_task import variables
from refresh_task.errors import ConfigurationError
from refresh_task.model import TriggerType

_IDENTITY = ("environment", "database", "service", "metrics_namespace")


def _setting(variable: str, parse: Callable[[str], Any], default: Any, what: str) -> Any:
    return field(default=default, metadata={"variable": variable, "parse": parse, "what": what})


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's settings. Durations ending in _s are seconds, in _min minutes."""

    environment: str = _setting("VISTAFRESCA_ENVIRONMENT", variables.name, "local", "Name of the deployment.")
    database: str = _setting(
        "VISTAFRESCA_DATABASE", variables.name, "default", "Name of the database in that deployment."
    )
    database_url: str | None = _setting(
        "DATABASE_URL",
        variables.text,
        None,
        "Connection string, URL or key=value. Without it and the two below: libpq's PG… variables.",
    )
    database_secret_arn: str | None = _setting(
        "VISTAFRESCA_DATABASE_SECRET_ARN",
        variables.secret_arn,
        None,
        "RDS secret with username, password, host, port, dbname; read at run time.",
    )
    database_iam_auth: bool = _setting(
        "VISTAFRESCA_DATABASE_IAM_AUTH",
        variables.boolean,
        False,
        "Use an RDS IAM token for PGUSER at PGHOST instead of a password.",
    )
    interval_s: float = _setting(
        "VISTAFRESCA_INTERVAL_S",
        variables.seconds(least=60, most=86_400),
        600.0,
        "Seconds between two scheduled runs.",
    )
    run_deadline_s: float = _setting(
        "VISTAFRESCA_RUN_DEADLINE_S", variables.seconds(least=1, most=86_400), 540.0,
        "The run cancels itself after this; shorter than the interval.",
    )  # fmt: skip
    statement_timeout_s: float = _setting(
        "VISTAFRESCA_STATEMENT_TIMEOUT_S", variables.seconds(least=0.1, most=86_400), 300.0,
        "Longest refresh of one view, unless its policy has a timeout.",
    )  # fmt: skip
    lock_timeout_s: float = _setting(
        "VISTAFRESCA_LOCK_TIMEOUT_S",
        variables.seconds(least=0.1, most=3_600),
        30.0,
        "Longest wait for a lock before a view fails.",
    )
    connections: int = _setting(
        "VISTAFRESCA_CONNECTIONS",
        variables.whole(least=1, most=32),
        2,
        "Refreshes at the same time, each on its own connection.",
    )
    max_attempts: int = _setting(
        "VISTAFRESCA_MAX_ATTEMPTS", variables.whole(least=1, most=10), 3,
        "Tries of one view in a run, where the failure may pass: a lock, a deadlock, a lost connection.",
    )  # fmt: skip
    retry_backoff_s: float = _setting(
        "VISTAFRESCA_RETRY_BACKOFF_S", variables.seconds(least=0.01, most=60), 2.0,
        "Wait before the second try; doubled before each further one.",
    )  # fmt: skip
    max_replica_lag_s: float = _setting(
        "VISTAFRESCA_MAX_REPLICA_LAG_S", variables.seconds(least=0, most=86_400), 0.0,
        "Refreshes wait while a replica is further behind; 0: they do not.",
    )  # fmt: skip
    max_transaction_age_s: float = _setting(
        "VISTAFRESCA_MAX_TRANSACTION_AGE_S", variables.seconds(least=0, most=604_800), 0.0,
        "Refreshes wait while a transaction older than this keeps dead rows from being removed; 0: they do not.",
    )  # fmt: skip
    min_free_storage_gib: float = _setting(
        "VISTAFRESCA_MIN_FREE_STORAGE_GIB", variables.seconds(least=0, most=131_072), 0.0,
        "Refreshes wait while VISTAFRESCA_DB_INSTANCE has less free storage; 0: they do not.",
    )  # fmt: skip
    db_instance: str | None = _setting(
        "VISTAFRESCA_DB_INSTANCE", variables.name, None,
        "The RDS instance whose FreeStorageSpace CloudWatch is asked for; without it free storage is not known.",
    )  # fmt: skip
    load_wait_s: float = _setting(
        "VISTAFRESCA_LOAD_WAIT_S", variables.seconds(least=0, most=3_600), 60.0,
        "Longest wait for the load to pass; then what has not begun is left to the next run.",
    )  # fmt: skip
    vacuum: bool = _setting(
        "VISTAFRESCA_VACUUM", variables.boolean, True,
        "VACUUM (ANALYZE) views that refreshes left full of dead rows, once the run's refreshes are done.",
    )  # fmt: skip
    trigger_type: TriggerType = _setting(
        "VISTAFRESCA_TRIGGER_TYPE",
        variables.trigger_type,
        TriggerType.MANUAL,
        "cron, event or manual: what made this run happen.",
    )
    triggered_by: str = _setting(
        "VISTAFRESCA_TRIGGERED_BY", variables.text, "vistafresca run", "Who or what: the rule's name, a person."
    )
    scheduled_time: datetime | None = _setting(
        "VISTAFRESCA_SCHEDULED_TIME", variables.timestamp, None, "When the rule fired (ISO 8601 with a time zone)."
    )
    log_retention_days: float = _setting(
        "VISTAFRESCA_LOG_RETENTION_DAYS", variables.seconds(least=1, most=36_500), 90.0,
        "Older rows of mv_refresh_log and mv_refresh_run are removed at the end of a run.",
    )  # fmt: skip
    sentry_dsn: str | None = _setting(
        "SENTRY_DSN", variables.text, None, "Where errors and check-ins go; without it they are not sent."
    )
    sentry_dsn_secret_arn: str | None = _setting(
        "VISTAFRESCA_SENTRY_DSN_SECRET_ARN",
        variables.secret_arn,
        None,
        "Secret that holds the DSN as plain text; read at run time.",
    )
    sentry_monitor_slug: str = _setting(
        "VISTAFRESCA_SENTRY_MONITOR_SLUG", variables.slug, "vistafresca", "The cron monitor's name in Sentry."
    )
    schedule: str = _setting(
        "VISTAFRESCA_SCHEDULE",
        variables.crontab,
        "*/10 * * * *",
        "Five-field crontab (UTC) that the Sentry monitor expects check-ins by.",
    )
    sentry_checkin_margin_min: int = _setting(
        "VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN",
        variables.whole(least=1, most=1_440),
        3,
        "Minutes late before a check-in is missed.",
    )
    sentry_max_runtime_min: int = _setting(
        "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN", variables.whole(least=1, most=1_440), 10,
        "Minutes before Sentry calls the run timed out; longer than the deadline.",
    )  # fmt: skip
    sentry_failure_threshold: int = _setting(
        "VISTAFRESCA_SENTRY_FAILURE_THRESHOLD",
        variables.whole(least=1, most=720),
        2,
        "Bad check-ins in a row that open an issue.",
    )
    container_metadata_uri: str | None = _setting(
        "ECS_CONTAINER_METADATA_URI_V4", variables.text, None,
        "Where ECS says which image runs, for the log and Sentry's release; ECS sets it.",
    )  # fmt: skip
    service: str = _setting(
        "POWERTOOLS_SERVICE_NAME",
        variables.dimension,
        "vistafresca",
        "The `service` of every metric and log line; deployed: environment-database.",
    )
    metrics_namespace: str = _setting(
        "POWERTOOLS_METRICS_NAMESPACE", variables.namespace, "Vistafresca", "CloudWatch namespace of the metrics."
    )
    log_level: str = _setting("POWERTOOLS_LOG_LEVEL", variables.log_level, "INFO", "DEBUG, INFO, WARNING or ERROR.")

    def __post_init__(self) -> None:
        """Raise ConfigurationError for settings that are fine one by one and not together."""
        if self.run_deadline_s >= self.interval_s:
            raise ConfigurationError(
                f"the run deadline ({self.run_deadline_s:g} s) is not below the interval ({self.interval_s:g} s): "
                "runs would overlap.",
                subject="VISTAFRESCA_RUN_DEADLINE_S",
                remedy="Lower it, or raise VISTAFRESCA_INTERVAL_S.",
            )
        if self.sentry_max_runtime_min * 60 <= self.run_deadline_s:
            raise ConfigurationError(
                f"Sentry would call a run timed out after {self.sentry_max_runtime_min:g} min, before its deadline "
                f"({self.run_deadline_s:g} s).",
                subject="VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN",
                remedy="Raise it above the deadline.",
            )
        ways = {
            "DATABASE_URL": self.database_url,
            "VISTAFRESCA_DATABASE_SECRET_ARN": self.database_secret_arn,
            "VISTAFRESCA_DATABASE_IAM_AUTH": self.database_iam_auth,
        }
        if len(chosen := [variable for variable, value in ways.items() if value]) > 1:
            raise ConfigurationError(
                f"{' and '.join(chosen)} are set together, and each says how to connect.",
                subject=chosen[-1],
                remedy="Keep one of them; PGHOST, PGPORT and PGDATABASE may stand beside the last two.",
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read every setting. Raises ConfigurationError naming the variable, what is wrong with it and what to write
        instead.

        An empty variable counts as absent: that is how a template or a shell clears one.
        """
        # Powertools' development mode spreads a log line over many, and CloudWatch then sees no JSON and no metric.
        if environment.get("POWERTOOLS_DEV", "").strip().lower() not in variables.FALSE:
            raise ConfigurationError(
                "development mode breaks log lines apart, so that metrics and alarms would see nothing.",
                subject="POWERTOOLS_DEV",
                remedy="Unset it.",
            )
        values: dict[str, Any] = {}
        for setting in fields(cls):
            variable = setting.metadata["variable"]
            if not (written := environment.get(variable, "").strip()):
                continue
            try:
                values[setting.name] = setting.metadata["parse"](written)
            except ValueError as error:
                # What may hold a password, a URL or a DSN, is never refused here.
                raise ConfigurationError(
                    f"'{written}' {error}.", subject=variable, remedy=f"It means: {setting.metadata['what']}"
                ) from None
        return cls(**values)

    @classmethod
    def identity(cls, environment: Mapping[str, str]) -> Settings:
        """Whose run it is, as far as that can be read, and the defaults for the rest: so that a run whose settings are
        refused is told by the alarms of its own service."""
        values = {}
        for setting in fields(cls):
            written = environment.get(setting.metadata["variable"], "").strip()
            if setting.name in _IDENTITY and written:
                with suppress(ValueError):  # from_environment() has refused it already
                    values[setting.name] = setting.metadata["parse"](written)
        return cls(**values)
