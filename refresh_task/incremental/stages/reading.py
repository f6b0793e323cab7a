"""Reads out of the database what is to be split, and what a stage is made from."""

from __future__ import annotations

from collections.abc import Callable

from refresh_task.database import Session
from refresh_task.incremental.stages.model import Linear, OrdinaryView, OrdinaryViews, Stage


def read_definition(session: Session, relation: int) -> tuple[str, OrdinaryViews]:
    """The query of a view (OID), and those of the ordinary views beneath it, as split() takes them."""
    rows = session.fetch_all("read_definition_texts", relation=relation)
    queries = {row["relation"]: row["query"] for row in rows}
    views = {
        (row["schema_name"], row["view_name"]): OrdinaryView(row["relation"], row["query"])
        for row in rows
        if row["relation"] != relation
    }
    return queries[relation], views


def read_key(session: Session, stage: Stage, *, subject: str) -> tuple[str, ...] | None:
    """What tells the rows of a stage apart, by its text and what the database knows of the functions in it."""
    from refresh_task.incremental.stages.keys import called_in_groups  # noqa: PLC0415  # the parser: see the package
    from refresh_task.incremental.stages.query_text import parse_select  # noqa: PLC0415  # the same

    if stage.key is None:
        return None
    names = called_in_groups(parse_select(stage.body, subject=subject))
    if names and session.fetch_one("prove_set_functions", names=list(names))["are_any"]:
        return None
    return stage.key


def read_linear(session: Session, stage: Stage, table_of: Callable[[str], str], *, subject: str) -> Linear | str:
    """How a stage is kept by the changes of its table alone, or the words why it cannot be. `table_of` gives an earlier
    stage's table. That nothing in its query moves with time or is volatile is for the caller to see to."""
    from refresh_task.incremental.stages.exact import Column  # noqa: PLC0415  # the parser: see the package
    from refresh_task.incremental.stages.linear import linear_form, linear_table, over_table  # noqa: PLC0415  # the same

    stage = over_table(stage, table_of, subject=subject)
    table = linear_table(stage, subject=subject)
    if table is None:
        return "it reads more than one table, or a query that is no stage"
    rows = session.fetch_all("read_table_columns", schema_name=table[0], relation_name=table[1])
    if not rows:
        return "what it reads is no table, is a part of a larger one, or has partitions or children"
    columns = {
        row["name"]: Column(row["type"], row["modifier"], row["is_enum"], row["is_collated_by_bytes"]) for row in rows
    }
    return linear_form(stage, columns, subject=subject)
