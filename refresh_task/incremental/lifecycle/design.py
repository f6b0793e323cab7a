"""What is to be kept for a view: the table of its output, and one for each stage, with their definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError
from refresh_task.incremental.lifecycle.outcome import Output
from refresh_task.incremental.lifecycle.proving import prove_relation, prove_whole
from refresh_task.incremental.model import Proof
from refresh_task.incremental.stages import OrdinaryViews, Stage, linear_proof, read_key, read_linear, split

_SCHEMA = "bi_refresh_incremental"


@dataclass(frozen=True, slots=True)
class Design:
    """How a view is to be kept. `query` is in PostgreSQL's spelling, `views` those beneath it; `model` is the relation
    that the output will stand in for, and `owner` its owner (OIDs). `output` is what the output is to be. `key` and
    `slices` are a table's; None: what can be proved."""

    view: str
    query: str
    views: OrdinaryViews
    owner: int
    model: int
    stages: tuple[str, ...] = ()
    output: Output = "table"
    key: Sequence[str] | None = None
    slices: Sequence[Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class MadeTable:
    """A table that was made, empty, and what is proved of it. `not_linear`: why a stage is not kept by the changes
    alone, in words; None: it is, or this is the output."""

    id: int
    stage: str | None
    proof: Proof
    not_linear: str | None = None


def make_tables(session: Session, design: Design, *, first_position: int, output_stage: str | None) -> list[MadeTable]:
    """Make the tables of a design, with their definitions and functions, and prove them; in the caller's transaction.

    `output_stage` is what the output is called as long as it does not stand under the view's name. Raises
    ConfigurationError where one can never be refreshed incrementally.
    """
    chain = split(design.query, design.stages, subject=design.view, views=design.views) if design.stages else None
    names: dict[str, str] = {}
    made: list[MadeTable] = []
    for position, stage in enumerate(chain.stages if chain is not None else (), start=first_position):
        made.append(_make_stage(session, design, stage, position, names))
        names[stage.name] = f"{_SCHEMA}.table_{made[-1].id}"
    text = design.query if chain is None else chain.output.render(names.__getitem__)
    table = _insert(session, design, first_position + len(made), output_stage)
    if design.output == "table":
        _make(session, design, table, text, model=design.model)
        proof = _prove(session, design, table, None, key=design.key, slices=design.slices)
    else:
        proof = _make_view(session, design, table, text)
    if chain is not None:
        session.execute(
            "make_whole_definition",
            table=table,
            definition=design.query,
            owner=design.owner,
            is_expanded=bool(chain.expanded),
        )
    return [*made, MadeTable(table, None, proof)]


def say_how_stages_are_kept(made: Sequence[MadeTable]) -> Iterator[str]:
    """A sentence for people on each stage."""
    for table in made:
        if table.stage is not None and table.not_linear is None:
            yield f"the stage {table.stage} is linear: changes move its groups by what they add and take away"
        elif table.stage is not None:
            yield f"the stage {table.stage} is computed anew where rows changed; it is not linear: {table.not_linear}"


def _make_stage(session: Session, design: Design, stage: Stage, position: int, names: dict[str, str]) -> MadeTable:
    table = _insert(session, design, position, stage.name)
    stage = replace(stage, key=read_key(session, stage, subject=design.view))
    linear = read_linear(session, stage, names.__getitem__, subject=design.view)
    if isinstance(linear, str):
        why = linear
    else:
        definition = _make(session, design, table, linear.stage.query.render(names.__getitem__), model=None)
        moved = linear_proof(prove_relation(session, definition, key=stage.key, table_id=table), linear.measures)
        if not isinstance(moved, str):
            session.execute("make_linear", table=table, measures=json.dumps(linear.measures))
            record_proof(session, table, moved)
            session.execute("make_key_required", table=table)
            return MadeTable(table, stage.name, moved)
        why = moved
    _make(session, design, table, stage.query.render(names.__getitem__), model=None)
    proof = _prove(session, design, table, stage.name, key=stage.key, slices=None)
    session.execute("make_key_required", table=table)  # what the next table's proof may rest on
    return MadeTable(table, stage.name, proof, not_linear=why)


def _insert(session: Session, design: Design, position: int, stage: str | None) -> int:
    row = session.fetch_one("insert_maintained_table", view=design.view, position=position, stage=stage)
    return int(row["id"])


def _make(session: Session, design: Design, table: int, query: str, *, model: int | None) -> int:
    """The definition's OID."""
    made = session.fetch_one("make_definition", table=table, definition=query, owner=design.owner)
    session.execute("make_maintained_table", table=table, model=model)
    session.execute("make_maintain_function", table=table)
    return int(made["relation"])


def _prove(
    session: Session,
    design: Design,
    table: int,
    stage: str | None,
    *,
    key: Sequence[str] | None,
    slices: Sequence[Sequence[str]] | None,
) -> Proof:
    definition = session.fetch_one("read_definition_of_table", table=table)["definition"]
    proof = prove_relation(session, definition, key=key, slices=slices, table_id=table)
    _refuse(design, stage, proof)
    record_proof(session, table, proof)
    return proof


def _make_view(session: Session, design: Design, table: int, query: str) -> Proof:
    """The output as a materialized view: it is refreshed as a whole, whatever changes."""
    made = session.fetch_one(
        "make_maintained_view", table=table, definition=query, owner=design.owner, model=design.model
    )
    session.execute("make_maintain_function", table=table)
    proof = prove_whole(session, int(made["relation"]), table_id=table)
    _refuse(design, None, proof)
    record_proof(session, table, proof)
    return proof


def _refuse(design: Design, stage: str | None, proof: Proof) -> None:
    if proof.obstacles:
        what = "it" if stage is None else f"its stage {stage}"
        raise ConfigurationError(
            f"{what} can never be refreshed incrementally: " + "; ".join(proof.obstacles) + ".",
            subject=design.view,
            remedy="Leave it as it is: vistafresca refreshes it in full."
            if stage is None
            else "Name other stages, or none.",
        )


def record_proof(session: Session, table: int, proof: Proof) -> None:
    """What was proved of a maintained table as a whole."""
    parameters: dict[str, Any] = {
        "slices": json.dumps(proof.slices),
        "key": None if proof.key is None else list(proof.key),
        "moving": list(proof.moving),
    }
    session.execute("update_maintained_table", table=table, **parameters)
