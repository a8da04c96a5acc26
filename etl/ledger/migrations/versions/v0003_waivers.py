"""Who let a release pass that a guard held, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Build the record of waived guards."""
    op.create_table(
        "waivers",
        sa.Column("number", sa.Integer),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("violations", sa.Text, nullable=False),
        sa.Column("waived_by", sa.String(200), nullable=False),
        sa.Column("waived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_waivers"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_waivers_run_id"),
    )
