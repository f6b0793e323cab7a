"""The matrix worked out in plain Python, from what expected_views.py makes of the tables' rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.integration.driver_matrix import expected_views as views

MILESTONES = (1, 5, 25)


def expected_matrix(tables: views.Tables) -> views.Rows:
    """All columns of every row, in no order."""
    names = {driver["driver_id"]: driver["driver_name"] for driver in tables.drivers}
    leads = {row[0]: row for row in views.conversion_metrics(tables) if row[4]}
    potential: dict[int, Decimal] = {}
    for driver, _, _, _, _, _, amount, *_ in views.payment_calculation(tables):
        potential[driver] = potential.get(driver, Decimal(0)) + amount
    achieved = {row[:2]: row for row in views.milestones_achieved(tables)}
    claims = {row[:2]: row for row in views.claims_payment_status(tables)}
    payments = {row[:2]: row for row in views.payments_claims_14d(tables)}
    collection = {row[:2]: row for row in views.claims_for_collection(tables)}
    sanity = {row[0]: row for row in views.sanity(tables)}
    funnel = {row[0]: row[2] for row in views.funnel_status(tables)}

    found = []
    claimants = {driver for driver, _ in claims}
    for driver in potential.keys() | claimants:
        lead = leads.get(driver)
        claimed_lead = max((row[2] for key, row in claims.items() if key[0] == driver), default=None)
        lead_date = claimed_lead if lead is None else lead[2]
        assert lead_date is not None
        side = "both" if driver in potential and driver in claimants else "programme_only"
        head = (
            driver,
            names.get(driver),
            None if lead is None else lead[1],
            lead_date,
            views.week_start(lead_date),
            side if driver in potential else "claims_only",
            funnel.get(driver),
            sanity[driver][6] if driver in sanity else None,
            None if lead is None else lead[5],
            sanity[driver][2] if driver in sanity else None,
            sanity[driver][8] if driver in sanity else None,
        )
        cells: tuple[Any, ...] = ()
        owed, paid, overdue = [], [], []
        for milestone in MILESTONES:
            key = (driver, milestone)
            _, _, _, _, achieved_date, expected, due = achieved.get(key, (None,) * 7)
            payment = payments.get(key)
            unclaimed = None if achieved_date is None else "not_claimed"
            days = collection[key][8] if key in collection else None
            cells += (
                achieved_date is not None,
                achieved_date,
                expected,
                due,
                claims[key][10] if key in claims else unclaimed,
                None if payment is None else payment[3],
                None if payment is None else payment[5],
                days,
            )
            owed.append(expected or Decimal(0))
            paid.append(Decimal(0) if payment is None else payment[3])
            overdue += [] if days is None else [days]
        outstanding = sum(max(due - got, Decimal(0)) for due, got in zip(owed, paid, strict=True))
        excess = sum(max(got - due, Decimal(0)) for due, got in zip(owed, paid, strict=True))
        totals = (potential.get(driver, Decimal(0)), sum(owed), sum(paid), outstanding, excess)
        found.append((*head, *cells, *totals, max(overdue, default=None), outstanding > 0))
    return found
