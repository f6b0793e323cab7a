"""vistafresca incremental …: what people and machines are told, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, StoppedError, stop_at

pytestmark = pytest.mark.version_independent


def test_a_view_s_life_at_the_command_line(shop: Shop, command_line: CommandLine, tmp_path: Path) -> None:
    explained = command_line(shop.database, "incremental", "explain", "mv_revenue")
    assert explained.exit_code == 0, explained.stderr
    for words in (
        "rows of its customer_id", "taken along: function shop.total(), shop.v_both, shop.v_large",
        "key: customer_id", "expected: refreshes about", "vistafresca incremental enable shop.mv_revenue",
    ):  # fmt: skip
        assert words in explained.stdout
    assert shop.leftovers() == []

    enabled = command_line(shop.database, "incremental", "enable", "mv_revenue")
    assert enabled.exit_code == 0, enabled.stderr
    assert "shop.mv_revenue is refreshed incrementally" in enabled.stdout
    assert "building the index mv_revenue_key beside it" in enabled.stderr

    as_json = command_line(shop.database, "incremental", "explain", VIEW, "--json")
    assert json.loads(as_json.stdout)["status"] == "enabled"

    query = tmp_path / "new.sql"
    query.write_text(
        "SELECT customer_id, NULL::text AS name, count(*) AS sales, sum(amount) AS revenue FROM shop.sale GROUP BY 1"
    )
    redefined = command_line(shop.database, "incremental", "redefine", VIEW, "--query", str(query), "--json")
    assert redefined.exit_code == 0, redefined.stderr
    assert json.loads(redefined.stdout)["captured"] == ["shop.sale"]

    verified = command_line(shop.database, "incremental", "verify", VIEW)
    assert (verified.exit_code, "every row as its query gives it" in verified.stdout) == (0, True)
    shop.database.execute(
        "SET session_replication_role = replica; UPDATE shop.mv_revenue SET sales = 0 WHERE customer_id = 4"
    )
    verified = command_line(shop.database, "incremental", "verify", VIEW)
    assert (verified.exit_code, "other {'customer_id': 4}" in verified.stdout) == (1, True)

    disabled = command_line(shop.database, "incremental", "disable", VIEW)
    assert (disabled.exit_code, "No longer captured: shop.sale." in disabled.stdout) == (0, True)
    assert shop.leftovers() == []


def test_explain_needs_nothing_installed(empty_database: Database, command_line: CommandLine) -> None:
    empty_database.execute(
        """
        CREATE TABLE sale (id bigint PRIMARY KEY, amount numeric);
        INSERT INTO sale SELECT i, i FROM generate_series(1, 100) AS i;
        CREATE MATERIALIZED VIEW mv_ranks AS SELECT id, rank() OVER (ORDER BY amount) AS rank FROM sale;
        CREATE MATERIALIZED VIEW mv_sales AS SELECT id, amount * 2 AS twice FROM sale;
        CREATE MATERIALIZED VIEW mv_more AS SELECT count(*) FROM mv_sales;
        """
    )
    ranks = command_line(empty_database, "incremental", "explain", "mv_ranks")
    assert (ranks.exit_code, "Nothing would come of it" in ranks.stdout) == (1, True)
    sales = command_line(empty_database, "incremental", "explain", "mv_sales")
    assert (sales.exit_code, "built anew beside it, and taken along: public.mv_more" in sales.stdout) == (0, True)
    nothing = command_line(empty_database, "incremental", "explain", "mv_nothing")
    assert (nothing.exit_code, "has no such materialized view" in nothing.stderr) == (2, True)
    assert empty_database.value("SELECT to_regnamespace('bi_refresh')") is None


def test_explain_says_where_a_slice_is_looked_up(empty_database: Database, command_line: CommandLine) -> None:
    empty_database.execute(
        """
        CREATE TABLE request (id bigint PRIMARY KEY, month date NOT NULL);
        CREATE TABLE offer (request_id bigint, price numeric(8, 2));
        CREATE MATERIALIZED VIEW mv_months AS
        SELECT r.month, count(*) FROM offer AS o JOIN request AS r ON r.id = o.request_id GROUP BY r.month;
        """
    )
    months = command_line(empty_database, "incremental", "explain", "mv_months")
    assert "rows of the month that its request_id finds in public.request" in months.stdout
    assert "rows of its month" in months.stdout


def test_what_cannot_be_done_ends_with_2(shop: Shop, command_line: CommandLine) -> None:
    refused = command_line(shop.database, "incremental", "verify", VIEW)
    assert (refused.exit_code, "it is not refreshed incrementally" in refused.stderr) == (2, True)
    shop.database.execute("CREATE RULE r AS ON INSERT TO shop.unrelated DO ALSO SELECT count(*) FROM shop.mv_revenue")
    refused = command_line(shop.database, "incremental", "enable", VIEW)
    assert refused.exit_code == 2
    assert "a rule on shop.unrelated reads it" in refused.stderr


def test_a_file_that_is_no_text_is_refused(shop: Shop, command_line: CommandLine, tmp_path: Path) -> None:
    query = tmp_path / "new.sql"
    query.write_bytes("SELECT 'señal'".encode("latin-1"))
    refused = command_line(shop.database, "incremental", "redefine", VIEW, "--query", str(query))
    assert (refused.exit_code, "Write the query in UTF-8" in refused.stderr) == (2, True), refused.stderr


def test_explain_says_how_far_a_view_is(shop: Shop, command_line: CommandLine) -> None:
    with pytest.raises(StoppedError):
        shop.enable(on_progress=stop_at("fill"))
    explained = command_line(shop.database, "incremental", "explain", VIEW)
    assert f"{VIEW} (enabling)" in explained.stdout
    assert f"half done, go on: vistafresca incremental enable {VIEW}" in explained.stdout
    refused = command_line(shop.database, "incremental", "explain", VIEW, "--key", "a,,b")
    assert (refused.exit_code, "write names with commas between them" in refused.stderr) == (2, True)
