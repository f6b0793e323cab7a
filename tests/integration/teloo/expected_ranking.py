"""The 32 measures of each advisor worked out in plain Python, independently of the view's SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.integration.teloo.system import (
    Connection,
    Row,
    mean,
    ratio,
    read_tables,
    seconds,
    start_of,
    today_in_bogota,
)


def expected_ranking(connection: Connection) -> list[dict[str, Any]]:
    """One row for every advisor, by id."""
    tables = read_tables(connection)
    today = today_in_bogota(connection)
    since, until = start_of(today - timedelta(days=30)), start_of(today)
    created = {request["id"]: request["creada_en"] for request in tables["solicitudes"]}

    offers: dict[Any, list[Row]] = defaultdict(list)
    notifications: dict[Any, list[Row]] = defaultdict(list)
    audits: dict[Any, list[Row]] = defaultdict(list)
    for table, kept in (("ofertas", offers), ("notificaciones", notifications)):
        for row in tables[table]:
            if since <= row["enviada_en"] < until:
                kept[row["asesor_id"]].append(row)
    for row in tables["auditorias"]:
        audits[row["asesor_id"]].append(row)

    rows = []
    for advisor in sorted(tables["asesores"], key=lambda advisor: advisor["id"].bytes):
        key = advisor["id"]
        answers = [seconds(offer["enviada_en"], created[offer["solicitud_id"]]) for offer in offers[key]]
        rows.append(
            {
                "asesor_id": key,
                "asesor_nombre": advisor["nombre"],
                "asesor_email": advisor["email"],
                **{
                    name: advisor[name]
                    for name in ("ciudad", "departamento", "punto_venta", "confianza", "nivel_actual")
                },
                "estado_asesor": advisor["estado"],
                "actividad_reciente_pct": advisor["actividad_reciente_pct"],
                "desempeno_historico_pct": advisor["desempeno_historico_pct"],
                **offer_measures(offers[key]),
                "tiempo_promedio_respuesta_seg": mean([max(answer, Fraction(0)) for answer in answers]),
                **audit_measures(audits[key]),
                **notification_measures(notifications[key]),
                "calculado_at": until,
            }
        )
    add_places(rows)
    return rows


def offer_measures(offers: Sequence[Row]) -> dict[str, Any]:
    won, delivered = sum(o["ganadora"] for o in offers), sum(o["entregada_en"] is not None for o in offers)
    return {
        "ofertas_historicas_total": len(offers),
        "ofertas_ganadoras": won,
        "ofertas_aceptadas_cliente": sum(offer["aceptada_en"] is not None for offer in offers),
        "entregas_exitosas": delivered,
        "monto_promedio_ofertas": mean([offer["precio"] for offer in offers]),
        "volumen_total_ofertas": sum((offer["precio"] for offer in offers), Decimal(0)),
        "tasa_conversion_ofertas_pct": ratio(100 * won, len(offers)),
        "tasa_exito_completo_pct": ratio(100 * delivered, len(offers)),
    }


def audit_measures(audits: Sequence[Row]) -> dict[str, Any]:
    last = max(audits, key=lambda audit: audit["realizada_en"], default=None)
    return {
        "confianza_auditada": None if last is None else last["confianza"],
        "auditorias_realizadas": len(audits),
        "ultima_auditoria": None if last is None else last["realizada_en"],
    }


def notification_measures(notifications: Sequence[Row]) -> dict[str, Any]:
    answered = [one for one in notifications if one["respondida_en"] is not None]
    return {
        "notificaciones_recibidas": len(notifications),
        "notificaciones_respondidas": len(answered),
        "tiempo_promedio_respuesta_notif_seg": mean([seconds(o["respondida_en"], o["enviada_en"]) for o in answered]),
        "tasa_respuesta_pct": ratio(100 * len(answered), len(notifications)),
    }


def comes_before(row: Row, other: Row) -> bool:
    """More offers won; then the shorter response, any before none; then the higher trust score."""
    if row["ofertas_ganadoras"] != other["ofertas_ganadoras"]:
        return bool(row["ofertas_ganadoras"] > other["ofertas_ganadoras"])
    mine, theirs = (one["tiempo_promedio_respuesta_seg"] for one in (row, other))
    if mine != theirs:
        return mine is not None and (theirs is None or mine < theirs)
    return bool(row["confianza"] > other["confianza"])


def add_places(rows: list[dict[str, Any]]) -> None:
    """A place is one more than the number of those before; a percentile, the share of the others who won fewer."""
    for row in rows:
        city = [one for one in rows if (one["ciudad"], one["departamento"]) == (row["ciudad"], row["departamento"])]
        for scope, rivals in (("ciudad", city), ("nacional", rows)):
            fewer = sum(rival["ofertas_ganadoras"] < row["ofertas_ganadoras"] for rival in rivals)
            row[f"ranking_{scope}"] = 1 + sum(comes_before(rival, row) for rival in rivals)
            row[f"percentil_ofertas_ganadoras_{scope}"] = ratio(100 * fewer, len(rivals) - 1)
