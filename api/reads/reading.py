"""What reading a view gives: rows piece by piece, how old they are, and what HTTP says about that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self

from api.database import Selection
from api.reads.cursor import encode_cursor
from api.reads.staleness import Way
from api.reads.view import PublishedView
from refresh_task.model import Freshness

__all__ = ["Reading", "entity_tag", "is_known"]


class Reading:
    """Rows of one view, read once, from its beginning to its end.

    `source` is Way.VIEW or Way.BASE; `data_as_of` the moment that the rows are known to be right for, `lag_s` the
    seconds since then (None: unknown). `next_cursor` is known once all batches were taken; None: these were the last
    rows. Not `is_modified`: the client has them already.
    """

    def __init__(
        self,
        view: PublishedView,
        *,
        source: Way,
        selection: Selection | None = None,
        batches: Iterator[list[str]] = iter(()),  # noqa: B008  # an empty one has no state
        tag: str | None = None,
        held: ExitStack | None = None,
        is_modified: bool = True,
    ) -> None:
        self.view = view
        self.source = source
        self.is_modified = is_modified
        self.next_cursor: str | None = None
        self._selection = selection
        self._given = batches
        self._tag = tag
        self._held = held

    @property
    def data_as_of(self) -> datetime | None:
        """In UTC."""
        moment = self.view.now if self.source is Way.BASE else self.view.data_timestamp
        return None if moment is None else moment.astimezone(UTC)

    @property
    def lag_s(self) -> float | None:
        """Seconds."""
        return 0.0 if self.source is Way.BASE else self.view.lag_s

    @property
    def freshness(self) -> Freshness:
        """Of these rows."""
        return Freshness.FRESH if self.source is Way.BASE else self.view.freshness

    @property
    def headers(self) -> dict[str, str]:
        """Age in whole seconds since the data's moment; an entity tag of what the view holds and what was asked. To be
        asked again each time, for a refresh may come at any moment: that costs a 304."""
        headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
        if self.lag_s is not None:
            headers["Age"] = str(int(self.lag_s))
        if self.source is Way.VIEW and self.view.refreshed_at is not None:
            headers["Last-Modified"] = format_datetime(self.view.refreshed_at.astimezone(UTC), usegmt=True)
        if self._tag is not None:
            headers["ETag"] = self._tag
        return headers

    def batches(self) -> Iterator[list[str]]:
        """The rows as JSON texts, so many at a time."""
        left = 0 if self._selection is None else self._selection.limit
        last: str | None = None
        for batch in self._given:
            if len(batch) > left:
                last = batch[left - 1] if left else last
                if batch[:left]:
                    yield batch[:left]
                if self._selection is not None and last is not None:
                    self.next_cursor = encode_cursor(self.view.name, self._selection, last)
                return
            if batch:
                yield batch
                left, last = left - len(batch), batch[-1]

    def rows(self) -> list[dict[str, Any]]:
        """All rows as values, for an answer of another shape; the reading is closed then."""
        with self:
            return [json.loads(row) for batch in self.batches() for row in batch]

    def close(self) -> None:
        """Let go of the cursor and its connection."""
        close = getattr(self._given, "close", None)
        try:
            if close is not None:
                close()
        finally:
            if self._held is not None:
                self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def entity_tag(view: PublishedView, selection: Selection) -> str | None:
    """Weak, for the body also says how old the data is. None: nobody has written down when its contents were made."""
    if view.refreshed_at is None:
        return None
    made = [view.view_oid, view.file_node, view.refreshed_at.timestamp(), repr(selection)]
    return f'W/"{hashlib.sha256(json.dumps(made).encode()).hexdigest()[:32]}"'


def is_known(tag: str | None, if_none_match: str | None) -> bool:
    """Whether the client has what the tag stands for."""
    if tag is None or if_none_match is None:
        return False
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag.removeprefix("W/") in known or known == ["*"]
