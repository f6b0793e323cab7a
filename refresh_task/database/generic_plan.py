"""What the planner makes of a query for any value of its parameters, and of which types expressions are. Nothing is
run, nothing is changed, and only catalogs are asked besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from psycopg import sql

from refresh_task.database.connection import Session
from refresh_task.errors import StatementFailedError

# PostgreSQL 14 to 16 print what an InitPlan gives as $0, $1, …: ours are numbered from where no plan gets to.
FIRST_PARAMETER = 501

_UNUSED = FIRST_PARAMETER - 1
_NAME = "vistafresca_proof"
_DEALLOCATE = sql.SQL("DEALLOCATE {}").format(sql.Identifier(_NAME))

# One search path, so that only PostgreSQL's own names stand unqualified; one way to print constants, which read back as
# they were; a plan that is the same for every value; and no table left out for what its constraints say.
_SETTINGS = {
    "search_path": "pg_catalog",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "plan_cache_mode": "force_generic_plan",
    "enable_partition_pruning": "off",
    "constraint_exclusion": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}


@contextmanager
def pinned_settings(session: Session) -> Iterator[None]:
    """A transaction, or a part of the current one, under settings that make plans comparable; as before afterwards."""
    with session.transaction():
        names = list(_SETTINGS)
        before = session.fetch_one("pin_settings", names=names, settings=list(_SETTINGS.values()))["before"]
        yield
        session.execute("pin_settings", names=names, settings=before)


@contextmanager
def row_by_row(session: Session) -> Iterator[None]:
    """Plans that join by looking, for each row of one side, for its rows of the other; as before afterwards."""
    with _without(session, "enable_hashjoin", "enable_mergejoin", "enable_seqscan"):
        yield


@contextmanager
def as_wholes(session: Session) -> Iterator[None]:
    """Plans whose joins say which columns of both sides are equal; as before afterwards."""
    with _without(session, "enable_nestloop"):
        yield


@contextmanager
def _without(session: Session, *names: str) -> Iterator[None]:
    before = session.fetch_one("pin_settings", names=list(names), settings=["off"] * len(names))["before"]
    yield
    session.execute("pin_settings", names=list(names), settings=before)


def explain(
    session: Session, query: str, conditions: Sequence[tuple[str, str | None]] = (), *, as_owner_of: int | None = None
) -> Mapping[str, Any] | None:
    """The generic plan of a query's rows under conditions: (column, type) is `column = $n`, with n counted from
    FIRST_PARAMETER; (column, None) is `column IS NULL`. None: there is none, for a type without equality, say.

    Planning runs functions that are marked IMMUTABLE where their arguments are constants: with this session's rights,
    or with those of the owner of a maintained table (its id).

    Raises StatementFailedError where it could not be asked (a timeout, no memory); the transaction goes on."""
    types = [kind for _, kind in conditions if kind is not None]
    numbers = iter(range(FIRST_PARAMETER, FIRST_PARAMETER + len(types)))
    where = [
        sql.SQL("q.{} IS NULL").format(sql.Identifier(column))
        if kind is None
        else sql.SQL(f"q.{{}} = ${next(numbers)}").format(sql.Identifier(column))
        for column, kind in conditions
    ]
    prepare = sql.SQL("PREPARE vistafresca_proof ({}) AS SELECT * FROM ({}) AS q WHERE {}").format(
        sql.SQL(", ".join([*["integer"] * _UNUSED, *types])),
        sql.SQL(query),
        sql.SQL(" AND ").join([sql.SQL("true"), *where]),
    )
    execute = sql.SQL("EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) EXECUTE vistafresca_proof ({})").format(
        sql.SQL(", ".join(["NULL"] * (_UNUSED + len(types))))
    )
    try:
        with session.transaction():
            if as_owner_of is None:
                session.fetch_composed(prepare)
                (row,) = session.fetch_composed(execute)
                session.fetch_composed(_DEALLOCATE)
                (plan,) = row["QUERY PLAN"]
            else:
                (plan,) = session.fetch_one(
                    "explain_as_owner",
                    table=as_owner_of,
                    prepare=prepare.as_string(),
                    explain=execute.as_string(),
                    name=_NAME,
                )["plan"]
    except StatementFailedError as error:
        # prepared statements outlive a transaction that is rolled back
        with suppress(StatementFailedError), session.transaction():
            session.fetch_composed(_DEALLOCATE)
        if not is_refusal(error):
            raise
        return None
    found: Mapping[str, Any] = plan["Plan"]
    return found


def is_refusal(error: StatementFailedError) -> bool:
    """Whether the statement itself is to blame (SQLSTATE classes of syntax, data and what is not supported), so that it
    would fail again."""
    return (error.sqlstate or "")[:2] in ("42", "22", "0A")


def query_columns(session: Session, query: str) -> list[tuple[str, int]]:
    """Names and type OIDs of what a query gives, of which no row is computed."""
    with session.transaction():
        return session.describe(sql.SQL("SELECT * FROM ({}) AS q LIMIT 0").format(sql.SQL(query)))


def folded(session: Session, expression: str) -> str | None:
    """What the planner makes of an expression over no column: a constant, printed, where all in it is IMMUTABLE. None:
    computing it failed, or it is no expression. Functions in it are run."""
    try:
        with session.transaction():
            (row,) = session.fetch_composed(
                sql.SQL("EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) SELECT {}").format(sql.SQL(expression))
            )
    except StatementFailedError as error:
        if not is_refusal(error):
            raise
        return None
    (plan,) = row["QUERY PLAN"]
    (output,) = plan["Plan"]["Output"]
    return str(output)


def expression_types(session: Session, columns: Mapping[str, str], expressions: Sequence[str]) -> list[int | None]:
    """The type OID of each expression over columns of the given types; None where the server does not understand it.
    CASE WHEN false: only their types are looked at, they are not computed."""
    try:
        with session.transaction():
            return _types(session, columns, expressions)
    except StatementFailedError as error:
        if not is_refusal(error):
            raise
        return [found for expression in expressions for found in _type_alone(session, columns, expression)]


def _type_alone(session: Session, columns: Mapping[str, str], expression: str) -> list[int | None]:
    try:
        with session.transaction():
            return _types(session, columns, [expression])
    except StatementFailedError as error:
        if not is_refusal(error):
            raise
        return [None]


def _types(session: Session, columns: Mapping[str, str], expressions: Sequence[str]) -> list[int | None]:
    (row,) = session.fetch_composed(
        sql.SQL(
            "SELECT ARRAY[{}]::bigint[] AS types FROM (SELECT) AS one LEFT JOIN (SELECT {}) AS columns ON false"
        ).format(
            sql.SQL(", ").join(
                sql.SQL("pg_catalog.pg_typeof(CASE WHEN false THEN ({}) END)::oid").format(sql.SQL(expression))
                for expression in expressions
            ),
            sql.SQL(", ").join(
                sql.SQL("NULL::{} AS {}").format(sql.SQL(kind), sql.Identifier(name)) for name, kind in columns.items()
            ),
        )
    )
    found: list[int | None] = row["types"]
    return found
