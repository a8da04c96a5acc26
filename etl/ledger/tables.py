"""Tables of the ledger; `etl/ledger/migrations` builds them, and a test compares the two.

Columns marked `restricted` hold what a department named or supplied. Nothing may copy them
into an error, a log, a page or a state.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

RESTRICTED = {"restricted": True}
FILE_BOOKS = ("file_records", "header", "data", "totals", "notes", "blank", "ragged")
ROW_BOOKS = ("accepted", "quarantined")
TIER_BOOKS = ("published", "suppressed", "held_back")
BOOKS = (*FILE_BOOKS, *ROW_BOOKS, *TIER_BOOKS)


class UtcTime(TypeDecorator[datetime]):
    """A moment with its zone, kept in UTC; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        del dialect
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC, with its zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, *values: str) -> CheckConstraint:
    """Return a constraint that names the only values of a column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"known_{column}")


def known_together(*columns: str) -> str:
    """Return a condition that all of these columns are null, or none."""
    return " AND ".join(f"({columns[0]} IS NULL) = ({other} IS NULL)" for other in columns[1:])


metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

contracts = Table(
    "contracts",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("dataset", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("stored_at", UtcTime, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("claim_id", String(32), primary_key=True),
    Column("dataset", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("original_name", Text, info=RESTRICTED),
    Column("size_bytes", BigInteger, nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    Column("landed_at", UtcTime),
    one_of("state", "claimed", "landed", "destroyed"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("dataset", String(200), nullable=False, index=True),
    Column("contract_sha256", String(64), ForeignKey("contracts.sha256")),
    Column("run_key", String(64)),
    Column("landed_sha256", String(64), info=RESTRICTED),
    Column("reference_date", String(10)),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("status", String(20), nullable=False),
    Column("reason", Text),
    Column("owner", String(50)),
    *(Column(name, BigInteger) for name in BOOKS),
    one_of(
        "status",
        *("running", "waiting", "published", "unchanged"),
        *("held", "refused", "superseded", "failed"),
    ),
    CheckConstraint(
        "file_records = header + data + totals + notes + blank + ragged", name="file_books"
    ),
    CheckConstraint("data + ragged = accepted + quarantined", name="row_books"),
    CheckConstraint("accepted = published + suppressed + held_back", name="tier_books"),
    CheckConstraint(known_together(*FILE_BOOKS), name="file_books_whole"),
    CheckConstraint(known_together(*ROW_BOOKS), name="row_books_whole"),
    CheckConstraint(known_together(*TIER_BOOKS), name="tier_books_whole"),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", String(32), ForeignKey("runs.run_id"), primary_key=True),
    Column("step", String(20), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("seconds", Float),
    Column("rows", BigInteger),
    Column("peak_memory_bytes", BigInteger),
    Column("status", String(20), nullable=False),
    Column("error_class", String(100)),
    one_of("status", "running", "done", "failed", "interrupted"),
)

releases = Table(
    "releases",
    metadata,
    Column("dataset", String(200), primary_key=True),
    Column("release", String(20), primary_key=True),
    Column("run_id", String(32), ForeignKey("runs.run_id"), nullable=False, unique=True),
    Column("run_key", String(64), nullable=False),
    Column("certificate_sha256", String(64)),
    Column("digest", String(40)),
    Column("reference_date", String(10)),
    Column("state", String(20), nullable=False),
    Column("previous", String(20)),
    Column("created_at", UtcTime, nullable=False),
    Column("live_at", UtcTime),
    one_of("state", "prepared", "live", "replaced", "superseded", "refused", "retracted"),
    Index(
        "uq_releases_one_live",
        "dataset",
        unique=True,
        sqlite_where=text("state = 'live'"),
        postgresql_where=text("state = 'live'"),
    ),
)

decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run_id", String(32), ForeignKey("runs.run_id"), nullable=False),
    Column("certificate_sha256", String(64), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("run_id", "certificate_sha256", "verdict"),
    one_of("verdict", "approved", "refused", "superseded"),
)

leases = Table(
    "leases",
    metadata,
    Column("dataset", String(200), primary_key=True),
    Column("holder", String(32), ForeignKey("runs.run_id")),
    Column("state", String(20)),
    Column("heartbeat", UtcTime),
    Column("expires", UtcTime),
    one_of("state", "working", "waiting"),
)

barred_keys = Table(
    "barred_keys",
    metadata,
    Column("dataset", String(200), primary_key=True),
    Column("run_key", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("barred_by", String(200), nullable=False),
    Column("barred_at", UtcTime, nullable=False),
)

destructions = Table(
    "destructions",
    metadata,
    Column("run_id", ForeignKey(runs.c.run_id), primary_key=True),
    Column("zone", String(20), primary_key=True),
    Column("destroyed_at", UtcTime, nullable=False),
    one_of("zone", "landing", "quarantine"),
)

waivers = Table(
    "waivers",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run_id", String(32), ForeignKey("runs.run_id"), nullable=False),
    Column("violations", Text, nullable=False),
    Column("waived_by", String(200), nullable=False),
    Column("waived_at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("claim_id", ForeignKey(claims.c.claim_id), primary_key=True),
    Column("dataset", String(200), nullable=False, index=True),
    Column("content_sha256", String(64), info=RESTRICTED),
    Column("kept_as", Text, info=RESTRICTED),
    Column("same_as", ForeignKey(claims.c.claim_id)),
    Column("verdict", String(20)),
    Column("reason", Text),
    Column("reason_ko", Text),
    Column("told", String(50), nullable=False, server_default=""),
    one_of("verdict", "accepted", "returned"),
)
