"""Databases with the base tables and some shapes enabled, each made once and cloned for every history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.fix_database import Database, create_database, drop_database
from tests.integration.incremental.shape_tables import ROWS, TABLES
from tests.integration.incremental.shapes import Shape
from tests.integration.incremental.suite.adapter import enable_for_test

# Writers who own nothing, and names that whoever trusts the search path would take for PostgreSQL's own.
WRITERS = """
    DO $$
    BEGIN
        CREATE ROLE clerk;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END
    $$;
    GRANT INSERT, SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk;
    CREATE SCHEMA hostile;
    GRANT USAGE ON SCHEMA hostile TO PUBLIC;
    CREATE FUNCTION hostile.never(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
    CREATE OPERATOR hostile.> (leftarg = bigint, rightarg = bigint, function = hostile.never);
    CREATE FUNCTION hostile.never(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
    CREATE OPERATOR hostile.> (leftarg = integer, rightarg = integer, function = hostile.never);
    CREATE FUNCTION hostile.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''SELECT 1''';
    CREATE FUNCTION hostile.count(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 0';
"""


@contextmanager
def template(migrated: Database, shapes: Sequence[Shape]) -> Iterator[Database]:
    """To be cloned, never used."""
    database = create_database(migrated.server, template=migrated.name)
    try:
        database.execute(TABLES + ROWS + WRITERS)
        database.execute("ANALYZE")
        enable_for_test(database, shapes)
        database.wait_until_alone()
        yield database
    finally:
        drop_database(database)


@contextmanager
def clone(template: Database) -> Iterator[Database]:
    """One of it."""
    database = create_database(template.server, template=template.name)
    try:
        yield database
    finally:
        drop_database(database)
