"""Stages of counts, sums, averages and extreme values over one table, which a change moves by what it adds and takes
away: nothing has to be read again, however large the groups are, but where the largest value goes.

Such a stage's table has additional columns behind those of the query: how many rows a group has, and for each sum how
many values, how many of them NaN, and the total of the others. They are part of the stage's definition, so that a
comparison with it covers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from postgast import pg_query_pb2 as tree

from refresh_task.incremental.stages.counters import NAN, ROWS, Counters
from refresh_task.incremental.stages.exact import Columns, column_name, exact, function_name, looks_alike
from refresh_task.incremental.stages.model import Linear, Stage, Text
from refresh_task.incremental.stages.pieces import Span, Tokens
from refresh_task.incremental.stages.query_text import children, parse_select, without_locations
from refresh_task.incremental.stages.quoting import column_list, quoted

# What a change moves. An extreme value that goes is looked for anew, in its own group.
_EXTREMES = ("max", "min")
_MOVED = ("count", "sum", "avg", *_EXTREMES)
# What may stand around them: functions of PostgreSQL's own that give one value.
_AROUND = {"round", "abs", "trunc", "ceil", "floor"}


class _NotLinearError(Exception):
    """The words say why."""


def linear_table(stage: Stage, *, subject: str) -> tuple[str, str] | None:
    """Schema and name of the one relation that a stage reads; None: it reads several, or has a WITH list."""
    statement = parse_select(stage.body, subject=subject)
    if stage.query.stages or len(statement.from_clause) != 1 or not statement.from_clause[0].HasField("range_var"):
        return None
    relation = statement.from_clause[0].range_var
    return (relation.schemaname, relation.relname) if relation.schemaname and relation.inh else None


def over_table(stage: Stage, table_of: Callable[[str], str], *, subject: str) -> Stage:
    """The stage as a query over another stage's table, where it reads that and nothing else; otherwise as it is."""
    statement = parse_select(stage.body, subject=subject)
    if len(stage.query.stages) != 1 or len(statement.from_clause) != 1:
        return stage
    (read,) = stage.query.stages
    node = statement.from_clause[0]
    if not node.HasField("range_var") or node.range_var.schemaname or node.range_var.relname != read:
        return stage
    tokens = Tokens(stage.body)
    name = tokens.tokens[tokens.at(node.range_var.location)]
    alias = "" if node.range_var.HasField("alias") else f" AS {quoted(read)}"
    before, after = tokens.source[: name.start].decode(), tokens.source[name.end :].decode()
    body = f"{before}{table_of(read)}{alias}{after}"
    return replace(stage, query=Text((body,)), body=body)


def linear_form(stage: Stage, columns: Columns, *, subject: str) -> Linear | str:
    """How the stage is kept by the changes alone, or the words why it cannot be.

    `columns` are those of the table that linear_table() names. What the text does not say is for the caller to see to:
    that this is a table, and no part of a larger one, and that nothing in the query moves with time or is volatile.
    """
    statement = parse_select(stage.body, subject=subject)
    try:
        if linear_table(stage, subject=subject) is None:
            raise _NotLinearError("it reads more than one table")
        return _Reader(stage, statement, columns).linear()
    except _NotLinearError as reason:
        return str(reason)


class _Reader:
    """Reads one stage's query."""

    def __init__(self, stage: Stage, statement: tree.SelectStmt, columns: Columns) -> None:
        self._stage = stage
        self._statement = statement
        self._columns = columns
        self._tokens = Tokens(stage.body)
        self._relation = statement.from_clause[0].range_var
        self._from = self._tokens.at(self._relation.location) - 1
        bare = {
            Span(number, number + 3): self._tokens.text(Span(number + 2, number + 3))
            for reference in _found(statement, tree.ColumnRef)
            if len(reference.fields) == 2  # noqa: PLR2004 - the table's alias, and the column
            for number in [self._tokens.at(reference.location)]
        }
        self._counters = Counters(self._tokens, bare)

    def linear(self) -> Linear:
        """The whole of it."""
        self._check()
        everything = Span(0, len(self._tokens.tokens))
        where = self._tokens.find(["WHERE"], Span(self._from, everything.after))
        group = self._tokens.find(["GROUP"], Span(self._from, everything.after))
        assert group is not None, "what has a GROUP BY clause has its word"  # noqa: S101 - see _check()
        keys = self._keys(self._tokens.list(Span(group + 2, everything.after)))
        first = self._tokens.find(["SELECT"], everything)
        assert first is not None, "it is no VALUES: it has a GROUP BY clause"  # noqa: S101 - see _check()
        results = []
        for position, target in enumerate(self._tokens.list(Span(first + 1, self._from))):
            name = self._stage.columns[position]
            if name not in keys:
                results.append({"column": name, "expression": self._result(position, target)})
        used = {column_name(reference) for reference in _found(self._statement, tree.ColumnRef)}
        columns = tuple(column for column in self._columns if column in used)
        measures = {
            "columns": list(columns),
            "keys": [{"column": name, "expression": expression} for name, expression in keys.items()],
            "condition": None if where is None else self._counters.bare(Span(where + 1, group)),
            "rows": ROWS,
            "counters": self._counters.entries,
            "results": results,
        }
        return Linear(
            stage=self._with_hidden_columns(tuple(keys)),
            schema=self._relation.schemaname,
            table=self._relation.relname,
            columns=columns,
            measures=measures,
        )

    def _check(self) -> None:
        statement = self._statement
        if not statement.group_clause:
            raise _NotLinearError("it has no GROUP BY")
        for field, words in (
            ("having_clause", "it has a HAVING clause"),
            ("distinct_clause", "it is DISTINCT"),
            ("sort_clause", "it is ordered"),
            ("limit_count", "it has a LIMIT"),
            ("limit_offset", "it has an OFFSET"),
            ("locking_clause", "it locks rows"),
            ("window_clause", "it has windows"),
            ("with_clause", "it has a WITH list"),
        ):
            value = getattr(statement, field)
            if len(value) if hasattr(value, "__len__") else statement.HasField(field):
                raise _NotLinearError(words)
        if self._relation.alias.colnames:
            raise _NotLinearError("it gives the table's columns names of its own")
        if any(True for _ in _found(statement, tree.SubLink)):
            raise _NotLinearError("it has a subquery")
        for reference in _found(statement, tree.ColumnRef):
            if column_name(reference) not in self._columns:
                raise _NotLinearError(
                    f"it uses {column_name(reference) or 'whole rows'}, which is no column that is logged"
                )
        taken = [name for name in self._stage.columns if name.startswith("bi_refresh_")]
        if taken:
            raise _NotLinearError(f"its column {taken[0]} has a name that additional columns have")

    def _keys(self, spans: list[Span]) -> dict[str, str]:
        """The key's columns, and what they are made of."""
        targets = {
            without_locations(node.res_target.val): name
            for node, name in zip(self._statement.target_list, self._stage.columns, strict=True)
        }
        keys: dict[str, str] = {}
        for node, span in zip(self._statement.group_clause, spans, strict=True):
            name = targets.get(without_locations(node))
            if name is None:
                raise _NotLinearError("it groups by what is not among its columns")
            if not looks_alike(node, self._columns):
                raise _NotLinearError(f"equal values of {name} may look different, or it is no plain expression")
            keys[name] = self._counters.bare(span)
        return keys

    def _result(self, position: int, target: Span) -> str:
        """A column of counts and sums, as an expression over the additional columns."""
        node = self._statement.target_list[position].res_target
        name = self._stage.columns[position]
        if node.name:  # what comes behind AS, or stands without it
            has_as = self._tokens.tokens[target.after - 2].text == "AS"
            target = Span(target.first, target.after - (2 if has_as else 1))
        calls = [call for call in _found(node.val, tree.FuncCall) if function_name(call) in _MOVED]
        by = {self._tokens.call(call.location)[0]: self._aggregate(call, name) for call in calls}
        outside = [call for call in _outermost(node.val) if call not in calls]
        for call in outside:
            if function_name(call) not in _AROUND:
                words = function_name(call) or "a function of somebody's"
                raise _NotLinearError(
                    f"{name} uses {words}: counts, sums, averages and extreme values can be moved, nothing else"
                )
        inside = {
            reference.location for call in calls for reference in _found(call, tree.ColumnRef)
        }  # fmt: skip
        if not calls or any(reference.location not in inside for reference in _found(node.val, tree.ColumnRef)):
            raise _NotLinearError(
                f"{name} is neither a key nor made of counts, sums, averages and extreme values alone"
            )
        return self._tokens.replaced(target, by)

    def _aggregate(self, call: tree.FuncCall, name: str) -> str:
        """One count, sum or average, as an expression over the additional columns."""
        if call.agg_distinct or call.agg_order or call.agg_within_group or call.HasField("over") or call.func_variadic:
            raise _NotLinearError(f"{name} counts or adds up distinct or ordered values, or a window's")
        _, arguments, filtered = self._tokens.call(call.location)
        conditions = [] if filtered is None else [filtered]
        if call.agg_star:
            return quoted(self._counters.count_of(conditions, None, is_number=False) if conditions else ROWS)
        kind = function_name(call)
        if kind in _EXTREMES:
            if not looks_alike(call.args[0], self._columns):
                raise _NotLinearError(f"equal values in {name} may look different")
            return quoted(self._counters.extreme_of(kind, conditions, arguments))
        number = exact(call.args[0], self._columns)
        count = self._counters.count_of(conditions, arguments, is_number=number is not None)
        if kind == "count":
            return quoted(count)
        if number is None:
            raise _NotLinearError(
                f"{name} adds up values that may differ in scale or are floating point: numeric columns need a declared"
                " scale, as in numeric(12, 2)"
            )
        nan = (
            None if number.size is not None else self._counters.counter("nan", conditions, arguments, f"({{}}) = {NAN}")
        )
        total = "bigint" if number.size in (2, 4) else "numeric"
        result = quoted(self._counters.sum_of(conditions, arguments, count, nan, total))
        if kind == "avg":
            result = f"{result}::pg_catalog.numeric / {quoted(count)}"
        # a sum of nothing is NULL, and so is what is divided by none
        return f"({result})" if nan is None else f"(CASE WHEN {quoted(nan)} > 0 THEN {NAN} ELSE {result} END)"

    def _with_hidden_columns(self, keys: tuple[str, ...]) -> Stage:
        """The stage's definition with its additional columns."""
        hidden = ",\n    ".join(f"{expression} AS {quoted(name)}" for name, expression in self._counters.columns)
        start = self._tokens.tokens[self._from].start
        body = f"{self._tokens.source[:start].decode().rstrip()},\n    {hidden}\n{self._tokens.source[start:].decode()}"
        names = (*self._stage.columns, *(name for name, _ in self._counters.columns))
        given = column_list(self._stage.columns)
        text = (
            f"WITH {quoted(self._stage.name)} ({given}) AS (\n{body}\n)\n"
            f"SELECT {column_list(names)}\nFROM {quoted(self._stage.name)}"
        )
        return replace(self._stage, query=Text((text,)), key=keys)


def _found(part: Any, kind: type[Any]) -> Iterator[Any]:
    """All messages of one kind within a part, itself among them."""
    if isinstance(part, kind):
        yield part
    for child in children(part):
        yield from _found(child, kind)


def _outermost(part: Any) -> Iterator[tree.FuncCall]:
    """Function calls that are within none that a change moves."""
    if isinstance(part, tree.FuncCall):
        yield part
        if function_name(part) in _MOVED:
            return
    for child in children(part):
        yield from _outermost(child)
