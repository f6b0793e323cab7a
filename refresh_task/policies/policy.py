"""A policy, as it is declared and as it is stored: the two compare equal where they say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from refresh_task.model import ChangeDetection, ExclusiveWindow, Priority, RefreshMode, Schedule
from refresh_task.policies.endpoint import Publication


@dataclass(frozen=True, slots=True)
class Policy:
    """What is declared for one view, all of it. `pattern` is the one that found it; None: declared by name. `endpoint`
    None: the API does not publish it. `key` and `stages` are for enabling incremental refresh; none: what can be
    proved, and no stages."""

    target_lag: timedelta | None = timedelta(minutes=15)  # None: "downstream"
    timeout: timedelta | None = None
    enabled: bool = True
    schedules: tuple[Schedule, ...] = ()
    change_detection: ChangeDetection = ChangeDetection.FINGERPRINT
    audit_interval: timedelta = timedelta(hours=24)
    group: str | None = None
    depends_on: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    exclusive_window: ExclusiveWindow | None = None
    not_empty: bool = False
    max_row_drop_percent: Decimal | None = None
    sql_checks: tuple[str, ...] = ()
    suspend_after: int = 5
    probe_after: timedelta = timedelta(hours=1)
    pattern: str | None = None
    endpoint: Publication | None = None
    refresh_mode: RefreshMode = RefreshMode.AUTO
    key: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """All that the files say: policies by view, and by pattern in the order of the files. Names are as PostgreSQL
    writes them, patterns as people do."""

    views: Mapping[str, Policy] = field(default_factory=dict)
    patterns: Mapping[str, Policy] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.views) + len(self.patterns)
