"""Which expressions are exact: added up in any order, and taken away again, they give one and the same value, to the
last digit shown.

PostgreSQL shows a sum of numeric with the largest scale among its inputs, which a row that goes may take with it. So an
expression is exact only where all its values have one scale: a column declared numeric(12, 2), and what is made of
such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from postgast import pg_query_pb2 as tree

_NUMERIC = 1700
_INTEGERS = {21: 2, 23: 4, 20: 8}  # OIDs of smallint, integer, bigint, and their sizes
_INTEGER_NAMES = {"int2": 2, "int4": 4, "int8": 8}
# Types whose equal values look alike, too: bool, bytea, "char", name, bigint, smallint, integer, text, oid, varchar,
# date, time, timestamp, timestamptz, uuid. Not: interval (24 hours = 1 day), floating point (0 = -0), char(n), json.
_ALIKE = {16, 17, 18, 19, 20, 21, 23, 25, 26, 1043, 1082, 1083, 1114, 1184, 2950}
_ALIKE_NAMES = {"bool", "int2", "int4", "int8", "text", "date", "timestamp", "timestamptz", "uuid"}
_TEXT, _TIMES = {25, 1043}, {1082, 1114, 1184}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `modifier` is what its type is declared with (-1: nothing)."""

    type: int  # OID
    modifier: int
    is_enum: bool = False
    is_collated_by_bytes: bool = True  # its collation is deterministic, or it has none


Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Exact:
    """`size`: bytes of an integer; None: numeric, always of this scale."""

    size: int | None
    scale: int = 0


def exact(node: tree.Node, columns: Columns) -> Exact | None:  # noqa: PLR0911 - one per kind of expression
    """What kind of exact number an expression is; None: it may be something else."""
    match node.WhichOneof("node"):
        case "column_ref":
            return _column(columns.get(column_name(node.column_ref) or ""))
        case "a_const":
            return _constant(node.a_const)
        case "type_cast":
            return _cast(node.type_cast, columns)
        case "a_expr":
            return _operation(node.a_expr, columns)
        case "coalesce_expr":
            return _one_of(node.coalesce_expr.args, columns)
        case "min_max_expr":
            return _one_of(node.min_max_expr.args, columns)
        case "case_expr":
            results = [when.case_when.result for when in node.case_expr.args]
            if node.case_expr.HasField("defresult") and not _is_null(node.case_expr.defresult):
                results.append(node.case_expr.defresult)
            return _one_of(results, columns)
        case _:
            return None


def looks_alike(node: tree.Node, columns: Columns) -> bool:
    """Whether equal values of an expression are the same to look at, so that any of them may stand for its group."""
    match node.WhichOneof("node"):
        case "column_ref":
            column = columns.get(column_name(node.column_ref) or "")
            if column is None or not column.is_collated_by_bytes:
                return False
            return column.type in _ALIKE or column.is_enum or (column.type == _NUMERIC and column.modifier >= 0)
        case "type_cast":
            # a text takes over what its argument is collated by
            name = _type_name(node.type_cast.type_name)
            return name in _ALIKE_NAMES and (name != "text" or _is_plain(node.type_cast.arg, columns))
        case "func_call":
            name, arguments = function_name(node.func_call), node.func_call.args
            if name in ("lower", "upper", "btrim") and len(arguments) == 1:
                return _type_of(arguments[0], columns) in _TEXT and looks_alike(arguments[0], columns)
            # of the time that they are handed
            return name in ("date_trunc", "timezone") and any(is_time(argument, columns) for argument in arguments)
        case _:
            return False


def is_time(node: tree.Node, columns: Columns) -> bool:
    """A date or a moment, and no interval."""
    if node.HasField("type_cast"):
        return _type_name(node.type_cast.type_name) in ("date", "timestamp", "timestamptz")
    if node.HasField("func_call") and function_name(node.func_call) in ("timezone", "date_trunc"):
        return looks_alike(node, columns)
    return _type_of(node, columns) in _TIMES


def column_name(reference: tree.ColumnRef) -> str | None:
    """The name of the column that is meant: one table is read. None: a whole row."""
    last = reference.fields[-1]
    return last.string.sval if last.HasField("string") else None


def function_name(call: tree.FuncCall) -> str | None:
    """The name of a function of PostgreSQL's own; None: it is somebody's. (Those are written with their schema.)"""
    names = [part.string.sval for part in call.funcname]
    if names[0] == "pg_catalog":
        del names[0]
    return names[0] if len(names) == 1 else None


def _column(column: Column | None) -> Exact | None:
    if column is None:
        return None
    if column.type in _INTEGERS:
        return Exact(_INTEGERS[column.type])
    if column.type == _NUMERIC and column.modifier >= 0:
        return Exact(None, _scale(column.modifier))
    return None


def _scale(modifier: int) -> int:
    """The scale in numeric(precision, scale), as it is packed into a type modifier: 11 bits with a sign; none is shown
    below zero."""
    scale = (modifier - 4) & 0x7FF
    is_negative = scale & 0x400
    return 0 if is_negative else scale


def _constant(constant: tree.A_Const) -> Exact | None:
    if constant.HasField("ival"):
        return Exact(4)
    if constant.HasField("fval"):
        _, point, fraction = constant.fval.fval.partition(".")
        return Exact(None, len(fraction)) if point and fraction.isdigit() else None
    return None


def _cast(cast: tree.TypeCast, columns: Columns) -> Exact | None:
    inner = exact(cast.arg, columns)
    name = _type_name(cast.type_name)
    if inner is None:
        return None
    if name in _INTEGER_NAMES:
        return Exact(_INTEGER_NAMES[name])
    if name != "numeric":
        return None
    modifiers = cast.type_name.typmods
    if not modifiers:
        return Exact(None, inner.scale)
    scale = modifiers[1].a_const if len(modifiers) > 1 else None
    return Exact(None, scale.ival.ival if scale is not None else 0)


def _operation(operation: tree.A_Expr, columns: Columns) -> Exact | None:
    operator = operation.name[-1].string.sval
    # somebody's own operator is written OPERATOR(schema.+)
    if operation.kind != tree.AEXPR_OP or len(operation.name) != 1 or operator not in ("+", "-", "*"):
        return None
    right = exact(operation.rexpr, columns)
    if not operation.HasField("lexpr"):
        return right
    left = exact(operation.lexpr, columns)
    if left is None or right is None:
        return None
    if left.size is not None and right.size is not None:
        return Exact(max(left.size, right.size))
    return Exact(None, left.scale + right.scale if operator == "*" else max(left.scale, right.scale))


def _one_of(nodes: Iterable[tree.Node], columns: Columns) -> Exact | None:
    """What all of these are; None where they differ."""
    kinds = {exact(node, columns) for node in nodes}
    return kinds.pop() if len(kinds) == 1 else None


def _is_null(node: tree.Node) -> bool:
    inner = node.type_cast.arg if node.HasField("type_cast") else node
    return bool(inner.HasField("a_const") and inner.a_const.isnull)


def _type_name(name: tree.TypeName) -> str | None:
    names = [part.string.sval for part in name.names]
    return names[-1] if names[:-1] in ([], ["pg_catalog"]) and not name.array_bounds else None


def _type_of(node: tree.Node, columns: Columns) -> int | None:
    if node.HasField("type_cast") and _type_name(node.type_cast.type_name) == "text":
        return min(_TEXT)
    if not node.HasField("column_ref"):
        return None
    column = columns.get(column_name(node.column_ref) or "")
    return None if column is None else column.type


def _is_plain(node: tree.Node, columns: Columns) -> bool:
    """A text that is collated by its bytes, or no text."""
    if node.HasField("column_ref"):
        column = columns.get(column_name(node.column_ref) or "")
        return column is not None and column.is_collated_by_bytes
    return looks_alike(node, columns) or exact(node, columns) is not None
