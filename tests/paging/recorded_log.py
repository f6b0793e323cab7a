"""CloudWatch Logs, as far as the function asks it: groups, streams, windows and pages. It knows no patterns and hands
out every line, so that the function cannot rely on them; that AWS takes them, no test here can show."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import botocore.exceptions

GROUP = "/aws/ecs/sandbox-main-bi-refresh"
API_GROUP = "/aws/lambda/sandbox-main-bi-api"
OWN_GROUP = "/aws/lambda/vistafresca-sandbox-pager"


def time_of(clock: str) -> datetime:
    """Of the day of all these tests: "18:20:03"."""
    return datetime.fromisoformat(f"2026-11-25T{clock}+00:00").astimezone(UTC)


@dataclass
class RecordedLog:
    """`page` is how many lines one answer has at most; `refuses` the error that every call raises."""

    page: int = 1000
    refuses: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    _lines: list[tuple[str, str, datetime, str]] = field(default_factory=list)

    def write(
        self, clock: str, *, group: str = GROUP, stream: str = "run/refresh/a", text: str | None = None, **fields: Any
    ) -> None:
        self._lines.append((group, stream, time_of(clock), json.dumps(fields) if text is None else text))

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self._receive("FilterLogEvents", asked)
        found = [
            {"logStreamName": stream, "timestamp": int(at.timestamp() * 1000), "message": text}
            for group, stream, at, text in sorted(self._lines, key=lambda line: line[2])
            if group == asked["logGroupName"]
            and at.timestamp() * 1000 >= asked["startTime"]
            and stream in asked.get("logStreamNames", [stream])
        ]
        begin = int(asked.get("nextToken", 0))
        answer: dict[str, Any] = {"events": found[begin : begin + self.page]}
        if begin + self.page < len(found):
            answer["nextToken"] = str(begin + self.page)
        return answer

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        self._receive("GetLogEvents", asked)
        assert asked["startFromHead"] is False
        found = [
            text
            for group, stream, _, text in self._lines
            if (group, stream) == (asked["logGroupName"], asked["logStreamName"])
        ]
        return {"events": [{"message": text} for text in found[-asked["limit"] :]]}

    def _receive(self, operation: str, asked: dict[str, Any]) -> None:
        self.asked.append(asked)
        if self.refuses is not None:
            raise botocore.exceptions.ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, operation)


def a_failing_view(
    log: RecordedLog, view: str = "public.b", *, run_id: int = 17, clock: str = "18:30:05", **fields: Any
) -> None:
    """What the task writes of a view that failed twice for duplicate keys."""
    known = {
        "view": view,
        "conditions": ["late", "failing"],
        "data_timestamp": "2026-11-25T18:10:02+00:00",
        "lag_s": 1203.0,
        "target_lag_s": 900.0,
        "late_since": "2026-11-25T18:25:02+00:00",
        "failing_since": "2026-11-25T18:20:04+00:00",
        "consecutive_failures": 2,
        "last_status": "failed",
        "last_message": "Key (id)=(7) already exists.",
        "remedy": f"List them: SELECT * FROM bi_refresh.duplicate_keys('{view}')",
    }
    log.write(
        clock,
        stream=f"run/refresh/{run_id}",
        event="view_unhealthy",
        run_id=run_id,
        **{name: value for name, value in {**known, **fields}.items() if value is not None},
    )


def a_run(
    log: RecordedLog, *, run_id: int, began: str, ended: str | None = None, kind: str = "scheduled", **fields: Any
) -> None:
    """Its first line, and its last one if it ended."""
    stream = f"run/refresh/{run_id}"
    common: dict[str, Any] = {"run_id": run_id, "kind": kind}
    log.write(began, stream=stream, event="run_started", **common)
    if ended is not None:
        log.write(ended, stream=stream, **{"event": "run_finished", "duration_s": 5.0, **common, **fields})
