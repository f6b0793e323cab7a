"""The server: version, settings, what else goes on in it. What no test may do to the server that all tests share (its
version, a replica, autovacuum off for all, RDS) is judged from real facts with that one fact altered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from refresh_task.inspection import Code, Facts, Finding, examine, read_facts
from refresh_task.inspection import server as server_checks
from tests.fix_database import Database
from tests.fix_roles import MakeRole
from tests.integration.doctor.conftest import Diagnose, codes, only


@pytest.fixture
def facts(empty_database: Database) -> Facts:
    """A database with one view in order."""
    empty_database.execute(
        "CREATE TABLE t (id integer); CREATE MATERIALIZED VIEW v AS SELECT id FROM t; CREATE UNIQUE INDEX ON v (id)"
    )
    with empty_database.session() as session, session.read_only():
        return read_facts(session)


def _finding(facts: Facts, code: Code, **altered: Any) -> Finding | None:
    found = examine(replace(facts, server=replace(facts.server, **altered)))
    return next((finding for finding in found if finding.code is code), None)


@pytest.mark.parametrize(
    ("version_num", "is_vulnerable"),
    [
        (140010, True),
        (140011, False),
        (150005, True),
        (150006, False),
        (160001, True),
        (160002, False),
        (170000, False),
    ],
)
def test_versions_with_cve_2024_0985(facts: Facts, version_num: int, *, is_vulnerable: bool) -> None:
    found = _finding(facts, Code.VULNERABLE_VERSION, version_num=version_num)
    assert (found is not None) == is_vulnerable
    if found is not None:
        assert found.level == "advice"


def test_it_is_a_problem_where_a_superuser_refreshes_what_belongs_to_others(facts: Facts) -> None:
    others = replace(facts, views=tuple(replace(view, owner="somebody") for view in facts.views))
    found = _finding(others, Code.VULNERABLE_VERSION, version_num=160000)
    assert found is not None
    assert found.level == "problem"


@pytest.mark.parametrize(
    ("code", "altered", "words"),
    [
        (Code.AUTOVACUUM_OFF, {"autovacuum_is_on": False}, "autovacuum is off."),
        (Code.CLIENTS_NOT_CHECKED, {"clients_are_checked": False}, "client_connection_check_interval cannot be set"),
        (Code.REPLICA, {"is_replica": True}, "This server is a replica."),
        (Code.REPLICAS_ATTACHED, {"replicas": 1}, "1 replica receives every refresh."),
        (Code.REPLICAS_ATTACHED, {"replicas": 2}, "2 replicas receive every refresh."),
        (Code.MANAGED_SERVICE, {"is_rds": True}, "This is RDS."),
        (Code.MANAGED_SERVICE, {"is_rds": True, "is_aurora": True}, "This is Aurora."),
    ],
)
def test_what_can_be_altered_only_in_the_facts(facts: Facts, code: Code, altered: dict[str, Any], words: str) -> None:
    assert _finding(facts, code) is None
    found = _finding(facts, code, **altered)
    assert found is not None
    assert found.what.startswith(words)


def test_counters_that_are_off_are_noticed(empty_database: Database, diagnose: Diagnose) -> None:
    assert "counts_not_tracked" not in codes(diagnose(empty_database))
    empty_database.execute(f"ALTER DATABASE {empty_database.name} SET track_counts = off")
    assert only(diagnose(empty_database), "counts_not_tracked")["level"] == "advice"


def test_the_limit_for_idle_transactions_is_the_servers_not_our_sessions(
    empty_database: Database, diagnose: Diagnose
) -> None:
    """Every session of ours sets one of its own."""
    found = only(diagnose(empty_database), "idle_transactions_stay")
    empty_database.execute(found["remedy"])
    assert "idle_transactions_stay" not in codes(diagnose(empty_database))


def test_few_free_connections_are_a_problem(
    empty_database: Database, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "few_connections" not in codes(diagnose(empty_database))
    monkeypatch.setattr(server_checks, "NEEDED_CONNECTIONS", 1_000)
    assert " of 200 connections are free." in only(diagnose(empty_database), "few_connections")["what"]


def test_a_transaction_that_stays_open_is_named(
    empty_database: Database, diagnose: Diagnose, make_role: MakeRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_checks, "LONG_TRANSACTION_S", 0)
    assert "long_transaction" not in codes(diagnose(empty_database))
    role = make_role()
    with empty_database.connect(autocommit=False, application_name="forgotten") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT 1")
        what = only(diagnose(empty_database), "long_transaction")["what"]
        assert what.startswith(
            f"A transaction of forgotten, process {connection.info.backend_pid} (postgres) has been open"
        )
        # Others' sessions are not for everyone to see, which is said.
        report = diagnose(empty_database, role=role)
        assert "long_transaction" not in codes(report)
        assert f"transactions of other roles: GRANT pg_read_all_stats TO {role};" in report["not_checked"]


def test_a_short_transaction_is_no_news(empty_database: Database, diagnose: Diagnose) -> None:
    with empty_database.connect(autocommit=False) as connection:
        connection.execute("SELECT pg_current_xact_id()")
        assert "long_transaction" not in codes(diagnose(empty_database))


def test_a_prepared_transaction_that_nobody_ends_is_named(
    empty_database: Database, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_checks, "FORGOTTEN_PREPARED_S", 0)
    gid = f"o'brien {empty_database.name}"
    connection = psycopg.connect(empty_database.dsn)
    connection.tpc_begin(gid)
    connection.execute("SELECT pg_current_xact_id()")
    connection.tpc_prepare()
    connection.close()
    found = only(diagnose(empty_database), "prepared_transaction")
    assert f"The transaction '{gid}' was prepared by postgres" in found["what"]
    commit, _, _ = found["remedy"].partition(" or ")
    empty_database.execute(commit)
    assert "prepared_transaction" not in codes(diagnose(empty_database))
