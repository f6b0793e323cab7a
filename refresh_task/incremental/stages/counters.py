"""The additional columns of a linear stage: each counts rows, or has the sum or the extreme of values."""

from __future__ import annotations

from typing import Any

from refresh_task.incremental.stages.pieces import Span, Tokens

ROWS = "bi_refresh_rows"
NAN = "'NaN'::pg_catalog.numeric"


class Counters:
    """Those of one stage, each there once, whatever number of the query's columns it serves. `bare` has the words that
    stand for columns of the table, with the table's alias taken away."""

    def __init__(self, tokens: Tokens, bare: dict[Span, str]) -> None:
        self._tokens = tokens
        self._bare = bare
        self._known: dict[str, str] = {}  # what is counted or added up already: its additional column
        self.columns: list[tuple[str, str]] = []  # name, and SQL over the query's own names
        self.entries: list[dict[str, Any]] = []  # as docs/incremental-internals.md has them
        self._count(ROWS, None)

    def count_of(self, conditions: list[Span], arguments: Span | None, *, is_number: bool) -> str:
        """The column that counts the values, or the rows, for which all conditions hold."""
        # a row of NULLs IS NULL, and is counted all the same
        test = "({}) IS NOT NULL" if is_number else "pg_catalog.num_nonnulls({}) > 0"
        return self.counter("count", conditions, arguments, test)

    def counter(self, kind: str, conditions: list[Span], arguments: Span | None, test: str) -> str:
        """An additional column that counts rows; the one that is there already where there is one."""
        own, bare = self._conditions(conditions, arguments, test)
        identity = f"count {own}"
        if identity not in self._known:
            name = self._known[identity] = f"bi_refresh_{kind}_{len(self.columns)}"
            self._count(name, own, bare)
        return self._known[identity]

    def sum_of(self, conditions: list[Span], arguments: Span, count: str, nan: str | None, kind: str) -> str:
        """The additional column that has the sum of the values that are numbers."""
        own, bare = self._conditions(conditions, arguments, "" if nan is None else f"({{}}) <> {NAN}")
        text = self._tokens.text(arguments)
        identity = f"sum {text} {own}"
        if identity not in self._known:
            name = self._known[identity] = f"bi_refresh_sum_{len(self.columns)}"
            self.columns.append((name, f"sum({text})" + ("" if own is None else f" FILTER (WHERE {own})")))
            counted = {"count": count, "nan": nan}
            value = {"expression": self.bare(arguments), "type": kind, "condition": bare}
            self.entries.append({"column": name, "kind": "sum", **value, **counted})
        return self._known[identity]

    def extreme_of(self, kind: str, conditions: list[Span], arguments: Span) -> str:
        """The additional column that has the largest value, or the smallest."""
        own, bare = self._conditions(conditions, arguments, "")
        text = self._tokens.text(arguments)
        identity = f"{kind} {text} {own}"
        if identity not in self._known:
            name = self._known[identity] = f"bi_refresh_{kind}_{len(self.columns)}"
            self.columns.append((name, f"{kind}({text})" + ("" if own is None else f" FILTER (WHERE {own})")))
            value = {"expression": self.bare(arguments), "condition": bare}
            self.entries.append({"column": name, "kind": kind, **value})
        return self._known[identity]

    def _conditions(self, conditions: list[Span], arguments: Span | None, test: str) -> tuple[str | None, str | None]:
        """All conditions in one, over the query's own names and over the bare columns."""
        own = [f"({self._tokens.text(span)})" for span in conditions]
        bare = [f"({self.bare(span)})" for span in conditions]
        if arguments is not None and test:
            own.append(test.format(self._tokens.text(arguments)))
            bare.append(test.format(self.bare(arguments)))
        return " AND ".join(own) or None, " AND ".join(bare) or None

    def _count(self, name: str, condition: str | None, bare: str | None = None) -> None:
        self.columns.append((name, "count(*)" if condition is None else f"count(*) FILTER (WHERE {condition})"))
        self.entries.append({"column": name, "kind": "count", "condition": bare})

    def bare(self, span: Span) -> str:
        """The text with the table's alias taken away: the log of its changes has another name."""
        return self._tokens.replaced(span, self._bare)
