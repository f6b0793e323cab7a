"""A command that ended within a step, where part of the work is committed already."""

from __future__ import annotations

import pytest

from refresh_task import incremental
from refresh_task.incremental.lifecycle.claim import Claim
from refresh_task.incremental.lifecycle.outcome import say_nothing
from tests.fix_database import Database
from tests.integration.incremental.lifecycle.conftest import StoppedError, stop_at

_VIEW = "public.mv_pieces"
_PIECES = """
    CREATE TABLE piece (kind integer NOT NULL, weight integer);
    INSERT INTO piece SELECT n % 20, n FROM generate_series(1, 200) AS n;
    CREATE MATERIALIZED VIEW mv_pieces AS
"""
_KEYLESS = "SELECT p.kind, p.weight * 2 AS weight FROM piece AS p"
_GROUPED = """
    WITH heavy AS (SELECT p.kind, count(*) AS pieces FROM piece AS p WHERE p.weight > 9 GROUP BY p.kind)
    SELECT h.kind, h.pieces, rank() OVER (ORDER BY h.pieces) AS place FROM heavy AS h
"""
_ROWS = """
    WITH heavy AS (SELECT p.kind, p.weight FROM piece AS p WHERE p.weight % 2 = 0)
    SELECT h.kind, count(*) AS pieces FROM heavy AS h GROUP BY h.kind
"""


def _differing_rows(database: Database, query: str) -> int:
    return int(
        database.value(
            f"SELECT (SELECT count(*) FROM (TABLE mv_pieces EXCEPT ALL ({query})) AS a)"
            f" + (SELECT count(*) FROM (({query}) EXCEPT ALL TABLE mv_pieces) AS b)"
        )
    )


def _managed(database: Database, query: str) -> None:
    database.execute(_PIECES + query)
    database.manage(_VIEW)


@pytest.mark.parametrize(("query", "stages"), [(_KEYLESS, ()), (_GROUPED, ("heavy",)), (_ROWS, ("heavy",))])
def test_a_table_that_was_filled_is_not_filled_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, query: str, stages: tuple[str, ...]
) -> None:
    """It is brought up to date by what changed since."""
    _managed(database, query)

    finish_step = Claim.finish_step

    def ended(claim: Claim, step: str) -> None:
        if step == "filled":
            raise StoppedError(step)
        finish_step(claim, step)

    with database.session() as session:
        # the stage is filled, the output is not; or the table is filled, and nobody knows that the step is complete
        say = stop_at("fill", occurrence=2) if stages else say_nothing
        monkeypatch.setattr(Claim, "finish_step", ended)
        with pytest.raises(StoppedError):
            incremental.enable(session, _VIEW, stages=stages or None, on_progress=say)
        monkeypatch.undo()
        database.execute(
            "DELETE FROM piece WHERE kind = 3 AND weight > 99; INSERT INTO piece VALUES (3, 1000), (99, 7)"
        )
        incremental.enable(session, _VIEW)
        assert _differing_rows(database, query) == 0
        assert incremental.verify(session, _VIEW).mismatches == ()
