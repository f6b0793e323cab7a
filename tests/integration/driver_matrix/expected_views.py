"""The eight views under the matrix worked out in plain Python, independently of their SQL.

A row is a tuple of the view's columns in their order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from tests.integration.driver_matrix.system import TABLES, Connection, Row, day

Rows = list[tuple[Any, ...]]
WINDOW = timedelta(days=14)


@dataclass(frozen=True)
class Tables:
    """All rows of all tables, in the order of system.TABLES."""

    drivers: list[Row]
    leads: list[Row]
    trips: list[Row]
    funnel_events: list[Row]
    milestone_rules: list[Row]
    yango_claims: list[Row]
    yango_payments: list[Row]
    yango_statements: list[Row]

    def first_leads(self) -> dict[int, Row]:
        first: dict[int, Row] = {}
        for lead in sorted(self.leads, key=lambda lead: (lead["registered_at"], lead["lead_id"])):
            first.setdefault(lead["driver_id"], lead)
        return first

    def trips_by_driver(self, status: str) -> dict[int, list[date]]:
        days: dict[int, list[date]] = defaultdict(list)
        for trip in sorted(self.trips, key=lambda trip: (trip["ended_at"], trip["trip_id"])):
            if trip["status"] == status:
                days[trip["driver_id"]].append(day(trip["ended_at"]))
        return days


def read_tables(connection: Connection) -> Tables:
    with connection.cursor(row_factory=dict_row) as cursor:
        tables: list[list[Row]] = [list(cursor.execute(f"TABLE {table}").fetchall()) for table in TABLES]
        return Tables(*tables)


def week_start(of: date) -> date:
    return of - timedelta(days=of.weekday())


def conversion_metrics(tables: Tables) -> Rows:
    first, trips = tables.first_leads(), tables.trips_by_driver("completed")
    found = []
    for lead in tables.leads:
        lead_date = day(lead["registered_at"])
        trip = next((trip for trip in trips[lead["driver_id"]] if trip >= lead_date), None)
        found.append((
            lead["driver_id"], lead["origin_tag"], lead_date, week_start(lead_date), lead is first[lead["driver_id"]],
            trip, None if trip is None else (trip - lead_date).days,
        ))  # fmt: skip
    return found


def payment_calculation(tables: Tables) -> Rows:
    trips = tables.trips_by_driver("completed")
    found = []
    for driver, lead in tables.first_leads().items():
        lead_date = day(lead["registered_at"])
        within = [trip for trip in trips[driver] if lead_date <= trip < lead_date + WINDOW]
        for milestone in (1, 5, 25):
            rules = [
                rule
                for rule in tables.milestone_rules
                if (rule["origin_tag"], rule["milestone_trips"]) == (lead["origin_tag"], milestone)
                and rule["valid_from"] <= lead_date
            ]
            if rules:
                rule = max(rules, key=lambda rule: rule["valid_from"])
                achieved = within[milestone - 1] if len(within) >= milestone else None
                due = None if achieved is None else achieved + timedelta(days=rule["due_days"])
                found.append((
                    driver, lead["origin_tag"], lead_date, week_start(lead_date), lead_date + timedelta(days=13),
                    milestone, rule["amount"], achieved is not None, achieved, due,
                ))  # fmt: skip
    return found


def milestones_achieved(tables: Tables) -> Rows:
    return [
        (driver, milestone, origin, lead_date, achieved, amount, due)
        for driver, origin, lead_date, _, _, milestone, amount, is_achieved, achieved, due in payment_calculation(
            tables
        )
        if is_achieved
    ]


def claims_payment_status(tables: Tables) -> Rows:
    found, all_payments = [], _payments(tables)
    for (driver, milestone), claims in _claims(tables).items():
        latest, payments = claims[-1], all_payments[driver, milestone]
        paid = sum((payment["amount"] for payment in payments), Decimal(0))
        if payments and paid >= latest["amount"]:
            status = "paid"
        elif paid > 0:
            status = "partial"
        else:
            status = "rejected" if latest["status"] == "rejected" else "pending"
        days = [day(claim["claimed_at"]) for claim in claims]
        paid_date = max((day(payment["paid_at"]) for payment in payments), default=None)
        found.append((
            driver, milestone, latest["lead_date"], len(claims), min(days), days[-1], latest["status"],
            latest["amount"], paid, paid_date, status,
        ))  # fmt: skip
    return found


def payments_claims_14d(tables: Tables) -> Rows:
    claims = _claims(tables)
    found = []
    for (driver, milestone), payments in _payments(tables).items():
        days = [day(payment["paid_at"]) for payment in payments]
        claimed = min(day(claim["claimed_at"]) for claim in claims[driver, milestone])
        waited = (min(days) - claimed).days
        found.append((
            driver, milestone, len(payments), sum(payment["amount"] for payment in payments), min(days), max(days),
            claimed, waited, waited <= 14,
        ))  # fmt: skip
    return found


def claims_for_collection(tables: Tables) -> Rows:
    newest = max((row["statement_date"] for row in tables.yango_statements), default=date.min)
    statuses = {(row[0], row[1]): (row[8], row[10]) for row in claims_payment_status(tables)}
    found = []
    for driver, milestone, _, _, achieved, amount, due in milestones_achieved(tables):
        if (driver, milestone) in statuses:
            paid, status = statuses[driver, milestone]
            if paid < amount:
                overdue = max((newest - due).days, 0)
                found.append((driver, milestone, achieved, due, amount, paid, amount - paid, status, overdue))
    return found


def sanity(tables: Tables) -> Rows:
    completed, cancelled = tables.trips_by_driver("completed"), tables.trips_by_driver("cancelled")
    connections = _event_days(tables, "connected")
    found = []
    for driver, lead in tables.first_leads().items():
        lead_date = day(lead["registered_at"])
        within = [trip for trip in completed[driver] if lead_date <= trip < lead_date + WINDOW]
        others = [trip for trip in cancelled[driver] if lead_date <= trip < lead_date + WINDOW]
        connected = min(connections[driver], default=None)
        found.append((
            driver, lead_date, len(within), len(others), min(within, default=None), max(within, default=None),
            connected, connected is not None and connected < lead_date + WINDOW,
            not within or (connected is not None and connected <= min(within)),
        ))  # fmt: skip
    return found


def funnel_status(tables: Tables) -> Rows:
    connected, documents = _event_days(tables, "connected"), _event_days(tables, "documents_approved")
    found = []
    for driver, lead_date, trips, *_ in sanity(tables):
        for most, name in ((25, "reached_m25"), (5, "reached_m5"), (1, "reached_m1")):
            if trips >= most:
                status = name
                break
        else:
            status = "registered_incomplete"
            if documents[driver]:
                status = "registered_complete"
            if connected[driver]:
                status = "connected_no_trips"
        found.append((driver, lead_date, status))
    return found


def _claims(tables: Tables) -> dict[tuple[int, int], list[Row]]:
    """The oldest first."""
    found: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for claim in sorted(tables.yango_claims, key=lambda claim: (claim["claimed_at"], claim["claim_id"])):
        found[claim["driver_id"], claim["milestone_value"]].append(claim)
    return found


def _payments(tables: Tables) -> dict[tuple[int, int], list[Row]]:
    found: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for payment in tables.yango_payments:
        found[payment["driver_id"], payment["milestone_value"]].append(payment)
    return found


def _event_days(tables: Tables, stage: str) -> dict[int, list[date]]:
    found: dict[int, list[date]] = defaultdict(list)
    for event in tables.funnel_events:
        if event["stage"] == stage:
            found[event["driver_id"]].append(day(event["happened_at"]))
    return found
