"""A published view as one request finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from refresh_task.model import Freshness
from refresh_task.policies.endpoint import Publication

__all__ = ["Column", "PublishedView"]


@dataclass(frozen=True, slots=True)
class Column:
    """`type` as PostgreSQL writes it; `key_position` from 1 on, None: not in the view's key."""

    name: str
    type: str
    is_comparable: bool
    key_position: int | None


@dataclass(frozen=True, slots=True)
class PublishedView:
    """`endpoint` is how it is published; `view_oid` None: there is no such materialized view now; `data_timestamp`
    None: of unknown age. `columns` are the view's, or those of the base relation while the view is missing."""

    name: str
    schema: str
    relation: str
    endpoint: Publication
    view_oid: int | None
    file_node: int | None
    is_populated: bool
    target_lag_s: float | None
    data_timestamp: datetime | None
    refreshed_at: datetime | None
    now: datetime
    columns: tuple[Column, ...]

    @property
    def has_rows(self) -> bool:
        """Whether it can be read at all."""
        return self.view_oid is not None and self.is_populated

    @property
    def lag_s(self) -> float | None:
        """Seconds since the moment its contents come from."""
        if self.data_timestamp is None:
            return None
        return max((self.now - self.data_timestamp).total_seconds(), 0.0)

    @property
    def freshness(self) -> Freshness:
        """As bi_refresh.view_status has it."""
        if self.target_lag_s is None:
            return Freshness.FRESH
        if self.lag_s is None or self.lag_s > 2 * self.target_lag_s:
            return Freshness.VERY_STALE
        return Freshness.FRESH if self.lag_s <= self.target_lag_s else Freshness.STALE

    @property
    def key(self) -> tuple[str, ...]:
        """What tells rows apart: the unique key; all comparable columns where it has none."""
        in_key = sorted((c.key_position, c.name) for c in self.columns if c.key_position is not None)
        if in_key and all(column.is_comparable for column in self.columns if column.key_position is not None):
            return tuple(name for _, name in in_key)
        return tuple(column.name for column in self.columns if column.is_comparable)
