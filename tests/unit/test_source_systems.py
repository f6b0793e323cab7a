"""docs/source-systems.md: every item of the source documents has an existing place and test, or a reason."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "source-systems.md"
HEADER = ["Source", "Item", "Where it lives", "Shown by"]

COLUMNS = [
    ("000", "1. Vista Materializada", 15, [
        "region", "ubicacion_id", "ubicacion_nombre", "tipo", "almacen_codigo", "total_skus", "skus_con_stock",
        "stock_cero", "stock_negativo", "ultima_actualizacion", "fill_rate", "dias_cobertura_a", "dias_cobertura_b",
        "dias_cobertura_c", "riesgo_quiebre",
    ]),
    ("002", "Materialized Views: 1.", 22, [
        "mes", "solicitudes_creadas", "solicitudes_aceptadas", "solicitudes_rechazadas", "solicitudes_expiradas",
        "solicitudes_sin_ofertas", "tiempo_promedio_cierre_seg", "ofertas_totales", "ofertas_ganadoras",
        "ofertas_aceptadas", "precio_promedio_ofertas", "precio_minimo_ofertas", "precio_maximo_ofertas",
        "tiempo_entrega_promedio", "garantia_promedio_meses", "clientes_activos", "asesores_activos",
        "marcas_vehiculos_solicitadas", "volumen_transaccional_total", "tasa_aceptacion_pct",
        "tasa_conversion_ofertas_pct", "ofertas_promedio_por_solicitud",
    ]),
    ("002", "Materialized Views: 2.", 32, [
        "asesor_id", "asesor_nombre", "asesor_email", "ciudad", "departamento", "punto_venta", "confianza",
        "nivel_actual", "estado_asesor", "actividad_reciente_pct", "desempeno_historico_pct",
        "ofertas_historicas_total", "ofertas_ganadoras", "ofertas_aceptadas_cliente", "entregas_exitosas",
        "tiempo_promedio_respuesta_seg", "monto_promedio_ofertas", "volumen_total_ofertas", "confianza_auditada",
        "auditorias_realizadas", "ultima_auditoria", "notificaciones_recibidas", "notificaciones_respondidas",
        "tiempo_promedio_respuesta_notif_seg", "tasa_respuesta_pct", "tasa_conversion_ofertas_pct",
        "tasa_exito_completo_pct", "ranking_ciudad", "ranking_nacional", "percentil_ofertas_ganadoras_ciudad",
        "percentil_ofertas_ganadoras_nacional", "calculado_at",
    ]),
]  # fmt: skip
ENDPOINTS = {
    "000": ["GET /api/ubicaciones/summary-regional"],
    "001": [
        "POST /api/v1/mv/refresh",
        "POST /api/v1/mv/refresh/universal-transactions",
        "GET /api/v1/mv/health/universal-transactions",
        "GET /api/v1/mv/metrics/refresh-history",
    ],
    "002": [
        "POST /materialized-views/refresh",
        "GET /materialized-views/status",
        "GET /materialized-views/health",
        "GET /materialized-views/monthly-metrics",
        "GET /materialized-views/advisor-rankings",
        "GET /materialized-views/top-advisors",
        "GET /materialized-views/city-summary",
        "GET /materialized-views/scheduler/status",
        "POST /materialized-views/scheduler/trigger-refresh",
        "PUT /materialized-views/scheduler/reschedule",
        "/health",
    ],
    "003": ["GET /api/v1/ops/payments/driver-matrix"],
    "004": ["GET /api/v1/ops/payments/driver-matrix"],
}


def _tables() -> dict[str, list[list[str]]]:
    """By document number, its table's rows as lists of cells, the header's first."""
    sections = re.split(r"^## (\d{3}) .*$", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]
    return {
        number: [
            [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" | ")]
            for line in text.splitlines()
            if line.startswith("|") and not line.startswith("|---")
        ]
        for number, text in zip(sections[::2], sections[1::2], strict=True)
    }


TABLES = _tables()
EVERY_DOCUMENT = pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])


def _rows(number: str) -> list[list[str]]:
    header, *rows = TABLES[number]
    assert header == HEADER
    assert rows
    return rows


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _paths(cell: str) -> list[str]:
    """What is quoted in this cell and looks like a file or folder of the repository, tests by name aside."""
    return [
        word for word in _quoted(cell) if re.fullmatch(r"\w[\w.-]*(/[\w.-]+)+/?|[\w-]+\.(py|md|toml|json)|\w+/", word)
    ]


def _named_tests(cell: str) -> list[tuple[str, str]]:
    return [(file, name) for file, _, name in (word.partition("::") for word in _quoted(cell)) if name]


@cache
def _functions(file: str) -> frozenset[str]:
    """Names of the test functions at the top level of this file; none if there is no such file."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    definitions = ast.parse(path.read_text()).body
    return frozenset(node.name for node in definitions if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_reason(shown: str) -> bool:
    return re.match(r"(documented|measured): [\w`]+|not built$", shown) is not None


def test_no_further_table_stands_in_the_file() -> None:
    assert list(TABLES) == ["000", "001", "002", "003", "004"]
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|") and not line.startswith("|---")]
    assert len(lines) == sum(len(rows) for rows in TABLES.values())


@EVERY_DOCUMENT
def test_rows_are_whole_and_none_stands_twice(number: str) -> None:
    rows = _rows(number)
    assert [row for row in rows if len(row) != 4 or not all(row) or "TBD" in " ".join(row)] == []
    items = [(source, item) for source, item, _, _ in rows]
    assert sorted({item for item in items if items.count(item) > 1}) == []


@EVERY_DOCUMENT
def test_every_place_exists(number: str) -> None:
    places = {(item, place): _paths(place) for _, item, place, _ in _rows(number)}
    assert [path for paths in places.values() for path in paths if not (ROOT / path).exists()] == []
    nowhere = [row for row, paths in places.items() if not paths and not re.search(r"not built: \w+", row[1])]
    assert nowhere == []


@EVERY_DOCUMENT
def test_every_test_exists_or_a_reason_stands_in_its_place(number: str) -> None:
    shown_by = [shown for _, _, _, shown in _rows(number)]
    tests = [test for shown in shown_by for test in _named_tests(shown)]
    assert tests
    assert [f"{file}::{name}" for file, name in tests if name not in _functions(file)] == []
    assert [(file, name) for file, name in tests if not (file.startswith("tests/") and name.startswith("test_"))] == []
    assert [path for shown in shown_by for path in _paths(shown) if not (ROOT / path).exists()] == []
    assert [shown for shown in shown_by if not _named_tests(shown) and not _is_reason(shown)] == []


@EVERY_DOCUMENT
def test_what_nothing_shows_because_it_is_not_built_says_why(number: str) -> None:
    unexplained = [row for row in _rows(number) if row[3] == "not built" and not re.search(r"not built: \w+", row[2])]
    assert unexplained == []


@pytest.mark.parametrize(("number", "section", "count", "columns"), COLUMNS)
def test_every_column_of_the_documents_views_is_there(
    number: str, section: str, count: int, columns: list[str]
) -> None:
    assert len(set(columns)) == count
    items = {word for row in _rows(number) if row[0].startswith(section) for word in _quoted(row[1])}
    assert sorted(set(columns) - items) == []


@pytest.mark.parametrize("number", sorted(ENDPOINTS))
def test_every_endpoint_of_the_documents_is_there(number: str) -> None:
    items = {word.partition("?")[0] for row in _rows(number) for word in _quoted(row[1])}
    assert sorted(set(ENDPOINTS[number]) - items) == []
