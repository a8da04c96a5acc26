"""What Alembic runs: the changes, on the connection that `etl.ledger.migrate` opened."""

from __future__ import annotations

from alembic import context

from etl.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
context.run_migrations()
