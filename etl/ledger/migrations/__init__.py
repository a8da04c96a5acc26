"""History of the ledger's tables, for Alembic."""
