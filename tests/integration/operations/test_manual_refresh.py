"""claim_manual_refresh(): how often a caller may refresh by hand."""

from __future__ import annotations

import threading

import psycopg
import pytest

from tests.fix_database import WAITING_SESSIONS, Database

CLAIM = "SELECT granted, remaining, retry_after_s FROM bi_refresh.claim_manual_refresh(%s, %s, %s, %s::interval)"
CLAIMS = "SELECT view_name, claimed_by FROM bi_refresh.manual_refresh_claim ORDER BY claimed_at"


def _claimed(database: Database, *ages: str, caller: str = "ceo") -> None:
    for age in ages:
        database.execute(
            "INSERT INTO bi_refresh.manual_refresh_claim (view_name, claimed_by, claimed_at)"
            " VALUES ('public.a', %s, now() - %s::interval)",
            caller,
            age,
        )


def test_thirty_sessions_at_once_are_granted_ten(database: Database) -> None:
    """Each on a connection of its own."""
    begin = threading.Barrier(30)
    answers: list[tuple[bool, int, int]] = []

    def claim() -> None:
        with database.connect() as connection:
            begin.wait()
            answers.extend(connection.execute(CLAIM.encode(), ["public.a", "ceo", 10, "1 hour"]).fetchall())

    threads = [threading.Thread(target=claim) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(remaining for granted, remaining, _ in answers if granted) == list(range(10))
    refused = [(remaining, retry_after_s) for granted, remaining, retry_after_s in answers if not granted]
    assert len(refused) == 20
    assert all(remaining == 0 and 1 <= retry_after_s <= 3_600 for remaining, retry_after_s in refused)
    assert database.rows(CLAIMS) == [("public.a", "ceo")] * 10


def test_a_session_waits_for_the_one_before_it(database: Database) -> None:
    """The last place is not given twice while the first answer is not committed."""
    _claimed(database, "1 minute")
    answer: list[tuple[bool, int, int]] = []
    with database.connect() as first:
        first.execute("BEGIN")
        assert first.execute(CLAIM.encode(), ["public.a", "ceo", 2, "1 hour"]).fetchone() == (True, 0, 0)
        second = threading.Thread(target=lambda: answer.extend(database.rows(CLAIM, "public.a", "ceo", 2, "1 hour")))
        second.start()
        database.wait_for(f"{WAITING_SESSIONS} AND locktype = 'advisory'")
        assert database.rows(CLAIM, "public.a", "cfo", 2, "1 hour") == [(True, 1, 0)]  # another caller does not wait
        first.execute("COMMIT")
        second.join()
    assert [row[:2] for row in answer] == [(False, 0)]


def test_the_window_slides(database: Database) -> None:
    _claimed(database, "61 minutes", "50 minutes")
    _claimed(database, "1 minute", "1 minute", caller="cfo")
    assert database.rows(CLAIM, "public.a", "ceo", 2, "1 hour") == [(True, 0, 0)]
    ((granted, remaining, retry_after_s),) = database.rows(CLAIM, "public.b", "ceo", 2, "1 hour")
    assert (granted, remaining) == (False, 0)
    assert 500 < retry_after_s <= 600  # the one of 50 minutes ago leaves in 10
    database.execute("UPDATE bi_refresh.manual_refresh_claim SET claimed_at = claimed_at - interval '10 minutes'")
    assert database.rows(CLAIM, "public.b", "ceo", 2, "1 hour") == [(True, 0, 0)]


def test_where_the_limit_was_lowered_the_wait_is_until_there_is_room(database: Database) -> None:
    _claimed(database, "50 minutes", "40 minutes", "30 minutes")
    ((_, _, retry_after_s),) = database.rows(CLAIM, "public.a", "ceo", 2, "1 hour")
    assert 1_100 < retry_after_s <= 1_200  # two of the three have to leave: the second, 20 minutes from now


def test_a_claim_that_was_rolled_back_does_not_count(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("BEGIN")
        connection.execute(CLAIM.encode(), ["public.a", "ceo", 1, "1 hour"])
        connection.execute("ROLLBACK")
    assert database.rows(CLAIM, "public.a", "ceo", 1, "1 hour") == [(True, 0, 0)]


def test_old_claims_are_removed_once_no_window_reaches_them(database: Database) -> None:
    _claimed(database, "3 days", "25 hours", "23 hours")
    database.rows(CLAIM, "public.b", "cfo", 10, "2 days")
    assert database.rows(CLAIMS) == [("public.a", "ceo"), ("public.a", "ceo"), ("public.b", "cfo")]
    database.rows(CLAIM, "public.b", "cfo", 10, "1 hour")
    assert database.rows(CLAIMS) == [("public.a", "ceo"), ("public.b", "cfo"), ("public.b", "cfo")]


@pytest.mark.parametrize(("most", "per"), [(0, "1 hour"), (-1, "1 hour"), (None, "1 hour"), (10, "0"), (10, None)])
def test_what_is_no_limit_is_refused(database: Database, most: int | None, per: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="is not a limit"):
        database.rows(CLAIM, "public.a", "ceo", most, per)


def test_an_older_snapshot_would_count_wrong_and_is_refused(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(psycopg.errors.InvalidTransactionState, match="READ COMMITTED"):
            connection.execute(CLAIM.encode(), ["public.a", "ceo", 10, "1 hour"])
