"""Bad rows are rejected by name."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from tests.integration.teloo.market import Market

_ADVISOR = (
    "asesores (nombre, email, ciudad, departamento, punto_venta, {})"
    " VALUES ('Eva', 'eva@x.example', 'Cali', 'Valle', 'L', {})"
)
_REQUEST = "solicitudes (cliente_id, marca_vehiculo, modelo_anio, repuesto, {}) VALUES (1, 'KIA', 2010, 'Farola', {})"
_OFFER = (
    "ofertas (solicitud_id, asesor_id, precio, tiempo_entrega_dias, garantia_meses, enviada_en, {})"
    " VALUES (2, '00000000-0000-0000-0000-000000000001', {}, '2025-03-01 12:00Z', {})"
)
_SCORES = "evaluaciones (oferta_id, puntaje_precio, puntaje_tiempo, puntaje_garantia) VALUES (1, {})"
_OF_ADVISOR = "'00000000-0000-0000-0000-000000000001'"
_NOTIFICATION = f"notificaciones (asesor_id, solicitud_id, {{}}) VALUES ({_OF_ADVISOR}, 1, {{}})"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("clientes VALUES (2, ' ', '+573000000002', 'Cali', 'Valle')", "clientes_nombre_is_not_blank"),
        ("clientes VALUES (2, 'Eva', '3000000002', 'Cali', 'Valle')", "clientes_telefono_is_a_mobile_number"),
        ("clientes VALUES (2, 'Eva', '+573000000001', 'Cali', 'Valle')", "clientes_telefono_key"),
        ("clientes VALUES (2, 'Eva', '+573000000002', '', 'Valle')", "clientes_ciudad_is_not_blank"),
        ("clientes VALUES (2, 'Eva', '+573000000002', 'Cali', ' ')", "clientes_departamento_is_not_blank"),
        (_ADVISOR.format("confianza", "0.99"), "asesores_confianza_is_1_to_5"),
        (_ADVISOR.format("confianza", "'NaN'"), "asesores_confianza_is_1_to_5"),
        (_ADVISOR.format("nivel_actual", "5"), "asesores_nivel_actual_is_1_to_4"),
        (_ADVISOR.format("estado", "'activo'"), "asesores_estado_is_known"),
        (_ADVISOR.format("actividad_reciente_pct", "100.01"), "asesores_actividad_reciente_is_a_percentage"),
        (_ADVISOR.format("desempeno_historico_pct", "-1"), "asesores_desempeno_historico_is_a_percentage"),
        (_ADVISOR.format("nivel_actual", "1").replace("'Eva'", "''"), "asesores_nombre_is_not_blank"),
        (_ADVISOR.format("nivel_actual", "1").replace("eva@x.example", "eva"), "asesores_email_is_an_address"),
        (_ADVISOR.format("nivel_actual", "1").replace("eva@x", "ASESOR1@repuestos"), "asesores_email_key"),
        (_ADVISOR.format("nivel_actual", "1").replace("'Cali'", "' '"), "asesores_ciudad_is_not_blank"),
        (_ADVISOR.format("nivel_actual", "1").replace("'Valle'", "''"), "asesores_departamento_is_not_blank"),
        (_ADVISOR.format("nivel_actual", "1").replace("'L'", "''"), "asesores_punto_venta_is_not_blank"),
        (_REQUEST.format("estado, cerrada_en", "'CERRADA', now()"), "solicitudes_estado_is_known"),
        (_REQUEST.format("estado", "'ACEPTADA'"), "solicitudes_closed_ones_have_their_time"),
        (_REQUEST.format("cerrada_en", "now()"), "solicitudes_closed_ones_have_their_time"),
        (_REQUEST.format("estado, cerrada_en", "'EXPIRADA', '2020-01-01'"), "solicitudes_close_after_their_creation"),
        (_REQUEST.format("creada_en", "'-infinity'"), "solicitudes_times_are_finite"),
        (_REQUEST.format("estado, cerrada_en", "'EXPIRADA', 'infinity'"), "solicitudes_times_are_finite"),
        (_REQUEST.format("estado", "'ABIERTA'").replace("'KIA'", "'Kia'"), "solicitudes_marca_is_in_capitals"),
        (_REQUEST.format("estado", "'ABIERTA'").replace("'KIA'", "' KIA'"), "solicitudes_marca_is_in_capitals"),
        (_REQUEST.format("estado", "'ABIERTA'").replace("2010", "10"), "solicitudes_modelo_anio_is_a_year"),
        (_REQUEST.format("estado", "'ABIERTA'").replace("'Farola'", "''"), "solicitudes_repuesto_is_not_blank"),
        (_REQUEST.format("estado", "'ABIERTA'").replace("(1,", "(9,"), "solicitudes_cliente_id_fkey"),
        (_OFFER.format("ganadora", "0, 1, 1", "false"), "ofertas_precio_is_an_amount"),
        (_OFFER.format("ganadora", "'NaN', 1, 1", "false"), "ofertas_precio_is_an_amount"),
        (_OFFER.format("ganadora", "1, 91, 1", "false"), "ofertas_tiempo_entrega_is_0_to_90_days"),
        (_OFFER.format("ganadora", "1, 1, -1", "false"), "ofertas_garantia_is_0_to_60_months"),
        (_OFFER.format("aceptada_en", "1, 1, 1", "'2025-03-02'"), "ofertas_only_a_winner_is_accepted"),
        (_OFFER.format("ganadora, aceptada_en", "1, 1, 1", "true, '2025-02-01'"), "ofertas_accepted_after_it_was_sent"),
        (_OFFER.format("entregada_en", "1, 1, 1", "'2025-03-02'"), "ofertas_only_accepted_ones_are_delivered"),
        (
            _OFFER.format("ganadora, aceptada_en, entregada_en", "1, 1, 1", "true, '2025-03-03', '2025-03-02'"),
            "ofertas_delivered_after_it_was_accepted",
        ),
        (_OFFER.format("ganadora, aceptada_en", "1, 1, 1", "true, 'infinity'"), "ofertas_times_are_finite"),
        (_OFFER.format("ganadora", "1, 1, 1", "false").replace("(2,", "(1,"), "ofertas_solicitud_id_asesor_id_key"),
        (_OFFER.format("ganadora", "1, 1, 1", "false").replace("(2,", "(9,"), "ofertas_solicitud_id_fkey"),
        (_OFFER.format("ganadora", "1, 1, 1", "false").replace("0001'", "0009'"), "ofertas_asesor_id_fkey"),
        (_SCORES.format("100.01, 1, 1"), "evaluaciones_scores_are_0_to_100"),
        (_SCORES.format("1, 1, 'NaN'"), "evaluaciones_scores_are_0_to_100"),
        (_SCORES.format("1, 1, 1").replace("(1,", "(9,"), "evaluaciones_oferta_id_fkey"),
        (f"auditorias (asesor_id, confianza) VALUES ({_OF_ADVISOR}, 5.01)", "auditorias_confianza_is_1_to_5"),
        (
            f"auditorias (asesor_id, confianza, realizada_en) VALUES ({_OF_ADVISOR}, 5, 'infinity')",
            "auditorias_realizada_en_is_finite",
        ),
        (
            f"auditorias (asesor_id, confianza, realizada_en) VALUES ({_OF_ADVISOR}, 5, '2025-03-01 12:00Z')",
            "auditorias_asesor_id_realizada_en_key",
        ),
        (
            _NOTIFICATION.format("enviada_en, respondida_en", "'2025-03-02', '2025-03-01'"),
            "notificaciones_answered_after_they_were_sent",
        ),
        (
            _NOTIFICATION.format("enviada_en", "'infinity'"),
            "notificaciones_times_are_finite",
        ),
        (_NOTIFICATION.format("enviada_en", "now()").replace(" 1,", " 9,"), "notificaciones_solicitud_id_fkey"),
    ],
)
def test_a_bad_row_is_rejected_by_name(market: Market, statement: str, constraint: str) -> None:
    advisor = market.advisor(1)
    market.connection.execute("ALTER TABLE teloo.solicitudes ALTER id RESTART")
    market.connection.execute("ALTER TABLE teloo.ofertas ALTER id RESTART")
    for _ in range(2):
        market.request(datetime(2025, 3, 1, 12, tzinfo=UTC))
    market.offer(advisor, 1, datetime(2025, 3, 1, 13, tzinfo=UTC))
    market.audit(advisor, datetime(2025, 3, 1, 12, tzinfo=UTC), "3")
    with pytest.raises(psycopg.errors.IntegrityError) as rejected:
        market.connection.execute(f"INSERT INTO teloo.{statement}".encode())
    assert rejected.value.diag.constraint_name == constraint
