"""The statements of docs/event-queue.md work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.fix_database import Database

DOCUMENT = Path(__file__).parents[3] / "docs" / "event-queue.md"


def test_the_document_s_statements_ask_for_a_refresh(database: Database) -> None:
    triggers, call, grants = re.findall(r"```sql\n(.+?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    database.execute(
        "CREATE SCHEMA shop; CREATE TABLE shop.sales (amount integer); CREATE TABLE shop.prices (price integer)"
    )
    database.manage("shop.mv_daily_sales")
    database.execute(triggers)
    database.execute("INSERT INTO shop.sales VALUES (9999), (10000)")
    database.execute("INSERT INTO shop.prices VALUES (1), (2)")
    database.execute("TRUNCATE shop.prices")
    database.execute(call)
    assert database.rows("SELECT view_name, priority, reason FROM bi_refresh.mv_refresh_triggers ORDER BY id") == [
        ("shop.mv_daily_sales", "high", "a large sale"),
        ("shop.mv_daily_sales", "normal", "insert of shop.prices"),
        ("shop.mv_daily_sales", "normal", "truncate of shop.prices"),
        ("shop.mv_daily_sales", "critical", "prices were corrected"),
    ]
    with database.connect(autocommit=False) as connection:  # a role is the whole server's: this one is never committed
        connection.execute("CREATE ROLE app")
        connection.execute(grants.encode())
        connection.execute("SET ROLE app")
        connection.execute(call.encode())
        connection.rollback()
