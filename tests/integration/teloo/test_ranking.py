"""A few advisors with literal answers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from tests.integration.teloo.columns import RANKING_COLUMNS
from tests.integration.teloo.market import Market, advisor_id
from tests.integration.teloo.system import start_of


def test_an_advisor_who_did_nothing_has_his_row(market: Market) -> None:
    market.advisor(1, estado="INACTIVO")
    assert market.ranking()[1] == dict(
        zip(
            RANKING_COLUMNS,
            [
                *(advisor_id(1), "Asesor 1", "asesor1@repuestos.example", "Cali", "Valle del Cauca", "Local 1"),
                *(Decimal("3.00"), 1, "INACTIVO", Decimal("0.00"), Decimal("0.00")),
                *(0, 0, 0, 0, None, None, Decimal("0.00")),
                *(None, 0, None),
                *(0, 0, None, None, None, None),
                # the only one of his city and of the country: first, and compared with nobody
                *(1, 1, None, None, start_of(market.today)),
            ],
            strict=True,
        )
    )


def test_what_an_advisor_did(market: Market) -> None:
    advisor = market.advisor(1)
    sent = market.moment(3)
    for seconds, price, values in (
        (100, "10.00", {}),
        (200, "20.00", {"ganadora": True}),
        (300, "30.00", {"ganadora": True, "aceptada_en": sent}),
        (401, "40.05", {"ganadora": True, "aceptada_en": sent, "entregada_en": sent + timedelta(days=1)}),
    ):
        market.offer(advisor, market.request(sent - timedelta(seconds=seconds)), sent, price=price, **values)
    for answered in (None, sent + timedelta(seconds=30), sent + timedelta(seconds=31)):
        market.notify(advisor, sent, answered=answered)

    row = market.ranking()[1]
    assert [row[name] for name in list(RANKING_COLUMNS)[11:15]] == [4, 3, 2, 1]
    assert row["tiempo_promedio_respuesta_seg"] == Decimal("250.25")
    assert row["monto_promedio_ofertas"] == Decimal("25.01")  # of 25.0125
    assert row["volumen_total_ofertas"] == Decimal("100.05")
    assert [row["notificaciones_recibidas"], row["notificaciones_respondidas"]] == [3, 2]
    assert row["tiempo_promedio_respuesta_notif_seg"] == Decimal("30.50")
    assert row["tasa_respuesta_pct"] == Decimal("66.67")
    assert row["tasa_conversion_ofertas_pct"] == Decimal("75.00")
    assert row["tasa_exito_completo_pct"] == Decimal("25.00")


@pytest.mark.parametrize(
    ("days_ago", "at", "counts"),
    [
        (0, time(0), 0),
        (1, time(23, 59, 59, 999_999), 1),
        (30, time(0), 1),
        (31, time(23, 59, 59, 999_999), 0),
    ],
    ids=["today", "yesterday to the last moment", "from midnight 30 days ago", "31 days ago"],
)
def test_the_30_days_are_complete_days_of_bogota(market: Market, days_ago: int, at: time, counts: int) -> None:
    advisor = market.advisor(1)
    moment = market.moment(days_ago, at)
    market.offer(advisor, market.request(moment), moment, ganadora=True)
    market.notify(advisor, moment, answered=moment)
    row = market.ranking()[1]
    assert row["ofertas_historicas_total"] == row["ofertas_ganadoras"] == counts
    assert row["notificaciones_recibidas"] == row["notificaciones_respondidas"] == counts
    assert row["calculado_at"] == datetime.combine(market.today, time(5), UTC)


def test_the_offer_s_own_moment_counts_and_what_came_of_it_whenever(market: Market) -> None:
    """To a request of before the window; accepted and delivered today."""
    advisor = market.advisor(1)
    today = market.moment(0, time(0, 1))
    request = market.request(market.moment(31))
    market.offer(advisor, request, market.moment(30), ganadora=True, aceptada_en=today, entregada_en=today)
    row = market.ranking()[1]
    assert [row[name] for name in list(RANKING_COLUMNS)[11:15]] == [1, 1, 1, 1]
    assert row["tiempo_promedio_respuesta_seg"] == Decimal("86400.00")


def test_an_offer_stamped_before_its_request_took_no_time(market: Market) -> None:
    advisor = market.advisor(1)
    for seconds in (-50, 100):
        market.offer(advisor, market.request(market.moment(2) - timedelta(seconds=seconds)), market.moment(2))
    assert market.places("tiempo_promedio_respuesta_seg") == {1: Decimal("50.00")}


def test_the_last_audit_is_the_one_that_counts_however_old(market: Market) -> None:
    advisor, other = market.advisor(1, confianza="4.75"), market.advisor(2)
    last = market.moment(400)
    market.audit(advisor, last, "2.25")
    market.audit(advisor, market.moment(500), "5.00")
    market.audit(other, market.moment(0, time(0)), "1.50")  # one of today is known at once
    ranking = market.ranking()
    found = [
        ranking[1][name] for name in ("confianza", "confianza_auditada", "auditorias_realizadas", "ultima_auditoria")
    ]
    assert found == [Decimal("4.75"), Decimal("2.25"), 2, last]
    assert ranking[2]["confianza_auditada"] == Decimal("1.50")


def test_the_order_is_offers_won_then_response_then_trust(market: Market) -> None:
    market.win(market.advisor(1, confianza=1), times=2, seconds="500")
    market.win(market.advisor(2, confianza=1), seconds="60")
    market.win(market.advisor(3, confianza=5), seconds="61")
    market.win(market.advisor(4, confianza=4), seconds="61")
    for number, seconds in ((5, 10), (6, 20)):  # offered, and won none
        market.offer(
            market.advisor(number), market.request(market.moment(2) - timedelta(seconds=seconds)), market.moment(2)
        )
    market.advisor(7, confianza=2)
    market.advisor(8, confianza=3)  # offered nothing: after all who did, by trust
    assert market.places("ranking_nacional") == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 8: 7, 7: 8}
    assert market.places("ranking_ciudad") == market.places("ranking_nacional")


def test_equals_share_their_place_and_the_next_one_keeps_his(market: Market) -> None:
    for number in (1, 2, 3):
        market.win(market.advisor(number), times=2)
    market.win(market.advisor(4))
    for number in (5, 6):
        market.advisor(number)
    assert market.places("ranking_nacional") == {1: 1, 2: 1, 3: 1, 4: 4, 5: 5, 6: 5}
    expected = {1: "60.00", 2: "60.00", 3: "60.00", 4: "40.00", 5: "0.00", 6: "0.00"}
    assert market.places("percentil_ofertas_ganadoras_nacional") == {n: Decimal(share) for n, share in expected.items()}


def test_responses_equal_as_shown_are_equal(market: Market) -> None:
    """60.001 and 60.002 seconds are both 60.00."""
    for number, seconds in ((1, "60.002"), (2, "60.001"), (3, "60.006")):
        market.win(market.advisor(number), seconds=seconds)
    assert market.places("ranking_nacional") == {1: 1, 2: 1, 3: 3}


def test_places_in_a_city_are_among_its_own_advisors(market: Market) -> None:
    """Two cities of one name are two; one advisor alone is first and has no percentile."""
    for number, city, department, times in (
        (1, "Cali", "Valle del Cauca", 1),
        (2, "Cali", "Valle del Cauca", 3),
        (3, "Barbosa", "Antioquia", 2),
        (4, "Barbosa", "Santander", 4),
        (5, "Barbosa", "Santander", 0),
    ):
        market.win(market.advisor(number, city=city, department=department), times=times)
    assert market.places("ranking_ciudad") == {1: 2, 2: 1, 3: 1, 4: 1, 5: 2}
    assert market.places("ranking_nacional") == {4: 1, 2: 2, 3: 3, 1: 4, 5: 5}
    assert market.places("percentil_ofertas_ganadoras_ciudad") == {
        1: Decimal("0.00"),
        2: Decimal("100.00"),
        3: None,
        4: Decimal("100.00"),
        5: Decimal("0.00"),
    }
    assert market.places("percentil_ofertas_ganadoras_nacional")[2] == Decimal("75.00")


def test_percentiles_count_those_who_won_fewer_and_ignore_the_rest_of_the_order(market: Market) -> None:
    """One in three below: 33.33, whatever the response and the trust."""
    market.advisor(1)
    for number, seconds in ((2, "10"), (3, "900"), (4, "20")):
        market.win(market.advisor(number, confianza=number), seconds=seconds)
    found = market.places("percentil_ofertas_ganadoras_ciudad")
    assert found == {1: Decimal("0.00"), **dict.fromkeys((2, 3, 4), Decimal("33.33"))}


@pytest.mark.parametrize("state", ["ACTIVO", "INACTIVO", "SUSPENDIDO"])
def test_every_state_is_ranked(market: Market, state: str) -> None:
    market.win(market.advisor(1, estado=state))
    market.advisor(2)
    assert market.places("ranking_nacional") == {1: 1, 2: 2}
    assert market.places("estado_asesor")[1] == state
