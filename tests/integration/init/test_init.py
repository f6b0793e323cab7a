"""vistafresca init: files to begin with, from what a database has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from refresh_task.inspection import write_environment_file
from refresh_task.inspection.views_file import target_lag
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole
from tests.fix_task import Finished
from tests.fix_views import make_view


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _entries(file: str = "views.toml") -> dict[str, dict[str, object]]:
    return {view["name"]: view for view in tomllib.loads(Path(file).read_text())["view"]}


def _remarks(view: str, file: str = "views.toml") -> str:
    """The comment lines of a view's entry as one text."""
    text = Path(file).read_text()
    entry = next(part for part in text.split("\n\n") if f'name = "{view}"' in part)
    return " ".join(line.removeprefix("# ") for line in entry.splitlines() if line.startswith("#"))


def _init(command_line: CommandLine, database: Database, *arguments: str) -> Finished:
    result = command_line(database, "init", *arguments)
    assert result.exit_code == 0, result.stderr
    return result


def test_every_view_is_written_with_advice_and_applies(database: Database, command_line: CommandLine) -> None:
    """Whatever their names: neither a quotation mark nor the end of a line gets out of its place."""
    names = ["plain", "Order", "año del\nsol", 'a "quoted" # name', "order", "x\\y", "enabled = false"]
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        database.execute(f"CREATE MATERIALIZED VIEW {quoted} AS SELECT 1 AS id")
    result = _init(command_line, database)
    assert result.stdout.splitlines()[0] == ("views.toml: 7 views. Review it, then run: vistafresca apply --dry-run")
    assert set(_entries()) == {
        name for (name,) in database.rows("SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews")
    }
    assert "problem: It has no unique index on plain columns. CREATE UNIQUE INDEX ON public.plain (" in _remarks(
        "public.plain"
    )
    dry = command_line(database, "apply", "--dry-run")
    assert dry.exit_code == 0, dry.stderr
    assert dry.stdout.splitlines()[-1] == "7 of 7 declared policies would change."


def test_a_view_in_a_cycle_is_written_disabled_so_that_the_file_applies(
    database: Database, command_line: CommandLine
) -> None:
    database.execute(
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT 1::bigint; END;"
        "CREATE MATERIALIZED VIEW a AS SELECT f() AS id; CREATE MATERIALIZED VIEW b AS SELECT id FROM a;"
        "CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM b; END;"
        "CREATE MATERIALIZED VIEW c AS SELECT 1 AS id"
    )
    _init(command_line, database)
    assert {name: view.get("enabled") for name, view in _entries().items()} == {
        "public.a": False, "public.b": False, "public.c": None,
    }  # fmt: skip
    assert "It reads itself: public.a → public.b → public.a." in _remarks("public.a")
    assert command_line(database, "apply", "--dry-run").exit_code == 0


def test_what_a_function_hides_is_a_line_to_uncomment(database: Database, command_line: CommandLine) -> None:
    database.execute(
        "CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id;"
        "CREATE FUNCTION latest() RETURNS integer STABLE LANGUAGE sql AS 'SELECT max(id) FROM public.totals';"
        "CREATE MATERIALIZED VIEW v AS SELECT latest() AS id"
    )
    _init(command_line, database)
    text = Path("views.toml").read_text()
    assert '\n# depends_on = ["public.totals"]\n' in text
    Path("views.toml").write_text(text.replace("# depends_on", "depends_on"))
    assert "depends_on public.totals" in command_line(database, "apply", "--dry-run").stdout


def test_views_of_extensions_and_the_system_are_left_out(empty_database: Database, command_line: CommandLine) -> None:
    empty_database.execute(
        "CREATE MATERIALIZED VIEW own AS SELECT 1 AS id; CREATE MATERIALIZED VIEW theirs AS SELECT 1 AS id;"
        "INSERT INTO pg_depend SELECT 'pg_class'::regclass, 'theirs'::regclass, 0, 'pg_extension'::regclass, oid, 0, "
        "'e' FROM pg_extension WHERE extname = 'plpgsql'"
    )
    _init(command_line, empty_database)
    assert set(_entries()) == {"public.own"}


@pytest.mark.parametrize(
    ("cost_s", "interval_s", "lag"),
    [
        (0, 600, "15 minutes"),
        (44, 600, "15 minutes"),
        (46, 600, "30 minutes"),
        (100, 600, "1 hour"),
        (0, 3_600, "2 hours"),
        (3_600, 600, "1 day"),
        (10_000, 600, "4 days"),
        (10_000_000, 600, "30 days"),
    ],
)
def test_the_target_lag_is_one_that_the_cost_allows(cost_s: float, interval_s: float, lag: str) -> None:
    assert target_lag(cost_s, interval_s) == lag


def test_the_cost_comes_from_the_history(database: Database, command_line: CommandLine) -> None:
    make_view(database, "a")
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log "
        "(view_name, trigger_type, triggered_by, status, finished_at, duration_ms) "
        "SELECT 'public.a', 'cron', 'the rule', 'completed', now(), 1000 * n "
        "FROM generate_series(1, 100) AS n"
    )
    _init(command_line, database)
    # of the last 50: 51 to 100 s
    assert "a refresh takes up to 98 s, by the last 50 refreshes (95th percentile)." in _remarks("public.a")
    assert _entries()["public.a"]["target_lag"] == "1 hour"
    assert "The database has 1 policies already" in Path("views.toml").read_text()


def _pg_stat_statements(database: Database, *rows: str) -> None:
    """As the extension would have it: these binaries do not bring it, and it would have to be preloaded."""
    database.execute(
        "CREATE SCHEMA monitoring; CREATE TABLE monitoring.seen (query text, max_exec_time float8, calls bigint);"
        "CREATE VIEW monitoring.pg_stat_statements AS SELECT seen.*, oid AS dbid FROM monitoring.seen, pg_database "
        "WHERE datname = current_database();"
        "INSERT INTO pg_extension SELECT 90001, 'pg_stat_statements', 10, oid, true, '1.10', NULL, NULL "
        "FROM pg_namespace WHERE nspname = 'monitoring';"
        "INSERT INTO pg_depend SELECT 'pg_class'::regclass, 'monitoring.pg_stat_statements'::regclass, 0, "
        "'pg_extension'::regclass, 90001, 0, 'e'"
    )
    for row in rows:
        database.execute(f"INSERT INTO monitoring.seen VALUES ({row})")


def test_the_cost_comes_from_pg_stat_statements(empty_database: Database, command_line: CommandLine) -> None:
    empty_database.execute(
        'CREATE MATERIALIZED VIEW a AS SELECT 1 AS id; CREATE SCHEMA "S";'
        'CREATE MATERIALIZED VIEW "S".b AS SELECT 1 AS id'
    )
    _pg_stat_statements(
        empty_database,
        "'REFRESH MATERIALIZED VIEW a', 90000, 3",
        "'refresh materialized  view CONCURRENTLY a;', 200000, 3",
        """'REFRESH MATERIALIZED VIEW "S".b', 5000, 1""",
        "'<insufficient privilege>', 900000, 3",
    )
    _init(command_line, empty_database)
    assert "took up to 3 minutes, by pg_stat_statements." in _remarks("public.a")
    assert _entries()["public.a"]["target_lag"] == "2 hours"
    assert "took up to 5.0 s, by pg_stat_statements." in _remarks('\\"S\\".b')


def test_a_view_that_only_looks_like_pg_stat_statements_is_not_read(
    empty_database: Database, command_line: CommandLine
) -> None:
    """Reading it would run its author's code."""
    empty_database.execute("CREATE MATERIALIZED VIEW a AS SELECT 1 AS id")
    _pg_stat_statements(empty_database)
    empty_database.execute(
        "CREATE VIEW pg_stat_statements AS SELECT 'REFRESH MATERIALIZED VIEW a' AS query, 90000.0 AS max_exec_time, "
        "1 AS calls, oid AS dbid FROM pg_database"
    )
    _init(command_line, empty_database)
    assert "guessed by the 0 rows it reads" in _remarks("public.a")


def test_what_was_never_analyzed_is_guessed_by_its_size(empty_database: Database, command_line: CommandLine) -> None:
    """A row of one integer takes 36 bytes with its header and pointer, 226 fit into a page of 8 kB: 50,000 take 222
    pages, and at 100 bytes a row that is 18,186. The view's file may have pages to spare."""
    empty_database.execute(
        "CREATE TABLE t (id integer) WITH (autovacuum_enabled = off); INSERT INTO t SELECT generate_series(1, 50000);"
        "CREATE MATERIALIZED VIEW a WITH (autovacuum_enabled = off) AS SELECT id FROM t"
    )
    _init(command_line, empty_database)
    remarks = _remarks("public.a")
    assert re.match(r"(1[89]|2\d),\d{3} rows \(never analyzed, guessed by the size\), (1\.[789]|2\.\d) MB; ", remarks)
    assert "guessed by the 18,186 rows it reads (public.t: never analyzed, guessed by the size). " in remarks
    assert "advice: It reads public.t, never analyzed, as after a restore. ANALYZE public.t;" in remarks
    empty_database.execute("ANALYZE")
    _init(command_line, empty_database, "--views", "analyzed.toml", "--no-environment")
    remarks = _remarks("public.a", "analyzed.toml")
    assert remarks.startswith("50,000 rows, ")
    assert "guessed by the 50,000 rows it reads. " in remarks
    assert "never analyzed" not in remarks


def test_a_view_is_measured_only_on_request(empty_database: Database, command_line: CommandLine) -> None:
    empty_database.execute(
        "CREATE TABLE t (id integer); INSERT INTO t SELECT generate_series(1, 1000); ANALYZE t;"
        "CREATE MATERIALIZED VIEW a AS SELECT id, 1 / id AS whole FROM t"
    )
    # From here on its query fails, so that running it would be noticed.
    empty_database.execute("INSERT INTO t VALUES (0)")
    _init(command_line, empty_database)
    assert "guessed by the 1,000 rows it reads" in _remarks("public.a")
    _init(command_line, empty_database, "--measure", "--views", "failing.toml", "--no-environment")
    assert "guessed by" in _remarks("public.a", "failing.toml")
    empty_database.execute("DELETE FROM t WHERE id = 0")
    _init(command_line, empty_database, "--measure", "--views", "measured.toml", "--no-environment")
    assert "measured by running its query once." in _remarks("public.a", "measured.toml")


def test_measuring_is_stopped_in_time(empty_database: Database, command_line: CommandLine) -> None:
    empty_database.execute(
        "CREATE TABLE patience (seconds float8);"
        "CREATE MATERIALIZED VIEW a AS SELECT pg_sleep(seconds)::text FROM patience;"
        "INSERT INTO patience VALUES (60)"
    )
    _init(command_line, empty_database, "--measure", "--measure-timeout", "0.1")
    assert "takes more than 0.1 s: measuring its query was stopped then." in _remarks("public.a")


def test_what_belongs_to_others_is_not_run_with_our_rights(
    empty_database: Database, command_line: CommandLine, make_role: MakeRole
) -> None:
    """Its author could have a superuser run a function that way."""
    owner = make_role()
    empty_database.execute(f"CREATE MATERIALIZED VIEW a AS SELECT 1 AS id; ALTER MATERIALIZED VIEW a OWNER TO {owner};")
    _init(command_line, empty_database, "--measure")
    assert "guessed by" in _remarks("public.a")
    empty_database.execute(f"DROP OWNED BY {owner}")


@pytest.mark.parametrize("existing", ["views.toml", "environments/production.toml"])
def test_a_file_that_exists_is_never_overwritten_and_the_other_is_not_written(
    empty_database: Database, command_line: CommandLine, existing: str
) -> None:
    Path(existing).parent.mkdir(exist_ok=True)
    Path(existing).write_text("mine")
    result = command_line(empty_database, "init")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {existing}: exists, and init never overwrites.")
    assert [(str(file), file.read_text()) for file in Path().rglob("*.toml")] == [(existing, "mine")]


def test_a_link_is_not_followed(empty_database: Database, command_line: CommandLine) -> None:
    Path("views.toml").symlink_to("elsewhere.toml")
    assert command_line(empty_database, "init").exit_code == 2
    assert not Path("elsewhere.toml").exists()


def test_if_the_second_file_cannot_be_written_the_first_is_not_either(
    empty_database: Database, command_line: CommandLine
) -> None:
    Path("environments").write_text("a file where a folder should be")
    result = command_line(empty_database, "init")
    assert result.exit_code == 2
    assert "Nothing was written." in result.stderr
    assert not Path("views.toml").exists()


def test_nothing_is_written_where_the_database_cannot_be_reached(command_line: CommandLine) -> None:
    assert command_line(None, "init", DATABASE_URL="host=/nowhere dbname=shop").exit_code == 2
    assert list(Path().rglob("*")) == []


def test_a_database_without_views_gives_a_file_to_write_in(empty_database: Database, command_line: CommandLine) -> None:
    _init(command_line, empty_database, "--no-environment")
    assert tomllib.loads(Path("views.toml").read_text()) == {"defaults": {"target_lag": "15 minutes"}}
    assert not Path("environments").exists()


def test_the_environment_knows_what_the_connection_says() -> None:
    host = "shop.cluster-abc.eu-west-1.rds.amazonaws.com"
    document = tomllib.loads(
        write_environment_file((host, 5433, "Shop_DB of 2026!", "bi"), uses_iam=True, interval_minutes=15)
    )
    assert document["region"] == "eu-west-1"
    assert document["schedule"] == {"interval_minutes": 15}
    (database,) = document["database"]
    assert database["name"] == "shop-db-of-2026"
    assert {key: database["iam"][key] for key in ("host", "port", "user", "dbname")} == {
        "host": host, "port": 5433, "user": "bi", "dbname": "Shop_DB of 2026!",
    }  # fmt: skip


def test_the_environment_of_fluxion_has_its_view(fluxion_database: Database, command_line: CommandLine) -> None:
    _init(command_line, fluxion_database)
    assert "skippable until midnight America/Caracas" in _remarks("fluxion.mv_ubicaciones_summary_regional")
    document = tomllib.loads(Path("environments/production.toml").read_text())
    assert document["database"][0]["secret"]["dbname"] == fluxion_database.name
