"""What a change of each table does to a view, proved for the database as it is now, and captured accordingly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError
from refresh_task.incremental.lifecycle.claim import Claim, MaintainedTable
from refresh_task.incremental.model import Proof

_ATTEMPTS = 5


def prove_relation(
    session: Session,
    relation: int,
    *,
    key: Sequence[str] | None = None,
    slices: Sequence[Sequence[str]] | None = None,
) -> Proof:
    """What can be proved of a view or a materialized view (OID)."""
    # the parser takes a quarter of a second to import, and most runs prove nothing
    from refresh_task.incremental.proof import prove  # noqa: PLC0415

    return prove(session, relation, key=key, slices=slices)


def settle_proof(claim: Claim) -> dict[str, Proof]:
    """Prove what is maintained for the view, capture what that asks for, and record both; by the table's stage, "" for
    the output.

    What a proof rests on may be altered at any moment, also while it is made. So a structure is read between two proofs
    that come out alike: refreshes compare it with that of their own moment, and are made in full where it is another.
    """
    session = claim.session
    tables = claim.tables()
    slices = (claim.read().original or {}).get("slices")
    proofs = _prove(session, tables, slices)
    for _ in range(_ATTEMPTS):
        for table, proof in proofs.items():
            _refuse(claim, proof)
            _capture(session, table, proof)
        structure = session.fetch_one("read_proof_structure", view=claim.view)["structure"]
        again = _prove(session, tables, slices)
        if again == proofs:
            by_stage = {_name(tables, table): proof for table, proof in proofs.items()}
            session.execute(
                "update_proof",
                view=claim.view,
                proof=json.dumps({stage: asdict(proof) for stage, proof in by_stage.items()}),
                structure=structure,
            )
            return by_stage
        proofs = again
    raise ConfigurationError(
        "the tables that it reads are being altered at this moment.", subject=claim.view, remedy="Try again later."
    )


def _prove(
    session: Session, tables: Sequence[MaintainedTable], slices: Sequence[Sequence[str]] | None
) -> dict[int, Proof]:
    """`slices`: those that were asked for, of the output; None: the best that there are."""
    return {
        table.id: prove_relation(
            session, table.definition, key=table.key, slices=slices if table.stage is None else None
        )
        for table in tables
        if table.definition is not None
    }


def _refuse(claim: Claim, proof: Proof) -> None:
    if proof.obstacles:
        raise ConfigurationError(
            "it cannot be refreshed incrementally any more: " + "; ".join(proof.obstacles) + ".",
            subject=claim.view,
            remedy=f"Mend that, or give it back: vistafresca incremental disable {claim.view}",
        )


def _capture(session: Session, table: int, proof: Proof) -> None:
    """Each table's triggers are committed by themselves: they wait for writers, and hold up others meanwhile."""
    captured = [
        (source, session.fetch_one("capture_table", relation=source.relation, columns=list(source.columns)))
        for source in proof.sources
    ]
    with session.transaction():
        session.execute("delete_maintained_sources", table=table, captures=[row["id"] for _, row in captured])
        for source, row in captured:
            session.execute(
                "upsert_maintained_source",
                table=table,
                capture=row["id"],
                slice=source.slice,
                expressions=list(source.expressions),
                null_slice=source.null_slice,
                slides=json.dumps([asdict(slide) for slide in source.slides]),
                layout=row["layout"],
                reason=source.reason,
            )
        session.execute(
            "update_maintained_table",
            table=table,
            slices=json.dumps(proof.slices),
            key=None if proof.key is None else list(proof.key),
            moving=list(proof.moving),
        )


def _name(tables: Sequence[MaintainedTable], table: int) -> str:
    return next(each.stage or "" for each in tables if each.id == table)
