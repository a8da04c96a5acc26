"""What was destroyed when its retention ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Build the record of destroyed restricted copies."""
    op.create_table(
        "destructions",
        sa.Column("run_id", sa.String(32)),
        sa.Column("zone", sa.String(20)),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "zone", name="pk_destructions"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_destructions_run_id"),
        sa.CheckConstraint("zone IN ('landing', 'quarantine')", name="ck_destructions_known_zone"),
    )
