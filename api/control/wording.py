"""What the refresh log says, as an answer may say it: its remedies are for who works on the database and often are
statements, what is wrong with a custom check repeats its query, and errors of the data quote it."""

from __future__ import annotations

import re

__all__ = ["without_sql"]

# A statement's first words, in capitals as this project's remedies have them, or with what must follow them.
_STATEMENT = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|REVOKE|REFRESH|REINDEX|VACUUM|EXPLAIN|WITH|VALUES|CALL)\b"
    r"|\bselect\b.+\bfrom\b|\b(insert\s+into|delete\s+from|create\s+(unique\s+)?(index|table|view)|alter\s+table)\b"
    r"|bi_refresh\.\w+\(",
    re.DOTALL,
)
# PostgreSQL's own words on these errors quote values of rows: wrong data, duplicate keys, what functions raise.
_OF_DATA = ("21", "22", "23", "P0")


def without_sql(text: str | None, *, log_id: int, view: str, sqlstate: str | None = None) -> str | None:
    """The text, or where it stands: who may refresh a view, or see its state, need not be allowed to see its rows."""
    is_of_data = sqlstate is not None and sqlstate.startswith(_OF_DATA)
    if text is None or not (is_of_data or _STATEMENT.search(text)):
        return text
    return f"See entry {log_id} of the refresh log: vistafresca history {view}."
