"""Migrations of the database side: Alembic runs the once-only ones, functions and views are created anew every time.

One Alembic branch per folder under sql/: `bi_refresh` for all, and one per source system, migrated where it is asked
for or already
there. Everything a command does is one transaction: a migration that fails leaves the database as it was.
"""

from refresh_task.migrations.revision import sql_migration
from refresh_task.migrations.runner import (
    AliasOutcome,
    Migration,
    create_public_aliases,
    list_migrations,
    migrate_down,
    migrate_up,
    newer_revisions,
)

__all__ = [
    "AliasOutcome",
    "Migration",
    "create_public_aliases",
    "list_migrations",
    "migrate_down",
    "migrate_up",
    "newer_revisions",
    "sql_migration",
]
