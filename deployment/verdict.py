"""What a stopped task came to, in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_WORDS = 1000
"""Characters of the log in a reason. CloudFormation takes 4,096 bytes for a whole answer, which the framework fills up
with a stack trace of its own: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html"""

_PASSWORD = re.compile(r"(://[^\s:@/]*:)[^\s@]+(@)|(password\s*[=:]\s*)\S+", re.IGNORECASE)
_LINES_WITHOUT_AN_ERROR = 3


def failure(task: Mapping[str, Any], *, container: str) -> str | None:
    """Why a stopped task did not do its work; None where its container ended with exit code 0.

    `task` as ecs:DescribeTasks gives it.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    """
    ours: Mapping[str, Any] = next((found for found in task.get("containers", ()) if found["name"] == container), {})
    exit_code = ours.get("exitCode")
    why = _clip(" ".join(str(said) for said in (task.get("stoppedReason"), ours.get("reason")) if said))
    if task.get("stopCode") == "TaskFailedToStart":
        return f"the task could not start: {why}"
    if exit_code is None:
        return f"the task was stopped ({task.get('stopCode', 'without a code')}): {why}"
    if exit_code == 0:
        return None
    killed = f" ({ours['reason']})" if "reason" in ours else ""
    return f"it ended with exit code {exit_code}{killed}"


def last_words(lines: Sequence[str]) -> str:
    """What the end of a task's log says: its last error with the remedy below it, or its last lines. "" without any.

    The commands write `error: SUBJECT: MESSAGE` and the remedy on the next line (refresh_task/command_line), click
    writes `Error: MESSAGE`, and a traceback ends with what was raised.
    """
    said = [line.strip() for text in lines for line in text.splitlines() if line.strip()]
    begins = [number for number, line in enumerate(said) if line.lower().startswith("error: ")]
    start = begins[-1] if begins else max(len(said) - _LINES_WITHOUT_AN_ERROR, 0)
    return _clip(_PASSWORD.sub(r"\1\3***\2", " ".join(said[start:])))


def _clip(text: str) -> str:
    return text if len(text) <= MAX_WORDS else f"{text[: MAX_WORDS - 1]}…"
