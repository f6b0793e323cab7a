"""`endpoint`: how the API publishes a view, as it is written, as it is kept, and as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from refresh_task.policies.tables import Table
from refresh_task.policies.values import Duration, ValueRefusedError, ViewName

_DESCENDING = "-"

Column = Annotated[str, Field(min_length=1, max_length=63)]
OrderedColumn = Annotated[str, Field(pattern=rf"^{_DESCENDING}?[^{_DESCENDING}].{{0,62}}$")]
Role = Annotated[str, Field(pattern=r"^\S{1,128}$")]


class OnStale(StrEnum):
    """What the API answers where the view's data is older than its readers accept."""

    SERVE = "serve"  # the view's rows all the same, with their age
    BASE = "base"  # those of the base relation
    FAIL = "fail"  # an error
    REFRESH = "refresh"  # the view's rows, after a refresh


@dataclass(frozen=True, slots=True)
class Publication:
    """How the API publishes one view.

    `roles` empty: every authenticated caller may read. `filters` None: by all columns. `max_staleness` None: the view's
    target lag. `refresh_within`: the longest p95 of its refreshes with which one is run while its caller waits.
    """

    roles: tuple[str, ...] = ()
    filters: tuple[str, ...] | None = None
    order: tuple[str, ...] = ()  # "-" before a column: descending
    max_limit: int = 1_000
    max_staleness: timedelta | None = None
    on_stale: OnStale = OnStale.SERVE
    base: str | None = None
    tenant_column: str | None = None
    refresh_within: timedelta = timedelta(seconds=5)

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The columns of the view that each key names."""
        return {
            "filters": self.filters or (),
            "order": tuple(column.removeprefix(_DESCENDING) for column in self.order),
            "tenant_column": () if self.tenant_column is None else (self.tenant_column,),
        }

    def to_json(self) -> dict[str, Any]:
        """As view_policy.endpoint has it: durations in seconds."""
        return {
            "roles": list(self.roles),
            "filters": None if self.filters is None else list(self.filters),
            "order": list(self.order),
            "max_limit": self.max_limit,
            "max_staleness_s": None if self.max_staleness is None else int(self.max_staleness.total_seconds()),
            "on_stale": self.on_stale.value,
            "base": self.base,
            "tenant_column": self.tenant_column,
            "refresh_within_s": int(self.refresh_within.total_seconds()),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The inverse of to_json()."""
        filters, staleness_s = stored["filters"], stored["max_staleness_s"]
        return cls(
            roles=tuple(stored["roles"]),
            filters=None if filters is None else tuple(filters),
            order=tuple(stored["order"]),
            max_limit=stored["max_limit"],
            max_staleness=None if staleness_s is None else timedelta(seconds=staleness_s),
            on_stale=OnStale(stored["on_stale"]),
            base=stored["base"],
            tenant_column=stored["tenant_column"],
            refresh_within=timedelta(seconds=stored["refresh_within_s"]),
        )


class Endpoint(Table):
    """`endpoint`."""

    roles: tuple[Role, ...] = ()
    filters: tuple[Column, ...] | None = None
    order: tuple[OrderedColumn, ...] = ()
    max_limit: int = Field(default=1_000, ge=1, le=10_000, strict=True)
    max_staleness: Duration | None = None
    on_stale: OnStale = OnStale.SERVE
    base: ViewName | None = None
    tenant_column: Column | None = None
    refresh_within: Duration = timedelta(seconds=5)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.on_stale is OnStale.BASE and self.base is None:
            raise ValueRefusedError(
                "on_stale = base", "says to read another relation, and none is named", "Name it with the key 'base'."
            )
        columns = [column.removeprefix(_DESCENDING) for column in self.order]
        if twice := next((column for column in columns if columns.count(column) > 1), None):
            raise ValueRefusedError(twice, "stands twice in order", "Keep one of the two.")
        return self

    def publication(self) -> Publication:
        """What it means."""
        values = dict(self)
        for key in ("roles", "filters"):
            if values[key] is not None:
                values[key] = tuple(dict.fromkeys(values[key]))
        return Publication(**values)
