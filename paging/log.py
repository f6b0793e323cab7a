"""Reads log groups within bounds: a page that is late because it reads too much is worse than one with less in it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import botocore.exceptions

FLEET = "fleet"
"""What all databases of an environment together are called (infrastructure/naming.py)."""

MOST_PAGES = 30
"""FilterLogEvents looks through about a megabyte of log for each; a run's lines are some ten kilobytes."""

MOST_SECONDS = 10.0


class LogUnreadError(Exception):
    """The log could not be read, or not all of what was asked for; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One JSON line. `stream` is the task's: each task has its own."""

    at: datetime
    stream: str
    fields: Mapping[str, Any]

    @property
    def event(self) -> str:
        return str(self.fields.get("event"))

    @property
    def run(self) -> tuple[str, Any]:
        """What lines of the same run have in common."""
        return self.stream, self.fields.get("run_id")

    @property
    def database(self) -> str:
        return str(self.fields.get("database"))

    @property
    def view(self) -> str:
        return view_of(self.fields)


@dataclass(kw_only=True)
class Log:
    """`client` is botocore's of CloudWatch Logs. The bounds are of all readings together."""

    client: Any
    clock: Callable[[], float] = time.monotonic
    _pages: int = 0
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def lines(self, group: str, events: Sequence[str], *, since: datetime, stream: str | None = None) -> Iterator[Line]:
        """The lines of these events from then on, the oldest first. Raises LogUnreadError.

        The pattern spares their transport; whoever answers may know nothing of patterns, so it is checked again.
        """
        pattern = " || ".join(f'($.event = "{event}")' for event in events)
        for line in self.matching(group, f"{{ {pattern} }}", since=since, stream=stream):
            if line.event in events:
                yield line

    def matching(self, group: str, pattern: str, *, since: datetime, stream: str | None = None) -> Iterator[Line]:
        """The JSON lines that match, the oldest first. Raises LogUnreadError."""
        asked: dict[str, Any] = {
            "logGroupName": group,
            "filterPattern": pattern,
            "startTime": int(since.timestamp() * 1000),
        }
        if stream is not None:
            asked["logStreamNames"] = [stream]
        while True:
            answer = self._ask("filter_log_events", asked)
            for event in answer["events"]:
                if (fields := json_line(event["message"])) is not None:
                    yield Line(at=_utc(event["timestamp"]), stream=event["logStreamName"], fields=fields)
            if not answer.get("nextToken"):
                return
            asked["nextToken"] = answer["nextToken"]

    def end_of(self, group: str, stream: str, *, most: int = 1000) -> list[str]:
        """The last lines of one stream, as they are. Raises LogUnreadError."""
        answer = self._ask(
            "get_log_events", {"logGroupName": group, "logStreamName": stream, "startFromHead": False, "limit": most}
        )
        return [str(event["message"]) for event in answer["events"]]

    def _ask(self, operation: str, asked: Mapping[str, Any]) -> Any:
        self._pages += 1
        if self._pages > MOST_PAGES or self.clock() - self._began > MOST_SECONDS:
            raise LogUnreadError(
                f"{asked['logGroupName']} has more lines than are read for one message ({MOST_PAGES} pages, "
                f"{MOST_SECONDS:.0f} s)"
            )
        try:
            return getattr(self.client, operation)(**asked)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            raise LogUnreadError(f"{asked['logGroupName']}: {error}") from error


def view_of(fields: Mapping[str, Any]) -> str:
    """A line's view, with its database where one service is of all of an environment (layout = "map")."""
    view, database = str(fields.get("view")), fields.get("database")
    is_shared = fields.get("service") == f"{fields.get('environment')}-{FLEET}" and database != FLEET
    return f"{view} of {database}" if is_shared else view


def json_line(text: str) -> Mapping[str, Any] | None:
    """The fields of a JSON line, None for any other line."""
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def _utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
