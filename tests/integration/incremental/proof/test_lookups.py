"""Which rows may look their slice up in another table, and which may not."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.incremental.proof.test_hazards import Prove, source_of

_FAMILY = (
    "CREATE TABLE p (id integer PRIMARY KEY, day date NOT NULL); CREATE TABLE c (id integer, p_id integer, n integer)"
)
_DAYS = _FAMILY + "; CREATE TABLE d (day date PRIMARY KEY)"


@pytest.mark.parametrize(
    "condition",
    [
        "c.p_id IN (SELECT p.id FROM p WHERE p.day = d.day)",
        "EXISTS (SELECT FROM p WHERE p.id = c.p_id AND p.day = d.day)",
    ],
)
def test_what_is_nothing_without_its_partner_looks_it_up(proved: Prove, condition: str) -> None:
    proof = proved(_DAYS, f"SELECT d.day, (SELECT count(*) FROM c WHERE {condition}) AS n FROM d", key="day")
    found = source_of(proof, "public.c")
    assert found.lookup is not None
    assert (found.lookup.name, found.lookup.pairs, found.expressions) == ("public.p", (("p_id", "id"),), ("day",))


@pytest.mark.parametrize(
    "counted",
    [
        "count(*) FROM c WHERE NOT EXISTS (SELECT FROM p WHERE p.id = c.p_id AND p.day = d.day)",
        "count(p.day) + count(*) FROM c LEFT JOIN p ON p.id = c.p_id AND p.day = d.day",
        "count(p.day) + count(*) FROM p RIGHT JOIN c ON p.id = c.p_id AND p.day = d.day",
        "count(p.day) + count(*) FROM c FULL JOIN (SELECT * FROM p WHERE p.day = d.day) AS p ON p.id = c.p_id",
    ],
)
def test_what_is_something_without_its_partner_does_not(proved: Prove, counted: str) -> None:
    """Whatever a row has not found, it counts for every day."""
    proof = proved(_DAYS, f"SELECT d.day, (SELECT {counted}) AS n FROM d", key="day")
    assert source_of(proof, "public.p").expressions == ("day",)
    assert source_of(proof, "public.c").slice is None


@pytest.mark.parametrize(
    "rows",
    [
        "SELECT DISTINCT ON (n) p_id, n FROM c ORDER BY n, id",
        "SELECT max(p_id) AS p_id, n FROM c GROUP BY n",
        "SELECT p_id, lag(n) OVER (ORDER BY id) AS n FROM c",
        "SELECT p_id, n FROM c LIMIT 3",
        "SELECT p_id, n FROM c EXCEPT ALL SELECT id, 1 FROM p",
    ],
)
def test_what_changes_others_before_it_is_joined_is_not_looked_up(proved: Prove, rows: str) -> None:
    proof = proved(_FAMILY, f"SELECT p.day, sum(r.n) AS n FROM p JOIN ({rows}) AS r ON r.p_id = p.id GROUP BY p.day")
    assert source_of(proof, "public.c").slice is None


def test_a_partner_among_many_is_not_looked_up(proved: Prove) -> None:
    """There may be as many as the table has rows, and no index finds them."""
    ddl = _FAMILY.replace("PRIMARY KEY", "NOT NULL")
    query = "SELECT p.day, sum(c.n) AS n FROM p JOIN c ON c.p_id = p.id GROUP BY p.day"
    assert source_of(proved(ddl, query), "public.c").slice is None
    assert source_of(proved(f"{ddl}; CREATE UNIQUE INDEX ON p (id, day)", query), "public.c").slice is None
    assert source_of(proved(f"{ddl}; CREATE UNIQUE INDEX ON p (id)", query), "public.c").slice == 1


def test_a_partner_by_a_caseless_word_is_not_looked_up(proved: Prove) -> None:
    """The log's column and the table's might compare otherwise."""
    word = "text COLLATE caseless"
    ddl = (
        "CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
        f"CREATE TABLE p (id {word} PRIMARY KEY, day date NOT NULL); CREATE TABLE c (p_id {word})"
    )
    try:
        proof = proved(ddl, "SELECT p.day, count(*) AS n FROM p JOIN c ON c.p_id = p.id GROUP BY p.day")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this server has no ICU")
    assert source_of(proof, "public.c").slice is None
