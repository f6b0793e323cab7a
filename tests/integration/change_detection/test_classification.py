"""What in a definition makes its result differ although no row changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fix_database import Database, create_database, drop_database
from tests.fix_steps import run_step
from tests.fix_views import make_view

_TABLES = """
    CREATE TABLE facts (id integer PRIMARY KEY, at timestamptz, on_day date, label text, amount numeric, body jsonb);
    CREATE TABLE logged (id integer);
    CREATE UNLOGGED TABLE scratch (id integer);
    CREATE SEQUENCE numbers;
    CREATE TABLE secrets (id integer);
    ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE DOMAIN day AS date;
    CREATE FUNCTION hidden(integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1';
    CREATE FUNCTION trusted(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
    CREATE FUNCTION volatile_trusted(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
    CREATE FUNCTION parsed() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM logged; END;
    CREATE FUNCTION parsed_now() RETURNS timestamptz LANGUAGE sql STABLE BEGIN ATOMIC SELECT now(); END;
    CREATE FUNCTION parsed_today() RETURNS date LANGUAGE sql STABLE BEGIN ATOMIC SELECT CURRENT_DATE; END;
    CREATE FUNCTION parsed_hidden() RETURNS integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT hidden(1); END;
    CREATE FUNCTION writes() RETURNS integer LANGUAGE sql
        BEGIN ATOMIC INSERT INTO logged VALUES (1) RETURNING id; END;
    CREATE FUNCTION adds(integer, integer) RETURNS integer LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1 + $2; END';
    CREATE AGGREGATE opaque_sum (integer) (sfunc = adds, stype = integer, initcond = '0');
    CREATE OPERATOR |+| (function = adds, leftarg = integer, rightarg = integer);
    CREATE VIEW nested AS SELECT id, now() AS seen_at FROM facts;
    CREATE VIEW nested_day AS SELECT id FROM facts WHERE on_day = (now() AT TIME ZONE 'Asia/Tokyo')::date;
    CREATE FOREIGN DATA WRAPPER nowhere;
    CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere;
    CREATE FOREIGN TABLE remote (id integer) SERVER elsewhere;
    CREATE TABLE parent (id integer) PARTITION BY LIST (id);
    CREATE FOREIGN TABLE remote_child PARTITION OF parent FOR VALUES IN (1) SERVER elsewhere;
    CREATE MATERIALIZED VIEW upstream AS SELECT random() AS r, 1 AS id;
"""


@pytest.fixture(scope="module")
def tables(migrated_template: Database) -> Iterator[Database]:
    """A migrated database with one object of each kind, which no test changes."""
    database = create_database(migrated_template.server, template=migrated_template.name)
    database.execute(_TABLES)
    yield database
    drop_database(database)


def _classify(database: Database, query: str) -> set[tuple[str, str]]:
    """What is found in a view of that query, which is gone afterwards."""
    with database.connect(autocommit=False) as connection:
        connection.execute("SET search_path = pg_catalog, public")
        connection.execute(f"CREATE MATERIALIZED VIEW public.v AS {query} WITH NO DATA".encode())
        found = connection.execute("SELECT class, detail FROM bi_refresh.classify_views(ARRAY['public.v'::regclass])")
        rows = {(class_, detail) for class_, detail in found.fetchall() if class_ != "settings"}
        connection.rollback()
        return rows


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, upper(label), amount * 2 AS b, on_day + 1 AS c FROM facts",
        "SELECT label, sum(amount), count(*) FILTER (WHERE amount > 0) FROM facts GROUP BY label HAVING max(id) > 3",
        "SELECT id, rank() OVER (PARTITION BY label ORDER BY amount DESC) FROM facts",
        "SELECT DISTINCT ON (label) label, id FROM facts ORDER BY label, id",
        "SELECT a.id FROM facts AS a FULL JOIN logged AS b ON a.id = b.id WHERE a.id IN (SELECT id FROM logged)",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n",
        "SELECT id, (at AT TIME ZONE 'America/Caracas')::date FROM facts",
        "SELECT id, date_trunc('month', at, 'UTC') FROM facts",
        "SELECT id, age(at AT TIME ZONE 'UTC', timestamp '2026-01-01') FROM facts",
        "SELECT id, body ->> 'a' AS a, (body ->> 'n')::integer AS n, (body ->> 'b')::numeric(10, 2) AS b FROM facts",
        "SELECT id, greatest(id, 3), coalesce(label, ''), CASE WHEN id > 1 THEN 'a' END, ARRAY[id, 2] FROM facts",
        "SELECT id, label::mood FROM facts",
        "SELECT id, 'today'::date AS that_day FROM facts",  # read when the view was made
        "SELECT * FROM upstream",  # its rows are what is read, not its query
        "SELECT parsed() AS n",
        "SELECT id, label AS \"{FUNCEXPR :funcid 1299 \" FROM facts",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM facts",
        "SELECT id, sum(id) OVER (ORDER BY on_day::timestamp RANGE '7 days' PRECEDING) FROM facts",
    ],
)  # fmt: skip
def test_nothing_to_find(tables: Database, query: str) -> None:
    assert _classify(tables, query) == set()


@pytest.mark.parametrize(
    ("expression", "detail"),
    [
        ("CURRENT_DATE", "the date"),
        ("now()::date", "the date"),
        ("date(transaction_timestamp())", "the date"),
        ("CURRENT_TIMESTAMP::date", "the date"),
        ("LOCALTIMESTAMP::date", "the date"),
        ("now()::timestamp::date", "the date"),
        ("(now() AT TIME ZONE 'America/Caracas')::date", "the date in America/Caracas"),
        ("(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')::date - 30", "the date in UTC"),
        # the length of its datum is a byte above 127
        ("(now() AT TIME ZONE 'America/Argentina/Buenos_Aires')::date", "the date in America/Argentina/Buenos_Aires"),
        ("date_trunc('month', now())", "the current month"),
        ("date_trunc('hour', LOCALTIMESTAMP)", "the current hour"),
        ("date_trunc('Week', now() AT TIME ZONE 'Europe/Berlin')", "the current week in Europe/Berlin"),
        ("date_trunc('day', now(), 'Asia/Tokyo')", "the current day in Asia/Tokyo"),
        ("date_trunc('month', now()) - interval '3 months'", "the current month"),
        ("age(CURRENT_DATE, on_day)", "the date"),
        ("parsed_today()", "the date"),
    ],
)
def test_what_moves_with_the_calendar(tables: Database, expression: str, detail: str) -> None:
    assert _classify(tables, f"SELECT id, {expression} AS x FROM facts") == {("date", detail)}


def test_the_calendar_in_an_ordinary_view_beneath(tables: Database) -> None:
    assert _classify(tables, "SELECT id FROM nested_day") == {("date", "the date in Asia/Tokyo")}


_SAMPLE = "SELECT id FROM facts TABLESAMPLE BERNOULLI (10) REPEATABLE (1)"


@pytest.mark.parametrize(
    ("query", "class_", "detail"),
    [
        ("SELECT now() AS x", "time", "uses the current time"),
        ("SELECT CURRENT_TIMESTAMP AS x", "time", "uses the current time"),
        ("SELECT CURRENT_TIMESTAMP(0) AS x", "time", "uses the current time"),
        ("SELECT LOCALTIME AS x", "time", "uses the current time"),
        ("SELECT CURRENT_TIME AS x", "time", "uses the current time"),
        ("SELECT LOCALTIMESTAMP AS x", "time", "uses the current time"),
        ("SELECT statement_timestamp() AS x", "time", "uses statement_timestamp()"),
        ("SELECT id FROM facts WHERE at > now() - interval '1 day'", "time", "uses the current time"),
        ("SELECT date_trunc(label, now()) FROM facts", "time", "uses the current time"),
        ("SELECT (now() AT TIME ZONE label)::date FROM facts", "time", "uses the current time"),
        ("SELECT now()::date, now() AS x", "time", "uses the current time"),
        ("SELECT age(at) FROM facts", "time", "uses age(timestamp with time zone)"),
        ("SELECT at::timetz FROM facts", "time", "uses timetz(timestamp with time zone)"),
        ("SELECT label::date FROM facts", "time", "reads text as date, and it may say 'now' or 'today'"),
        ("SELECT label::day FROM facts", "time", "reads text as date, and it may say 'now' or 'today'"),
        ("SELECT label::timestamptz[] FROM facts", "time",
         "reads text as timestamp with time zone, and it may say 'now' or 'today'"),
        ("SELECT label::tsrange FROM facts", "time",
         "reads text as timestamp without time zone, and it may say 'now' or 'today'"),
        ("SELECT x.d FROM facts, jsonb_to_recordset(body) AS x (d date)", "time",
         "reads text as date, and it may say 'now' or 'today'"),
        ("SELECT x.d FROM facts, xmltable('/a' PASSING xml(label) COLUMNS d date) AS x", "time",
         "reads text as date, and it may say 'now' or 'today'"),
        ("SELECT seen_at FROM nested", "time", "uses the current time"),
        ("SELECT parsed_now()", "time", "uses the current time"),
        ("SELECT random() AS x", "volatile", "uses random()"),
        ("SELECT gen_random_uuid() AS x", "volatile", "uses gen_random_uuid()"),
        ("SELECT clock_timestamp() AS x", "volatile", "uses clock_timestamp()"),
        ("SELECT id FROM facts ORDER BY random() LIMIT 1", "volatile", "uses random()"),
        ("SELECT nextval('numbers') AS x", "volatile", "uses nextval(regclass)"),
        ("SELECT last_value FROM numbers", "volatile", "reads the sequence public.numbers"),
        (_SAMPLE, "volatile", "uses TABLESAMPLE"),
        ("SELECT xmax::text AS x FROM facts", "volatile", "uses xmax, cmin or cmax"),
        ("SELECT writes()", "volatile", "changes data"),
        ("SELECT current_user AS x", "session", "uses the current user, database or schema"),
        ("SELECT current_schema AS x", "session", "uses the current user, database or schema"),
        ("SELECT current_setting('a.b', true) AS x", "session", "uses current_setting(text,boolean)"),
        ("SELECT pg_backend_pid() AS x", "session", "uses pg_backend_pid()"),
        ("SELECT hidden(id) FROM facts", "opaque_function",
         "uses public.hidden(integer), whose body PostgreSQL does not look into"),
        ("SELECT volatile_trusted(id) FROM facts", "opaque_function",
         "uses public.volatile_trusted(integer), whose body PostgreSQL does not look into"),
        ("SELECT parsed_hidden()", "opaque_function",
         "uses public.hidden(integer), whose body PostgreSQL does not look into"),
        ("SELECT opaque_sum(id) FROM facts", "opaque_function",
         "uses public.adds(integer,integer), whose body PostgreSQL does not look into"),
        ("SELECT id |+| 1 FROM facts", "opaque_function",
         "uses public.adds(integer,integer), whose body PostgreSQL does not look into"),
        ("SELECT id FROM remote", "foreign_table", "reads the foreign table public.remote"),
        ("SELECT id FROM parent", "foreign_table", "reads the foreign table public.remote_child"),
        ("SELECT id FROM secrets", "row_security", "reads public.secrets, which has row-level security"),
        ("SELECT relname FROM pg_class", "system_catalog", "reads pg_catalog.pg_class"),
        ("SELECT table_name FROM information_schema.tables", "system_catalog", "reads pg_catalog.pg_class"),
        ("SELECT tableoid::regclass AS x FROM facts", "system_catalog",
         "uses names of database objects (regclass and its kind)"),
        ("SELECT id FROM scratch", "unlogged", "reads the unlogged table public.scratch"),
        ("SELECT trusted(id) FROM facts", "immutable_function", "uses public.trusted(integer)"),
    ],
)  # fmt: skip
def test_what_is_found(tables: Database, query: str, class_: str, detail: str) -> None:
    assert (class_, detail) in _classify(tables, query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT 1 AS id, random()::text AS x", "never skipped: it uses random()"),
        ("SELECT 1 AS id, now() AS x", "never skipped: it uses the current time"),
    ],
)
def test_a_view_that_may_differ_each_time_is_never_skipped_and_says_so(
    database: Database, query: str, words: str
) -> None:
    view = make_view(database, "a", query=query)
    rows = [run_step(database, view) for _ in range(3)]
    assert [row["status"] for row in rows] == ["completed"] * 3
    assert {row["reason"] for row in rows} == {f"{words}; by its unique index public.a_key"}
    assert database.value("SELECT fingerprint IS NULL FROM bi_refresh.view_state")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT 1 AS id, (now() AT TIME ZONE 'America/Caracas')::date AS x",
         "the day it depends on (America/Caracas) has passed"),
        ("SELECT 1 AS id, CURRENT_DATE AS x", "the day it depends on has passed"),
        ("SELECT 1 AS id, date_trunc('month', now(), 'UTC') AS x", "the month it depends on (UTC) has passed"),
    ],
)  # fmt: skip
def test_a_view_that_moves_with_the_calendar_is_skipped_until_then(database: Database, query: str, words: str) -> None:
    view = make_view(database, "a", query=query)
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]
    database.execute(
        "UPDATE bi_refresh.view_state"
        " SET fingerprint = jsonb_set(fingerprint, ARRAY['moments', m.detail], '\"2020-01-01\"')"
        " FROM jsonb_object_keys((SELECT fingerprint -> 'moments' FROM bi_refresh.view_state)) AS m (detail)"
    )
    after = run_step(database, view)
    assert (after["status"], after["reason"]) == ("completed", f"{words}; by its unique index public.a_key")
    assert run_step(database, view)["status"] == "skipped"


def test_moments_are_those_that_a_query_computes_with(database: Database) -> None:
    """In the time zone of the constant, in the session's without one, and cut to the unit."""
    details = ["the date", "the date in Pacific/Kiritimati", "the current month in UTC", "the current hour"]
    with database.connect() as connection:
        connection.execute("SET TimeZone = 'America/Los_Angeles'")
        with connection.transaction():
            row = connection.execute(
                "SELECT bi_refresh.current_moments(%s), jsonb_build_object("
                "'the date', CURRENT_DATE::text,"
                "'the date in Pacific/Kiritimati', (now() AT TIME ZONE 'Pacific/Kiritimati')::date::text,"
                "'the current month in UTC', date_trunc('month', now() AT TIME ZONE 'UTC')::text,"
                "'the current hour', date_trunc('hour', LOCALTIMESTAMP)::text)",
                [details],
            ).fetchone()
    assert row is not None
    assert row[0] == row[1]
