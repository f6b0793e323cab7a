"""Every setting: what it is by default, what it takes, what it refuses and how it says so."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.model import TriggerType
from refresh_task.settings import Settings

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:main-AbCdEf"
VARIABLES = {setting.metadata["variable"]: setting.name for setting in fields(Settings)}

# The settings that another one bounds, and what that must be for them to be tried alone.
COMPANIONS = {
    "VISTAFRESCA_INTERVAL_S": {"VISTAFRESCA_RUN_DEADLINE_S": "1"},
    "VISTAFRESCA_RUN_DEADLINE_S": {
        "VISTAFRESCA_INTERVAL_S": "86400",
        "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN": "1440",
    },
    "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN": {"VISTAFRESCA_RUN_DEADLINE_S": "1"},
}

TAKEN: list[tuple[str, str, Any]] = [
    ("VISTAFRESCA_ENVIRONMENT", "production-eu.2", "production-eu.2"),
    ("VISTAFRESCA_DATABASE", "sales_db", "sales_db"),
    ("DATABASE_URL", "postgresql://app:p%40ss@db/shop", "postgresql://app:p%40ss@db/shop"),
    ("VISTAFRESCA_DATABASE_SECRET_ARN", ARN, ARN),
    ("VISTAFRESCA_DATABASE_SECRET_ARN", ARN.replace("aws:", "aws-us-gov:"), ARN.replace("aws:", "aws-us-gov:")),
    *[("VISTAFRESCA_DATABASE_IAM_AUTH", word, True) for word in ("1", "true", "TRUE", "yes", "on", " on ")],
    *[("VISTAFRESCA_DATABASE_IAM_AUTH", word, False) for word in ("0", "false", "No", "off", "")],
    ("VISTAFRESCA_INTERVAL_S", "60", 60),
    ("VISTAFRESCA_INTERVAL_S", "86400", 86_400),
    ("VISTAFRESCA_RUN_DEADLINE_S", "1", 1),
    ("VISTAFRESCA_RUN_DEADLINE_S", "86399.5", 86_399.5),
    ("VISTAFRESCA_STATEMENT_TIMEOUT_S", "0.1", 0.1),
    ("VISTAFRESCA_STATEMENT_TIMEOUT_S", "86400", 86_400),
    ("VISTAFRESCA_LOCK_TIMEOUT_S", "0.1", 0.1),
    ("VISTAFRESCA_LOCK_TIMEOUT_S", "3600", 3_600),
    ("VISTAFRESCA_CONNECTIONS", "1", 1),
    ("VISTAFRESCA_CONNECTIONS", "32", 32),
    ("VISTAFRESCA_MAX_ATTEMPTS", "1", 1),
    ("VISTAFRESCA_MAX_ATTEMPTS", "10", 10),
    ("VISTAFRESCA_RETRY_BACKOFF_S", "0.01", 0.01),
    ("VISTAFRESCA_RETRY_BACKOFF_S", "60", 60),
    ("VISTAFRESCA_MAX_REPLICA_LAG_S", "0", 0),
    ("VISTAFRESCA_MAX_REPLICA_LAG_S", "86400", 86_400),
    ("VISTAFRESCA_MAX_TRANSACTION_AGE_S", "0", 0),
    ("VISTAFRESCA_MAX_TRANSACTION_AGE_S", "604800", 604_800),
    ("VISTAFRESCA_MIN_FREE_STORAGE_GIB", "0", 0),
    ("VISTAFRESCA_MIN_FREE_STORAGE_GIB", "131072", 131_072),
    ("VISTAFRESCA_DB_INSTANCE", "production-1", "production-1"),
    ("VISTAFRESCA_LOAD_WAIT_S", "0", 0),
    ("VISTAFRESCA_LOAD_WAIT_S", "3600", 3_600),
    ("VISTAFRESCA_VACUUM", "true", True),
    ("VISTAFRESCA_VACUUM", "off", False),
    *[("VISTAFRESCA_TRIGGER_TYPE", str(kind), kind) for kind in TriggerType],
    ("VISTAFRESCA_TRIGGERED_BY", "rule vistafresca-production", "rule vistafresca-production"),
    ("VISTAFRESCA_SCHEDULED_TIME", "2026-11-22T10:20:00Z", datetime(2026, 11, 22, 10, 20, tzinfo=UTC)),
    (
        "VISTAFRESCA_SCHEDULED_TIME",
        "2026-11-22T05:20:00-05:00",
        datetime(2026, 11, 22, 5, 20, tzinfo=timezone(timedelta(hours=-5))),
    ),
    ("VISTAFRESCA_LOG_RETENTION_DAYS", "1", 1),
    ("VISTAFRESCA_LOG_RETENTION_DAYS", "36500", 36_500),
    ("SENTRY_DSN", "https://key@sentry.example.com/1", "https://key@sentry.example.com/1"),
    ("VISTAFRESCA_SENTRY_DSN_SECRET_ARN", ARN, ARN),
    ("VISTAFRESCA_SENTRY_MONITOR_SLUG", "a" * 50, "a" * 50),
    ("VISTAFRESCA_SENTRY_MONITOR_SLUG", "vista_fresca-1", "vista_fresca-1"),
    *[
        ("VISTAFRESCA_SCHEDULE", crontab, crontab)
        for crontab in ("*/10 * * * *", "0 1 * * MON-FRI", "0,30 8-18/2 1 1,7 *")
    ],
    ("VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN", "1", 1),
    ("VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN", "1440", 1_440),
    ("VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN", "1", 1),
    ("VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN", "1440", 1_440),
    ("VISTAFRESCA_SENTRY_FAILURE_THRESHOLD", "1", 1),
    ("VISTAFRESCA_SENTRY_FAILURE_THRESHOLD", "720", 720),
    ("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/cd189a93", "http://169.254.170.2/v4/cd189a93"),
    ("POWERTOOLS_SERVICE_NAME", "production-sales", "production-sales"),
    ("POWERTOOLS_METRICS_NAMESPACE", "Vistafresca/Sales #1", "Vistafresca/Sales #1"),
    *[("POWERTOOLS_LOG_LEVEL", level, level.upper()) for level in ("DEBUG", "info", "Warning", "ERROR")],
]

REFUSED: list[tuple[str, str, str]] = [
    *[("VISTAFRESCA_ENVIRONMENT", name, "letters, digits") for name in ("a b", "prod/eu", "x" * 65, "año")],
    ("VISTAFRESCA_DATABASE", "sales db", "letters, digits"),
    *[
        ("VISTAFRESCA_DATABASE_SECRET_ARN", arn, "not the ARN of a secret")
        for arn in ("main", "arn:aws", ARN.replace("secretsmanager", "ssm"), ARN.replace("123456789012", "me"))
    ],
    ("VISTAFRESCA_DATABASE_IAM_AUTH", "maybe", "neither true nor false"),
    ("VISTAFRESCA_INTERVAL_S", "59.9", "not between 60 and 86400"),
    ("VISTAFRESCA_INTERVAL_S", "86401", "not between 60 and 86400"),
    ("VISTAFRESCA_INTERVAL_S", "10 minutes", "not a number"),
    ("VISTAFRESCA_RUN_DEADLINE_S", "0", "not between 1 and 86400"),
    *[("VISTAFRESCA_STATEMENT_TIMEOUT_S", number, "not between 0.1 and 86400") for number in ("0", "-1", "nan", "inf")],
    ("VISTAFRESCA_LOCK_TIMEOUT_S", "0.09", "not between 0.1 and 3600"),
    ("VISTAFRESCA_LOCK_TIMEOUT_S", "3601", "not between 0.1 and 3600"),
    *[("VISTAFRESCA_CONNECTIONS", number, "not between 1 and 32") for number in ("0", "33")],
    ("VISTAFRESCA_CONNECTIONS", "1.5", "not a whole number"),
    *[("VISTAFRESCA_MAX_ATTEMPTS", number, "not between 1 and 10") for number in ("0", "11")],
    *[("VISTAFRESCA_RETRY_BACKOFF_S", number, "not between 0.01 and 60") for number in ("0", "60.1")],
    *[("VISTAFRESCA_MAX_REPLICA_LAG_S", number, "not between 0 and 86400") for number in ("-1", "86401")],
    *[("VISTAFRESCA_MAX_TRANSACTION_AGE_S", number, "not between 0 and 604800") for number in ("-1", "604801")],
    *[("VISTAFRESCA_MIN_FREE_STORAGE_GIB", number, "not between 0 and 131072") for number in ("-1", "131073")],
    ("VISTAFRESCA_DB_INSTANCE", "my instance", "letters, digits"),
    *[("VISTAFRESCA_LOAD_WAIT_S", number, "not between 0 and 3600") for number in ("-1", "3601")],
    ("VISTAFRESCA_VACUUM", "never", "neither true nor false"),
    ("VISTAFRESCA_TRIGGER_TYPE", "Cron", "none of cron, event, manual"),
    ("VISTAFRESCA_SCHEDULED_TIME", "yesterday", "not an ISO 8601 time"),
    ("VISTAFRESCA_SCHEDULED_TIME", "2026-11-22T10:20:00", "no time zone"),
    ("VISTAFRESCA_LOG_RETENTION_DAYS", "0.5", "not between 1 and 36500"),
    ("VISTAFRESCA_LOG_RETENTION_DAYS", "36501", "not between 1 and 36500"),
    ("VISTAFRESCA_SENTRY_DSN_SECRET_ARN", "sentry", "not the ARN of a secret"),
    *[
        ("VISTAFRESCA_SENTRY_MONITOR_SLUG", slug, "1 to 50 lower-case")
        for slug in ("a" * 51, "Vistafresca", "vista fresca")
    ],
    *[
        ("VISTAFRESCA_SCHEDULE", crontab, "five fields of a crontab")
        for crontab in ("*/10 * * *", "*/10 * * * * *", "rate(10 minutes)", "at 10 ? o' clock")
    ],
    ("VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN", "0", "not between 1 and 1440"),
    ("VISTAFRESCA_SENTRY_CHECKIN_MARGIN_MIN", "1.5", "not a whole number"),
    ("VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN", "1441", "not between 1 and 1440"),
    ("VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN", "9.5", "not a whole number"),
    ("VISTAFRESCA_SENTRY_FAILURE_THRESHOLD", "721", "not between 1 and 720"),
    ("VISTAFRESCA_SENTRY_FAILURE_THRESHOLD", "two", "not a whole number"),
    *[("POWERTOOLS_SERVICE_NAME", name, "255 ASCII characters") for name in ("x" * 256, ":x", "año")],
    *[
        ("POWERTOOLS_METRICS_NAMESPACE", name, "not a CloudWatch namespace")
        for name in ("AWS/RDS", "a&b", ":x", "x" * 256)
    ],
    ("POWERTOOLS_LOG_LEVEL", "LOUD", "none of DEBUG, INFO, WARNING, ERROR"),
]


def test_nothing_has_to_be_set() -> None:
    assert Settings.from_environment({}) == Settings()


def test_an_empty_variable_counts_as_absent() -> None:
    """That is how a template or a shell clears one."""
    assert Settings.from_environment(dict.fromkeys(VARIABLES, " ") | {"POWERTOOLS_DEV": ""}) == Settings()


def test_settings_are_frozen() -> None:
    name = "interval_s"
    with pytest.raises(FrozenInstanceError):
        setattr(Settings(), name, 60)


@pytest.mark.parametrize(("variable", "written", "value"), TAKEN)
def test_a_setting_takes(variable: str, written: str, value: object) -> None:
    settings = Settings.from_environment({**COMPANIONS.get(variable, {}), variable: written})
    assert getattr(settings, VARIABLES[variable]) == value


@pytest.mark.parametrize(("variable", "written", "cause"), REFUSED)
def test_a_setting_refuses(variable: str, written: str, cause: str) -> None:
    """With the variable, what was written, why not, and what to write instead."""
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({**COMPANIONS.get(variable, {}), variable: written})
    error = refused.value
    assert error.subject == variable
    assert error.message.startswith(f"'{written}' is") or error.message.startswith(f"'{written}' ")
    assert cause in error.message
    assert error.remedy.startswith("It means: ")
    assert error.exit_code == 2
    assert str(error) == f"{error.subject}: {error.message} {error.remedy}"


def test_every_setting_is_tried_above() -> None:
    free_texts = {
        "DATABASE_URL",
        "SENTRY_DSN",
        "VISTAFRESCA_TRIGGERED_BY",
        "ECS_CONTAINER_METADATA_URI_V4",
    }  # checked where they are used, or just shown
    assert {variable for variable, _, _ in TAKEN} == VARIABLES.keys()
    assert {variable for variable, _, _ in REFUSED} == VARIABLES.keys() - free_texts


# ---- Together ------------------------------------------------------------------------------------


@pytest.mark.parametrize("deadline", ["600", "601"])
def test_a_run_must_end_before_the_next_starts(deadline: str) -> None:
    variables = {"VISTAFRESCA_RUN_DEADLINE_S": deadline, "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN": "60"}
    with pytest.raises(ConfigurationError, match=f"deadline \\({deadline} s\\) is not below the interval") as refused:
        Settings.from_environment(variables)
    assert refused.value.subject == "VISTAFRESCA_RUN_DEADLINE_S"
    assert "VISTAFRESCA_INTERVAL_S" in refused.value.remedy
    assert Settings.from_environment(variables | {"VISTAFRESCA_INTERVAL_S": "602"}).interval_s == 602


def test_sentry_must_not_give_a_run_up_before_its_deadline() -> None:
    with pytest.raises(ConfigurationError, match=r"timed out after 9 min, before its deadline \(540 s\)") as refused:
        Settings.from_environment({"VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN": "9"})
    assert refused.value.subject == "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN"
    assert "Raise it" in refused.value.remedy


@pytest.mark.parametrize(
    "variables",
    [
        {"VISTAFRESCA_DATABASE_SECRET_ARN": ARN, "VISTAFRESCA_DATABASE_IAM_AUTH": "true"},
        {"DATABASE_URL": "postgresql://app:hunter2@db/shop", "VISTAFRESCA_DATABASE_IAM_AUTH": "true"},
        {"DATABASE_URL": "postgresql://app:hunter2@db/shop", "VISTAFRESCA_DATABASE_SECRET_ARN": ARN},
    ],
)
def test_there_is_one_way_to_connect(variables: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="set together") as refused:
        Settings.from_environment(variables)
    assert all(variable in refused.value.message for variable in variables)
    assert "hunter2" not in str(refused.value)
    without_iam = variables | {"VISTAFRESCA_DATABASE_IAM_AUTH": "false", "DATABASE_URL": ""}
    Settings.from_environment(without_iam)


@pytest.mark.parametrize("value", ["true", "1", "y", "YES", "t", "on", "maybe"])
def test_powertools_development_mode_is_refused(value: str) -> None:
    """Whatever Powertools takes for yes, and what it cannot read: it would raise."""
    with pytest.raises(ConfigurationError, match="breaks log lines apart") as refused:
        Settings.from_environment({"POWERTOOLS_DEV": value})
    assert (refused.value.subject, refused.value.remedy) == ("POWERTOOLS_DEV", "Unset it.")


@pytest.mark.parametrize("value", ["", "0", "false", "No", " off "])
def test_powertools_development_mode_may_be_off(value: str) -> None:
    assert Settings.from_environment({"POWERTOOLS_DEV": value}) == Settings()
