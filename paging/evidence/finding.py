"""What a reading of the log comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A view, or a run, and what is known of it, a line each."""

    subject: str
    facts: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`views` are those that the message is about, `headline` what happened where no view can be named; `since` is
    when it began, `source` where all this was read. `problem` says why there is no more of it."""

    views: Sequence[str] = ()
    headline: str | None = None
    since: datetime | None = None
    findings: Sequence[Finding] = ()
    source: str | None = None
    problem: str | None = None
