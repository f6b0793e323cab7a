"""The first step of enabling: is it possible, and what is to be kept? One transaction, so that a refusal leaves
nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence

from refresh_task.errors import ConfigurationError
from refresh_task.incremental.lifecycle.claim import Claim, ViewState
from refresh_task.incremental.lifecycle.design import Design, MadeTable, make_tables, say_how_stages_are_kept
from refresh_task.incremental.lifecycle.outcome import Output
from refresh_task.incremental.lifecycle.proving import prove_relation
from refresh_task.incremental.lifecycle.publications import read_publications
from refresh_task.incremental.stages import read_definition


def refuse_obstacles(claim: Claim, view: ViewState) -> None:
    """Raise ConfigurationError for what stands in the way of replacing the view, all of it at once."""
    if view.relation is None:
        raise ConfigurationError("it does not exist.", subject=view.name, remedy="Create it, or correct its name.")
    if view.relkind != "m":
        raise ConfigurationError(
            "it is not a materialized view.", subject=view.name, remedy="Only a materialized view can be enabled."
        )
    if not view.is_populated:
        raise ConfigurationError(
            "it has never been filled.", subject=view.name, remedy=f"Run: vistafresca refresh {view.name}"
        )
    if not view.is_owner:
        raise ConfigurationError(
            f"it belongs to {view.owner_name}, and only its owner may replace it.",
            subject=view.name,
            remedy=f"As {view.owner_name}: GRANT {view.owner_name} TO {view.user_name};",
        )
    if not view.may_create:
        raise ConfigurationError(
            f"{view.user_name} may not create in its schema.",
            subject=view.name,
            remedy=f"As the schema's owner: GRANT CREATE ON SCHEMA {view.schema_name} TO {view.user_name};",
        )
    refuse_dependents(claim, view.relation)


def refuse_dependents(claim: Claim, relation: int, *, by_a_table: bool = True) -> None:
    """Raise ConfigurationError for what depends on the relation and could not be taken along to another one, which is a
    materialized view unless `by_a_table`."""
    rows = claim.session.fetch_all("read_relation_dependents", relation=relation)
    obstacles = list(dict.fromkeys(row["problem"] for row in rows if row["problem"] is not None))
    if by_a_table:
        obstacles += _publications(claim, relation)
    if obstacles:
        raise ConfigurationError(
            f"another {'table' if by_a_table else 'relation'} cannot take its place: " + "; ".join(obstacles) + ".",
            subject=claim.view,
            remedy="Remove what is named, run the command again, and make it anew.",
        )


def _publications(claim: Claim, relation: int) -> list[str]:
    return [
        f"the publication {name} would send it, and all that is kept for it, to subscribers that have no such tables"
        for name in read_publications(claim.session, relation)
    ]


def register(
    claim: Claim,
    view: ViewState,
    *,
    stages: tuple[str, ...],
    output: Output,
    key: Sequence[str] | None,
    slices: Sequence[Sequence[str]] | None,
) -> None:
    """Record what is to be kept for the view, with its definitions and empty tables.

    Raises ConfigurationError where it can never be refreshed incrementally, or nothing would come of it."""
    session = claim.session
    refuse_obstacles(claim, view)
    if output == "materialized_view":
        _refuse_as_materialized_view(claim, view, stages)
    claim.say("prove", "proving which tables' changes touch which rows")
    assert view.relation is not None and view.owner is not None  # noqa: S101, PT018  # refused above
    # of the materialized view: its unique indexes tell its rows apart
    proof = prove_relation(session, view.relation, key=key, slices=slices)
    query, views = read_definition(session, view.relation)
    design = Design(
        view=view.name,
        query=query,
        views=views,
        owner=view.owner,
        model=view.relation,
        stages=stages,
        output=output,
        key=proof.key,
        slices=slices if slices is not None else None if stages else proof.slices or None,
    )
    with session.transaction():
        session.execute(
            "insert_incremental_view",
            view=view.name,
            output=output,
            definition=query.rstrip().removesuffix(";"),
            original=json.dumps({"relation": view.relation, "key": None if key is None else list(key)}),
        )
        made = make_tables(session, design, first_position=1, output_stage=None)
        refuse_what_is_indirect(view.name, made)
    for words in say_how_stages_are_kept(made):
        claim.say("prove", words)


def _refuse_as_materialized_view(claim: Claim, view: ViewState, stages: tuple[str, ...]) -> None:
    if not stages:
        raise ConfigurationError(
            "without stages nothing of a materialized view can be refreshed incrementally.",
            subject=view.name,
            remedy="Name WITH queries to keep as tables of their own (--stages, or stages in views.toml); or leave "
            "--output out: a table stands under its name then.",
        )
    index = claim.session.fetch_one("read_unique_index", relation=view.relation)
    if not index["has_unique_index"]:
        raise ConfigurationError(
            "it has no unique index on plain columns, so it could not be refreshed without blocking its readers.",
            subject=view.name,
            remedy=f"{index['unique_index_ddl']} Or leave --output out: a table needs none.",
        )


def refuse_what_is_indirect(view: str, tables: Sequence[MadeTable]) -> None:
    """Raise ConfigurationError where a change of any table may touch all rows."""
    sources = [source for table in tables for source in table.proof.sources]
    if not any(source.slice is not None for source in sources):
        raise ConfigurationError(
            "a change of any table that it reads may touch all of its rows: "
            + "; ".join(f"{source.name}: {source.reason}" for source in sources)
            + ".",
            subject=view,
            remedy=f"See what would help: vistafresca incremental explain {view}",
        )
