"""What Lambda calls: one invocation per message of the alarms' topic.

Nothing is kept between two: a message that is delivered twice is composed twice from the same alarm and log, and
published twice with the same `source_message_id`. Services that open and close incidents by an alarm's name see no
difference; people may see it twice.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.config
import botocore.session

from paging import wording
from paging.evidence import PUBLISHED, Evidence, beginning_of, gather, gather_of_task
from paging.log import Log, LogUnreadError
from paging.message import Message
from paging.notification import Alarm, Notification, StoppedTask, Unknown, read
from paging.settings import Settings

_QUICKLY = {
    # Reading is worth ten seconds, and publishing whatever it takes: both fit the function's time with room to spare.
    "logs": botocore.config.Config(
        connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
    ),
    "sns": botocore.config.Config(
        connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
    ),
}


def handler(event: Mapping[str, Any], context: object) -> None:  # noqa: ARG001  Lambda's own
    """Raises what keeps a message from being published: Lambda tries once more, then hands the raw one on."""
    settings = Settings.from_environment(os.environ)
    for record in event["Records"]:
        tell(record["Sns"], settings, logs=clients("logs"), sns=clients("sns"))


def tell(published: Mapping[str, Any], settings: Settings, *, logs: Any, sns: Any) -> None:
    """Composes and publishes one message."""
    notification = read(published, environment=settings.environment)
    try:
        message = compose(notification, Log(client=logs), settings)
    except Exception as error:  # noqa: BLE001  # better in plain words than as Lambda's record of a failed call
        message = wording.of_what_could_not_be_worded(notification, _defect(error), settings)
    if message is None:
        _write("message_withheld", alarm=notification.name if isinstance(notification, Alarm) else None)
        return
    sns.publish(**message.published(settings.topic_arn, source_id=published["MessageId"]))
    if isinstance(notification, Alarm):
        _write(
            PUBLISHED,
            alarm=notification.name,
            state=notification.state,
            state_changed_at=notification.at.isoformat(),
            views=message.views,
        )


def compose(notification: Notification, log: Log, settings: Settings) -> Message | None:
    """Whatever cannot be read, a message comes of it. None: an alarm that has its first data, and all is well, as every
    one has after a deployment."""
    match notification:
        case Unknown():
            return wording.of_unknown(notification, settings)
        case Alarm(is_over=True):
            return _compose_end(notification, log, settings)
        case Alarm() | StoppedTask():
            evidence = _evidence(notification, log, settings)
            if isinstance(notification, Alarm):
                return wording.of_alarm(notification, evidence, settings)
            return wording.of_task(notification, evidence, settings)


def _evidence(notification: Alarm | StoppedTask, log: Log, settings: Settings) -> Evidence:
    try:
        if isinstance(notification, Alarm):
            return gather(log, notification, settings)
        return gather_of_task(log, notification, settings)
    except LogUnreadError as error:
        return Evidence(problem=f"the log could not be read: {error}")
    except Exception as error:  # noqa: BLE001  # a line that we misunderstand must not keep the page from anybody
        return Evidence(problem=_defect(error))


def _compose_end(alarm: Alarm, log: Log, settings: Settings) -> Message | None:
    beginning, problem = None, None
    try:
        beginning = beginning_of(log, settings.own_log_group, alarm)
    except LogUnreadError as error:
        problem = f"since when could not be read: {error}"
    except Exception as error:  # noqa: BLE001  # as above
        problem = _defect(error)
    if beginning is None and problem is None and alarm.written.get("OldStateValue") == "INSUFFICIENT_DATA":
        return None
    return wording.of_end(alarm, beginning, problem, settings)


def _defect(error: Exception) -> str:
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _write("evidence_failed", error=type(error).__name__, frames=frames)
    return f"the function that reads them has a defect ({type(error).__name__}); its own log says where"


def _write(event: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


@cache
def clients(service: str) -> Any:
    """One per service and container of the function."""
    return botocore.session.get_session().create_client(service, config=_QUICKLY[service])
