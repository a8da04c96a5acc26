"""What becomes of each supplied file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Build the table of deliveries; files that were taken before have none."""
    op.create_table(
        "deliveries",
        sa.Column("claim_id", sa.String(32)),
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("content_sha256", sa.String(64)),
        sa.Column("kept_as", sa.Text),
        sa.Column("same_as", sa.String(32)),
        sa.Column("verdict", sa.String(20)),
        sa.Column("reason", sa.Text),
        sa.Column("reason_ko", sa.Text),
        sa.Column("told", sa.String(50), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("claim_id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.claim_id"], name="fk_deliveries_claim_id"),
        sa.ForeignKeyConstraint(["same_as"], ["claims.claim_id"], name="fk_deliveries_same_as"),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'returned')", name="ck_deliveries_known_verdict"
        ),
    )
    op.create_index("ix_deliveries_dataset", "deliveries", ["dataset"])
