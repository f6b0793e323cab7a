"""What is measured: the source systems' views, how many rows lie beneath them, and what is done to these rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Workload:
    """Statements that change rows. They know %(number)s, how many, and %(seed)s, another one each time."""

    words: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One view. `size` is the argument of its system's generate_sample_data() at scale 1; shares of changed rows are
    shares of `counted`; `key` tells its rows apart."""

    name: str
    system: str
    view: str
    key: tuple[str, ...]
    size: int
    counted: str
    mixed: Workload
    stages: tuple[str, ...] = ()
    # Shares whose ratio the project promises, and what it promises.
    targets: tuple[tuple[float, float], ...] = ()
    # A workload of its own: what it is, how many rows at scale 1, the promised ratio.
    particular: tuple[Workload, int, float] | None = None


# Rows are picked by hash: the same ones in every run, other ones for every seed.
_TRANSACTIONS = Workload(
    "six in ten new, three with another state, one deleted",
    (
        "SELECT universal_transactions.add_sample_transactions((%(number)s * 0.6)::integer)",
        """
        UPDATE universal_transactions.cpg_pos
        SET estado = CASE estado WHEN 'pagada' THEN 'devuelta' ELSE 'pagada' END
        WHERE id IN (
            SELECT 1 + abs(hashint8extended(n, %(seed)s) %% latest.id)
            FROM generate_series(1, (%(number)s * 0.3)::integer) AS n
            CROSS JOIN (SELECT max(id) AS id FROM universal_transactions.cpg_pos) AS latest
        )
        """,
        """
        DELETE FROM universal_transactions.ecommerce_orders
        WHERE id IN (
            SELECT 1 + abs(hashint8extended(n, %(seed)s) %% latest.id)
            FROM generate_series(1, (%(number)s * 0.1)::integer) AS n
            CROSS JOIN (SELECT max(id) AS id FROM universal_transactions.ecommerce_orders) AS latest
        )
        """,
    ),
)
_SALES = Workload("new sales of today, each taken from the stock", ("SELECT fluxion.add_sample_sales(%(number)s)",))
_CORRECTED_SALES = Workload(
    "new sales of today, each taken from the stock, 5,000 a statement; one in a hundred a correction of the last month",
    (
        """
        SELECT fluxion.add_sample_sales(least(5000, %(number)s - %(number)s / 100 - done))
        FROM generate_series(0, %(number)s - %(number)s / 100 - 1, 5000) AS done
        """,
        """
        UPDATE fluxion.ventas SET cantidad = cantidad + 1
        WHERE id IN (
            SELECT latest.id - abs(hashint8extended(n, %(seed)s) %% (latest.id / 4))
            FROM generate_series(1, %(number)s / 100) AS n
            CROSS JOIN (SELECT max(id) AS id FROM fluxion.ventas) AS latest
        )
        """,
    ),
)
_NEW_TRIPS = """
    INSERT INTO ops.trips (driver_id, status)
    SELECT picked.driver_id, CASE WHEN n %% 8 = 0 THEN 'cancelled' ELSE 'completed' END
    FROM generate_series(1, (%(number)s * {share})::integer) AS n
    CROSS JOIN LATERAL (
        SELECT d.driver_id FROM public.drivers AS d
        WHERE d.driver_id >= 1 + abs(hashint8extended(n, %(seed)s) %% (SELECT max(driver_id) FROM public.drivers))
        ORDER BY d.driver_id LIMIT 1
    ) AS picked
"""
_TRIPS = Workload(
    "seven in ten new trips, two cancelled or not after all, one deleted",
    (
        _NEW_TRIPS.format(share=0.7),
        """
        UPDATE ops.trips SET status = CASE status WHEN 'completed' THEN 'cancelled' ELSE 'completed' END
        WHERE trip_id IN (
            SELECT 1 + abs(hashint8extended(n, %(seed)s + 1) %% latest.id)
            FROM generate_series(1, (%(number)s * 0.2)::integer) AS n
            CROSS JOIN (SELECT max(trip_id) AS id FROM ops.trips) AS latest
        )
        """,
        """
        DELETE FROM ops.trips
        WHERE trip_id IN (
            SELECT 1 + abs(hashint8extended(n, %(seed)s + 2) %% latest.id)
            FROM generate_series(1, (%(number)s * 0.1)::integer) AS n
            CROSS JOIN (SELECT max(trip_id) AS id FROM ops.trips) AS latest
        )
        """,
    ),
)
_FEW_TRIPS = Workload("new trips", (_NEW_TRIPS.format(share=1),))
_OFFERS = Workload(
    "half new offers to the last tenth of all requests, half offers of the last quarter with another price",
    (
        """
        INSERT INTO teloo.ofertas (solicitud_id, asesor_id, precio, tiempo_entrega_dias, garantia_meses)
        SELECT latest.id - abs(hashint8extended(n, %(seed)s) %% (latest.id / 10)), teloo.sample_uuid(
            1 + abs(hashint8extended(n, %(seed)s + 1) %% (SELECT count(*) FROM teloo.asesores))
        ), 90000, 3, 6
        FROM generate_series(1, (%(number)s * 0.5)::integer) AS n
        CROSS JOIN (SELECT max(id) AS id FROM teloo.solicitudes) AS latest
        ON CONFLICT DO NOTHING
        """,
        """
        UPDATE teloo.ofertas SET precio = precio + 1000
        WHERE id IN (
            SELECT latest.id - abs(hashint8extended(n, %(seed)s) %% (latest.id / 4))
            FROM generate_series(1, (%(number)s * 0.5)::integer) AS n
            CROSS JOIN (SELECT max(id) AS id FROM teloo.ofertas) AS latest
        )
        """,
    ),
)

SHARES = (0.0, 0.0001, 0.001, 0.01, 0.1)
UNIVERSAL = Subject(
    name="universal_transactions",
    system="universal_transactions",
    view="universal_transactions.universal_transactions_mv",
    key=("origen", "transaccion_id"),
    size=1_000_000,
    counted="universal_transactions.universal_transactions_mv",
    mixed=_TRANSACTIONS,
    targets=((0.0, 1_500), (0.0001, 150), (0.001, 70), (0.01, 12), (0.1, 2)),
)
SUBJECTS = (
    UNIVERSAL,
    Subject(
        name="fluxion",
        system="fluxion",
        view="fluxion.mv_ubicaciones_summary_regional",
        key=("ubicacion_id", "almacen_codigo"),
        size=7_000_000,
        counted="fluxion.ventas",
        mixed=_CORRECTED_SALES,
        stages=("demanda_p75", "surtido", "clase_abc", "stock_con_demanda", "abc_metrics"),
        particular=(_SALES, 800, 40),
    ),
    Subject(
        name="driver_matrix",
        system="driver_matrix",
        view="ops.mv_payments_driver_matrix_cabinet",
        key=("driver_id",),
        size=200_000,
        counted="ops.trips",
        mixed=_TRIPS,
        particular=(_FEW_TRIPS, 10, 200),
    ),
    Subject(
        name="teloo: months",
        system="teloo",
        view="teloo.mv_metricas_mensuales",
        key=("mes",),
        size=300_000,
        counted="teloo.ofertas",
        mixed=_OFFERS,
        stages=("solicitudes_mes", "ofertas_mes"),
    ),
    Subject(
        name="teloo: ranking",
        system="teloo",
        view="teloo.mv_ranking_asesores",
        key=("asesor_id",),
        size=300_000,
        counted="teloo.ofertas",
        mixed=_OFFERS,
        stages=("ofertas_30d", "notificaciones_30d"),
    ),
)
