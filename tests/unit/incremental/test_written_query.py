"""Only one SELECT statement is a view's query: anything else in the file would be executed."""

from __future__ import annotations

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.incremental.stages import written_select


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("-- nothing yet\n;", "is empty"),
        ("SELECT 1; INSERT INTO shop.sale VALUES (1)", "has 2 statements"),
        ("SELECT 1; SELECT 2", "has 2 statements"),
        ("UPDATE shop.sale SET id = 1 RETURNING id", "is no SELECT statement"),
        ("CREATE VIEW v AS SELECT 1", "is no SELECT statement"),
        ("WITH d AS (DELETE FROM shop.sale RETURNING id) SELECT id FROM d", "changes rows in its WITH list"),
        ("SELECT 1 AS a INTO shop.t", "makes a table"),
        ("SELECT 1 AS a UNION SELECT 2 INTO shop.t", "makes a table"),
        ("SELECT 1\nFROM shop.sale\nWHER id = 1", 'cannot be read: syntax error at or near "id", in line 3'),
    ],
)
def test_what_is_no_query_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        written_select(text, subject="shop.v")
    assert words in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'ñ;'",
        "  SELECT 'ñ;' ;",
        "SELECT 'ñ;';\n-- until then\n",
        "WITH a AS (SELECT 'ñ;') SELECT * FROM a;;",
        "VALUES (1)",
    ],
)
def test_a_query_loses_only_what_closes_it(text: str) -> None:
    assert written_select(text, subject="shop.v") == text.strip().split(";\n")[0].rstrip("; ")
