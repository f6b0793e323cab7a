"""Which WITH queries, kept as tables of their own, would let a change of a table touch fewer rows than it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from refresh_task.database import Session
from refresh_task.database.generic_plan import is_refusal
from refresh_task.errors import ConfigurationError, StatementFailedError
from refresh_task.incremental.model import StageSuggestion
from refresh_task.incremental.proof.choice import part_touched
from refresh_task.incremental.proof.definition import Definition, read_columns
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.slices import Touch, prove_slices
from refresh_task.incremental.stages import OrdinaryViews, possible_stages, read_key, split
from refresh_task.incremental.stages.model import Stage

_WORTH_IT = 10  # times fewer rows touched
_HARDLY_CHANGES = 0.01  # of all changes


def suggest(
    session: Session,
    definition: Definition,
    views: OrdinaryViews,
    equalities: Equalities,
    direct: Mapping[int, Touch],
) -> Iterator[StageSuggestion]:
    """`direct`: by the OID of a table, how its rows name what they touch of the whole. A stage that only others'
    work would speak for is not named: tables that hardly change need none."""
    all_changes = sum(table.changes for table in definition.tables)
    for stage in _stages(session, definition, views):
        found = _direct(session, definition, stage, equalities)
        helped = [
            table
            for table in definition.tables
            if table.oid in found
            and table.changes >= _HARDLY_CHANGES * all_changes
            and part_touched(definition, table, [found[table.oid]]) * _WORTH_IT
            <= (part_touched(definition, table, [direct[table.oid]]) if table.oid in direct else _WORTH_IT)
        ]
        if helped and stage.key is not None:
            names = tuple(table.name for table in helped)
            yield StageSuggestion(
                stage.name,
                stage.key,
                names,
                f"kept as a stage, the WITH query {stage.name} has one row per {', '.join(stage.key)}, and a changed "
                f"row of {' or '.join(names)} touches that one alone",
            )


def _stages(session: Session, definition: Definition, views: OrdinaryViews) -> Iterator[Stage]:
    try:
        names = possible_stages(definition.text, subject=definition.name, views=views)
    except ConfigurationError:
        return
    for name in dict.fromkeys(names):
        try:
            for stage in split(definition.text, [name], subject=definition.name, views=views).stages:
                yield replace(stage, key=read_key(session, stage, subject=definition.name))
        except ConfigurationError:
            continue  # it cannot be kept as a table


def _direct(session: Session, definition: Definition, stage: Stage, equalities: Equalities) -> Mapping[int, Touch]:
    if stage.key is None:
        return {}
    query = stage.query.render(lambda name: name)
    try:
        columns = read_columns(session, query, caseless=())
    except StatementFailedError as error:
        if not is_refusal(error):
            raise
        return {}
    # of a part's columns the collations are not known
    if any(column.is_caseless for column in definition.columns):
        columns = tuple(replace(column, is_caseless=True) for column in columns)
    part = replace(definition, relation=None, query=query, text=query, columns=columns)
    keys = [column for name in stage.key if (column := part.column(name)) is not None]
    sliced = prove_slices(session, part, keys, equalities) if len(keys) == len(stage.key) else None
    return sliced.direct if sliced is not None else {}
