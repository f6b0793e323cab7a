"""What Sentry demands of check-ins and events. No public package has these rules as code.

https://develop.sentry.dev/sdk/telemetry/check-ins/ · https://docs.sentry.io/product/crons/getting-started/http/
https://develop.sentry.dev/sdk/data-model/event-payloads/
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from tests.emulation.sentry.envelope import RejectedError

_STATUSES = ("in_progress", "ok", "error")
_LEVELS = ("fatal", "error", "warning", "info", "debug")
_MARGINS = ("checkin_margin", "max_runtime", "failure_issue_threshold", "recovery_threshold")
_CRONTAB_FIELDS = 5


def check_check_in(check_in: Mapping[str, Any]) -> None:
    """Raise RejectedError for a check-in that Sentry would not take."""
    _uuid(check_in, "check_in_id")
    _require(
        re.fullmatch(r"[a-z0-9_-]{1,50}", str(check_in.get("monitor_slug"))) is not None,
        f"monitor_slug {check_in.get('monitor_slug')!r}: 1 to 50 of a-z, 0-9, _ and -",
    )
    _require(check_in.get("status") in _STATUSES, f"status {check_in.get('status')!r} is none of {_STATUSES}")
    duration = check_in.get("duration")
    _require(
        duration is None or (_is_number(duration) and duration >= 0), f"duration {duration!r} is no time in seconds"
    )
    configuration = check_in.get("monitor_config")
    if configuration is not None:
        _check_monitor(configuration)


def _check_monitor(configuration: Any) -> None:
    _require(isinstance(configuration, dict), "monitor_config is not an object")
    schedule = configuration.get("schedule")
    _require(isinstance(schedule, dict), "monitor_config has no schedule")
    _require(schedule.get("type") == "crontab", f"schedule of type {schedule.get('type')!r}: ours is a crontab")
    _require(
        len(str(schedule.get("value")).split()) == _CRONTAB_FIELDS,
        f"crontab {schedule.get('value')!r} has not {_CRONTAB_FIELDS} fields",
    )
    zone = configuration.get("timezone", "UTC")
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, TypeError, OSError):
        raise RejectedError(f"there is no time zone {zone!r}") from None
    for name in _MARGINS:
        value = configuration.get(name, 1)
        whole = isinstance(value, int) and not isinstance(value, bool)
        _require(whole and value >= 1, f"{name} {value!r} is no whole number from 1 on")


def check_event(event: Mapping[str, Any]) -> None:
    """Raise RejectedError for an event that Sentry would not take, or would show without its text."""
    _uuid(event, "event_id")
    _require(event.get("level", "error") in _LEVELS, f"level {event.get('level')!r} is none of {_LEVELS}")
    _require(bool(event.get("timestamp")), "an event without a timestamp")
    for name, value in dict(event.get("tags") or {}).items():
        _require(re.fullmatch(r"[A-Za-z0-9_.:-]{1,200}", name) is not None, f"a tag cannot be called {name!r}")
        _require(1 <= len(str(value)) <= 200 and "\n" not in str(value), f"tag {name}: {value!r} is not kept")


def check_credentials(authorization: str, envelope_header: Mapping[str, Any]) -> None:
    """Raise RejectedError where neither the X-Sentry-Auth header nor the envelope says for which project it is."""
    _require(
        "sentry_key=" in authorization or bool(envelope_header.get("dsn")),
        "neither X-Sentry-Auth nor the envelope has a key",
    )


def _uuid(document: Mapping[str, Any], name: str) -> None:
    try:
        uuid.UUID(str(document.get(name)))
    except ValueError:
        raise RejectedError(f"{name} {document.get(name)!r} is no UUID") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001  # an assertion with an error of its own
    if not condition:
        raise RejectedError(otherwise)
