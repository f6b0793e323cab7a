"""A query as a person wrote it, before anything of it is sent to the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import postgast
from postgast import pg_query_pb2 as tree

from refresh_task.errors import ConfigurationError
from refresh_task.incremental.stages.query_text import children

_WRITING = (tree.InsertStmt, tree.UpdateStmt, tree.DeleteStmt, tree.MergeStmt)
_REMEDY = "Write one SELECT statement, which names the schema of every table."


def written_select(text: str, *, subject: str) -> str:
    """The text's one SELECT statement, without what closes it. Raises ConfigurationError where there is anything else:
    what follows a semicolon would be executed with it."""
    try:
        statements = postgast.parse(text).stmts
    except postgast.PgQueryError as error:
        line = text.count("\n", 0, max((error.cursorpos or 1) - 1, 0)) + 1
        raise _refused(f"cannot be read: {error.message}, in line {line}", subject) from None
    if not statements:
        raise _refused("is empty", subject)
    if len(statements) > 1:
        raise _refused(f"has {len(statements)} statements", subject)
    (statement,) = statements
    if not statement.stmt.HasField("select_stmt"):
        raise _refused("is no SELECT statement", subject)
    parts = list(_parts(statement.stmt.select_stmt))
    if any(isinstance(part, _WRITING) for part in parts):
        raise _refused("changes rows in its WITH list", subject)
    if any(isinstance(part, tree.IntoClause) for part in parts):
        raise _refused("makes a table (SELECT INTO)", subject)
    source = text.encode()
    end = statement.stmt_location + statement.stmt_len if statement.stmt_len else len(source)
    return source[statement.stmt_location : end].decode().strip()


def _refused(what: str, subject: str) -> ConfigurationError:
    return ConfigurationError(f"the new query {what}.", subject=subject, remedy=_REMEDY)


def _parts(part: Any) -> Iterator[Any]:
    yield part
    for child in children(part):
        yield from _parts(child)
