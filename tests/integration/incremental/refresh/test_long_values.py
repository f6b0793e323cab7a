"""Slices by texts that are longer than a btree index takes."""

from __future__ import annotations

import re

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.incremental import disable, enable
from tests.fix_database import Database
from tests.fix_steps import run_step

_VIEW = "public.mv_pages"
_SHOP = f"""
    CREATE TABLE visit (id integer PRIMARY KEY, url text NOT NULL);
    INSERT INTO visit SELECT n, 'u' || n % 300 FROM generate_series(1, 3000) AS n;
    CREATE MATERIALIZED VIEW {_VIEW} AS SELECT url, count(*) AS n FROM visit GROUP BY url;
"""
_LONG = "INSERT INTO visit SELECT {}, string_agg(md5((i + {})::text), '') FROM generate_series(1, 300) AS i"
_INDEX = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'public.mv_pages'::regclass"


def _enable(database: Database) -> None:
    database.manage(_VIEW)
    with database.session() as session:
        enable(session, _VIEW)


def _is_equal(database: Database) -> bool:
    differing = f"TABLE {_VIEW} EXCEPT ALL SELECT url, count(*) FROM visit GROUP BY url"
    return database.rows(differing) == [] and database.value(f"SELECT sum(n) = 3002 FROM {_VIEW}")


def _refresh(database: Database) -> dict[str, object]:
    database.execute("SELECT bi_refresh.distribute_changes()")
    return run_step(database, _VIEW)


def test_where_a_value_is_too_long_already_slices_are_found_by_a_hash(database: Database) -> None:
    database.execute(_SHOP.replace("CREATE MAT", f"{_LONG.format(4001, 4001)}; CREATE MAT"))
    _enable(database)
    assert " USING hash (url)" in database.value(_INDEX)
    database.execute(_LONG.format(4002, 4002))
    assert _refresh(database)["strategy"] == "incremental"
    assert _is_equal(database)


def test_what_to_do_about_one_that_came_later_is_said_in_sql(database: Database) -> None:
    database.execute(_SHOP)
    _enable(database)
    assert " USING btree (url)" in database.value(_INDEX)
    database.execute(f"{_LONG.format(4001, 4001)}; {_LONG.format(4002, 4002)}")
    entry = _refresh(database)
    assert (entry["status"], entry["sqlstate"]) == ("failed", "54000")
    found = re.search(r"DROP INDEX .*;", str(entry["remedy"]))
    assert found is not None
    for statement in found[0].split("; "):
        database.execute(statement)
    assert _refresh(database)["status"] == "completed"
    assert _is_equal(database)


def _with_stage(database: Database, stage: str) -> None:
    database.execute(
        _SHOP.split("CREATE MAT", maxsplit=1)[0]
        + f"""
        {_LONG.format(4001, 4001)};
        CREATE MATERIALIZED VIEW {_VIEW} AS WITH page AS ({stage}) SELECT url, count(*) AS n FROM page GROUP BY url
        """
    )
    database.manage(_VIEW)


def test_a_stage_s_slices_too(database: Database) -> None:
    """Its index is made when it is filled, as the view's own."""
    _with_stage(database, "SELECT url FROM visit WHERE id > 0")
    with database.session() as session:
        enable(session, _VIEW, stages=["page"])
    assert database.value(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index INNER JOIN bi_refresh.maintained_table AS m"
        " ON m.relation = indrelid WHERE m.stage = 'page'"
    ).endswith(" USING hash (url)")
    database.execute(_LONG.format(4002, 4002))
    assert _refresh(database)["strategy"] == "incremental"
    assert _is_equal(database)


def test_a_stage_whose_key_is_too_long_is_named(database: Database) -> None:
    _with_stage(database, "SELECT url FROM visit GROUP BY url")
    with database.session() as session:
        with pytest.raises(ConfigurationError) as refused:
            enable(session, _VIEW, stages=["page"])
        assert "rows of the stage page are told apart by url" in refused.value.message
        disable(session, _VIEW)
        enable(session, _VIEW, stages=[])
