"""The four source systems' views, in words: which tables are direct on what. VISTAFRESCA_LONG_TESTS=1 tries random changes
against it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from refresh_task.database import Session
from refresh_task.incremental.model import Proof, Source
from refresh_task.incremental.proof import prove
from tests.fix_database import Database
from tests.integration.incremental.proof.brute_force import BruteForce, Claimed

DAY = "AT TIME ZONE 'America/Caracas'::text"

EXPECTED = {
    "fluxion.mv_ubicaciones_summary_regional": """
        slices: (ubicacion_id, almacen_codigo); (ubicacion_id)
        key: ubicacion_id, almacen_codigo
        fluxion.almacenes: 1 by ubicacion_id, codigo; NULL by rows
        fluxion.inventario: 1 by ubicacion_id, almacen_codigo; NULL by rows
        fluxion.productos: it is joined by other columns than ubicacion_id and almacen_codigo: one row of it may belong to any slice
        fluxion.ubicaciones: 2 by id; NULL by rows
        fluxion.ventas: 1 by ubicacion_id, almacen_codigo; NULL by rows; fecha slides with (($1 {day})::date - 30)::timestamp {day}; fecha slides with ($1 {day})::date::timestamp {day}
        stage ventas_30d by ubicacion_id, almacen_codigo, producto_id, dia: fluxion.ventas
        stage demanda_p75 by ubicacion_id, almacen_codigo, producto_id: fluxion.ventas
    """,
}
