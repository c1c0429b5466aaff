"""Run by Alembic for each command; `service.store.migrate` hands the connection over."""

from alembic import context

from service.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    # Ours is: see `service.store.engine`. Alembic holds SQLite's for unable.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
