"""The register of releases: which files each has, and whether the public may see them.

The rows live in CKAN's own database, so that publishing a release and changing its record are
one commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.madang.refusals import Busy
from sqlalchemy.orm import Mapped, mapped_column

STAGED = "staged"
PUBLISHED = "published"
RETRACTED = "retracted"


def _now() -> datetime:
    return datetime.now(UTC)


class Release(tk.BaseModel):  # type: ignore[misc, name-defined]
    """One release of a dataset: staged, published, or retracted."""

    __tablename__ = "madang_release"

    package_id: Mapped[str] = mapped_column(
        sa.Text, sa.ForeignKey("package.id", ondelete="CASCADE"), primary_key=True
    )
    release: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    state: Mapped[str] = mapped_column(sa.Text, default=STAGED)
    staged_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=_now)
    published_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class ReleaseFile(tk.BaseModel):  # type: ignore[misc, name-defined]
    """One file of a release; its bytes never change."""

    __tablename__ = "madang_release_file"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["package_id", "release"],
            ["madang_release.package_id", "madang_release.release"],
            ondelete="CASCADE",
        ),
    )

    package_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    release: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    file_name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.Text)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    put_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=_now)


def find_release(package_id: str, release: str) -> Release | None:
    """Return the release, or None where no file of it was ever put."""
    return model.Session.get(Release, (package_id, release))


def find_file(package_id: str, release: str, file_name: str) -> ReleaseFile | None:
    """Return the file of the release, or None."""
    return model.Session.get(ReleaseFile, (package_id, release, file_name))


def list_files(package_id: str, release: str) -> Sequence[ReleaseFile]:
    """Return the files of the release."""
    return model.Session.scalars(
        sa.select(ReleaseFile).where(
            ReleaseFile.package_id == package_id, ReleaseFile.release == release
        )
    ).all()


def latest_published(package_id: str, other_than: str | None = None) -> Release | None:
    """Return the release that went live last, leaving out one; None before the first."""
    return model.Session.scalars(
        sa.select(Release)
        .where(
            Release.package_id == package_id,
            Release.state == PUBLISHED,
            Release.release != (other_than or ""),
        )
        .order_by(Release.published_at.desc())
        .limit(1)
    ).first()


def staged_since(package_id: str, age: timedelta) -> Sequence[Release]:
    """Return the releases staged within `age` that never went live."""
    return model.Session.scalars(
        sa.select(Release).where(
            Release.package_id == package_id,
            Release.state == STAGED,
            Release.staged_at > _now() - age,
        )
    ).all()


def add_file(package_id: str, release: str, file_name: str, sha256: str, size_bytes: int) -> None:
    """Record a file whose bytes are safely on disk, and its release with the first one.

    Commits. Call it under `lock_release`.
    """
    if find_release(package_id, release) is None:
        model.Session.add(Release(package_id=package_id, release=release))
        model.Session.flush()
    model.Session.merge(
        ReleaseFile(
            package_id=package_id,
            release=release,
            file_name=file_name,
            sha256=sha256,
            size_bytes=size_bytes,
        )
    )
    model.Session.commit()


def lock_release(package_id: str, release: str) -> None:
    """Hold the release until the transaction ends.

    Raises:
        Busy: Another request holds it.
    """
    key = sa.func.hashtextextended(f"madang {package_id} {release}", 0)
    if not model.Session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(key))):
        raise Busy(f"Release {release}")


def mark_published(row: Release) -> None:
    """Make the release the live one, in the caller's transaction; no commit."""
    row.state = PUBLISHED
    row.published_at = _now()
    model.Session.flush()
