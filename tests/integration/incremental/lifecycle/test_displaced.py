"""Somebody dropped or renamed the table that is kept for a view: nothing is lost, and every command says what to do."""

from __future__ import annotations

import json

import pytest

from refresh_task import incremental
from refresh_task.errors import ConfigurationError, VistafrescaError
from tests.fix_command_line import CommandLine
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop

_DISABLE = f"vistafresca incremental disable {VIEW}"


def _refused(shop: Shop, words: str) -> str:
    """What enable, verify and redefine say."""
    remedies = set()
    with shop.database.session() as session:
        for command in (
            incremental.enable,
            incremental.verify,
            lambda session, view: incremental.redefine(session, view, "SELECT 1"),
        ):
            with pytest.raises(ConfigurationError, match=words) as refused:
                command(session, VIEW)
            remedies.add(refused.value.remedy)
    (remedy,) = remedies
    return remedy


def test_a_dropped_table_is_made_a_materialized_view_again(shop: Shop, command_line: CommandLine) -> None:
    shop.enable()
    shop.database.execute(f"DROP TABLE {VIEW} CASCADE")
    assert _DISABLE in _refused(shop, "was dropped")
    doctor = json.loads(command_line(shop.database, "doctor", "--json").stdout)
    (found,) = [finding for finding in doctor["findings"] if finding["code"] == "incremental_tables_missing"]
    assert (found["view"], found["level"], _DISABLE in found["remedy"]) == (VIEW, "problem", True)
    assert f"{VIEW}: problem" in command_line(shop.database, "doctor").stdout
    assert _DISABLE in (shop.refresh()["remedy"] or "")
    disabled = command_line(shop.database, "incremental", "disable", VIEW)
    assert (disabled.exit_code, "the other indexes and the grants" in disabled.stdout) == (0, True), disabled.stderr
    assert shop.database.value("SELECT relkind::text FROM pg_class WHERE oid = %s::regclass", VIEW) == "m"
    assert (shop.differing_rows(), shop.leftovers()) == (0, [])
    shop.write()
    assert (shop.refresh()["strategy"], shop.differing_rows()) == ("concurrent", 0)
    shop.enable()


def test_one_whose_key_does_not_hold_any_more_is_made_without_its_index(shop: Shop, command_line: CommandLine) -> None:
    shop.enable()
    shop.database.execute(f"DROP TABLE {VIEW} CASCADE")
    shop.database.execute("UPDATE bi_refresh.maintained_table SET key_columns = '{name}' WHERE stage IS NULL")
    shop.database.execute("UPDATE shop.customer SET name = 'the same'")
    disabled = command_line(shop.database, "incremental", "disable", VIEW)
    assert (disabled.exit_code, "it has no unique index: could not create" in disabled.stderr) == (0, True)
    assert (shop.differing_rows(), shop.leftovers()) == (0, [])
    assert "CREATE UNIQUE INDEX" in shop.refresh()["remedy"]


def test_a_definition_that_cannot_be_made_is_kept(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(f"DROP TABLE {VIEW} CASCADE; ALTER SCHEMA shop RENAME TO shops")
    with pytest.raises(VistafrescaError, match='schema "shop" does not exist'):
        shop.disable()
    shop.database.execute("ALTER SCHEMA shops RENAME TO shop")
    assert shop.disable().restored


def test_a_view_that_nobody_is_known_to_own_is_not_made_anew(shop: Shop) -> None:
    """As ours, its functions would run with our rights; its owner makes it anew from its query."""
    shop.enable()
    shop.database.execute(f"DROP TABLE {VIEW} CASCADE; DROP VIEW bi_refresh_incremental.definition_1 CASCADE")
    with pytest.raises(VistafrescaError, match=r"nothing says any more whose shop\.mv_revenue was") as refused:
        shop.disable()
    statement = refused.value.remedy.partition("As its owner: ")[2].partition(" It ")[0]
    assert statement.startswith(f"CREATE MATERIALIZED VIEW {VIEW} AS ")
    shop.database.execute(statement)
    assert not shop.disable().restored
    assert (shop.differing_rows(), shop.leftovers()) == (0, [])


def test_a_renamed_table_gets_its_name_back(shop: Shop) -> None:
    before = shop.dump()
    shop.enable()
    shop.database.execute(f"ALTER TABLE {VIEW} RENAME TO moved")
    for create in ("", f"CREATE TABLE {VIEW} (id integer)"):
        if create:
            shop.database.execute(create)
        assert "ALTER TABLE shop.moved" in _refused(shop, r"is called shop\.moved now")
        with pytest.raises(ConfigurationError, match=r"is called shop\.moved now"):
            shop.disable()
    shop.database.execute(f"DROP TABLE {VIEW}; ALTER TABLE shop.moved RENAME TO mv_revenue")
    shop.disable()
    assert (shop.dump(), shop.leftovers()) == (before, [])


def test_nobody_else_s_table_is_replaced(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(f"DROP TABLE {VIEW} CASCADE; CREATE TABLE {VIEW} (id integer)")
    assert "Rename or drop that one" in _refused(shop, "another relation has the view's name")
    with pytest.raises(ConfigurationError, match="another relation has the view's name"):
        shop.disable()
    shop.database.execute(f"DROP TABLE {VIEW}")
    assert shop.disable().restored
    assert (shop.differing_rows(), shop.leftovers()) == (0, [])


def test_a_view_that_its_user_made_anew_stays(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(f"DROP TABLE {VIEW} CASCADE; CREATE MATERIALIZED VIEW {VIEW} AS SELECT 1 AS one")
    assert not shop.disable().restored
    assert shop.database.value(f"SELECT one FROM {VIEW}") == 1
    assert shop.leftovers() == []


def test_a_renamed_column_is_said_and_kept_by_what_is_given_back(shop: Shop, command_line: CommandLine) -> None:
    shop.enable()
    shop.database.execute(
        f"ALTER TABLE {VIEW} RENAME COLUMN sales TO pieces; ALTER TABLE {VIEW} RENAME customer_id TO id"
    )
    altered = "column 1 is not customer_id but id; column 3 is not sales but pieces"
    remedy = _refused(shop, f"was altered: {altered}")
    assert (_DISABLE in remedy, f"ALTER TABLE {VIEW} RENAME COLUMN" in remedy) == (True, True)
    shop.write()
    failed = shop.refresh()
    assert (failed["error"], failed["remedy"]) == (f"the table that is kept for {VIEW} was altered: {altered}", remedy)
    doctor = json.loads(command_line(shop.database, "doctor", "--json").stdout)
    (found,) = [finding for finding in doctor["findings"] if finding["code"] == "incremental_columns_altered"]
    assert (found["view"], found["level"], _DISABLE in found["remedy"]) == (VIEW, "problem", True)

    shop.disable()
    assert shop.leftovers() == []
    assert shop.database.rows(f"SELECT id, name, pieces, revenue FROM {VIEW} EXCEPT ALL SELECT * FROM {VIEW}") == []
    shop.enable()
    shop.write()
    assert (shop.refresh()["status"], shop.differing_rows()) == ("completed", 0)


def test_a_column_that_got_its_name_back(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(f"ALTER TABLE {VIEW} RENAME COLUMN sales TO pieces")
    shop.write()
    assert shop.refresh()["status"] == "failed"
    shop.database.execute(f"ALTER TABLE {VIEW} RENAME COLUMN pieces TO sales")
    assert (shop.refresh()["status"], shop.differing_rows()) == ("completed", 0)
