"""How the text of an environment variable becomes a value. Each raises ValueError with what is wrong with the text, in
words that go on after it: 'ten' is not a number."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from refresh_task.model import TriggerType

FALSE = ("", "0", "false", "no", "off")
_TRUE = ("1", "true", "yes", "on")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def text(value: str) -> str:
    """Any text."""
    return value


def boolean(value: str) -> bool:
    """Whether it is so."""
    if value.lower() not in _TRUE + FALSE:
        raise ValueError("is neither true nor false")
    return value.lower() in _TRUE


def name(value: str) -> str:
    """The name of an environment or a database."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):  # Sentry's rule for environments, and CloudWatch's for less
        raise ValueError("is not 1 to 64 letters, digits, dots, - or _")
    return value


def namespace(value: str) -> str:
    """A CloudWatch namespace."""
    # CloudWatch drops metrics of any other namespace without a word.
    if not re.fullmatch(r"[A-Za-z0-9._/#: -]{1,255}", value) or value.startswith(("AWS/", ":")):
        raise ValueError("is not a CloudWatch namespace (letters, digits, . - _ / # : and spaces; not AWS/…)")
    return value


def dimension(value: str) -> str:
    """The value of a CloudWatch dimension."""
    if not re.fullmatch(r"[!-9;-~][ -~]{0,254}", value):  # CloudWatch's rule: no colon in front
        raise ValueError("is not 1 to 255 ASCII characters")
    return value


def log_level(value: str) -> str:
    """In capitals."""
    if value.upper() not in _LOG_LEVELS:
        raise ValueError(f"is none of {', '.join(_LOG_LEVELS)}")
    return value.upper()


def secret_arn(value: str) -> str:
    """The ARN of a secret."""
    if not re.fullmatch(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+", value):
        raise ValueError("is not the ARN of a secret, arn:aws:secretsmanager:<region>:<account>:secret:<name>-<suffix>")
    return value


def whole(*, least: int, most: int) -> Callable[[str], int]:
    """A whole number within these bounds."""

    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if not least <= number <= most:
            raise ValueError(f"is not between {least} and {most}")
        return number

    return parse


def seconds(*, least: float, most: float) -> Callable[[str], float]:
    """A number within these bounds."""

    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise ValueError("is not a number") from None
        if not least <= number <= most:
            raise ValueError(f"is not between {least:g} and {most:g}")
        return number

    return parse


def timestamp(value: str) -> datetime:
    """An aware moment."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is not an ISO 8601 time such as 2026-11-22T10:20:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("has no time zone; write it as 2026-11-22T10:20:00Z")
    return moment


def trigger_type(value: str) -> TriggerType:
    """One of TriggerType's words."""
    try:
        return TriggerType(value)
    except ValueError:
        raise ValueError(f"is none of {', '.join(TriggerType)}") from None


def crontab(value: str) -> str:
    """Five fields; what they mean is not looked at."""
    if not re.fullmatch(r"[A-Za-z0-9*,/-]+( +[A-Za-z0-9*,/-]+){4}", value):
        raise ValueError("does not have the five fields of a crontab, such as */10 * * * *")
    return value


def slug(value: str) -> str:
    """A Sentry monitor's slug."""
    if not re.fullmatch(r"[a-z0-9_-]{1,50}", value):  # Sentry's rule for monitor slugs
        raise ValueError("is not 1 to 50 lower-case letters, digits, - or _")
    return value
