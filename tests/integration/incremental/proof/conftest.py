"""A database with the tables of the shapes and no Vistafresca, and what is proved of each shape there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from demo.server import EmbeddedServer
from refresh_task.incremental.model import Proof
from refresh_task.incremental.proof import prove
from tests.fix_database import Database, create_database, drop_database
from tests.integration.incremental.shape_tables import ROWS, TABLES
from tests.integration.incremental.shapes import SHAPES, Shape


@pytest.fixture(scope="package")
def shapes_database(server: EmbeddedServer) -> Iterator[Database]:
    """Shared: what a test makes there it takes away again, or rolls back."""
    database = create_database(server, template="template0")
    database.execute(TABLES)
    database.execute(ROWS)
    database.execute("ANALYZE")
    yield database
    drop_database(database)


@pytest.fixture(scope="package")
def shapes(shapes_database: Database) -> Mapping[str, Shape]:
    """Each as a materialized view with its indexes."""
    for shape in SHAPES:
        shapes_database.execute(shape.ddl)
    return {shape.name: shape for shape in SHAPES}


@pytest.fixture(scope="package")
def proofs(shapes_database: Database, shapes: Mapping[str, Shape]) -> Mapping[str, Proof]:
    """By the name of the shape, in transactions that may not change anything."""
    oids = dict(shapes_database.rows("SELECT relname, oid::bigint FROM pg_class WHERE relkind = 'm'"))
    found = {}
    with shapes_database.session() as session:
        for name in shapes:
            with session.read_only():
                found[name] = prove(session, oids[name])
    return found


@pytest.fixture(scope="package")
def scratch_database(server: EmbeddedServer) -> Iterator[Database]:
    """For the views of one test after the other."""
    database = create_database(server, template="template0")
    yield database
    drop_database(database)


@pytest.fixture
def proved(scratch_database: Database) -> Callable[..., Proof]:
    """Make things in an empty schema and prove `public.v`, a materialized view with that query."""

    def make(ddl: str, query: str, *, key: str | None = None) -> Proof:
        scratch_database.execute(
            f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {ddl}; "
            f"CREATE MATERIALIZED VIEW v AS {query} WITH NO DATA"
        )
        if key is not None:
            scratch_database.execute(f"CREATE UNIQUE INDEX ON v ({key})")
        with scratch_database.session() as session, session.read_only():
            return prove(session, scratch_database.value("SELECT 'v'::regclass::oid::bigint"))

    return make
