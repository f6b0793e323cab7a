"""Refreshing on demand: at once, left alone, refused, failed, or handed to the task."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg import sql

from api.identity import Principal
from api.scheduling import unavailable
from tests.fix_api import CLIENTS
from tests.fix_control import CEO, CFO, READER, Control, make_control
from tests.fix_database import Database
from tests.fix_task import RunTask
from tests.fix_views import last_log, make_slow_view, make_view, make_view_with_duplicate_keys

DOCUMENTS_KEYS = {"success", "refreshed", "duration_ms", "rows_affected", "message"}


def _age(database: Database, view: str, by: str) -> None:
    """Move a view's data into the past."""
    database.execute(
        "UPDATE bi_refresh.view_state SET data_timestamp = data_timestamp - %s::interval, "
        "global_data_timestamp = global_data_timestamp - %s::interval WHERE view_name = %s",
        by, by, view,
    )  # fmt: skip


def _took(database: Database, view: str, duration_ms: int) -> None:
    """Make the log say that its refreshes took so long."""
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, status, duration_ms) "
        "SELECT %s, 'cron', 'the rule', 'completed', %s FROM generate_series(1, 20)",
        view, duration_ms,
    )  # fmt: skip


# ---- At once -------------------------------------------------------------------------------------


def test_a_view_is_refreshed_at_once_with_the_documents_keys(control: Control, database: Database) -> None:
    view = make_view(database, "mv_a")
    database.execute("INSERT INTO source VALUES (1, 'one'), (2, 'two')")

    answer = control.post(f"/api/v1/mv/refresh/{view}", {"force": "true"})

    assert answer.status == 200
    assert answer.json.keys() >= DOCUMENTS_KEYS
    duration_ms = answer.json["duration_ms"]
    assert answer.json == {
        "success": True,
        "refreshed": True,
        "duration_ms": duration_ms,
        "rows_affected": 2,
        "message": f"View refreshed successfully in {duration_ms}ms",
        "status_url": None,
    }
    entry = last_log(database, view)
    assert (entry["trigger_type"], entry["triggered_by"], entry["status"]) == ("manual", CEO.subject, "completed")
    assert database.value("SELECT count(*) FROM mv_a") == 2
    assert control.runner.started == []


def test_without_force_a_fresh_view_is_left_alone_and_an_old_one_is_not(control: Control, database: Database) -> None:
    view = make_view(database, "mv_a")
    assert control.post("/api/v1/mv/refresh/mv_a").json["refreshed"]  # never refreshed before: not fresh

    left_alone = control.post("/api/v1/mv/refresh/mv-a")

    assert (left_alone.status, left_alone.json["success"], left_alone.json["refreshed"]) == (200, True, False)
    assert left_alone.json["message"].startswith("View is fresh. No refresh needed.")
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 1
    _age(database, view, "16 minutes")  # the target lag is 15
    assert control.post("/api/v1/mv/refresh/mv_a").json["refreshed"]


def test_a_waiting_request_is_reason_enough_to_refresh_a_fresh_view(control: Control, database: Database) -> None:
    view = make_view(database, "mv_a")
    control.post("/api/v1/mv/refresh/mv_a")
    database.execute("SELECT bi_refresh.request_refresh(%s)", view)
    assert control.post("/api/v1/mv/refresh/mv_a").json["refreshed"]
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_triggers WHERE refresh_requested") == 0


def test_the_sessions_own_timeout_is_restored(control: Control, database: Database) -> None:
    """Otherwise whatever the session is lent for next would be cut short after 5 seconds."""
    make_view(database, "mv_a")
    control.post("/api/v1/mv/refresh/mv_a")
    with control.refreshers_database.session() as session:
        (row,) = session.fetch_composed(sql.SQL("SHOW statement_timeout").format())
    assert row == {"statement_timeout": "5min"}


# ---- Who may, and how often ----------------------------------------------------------------------


def test_a_reader_may_not_and_is_told_who_may(control: Control, database: Database) -> None:
    make_view(database, "mv_a")
    refused = control.post("/api/v1/mv/refresh/mv_a", {"force": "true"}, principal=READER)
    assert (refused.status, refused.json["roles"]) == (403, ["admin", "cfo"])
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 0


def test_from_the_11th_refresh_within_an_hour_a_caller_is_refused(control: Control, database: Database) -> None:
    make_view(database, "mv_a")
    burst = [control.post("/api/v1/mv/refresh/mv_a", {"force": "true"}) for _ in range(12)]

    assert [answer.status for answer in burst] == [200] * 10 + [429] * 2
    refused = burst[10]
    assert 3500 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.json["type"] == "urn:vistafresca:problem:too-many-refreshes"
    assert (refused.json["limit"], refused.json["per_s"]) == (10, 3600)
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 10
    # another caller has ten of its own, and the first may still ask what needs no refresh
    assert control.post("/api/v1/mv/refresh/mv_a", {"force": "true"}, principal=CFO).status == 200
    assert control.post("/api/v1/mv/refresh/mv_a").status == 200
    # an hour after the first claim one more is granted
    database.execute("UPDATE bi_refresh.manual_refresh_claim SET claimed_at = claimed_at - interval '1 hour'")
    assert control.post("/api/v1/mv/refresh/mv_a", {"force": "true"}).status == 200


def test_who_changes_its_name_has_no_more_refreshes(database: Database) -> None:
    make_view(database, "mv_a")
    control = make_control("http", database)
    names = [Principal(f"anna+{n}@example.com", frozenset({"cfo"}), account="u1") for n in range(11)]
    statuses = [control.post("/api/v1/mv/refresh/mv_a", {"force": "true"}, principal=name).status for name in names]
    control.close()
    assert statuses == [200] * 10 + [429]


def test_a_burst_at_one_moment_is_granted_10_as_well(database: Database) -> None:
    make_view(database, "mv_a")
    controls = [make_control("http", database) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(lambda n: controls[n % 4].post("/api/v1/mv/refresh/mv_a", {"force": "true"}), range(16))
        )
    for control in controls:
        control.close()
    statuses = sorted(answer.status for answer in answers)
    assert statuses.count(429) == 6
    assert set(statuses) <= {200, 202, 429}  # 202: another one was under way


def test_what_needs_no_refresh_is_refused_or_disabled_does_not_count(control: Control, database: Database) -> None:
    view = make_view(database, "mv_a")
    control.post("/api/v1/mv/refresh/mv_a")
    for _ in range(3):
        control.post("/api/v1/mv/refresh/mv_a")
        control.post("/api/v1/mv/refresh/mv_a", {"force": "true"}, principal=READER)
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = %s", view)
    disabled = control.post("/api/v1/mv/refresh/mv_a", {"force": "true"})
    assert (disabled.status, disabled.json["type"]) == (409, "urn:vistafresca:problem:view-disabled")
    assert database.value("SELECT count(*) FROM bi_refresh.manual_refresh_claim") == 1


def test_an_unknown_view_is_a_problem_with_the_nearest_names(control: Control, database: Database) -> None:
    make_view(database, "mv_revenue")
    unknown = control.post("/api/v1/mv/refresh/mv_revenu")
    assert (unknown.status, unknown.json["type"]) == (404, "urn:vistafresca:problem:unknown-view")
    assert "mv_revenue?" in unknown.json["remedy"]


def test_nothing_in_the_path_reaches_the_database_as_sql(control: Control, database: Database) -> None:
    make_view(database, "mv_a")
    for attempt in (
        "mv_a'; DROP TABLE source; --",
        "mv_a' OR '1'='1",
        'mv_a" OR 1=1',
        "%00",
        "..%2Fetc",
        "\N{SNOWMAN}",
    ):
        answer = control.post(f"/api/v1/mv/refresh/{attempt}", {"force": "true"})
        assert 400 <= answer.status < 500
        assert answer.json["remedy"]
    assert database.value("SELECT count(*) FROM source") == 0
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 0


# ---- Failing -------------------------------------------------------------------------------------


def test_a_failed_refresh_is_a_problem_without_sql(control: Control, database: Database) -> None:
    view = make_view_with_duplicate_keys(database, "mv_twice")
    failed = control.post("/api/v1/mv/refresh/mv_twice", {"force": "true"})
    assert (failed.status, failed.json["type"]) == (500, "urn:vistafresca:problem:refresh-failed")
    assert (failed.json["view_name"], failed.json["sqlstate"]) == (view, "23505")
    assert "keeps its last good data" in failed.json["detail"]
    # the log's remedy is a SELECT: the answer says where it stands
    log_id = last_log(database, view)["id"]
    assert "SELECT" in str(last_log(database, view)["remedy"])
    assert failed.json["remedy"] == f"See entry {log_id} of the refresh log: vistafresca history {view}."
    assert b"SELECT" not in failed.body


@pytest.mark.parametrize(
    ("number", "sqlstate"),
    [
        pytest.param("label::integer", "22P02", id="of no number"),
        pytest.param("public.read_number(label)", "P0001", id="a function's own"),
    ],
)
def test_an_error_that_quotes_a_row_is_told_by_its_number(
    control: Control, database: Database, vistafresca: RunTask, number: str, sqlstate: str
) -> None:
    """Who may refresh a view, or see its state, need not be allowed to see its rows."""
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute(
        "CREATE FUNCTION read_number(label text) RETURNS integer LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no number: %', label; END $$"
    )
    view = make_view(database, "mv_a", query=f"SELECT id, {number} AS n FROM source")
    database.execute("INSERT INTO source VALUES (1, 'IBAN ES91')")

    failed = control.post("/api/v1/mv/refresh/mv_a", {"force": "true"})
    entry = last_log(database, view)
    assert "IBAN ES91" in str(entry["error"])
    assert (failed.status, failed.json["sqlstate"]) == (500, sqlstate)
    assert f"See entry {entry['id']} of the refresh log" in failed.json["detail"]
    _took(database, view, 60_000)
    status_url = control.post("/api/v1/mv/refresh/mv_a", {"force": "true"}).json["status_url"]
    control.runner.carry_out(vistafresca, database)
    state = control.get(status_url)
    assert state.json["status"] == "failed"
    assert f"See entry {last_log(database, view)['id']} of" in state.json["message"]
    history = control.get("/api/v1/mv/metrics/refresh-history", {"view": view})
    told = {each["id"]: each["error_message"] for each in history.json["history"]}
    assert f"See entry {entry['id']} of" in told[entry["id"]]
    for answer in (failed, state, history, control.get("/api/v1/mv/mv_a/history"), control.get("/api/v1/mv/mv_a")):
        assert b"ES91" not in answer.body


# ---- By the task ---------------------------------------------------------------------------------


def test_a_view_known_to_be_slow_goes_to_the_task_at_once(
    control: Control, database: Database, vistafresca: RunTask
) -> None:
    view = make_view(database, "mv_a")
    _took(database, view, 5_001)

    accepted = control.post("/api/v1/mv/refresh/mv_a", {"force": "true"})

    assert (accepted.status, accepted.json["success"], accepted.json["refreshed"]) == (202, True, False)
    status_url = accepted.json["status_url"]
    assert accepted.headers["location"] == status_url
    assert control.runner.started == [(("refresh", view, "--force"), CEO.subject)]
    pending = control.get(status_url).json
    assert (pending["status"], pending["success"], pending["view_name"]) == ("pending", None, view)

    control.runner.carry_out(vistafresca, database)

    done = control.get(status_url).json
    assert (done["status"], done["success"], done["rows_affected"]) == ("completed", True, 0)
    assert done["completed_at"] >= done["started_at"] >= done["requested_at"]


def test_a_view_that_is_just_quick_enough_is_refreshed_at_once(control: Control, database: Database) -> None:
    _took(database, make_view(database, "mv_a"), 5_000)
    assert control.post("/api/v1/mv/refresh/mv_a").json["refreshed"]


def test_the_endpoints_own_limit_decides(control: Control, database: Database) -> None:
    view = make_view(database, "mv_a")
    _took(database, view, 900)
    database.execute(
        "UPDATE bi_refresh.view_policy SET endpoint = '{\"refresh_within_s\": 0.5}' WHERE view_name = %s", view
    )
    assert control.post("/api/v1/mv/refresh/mv_a").status == 202


def test_a_refresh_that_turns_out_slow_is_cancelled_and_handed_over(control: Control, database: Database) -> None:
    view = make_slow_view(database, "mv_slow")
    database.execute(
        "UPDATE bi_refresh.view_policy SET endpoint = '{\"refresh_within_s\": 0.2}' WHERE view_name = %s", view
    )

    accepted = control.post("/api/v1/mv/refresh/mv_slow")

    assert accepted.status == 202
    assert control.runner.started == [(("refresh", view), CEO.subject)]
    entry = last_log(database, view)
    assert (entry["status"], entry["remedy"]) == ("cancelled", None)  # no failure: it counts in no statistics
    assert "0.2 s" in str(entry["error"])
    assert control.get("/api/v1/mv/metrics/refresh-history").json["stats"]["failed"] == 0
    assert control.get(accepted.json["status_url"]).json["status"] == "pending"  # not the attempt before it


def test_the_status_of_a_task_under_way_and_of_one_that_failed(
    control: Control, database: Database, vistafresca: RunTask
) -> None:
    view = make_view_with_duplicate_keys(database, "mv_twice")
    _took(database, view, 60_000)
    status_url = control.post("/api/v1/mv/refresh/mv_twice").json["status_url"]
    with database.connect() as session:
        session.execute(
            "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, backend_pid) "
            "VALUES (%s, 'manual', 'task', pg_backend_pid())",
            [view],
        )
        assert control.get(status_url).json["status"] == "running"
    control.runner.carry_out(vistafresca, database)
    failed = control.get(status_url).json
    assert (failed["status"], failed["success"]) == ("failed", False)
    assert "vistafresca history" in failed["remedy"]
    assert "SELECT" not in str(failed)


def test_a_task_that_cannot_be_started_leaves_the_refresh_to_the_next_run(
    control: Control, database: Database, run_task: RunTask
) -> None:
    _took(database, make_view(database, "mv_a"), 60_000)
    control.runner.refuses = unavailable("ECS did not start the task: no capacity.", remedy="Wait.")
    accepted = control.post("/api/v1/mv/refresh/mv_a")
    assert accepted.status == 202
    assert "queued for the next run" in accepted.json["message"]
    assert "no capacity" in accepted.json["message"]
    run_task(database)
    assert control.get(accepted.json["status_url"]).json["status"] == "completed"


def test_while_another_session_refreshes_it_a_further_refresh_is_asked_for(
    control: Control, database: Database
) -> None:
    """The one under way may not see what the caller has just written."""
    view = make_view(database, "mv_a")
    with database.connect(autocommit=False) as other:
        other.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [view])
        accepted = control.post("/api/v1/mv/refresh/mv_a", {"force": "true"})
        other.commit()
    assert accepted.status == 202
    assert control.get(accepted.json["status_url"]).json["status"] == "pending"


def test_an_unknown_status_is_a_problem(control: Control) -> None:
    assert control.get("/api/v1/mv/refresh/status/4711").status == 404
    assert control.get("/api/v1/mv/refresh/status/0").status == 422
    assert control.get("/api/v1/mv/refresh/status/x").status == 422


@pytest.mark.parametrize("kind", list(CLIENTS))
def test_a_server_that_refreshes_nothing_says_so(kind: str, database: Database) -> None:
    make_view(database, "mv_a")
    client = CLIENTS[kind](database)
    assert client.ask("POST", "/api/v1/mv/refresh/mv_a").status == 501
    client.close()


# ---- Consistency groups --------------------------------------------------------------------------


def _make_group(database: Database) -> None:
    make_view(database, "mv_a", query="SELECT count(*) AS n FROM source", key="n")
    make_view(database, "mv_b", query="SELECT count(*) AS n FROM source", key="n")
    database.execute("UPDATE bi_refresh.view_policy SET group_name = 'ab'")
    database.execute("INSERT INTO source VALUES (1, 'one')")


def test_a_view_is_refreshed_with_its_group_as_of_one_moment(control: Control, database: Database) -> None:
    _make_group(database)
    assert control.post("/api/v1/mv/refresh/mv_a").json["refreshed"]
    moments = database.rows("SELECT data_timestamp FROM bi_refresh.view_state ORDER BY view_name")
    assert len(moments) == 2
    assert moments[0] == moments[1]  # one snapshot
    assert database.rows("SELECT a.n, b.n FROM mv_a AS a CROSS JOIN mv_b AS b") == [(1, 1)]


def test_of_a_group_that_cannot_be_refreshed_as_a_whole_nothing_is(control: Control, database: Database) -> None:
    _make_group(database)
    database.execute("UPDATE bi_refresh.view_policy SET custom_checks = ARRAY['SELECT false'] WHERE view_name ~ 'mv_b'")
    assert control.post("/api/v1/mv/refresh/mv_a").status == 202
    assert database.rows("SELECT a.n, b.n FROM mv_a AS a CROSS JOIN mv_b AS b") == [(0, 0)]
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 0
    assert control.runner.started == [(("refresh", "public.mv_a"), CEO.subject)]
