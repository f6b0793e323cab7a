"""Incremental views that a test makes by hand, table by table: what enabling makes of a proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.fix_database import Database
from tests.fix_steps import run_step


@dataclass(frozen=True)
class Reads:
    """What a change of one table does. `slice` counts from 1; None: it may touch everything."""

    table: str
    expressions: tuple[str, ...] = ()
    slice: int | None = 1
    null_slice: str = "any"
    slides: tuple[tuple[str, str, str], ...] = ()  # column, operator, bound
    is_absolute: bool = False  # each of them
    columns: tuple[str, ...] | None = None  # captured; None: all
    given: tuple[str, ...] | None = None  # of those, what a refresh is given; None: all


@dataclass(frozen=True)
class Kept:
    """One maintained table: an output, or a stage that is referred to as stage_<name>."""

    query: str
    reads: tuple[Reads, ...]
    key: tuple[str, ...] | None = ("id",)
    slices: tuple[tuple[str, ...], ...] = (("id",),)
    moving: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    kind: str = "slices"
    measures: Any = None


@dataclass(frozen=True)
class KeptView:
    """A view under the name of which an incremental table stands."""

    database: Database
    name: str
    tables: dict[str, int] = field(default_factory=dict)  # stage ('': the output) to maintained_table.id

    def refresh(self, **plan: Any) -> dict[str, Any]:
        """One step as the task takes it, after it has distributed what was captured; returns its log row, of a refresh
        that did not fail."""
        self.database.execute("SELECT bi_refresh.distribute_changes()")
        # the second try of a step: what it finds to differ is believed
        entry = run_step(self.database, self.name, attempts=2, **plan)
        assert entry["error"] is None, entry["error"]
        return entry

    def differing(self, connection: psycopg.Connection[Any] | None = None) -> dict[str, int]:
        """In how many rows each table differs from its definition: by EXCEPT ALL both ways and by whole records."""
        if connection is None:
            with self.database.connect() as own:
                own.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                return self.differing(own)
        found: dict[str, int] = {}
        for stage, number in self.tables.items():
            row = connection.execute(
                "SELECT relation::regclass::text, definition::regclass::text FROM bi_refresh.maintained_table"
                " WHERE id = %s AND definition IS NOT NULL",
                [number],
            ).fetchone()
            if row is not None and (count := differing_rows(connection, *row)):
                found[stage] = count
        return found

    def is_equal(self) -> bool:
        """Whether all its tables are what their definitions give now."""
        return self.differing() == {}


def differing_rows(connection: psycopg.Connection[Any], table: str, definition: str) -> int:
    """Rows that two relations differ in: as multisets of values, as far as they can be equal, and of texts, which tell
    1.0 from 1.00."""
    ((columns,),) = connection.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND atttypid NOT IN ('json'::regtype, 'point'::regtype)",
        [table],
    ).fetchall()
    ((by_value, by_text),) = connection.execute(
        f"""
        SELECT
            (SELECT count(*) FROM (SELECT {columns} FROM {table} EXCEPT ALL SELECT {columns} FROM {definition}) AS a)
            + (SELECT count(*) FROM (SELECT {columns} FROM {definition} EXCEPT ALL SELECT {columns} FROM {table}) AS b),
            (SELECT count(*) FROM
                (SELECT (line.*)::text AS image, count(*) FROM {table} AS line GROUP BY 1) AS a
                FULL JOIN (SELECT (line.*)::text AS image, count(*) FROM {definition} AS line GROUP BY 1) AS b
                USING (image) WHERE a.count IS DISTINCT FROM b.count)
        """.encode()
    ).fetchall()
    return int(by_value) + int(by_text)


def keep(
    database: Database,
    name: str,
    output: Kept | None,
    *,
    stages: dict[str, Kept] | None = None,
    view: str | None = None,
    view_reads: Sequence[str] = (),
    schema: str = "public",
    owner: str | None = None,
) -> KeptView:
    """Make an incremental view <schema>.<name>, filled. `view`: it is a materialized view of this query over the
    stages, with the key id, and reads the tables `view_reads`; in queries, {stage} stands for a stage's table."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        return _keep(
            database,
            connection,
            f"{schema}.{name}",
            {**(stages or {}), **({"": output} if output else {})},
            view,
            view_reads,
            owner,
        )


def _keep(  # noqa: PLR0917 - keep()'s own
    database: Database,
    connection: psycopg.Connection[Any],
    full_name: str,
    tables: dict[str, Kept],
    view: str | None,
    view_reads: Sequence[str],
    owner: str | None,
) -> KeptView:
    kept = KeptView(database, full_name)
    connection.execute("INSERT INTO bi_refresh.view_policy (view_name) VALUES (%s)", [full_name])
    connection.execute(
        "INSERT INTO bi_refresh.incremental_view (view_name, status, output, query) VALUES (%s, 'enabled', %s, '')",
        [full_name, "table" if view is None else "materialized_view"],
    )
    relations: dict[str, str] = {}
    for stage, table in tables.items():
        kept.tables[stage] = _make_table(connection, full_name, stage, table, relations, len(kept.tables) + 1, owner)
    if view is not None:
        connection.execute(f"CREATE MATERIALIZED VIEW {full_name} AS {view.format(**relations)} WITH NO DATA".encode())
        connection.execute(f"CREATE UNIQUE INDEX ON {full_name} (id)".encode())
        row = connection.execute(
            "INSERT INTO bi_refresh.maintained_table (view_name, position, relation)"
            " VALUES (%s, %s, %s::regclass) RETURNING id",
            [full_name, len(kept.tables) + 1, full_name],
        ).fetchone()
        assert row
        for relation in view_reads:
            _add_source(connection, row[0], Reads(relation.format(**relations), slice=None))
        kept.tables[""] = row[0]
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    connection.execute(
        "UPDATE bi_refresh.incremental_view SET proved_structure = bi_refresh.proof_structure(view_name)"
        " WHERE view_name = %s",
        [full_name],
    )
    for number in kept.tables.values():
        connection.execute("SELECT bi_refresh.fill_table(%s)", [number])
    connection.execute("COMMIT")
    return kept


def _make_table(  # noqa: PLR0917 - keep()'s own
    connection: psycopg.Connection[Any],
    view: str,
    stage: str,
    table: Kept,
    relations: dict[str, str],
    position: int,
    owner: str | None,
) -> int:
    row = connection.execute(
        "INSERT INTO bi_refresh.maintained_table"
        " (view_name, position, stage, kind, key_columns, slices, moving, measures)"
        " VALUES (%s, %s, %s, %s, %s::name[], %s, %s, %s) RETURNING id",
        [
            view,
            position,
            stage or None,
            table.kind,
            list(table.key) if table.key else None,
            Jsonb([list(cut) for cut in table.slices]),
            list(table.moving),
            Jsonb(table.measures) if table.measures is not None else None,
        ],
    ).fetchone()
    assert row
    (number,) = row
    definition = f"bi_refresh_incremental.definition_{number}"
    name = f"bi_refresh_incremental.table_{number}" if stage else view
    connection.execute(f"CREATE VIEW {definition} AS {table.query.format(**relations)}".encode())
    connection.execute(f"CREATE TABLE {name} AS TABLE {definition} WITH NO DATA".encode())
    if table.key:
        connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY ({', '.join(table.key)})".encode())
    if owner is not None:
        connection.execute(f'GRANT CREATE, USAGE ON SCHEMA bi_refresh_incremental TO "{owner}"'.encode())
        connection.execute(
            f'ALTER VIEW {definition} OWNER TO "{owner}"; ALTER TABLE {name} OWNER TO "{owner}"'.encode()
        )
        connection.execute(f'REVOKE CREATE ON SCHEMA bi_refresh_incremental FROM "{owner}"'.encode())
    for index in table.indexes:
        connection.execute(index.format(table=name).encode())
    relations[stage] = name
    connection.execute(
        "UPDATE bi_refresh.maintained_table SET relation = %s::regclass, definition = %s::regclass WHERE id = %s",
        [name, definition, number],
    )
    for source in table.reads:
        _add_source(connection, number, source, relations)
    connection.execute("SELECT bi_refresh.make_maintain_function(%s)", [number])
    return int(number)


def _add_source(
    connection: psycopg.Connection[Any], table: int, source: Reads, relations: dict[str, str] | None = None
) -> None:
    relation = source.table.format(**(relations or {}))
    connection.execute(
        """
        INSERT INTO bi_refresh.maintained_source
            (table_id, capture_id, slice, expressions, null_slice, slides, layout, reason, columns)
        SELECT %s, c.id, %s, %s, %s, %s, c.layout, %s, %s::name[]
        FROM bi_refresh.capture_table(%s::regclass, coalesce(%s::name[], ARRAY(
            SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        ))) AS c
        """,
        [
            table,
            source.slice,
            list(source.expressions),
            source.null_slice,
            Jsonb(
                [
                    {"column": c, "bound": bound, "operator": operator, "is_absolute": source.is_absolute}
                    for c, operator, bound in source.slides
                ]
            ),
            "the tests say so" if source.slice is None else None,
            list(source.given) if source.given is not None else None,
            relation,
            list(source.columns) if source.columns is not None else None,
            relation,
        ],
    )
