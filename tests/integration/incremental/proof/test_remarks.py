"""What two computations of the same rows may give otherwise is said beforehand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from refresh_task.incremental.model import Proof

Prove = Callable[..., Proof]
_DDL = (
    "CREATE TABLE c (id integer PRIMARY KEY, name text, code integer UNIQUE);"
    "CREATE TABLE t (id integer PRIMARY KEY, c_id integer NOT NULL, day date, v integer);"
    "CREATE TABLE parent (id integer PRIMARY KEY, v integer); CREATE TABLE child () INHERITS (parent)"
)
_JOINED = "t JOIN c ON c.id = t.c_id"
_LEFT = "t LEFT JOIN c ON c.id = t.c_id"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT DISTINCT ON (c_id) c_id, day, v FROM t ORDER BY c_id, day DESC", "DISTINCT ON"),
        ("SELECT DISTINCT ON (c_id) c_id, day, v FROM t ORDER BY c_id, day DESC, id", None),
        ("SELECT DISTINCT ON (c_id) c_id, day, 1 AS one FROM t ORDER BY c_id, day DESC", None),
        ("SELECT DISTINCT ON (c_id) c_id, day + 1 AS next FROM t ORDER BY c_id, day DESC", None),
        (f"SELECT DISTINCT ON (t.c_id) t.c_id, c.name, t.v FROM {_JOINED} ORDER BY t.c_id, t.id", None),
        (f"SELECT DISTINCT ON (t.c_id) t.c_id, c.name, t.v FROM {_JOINED} ORDER BY t.c_id, c.id", "DISTINCT ON"),
        (f"SELECT DISTINCT ON (t.day) t.day, c.name FROM {_LEFT} ORDER BY t.day, t.id", None),
        (
            "SELECT DISTINCT ON (c.name) c.name, t.v FROM c LEFT JOIN t ON c.id = t.id ORDER BY c.name, t.id",
            "DISTINCT ON",
        ),
        ("SELECT DISTINCT ON (c.name) c.name, t.v FROM c JOIN t ON c.id = t.id ORDER BY c.name, t.id", None),
        (
            "SELECT DISTINCT ON (c.name) c.name, t.v FROM c FULL JOIN t ON c.id = t.id ORDER BY c.name, t.id",
            "DISTINCT ON",
        ),
        ("SELECT DISTINCT ON (name) name, id FROM c ORDER BY name, code", "DISTINCT ON"),  # code may be NULL
        ("SELECT DISTINCT ON (v) v, id FROM child AS t (id, v) ORDER BY v", "DISTINCT ON"),
        ("SELECT id, v FROM parent ORDER BY id LIMIT 3", "LIMIT"),  # a child may have the same id
        ("SELECT id, v FROM ONLY t AS parent ORDER BY id LIMIT 3", None),
        ("SELECT id, day FROM t ORDER BY day LIMIT 3", "LIMIT"),
        ("SELECT id, day FROM t ORDER BY day FETCH FIRST 3 ROWS WITH TIES", None),
        ("SELECT id, day FROM t ORDER BY day, id OFFSET 3", None),
        ("SELECT id, day FROM t ORDER BY day OFFSET 3", "OFFSET"),
        ("SELECT day, sum(v) AS v FROM t GROUP BY day ORDER BY sum(v) LIMIT 3", "LIMIT"),
        ("SELECT day, sum(v) AS v FROM t GROUP BY day, c_id ORDER BY sum(v), day LIMIT 3", None),
        ("SELECT day, sum(v) AS v FROM t GROUP BY day, c_id ORDER BY day, c_id LIMIT 3", None),
        ("SELECT id, row_number() OVER (PARTITION BY c_id ORDER BY day) AS n FROM t", "row_number()"),
        ("SELECT id, row_number() OVER (PARTITION BY c_id ORDER BY day, id) AS n FROM t", None),
        ("SELECT id, lag(v) OVER w AS n FROM t WINDOW w AS (PARTITION BY c_id ORDER BY day)", "lag()"),
        ("SELECT id, lag(v) OVER (w ORDER BY id) AS n FROM t WINDOW w AS (PARTITION BY c_id)", None),
        ("SELECT id, rank() OVER (PARTITION BY c_id ORDER BY day) AS n FROM t", None),
        ("SELECT c_id, row_number() OVER (ORDER BY sum(v), c_id) AS n FROM t GROUP BY c_id", None),
        ("SELECT c_id, row_number() OVER (ORDER BY sum(v)) AS n FROM t GROUP BY c_id", "row_number()"),
        ("SELECT c_id, array_agg(v ORDER BY day) AS n FROM t GROUP BY c_id", "array_agg()"),
        ("SELECT c_id, array_agg(v ORDER BY day, id) AS n FROM t GROUP BY c_id", None),
        ("SELECT c_id, string_agg(v::text, ',' ORDER BY v) AS n FROM t GROUP BY c_id", None),
        ("SELECT c.id, (SELECT t.v FROM t WHERE t.c_id = c.id ORDER BY t.day LIMIT 1) AS v FROM c", "LIMIT"),
        ("SELECT c.id, (SELECT t.v FROM t WHERE t.c_id = c.id ORDER BY t.day, t.id LIMIT 1) AS v FROM c", None),
        ("SELECT v::numeric AS k, count(*) AS n FROM t GROUP BY 1", "look different"),
        ("SELECT v AS k, count(*) AS n FROM t GROUP BY 1", None),
    ],
)
def test_an_order_that_may_leave_rows_equal_is_remarked(proved: Prove, query: str, words: str | None) -> None:
    remarks = proved(_DDL, query).remarks
    if words is None:
        assert remarks == ()
    else:
        assert any(words in said for said in remarks)
