"""What the inspection knows of a server and its materialized views: read once, frozen, then judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from refresh_task.model import IncrementalStatus, RefreshMode


@dataclass(frozen=True, slots=True)
class Server:
    """The server, the database and the role that asks. `refresher` is who refreshes: the owner of bi_refresh, or the
    current role where bi_refresh is not installed."""

    version_num: int
    version: str
    database_name: str
    role_name: str
    refresher: str
    refresher_oid: int
    refresher_is_superuser: bool
    is_replica: bool
    time_zone: str
    time_zone_is_pinned: bool
    counts_are_tracked: bool
    autovacuum_is_on: bool
    clients_are_checked: bool
    idle_in_transaction_timeout_ms: int
    free_connections: int
    max_connections: int
    replicas: int
    sees_all_sessions: bool
    is_rds: bool
    is_aurora: bool
    has_cron: bool
    reads_cron: bool
    is_installed: bool
    reads_policies: bool
    may_refresh: bool

    @property
    def has_maintain(self) -> bool:
        """Whether the privilege to refresh without owning exists."""
        return self.version_num >= 170000  # noqa: PLR2004  # PostgreSQL 17


@dataclass(frozen=True, slots=True)
class Transaction:
    """One that keeps dead rows from being removed, and for how long it has."""

    name: str
    role_name: str | None
    age_s: float


@dataclass(frozen=True, slots=True)
class CronJob:
    """A job of pg_cron."""

    id: int
    schedule: str
    command: str


@dataclass(frozen=True, slots=True)
class Index:
    """A unique index of a view. `is_usable`: REFRESH … CONCURRENTLY can match rows by it."""

    name: str
    columns: tuple[str, ...]
    is_usable: bool
    is_valid: bool
    is_partial: bool
    has_expressions: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view, with what ANALYZE knows of it; None: not analyzed, or not for the current role to see.

    `distinct_values` is as in pg_stats: -1 means that no two are equal, other negative numbers are a share of the rows.
    """

    name: str
    quoted: str
    null_fraction: float | None
    distinct_values: float | None
    has_order: bool
    is_float: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """Anything that a view reads. `kind` is as in pg_class.relkind; `features` are of a view's own query.
    `row_count` is what PostgreSQL estimates if it ever did (`is_analyzed`), otherwise guessed by the size, or None."""

    oid: int
    name: str
    kind: str
    has_row_security: bool
    is_analyzed: bool
    row_count: int | None
    size_bytes: int
    is_readable: bool
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """One of somebody's own that a view calls. `unqualified` are the names in its body that a safe search_path does not
    find, each with the schema where it is; `mentions` are the materialized views whose name stands in it."""

    oid: int
    name: str
    language: str
    has_string_body: bool
    is_immutable: bool
    has_search_path: bool
    unqualified: tuple[tuple[str, str], ...] = ()
    mentions: tuple[str, ...] = ()

    @property
    def is_opaque(self) -> bool:
        """Whether it may read tables that PostgreSQL knows nothing of; an immutable one says that it reads none."""
        return self.has_string_body and not self.is_immutable


@dataclass(frozen=True, slots=True)
class Class:
    """One reason why a view's contents depend on more than the rows it reads (classify_views)."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Incremental:
    """What was enabled for a view, or is asked for by its policy (`status` None). `problems` say why the changes of its
    tables may not all be captured, `missing` which of the tables kept for it are gone, `altered` how their columns are
    not those of their definitions; `in_full` of its last `refreshes` were computed in full, the last of them for
    `why_full`."""

    is_kept_fresh: bool
    refresh_mode: RefreshMode
    status: IncrementalStatus | None
    status_age_s: float | None
    distrust_reason: str | None
    is_proved: bool
    missing: tuple[str, ...]
    altered: str | None
    problems: tuple[str, ...]
    waiting_bytes: int
    refreshes: int
    in_full: int
    why_full: str | None


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """One materialized view.

    `upstream` are the materialized views that it reads, directly or through ordinary views, functions and each other;
    `sources` the relations whose rows its contents come from, `unreadable` those of them that who refreshes may not
    read; `hidden_rows` pairs a role with a relation of which that role sees only some rows.
    """

    oid: int
    name: str
    schema_name: str
    relation: str
    owner: str
    is_populated: bool
    is_analyzed: bool
    row_count: int | None  # as in Relation
    size_bytes: int
    pages: int
    autovacuum_is_off: bool
    dead_rows: int
    live_rows: int
    is_readable: bool
    may_be_counted: bool
    is_locked: bool  # so that reading it would wait
    may_be_refreshed: bool
    indexes: tuple[Index, ...] = ()
    columns: tuple[Column, ...] = ()
    null_key_rows: int | None = None  # counted, where nothing but counting could tell
    counted_rows: int = 0  # out of so many
    proven_key: tuple[str, ...] = ()  # by the definition itself: its outermost GROUP BY or DISTINCT
    ordinary_views: tuple[Relation, ...] = ()
    features: tuple[tuple[str, str], ...] = ()  # a feature, and the view that has it
    functions: tuple[Function, ...] = ()
    sources: tuple[Relation, ...] = ()
    unreadable: tuple[str, ...] = ()
    classes: tuple[Class, ...] = ()
    upstream: tuple[str, ...] = ()
    hidden_rows: tuple[tuple[str, str], ...] = ()
    incremental: Incremental | None = None
    refresh_s: float | None = None  # 95 % of its refreshes took no longer; None: not known

    @property
    def is_maintained(self) -> bool:
        """Whether it is refreshed by what changed, or would be if it were not distrusted."""
        return self.incremental is not None and self.incremental.status in (
            IncrementalStatus.ENABLED,
            IncrementalStatus.DISTRUSTED,
        )

    @property
    def never_analyzed(self) -> tuple[Relation, ...]:
        """Sources whose number of rows is a guess, or not known at all; but not empty ones."""
        return tuple(source for source in self.sources if not source.is_analyzed and source.row_count != 0)

    @property
    def usable_indexes(self) -> tuple[Index, ...]:
        """Those that REFRESH … CONCURRENTLY matches rows by: by all of them at once."""
        return tuple(index for index in self.indexes if index.is_usable)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Every column of every usable unique index."""
        return tuple(dict.fromkeys(column for index in self.usable_indexes for column in index.columns))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is judged.

    `edges` say which views each view reads without a further one between, or declares to depend on; `managed` are the
    views with a policy, None where that cannot be known. `not_checked` says which checks the current role's privileges
    switched off, and what would switch them on. `displaced` are enabled views whose table is not under their name.
    """

    server: Server
    views: tuple[ViewFacts, ...]
    edges: dict[str, tuple[str, ...]] = field(default_factory=dict)
    transactions: tuple[Transaction, ...] = ()
    prepared: tuple[Transaction, ...] = ()
    cron_jobs: tuple[CronJob, ...] = ()
    revisions: tuple[str, ...] = ()
    latest_revision: str = ""
    managed: tuple[str, ...] | None = None
    not_checked: tuple[str, ...] = ()
    displaced: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of all views, those included that are enabled and not there."""
        return tuple(sorted({*self.displaced, *(view.name for view in self.views)}))

    def only(self, names: frozenset[str]) -> Facts:
        """The same with these views alone."""
        return replace(
            self,
            views=tuple(view for view in self.views if view.name in names),
            displaced=tuple(name for name in self.displaced if name in names),
        )
