"""Output columns that are never NULL, by the definition's text. What is not known for certain may be NULL.

An expression over columns is followed down to the tables: a column that is NOT NULL there stays so unless an outer join
can leave its row out. Of several columns of which COALESCE takes the first that is not NULL, one must be left whatever
the joins leave out: of a FULL JOIN, one on each side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from refresh_task.incremental.proof.definition import Table
from refresh_task.incremental.proof.expressions import Tree, between_ands, column_name, inner, kind

# What is allowed below makes no NULL of a value of these. Not among them: json, whose null is cast to NULL, and ranges.
_TYPES = frozenset(
    {
        *("smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean", "uuid", "money", "name"),
        *("date", "timestamp without time zone", "timestamp with time zone", "text", "character varying", "character"),
    }
)  # fmt: skip
_CAST_TO = frozenset(
    {"int2", "int4", "int8", "numeric", "float4", "float8", "text", "varchar", "bpchar", "bool", "date", "timestamp",
     "timestamptz", "uuid"}
)  # fmt: skip
_NULL_FOR_NULL_ALONE = frozenset({"date_trunc", "timezone", "lower", "upper", "btrim", "md5", "abs", "length", "round"})
_NEVER_NULL = frozenset({"count", "row_number", "rank", "dense_rank", "now"})
_OPERATORS = frozenset({"+", "-", "*", "/", "||", "=", "<>", "<", "<=", ">", ">="})
_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_SERIES = (["generate_series"], ["pg_catalog", "generate_series"])
_PLAIN, _IN = 1, 7  # A_Expr_Kind
_IS_NULL, _NOT_NULL = 1, 2  # NullTestType
_INNER, _LEFT, _FULL, _RIGHT = 1, 2, 3, 4  # JoinType
_NO_SET_OPERATION, _EXCEPT = 1, 4  # SetOperation
_EXISTS = 1  # SubLinkType

# A column as an expression names it: alias and name; without alias where there is but one table, or USING merged two.
Reference: TypeAlias = tuple[str | None, str]
# Tables, and the queries of ordinary views, by schema and name.
Relations: TypeAlias = Mapping[tuple[str, str], "Table | Tree"]


@dataclass(frozen=True)
class _Scope:
    """A SELECT and the WITH queries that it can name."""

    select: Tree
    queries: Mapping[str, tuple[Tree, _Scope | None]]


@dataclass(frozen=True)
class Nulls:
    """Answers for one definition."""

    relations: Relations
    are_casts_strict: bool = True  # no cast is a function of somebody's, which may make NULL of anything
    _none: Mapping[str, tuple[Tree, _Scope | None]] = field(default_factory=dict)

    def is_never_null(self, select: Tree, column: str) -> bool:
        """Whether an output column of a SELECT is never NULL."""
        return self._output(select, self._none, column, ())

    def _output(
        self, select: Tree, outer: Mapping[str, tuple[Tree, _Scope | None]], name: str, renamed: Sequence[str]
    ) -> bool:
        position = _position(_leftmost(select), name, renamed)
        return position is not None and self._at(select, outer, position)

    def _at(self, select: Tree, outer: Mapping[str, tuple[Tree, _Scope | None]], position: int) -> bool:
        queries = {**outer}
        if select.HasField("with_clause"):
            for cte in (inner(query) for query in select.with_clause.ctes):
                # a recursive query may name itself: what it gives is not known
                known = None if select.with_clause.recursive else _Scope(inner(cte.ctequery), {**queries})
                queries[cte.ctename] = (cte, known)
        if select.op != _NO_SET_OPERATION:
            sides = [select.larg] if select.op == _EXCEPT else [select.larg, select.rarg]
            return all(self._at(side, queries, position) for side in sides)
        scope = _Scope(select, queries)
        if select.values_lists:
            return all(self._expression(row.list.items[position], scope) for row in select.values_lists)
        if any(kind(inner(item)) == "GroupingSet" for item in select.group_clause):
            return False
        return position < len(select.target_list) and self._expression(inner(select.target_list[position]).val, scope)

    def _expression(self, tree: Tree, scope: _Scope) -> bool:
        node = inner(tree)
        handler = getattr(self, f"_of_{kind(node)}", None)
        return handler is not None and bool(handler(node, scope))

    def _of_ColumnRef(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802  # the parser's names
        reference = _reference(node)
        return reference is not None and self._one_is_left({reference}, scope)

    def _of_CoalesceExpr(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        named = {_reference(inner(part)) for part in node.args if kind(inner(part)) == "ColumnRef"}
        return any(self._expression(part, scope) for part in node.args) or self._one_is_left(
            {reference for reference in named if reference is not None}, scope
        )

    def _of_MinMaxExpr(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        return any(self._expression(part, scope) for part in node.args)

    def _of_A_Const(self, node: Tree, _scope: _Scope) -> bool:  # noqa: N802
        return not node.isnull

    def _of_TypeCast(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        names = [part.string.sval for part in node.type_name.names]
        is_plain = not node.type_name.array_bounds and names[-1] in _CAST_TO and names[0] in ("pg_catalog", names[-1])
        return self.are_casts_strict and is_plain and self._expression(node.arg, scope)

    def _of_CollateClause(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        return self._expression(node.arg, scope)

    def _of_FuncCall(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        names = [part.string.sval for part in node.funcname]
        if len(names) > 1 and names[0] != "pg_catalog":
            return False
        if names[-1] in _NEVER_NULL:
            return True
        return names[-1] in _NULL_FOR_NULL_ALONE and all(self._expression(part, scope) for part in node.args)

    def _of_A_Expr(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        is_known = node.kind == _PLAIN and len(node.name) == 1 and node.name[0].string.sval in _OPERATORS
        sides = [getattr(node, side) for side in ("lexpr", "rexpr") if node.HasField(side)]
        return is_known and all(self._expression(side, scope) for side in sides)

    def _of_CaseExpr(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        results = [inner(branch).result for branch in node.args]
        return node.HasField("defresult") and all(
            self._expression(result, scope) for result in (*results, node.defresult)
        )

    def _of_BoolExpr(self, node: Tree, scope: _Scope) -> bool:  # noqa: N802
        return all(self._expression(part, scope) for part in node.args)

    def _of_NullTest(self, _node: Tree, _scope: _Scope) -> bool:  # noqa: N802
        return True

    def _of_BooleanTest(self, _node: Tree, _scope: _Scope) -> bool:  # noqa: N802
        return True

    def _of_SQLValueFunction(self, _node: Tree, _scope: _Scope) -> bool:  # noqa: N802
        return True

    def _of_SubLink(self, node: Tree, _scope: _Scope) -> bool:  # noqa: N802
        return bool(node.sub_link_type == _EXISTS)

    def _one_is_left(self, references: set[Reference], scope: _Scope) -> bool:
        """Whether, in every row that the SELECT's joins give, one of the columns is not NULL."""
        if scope.select.HasField("where_clause") and _requires(scope.select.where_clause, references):
            return True
        return any(self._is_left_by(item, references, scope) for item in scope.select.from_clause)

    def _is_left_by(self, item: Tree, references: set[Reference], scope: _Scope) -> bool:
        node = inner(item)
        if kind(node) != "JoinExpr":
            return any(self._column(node, name, scope) for alias, name in references if alias in (None, _alias(node)))
        if node.HasField("alias"):
            return False
        left, right = (self._is_left_by(side, references, scope) for side in (node.larg, node.rarg))
        if node.jointype == _INNER:
            merged = {part.string.sval for part in node.using_clause}
            is_required = node.HasField("quals") and _requires(node.quals, references)
            return left or right or is_required or any(alias is None and name in merged for alias, name in references)
        if node.jointype == _FULL:
            return left and right
        return {_LEFT: left, _RIGHT: right}.get(node.jointype, False)

    def _column(self, node: Tree, name: str, scope: _Scope) -> bool:
        renamed = [part.string.sval for part in node.alias.colnames] if node.HasField("alias") else []
        if kind(node) == "RangeSubselect":
            return not node.lateral and self._output(inner(node.subquery), scope.queries, name, renamed)
        if kind(node) == "RangeFunction":
            return _is_series(node)
        if kind(node) != "RangeVar":
            return False
        if not node.schemaname and node.relname in scope.queries:
            cte, known = scope.queries[node.relname]
            own = renamed or [part.string.sval for part in cte.aliascolnames]
            return known is not None and self._output(known.select, known.queries, name, own)
        found = self.relations.get((node.schemaname, node.relname))
        if isinstance(found, Table):
            column = found.columns.get(name)
            return not renamed and column is not None and column.is_not_null and column.type in _TYPES
        return found is not None and self._output(found, {}, name, renamed)


def _requires(condition: Tree, references: set[Reference]) -> bool:
    """Whether the condition is true only where one of the columns is not NULL."""
    return any(_needs(inner(part), references) for part in between_ands(condition))


def _needs(node: Tree, references: set[Reference]) -> bool:
    if kind(node) == "NullTest":
        return node.nulltesttype == _NOT_NULL and _is_one(node.arg, references)
    if kind(node) != "A_Expr" or len(node.name) != 1:
        return False
    if node.kind == _IN:
        return node.name[0].string.sval == "=" and _is_one(node.lexpr, references)
    is_comparison = node.kind == _PLAIN and node.name[0].string.sval in _COMPARISONS
    return is_comparison and (_is_one(node.lexpr, references) or _is_one(node.rexpr, references))


def _is_one(tree: Tree, references: set[Reference]) -> bool:
    return kind(inner(tree)) == "ColumnRef" and _reference(inner(tree)) in references


def _reference(node: Tree) -> Reference | None:
    name = column_name(node)
    if name is None or len(name) > 2:  # noqa: PLR2004  # alias and column
        return None
    return (name[0], name[1]) if len(name) > 1 else (None, name[0])


def _alias(node: Tree) -> str | None:
    if node.HasField("alias"):
        return str(node.alias.aliasname)
    return str(node.relname) if kind(node) == "RangeVar" else None


def _is_series(node: Tree) -> bool:
    if len(node.functions) != 1 or node.ordinality or node.is_rowsfrom:
        return False
    call = inner(inner(node.functions[0]).items[0])
    return kind(call) == "FuncCall" and [part.string.sval for part in call.funcname] in _SERIES


def _leftmost(select: Tree) -> Tree:
    while select.op != _NO_SET_OPERATION:
        select = select.larg
    return select


def _position(select: Tree, name: str, renamed: Sequence[str]) -> int | None:
    """Of an output column by its name; `renamed` are names that the reader gives to the first columns."""
    names = [*renamed, *list(output_names(select))[len(renamed) :]]
    return names.index(name) if names.count(name) == 1 else None


def output_names(select: Tree) -> Iterator[str]:
    """What the columns of a SELECT are called; "" where that is not known."""
    for item in select.target_list:
        target = inner(item)
        reference = column_name(inner(target.val)) if kind(inner(target.val)) == "ColumnRef" else None
        yield target.name or (reference[-1] if reference else "")
    if select.values_lists:
        yield from (f"column{number}" for number, _ in enumerate(select.values_lists[0].list.items, 1))
