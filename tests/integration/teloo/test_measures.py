"""The measures of generated data against plain Python over the same rows."""

from __future__ import annotations

from collections import Counter
from datetime import time, timedelta
from typing import Any

import pytest

from tests.integration.teloo.expected_months import expected_months
from tests.integration.teloo.expected_ranking import expected_ranking
from tests.integration.teloo.market import Market, advisor_id
from tests.integration.teloo.system import (
    MONTHS,
    RANKING,
    Connection,
    base_query,
    generate,
    read,
    today_in_bogota,
)


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_generated_data_gives_the_measures_worked_out_in_python(connection: Connection) -> None:
    with connection.transaction():  # one now() for everybody
        generate(connection, 3_000, today_in_bogota(connection))
        for view, expected in ((MONTHS, expected_months(connection)), (RANKING, expected_ranking(connection))):
            connection.execute(f"REFRESH MATERIALIZED VIEW {view}".encode())
            assert read(connection, base_query(view)) == expected
            assert read(connection, view) == expected
            # Nothing above is true only because nothing was there.
            for name, values in columns(expected).items():
                assert len(set(values)) > 1 or name == "calculado_at", name


def test_the_sample_has_the_cases_that_matter(connection: Connection) -> None:
    with connection.transaction():
        generate(connection, 3_000, today_in_bogota(connection))
        months, ranking = (columns(read(connection, base_query(view))) for view in (MONTHS, RANKING))

    assert len(months["mes"]) in (14, 15)  # on the first of a month, the new one has no complete day yet
    assert months["solicitudes_creadas"].count(0) == 1
    assert 0 < months["solicitudes_creadas"][0] < 10
    assert ranking["ofertas_historicas_total"].count(0) >= 5
    assert None in ranking["tasa_respuesta_pct"]
    assert ranking["percentil_ofertas_ganadoras_ciudad"].count(None) >= 1
    cities = set(zip(ranking["ciudad"], ranking["departamento"], strict=True))
    assert (len(cities), len(set(ranking["ciudad"]))) == (20, 19)
    assert set(ranking["estado_asesor"]) == {"ACTIVO", "INACTIVO", "SUSPENDIDO"}
    won = Counter(ranking["ofertas_ganadoras"])
    assert max(won.values()) > 3
    assert max(Counter(ranking["ranking_nacional"]).values()) >= 5  # those who have never offered share their place


def test_rows_at_every_edge_give_the_measures_worked_out_in_python(market: Market) -> None:
    """Moments just before and at midnight in Bogota, around the window's edges and the month's."""
    for number in range(1, 5):
        market.advisor(number, confianza=3 + number / 4)
    last, first = time(23, 59, 59, 999_999), time(0)
    edges = [
        market.moment(days_ago, at)
        for days_ago in (0, 1, 29, 30, 31, market.today.day - 1, market.today.day)
        for at in (first, last)
    ]
    for index, moment in enumerate(edges):
        request = market.request(moment, marca_vehiculo="KIA" if index % 3 else "MAZDA")
        market.offer(advisor_id(1 + index % 3), request, moment, price=f"{10 + index}.33", ganadora=index % 2 == 0)
        market.notify(
            advisor_id(1 + index % 2), moment, answered=moment + timedelta(seconds=index) if index % 4 else None
        )

    assert read(market.connection, base_query(MONTHS)) == expected_months(market.connection)
    assert read(market.connection, base_query(RANKING)) == expected_ranking(market.connection)


@pytest.mark.parametrize("view", [MONTHS, RANKING])
def test_without_any_row_there_is_no_row(market: Market, view: str) -> None:
    assert read(market.connection, base_query(view)) == []
