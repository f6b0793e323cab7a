"""Functions of ours that also work where they are not installed: their bodies are sent as statements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from psycopg import sql

_SQL_FOLDER = Path(__file__).parent.parent.parent / "sql" / "bi_refresh"


# What incremental views and their stages are made from. Where it cannot be read, there are none, as far as is known.
_MAINTAINED = b"bi_refresh.maintained_table"
_NO_MAINTAINED = (
    b"(SELECT NULL::oid AS relation, NULL::oid AS definition, NULL::text AS stage, NULL::text AS view_name WHERE false)"
)


@cache
def portable_statement(function: str) -> bytes:
    """The body of a LANGUAGE sql function that uses nothing but pg_catalog, and maintained_table where it may, as a
    statement with the function's parameters as $1, $2, … and the columns of its RETURNS TABLE."""
    text = (_SQL_FOLDER / "functions" / f"{function}.sql").read_text(encoding="utf-8")
    found = re.search(r"RETURNS TABLE \((.*?)\)\n.*?AS \$\$\n(.*?)\n\$\$;", text, re.DOTALL)
    assert found is not None, function  # noqa: S101  # a function of ours, by our own rule
    columns = ", ".join(f'"{column.split()[0]}"' for column in found.group(1).split(","))
    return f"SELECT * FROM (\n{found.group(2)}\n) AS portable ({columns})".encode()  # noqa: S608  # our own file


def with_maintained(statement: bytes, *, is_readable: bool) -> bytes:
    """The statement with nothing in place of maintained_table where that is not there, or not to be read."""
    return statement if is_readable else statement.replace(_MAINTAINED, _NO_MAINTAINED)


@cache
def latest_revision() -> str:
    """The newest migration of bi_refresh that this command brings, by the names of the files: Alembic takes a second to
    import."""
    return max(file.name for file in (_SQL_FOLDER / "migrations").glob("*.up.sql"))[: len("bi_refresh_0001")]


def count_nulls(views: Mapping[str, tuple[str, str, Sequence[str]]], *, most: int) -> sql.Composed:
    """How many of the first `most` rows of each view have NULL in one of the columns: one query that gives `view`,
    `null_rows` and `counted_rows`. `views`: schema, relation and columns by full name."""
    return sql.SQL(" UNION ALL ").join(
        sql.SQL(
            "SELECT {view} AS view, count(*) FILTER (WHERE {is_null}) AS null_rows, count(*) AS counted_rows "
            "FROM (SELECT {columns} FROM {relation} LIMIT {most}) AS looked_at"
        ).format(
            view=sql.Literal(view),
            is_null=sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(sql.Identifier(column)) for column in columns),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            relation=sql.Identifier(schema, relation),
            most=sql.Literal(most),
        )
        for view, (schema, relation, columns) in views.items()
    )


def refresh_statements(schema: str) -> sql.Composed:
    """What pg_stat_statements, installed in `schema`, knows of refreshes in this database: `query` and `slowest_s`."""
    return sql.SQL(
        "SELECT s.query, s.max_exec_time / 1000 AS slowest_s FROM {}.pg_stat_statements AS s "
        "INNER JOIN pg_catalog.pg_database AS d ON s.dbid = d.oid "
        "WHERE d.datname = pg_catalog.current_database() AND s.query ~* '^\\s*refresh\\s+materialized\\s+view' "
        "AND s.calls > 0"
    ).format(sql.Identifier(schema))


def make_unique_index(schema: str, relation: str, columns: Sequence[str]) -> sql.Composed:
    """A unique index on plain columns, with the name that PostgreSQL chooses."""
    return sql.SQL("CREATE UNIQUE INDEX ON {} ({})").format(
        sql.Identifier(schema, relation), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def run_query(query: str) -> sql.Composed:
    """Run a view's query to its end, with all its columns, and give the number of its rows: as `row_count`."""
    whole = sql.Identifier("a whole row of the view")
    return sql.SQL("SELECT count({whole}) AS row_count FROM ({query}) AS {whole}").format(
        whole=whole, query=sql.SQL(query.rstrip().rstrip(";"))
    )
