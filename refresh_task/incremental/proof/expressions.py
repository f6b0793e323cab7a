"""Expressions as plans and definitions print them: taken apart, compared, and written again. What cannot be read, or
not be written as it was read, is None here and proves nothing there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

# A node of the parser's, which is a protobuf message: its fields are known by name alone.
Tree: TypeAlias = Any
Name: TypeAlias = tuple[str, ...]  # alias and column

# What EXPLAIN writes for the results of subplans is no SQL: `(hashed SubPlan 1)`, `(InitPlan 2).col1`, and
# `(ANY (x = (hashed SubPlan 3).col1))` since 17. Names and literals are passed over whole.
_SUBPLAN = re.compile(
    r"""("(?:[^"]|"")*"|'(?:[^']|'')*')"""
    r"""|(?:EXISTS)?\((?:rescan |hashed )*(?:SubPlan|InitPlan|CTE) [^()]*\)(?:\.col\d+)?"""
    r"""|(?<=\()(?:ANY|ALL)(?= \()"""
)
_LITERAL = re.compile(r"""E?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*\"""")
# What moves with time and is the same for a whole transaction, as PostgreSQL writes it.
MOMENT = re.compile(
    r"\b(?:now|transaction_timestamp)\(\)|\b(?:CURRENT_(?:DATE|TIMESTAMP|TIME)|LOCALTIMESTAMP|LOCALTIME)\b",
    re.IGNORECASE,
)

SUBPLAN_FUNCTION = "subplan_of_the_plan"
_FIELDS_OF_A_BARE_SELECT = 3  # target_list, limit_option, op
_AND, _PLAIN_OPERATOR, _IS_NULL = 1, 1, 1  # AND_EXPR, AEXPR_OP, IS_NULL


def read(text: str) -> Tree | None:
    """The tree of an expression."""
    from postgast import PgQueryError, parse  # noqa: PLC0415  # 16 MB, only where something is proved

    try:
        statements = parse(f"SELECT ({_SUBPLAN.sub(_as_sql, text)})").stmts  # parsed, never run
    except PgQueryError:
        return None
    if len(statements) != 1:
        return None
    select = statements[0].stmt.select_stmt
    if len(select.target_list) != 1 or len(select.ListFields()) != _FIELDS_OF_A_BARE_SELECT:
        return None
    tree: Tree = select.target_list[0].res_target.val
    forget_locations(tree)
    return tree


def _as_sql(found: re.Match[str]) -> str:
    if found.group(1) is not None:
        return found.group(1)
    return f"{SUBPLAN_FUNCTION} " if found.group(0) in ("ANY", "ALL") else f"{SUBPLAN_FUNCTION}()"


def write(tree: Tree) -> str | None:
    """The SQL of an expression's tree, if reading it gives the same tree again."""
    from postgast import PgQueryError, deparse, parse  # noqa: PLC0415  # as above

    statement: Any = parse("SELECT 1")
    statement.stmts[0].stmt.select_stmt.target_list[0].res_target.val.CopyFrom(tree)
    try:
        text = deparse(statement).removeprefix("SELECT ")
    except PgQueryError:
        return None
    again = read(text)
    return text if again is not None and again.SerializeToString() == tree.SerializeToString() else None


def conjuncts(text: str) -> Iterator[Tree]:
    """What stands between the ANDs of a condition."""
    tree = read(text)
    if tree is not None:
        yield from between_ands(tree)


def between_ands(tree: Tree) -> Iterator[Tree]:
    """What stands between the ANDs of a condition that is read already."""
    node = inner(tree)
    if kind(node) == "BoolExpr" and node.boolop == _AND:
        for part in node.args:
            yield from between_ands(part)
    else:
        yield tree


def operation(tree: Tree) -> tuple[str, Tree, Tree] | None:
    """Operator and sides of `left op right` with an operator that needs no schema."""
    node = inner(tree)
    if kind(node) != "A_Expr" or node.kind != _PLAIN_OPERATOR or len(node.name) != 1:
        return None
    if not (node.HasField("lexpr") and node.HasField("rexpr")):
        return None
    return node.name[0].string.sval, node.lexpr, node.rexpr


def is_null_test(tree: Tree) -> Tree | None:
    """What is tested by `… IS NULL`."""
    node = inner(tree)
    if kind(node) == "NullTest" and node.nulltesttype == _IS_NULL:
        return node.arg
    return None


def parameter(tree: Tree) -> int | None:
    """The number of `$n`, cast or not."""
    node = inner(tree)
    while kind(node) == "TypeCast":
        node = inner(node.arg)
    return int(node.number) if kind(node) == "ParamRef" else None


def parts(tree: Tree) -> Iterator[Tree]:
    """The tree and all nodes beneath, without wrappers."""
    from postgast import walk  # noqa: PLC0415  # as above

    for _, node in walk(tree):
        yield inner(node)


def references(tree: Tree) -> set[tuple[str, ...]] | None:
    """Names of the columns in it, as they are written; None: it has what is not of columns, constants and functions
    alone (a parameter, a subquery, a whole row)."""
    found: set[tuple[str, ...]] = set()
    for node in parts(tree):
        if kind(node) in ("SubLink", "ParamRef", "SetToDefault"):
            return None
        if kind(node) == "FuncCall" and node.funcname[-1].string.sval == SUBPLAN_FUNCTION:
            return None
        if kind(node) == "ColumnRef":
            if (name := column_name(node)) is None:
                return None
            found.add(name)
    return found


def is_builtin(tree: Tree) -> bool:
    """Whether its functions, operators and types are all PostgreSQL's own, as printed under a search path without any
    other schema."""
    for node in parts(tree):
        field = {"FuncCall": "funcname", "A_Expr": "name", "TypeName": "names"}.get(kind(node))
        name = [part.string.sval for part in getattr(node, field)] if field is not None else []
        if len(name) > 1 and name[0] != "pg_catalog":
            return False
    return True


def column_name(node: Tree) -> tuple[str, ...] | None:
    """The parts of a column's name; None for `*`."""
    fields = node.fields
    if any(field.WhichOneof("node") != "string" for field in fields):
        return None
    return tuple(field.string.sval for field in fields)


def bare_column(tree: Tree) -> tuple[str, ...] | None:
    """The name, if the expression is a column and nothing else."""
    node = inner(tree)
    return column_name(node) if kind(node) == "ColumnRef" else None


def without_alias(tree: Tree) -> Tree:
    """A copy in which `alias.column` is `column`."""
    copy: Tree = type(tree)()
    copy.CopyFrom(tree)
    for node in parts(copy):
        if kind(node) == "ColumnRef":
            del node.fields[:-1]
    return copy


def with_column(tree: Tree, name: str) -> Tree:
    """A copy in which the column, of which there is but one, is called that, without an alias."""
    copy = without_alias(tree)
    for node in parts(copy):
        if kind(node) == "ColumnRef":
            node.fields[0].string.sval = name
    return copy


def with_replaced(tree: Tree, replacements: Mapping[bytes, Tree]) -> Tree:
    """A copy in which every node that is a key, as its bytes, is the value."""
    copy: Tree = type(tree)()
    copy.CopyFrom(tree)
    _replace(copy, replacements)
    return copy


def _replace(message: Any, replacements: Mapping[bytes, Tree]) -> None:
    if type(message).__name__ == "Node" and (found := replacements.get(message.SerializeToString())) is not None:
        message.CopyFrom(found)
        return
    for _, value in message.ListFields():
        if hasattr(value, "ListFields"):
            _replace(value, replacements)
        elif hasattr(value, "append") and value and hasattr(value[0], "ListFields"):
            for item in value:
                _replace(item, replacements)


def asks_the_time(tree: Tree) -> bool:
    """Whether the date or the time is asked for in an expression."""
    return any(_is_moment(node) for node in parts(tree))


def _is_moment(node: Tree) -> bool:
    if kind(node) == "FuncCall":
        return node.funcname[-1].string.sval in ("now", "transaction_timestamp")
    return kind(node) == "SQLValueFunction"


def mentions_moment(text: str) -> bool:
    """The same of a text that may be no expression, or several."""
    return MOMENT.search(_LITERAL.sub("", text)) is not None


def inner(node: Tree) -> Tree:
    """What a wrapper holds."""
    from postgast import unwrap_node  # noqa: PLC0415  # as above

    return unwrap_node(node)


def kind(node: Tree) -> str:
    """ColumnRef, FuncCall, …"""
    return type(node).__name__


def forget_locations(message: Tree) -> None:
    """Let equal expressions be equal, wherever they stood."""
    for field, value in message.ListFields():
        if field.name == "location":
            message.ClearField("location")
        elif hasattr(value, "ListFields"):
            forget_locations(value)
        elif hasattr(value, "append") and value and hasattr(value[0], "ListFields"):
            for item in value:
                forget_locations(item)


def read_query(text: str) -> Tree | None:
    """The tree of a SELECT."""
    from postgast import PgQueryError, parse  # noqa: PLC0415  # as above

    try:
        statements = parse(text).stmts
    except PgQueryError:
        return None
    if len(statements) != 1 or statements[0].stmt.WhichOneof("node") != "select_stmt":
        return None
    forget_locations(statements[0])
    return statements[0].stmt.select_stmt
