"""The task's settings: read once from the environment, validated, frozen. docs/configuration.md lists them (a test
compares).

A dataclass and not pydantic, which everything off the task's path uses: importing it costs the task more than
connecting does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from refresh_task.errors import ConfigurationError
from refresh_task.model import TriggerType

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
_IDENTITY = ("environment", "database", "service", "metrics_namespace")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _text(value: str) -> str:
    return value


def _boolean(value: str) -> bool:
    if value.lower() not in _TRUE + _FALSE:
        raise ValueError("is neither true nor false")
    return value.lower() in _TRUE


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):  # Sentry's rule for environments, and CloudWatch's for less
        raise ValueError("is not 1 to 64 letters, digits, dots, - or _")
    return value


def _namespace(value: str) -> str:
    # CloudWatch drops metrics of any other namespace without a word.
    if not re.fullmatch(r"[A-Za-z0-9._/#: -]{1,255}", value) or value.startswith(("AWS/", ":")):
        raise ValueError("is not a CloudWatch namespace (letters, digits, . - _ / # : and spaces; not AWS/…)")
    return value


def _dimension(value: str) -> str:
    if not re.fullmatch(r"[!-9;-~][ -~]{0,254}", value):  # CloudWatch's rule: no colon in front
        raise ValueError("is not 1 to 255 ASCII characters")
    return value


def _log_level(value: str) -> str:
    if value.upper() not in _LOG_LEVELS:
        raise ValueError(f"is none of {', '.join(_LOG_LEVELS)}")
    return value.upper()


def _secret_arn(value: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+", value):
        raise ValueError("is not the ARN of a secret, arn:aws:secretsmanager:<region>:<account>:secret:<name>-<suffix>")
    return value


def _whole(*, least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if not least <= number <= most:
            raise ValueError(f"is not between {least} and {most}")
        return number

    return parse


def _seconds(*, least: float, most: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise ValueError("is not a number") from None
        if not least <= number <= most:
            raise ValueError(f"is not between {least:g} and {most:g}")
        return number

    return parse


def _timestamp(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is not an ISO 8601 time such as 2026-11-22T10:20:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("has no time zone; write it as 2026-11-22T10:20:00Z")
    return moment


def _trigger_type(value: str) -> TriggerType:
    try:
        return TriggerType(value)
    except ValueError:
        raise ValueError(f"is none of {', '.join(TriggerType)}") from None


def _crontab(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9*,/-]+( +[A-Za-z0-9*,/-]+){4}", value):
        raise ValueError("does not have the five fields of a crontab, such as */10 * * * *")
    return value


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]{1,50}", value):  # Sentry's rule for monitor slugs
        raise ValueError("is not 1 to 50 lower-case letters, digits, - or _")
    return value


def _setting(variable: str, parse: Callable[[str], Any], default: Any, what: str) -> Any:
    return field(default=default, metadata={"variable": variable, "parse": parse, "what": what})


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's settings. Durations ending in _s are seconds, in _min minutes."""

    environment: str = _setting("VISTAFRESCA_ENVIRONMENT", _name, "local", "Name of the deployment.")
    database: str = _setting("VISTAFRESCA_DATABASE", _name, "default", "Name of the database in that deployment.")
    database_url: str | None = _setting(
        "DATABASE_URL",
        _text,
        None,
        "Connection string, URL or key=value. Without it and the two below: libpq's PG… variables.",
    )
    database_secret_arn: str | None = _setting(
        "VISTAFRESCA_DATABASE_SECRET_ARN",
        _secret_arn,
        None,
        "RDS secret with username, password, host, port, dbname; read at run time.",
    )
    database_iam_auth: bool = _setting(
        "VISTAFRESCA_DATABASE_IAM_AUTH",
        _boolean,
        False,
        "Use an RDS IAM token for PGUSER at PGHOST instead of a password.",
    )
    interval_s: float = _setting(
        "VISTAFRESCA_INTERVAL_S",
        _seconds(least=60, most=86_400),
        600.0,
        "Seconds between two scheduled runs.",
    )
    run_deadline_s: float = _setting(
        "VISTAFRESCA_RUN_DEADLINE_S", _seconds(least=1, most=86_400), 540.0,
        "The run cancels itself after this; shorter than the interval.",
    )  # fmt: skip
    statement_timeout_s: float = _setting(
        "VISTAFRESCA_STATEMENT_TIMEOUT_S", _seconds(least=0.1, most=86_400), 300.0,
        "Longest refresh of one view, unless its policy has a timeout.",
    )  # fmt: skip
    lock_timeout_s: float = _setting(
        "VISTAFRESCA_LOCK_TIMEOUT_S",
        _seconds(least=0.1, most=3_600),
        30.0,
        "Longest wait for a lock before a view fails.",
    )
    connections: int = _setting(
        "VISTAFRESCA_CONNECTIONS",
        _whole(least=1, most=32),
        2,
        "Refreshes at the same time, each on its own connection.",
    )
    max_attempts: int = _setting(
        "VISTAFRESCA_MAX_ATTEMPTS", _whole(least=1, most=10), 3,
        "Tries of one view in a run, where the failure may pass: a lock, a deadlock, a lost connection.",
    )  # fmt: skip
    retry_backoff_s: float = _setting(
        "VISTAFRESCA_RETRY_BACKOFF_S", _seconds(least=0.01, most=60), 2.0,
        "Wait before the second try; doubled before each further one.",
    )  # fmt: skip
    max_replica_lag_s: float = _setting(
        "VISTAFRESCA_MAX_REPLICA_LAG_S", _seconds(least=0, most=86_400), 0.0,
        "Refreshes wait while a replica is further behind; 0: they do not.",
    )  # fmt: skip
    max_transaction_age_s: float = _setting(
        "VISTAFRESCA_MAX_TRANSACTION_AGE_S", _seconds(least=0, most=604_800), 0.0,
        "Refreshes wait while a transaction older than this keeps dead rows from being removed; 0: they do not.",
    )  # fmt: skip
    min_free_storage_gib: float = _setting(
        "VISTAFRESCA_MIN_FREE_STORAGE_GIB", _seconds(least=0, most=131_072), 0.0,
        "Refreshes wait while VISTAFRESCA_DB_INSTANCE has less free storage; 0: they do not.",
    )  # fmt: skip
    db_instance: str | None = _setting(
        "VISTAFRESCA_DB_INSTANCE", _name, None,
        "The RDS instance whose FreeStorageSpace CloudWatch is asked for; without it free storage is not known.",
    )  # fmt: skip
    load_wait_s: float = _setting(
        "VISTAFRESCA_LOAD_WAIT_S", _seconds(least=0, most=3_600), 60.0,
        "Longest wait for the load to pass; then what has not begun is left to the next run.",
    )  # fmt: skip
    vacuum: bool = _setting(
        "VISTAFRESCA_VACUUM", _boolean, True,
        "VACUUM (ANALYZE) views that refreshes left full of dead rows, once the run's refreshes are done.",
    )  # fmt: skip
    trigger_type: TriggerType = _setting(
        "VISTAFRESCA_TRIGGER_TYPE",
        _trigger_type,
        TriggerType.MANUAL,
        "cron, event or manual: what made this run happen.",
    )
    triggered_by: str = _setting(
        "VISTAFRESCA_TRIGGERED_BY", _text, "vistafresca run", "Who or what: the rule's name, a person."
    )
    scheduled_time: datetime | None = _setting(
        "VISTAFRESCA_SCHEDULED_TIME", _timestamp, None, "When the rule fired (ISO 8601 with a time zone)."
    )
    log_retention_days: float = _setting(
        "VISTAFRESCA_LOG_RETENTION_DAYS", _seconds(least=1, most=36_500), 90.0,
        "Older rows of mv_refresh_log and mv_refresh_run are removed at the end of a run.",
    )  # fmt: skip
    sentry_dsn: str | None = _setting(
        "SENTRY_DSN", _text, None, "Where errors and check-ins go; without it they are not sent."
    )
    sentry_dsn_secret_arn: str | None = _setting(
        "VISTAFRESCA_SENTRY_DSN_SECRET_ARN",
        _secret_arn,
        None,
        "Secret that holds the DSN as plain text; read at run time.",
    )
    sentry_monitor_slug: str = _setting(
        "VISTAFRESCA_SENTRY_MONITOR_SLUG", _slug, "vistafresca", "The cron monitor's name in Sentry."
    )
    schedule: str = _setting(
        "VISTAFRESCA_SCHEDULE",
        _crontab,
        "*/10 * * * *",
        "Five-field crontab (UTC) that the Sentry monitor expects check-ins by.",
    )
    sentry_checkin_margin_min: int = _setting(
        "VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN",
        _whole(least=1, most=1_440),
        3,
        "Minutes late before a check-in is missed.",
    )
    sentry_max_runtime_min: int = _setting(
        "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN", _whole(least=1, most=1_440), 10,
        "Minutes before Sentry calls the run timed out; longer than the deadline.",
    )  # fmt: skip
    sentry_failure_threshold: int = _setting(
        "VISTAFRESCA_SENTRY_FAILURE_THRESHOLD",
        _whole(least=1, most=720),
        2,
        "Bad check-ins in a row that open an issue.",
    )
    container_metadata_uri: str | None = _setting(
        "ECS_CONTAINER_METADATA_URI_V4", _text, None,
        "Where ECS says which image runs, for the log and Sentry's release; ECS sets it.",
    )  # fmt: skip
    service: str = _setting(
        "POWERTOOLS_SERVICE_NAME",
        _dimension,
        "vistafresca",
        "The `service` of every metric and log line; deployed: environment-database.",
    )
    metrics_namespace: str = _setting(
        "POWERTOOLS_METRICS_NAMESPACE", _namespace, "Vistafresca", "CloudWatch namespace of the metrics."
    )
    log_level: str = _setting("POWERTOOLS_LOG_LEVEL", _log_level, "INFO", "DEBUG, INFO, WARNING or ERROR.")

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
        if environment.get("POWERTOOLS_DEV", "").strip().lower() not in _FALSE:
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
