"""A query's text, taken apart along its WITH list: every piece is a part of the text itself, never written anew.

Cutting PostgreSQL's own spelling (pg_get_viewdef) where its parser says keeps the meaning of each piece; printing a
parsed tree again would rest on a second program's idea of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import postgast
from postgast import pg_query_pb2 as tree

from refresh_task.errors import ConfigurationError

_OPEN, _CLOSE = "(", ")"
_STARTS_THE_MAIN_QUERY = ("SELECT", "VALUES", "TABLE", _OPEN)


@dataclass(frozen=True, slots=True)
class WithQuery:
    """One query of a WITH list."""

    name: str
    text: str  # from its name to its end
    head: str  # its name, with the column names that stand behind it
    body: str  # what is between its parentheses
    columns: tuple[str, ...] | None  # of its result; None: not all of them have a name
    reads: frozenset[str]  # which others of the list
    is_recursive: bool
    statement: tree.SelectStmt


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT statement: its WITH list and what comes after it."""

    source: str
    before: str  # the text in front of WITH: nothing, or an opening parenthesis
    keyword: str  # WITH or WITH RECURSIVE; empty without a list
    with_queries: tuple[WithQuery, ...]
    main: str
    main_reads: frozenset[str]
    statement: tree.SelectStmt

    @property
    def by_name(self) -> dict[str, WithQuery]:
        """The queries of its list."""
        return {query.name: query for query in self.with_queries}

    def in_order(self) -> list[str]:
        """The names in its list, such that what a query reads comes before it: a recursive list may have it after."""
        by_name = self.by_name
        ordered: dict[str, None] = {}

        def visit(name: str) -> None:
            for other in by_name:
                if other in by_name[name].reads and other not in ordered:
                    visit(other)
            ordered[name] = None

        for name in by_name:
            visit(name)
        return list(ordered)

    def around(self, relation: tree.RangeVar) -> tuple[str, str]:
        """What stands before and after the name of a relation in the main query's FROM."""
        source, main = self.source.encode(), self.main.encode()
        tokens = [token for token in postgast.scan(self.source).tokens if token.start >= relation.location]
        # schema, point, name
        end = tokens[2 if relation.schemaname else 0].end
        return source[len(source) - len(main) : relation.location].decode(), source[end:].decode()

    def needed(self, names: frozenset[str], *, known: frozenset[str]) -> list[WithQuery]:
        """What must stand in front of something that reads `names`, in the order of the list. What is `known` is there
        without what it was made from."""
        by_name = self.by_name
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [] if name in known else by_name[name].reads
        return [query for query in self.with_queries if query.name in found]


def read_query(text: str, *, subject: str) -> Query:
    """Take a SELECT statement apart. Raises ConfigurationError where it is none, or cannot be parsed."""
    source = text.strip().removesuffix(";").rstrip()
    statement = parse_select(source, subject=subject)
    if not statement.HasField("with_clause"):
        return Query(source, "", "", (), source, frozenset(), statement)
    clause = statement.with_clause
    expressions = [node.common_table_expr for node in clause.ctes]
    names = [expression.ctename for expression in expressions]
    pieces, main = _cut(source.encode(), clause)
    with_queries = tuple(
        WithQuery(
            name=expression.ctename,
            text=piece.text,
            head=piece.head,
            body=piece.body,
            columns=_columns(expression),
            reads=reads - {expression.ctename},
            is_recursive=expression.ctename in reads,
            statement=expression.ctequery.select_stmt,
        )
        for number, (expression, piece) in enumerate(zip(expressions, pieces, strict=True))
        # in a recursive list each sees all of it, otherwise what comes before it
        for reads in [names_read(expression.ctequery, names if clause.recursive else names[:number])]
    )
    return Query(
        source=source,
        before=source.encode()[: clause.location].decode(),
        keyword="WITH RECURSIVE" if clause.recursive else "WITH",
        with_queries=with_queries,
        main=main,
        main_reads=names_read(without_with_list(statement), names),
        statement=statement,
    )


def parse_select(text: str, *, subject: str) -> tree.SelectStmt:
    """The parsed statement. Raises ConfigurationError where it is no single SELECT."""
    try:
        statements = postgast.parse(text).stmts
    except postgast.PgQueryError as error:
        raise ConfigurationError(
            f"its query cannot be read: {error}.", subject=subject, remedy="Report this with the view's definition."
        ) from None
    if len(statements) != 1 or not statements[0].stmt.HasField("select_stmt"):
        raise ConfigurationError(
            "its query is no single SELECT statement.",
            subject=subject,
            remedy="Report this with the view's definition.",
        )
    return statements[0].stmt.select_stmt


def without_with_list(statement: tree.SelectStmt) -> tree.SelectStmt:
    """A copy of the statement without its WITH list."""
    copy = tree.SelectStmt()
    copy.CopyFrom(statement)
    copy.ClearField("with_clause")
    return copy


def names_read(part: Any, names: Sequence[str]) -> frozenset[str]:
    """Which of these names of WITH queries a part of a statement means, and not a query of its own by that name, nor a
    relation: those are written with their schema."""
    return frozenset(_read(part, frozenset(names)))


def _read(part: Any, visible: frozenset[str]) -> Iterator[str]:
    if isinstance(part, tree.RangeVar):
        if not part.schemaname and part.relname in visible:
            yield part.relname
        return
    if isinstance(part, tree.SelectStmt) and part.HasField("with_clause"):
        own = [node.common_table_expr for node in part.with_clause.ctes]
        hidden = {expression.ctename for expression in own} if part.with_clause.recursive else set()
        for expression in own:
            yield from _read(expression.ctequery, visible - hidden)
            hidden.add(expression.ctename)
        yield from _read(without_with_list(part), visible - hidden)
        return
    for child in children(part):
        yield from _read(child, visible)


def children(part: Any) -> Iterator[Any]:
    """The messages directly within a message (protobuf's: the parser's nodes are such)."""
    for field, value in part.ListFields():
        if field.message_type is not None:
            yield from value if field.is_repeated else [value]


def without_locations(part: Any) -> bytes:
    """What two parts have in common that mean the same and stand at different places of a text."""
    copy = type(part)()
    copy.CopyFrom(part)
    _clear_locations(copy)
    return bytes(copy.SerializeToString(deterministic=True))


def _clear_locations(part: Any) -> None:
    for name in ("location", "name_location", "stmt_location", "stmt_len", "rexpr_list_start", "rexpr_list_end"):
        if name in part.DESCRIPTOR.fields_by_name:
            part.ClearField(name)
    for name in ("list_start", "list_end"):  # of the constants in an IN list
        if name in part.DESCRIPTOR.fields_by_name:
            part.ClearField(name)
    for child in children(part):
        _clear_locations(child)


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    head: str
    body: str


def _cut(source: bytes, clause: tree.WithClause) -> tuple[list[_Piece], str]:
    """The texts of each query of the list, and what comes after the list. Positions count bytes."""
    tokens = [
        (token.start, token.end, source[token.start : token.end].decode().upper())
        for token in postgast.scan(source.decode()).tokens
        if token.token not in (tree.Token.SQL_COMMENT, tree.Token.C_COMMENT)
    ]
    number_at = {start: number for number, (start, _, _) in enumerate(tokens)}
    starts = [number_at[node.common_table_expr.location] for node in clause.ctes]

    def between(first: int, after: int) -> str:
        return source[tokens[first][0] : tokens[after - 1][1]].decode()

    pieces = []
    end = 0
    for position, start in enumerate(starts):
        name_end = _next(tokens, start, ("AS",))
        opening = name_end + 1
        while tokens[opening][2] in ("NOT", "MATERIALIZED"):
            opening += 1
        closing = _next(tokens, opening + 1, (_CLOSE,))
        # After the body: a comma and the next one, or the main query; before that SEARCH and CYCLE of a recursive one.
        is_last = position == len(starts) - 1
        end = _next(tokens, closing + 1, _STARTS_THE_MAIN_QUERY) if is_last else starts[position + 1] - 1
        pieces.append(_Piece(between(start, end), between(start, name_end), between(opening + 1, closing)))
    return pieces, source[tokens[end][0] :].decode()


def _next(tokens: list[tuple[int, int, str]], start: int, wanted: tuple[str, ...]) -> int:
    """The number of the first token from `start` on that is one of these and within no further parentheses."""
    depth = 0
    for number in range(start, len(tokens)):
        text = tokens[number][2]
        if depth == 0 and text in wanted:
            return number
        depth += (text == _OPEN) - (text == _CLOSE)
    raise AssertionError(f"no {' or '.join(wanted)} after the {start}th token")


def _columns(expression: tree.CommonTableExpr) -> tuple[str, ...] | None:
    own = output_columns(expression.ctequery.select_stmt)
    given = [node.string.sval for node in expression.aliascolnames]
    columns = [*given, *own[len(given) :]]
    return None if None in columns else tuple(column for column in columns if column is not None)


def output_columns(statement: tree.SelectStmt) -> list[str | None]:
    """The names of a statement's columns; None for one that has none in the text (PostgreSQL's spelling names all)."""
    while statement.op != tree.SETOP_NONE:
        statement = statement.larg
    if statement.values_lists:
        return [f"column{number}" for number, _ in enumerate(statement.values_lists[0].list.items, start=1)]
    return [_column(node.res_target) for node in statement.target_list]


def _column(target: tree.ResTarget) -> str | None:
    name: str = target.name
    if not name and target.val.HasField("column_ref"):
        last = target.val.column_ref.fields[-1]
        name = last.string.sval if last.HasField("string") else ""
    return name or None
