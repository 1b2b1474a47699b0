"""Alembic runs this file; it migrates over the connection that `upgrade_database` opened, inside its transaction."""

from alembic import context

from pointsman.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
