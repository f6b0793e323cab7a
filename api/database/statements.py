"""Statements over relations and columns that are known only at run time: names as identifiers, values as parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from psycopg import sql

__all__ = ["Condition", "Operator", "Selection", "Term", "check_value", "select_rows"]


def _name(*parts: str) -> sql.SQL:
    """An identifier in a statement that has parameters, where % begins a placeholder."""
    return sql.SQL(sql.Identifier(*parts).as_string(None).replace("%", "%%"))


# No column is called so, and a column would hide a relation of the same name.
_ROW = _name("a whole row of the view")


class Operator(StrEnum):
    """How a column is compared; the value is what follows `__` in a filter's name."""

    EQUAL = "eq"
    LESS = "lt"
    AT_MOST = "lte"
    GREATER = "gt"
    AT_LEAST = "gte"
    IN = "in"
    IS_NULL = "is_null"


_SYMBOLS = {
    Operator.EQUAL: sql.SQL("="),
    Operator.LESS: sql.SQL("<"),
    Operator.AT_MOST: sql.SQL("<="),
    Operator.GREATER: sql.SQL(">"),
    Operator.AT_LEAST: sql.SQL(">="),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One column's. Values are as a client writes them: PostgreSQL reads them as the column's type. Of IS_NULL there is
    one, "true" or "false"."""

    column: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order. NULLs are greater than everything, as in PostgreSQL."""

    column: str
    is_descending: bool = False

    def __str__(self) -> str:
        return f"-{self.column}" if self.is_descending else self.column


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of which relation: those that meet all conditions, come after `after` (one value for each term of the
    order, None: NULL) and are among the first `limit`. `is_indexed`: two scans are better than one."""

    schema: str
    relation: str
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...]
    order: tuple[Term, ...]
    limit: int
    after: tuple[str | None, ...] | None = None
    is_indexed: bool = True

    def at(self, schema: str, relation: str) -> Selection:
        """The same rows of another relation, which may be a query."""
        return replace(self, schema=schema, relation=relation, is_indexed=False)


def select_rows(selection: Selection) -> tuple[sql.Composed, dict[str, Any]]:
    """A query that gives each row as JSON text, in order; and its parameters."""
    parameters = _Parameters()
    columns = sql.SQL(", ").join(map(_name, selection.columns))
    order = sql.SQL(", ").join(
        sql.SQL("{} DESC" if term.is_descending else "{}").format(_name(term.column)) for term in selection.order
    )
    met = [_condition(condition, parameters) for condition in selection.conditions]
    parts = [
        sql.SQL("SELECT {columns} FROM {relation}{where} ORDER BY {order} LIMIT {limit}").format(
            columns=columns,
            relation=_name(selection.schema, selection.relation),
            where=sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(wanted)) if (wanted := met + segment) else _NOTHING,
            order=order,
            limit=parameters.add(selection.limit),
        )
        for segment in _segments(selection, parameters)
    ]
    rows = parts[0]
    if len(parts) > 1:
        rows = sql.SQL("SELECT * FROM (({})) AS u ORDER BY {} LIMIT {}").format(
            sql.SQL(") UNION ALL (").join(parts), order, parameters.add(selection.limit)
        )
    return sql.SQL("SELECT row_to_json({row})::text FROM ({rows}) AS {row}").format(row=_ROW, rows=rows), parameters


def check_value(type_name: str, value: str) -> tuple[sql.Composed, dict[str, Any]]:
    """A query that fails where the value is none of the type, whose name is the catalog's own (format_type)."""
    return sql.SQL("SELECT CAST(%(value)s AS {}) AS value").format(sql.SQL(type_name.replace("%", "%%"))), {
        "value": value
    }


_NOTHING = sql.SQL("")


class _Parameters(dict[str, Any]):
    def add(self, value: object) -> sql.Placeholder:
        name = f"p{len(self)}"
        self[name] = value
        return sql.Placeholder(name)


def _condition(condition: Condition, parameters: _Parameters) -> sql.Composed:
    column = _name(condition.column)
    if condition.operator is Operator.IS_NULL:
        return sql.SQL("{} IS NULL" if condition.values == ("true",) else "{} IS NOT NULL").format(column)
    if condition.operator is Operator.IN:
        return sql.SQL("{} IN ({})").format(column, sql.SQL(", ").join(map(parameters.add, condition.values)))
    (value,) = condition.values
    return sql.SQL("{} {} {}").format(column, _SYMBOLS[condition.operator], parameters.add(value))


def _segments(selection: Selection, parameters: _Parameters) -> list[list[sql.Composed]]:
    """Conditions of the rows after `after`. Where the first term ascends, an index gives the rows that are not NULL
    there from the first one on; those that are NULL come after them and are another segment."""
    if selection.after is None:
        return [[]]
    beyond = _beyond(selection.order, selection.after, parameters)
    first, value = selection.order[0], selection.after[0]
    if value is None or not selection.is_indexed:
        return [[beyond]]
    bound = sql.SQL("{} <= {}" if first.is_descending else "{} >= {}").format(
        _name(first.column), parameters.add(value)
    )
    if first.is_descending:
        return [[bound, beyond]]
    return [[bound, beyond], [sql.SQL("{} IS NULL").format(_name(first.column))]]


def _beyond(order: Sequence[Term], after: Sequence[str | None], parameters: _Parameters) -> sql.Composed:
    """(a beyond x) OR (a = x AND (b beyond y)) OR …: right for NULLs and mixed directions, as no row comparison is."""
    alternatives: list[sql.Composed] = []
    equal: list[sql.Composed] = []
    for term, value in zip(order, after, strict=True):
        column = _name(term.column)
        if value is not None:
            beyond = sql.SQL("{c} < {v}" if term.is_descending else "({c} > {v} OR {c} IS NULL)").format(
                c=column, v=parameters.add(value)
            )
            alternatives.append(sql.SQL(" AND ").join([*equal, beyond]))
            equal.append(sql.SQL("{} = {}").format(column, parameters.add(value)))
        else:
            if term.is_descending:
                beyond = sql.SQL("{} IS NOT NULL").format(column)
                alternatives.append(sql.SQL(" AND ").join([*equal, beyond]))
            equal.append(sql.SQL("{} IS NULL").format(column))
    if not alternatives:
        return sql.SQL("{}").format(sql.SQL("false"))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(alternatives))
