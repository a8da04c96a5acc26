"""The first tables of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
BOOKS = (
    *("file_records", "header", "data", "totals", "notes", "blank", "ragged"),
    *("accepted", "quarantined", "published", "suppressed", "held_back"),
)


def upgrade() -> None:
    """Build the tables, those first that others refer to."""
    create_contracts_and_claims()
    create_runs()
    create_steps()
    create_releases()
    create_decisions()
    create_leases_and_bars()


def create_contracts_and_claims() -> None:
    """Build what a run starts from."""
    op.create_table(
        "contracts",
        sa.Column("sha256", sa.String(64)),
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_contracts"),
    )
    op.create_table(
        "claims",
        sa.Column("claim_id", sa.String(32)),
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("original_name", sa.Text),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("landed_at", MOMENT),
        sa.PrimaryKeyConstraint("claim_id", name="pk_claims"),
        sa.CheckConstraint(
            "state IN ('claimed', 'landed', 'destroyed')", name="ck_claims_known_state"
        ),
    )


def create_runs() -> None:
    """Build the runs with their books, which the database itself checks."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(32)),
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("contract_sha256", sa.String(64)),
        sa.Column("run_key", sa.String(64)),
        sa.Column("landed_sha256", sa.String(64)),
        sa.Column("reference_date", sa.String(10)),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("owner", sa.String(50)),
        *(sa.Column(name, sa.BigInteger) for name in BOOKS),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
        sa.ForeignKeyConstraint(
            ["contract_sha256"], ["contracts.sha256"], name="fk_runs_contract_sha256"
        ),
        sa.CheckConstraint(
            "status IN ('running', 'waiting', 'published', 'unchanged',"
            " 'held', 'refused', 'superseded', 'failed')",
            name="ck_runs_known_status",
        ),
        sa.CheckConstraint(
            "file_records = header + data + totals + notes + blank + ragged",
            name="ck_runs_file_books",
        ),
        sa.CheckConstraint("data + ragged = accepted + quarantined", name="ck_runs_row_books"),
        sa.CheckConstraint(
            "accepted = published + suppressed + held_back", name="ck_runs_tier_books"
        ),
        sa.CheckConstraint(
            "(file_records IS NULL) = (header IS NULL)"
            " AND (file_records IS NULL) = (data IS NULL)"
            " AND (file_records IS NULL) = (totals IS NULL)"
            " AND (file_records IS NULL) = (notes IS NULL)"
            " AND (file_records IS NULL) = (blank IS NULL)"
            " AND (file_records IS NULL) = (ragged IS NULL)",
            name="ck_runs_file_books_whole",
        ),
        sa.CheckConstraint(
            "(accepted IS NULL) = (quarantined IS NULL)", name="ck_runs_row_books_whole"
        ),
        sa.CheckConstraint(
            "(published IS NULL) = (suppressed IS NULL)"
            " AND (published IS NULL) = (held_back IS NULL)",
            name="ck_runs_tier_books_whole",
        ),
    )
    op.create_index("ix_runs_dataset", "runs", ["dataset"])


def create_steps() -> None:
    """Build the attempts at each step."""
    op.create_table(
        "steps",
        sa.Column("run_id", sa.String(32)),
        sa.Column("step", sa.String(20)),
        sa.Column("attempt", sa.Integer),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("rows", sa.BigInteger),
        sa.Column("peak_memory_bytes", sa.BigInteger),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("error_class", sa.String(100)),
        sa.PrimaryKeyConstraint("run_id", "step", "attempt", name="pk_steps"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_steps_run_id"),
        sa.CheckConstraint(
            "status IN ('running', 'done', 'failed', 'interrupted')", name="ck_steps_known_status"
        ),
    )


def create_releases() -> None:
    """Build the releases, of which one per dataset may be live."""
    op.create_table(
        "releases",
        sa.Column("dataset", sa.String(200)),
        sa.Column("release", sa.String(20)),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("run_key", sa.String(64), nullable=False),
        sa.Column("certificate_sha256", sa.String(64)),
        sa.Column("digest", sa.String(40)),
        sa.Column("reference_date", sa.String(10)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("previous", sa.String(20)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("live_at", MOMENT),
        sa.PrimaryKeyConstraint("dataset", "release", name="pk_releases"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_releases_run_id"),
        sa.UniqueConstraint("run_id", name="uq_releases_run_id"),
        sa.CheckConstraint(
            "state IN ('prepared', 'live', 'replaced', 'superseded', 'refused', 'retracted')",
            name="ck_releases_known_state",
        ),
    )
    live = sa.text("state = 'live'")
    op.create_index(
        "uq_releases_one_live",
        "releases",
        ["dataset"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def create_decisions() -> None:
    """Build what people decided about a certificate."""
    op.create_table(
        "decisions",
        sa.Column("number", sa.Integer),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("certificate_sha256", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_decisions"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_decisions_run_id"),
        sa.UniqueConstraint("run_id", "certificate_sha256", "verdict", name="uq_decisions_run_id"),
        sa.CheckConstraint(
            "verdict IN ('approved', 'refused', 'superseded')", name="ck_decisions_known_verdict"
        ),
    )


def create_leases_and_bars() -> None:
    """Build who may switch a dataset, and what must not come back."""
    op.create_table(
        "leases",
        sa.Column("dataset", sa.String(200)),
        sa.Column("holder", sa.String(32)),
        sa.Column("state", sa.String(20)),
        sa.Column("heartbeat", MOMENT),
        sa.Column("expires", MOMENT),
        sa.PrimaryKeyConstraint("dataset", name="pk_leases"),
        sa.ForeignKeyConstraint(["holder"], ["runs.run_id"], name="fk_leases_holder"),
        sa.CheckConstraint("state IN ('working', 'waiting')", name="ck_leases_known_state"),
    )
    op.create_table(
        "barred_keys",
        sa.Column("dataset", sa.String(200)),
        sa.Column("run_key", sa.String(64)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("barred_by", sa.String(200), nullable=False),
        sa.Column("barred_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "run_key", name="pk_barred_keys"),
    )
