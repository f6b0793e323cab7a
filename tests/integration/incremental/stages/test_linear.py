"""Linear tables against their definitions, to the last digit shown, after every history."""

from __future__ import annotations

from tests.fix_database import Database
from tests.integration.incremental.stages.linear_tables import make_linear_table

_TABLE = """
    CREATE TABLE public.sale (
        id integer PRIMARY KEY, city text, day date, amount numeric(8, 2), pieces smallint, points integer, big bigint
    )
"""
_QUERY = """
    WITH stage AS (
        SELECT
            s.city, s.day, count(*) AS n, count(s.amount) AS paid, sum(s.amount) AS total, avg(s.amount) AS mean,
            sum(s.pieces) AS pieces, avg(s.pieces) AS mean_pieces, sum(s.points) FILTER (WHERE s.pieces > 1) AS points,
            sum(s.big) AS big, avg(s.big) AS mean_big, round(avg(s.amount * s.pieces), 1) AS worth,
            coalesce(sum(s.amount), 0) / count(*) AS each, count(*) FILTER (WHERE s.pieces IS NULL) AS unknown
        FROM public.sale AS s WHERE s.points IS DISTINCT FROM 13 GROUP BY s.city, s.day
    )
    SELECT stage.city FROM stage
"""


def test_a_change_moves_the_groups_that_it_touches(database: Database) -> None:
    """And reads no others."""
    database.execute(_TABLE)
    database.execute("INSERT INTO sale SELECT n, 'c' || n % 5, NULL, n, n % 3, n, n FROM generate_series(1, 100) AS n")
    linear = make_linear_table(database, _QUERY, "public.sale")
    assert linear.refresh() == ("skip", None, 0)
    database.execute(
        "INSERT INTO sale VALUES (1000, 'c1', NULL, 5, 1, 1, 1), (1001, 'new', '2026-01-01', 1.5, 0, 2, 3)"
    )
    assert linear.refresh() == ("incremental", None, 2)
    database.execute("DELETE FROM sale WHERE city = 'c2'; UPDATE sale SET city = NULL WHERE id = 1001")
    assert linear.refresh() == ("incremental", None, 3)
    database.execute("UPDATE sale SET amount = amount + 1; UPDATE sale SET amount = amount - 1")
    assert linear.refresh() == ("incremental", None, 0)
