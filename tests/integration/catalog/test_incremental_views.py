"""An incremental view is a view like others to everything that asks which there are, and what reads what."""

from __future__ import annotations

import pytest

from refresh_task.catalog import adopt_views, read_views
from refresh_task.inspection import read_dependencies, read_facts
from refresh_task.model import IncrementalStatus, RefreshMode, View
from tests.fix_database import Database
from tests.fix_maintained import make_maintained_view
from tests.fix_views import REFRESH_ALL, make_view

ON_B = "SELECT id, count(*) AS n FROM b GROUP BY id"


def views_of(database: Database) -> dict[str, View]:
    with database.session() as session:
        return {view.name: view for view in read_views(session)}


@pytest.fixture
def chain(database: Database) -> Database:
    """a is read by the incremental view b, through its stage; and that is read by c."""
    make_view(database, "a")
    make_maintained_view(
        database, "b", query="SELECT id, label FROM {step}", stages={"step": "SELECT id, label FROM a"}
    )
    make_view(database, "c", query=ON_B)
    return database


def test_it_is_populated_and_has_its_key_and_its_status(database: Database) -> None:
    make_maintained_view(database, "b")
    database.execute("UPDATE bi_refresh.view_policy SET refresh_mode = 'incremental'")
    view = views_of(database)["public.b"]
    assert view.is_populated
    assert view.unique_index == "public.b_key"
    assert view.is_maintained
    assert (view.incremental_status, view.refresh_mode) == (IncrementalStatus.ENABLED, RefreshMode.INCREMENTAL)
    assert view.data_timestamp is not None
    assert view.global_data_timestamp is not None


def test_a_table_that_was_not_made_for_it_is_no_view(database: Database) -> None:
    """As after somebody has created one in a dropped view's place."""
    database.execute("CREATE TABLE b (id integer)")
    database.manage("public.b")
    assert not views_of(database)["public.b"].is_populated
    assert database.rows(REFRESH_ALL) == [
        ("public.b", "ERROR: public.b is not a materialized view. " + str(_remedy(database)).strip())
    ]


def _remedy(database: Database) -> object:
    return database.value("SELECT remedy FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1")


def test_it_stands_between_what_it_reads_and_what_reads_it(chain: Database) -> None:
    views = views_of(chain)
    assert {name: view.upstream for name, view in views.items()} == {
        "public.a": (),
        "public.b": ("public.a",),
        "public.c": ("public.a", "public.b"),
    }
    assert chain.rows(
        "SELECT view_oid::regclass::text, upstream_oid::regclass::text"
        " FROM bi_refresh.direct_upstream_views() ORDER BY 1, 2"
    ) == [("b", "a"), ("c", "b")]
    assert chain.rows("SELECT view_name FROM bi_refresh.select_views(NULL)") == [
        ("public.a",),
        ("public.b",),
        ("public.c",),
    ]


def test_one_over_its_stages_reads_what_they_read(database: Database) -> None:
    make_view(database, "a")
    make_maintained_view(
        database, "b", query="SELECT id, label FROM {step}", stages={"step": "SELECT id, label FROM a"},
        output="materialized_view",
    )  # fmt: skip
    assert views_of(database)["public.b"].upstream == ("public.a",)


def test_what_its_policy_depends_on_is_upstream(database: Database) -> None:
    make_view(database, "a")
    make_maintained_view(database, "b")
    make_view(database, "c")
    database.execute(
        "UPDATE bi_refresh.view_policy SET depends_on = '{public.a}' WHERE view_name = 'public.b';"
        "UPDATE bi_refresh.view_policy SET depends_on = '{public.b}' WHERE view_name = 'public.c'"
    )
    assert views_of(database)["public.c"].upstream == ("public.a", "public.b")


@pytest.mark.parametrize("has_fingerprint", [True, False])
def test_data_made_from_it_is_no_newer_than_its_own(chain: Database, *, has_fingerprint: bool) -> None:
    """A view's fingerprint tells at once that it reads no other view, but for this kind."""
    chain.rows("SELECT bi_refresh.refresh_bi_views('{a}')")
    chain.execute("UPDATE bi_refresh.view_state SET global_data_timestamp = '2026-01-01' WHERE view_name = 'public.b'")
    with chain.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        row = connection.execute(
            "SELECT bi_refresh.oldest_data_timestamp("
            " 'c'::regclass, now(), (bi_refresh.take_fingerprint('c'::regclass, 'fingerprint', NULL)).fingerprint"
            ")::date::text"
            if has_fingerprint
            else "SELECT bi_refresh.oldest_data_timestamp('c'::regclass, now(), NULL)::date::text"
        ).fetchone()
    assert row == ("2026-01-01",)


def test_its_rows_are_what_a_view_over_it_is_made_from(chain: Database) -> None:
    assert chain.rows(
        "SELECT v.relation::regclass::text FROM bi_refresh.view_sources(ARRAY['c'::regclass::oid]) AS v ORDER BY 1"
    ) == [("b",)]


def test_doctor_knows_its_sources_by_its_defining_views(chain: Database) -> None:
    """And not the tables and views that were made for it."""
    chain.execute("CREATE VIEW link AS SELECT id, label FROM a; CREATE TABLE d (id integer)")
    make_maintained_view(
        chain, "e", query="SELECT s.id, now() AS at FROM {step} AS s", stages={"step": "SELECT id, label FROM link"}
    )
    with chain.session() as session:
        facts = {view.name: view for view in read_facts(session).views}
        edges = {(edge.view, edge.upstream): edge.through for edge in read_dependencies(session).edges}
    assert [source.name for source in facts["public.b"].sources] == ["public.a"]
    assert [source.name for source in facts["public.e"].sources] == ["public.a", "public.link"]
    assert [found.name for found in facts["public.e"].classes] == ["time"]
    assert edges["public.e", "public.a"] == ("public.link",)
    assert edges["public.b", "public.a"] == ()


def test_a_pattern_goes_on_finding_it(database: Database) -> None:
    """And not its stages, nor tables of anybody's."""
    make_maintained_view(
        database, "b", query="SELECT id, label FROM {step}", stages={"step": "SELECT id, label FROM source"}
    )
    assert database.rows("SELECT view_name FROM bi_refresh.views_by_pattern('{*.*}')") == [("public.b",)]
    database.execute("UPDATE bi_refresh.view_policy SET pattern = 'public.*'")
    with database.session() as session:
        adopt_views(session)
    assert database.value("SELECT count(*) FROM bi_refresh.view_policy") == 1


def test_a_policy_is_not_taken_from_it_when_its_pattern_goes(database: Database) -> None:
    """What is kept for it would be left behind: disabling comes first."""
    make_maintained_view(database, "b")
    make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET pattern = 'gone.*'")
    with database.session() as session:
        adopt_views(session)
    assert database.rows("SELECT view_name FROM bi_refresh.view_policy") == [("public.b",)]


def test_touch_triggers_are_not_for_what_is_captured(database: Database) -> None:
    make_maintained_view(database, "b")
    stages = {"step": "SELECT id, label FROM source"}
    make_maintained_view(database, "d", query="SELECT id FROM {step}", stages=stages, output="materialized_view")
    database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch'")
    assert database.rows("SELECT relation FROM bi_refresh.sync_touch_triggers()") == []
    make_view(database, "c", query=ON_B)
    database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch'")
    assert database.rows("SELECT relation, action FROM bi_refresh.sync_touch_triggers()") == [("public.b", "watched")]


def test_duplicate_keys_are_looked_for_in_its_defining_view(database: Database) -> None:
    make_maintained_view(database, "b")
    database.execute("INSERT INTO source VALUES (7, 'one'), (7, 'other')")
    assert database.rows("SELECT key, occurrences FROM bi_refresh.duplicate_keys('public.b')") == [({"id": 7}, 2)]


def test_for_people_it_is_listed_as_the_others_are(chain: Database) -> None:
    assert chain.rows("SELECT view_name, is_populated, has_unique_index FROM bi_refresh.get_mv_stats()") == [
        ("public.a", True, True),
        ("public.b", True, True),
        ("public.c", True, True),
    ]
    assert chain.rows("SELECT view_name FROM bi_refresh.mv_health_check()") == [
        ("public.a",),
        ("public.b",),
        ("public.c",),
    ]


def test_planning_where_nothing_may_be_read_knows_it_by_its_name_alone(chain: Database) -> None:
    """And with the right to read, by itself: the same statements, whether bi_refresh is there or not."""
    with chain.session() as session:
        assert session.reads_maintained
        dependencies = read_dependencies(session)
        assert sorted(dependencies.nodes) == ["public.a", "public.b", "public.c"]
        assert sorted((edge.view, edge.upstream) for edge in dependencies.edges) == [
            ("public.b", "public.a"),
            ("public.c", "public.b"),
        ]
        assert [view.name for view in read_facts(session).views] == ["public.a", "public.b", "public.c"]


def test_nothing_is_proposed_for_tables_of_ours(empty_database: Database) -> None:
    """Where bi_refresh is not installed there are none, and nobody asks for them."""
    empty_database.execute("CREATE MATERIALIZED VIEW a AS SELECT 1 AS id")
    with empty_database.session() as session:
        assert not session.reads_maintained
        assert sorted(read_dependencies(session).nodes) == ["public.a"]


@pytest.mark.parametrize("trouble", ["gone", "held"])
def test_planning_goes_on_where_a_log_cannot_be_read(database: Database, trouble: str) -> None:
    """One view's trouble is its own step's, and not the run's."""
    database.execute("CREATE TABLE source (id integer, label text)")
    make_maintained_view(database, "b")
    database.execute(
        "INSERT INTO bi_refresh.maintained_source (table_id, capture_id, slice, layout) SELECT m.id, c.id, 1, c.layout"
        " FROM bi_refresh.maintained_table AS m CROSS JOIN bi_refresh.capture_table('source'::regclass, '{id}') AS c"
    )
    assert views_of(database)["public.b"].changes_wait is False
    database.execute("INSERT INTO source VALUES (1, 'one')")
    assert views_of(database)["public.b"].changes_wait is True
    with database.connect() as other:
        if trouble == "held":
            other.execute("BEGIN; LOCK TABLE bi_refresh_incremental.log_1")
        else:
            other.execute("DROP TABLE bi_refresh_incremental.log_1 CASCADE")
        assert views_of(database)["public.b"].changes_wait is None


def test_old_mismatches_go_with_the_log_once_the_view_is_trusted_again(database: Database) -> None:
    make_maintained_view(database, "b", status="distrusted")
    database.execute(
        "INSERT INTO bi_refresh.incremental_mismatch (view_name, found_at, found_by, difference)"
        " VALUES ('public.b', now() - interval '40 days', 'sample', 'missing'), ('public.b', now(), 'sample', 'other')"
    )
    assert database.value("SELECT bi_refresh.purge_log(interval '30 days')") == 0
    database.execute("UPDATE bi_refresh.incremental_view SET status = 'enabled'")
    assert database.value("SELECT bi_refresh.purge_log(interval '30 days')") == 1
    assert database.rows("SELECT difference FROM bi_refresh.incremental_mismatch") == [("other",)]
