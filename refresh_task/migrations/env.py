"""Alembic's entry: runs the migrations on the connection that the runner hands over, in the runner's transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=None,
    version_table="migration",
    version_table_schema="bi_refresh",
)
context.run_migrations()
