"""How Alembic runs our migrations: on the connection it is given, within the transaction that is open there."""

from __future__ import annotations

from alembic import context

from dozor.storage.sql.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
