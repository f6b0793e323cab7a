"""What the refresh log says, as an answer may say it: its remedies are for who works on the database and often are
statements, and what is wrong with a custom check repeats its query."""

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


def without_sql(text: str | None, *, log_id: int, view: str) -> str | None:
    """The text, or where its statements stand."""
    if text is None or not _STATEMENT.search(text):
        return text
    return f"See entry {log_id} of the refresh log: vistafresca history {view}."
