"""Register of releases and their files.

Revision ID: 1a7c20e5b9d4
"""

import sqlalchemy as sa
from alembic import op

revision = "1a7c20e5b9d4"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "madang_release",
        sa.Column(
            "package_id",
            sa.Text,
            sa.ForeignKey("package.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("release", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('staged', 'published', 'retracted')", "madang_release_state"),
    )
    op.create_table(
        "madang_release_file",
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("release", sa.Text, primary_key=True),
        sa.Column("file_name", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id", "release"],
            ["madang_release.package_id", "madang_release.release"],
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop both tables; the files stay on disk."""
    op.drop_table("madang_release_file")
    op.drop_table("madang_release")
