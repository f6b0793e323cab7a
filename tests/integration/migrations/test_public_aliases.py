"""vistafresca migrate --public-aliases: the documents' names, in schema public."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from refresh_task.migrations import runner
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import REFRESH_ALL, make_view
from tests.integration.migrations.migrating import (
    dump,
    up,
)


def test_aliases_stand_for_the_real_names(database: Database, command_line: CommandLine) -> None:
    result = command_line(database, "migrate", "--public-aliases")
    assert result.stdout.splitlines()[1:] == [
        "public.refresh_bi_views stands for bi_refresh.refresh_bi_views(text[],text,text)",
        "public.process_pending_mv_refreshes stands for bi_refresh.process_pending_mv_refreshes()",
        "public.mv_health_check stands for bi_refresh.mv_health_check()",
        "public.get_mv_stats stands for bi_refresh.get_mv_stats()",
        "public.refresh_all_mv stands for bi_refresh.refresh_all_mv()",
        "public.mv_refresh_metrics stands for bi_refresh.mv_refresh_metrics",
        "public.mv_refresh_log stands for bi_refresh.mv_refresh_log",
        "public.mv_refresh_run stands for bi_refresh.mv_refresh_run",
        "public.mv_refresh_triggers stands for bi_refresh.mv_refresh_triggers",
    ]
    database.execute("CREATE MATERIALIZED VIEW a AS SELECT 1 AS id; CREATE UNIQUE INDEX ON a (id)")
    database.manage("public.a")
    assert database.rows("SELECT vista_nombre, status FROM refresh_bi_views()") == [("public.a", "SUCCESS")]
    assert database.rows("SELECT vista_nombre, status FROM refresh_bi_views(ARRAY['a'], 'cron', 'me')") == [
        ("public.a", "SUCCESS")
    ]
    assert database.rows("SELECT triggered_by FROM mv_refresh_log ORDER BY id DESC LIMIT 1") == [("me",)]


def test_making_aliases_twice_changes_nothing(database: Database, command_line: CommandLine) -> None:
    first = command_line(database, "migrate", "--public-aliases", "--json").json["aliases"]
    before = dump(database)
    assert command_line(database, "migrate", "--public-aliases", "--json").json["aliases"] == first
    assert dump(database) == before
    assert [alias["is_in_the_way"] for alias in first] == [False] * 9


def test_an_alias_never_takes_another_s_name(database: Database, command_line: CommandLine) -> None:
    """Whatever its kind: a table, or a function with other parameters, which a call could not be told from."""
    database.execute("CREATE TABLE public.mv_refresh_log (mine integer); INSERT INTO mv_refresh_log VALUES (42)")
    database.execute("CREATE FUNCTION public.refresh_bi_views() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$")
    result = command_line(database, "migrate", "--public-aliases")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == [
        "in the way: public.refresh_bi_views(), so bi_refresh.refresh_bi_views(text[],text,text) has no alias",
        "public.process_pending_mv_refreshes stands for bi_refresh.process_pending_mv_refreshes()",
        "public.mv_health_check stands for bi_refresh.mv_health_check()",
        "public.get_mv_stats stands for bi_refresh.get_mv_stats()",
        "public.refresh_all_mv stands for bi_refresh.refresh_all_mv()",
        "public.mv_refresh_metrics stands for bi_refresh.mv_refresh_metrics",
        "in the way: public.mv_refresh_log, so bi_refresh.mv_refresh_log has no alias",
        "public.mv_refresh_run stands for bi_refresh.mv_refresh_run",
        "public.mv_refresh_triggers stands for bi_refresh.mv_refresh_triggers",
    ]
    assert database.value("SELECT mine FROM mv_refresh_log") == 42
    assert database.value("SELECT refresh_bi_views()") == "mine"


def test_the_log_s_alias_has_the_documents_columns_besides(database: Database, command_line: CommandLine) -> None:
    """The queries are the document's own. An alias of an older version has its columns added."""
    database.execute("SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_log'::regclass)")
    own = (
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    )
    ours = database.value(own, "bi_refresh.mv_refresh_log")
    assert database.value(own, "public.mv_refresh_log") == ours

    command_line(database, "migrate", "--public-aliases")
    documents = "refresh_started_at refresh_completed_at refresh_duration_ms rows_affected error_message"
    assert database.value(own, "public.mv_refresh_log") == f"{ours} {documents}"

    view = make_view(database, "a")
    database.execute("INSERT INTO source VALUES (1, 'x'), (2, 'y')")
    database.rows(REFRESH_ALL)
    database.execute("DROP MATERIALIZED VIEW a")
    database.rows(REFRESH_ALL)
    ((log_id, duration_ms, started_at, finished_at),) = database.rows(
        "SELECT id, duration_ms, started_at, finished_at FROM bi_refresh.mv_refresh_log WHERE status = 'completed'"
    )
    assert database.rows(
        "SELECT id, view_name, refresh_started_at, refresh_completed_at, rows_affected, error_message"
        " FROM mv_refresh_log WHERE status = 'completed'"
    ) == [(log_id, view, started_at, finished_at, 2, None)]
    assert database.rows(
        "SELECT AVG(refresh_duration_ms), MAX(refresh_duration_ms), COUNT(*) FROM mv_refresh_log"
        " WHERE status = 'completed' AND refresh_started_at >= NOW() - INTERVAL '24 hours'"
    ) == [(duration_ms, duration_ms, 1)]
    assert database.rows("SELECT rows_affected FROM mv_refresh_log WHERE status = 'failed'") == [(None,)]
    assert "not exist" in database.value("SELECT error_message FROM mv_refresh_log WHERE status = 'failed'")


def test_the_documents_functions_and_metrics_have_aliases(database: Database, command_line: CommandLine) -> None:
    command_line(database, "migrate", "--public-aliases")
    view = make_view(database, "a")
    assert database.rows("SELECT view_name, status FROM refresh_all_mv()") == [(view, "completed")]
    assert database.rows("SELECT view_name, needs_refresh FROM mv_health_check()") == [(view, False)]
    assert database.rows("SELECT view_name, last_status FROM get_mv_stats()") == [(view, "completed")]
    assert database.rows("SELECT total_refreshes, successful, failed FROM mv_refresh_metrics") == [(1, 1, 0)]
    assert database.rows("SELECT process_pending_mv_refreshes()") == [(0,)]
    assert database.rows("SELECT count(*) FROM mv_refresh_triggers") == [(0,)]


def test_a_system_s_views_and_functions_may_have_aliases(
    fluxion_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    """By a public_aliases.sql of its own; they go with the system, and nobody else's do."""
    database, folder = fluxion_database, tmp_path / "sql"
    subprocess.run(["cp", "-R", str(runner.SQL_FOLDER), str(folder)], check=True)
    system = folder / "systems" / "fluxion"
    (system / "public_aliases.sql").write_text(
        "SELECT bi_refresh.create_public_alias('fluxion.mv_ubicaciones_summary_regional'::regclass)"
        " UNION ALL SELECT bi_refresh.create_public_alias('fluxion.generate_sample_data(bigint, date)'::regprocedure)"
    )
    (undo,) = (system / "migrations").glob("fluxion_0001*.down.sql")
    undo.write_text(f"SELECT bi_refresh.drop_public_aliases('fluxion');\n{undo.read_text()}")
    monkeypatch.setattr(runner, "SQL_FOLDER", folder)
    before = dump(database)

    result = command_line(database, "migrate", "--public-aliases")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-2:] == [
        "public.mv_ubicaciones_summary_regional stands for fluxion.mv_ubicaciones_summary_regional",
        "public.generate_sample_data stands for fluxion.generate_sample_data(bigint,date)",
    ]
    assert ("ventas", 10) in database.rows("SELECT * FROM generate_sample_data(10)")
    database.execute("REFRESH MATERIALIZED VIEW fluxion.mv_ubicaciones_summary_regional")
    both = "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM fluxion.{})"
    ((alias_rows, rows),) = database.rows(both.format(*["mv_ubicaciones_summary_regional"] * 2))
    assert alias_rows == rows > 0

    assert command_line(database, "migrate", "down", "fluxion_0001", "--yes").exit_code == 0
    assert database.value("SELECT to_regclass('public.mv_ubicaciones_summary_regional')") is None
    assert database.value("SELECT to_regproc('public.generate_sample_data')") is None
    assert database.value("SELECT to_regproc('public.refresh_all_mv') IS NOT NULL")
    database.execute("SELECT bi_refresh.drop_public_aliases('bi_refresh')")
    up(database, "fluxion")
    assert dump(database) == before


def test_dropping_aliases_leaves_what_another_role_marked_as_one(database: Database, make_role: MakeRole) -> None:
    author = make_role()
    database.execute(f'GRANT CREATE ON SCHEMA public TO "{author}"')
    mark = "'Vistafresca: another name for bi_refresh.x'"
    with psycopg.connect(dsn_as(database, author), autocommit=True) as connection:
        connection.execute(f"CREATE VIEW public.x AS SELECT 1 AS id; COMMENT ON VIEW public.x IS {mark}".encode())
    database.execute("SELECT bi_refresh.drop_public_aliases('bi_refresh')")
    assert database.value("SELECT id FROM public.x") == 1
    database.execute(f'DROP VIEW public.x; REVOKE ALL ON SCHEMA public FROM "{author}"')


def test_going_down_leaves_others_objects_of_the_same_names(database: Database, command_line: CommandLine) -> None:
    database.execute("CREATE FUNCTION public.refresh_bi_views() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$")
    command_line(database, "migrate", "--public-aliases")
    assert command_line(database, "migrate", "down", "bi_refresh_0001", "--yes").exit_code == 0
    assert database.value("SELECT refresh_bi_views()") == "mine"
    assert database.value("SELECT to_regclass('public.mv_refresh_run')") is None
