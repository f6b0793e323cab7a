"""Load guards: whether the database can bear another refresh now. What cannot be seen is not guarded, and said once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from refresh_task.database import Session, read_free_storage
from refresh_task.errors import StatementFailedError, VistafrescaError
from refresh_task.model import Remark
from refresh_task.settings import Settings

__all__ = ["Load", "LoadReader", "overload"]

_GIB = 1024.0**3


@dataclass(frozen=True, slots=True)
class Load:
    """The database at one moment; None: nothing there, not asked for, or not to be seen."""

    replica: str | None = None
    replica_lag_s: float | None = None
    holder: str | None = None  # whose transaction keeps dead rows
    transaction_age_s: float | None = None
    since: str | None = None
    free_storage_gib: float | None = None


def is_guarded(settings: Settings) -> bool:
    """Whether there is any limit."""
    return bool(settings.max_replica_lag_s or settings.max_transaction_age_s or settings.min_free_storage_gib)


def overload(load: Load, settings: Settings) -> str | None:
    """Which limit is passed, and by whom; None: no limit is."""
    limit = settings.max_replica_lag_s
    if limit and load.replica_lag_s is not None and load.replica_lag_s > limit:
        return f"replica lag {load.replica_lag_s:.0f} s is over {limit:g} s (replica {load.replica})"
    limit = settings.max_transaction_age_s
    if limit and load.transaction_age_s is not None and load.transaction_age_s > limit:
        return (
            f"a transaction {load.transaction_age_s:.0f} s old, over {limit:g} s, keeps dead rows from being removed: "
            f"{load.holder}, since {load.since} UTC"
        )
    limit = settings.min_free_storage_gib
    if limit and load.free_storage_gib is not None and load.free_storage_gib < limit:
        return f"free storage {load.free_storage_gib:.1f} GiB is under {limit:g} GiB ({settings.db_instance})"
    return None


class LoadReader:
    """Asks the database, on the control session, and CloudWatch what the limits of the settings are about."""

    def __init__(
        self,
        control: Session,
        settings: Settings,
        our_pids: Callable[[], list[int]],
        *,
        free_storage: Callable[[str], float] = read_free_storage,
    ) -> None:
        self._control = control
        self._settings = settings
        self._our_pids = our_pids
        self._free_storage = free_storage
        self._visibility: Mapping[str, Any] | None = None
        self._unknown: set[str] = set()

    def read(self) -> tuple[Load, list[Remark]]:
        """The load now, and what turned out not to be known: each once per run.

        Raises StatementFailedError where the control session is lost.
        """
        load, remarks = Load(), []
        readers = {
            "replica lag": (self._settings.max_replica_lag_s, self._with_replicas),
            "transaction age": (self._settings.max_transaction_age_s, self._with_transactions),
            "free storage": (self._settings.min_free_storage_gib, self._with_storage),
        }
        for name, (limit, add) in readers.items():
            if not limit or name in self._unknown:
                continue
            try:
                load = add(load)
            except _UnknownError as unknown:
                reason = str(unknown)
            except VistafrescaError as error:
                if isinstance(error, StatementFailedError) and error.connection_lost:
                    raise
                reason = f"{error.message} {error.remedy}"
            else:
                continue
            self._unknown.add(name)
            remarks.append(Remark("guard_unknown", f"{name} is not known, so refreshes do not wait for it: {reason}"))
        return load, remarks

    def _with_replicas(self, load: Load) -> Load:
        visible = self._visible()
        if not (visible["sees_all"] or visible["is_aurora"]):
            raise _UnknownError(_GRANT)
        rows = self._control.fetch_all("read_aurora_replica_lag" if visible["is_aurora"] else "read_replica_lag")
        return replace(load, replica=rows[0]["replica"], replica_lag_s=rows[0]["lag_s"]) if rows else load

    def _with_transactions(self, load: Load) -> Load:
        if not self._visible()["sees_all"]:
            raise _UnknownError(_GRANT)
        rows = self._control.fetch_all("read_oldest_transaction", our_pids=self._our_pids())
        if not rows:
            return load
        return replace(
            load, holder=rows[0]["holder"], transaction_age_s=rows[0]["age_s"], since=rows[0]["since"]
        )  # fmt: skip

    def _with_storage(self, load: Load) -> Load:
        if self._settings.db_instance is None:
            raise _UnknownError("set VISTAFRESCA_DB_INSTANCE to the RDS instance's name.")
        return replace(load, free_storage_gib=self._free_storage(self._settings.db_instance) / _GIB)

    def _visible(self) -> Mapping[str, Any]:
        if self._visibility is None:
            self._visibility = self._control.fetch_one("read_load_visibility")
        return self._visibility


class _UnknownError(Exception):
    """Why a figure cannot be seen, and what to do about it."""


_GRANT = "this role may not see other sessions: GRANT pg_read_all_stats TO it (pg_monitor on RDS)."
