"""The four source systems' views: which tables are direct on what, and why the others are not.
VISTAFRESCA_LONG_TESTS=1 tries random changes of their tables against it."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from refresh_task.incremental.model import Proof, Slide, Source
from refresh_task.incremental.proof import prove
from refresh_task.incremental.proof.words import SHAPES
from tests.fix_database import Database
from tests.integration.incremental.proof.brute_force import BruteForce, Claimed

FLUXION = "fluxion.mv_ubicaciones_summary_regional"
UNIVERSAL = "universal_transactions.universal_transactions_mv"
MONTHS = "teloo.mv_metricas_mensuales"
RANKING = "teloo.mv_ranking_asesores"
MATRIX = "ops.mv_payments_driver_matrix_cabinet"
CARACAS = "AT TIME ZONE 'America/Caracas'::text"


@pytest.fixture(scope="module")
def proofs(systems_template: Database) -> Mapping[str, Proof]:
    """By the name of the view; as soon as the counters say which tables change."""
    systems_template.wait_for(
        "SELECT true FROM pg_stat_user_tables WHERE relid = 'fluxion.ventas'::regclass AND n_tup_ins > 0"
    )
    oids = systems_template.rows("SELECT oid::regclass::text, oid::bigint FROM pg_class WHERE relkind = 'm'")
    with systems_template.session() as session:
        return {name: prove(session, oid) for name, oid in oids}


def test_fluxion(proofs: Mapping[str, Proof]) -> None:
    """A warehouse's row depends on its own stock and sales; a product may be in any warehouse."""
    proof = proofs[FLUXION]
    assert proof.slices == (("ubicacion_id", "almacen_codigo"), ("ubicacion_id",))
    assert proof.key == ("ubicacion_id", "almacen_codigo")
    assert said(proof) == {
        "fluxion.almacenes": "1 by ubicacion_id, codigo",
        "fluxion.inventario": "1 by ubicacion_id, almacen_codigo",
        "fluxion.productos": SHAPES["join"].format(columns="ubicacion_id and almacen_codigo"),
        "fluxion.ubicaciones": "2 by id",
        "fluxion.ventas": "1 by ubicacion_id, almacen_codigo",
    }
    assert (proof.obstacles, proof.moving, proof.remarks) == ((), (), ())


def test_the_window_of_fluxion_slides(proofs: Mapping[str, Proof]) -> None:
    """The 30 complete days before today in Caracas, whatever the session's time zone."""
    assert source(proofs[FLUXION], "fluxion.ventas").slides == (
        Slide("fecha", f"(($1 {CARACAS})::date - 30)::timestamp {CARACAS}", ">=", is_absolute=True),
        Slide("fecha", f"($1 {CARACAS})::date::timestamp {CARACAS}", "<", is_absolute=True),
    )


def test_stages_make_slices_of_fluxion_finer(proofs: Mapping[str, Proof]) -> None:
    """One sale touches one product of one warehouse, not the whole of it."""
    suggested = {one.name: (one.keys, one.helps) for one in proofs[FLUXION].suggestions}
    assert suggested["demanda_p75"] == (("ubicacion_id", "almacen_codigo", "producto_id"), ("fluxion.ventas",))


def test_universal_transactions(proofs: Mapping[str, Proof]) -> None:
    """A transaction by its line and id, wherever it comes from; a customer by the customer. Rows without a customer
    have nothing to do with customers: that is known, too."""
    proof = proofs[UNIVERSAL]
    assert set(proof.slices) == {("origen", "transaccion_id"), ("cliente_id",)}
    assert proof.key == ("origen", "transaccion_id")
    by_id, by_customer = (
        proof.slices.index(slicing) + 1 for slicing in (("origen", "transaccion_id"), ("cliente_id",))
    )
    lines = ("cpg_consignment", "cpg_pos", "cpg_wholesale", "ecommerce_orders", "subscription_charges")
    assert said(proof) == {
        "universal_transactions.clientes": f"{by_customer} by id",
        **{f"universal_transactions.{line}": f"{by_id} by '{line}'::text, id" for line in lines},
    }
    assert {found.null_slice for found in proof.sources} == {"rows"}


def test_the_driver_matrix(proofs: Mapping[str, Proof]) -> None:
    """A FULL OUTER JOIN and seven LEFT JOINs, all of them by the driver; rules and statements are everybody's."""
    proof = proofs[MATRIX]
    assert proof.slices == (("driver_id",),)
    assert proof.key == ("driver_id",)
    by_driver = ("observational.leads", "ops.funnel_events", "ops.trips", "ops.yango_claims", "ops.yango_payments")
    assert said(proof) == {
        **dict.fromkeys((*by_driver, "public.drivers"), "1 by driver_id"),
        "ops.milestone_rules": SHAPES["window"].format(columns="driver_id"),
        "ops.yango_statements": SHAPES["subquery"].format(columns="driver_id"),
    }
    # the key is COALESCE of both sides: proved never to be NULL, so that no trip makes all rows without a driver anew
    assert {found.null_slice for found in proof.sources if found.slice} == {"rows"}


def test_teloo_s_months(proofs: Mapping[str, Proof]) -> None:
    """The calendar's first and last month depend on all requests; each month's counts, kept as a stage, on its own."""
    proof = proofs[MONTHS]
    assert (proof.slices, proof.key) == ((), ("mes",))
    assert said(proof)["teloo.solicitudes"] == SHAPES["shared_cte"].format(name="solicitudes_mes")
    assert {"solicitudes_mes", "ofertas_mes"} <= {one.name for one in proof.suggestions}


def test_teloo_s_ranking(proofs: Mapping[str, Proof]) -> None:
    """A rank among all advisors, over what stages could keep by advisor. Its window is in a subquery."""
    proof = proofs[RANKING]
    assert (proof.slices, proof.key) == ((), ("asesor_id",))
    assert set(said(proof).values()) == {SHAPES["window"].format(columns="asesor_id")}
    assert proof.moving == ("the date in America/Bogota",)
    assert {one.name: one.keys for one in proof.suggestions}["ofertas_30d"] == ("asesor_id",)


@pytest.mark.skipif(os.environ.get("VISTAFRESCA_LONG_TESTS") != "1", reason="takes minutes")
def test_no_claim_is_belied(systems_template: Database, proofs: Mapping[str, Proof]) -> None:
    views = [Claimed(name, f"SELECT * FROM {_base_query(name)}", proof) for name, proof in proofs.items()]
    with systems_template.connect(autocommit=False) as connection:
        tried = BruteForce(connection, views, seed=20261130)
        assert tried.run(1_000) == []
        connection.rollback()
    assert tried.touched > 100  # what the demo's data are like depends on the day


def _base_query(view: str) -> str:
    schema, _, name = view.partition(".")
    return f"{schema}.{name.replace('mv_', 'v_', 1)}" if "mv_" in name else f"{schema}.v_universal_transactions"


def said(proof: Proof) -> dict[str, str]:
    """Each table's slicing and expressions, or why it has none."""
    return {found.name: found.reason or f"{found.slice} by {', '.join(found.expressions)}" for found in proof.sources}


def source(proof: Proof, name: str) -> Source:
    (found,) = [found for found in proof.sources if found.name == name]
    return found
