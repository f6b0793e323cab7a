"""Hand-made cases with literal answers."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.driver_matrix.fleet import LEAD_DAY, Fleet
from tests.integration.driver_matrix.system import BASE_QUERY, REFRESH, Connection, Row

LAST_MOMENT = time(23, 59, 59, 999_999)


def cell(row: Row, milestone: str) -> list[Any]:
    names = (
        "achieved_flag",
        "achieved_date",
        "expected_amount",
        "due_date",
        "claim_status",
        "paid_amount",
        "paid_date",
    )
    return [row[f"{milestone}_{name}"] for name in (*names, "overdue_days")]


def totals(row: Row) -> list[Any]:
    names = ("potential_total", "expected_total", "paid_total", "outstanding_total", "excess_total")
    return [str(row[name]) for name in names] + [row["only_pending"]]


NOTHING = [False, None, None, None, None, None, None, None]


# ---- Either side of the outer join ---------------------------------------------------------------


def test_a_lead_alone_has_its_row(fleet: Fleet) -> None:
    fleet.lead()
    row = fleet.matrix()
    assert row == {
        "driver_id": 1,
        "driver_name": "Rosa Quispe",
        "origin_tag": "cabinet",
        "lead_date": date(2025, 3, 5),
        "week_start": date(2025, 3, 3),
        "roster_side": "programme_only",
        "funnel_status": "registered_incomplete",
        "connected_date": None,
        "first_trip_date": None,
        "trips_14d": 0,
        "is_consistent": True,
        **{key: value for key, value in row.items() if key.startswith("m") and key != "max_overdue_days"},
        "potential_total": Decimal("160.00"),
        "expected_total": Decimal(0),
        "paid_total": Decimal(0),
        "outstanding_total": Decimal(0),
        "excess_total": Decimal(0),
        "max_overdue_days": None,
        "only_pending": False,
    }
    assert [cell(row, milestone) for milestone in ("m1", "m5", "m25")] == [NOTHING] * 3


def test_milestones_that_nobody_claimed(fleet: Fleet) -> None:
    fleet.lead()
    fleet.trips(4)
    fleet.trips(1, after=2)
    fleet.statement(after=100)
    row = fleet.matrix()
    assert row["roster_side"] == "programme_only"
    assert cell(row, "m1") == [True, date(2025, 3, 5), Decimal(25), date(2025, 3, 19), "not_claimed", None, None, None]
    assert cell(row, "m5") == [True, date(2025, 3, 7), Decimal(35), date(2025, 3, 21), "not_claimed", None, None, None]
    assert cell(row, "m25") == NOTHING
    assert totals(row) == ["160.00", "60.00", "0.00", "60.00", "0.00", True]


def test_a_claim_for_a_driver_who_is_not_ours(fleet: Fleet) -> None:
    fleet.pay(fleet.claim(5, "35.00", driver=99, lead_date=date(2025, 3, 2)), "35.00")
    row = fleet.matrix(99)
    assert [row[name] for name in ("driver_name", "origin_tag", "funnel_status", "trips_14d", "is_consistent")] == [
        None
    ] * 5
    assert (row["roster_side"], row["lead_date"], row["week_start"]) == (
        "claims_only",
        date(2025, 3, 2),
        date(2025, 2, 24),
    )
    assert cell(row, "m5") == [False, None, None, None, "paid", Decimal(35), date(2025, 4, 4), None]
    assert totals(row) == ["0.00", "0.00", "35.00", "0.00", "35.00", False]


def test_a_claim_for_an_origin_that_nobody_pays_for(fleet: Fleet) -> None:
    fleet.lead(origin="organic")
    fleet.trips(1)
    fleet.claim(1, "25.00")
    row = fleet.matrix()
    assert (row["roster_side"], row["origin_tag"], row["funnel_status"]) == ("claims_only", "organic", "reached_m1")
    assert cell(row, "m1") == [False, None, None, None, "pending", None, None, None]


def test_an_origin_that_nobody_pays_for_and_nobody_claimed_has_no_row(fleet: Fleet) -> None:
    fleet.lead(origin="organic")
    fleet.trips(1)
    assert fleet.read(BASE_QUERY) == []


def test_a_claim_for_a_milestone_never_reached(fleet: Fleet) -> None:
    fleet.lead()
    fleet.trips(4)
    fleet.pay(fleet.claim(5, "35.00"), "35.00")
    fleet.statement(after=100)
    row = fleet.matrix()
    assert row["roster_side"] == "both"
    assert cell(row, "m5") == [False, None, None, None, "paid", Decimal(35), date(2025, 4, 4), None]
    # What was paid for the one does not make up for what is owed for the other.
    assert totals(row) == ["160.00", "25.00", "35.00", "25.00", "35.00", True]
    assert row["max_overdue_days"] is None


# ---- From claim to payment -----------------------------------------------------------------------


def test_rejected_then_claimed_again_and_paid(fleet: Fleet) -> None:
    fleet.lead()
    fleet.trips(1)
    fleet.statement(after=40)
    fleet.claim(1, "25.00", after=10, status="rejected")
    assert cell(fleet.matrix(), "m1")[4:] == ["rejected", None, None, 26]
    second = fleet.claim(1, "25.00", after=20, status="approved")
    assert cell(fleet.matrix(), "m1")[4:] == ["pending", None, None, 26]
    fleet.pay(second, "25.00")
    row = fleet.matrix()
    assert cell(row, "m1")[4:] == ["paid", Decimal(25), date(2025, 4, 4), None]
    assert totals(row) == ["160.00", "25.00", "25.00", "0.00", "0.00", False]
    (claim,) = fleet.read("ops.v_claims_payment_status_cabinet")
    assert (claim["claims"], claim["first_claimed_date"], claim["last_claimed_date"]) == (
        2,
        date(2025, 3, 15),
        date(2025, 3, 25),
    )


def test_a_rejected_claim_that_is_paid_all_the_same_is_paid(fleet: Fleet) -> None:
    fleet.lead()
    fleet.trips(1)
    fleet.pay(fleet.claim(1, "25.00", status="rejected"), "25.00")
    assert cell(fleet.matrix(), "m1")[4] == "paid"


def test_paid_in_parts_and_taken_back(fleet: Fleet) -> None:
    fleet.lead()
    fleet.trips(1)
    claim = fleet.claim(1, "25.00", status="approved")
    for amount, after, status, paid in (
        ("10.00", 30, "partial", "10.00"),
        ("15.00", 31, "paid", "25.00"),
        ("-25.00", 32, "pending", "0.00"),
    ):
        fleet.pay(claim, amount, after=after)
        assert cell(fleet.matrix(), "m1")[4:7] == [status, Decimal(paid), LEAD_DAY + timedelta(days=after)]
    assert totals(fleet.matrix()) == ["160.00", "25.00", "0.00", "25.00", "0.00", True]


def test_the_latest_of_two_claims_of_one_moment_is_the_one_with_the_higher_id(fleet: Fleet) -> None:
    fleet.lead()
    fleet.claim(1, "25.00", status="approved")
    fleet.claim(1, "25.00", status="rejected")
    assert cell(fleet.matrix(), "m1")[4] == "rejected"


@pytest.mark.parametrize(
    ("after", "overdue"),
    [(None, 0), (13, 0), (14, 0), (15, 1), (44, 30)],
    ids=["none", "before", "due", "next", "month"],
)
def test_days_overdue_are_counted_to_the_newest_statement(fleet: Fleet, after: int | None, overdue: int) -> None:
    """Achieved on the lead's own day and due 14 days later; not by the day on which somebody looks."""
    fleet.lead()
    fleet.trips(1)
    fleet.claim(1, "25.00")
    if after is not None:
        fleet.statement(after=0)
        fleet.statement(after=after)
    row = fleet.matrix()
    assert (row["m1_due_date"], row["m1_overdue_days"], row["max_overdue_days"]) == (
        date(2025, 3, 19),
        overdue,
        overdue,
    )


def test_payment_within_14_days_of_the_first_claim(fleet: Fleet) -> None:
    claims = [fleet.claim(milestone, "10.00", after=20) for milestone in (1, 5)]
    fleet.pay(claims[0], "10.00", after=34, at=LAST_MOMENT)
    fleet.pay(claims[1], "10.00", after=35, at=time(0))
    found = fleet.read("ops.v_yango_payments_claims_cabinet_14d")
    assert sorted((row["milestone_value"], row["days_to_payment"], row["paid_within_14d"]) for row in found) == [
        (1, 14, True),
        (5, 15, False),
    ]


# ---- Days and the window -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "at", "lead_date", "week_start"),
    [
        (4, time(23, 59, 59), date(2025, 3, 9), date(2025, 3, 3)),  # 04:59:59 UTC of Monday
        (5, time(0), date(2025, 3, 10), date(2025, 3, 10)),
        (4, time(19), date(2025, 3, 9), date(2025, 3, 3)),  # midnight in UTC
    ],
    ids=["last second of Sunday", "first moment of Monday", "midnight UTC"],
)
def test_a_lead_s_day_and_week_are_lima_s(
    fleet: Fleet, after: int, at: time, lead_date: date, week_start: date
) -> None:
    fleet.lead(after=after, at=at)
    row = fleet.matrix()
    assert (row["lead_date"], row["week_start"]) == (lead_date, week_start)


@pytest.mark.parametrize(
    ("after", "at", "counts"),
    [
        (-1, LAST_MOMENT, False),
        (0, time(0), True),
        (13, LAST_MOMENT, True),
        (14, time(0), False),
    ],
    ids=["the day before", "the lead's day, before the lead", "last moment of day 14", "first moment after it"],
)
def test_the_window_is_14_days_of_lima_of_which_the_lead_s_is_the_first(
    fleet: Fleet, after: int, at: time, *, counts: bool
) -> None:
    fleet.lead()
    fleet.trips(4, after=1)
    fleet.trips(1, after=after, at=at)
    row = fleet.matrix()
    assert (row["m5_achieved_flag"], row["trips_14d"]) == (counts, 5 if counts else 4)


def test_a_first_trip_after_the_window_is_known_and_achieves_nothing(fleet: Fleet) -> None:
    fleet.lead()
    fleet.event("connected", after=20)
    fleet.trips(30, after=20)
    row = fleet.matrix()
    assert (row["first_trip_date"], row["trips_14d"], row["m1_achieved_flag"]) == (date(2025, 3, 25), 0, False)
    assert (row["funnel_status"], row["connected_date"]) == ("connected_no_trips", date(2025, 3, 25))


def test_a_cancelled_trip_is_no_trip(fleet: Fleet) -> None:
    fleet.lead()
    fleet.trips(1, status="cancelled")
    assert fleet.matrix()["m1_achieved_flag"] is False
    (sanity,) = fleet.read("ops.v_cabinet_ops_14d_sanity")
    assert (sanity["trips_14d"], sanity["cancelled_14d"]) == (0, 1)


@pytest.mark.parametrize(
    ("trips", "status"),
    [(0, "registered_incomplete"), (1, "reached_m1"), (4, "reached_m1"), (5, "reached_m5"), (24, "reached_m5"),
     (25, "reached_m25"), (26, "reached_m25")],
)  # fmt: skip
def test_the_funnel_by_trips(fleet: Fleet, trips: int, status: str) -> None:
    fleet.lead()
    fleet.trips(trips)
    assert fleet.matrix()["funnel_status"] == status


def test_the_funnel_before_the_first_trip(fleet: Fleet) -> None:
    fleet.lead()
    for stage, status in (("documents_approved", "registered_complete"), ("connected", "connected_no_trips")):
        fleet.event(stage)
        assert fleet.matrix()["funnel_status"] == status


def test_trips_before_a_connection_are_inconsistent(fleet: Fleet) -> None:
    fleet.lead()
    fleet.trips(1, after=3)
    assert fleet.matrix()["is_consistent"] is False
    fleet.event("connected", after=4)
    assert fleet.matrix()["is_consistent"] is False
    fleet.event("connected", after=3, at=LAST_MOMENT)
    assert fleet.matrix()["is_consistent"] is True


# ---- Leads and rules -----------------------------------------------------------------------------


def test_the_first_lead_counts_whatever_came_after(fleet: Fleet) -> None:
    fleet.rule("referral", 1, "15.00")
    fleet.lead(origin="cabinet", after=8)
    fleet.lead(origin="referral", after=2)
    fleet.trips(1, after=9)
    row = fleet.matrix()
    assert (row["origin_tag"], row["lead_date"], row["m1_expected_amount"]) == (
        "referral",
        date(2025, 3, 7),
        Decimal("15.00"),
    )
    metrics = fleet.read("observational.v_conversion_metrics")
    assert {lead["origin_tag"]: (lead["is_attributed"], lead["days_to_first_trip"]) for lead in metrics} == {
        "referral": (True, 7),
        "cabinet": (False, 1),
    }


def test_of_two_leads_of_one_moment_the_lower_id_counts(fleet: Fleet) -> None:
    fleet.lead(origin="organic")
    fleet.lead(origin="cabinet")
    assert fleet.read(BASE_QUERY) == []


@pytest.mark.parametrize(("valid_from", "amount"), [(LEAD_DAY, "30.00"), (LEAD_DAY + timedelta(days=1), "25.00")])
def test_the_rule_of_the_lead_s_day_holds(fleet: Fleet, valid_from: date, amount: str) -> None:
    fleet.rule("cabinet", 1, "30.00", valid_from=valid_from)
    fleet.lead()
    fleet.trips(1, after=5)
    assert fleet.matrix()["m1_expected_amount"] == Decimal(amount)


def test_a_lead_before_the_first_rule_is_not_paid_for(connection: Connection) -> None:
    fleet = Fleet(connection)
    fleet.driver(1)
    fleet.rule("cabinet", 1, "25.00", valid_from=LEAD_DAY + timedelta(days=1))
    fleet.lead()
    assert fleet.read(BASE_QUERY) == []


def test_an_amount_of_zero_ends_the_programme(fleet: Fleet) -> None:
    fleet.rule("cabinet", 1, "0.00", valid_from=LEAD_DAY)
    fleet.lead()
    fleet.trips(1)
    fleet.claim(1, "25.00")
    row = fleet.matrix()
    assert (row["m1_achieved_flag"], row["m1_expected_amount"], row["m1_overdue_days"]) == (True, 0, None)
    assert totals(row) == ["135.00", "0.00", "0.00", "0.00", "0.00", False]


def test_a_system_without_rows_has_an_empty_matrix(connection: Connection) -> None:
    connection.execute(REFRESH)
    assert connection.execute(f"SELECT count(*) FROM {BASE_QUERY}").fetchone() == (0,)
