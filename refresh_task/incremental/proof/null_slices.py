"""Rows with a NULL in a slice's column: `c = $501` finds none of them, so they are looked at by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from refresh_task.database import Session
from refresh_task.database.generic_plan import explain, row_by_row
from refresh_task.incremental.model import NullSlice
from refresh_task.incremental.proof.claims import finds_nothing, null_tests
from refresh_task.incremental.proof.definition import Definition, Table
from refresh_task.incremental.proof.equality import uncast_column
from refresh_task.incremental.proof.expressions import Tree, read, references, without_alias, write
from refresh_task.incremental.proof.nulls import Nulls
from refresh_task.incremental.proof.plan import Plan, make_plan
from refresh_task.incremental.proof.slices import Sliced, is_understood, scans_by_table


class NullSlices:
    """Of one definition. `select`: its query, parsed; None: it could not be."""

    def __init__(self, session: Session, definition: Definition, nulls: Nulls, select: Tree | None) -> None:
        self._session = session
        self._definition = definition
        self._nulls = nulls
        self._select = select
        self._plans: dict[str, Plan | None] = {}

    def is_never_null(self, column: str) -> bool:
        """Of an output column, by the text of the query."""
        return self._select is not None and self._nulls.is_never_null(self._select, column)

    def plans(self, columns: Sequence[str]) -> Iterator[Plan | None]:
        """For `column IS NULL`, of those that may be, joined row by row, which shows what a join looks for; None: the
        planner has none."""
        for column in columns:
            if self.is_never_null(column):
                continue
            if column not in self._plans:
                with row_by_row(self._session):
                    root = explain(
                        self._session,
                        self._definition.query,
                        [(column, None)],
                        as_owner_of=self._definition.table_id,
                    )
                self._plans[column] = None if root is None else make_plan(root)
            yield self._plans[column]

    def touched_by(self, table: Table, sliced: Sliced) -> NullSlice:
        """rows: those with a NULL are made from no other rows of the table than those with a NULL in one of the
        slice's expressions. A table that is not in the plan has no part in them; nor has one of which only what equals
        a NULL is looked for. What is looked up says nothing of rows that nothing equals."""
        touch = sliced.direct[table.oid]
        return (
            "rows"
            if all(
                touch.lookup is None and self._is_of_rows(plan, table, touch.expressions)
                for plan in self.plans(sliced.columns)
            )
            else "any"
        )

    def _is_of_rows(self, plan: Plan | None, table: Table, expressions: Sequence[str]) -> bool:
        if plan is None or not is_understood(self._definition, plan):
            return False
        wanted = {_as_tested(tree, table) for said in expressions if (tree := read(said)) is not None}
        return all(
            any(
                all(name[0] == scan.alias for name in references(tree) or ()) and _as_tested(tree, table) in wanted
                for tree in null_tests(scan)
            )
            or finds_nothing(scan, plan.scans)
            for scan in scans_by_table(self._definition, plan).get(table, ())
        )


def _as_tested(tree: Tree, table: Table) -> tuple[str, str | None]:
    """What is NULL where the expression is: the column beneath casts that change nothing of that, or the whole."""
    name = uncast_column(tree, table)
    return ("column", name[-1]) if name is not None else ("expression", write(without_alias(tree)))
