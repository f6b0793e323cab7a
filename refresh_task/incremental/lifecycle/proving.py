"""What a change of each table does to a view, proved for the database as it is now, and captured accordingly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError
from refresh_task.incremental.lifecycle.claim import Claim, MaintainedTable
from refresh_task.incremental.model import Proof, Source
from refresh_task.incremental.stages import linear_proof, renew_measures

_ATTEMPTS = 5
_AS_A_WHOLE = "the materialized view over the stages is refreshed as a whole"


def prove_relation(
    session: Session,
    relation: int,
    *,
    key: Sequence[str] | None = None,
    slices: Sequence[Sequence[str]] | None = None,
    table_id: int | None = None,
) -> Proof:
    """What can be proved of a view or a materialized view (OID). `table_id`: planned as the owner of that maintained
    table, for whoever wrote the view could have functions run in planning it."""
    # the parser takes a quarter of a second to import, and most runs prove nothing
    from refresh_task.incremental.proof import prove  # noqa: PLC0415

    return prove(session, relation, key=key, slices=slices, table_id=table_id)


def prove_whole(session: Session, relation: int, *, table_id: int) -> Proof:
    """Of a materialized view (OID) over stages: what its own query reads, any change of which may touch all of it."""
    proof = prove_relation(session, relation, table_id=table_id)
    sources = [
        replace(
            source, slice=None, expressions=(), lookup=None, columns=(), null_slice="any", slides=(), reason=_AS_A_WHOLE
        )
        for source in proof.sources
    ]
    return replace(proof, slices=(), sources=tuple(sources), key=None)


def settle_proof(claim: Claim) -> dict[str, Proof]:
    """Prove what is maintained for the view, capture what that asks for, and record both; by the table's stage, "" for
    the output.

    What a proof rests on may be altered at any moment, also while it is made. So the facts are read between two proofs
    that come out alike: refreshes compare them with those of their own moment, and are made in full where they differ.
    """
    session = claim.session
    tables = claim.tables()
    proofs = _prove(session, tables)
    for _ in range(_ATTEMPTS):
        for table in tables:
            _refuse(claim, proofs[table.id].proof)
            capture_sources(session, table.id, proofs[table.id].proof.sources)
        structure = session.fetch_one("read_proof_structure", view=claim.view)["structure"]
        again = _prove(session, tables)
        if again == proofs:
            by_stage = {table.stage or "": proofs[table.id].proof for table in tables}
            for table in tables:
                # before the proof is recorded: until then refreshes are in full, and go by no measures
                if table.measures is not None:
                    session.execute("make_linear", table=table.id, measures=json.dumps(proofs[table.id].measures))
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


def capture_sources(session: Session, table: int, sources: Sequence[Source]) -> None:
    """Have changes captured as a proof asks for it, and record what each does to the table. Triggers are committed one
    table after another: they wait for writers, and hold up others meanwhile."""
    captured = capture(session, sources)
    with session.transaction():
        session.execute("delete_maintained_sources", table=table, captures=[row["id"] for _, row in captured])
        for source, row in captured:
            session.execute(
                "upsert_maintained_source",
                table=table,
                capture=row["id"],
                slice=source.slice,
                expressions=list(source.expressions),
                lookup=None if source.lookup is None else json.dumps(asdict(source.lookup)),
                columns=list(source.columns),
                null_slice=source.null_slice,
                slides=json.dumps([asdict(slide) for slide in source.slides]),
                layout=row["layout"],
                reason=source.reason,
            )


def capture(session: Session, sources: Sequence[Source]) -> list[tuple[Source, dict[str, Any]]]:
    """Have the changes of these tables captured. Returns each with its id and layout; without materialized views, whose
    refreshes are seen by themselves."""
    tables = {
        row["relation"]
        for row in session.fetch_all("read_capturable", relations=[source.relation for source in sources])
    }
    return [
        (source, session.fetch_one("capture_table", relation=source.relation, columns=list(source.columns)))
        for source in sources
        if source.relation in tables
    ]


@dataclass(frozen=True, slots=True)
class _Proved:
    """Of a maintained table. `measures`: of a linear one, by the names that columns have now."""

    proof: Proof
    measures: dict[str, Any] | None


def _prove(session: Session, tables: Sequence[MaintainedTable]) -> dict[int, _Proved]:
    """By table; a slicing that was chosen, or asked for, is kept."""
    return {table.id: _prove_table(session, table) for table in tables}


def _prove_table(session: Session, table: MaintainedTable) -> _Proved:
    definition = table.definition
    if definition is None:
        assert table.relation is not None  # noqa: S101  # the materialized view
        return _Proved(prove_whole(session, table.relation, table_id=table.id), None)
    names = session.fetch_all("prove_names", views=[definition], functions=[])
    if any(not row["is_alias"] for row in names):
        session.execute("renew_definition", table=table.id)
    proof = prove_relation(session, definition, key=table.key, slices=table.slices or None, table_id=table.id)
    if table.measures is None:
        return _Proved(proof, None)
    # a linear table needs of its one source the columns that it counts and adds up
    measures = renew_measures(session, definition, table.measures, subject=table.stage or "")
    moved = measures if isinstance(measures, str) else linear_proof(proof, measures)
    if isinstance(measures, str) or isinstance(moved, str):
        return _Proved(replace(proof, obstacles=(*proof.obstacles, str(moved))), table.measures)
    return _Proved(moved, measures)


def _refuse(claim: Claim, proof: Proof) -> None:
    if proof.obstacles:
        raise ConfigurationError(
            "it cannot be refreshed incrementally any more: " + "; ".join(proof.obstacles) + ".",
            subject=claim.view,
            remedy=f"Mend that, or give it back: vistafresca incremental disable {claim.view}",
        )
