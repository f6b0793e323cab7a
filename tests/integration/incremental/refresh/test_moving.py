"""Changes that are handed out while a refresh begins, or while another view of its group is computed: it does not fail
for them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from refresh_task import incremental
from tests.fix_database import WAITING_SESSIONS, Database
from tests.fix_task import StartTask, finish
from tests.fix_views import last_log

_VIEWS = {"public.mv_parts": "part", "public.mv_pieces": "piece"}  # in the order of refresh_bi_views()
_FIRST = next(iter(_VIEWS))
_INSERT = "INSERT INTO piece VALUES ({0}, 3); INSERT INTO part VALUES ({0}, 3)"


@pytest.fixture
def pieces(database: Database) -> Iterator[Database]:
    """Two views over a linear stage each."""
    for view, table in _VIEWS.items():
        database.execute(
            f"CREATE TABLE {table} (id integer PRIMARY KEY, kind integer NOT NULL);"
            f"INSERT INTO {table} SELECT n, n % 20 FROM generate_series(1, 200) AS n;"
            f"CREATE MATERIALIZED VIEW {view} AS WITH total AS (SELECT p.kind, count(*) AS n FROM {table} AS p GROUP BY"
            " p.kind) SELECT t.kind, t.n FROM total AS t"
        )
        database.execute(f"CREATE UNIQUE INDEX ON {view} (kind)")
        database.manage(view)
        with database.session() as session:
            incremental.enable(session, view, stages=["total"])
    kinds = database.rows("SELECT kind FROM bi_refresh.maintained_table WHERE stage = 'total'")
    assert kinds == [("linear",), ("linear",)]
    yield database
    for view, table in _VIEWS.items():
        assert database.rows(f"SELECT kind, count(*) FROM {table} GROUP BY kind EXCEPT TABLE {view}") == []


def test_a_refresh_waits_for_who_moves_its_changes_before_it_takes_its_snapshot(
    pieces: Database, start_task: StartTask
) -> None:
    """One try is enough, however many others move changes of the table, and it leaves no lock."""
    pieces.execute(_INSERT.format(1000))
    with pieces.connect(autocommit=False) as other:
        other.execute("SELECT bi_refresh.distribute_changes()")
        under_way = start_task(pieces, "refresh", *_VIEWS, VISTAFRESCA_MAX_ATTEMPTS="1", VISTAFRESCA_CONNECTIONS="2")
        pieces.wait_for(f"SELECT 1 FROM ({WAITING_SESSIONS} AND locktype = 'advisory') AS w HAVING count(*) = 2")
        other.commit()
    ended = finish(under_way)
    assert ended.exit_code == 0, ended.stdout
    assert [last_log(pieces, view)["status"] for view in _VIEWS] == ["completed"] * 2
    assert [last_log(pieces, view)["strategy"] for view in _VIEWS] == ["incremental"] * 2


def test_a_session_that_is_kept_holds_nothing_after_a_refresh_that_waited_too_long(
    pieces: Database, start_task: StartTask
) -> None:
    pieces.execute(_INSERT.format(1000))
    with pieces.connect(autocommit=False) as other:
        other.execute("SELECT bi_refresh.distribute_changes()")
        under_way = start_task(
            pieces, "refresh", _FIRST, VISTAFRESCA_MAX_ATTEMPTS="1", VISTAFRESCA_LOCK_TIMEOUT_S="0.2"
        )
        assert finish(under_way).exit_code == 1
        assert last_log(pieces, _FIRST)["sqlstate"] == "55P03"
    assert finish(start_task(pieces, "refresh", *_VIEWS)).exit_code == 0


def test_what_is_handed_out_while_the_first_of_a_group_is_computed(pieces: Database) -> None:
    """The second one's claim is of the group's snapshot: it would find its log moved by somebody else since."""
    pieces.execute(_INSERT.format(1000))
    with (
        pieces.connect(autocommit=False) as reader,
        pieces.connect() as refresher,
        ThreadPoolExecutor() as pool,
    ):
        reader.execute(f"LOCK TABLE {_FIRST} IN ROW EXCLUSIVE MODE")
        refresher.execute("SET lock_timeout = '20s'; SET default_transaction_isolation = 'repeatable read'")
        waits = pool.submit(refresher.execute, "SELECT status FROM bi_refresh.refresh_bi_views(%s)", [list(_VIEWS)])
        pieces.wait_for(f"{WAITING_SESSIONS} AND relation = '{_FIRST}'::regclass")
        pieces.execute(_INSERT.format(1001))
        pieces.execute("SELECT bi_refresh.distribute_changes()")
        reader.commit()
        assert waits.result().fetchall() == [("SUCCESS",)] * 2
        refresher.execute("SELECT bi_refresh.refresh_bi_views(%s)", [list(_VIEWS)])
