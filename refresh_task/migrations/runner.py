"""Migrations up, down and list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError, VistafrescaError
from refresh_task.migrations.revision import run_file

SQL_FOLDER = Path(__file__).parent.parent.parent / "sql"
_CORE = "bi_refresh"

# 'VFMI': two deployments migrating one database at the same time would both try to create the same objects.
_MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(1447447881)"

# 'VFRU', scheduled and requested (database/queries/try_run_lock.sql): what is altered is locked against every reader,
# and a refresh under way reads it to its end. Waiting there would fail, and hold up every other refresh meanwhile; here
# a run ends first, by its deadline at the latest, and one that starts in between steps back.
_TRY_RUN_LOCKS = "SELECT bool_and(pg_try_advisory_xact_lock(1447449173, kind)) FROM unnest(ARRAY[0, 1]) AS kind"
_RUN_LOCKS = "SELECT pg_advisory_xact_lock(1447449173, kind) FROM unnest(ARRAY[0, 1]) AS kind"


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration: the branch (folder) it belongs to and whether this database has it."""

    revision: str
    branch: str
    description: str
    is_applied: bool


@dataclass(frozen=True, slots=True)
class AliasOutcome:
    """What became of one name in schema public."""

    message: str
    is_in_the_way: bool


def list_migrations(session: Session) -> tuple[Migration, ...]:
    """Every migration, the oldest of each branch first."""
    with _transaction(session) as connection:
        scripts = _scripts()
        applied = _applied(scripts, connection)
        known = [script for script in scripts.walk_revisions() if script is not None]
        return (
            *(
                Migration(script.revision, _branch(script), script.doc, script.revision in applied)
                for script in sorted(known, key=lambda script: (_branch(script) != _CORE, script.revision))
            ),
            *(
                Migration(revision, _branch_by_name(scripts, revision) or "", "not of this version", is_applied=True)
                for revision in sorted(_recorded_heads(connection) - _known(scripts))
            ),
        )


def newer_revisions(session: Session) -> tuple[str, ...]:
    """The revisions that a newer version of this program brought into the database; none in the usual case.

    A newer schema is additive (sql/bi_refresh/README.md), so there is nothing for an older version to do, as after a
    deployment that was rolled back. Raises ConfigurationError where the database is not plainly newer: it lacks what
    this version has, or has what belongs to no folder of this version.
    """
    with _transaction(session) as connection:
        scripts = _scripts()
        heads = _recorded_heads(connection)
        newer = heads - _known(scripts)
        if not newer:
            return ()
        behind = heads - newer - set(scripts.get_heads())
        strangers = {revision for revision in newer if _branch_by_name(scripts, revision) is None}
        if behind or strangers:
            raise ConfigurationError(
                f"this version does not know {', '.join(sorted(strangers or newer))}, "
                + (
                    "nor any folder of sql/ that it belongs to."
                    if strangers
                    else f"and the database lacks what comes after {', '.join(sorted(behind))}: neither is the older."
                ),
                subject=session.server,
                remedy="Migrate with a version that has them all.",
            )
        return tuple(sorted(newer))


def migrate_up(
    session: Session, *, systems: Collection[str] = (), on_wait: Callable[[], None] = lambda: None
) -> tuple[str, ...]:
    """Bring the core, the systems already there and those named up to date. Returns the revisions that were applied.

    Where there are any, runs under way are waited for; `on_wait` is called if there is one.

    Raises ConfigurationError for a system that has no folder, VistafrescaError for a migration that failed (nothing
    is changed).
    """
    for system in systems:
        if not (SQL_FOLDER / "systems" / system / "migrations").is_dir():
            known = sorted(path.parent.name for path in SQL_FOLDER.glob("systems/*/migrations"))
            raise ConfigurationError(
                "there is no such source system.",
                subject=system,
                remedy=f"The known ones are: {', '.join(known)}.",
            )
    with _transaction(session) as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS bi_refresh"))
        scripts = _scripts()
        before = _applied(scripts, connection)
        installed = {_branch(scripts.get_revision(revision)) for revision in before}
        branches = [_CORE, *sorted((installed | set(systems)) - {_CORE})]
        if any(_branch(script) in branches for script in scripts.walk_revisions() if script.revision not in before):
            _keep_runs_out(connection, on_wait)
        for branch in branches:
            alembic.command.upgrade(_configuration(connection), f"{branch}@head")
        for branch in branches:
            _create_functions(connection, _folder(branch))
        run_file(connection, SQL_FOLDER / _CORE / "grants.sql")
        return tuple(sorted(_applied(scripts, connection) - before))


def migrate_down(session: Session, revision: str) -> tuple[str, ...]:
    """Undo `revision` and everything that was built on it. Returns the revisions undone, in no order.

    Raises ConfigurationError for a revision that is unknown or not applied.
    """
    with _transaction(session) as connection:
        scripts = _scripts()
        before = _applied(scripts, connection)
        if revision not in before:
            raise ConfigurationError(
                "this database has no such migration.",
                subject=revision,
                remedy="Run: vistafresca migrate list",
            )
        alembic.command.downgrade(_configuration(connection), f"{_branch(scripts.get_revision(revision))}@{revision}-1")
        after = _applied(scripts, connection)
        if not after:
            connection.execute(text("DROP SCHEMA bi_refresh CASCADE"))
        return tuple(before - after)


def create_public_aliases(session: Session) -> tuple[AliasOutcome, ...]:
    """Thin wrappers in schema public for the names that the source documents use; names that are taken stay as they
    are."""
    with _transaction(session) as connection:
        scripts = _scripts()
        branches = {_branch(scripts.get_revision(revision)) for revision in _applied(scripts, connection)}
        messages: list[str] = []
        for file in (_folder(branch) / "public_aliases.sql" for branch in sorted(branches)):
            if file.exists():
                messages += connection.exec_driver_sql(file.read_text(encoding="utf-8")).scalars()
        return tuple(AliasOutcome(message, message.startswith("in the way")) for message in messages)


@contextmanager
def _transaction(session: Session) -> Iterator[Connection]:
    """SQLAlchemy's view of the session's own connection, in one transaction under the migration lock."""
    driver_connection = session.lend_connection()
    engine = create_engine("postgresql+psycopg://", creator=lambda: driver_connection, poolclass=StaticPool)
    try:
        with engine.connect() as connection, connection.begin():
            connection.execute(text(_MIGRATION_LOCK))
            # A migration has all the time it needs, but must not queue behind a long reader and block everyone after
            # it.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            # Bodies of functions may name others that are created after them.
            connection.execute(text("SET LOCAL check_function_bodies = off"))
            yield connection
    except DBAPIError as error:
        raise VistafrescaError(
            f"the migration failed and nothing was changed: {str(error.orig).splitlines()[0]}.",
            subject=session.server,
            remedy="Connect as a role that may create a schema: GRANT CREATE ON DATABASE ... TO ...;"
            if "permission denied for database" in str(error.orig)
            else "Mend the cause and run it again.",
        ) from error
    except CommandError as error:
        raise VistafrescaError(
            f"the migrations cannot be put in order: {error}.",
            subject=session.server,
            remedy="Run: vistafresca migrate list",
        ) from error


def _keep_runs_out(connection: Connection, on_wait: Callable[[], None]) -> None:
    """Take the locks of runs until the transaction ends."""
    if connection.execute(text(_TRY_RUN_LOCKS)).scalar_one():
        return
    on_wait()
    lock_timeout = connection.execute(text("SELECT current_setting('lock_timeout')")).scalar_one()
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text(_RUN_LOCKS))
    connection.execute(text("SELECT set_config('lock_timeout', :value, true)"), {"value": lock_timeout})


def _create_functions(connection: Connection, folder: Path) -> None:
    for kind in ("functions", "views"):
        for file in sorted((folder / kind).glob("*.sql")):
            run_file(connection, file)


def _folder(branch: str) -> Path:
    return SQL_FOLDER / _CORE if branch == _CORE else SQL_FOLDER / "systems" / branch


def _configuration(connection: Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent))
    configuration.set_main_option("path_separator", "newline")
    folders = [SQL_FOLDER / _CORE / "migrations", *sorted(SQL_FOLDER.glob("systems/*/migrations"))]
    configuration.set_main_option("version_locations", "\n".join(map(str, folders)))
    configuration.attributes["connection"] = connection
    return configuration


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_configuration())


def _applied(scripts: ScriptDirectory, connection: Connection) -> frozenset[str]:
    """Every revision of this version in this database: the recorded heads and all they were built on."""
    heads, known = _recorded_heads(connection), _known(scripts)
    built_on = scripts.iterate_revisions(tuple(heads & known), "base")
    surpassed = {_branch_by_name(scripts, revision) for revision in heads - known}
    return frozenset(
        {script.revision for script in built_on if script is not None}
        | {script.revision for script in scripts.walk_revisions() if _branch(script) in surpassed}
    )


def _recorded_heads(connection: Connection) -> frozenset[str]:
    options = {"version_table": "migration", "version_table_schema": "bi_refresh"}
    return frozenset(MigrationContext.configure(connection, opts=options).get_current_heads())


def _known(scripts: ScriptDirectory) -> frozenset[str]:
    return frozenset(script.revision for script in scripts.walk_revisions())


def _branch(script: Script | None) -> str:
    assert script is not None  # noqa: S101  # revisions come from the folders themselves
    (label,) = script.branch_labels
    return str(label)


def _branch_by_name(scripts: ScriptDirectory, revision: str) -> str | None:
    """The branch of a revision that has no file here: bi_refresh_0042 → bi_refresh. None: a folder not here either."""
    name = revision.rpartition("_")[0]
    return name if name in {_branch(script) for script in scripts.walk_revisions()} else None
