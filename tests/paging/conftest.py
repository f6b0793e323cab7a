"""The function's settings in the sandbox, and what it makes of a notification and a log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paging.handler import compose
from paging.log import Log
from paging.message import Message
from paging.notification import read
from paging.settings import Settings
from tests.infrastructure.conftest import synthesize
from tests.infrastructure.template import alarm as alarm_of
from tests.paging.notifications import record
from tests.paging.recorded_log import OWN_GROUP, RecordedLog

SETTINGS = Settings(
    environment="sandbox",
    topic_arn="arn:aws:sns:us-east-1:123456789012:vistafresca-sandbox",
    runbook_url="docs/runbook.md",
    own_log_group=OWN_GROUP,
)
Compose = Callable[[dict[str, Any] | str], Message]


@pytest.fixture
def log() -> RecordedLog:
    """Empty; write to it before composing."""
    return RecordedLog()


@pytest.fixture
def composed(log: RecordedLog) -> Compose:
    """Call it with CloudWatch's JSON, a rule's, or any other text."""

    def call(message: dict[str, Any] | str) -> Message:
        worded = compose(read(record(message), environment="sandbox"), Log(client=log), SETTINGS)
        assert worded is not None
        return worded

    return call


def description_of(section: str) -> str:
    """What the sandbox's stack gives that alarm, or the rule of that name."""
    template = synthesize("sandbox").template
    if section.startswith("task-"):
        rule = template.one("AWS::Events::Rule", Name=f"vistafresca-sandbox-main-{section}")
        text: str = rule.properties["Targets"][0]["InputTransformer"]["InputTemplate"]
        return text.split('"description":"')[1].split('"', maxsplit=1)[0]
    return str(alarm_of(template, "sandbox-main", section).properties["AlarmDescription"])
