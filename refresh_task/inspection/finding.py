"""What the inspection has to say: one finding per thing, with a code that docs/doctor.md explains."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"  # as it should be
    ADVICE = "advice"  # works, and could work better
    PROBLEM = "problem"  # refreshes fail, or give wrong or late data

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return list(Level).index(self)


class Code(StrEnum):
    """Every finding there is."""

    # of the server
    VULNERABLE_VERSION = "vulnerable_version"
    SUPERUSER_REFRESHES = "superuser_refreshes"
    REPLICA = "replica"
    REPLICAS_ATTACHED = "replicas_attached"
    COUNTS_NOT_TRACKED = "counts_not_tracked"
    AUTOVACUUM_OFF = "autovacuum_off"
    CLIENTS_NOT_CHECKED = "clients_not_checked"
    IDLE_TRANSACTIONS_STAY = "idle_transactions_stay"
    FEW_CONNECTIONS = "few_connections"
    LONG_TRANSACTION = "long_transaction"
    PREPARED_TRANSACTION = "prepared_transaction"
    TIME_ZONE_NOT_PINNED = "time_zone_not_pinned"
    MANAGED_SERVICE = "managed_service"
    NOT_INSTALLED = "not_installed"
    SCHEMA_OUTDATED = "schema_outdated"
    NOT_GRANTED = "not_granted"
    # of a view
    NOT_POPULATED = "not_populated"
    USABLE_KEY = "usable_key"
    NO_UNIQUE_INDEX = "no_unique_index"
    INVALID_INDEX = "invalid_index"
    EXTRA_UNIQUE_INDEX = "extra_unique_index"
    NULL_KEYS = "null_keys"
    CANNOT_REFRESH = "cannot_refresh"
    CANNOT_READ_SOURCES = "cannot_read_sources"
    ROW_SECURITY = "row_security"
    CHANGE_DETECTION = "change_detection"
    NEVER_SKIPPED = "never_skipped"
    CHANGES_AT_MIDNIGHT = "changes_at_midnight"
    DEPENDS_ON_SETTINGS = "depends_on_settings"
    HIDDEN_DEPENDENCIES = "hidden_dependencies"
    UNSAFE_SEARCH_PATH = "unsafe_search_path"
    CYCLE = "cycle"
    UNMANAGED_UPSTREAM = "unmanaged_upstream"
    NOT_MANAGED = "not_managed"
    NEVER_ANALYZED = "never_analyzed"
    LARGE_VIEW = "large_view"
    AUTOVACUUM_DISABLED = "autovacuum_disabled"
    DEAD_ROWS = "dead_rows"
    NOT_INCREMENTAL = "not_incremental"
    INCREMENTAL_CANDIDATE = "incremental_candidate"
    INCREMENTAL_NOT_ENABLED = "incremental_not_enabled"
    INCREMENTAL = "incremental"
    INCREMENTAL_UNFINISHED = "incremental_unfinished"
    INCREMENTAL_MISMATCH = "incremental_mismatch"
    INCREMENTAL_TABLES_MISSING = "incremental_tables_missing"
    INCREMENTAL_COLUMNS_ALTERED = "incremental_columns_altered"
    CHANGES_NOT_CAPTURED = "changes_not_captured"
    CHANGES_PILE_UP = "changes_pile_up"
    INCREMENTAL_UNPROVED = "incremental_unproved"
    MOSTLY_IN_FULL = "mostly_in_full"
    REFRESHED_BY_CRON = "refreshed_by_cron"


@dataclass(frozen=True, slots=True)
class Finding:
    """`view` is None for what concerns the whole server. `remedy` is a statement to run or an instruction; None:
    nothing needs to be done."""

    code: Code
    level: Level
    what: str
    why: str
    view: str | None = None
    remedy: str | None = None
