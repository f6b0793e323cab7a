"""doctor, plan and init need nothing installed, change nothing, and work for a role that may do nothing."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from refresh_task.errors import StatementFailedError
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as

_COMMANDS = (
    ("doctor",),
    ("doctor", "--json"),
    ("doctor", "shop.totals"),
    ("plan",),
    ("plan", "--json"),
    ("plan", "--file", "views.toml"),
    ("init", "--measure"),
)


def _fresh_names(command: tuple[str, ...]) -> tuple[str, ...]:
    """init writes a file once."""
    name = uuid.uuid4().hex
    return (*command, "--views", f"{name}.toml", "--environment", f"{name}/e.toml") if command[0] == "init" else command


# Everything that a statement of ours could leave behind, by number, and the database's own dump. Of pg_class all but
# what autovacuum writes, which comes when it likes.
_COUNTS = """
    SELECT
        (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc),
        (SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
        (SELECT count(*) FROM pg_depend), (SELECT count(*) FROM pg_type),
        (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = own.oid),
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = own.oid),
        (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()),
        (
            SELECT sum(hashtext((to_jsonb(c) - ARRAY[
                'relpages', 'reltuples', 'relallvisible', 'relallfrozen', 'relfrozenxid', 'relminmxid'
            ])::text)::bigint) FROM pg_class AS c
        )
    FROM pg_database AS own
    WHERE own.datname = current_database()
"""


@pytest.fixture
def shop(empty_database: Database, make_role: MakeRole) -> tuple[Database, str]:
    """Views of many kinds, and a role that may connect and nothing else: not even leave its read-only sessions."""
    for statement in (
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.sales (id integer, day date, amount numeric)",
        "INSERT INTO shop.sales SELECT n, date '2026-01-01' + n, n FROM generate_series(1, 100) AS n",
        "CREATE FUNCTION shop.vat() RETURNS numeric STABLE LANGUAGE sql AS 'SELECT max(amount) FROM shop.sales'",
        "CREATE VIEW shop.recent AS SELECT * FROM shop.sales WHERE day > CURRENT_DATE - 7",
        "CREATE MATERIALIZED VIEW shop.totals AS SELECT day, sum(amount) FROM shop.sales GROUP BY day",
        "CREATE MATERIALIZED VIEW shop.week AS SELECT id, amount * shop.vat() AS vat FROM shop.recent",
        "CREATE UNIQUE INDEX ON shop.week (id)",
        "CREATE MATERIALIZED VIEW shop.unfilled AS SELECT day FROM shop.totals WITH NO DATA",
        # so that no autovacuum comes between the two looks
        "VACUUM (FREEZE, ANALYZE)",
    ):
        empty_database.execute(statement)
    role = make_role()
    empty_database.execute(
        f"REVOKE CREATE, TEMPORARY ON DATABASE {empty_database.name} FROM PUBLIC;"
        f"REVOKE ALL ON SCHEMA public FROM PUBLIC; ALTER ROLE {role} SET default_transaction_read_only = on"
    )
    return empty_database, role


def _dump(database: Database) -> str:
    """Schema and data as pg_dump writes them, without the lines that are random in each dump."""
    dump = subprocess.run(
        [database.server.program("pg_dump"), "--dbname", database.dsn], check=True, capture_output=True, text=True
    ).stdout
    return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def test_a_database_that_has_never_seen_vistafresca_stays_as_it_is(
    shop: tuple[Database, str], command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its superuser, who could change anything, and for a role that can change nothing."""
    database, role = shop
    monkeypatch.chdir(tmp_path)
    (tmp_path / "views.toml").write_text('[[view]]\npattern = "shop.*"\n')
    database.wait_until_alone()  # which leaves a schema for temporary objects
    before = _dump(database), database.rows(_COUNTS)
    for command in _COMMANDS:
        as_superuser = command_line(database, *_fresh_names(command))
        as_nobody = command_line(None, *_fresh_names(command), DATABASE_URL=dsn_as(database, role))
        assert {as_superuser.exit_code, as_nobody.exit_code} <= {0, 1}, as_nobody.stderr
        assert (as_superuser.stderr, as_nobody.stderr) == ("", "")
    database.wait_until_alone()
    assert (_dump(database), database.rows(_COUNTS)) == before


def test_the_server_itself_refuses_changes_while_we_look(empty_database: Database) -> None:
    with (
        empty_database.session() as session,
        pytest.raises(StatementFailedError, match="read-only transaction"),
        session.read_only(),
    ):
        session.fetch_composed(sql.SQL("CREATE TABLE {} ()").format(sql.Identifier("left_behind")))


def test_nothing_waits_for_a_refresh_under_way(
    shop: tuple[Database, str], command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain REFRESH holds a lock that even asking for a relation's size would wait for."""
    database, _ = shop
    monkeypatch.chdir(tmp_path)
    (tmp_path / "views.toml").write_text('[[view]]\npattern = "shop.*"\n')
    with psycopg.connect(database.dsn) as other:
        other.execute("LOCK TABLE shop.sales IN ACCESS EXCLUSIVE MODE")
        other.execute("REFRESH MATERIALIZED VIEW shop.totals")
        for command in _COMMANDS[:-1]:  # measuring reads the table
            result = command_line(database, *command, VISTAFRESCA_LOCK_TIMEOUT_S="0.1")
            assert result.exit_code in (0, 1), result.stderr
