"""Views with stages, enabled, written beneath, refreshed: the source systems' own, and one with linear stages."""

from __future__ import annotations

import os
from typing import Any

import psycopg
import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.incremental import disable, enable, verify
from tests.fix_database import Database

FLUXION = "fluxion.mv_ubicaciones_summary_regional"
RANKING = "teloo.mv_ranking_asesores"
MONTHS = "teloo.mv_metricas_mensuales"
_LONG = pytest.mark.skipif(not os.environ.get("VISTAFRESCA_LONG_TESTS"), reason="a long test: VISTAFRESCA_LONG_TESTS=1")
_BASE = {
    FLUXION: "fluxion.v_ubicaciones_summary_regional",
    RANKING: "teloo.v_ranking_asesores",
    MONTHS: "teloo.v_metricas_mensuales",
}


def refresh(database: Database, view: str) -> dict[str, Any]:
    """One refresh as the task makes it; its log row."""
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("SELECT bi_refresh.distribute_changes()")
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        connection.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [view])
        row = connection.execute(
            "SELECT * FROM bi_refresh.mv_refresh_log WHERE view_name = %s ORDER BY id DESC LIMIT 1", [view]
        ).fetchone()
    assert row is not None
    assert row["status"] in ("completed", "skipped"), row["error"]
    return dict(row)


def differing_rows(database: Database, view: str) -> int:
    """How many rows of a view are not what the query beneath gives, to the last digit shown."""
    return int(
        database.value(
            f"WITH image AS (SELECT v::text AS row, 1 AS weight FROM {view} AS v"
            f" UNION ALL SELECT b::text, -1 FROM {_BASE[view]} AS b)"
            " SELECT count(*) FROM (SELECT FROM image GROUP BY row HAVING sum(weight) <> 0) AS differing"
        )
    )


_FEWER_OFFERS = """
    DELETE FROM teloo.evaluaciones WHERE oferta_id % 5 = 0;
    DELETE FROM teloo.ofertas WHERE id % 5 = 0 AND NOT ganadora
"""
_HISTORIES = {
    FLUXION: [
        "SELECT fluxion.add_sample_sales(20, now() - interval '1 day')",
        "SELECT fluxion.add_sample_sales(5)",
        "UPDATE fluxion.ventas SET cantidad = cantidad + 1 WHERE id % 97 = 0",
        "DELETE FROM fluxion.ventas WHERE id % 101 = 0",
        "UPDATE fluxion.productos SET activo = NOT activo WHERE id % 20 = 3",
        "UPDATE fluxion.almacenes SET activo = NOT activo WHERE ubicacion_id = 3",
        "UPDATE fluxion.ventas SET producto_id = 2 WHERE id % 89 = 0",
        "DELETE FROM fluxion.inventario WHERE producto_id % 30 = 4",
        "UPDATE fluxion.ubicaciones SET nombre = nombre || ' 2' WHERE id = 5",
    ],
    RANKING: [
        "UPDATE teloo.ofertas SET precio = precio + 1 WHERE id % 7 = 0",
        _FEWER_OFFERS,
        "UPDATE teloo.notificaciones SET respondida_en = enviada_en + interval '1 hour' WHERE id % 3 = 0",
        "UPDATE teloo.asesores SET confianza = 1 WHERE hashtext(id::text) % 5 = 0",
        "DELETE FROM teloo.auditorias WHERE id % 2 = 0",
        "UPDATE teloo.solicitudes SET creada_en = creada_en - interval '2 minutes' WHERE id % 4 = 0",
    ],
    MONTHS: [
        "UPDATE teloo.ofertas SET precio = precio + 1 WHERE id % 7 = 0",
        "UPDATE teloo.solicitudes SET creada_en = creada_en - interval '40 days' WHERE id % 4 = 0",
        _FEWER_OFFERS,
    ],
}


def test_a_systems_view_stays_a_materialized_view_and_is_its_query_after_every_change(
    systems_database: Database,
) -> None:
    """Whichever of its stages goes in full."""
    database, stages = systems_database, ["demanda_p75", "surtido", "clase_abc", "stock_con_demanda", "abc_metrics"]
    with database.session() as session:
        enable(session, FLUXION, stages=stages, output="materialized_view")
        for statement in _HISTORIES[FLUXION]:
            database.execute(statement)
            refresh(database, FLUXION)
            assert differing_rows(database, FLUXION) == 0, statement
        assert verify(session, FLUXION).mismatches == ()
        disable(session, FLUXION)
    assert differing_rows(database, FLUXION) == 0
    assert database.rows(_LEFT) == []


@pytest.mark.parametrize(
    ("view", "stages", "in_full"),
    [
        # productos is joined to every warehouse: the output is in full after its change, and so is what joins it first
        (FLUXION, ["demanda_p75", "surtido", "clase_abc", "stock_con_demanda", "abc_metrics"], {"productos"}),
        pytest.param(FLUXION, ["ventas_30d", "demanda_p75", "abc_metrics"], {"productos"}, marks=_LONG),
        # a rank has to do with all rows, and an advisor's offers with all requests
        (RANKING, ["ofertas_30d", "notificaciones_30d", "auditorias_asesor"], {"the stage", "asesores", "solicitudes"}),
        pytest.param(MONTHS, ["solicitudes_mes", "ofertas_mes"], {"the stage", "ofertas"}, marks=_LONG),
    ],
)
def test_a_view_with_stages_is_its_query_after_every_change(
    systems_database: Database, view: str, stages: list[str], in_full: set[str]
) -> None:
    """To the last digit shown, and when it is given back nothing is left."""
    database = systems_database
    with database.session() as session:
        enabled = enable(session, view, stages=stages)
    assert set(enabled.stages) == set(stages)
    assert bool(enabled.indirect_stages) == ("the stage" in in_full)
    indirect = {name.partition(".")[2] for name in enabled.captured if name not in enabled.direct}
    assert indirect <= in_full
    assert differing_rows(database, view) == 0
    for statement in _HISTORIES[view]:
        database.execute(statement)
        entry = refresh(database, view)
        assert differing_rows(database, view) == 0, statement
        reason = entry["reason"] or ""
        assert reason == "" or any(f"{name} changed" in reason or f"{name} " in reason for name in in_full), reason
    with database.session() as session:
        disable(session, view)
    assert database.value("SELECT relkind::text FROM pg_class WHERE oid = %s::regclass", view) == "m"
    assert differing_rows(database, view) == 0
    assert database.rows(_LEFT) == []


_LEFT = "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'bi_refresh_incremental'::regnamespace"
_CITIES = "public.mv_city"
_BASE[_CITIES] = "public.v_city"
_SHOP = """
    CREATE TABLE public.sale (id integer GENERATED ALWAYS AS IDENTITY, city text, amount numeric(8, 2), at date);
    INSERT INTO sale (city, amount, at) SELECT 'c' || n % 50, n, '2026-01-01'::date + n % 60
    FROM generate_series(1, 3000) AS n;
    CREATE VIEW public.v_city AS
    WITH total AS (SELECT s.city, count(*) AS sales, sum(s.amount) AS amount FROM sale AS s GROUP BY s.city),
    months AS (SELECT date_trunc('month', s.at)::date AS month, max(s.amount) AS highest FROM sale AS s GROUP BY 1)
    SELECT
        t.city, t.sales, t.amount, rank() OVER (ORDER BY t.amount DESC, t.city) AS place,
        (SELECT max(m.highest) FROM months AS m) AS highest
    FROM total AS t;
    CREATE MATERIALIZED VIEW public.mv_city AS SELECT city, sales, amount, place, highest FROM v_city;
    CREATE UNIQUE INDEX mv_city_key ON mv_city (city);
"""


@pytest.fixture
def cities(database: Database) -> Database:
    """A view of few rows over two stages, the first of which is linear and may have a city that is NULL."""
    database.execute(_SHOP)
    database.manage(_CITIES)
    with database.session() as session:
        enable(session, _CITIES, stages=["total", "months"])
    return database


def test_a_stage_of_counts_and_sums_is_linear(cities: Database) -> None:
    """Nobody asks for it."""
    kinds = cities.rows("SELECT stage, kind, key_columns::text FROM bi_refresh.maintained_table ORDER BY position")
    assert kinds == [("total", "linear", None), ("months", "linear", None), (None, "slices", None)]
    cities.execute("INSERT INTO sale (city, amount, at) VALUES ('c1', 5, '2026-01-05'), ('new', 7, '2026-03-01')")
    refresh(cities, _CITIES)
    assert differing_rows(cities, _CITIES) == 0
    strategies = cities.rows("SELECT compared_at = data_timestamp FROM bi_refresh.maintained_table ORDER BY position")
    assert strategies == [(False,), (False,), (True,)]  # only the output, with its rank, was computed in full


def test_a_view_that_stages_were_made_of_cannot_be_dropped(cities: Database) -> None:
    """As if the materialized view were still there."""
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        cities.execute("DROP VIEW v_city")


def test_a_view_that_stages_were_made_of_may_be_replaced(cities: Database) -> None:
    """The next refresh follows it, in full, as all do until the view is enabled again."""
    cities.execute(
        cities.value("SELECT 'CREATE OR REPLACE VIEW public.v_city AS ' || pg_get_viewdef('v_city'::regclass)").replace(
            "count(*) AS sales", "2 * count(*) AS sales"
        )
    )
    for _ in range(2):
        entry = refresh(cities, _CITIES)
        assert "an ordinary view beneath it was replaced" in entry["reason"]
        assert differing_rows(cities, _CITIES) == 0
        cities.execute("UPDATE sale SET amount = amount + 1 WHERE id % 7 = 0")
    with cities.session() as session:
        enabled = enable(session, _CITIES)
    assert enabled.stages == ("total", "months")
    assert differing_rows(cities, _CITIES) == 0
    cities.execute("UPDATE sale SET amount = amount + 1 WHERE id % 7 = 0")
    assert "replaced" not in (refresh(cities, _CITIES)["reason"] or "")
    assert differing_rows(cities, _CITIES) == 0
    with cities.session() as session:
        disable(session, _CITIES)
    assert cities.rows(_LEFT) == []


def test_a_linear_stage_of_two_refreshes_at_once_is_counted_once(cities: Database) -> None:
    """The second one begins anew and finds nothing left to do."""
    cities.execute("INSERT INTO sale (city, amount, at) VALUES ('c1', 5, '2026-01-05')")
    with cities.connect() as first, cities.connect() as second:
        for connection in (first, second):
            connection.execute("SET default_transaction_isolation = 'repeatable read'")
        with first.transaction():
            first.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['public.mv_city'])")
            (outcome,) = second.execute(
                "SELECT status FROM bi_refresh.refresh_bi_views(ARRAY['public.mv_city'])"
            ).fetchall()
            assert "another session is refreshing it" in outcome[0]
    refresh(cities, _CITIES)
    assert differing_rows(cities, _CITIES) == 0


@pytest.mark.parametrize("stages", [["nothing"], ["total", "total"]])
def test_a_stage_that_is_none_is_refused_and_leaves_nothing(database: Database, stages: list[str]) -> None:
    """The message names those that there are."""
    database.execute(_SHOP)
    database.manage(_CITIES)
    with pytest.raises(ConfigurationError), database.session() as session:
        enable(session, _CITIES, stages=stages)
    assert database.rows(_LEFT) == []
    assert database.rows("SELECT view_name FROM bi_refresh.incremental_view") == []
