"""Writers with few rights, and writers with a search_path, operators and types of their own."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.integration.incremental.capture.captured import capture, claim, maintain

pytestmark = pytest.mark.version_independent

# Operators of pg_catalog that a body might use, by the same names and for the same types, and types; all of them fail.
_TRAPS = """
    CREATE SCHEMA trap;
    CREATE FUNCTION trap.sprung(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''sprung''; END';
    CREATE FUNCTION trap.sprung(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''sprung''; END';
    CREATE FUNCTION trap.sprung(integer, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''sprung''; END';
    CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.sprung);
    CREATE OPERATOR trap.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = trap.sprung);
    CREATE OPERATOR trap.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = trap.sprung);
    CREATE DOMAIN trap.int2 AS integer CHECK (false);
    CREATE DOMAIN trap.int4 AS integer CHECK (false);
    CREATE DOMAIN trap.text AS pg_catalog.text CHECK (false);
    CREATE TABLE trap.new_rows (id integer);
    CREATE TABLE trap.old_rows (id integer);
    CREATE TABLE trap.log_1 (id integer);
"""
# A type of somebody's whose equality runs a function of theirs.
_TYPE = """
    CREATE TYPE pair AS (a integer, b integer);
    CREATE FUNCTION same(pair, pair) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''sprung''; END';
    CREATE FUNCTION hashed(pair) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''sprung''; END';
    CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = pair, FUNCTION = same, HASHES);
    CREATE OPERATOR CLASS pair_ops DEFAULT FOR TYPE pair USING hash AS OPERATOR 1 =, FUNCTION 1 hashed(pair);
"""


def test_a_writer_needs_no_right_to_bi_refresh_and_gains_none(database: Database, make_role: MakeRole) -> None:
    database.execute("CREATE TABLE facts (id integer, label text)")
    facts = capture(database, "facts", "id", "label")
    writer_role = make_role()
    database.execute(f"GRANT ALL ON facts TO {writer_role}")
    with psycopg.connect(dsn_as(database, writer_role), autocommit=True) as writer:
        writer.execute("INSERT INTO facts VALUES (3, 'c')")
        writer.execute("UPDATE facts SET id = 4")
        writer.execute("DELETE FROM facts")
        writer.execute("TRUNCATE facts")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            writer.execute(f"TABLE {facts.log}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            writer.execute(
                f"CREATE TEMPORARY TABLE own (id integer); CREATE TRIGGER t AFTER INSERT ON own"
                f" EXECUTE FUNCTION bi_refresh_incremental.capture_{facts.id}_insert()".encode()
            )
    assert facts.entries() == Counter([(1, 3, "c"), (1, 4, "c"), (-1, 3, "c"), (-1, 4, "c"), (0, None, None)])
    database.execute(f"REVOKE ALL ON facts FROM {writer_role}")


def test_a_writer_s_search_path_and_operators_play_no_part(database: Database) -> None:
    database.execute("CREATE TABLE facts (id integer, label text)")
    facts = capture(database, "facts", "id", "label")
    database.execute(_TRAPS)
    with database.connect() as writer:
        writer.execute("SET search_path = trap, pg_catalog, public")
        writer.execute("CREATE TEMPORARY TABLE new_rows (id integer)")
        writer.execute("CREATE TEMPORARY TABLE old_rows (id integer)")
        for write in (
            "INSERT INTO public.facts SELECT i, 'c' FROM pg_catalog.generate_series(1, 2) AS i",
            "UPDATE public.facts SET id = 4",
            "DELETE FROM public.facts",
        ):
            writer.execute(write.encode())
        writer.execute("TRUNCATE public.facts")
    assert facts.entries() == Counter(
        {(1, 1, "c"): 1, (1, 2, "c"): 1, (-1, 1, "c"): 1, (-1, 2, "c"): 1, (1, 4, "c"): 2, (-1, 4, "c"): 2}
    ) + Counter([(0, None, None)])


def test_no_code_of_a_column_s_type_runs_with_our_rights(database: Database) -> None:
    database.execute(_TYPE + "CREATE TABLE facts (id integer, pair pair)")
    facts = capture(database, "facts", "pair")
    table = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (1, (1, 2)), (2, (1, 2)); UPDATE facts SET id = 3")
    with database.connect() as refresher:
        assert claim(refresher, table)[facts.id].changes == 6
        database.execute("SELECT bi_refresh.distribute_changes()")
        assert claim(refresher, table)[facts.id].changes == 6


def test_a_temporary_table_of_somebody_else_is_not_written_to(database: Database, make_role: MakeRole) -> None:
    """Its triggers would run with our rights."""
    database.execute("CREATE TABLE facts (id integer)")
    facts = capture(database, "facts", "id")
    table = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (1)")
    role = make_role()
    with database.connect() as session:
        session.execute(f"SET ROLE {role}".encode())
        session.execute(f"CREATE TEMPORARY TABLE changed_{table}_{facts.id} (id integer)".encode())
        session.execute("RESET ROLE")
        with pytest.raises(psycopg.errors.DuplicateTable, match="is in the way"):
            session.execute("SELECT * FROM bi_refresh.claim_changes(%s)", [table])
        session.execute(f"DROP TABLE changed_{table}_{facts.id}".encode())
        assert claim(session, table)[facts.id].changes == 1
