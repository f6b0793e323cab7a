"""Every section of the runbook that a message may be about, and where its evidence is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Source(Enum):
    """Which reading of the log explains a section (paging/evidence/)."""

    UNHEALTHY_VIEWS = auto()
    FAILED_STEPS = auto()
    WAITING_REQUESTS = auto()
    FAILED_RUN = auto()
    SLOW_RUN = auto()
    OVERLAPPING_RUNS = auto()
    SILENCE = auto()
    LAST_RUNS = auto()
    FAILED_DATABASES = auto()
    API_LOG = auto()
    TASK_LOG = auto()


@dataclass(frozen=True, kw_only=True)
class Section:
    """`says` is what is said of one view, and of several; None: the section is not about single views."""

    source: Source
    says: tuple[str, str] | None = None
    condition: str | None = None  # of the event view_unhealthy
    since: str | None = None  # its field that says since when


_LATE = Section(
    source=Source.UNHEALTHY_VIEWS,
    says=("is older than its target lag", "are older than their target lag"),
    condition="late",
    since="late_since",
)

SECTIONS: Mapping[str, Section] = {
    "heartbeat": Section(source=Source.SILENCE),
    "failing-repeatedly": Section(
        source=Source.UNHEALTHY_VIEWS,
        says=("fails again and again", "fail again and again"),
        condition="failing",
        since="failing_since",
    ),
    "views-failed": Section(
        source=Source.FAILED_STEPS, says=("failed in the latest run", "failed in the latest run"), since="failing_since"
    ),
    "view-suspended": Section(
        source=Source.UNHEALTHY_VIEWS,
        says=("is suspended", "are suspended"),
        condition="suspended",
        since="suspended_since",
    ),
    "incremental-mismatch": Section(
        source=Source.UNHEALTHY_VIEWS,
        says=("differed from its definition", "differed from their definitions"),
        condition="distrusted",
        since="distrusted_since",
    ),
    "views-late": _LATE,
    "requests-waiting": Section(
        source=Source.WAITING_REQUESTS, says=("waits in the event queue", "wait in the event queue")
    ),
    "freshness-slo": _LATE,
    "api-errors": Section(source=Source.API_LOG),
    "api-slow": Section(source=Source.API_LOG),
    "api-crashed": Section(source=Source.API_LOG),
    "api-throttled": Section(source=Source.API_LOG),
    "api-fallback": Section(
        source=Source.API_LOG,
        says=("is answered by the slow query behind it", "are answered by the slow queries behind them"),
    ),
    "api-fallback-refused": Section(source=Source.API_LOG),
    "run-failed": Section(source=Source.FAILED_RUN),
    "slow-run": Section(source=Source.SLOW_RUN),
    "overlapping-runs": Section(source=Source.OVERLAPPING_RUNS),
    "launch-refused": Section(source=Source.LAST_RUNS),
    "undelivered": Section(source=Source.LAST_RUNS),
    "undelivered-and-lost": Section(source=Source.LAST_RUNS),
    "databases-failed": Section(source=Source.FAILED_DATABASES),
    "task-not-started": Section(source=Source.LAST_RUNS),
    "task-exited": Section(source=Source.TASK_LOG),
}


def split_name(name: str, *, environment: str) -> tuple[str, str] | None:
    """`vistafresca-ENVIRONMENT-DATABASE-SECTION` → (database, section); None: another alarm's name.

    Both halves may have hyphens; no section's name ends in another's after a hyphen, so there is one way to cut.
    """
    prefix = f"vistafresca-{environment}-"
    for section in SECTIONS:
        database = name.removeprefix(prefix).removesuffix(f"-{section}")
        if database and name == f"{prefix}{database}-{section}":
            return database, section
    return None
