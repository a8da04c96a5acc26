"""What becomes of each supplied file: its name, its content, its verdict, what was told.

The name under which a file is kept and the hash of its bytes are restricted. The name goes
back into its department's own folder, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Function, Row, Select, func, or_, select, update

from etl.ledger import leases
from etl.ledger.database import insert_missing, transaction
from etl.ledger.tables import claims, deliveries, runs

UNDER_WAY = ("running", "waiting")

_run_id: Function[Any] = func.coalesce(deliveries.c.same_as, deliveries.c.claim_id)
_standing = (
    func.coalesce(deliveries.c.verdict, "")
    + "/"
    + func.coalesce(func.nullif(runs.c.status, "running"), "")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One supplied file and how it stands.

    Attributes:
        claim_id: Its claim.
        dataset: Its dataset.
        size_bytes: How large it was when it was taken.
        taken_at: When that was.
        kept_as: Under which name it is kept; empty once it was destroyed. Restricted.
        same_as: The claim whose content it has and whose run it shares; empty for its own.
        verdict: accepted, returned, or empty.
        reason: Why it was returned, in English; names and counts only.
        reason_ko: The same in Korean.
        standing: Verdict and ending of its run, `accepted/published`; either may be missing.
        told: How it stood when its receipt was written; empty before there is one.
    """

    claim_id: str
    dataset: str
    size_bytes: int
    taken_at: datetime
    kept_as: str = field(repr=False)
    same_as: str
    verdict: str
    reason: str
    reason_ko: str
    standing: str
    told: str

    @property
    def run_id(self) -> str:
        """The run that decides about it."""
        return self.same_as or self.claim_id


class Deliveries:
    """The part of the ledger that speaks of supplied files."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        """Take the ledger's database and its source of time."""
        self._engine = engine
        self._now = clock

    def record(
        self,
        claim_id: str,
        dataset: str,
        *,
        original_name: str,
        size_bytes: int,
        content_sha256: str | None,
        choose_name: Callable[[Collection[str]], str],
        may_share: bool = True,
        refusal: tuple[str, str] | None = None,
    ) -> Delivery:
        """Record a file that was taken and whose bytes are safe; again changes nothing.

        A file with the very content of one whose run is under way shares that run.

        Args:
            claim_id: The claim.
            dataset: The dataset.
            original_name: What its department called it.
            size_bytes: Its size.
            content_sha256: Hash of its bytes; None when it was not opened.
            choose_name: Given the names in use, returns a free one.
            may_share: Whether it may share a run; no for a file whose own run has begun.
            refusal: Why it is returned unopened, in English and in Korean.
        """
        with self._transaction() as connection:
            leases.lock(connection, dataset)
            if known := _find(connection, claim_id):
                return known
            now = self._now()
            insert_missing(
                connection,
                claims,
                claim_id=claim_id,
                dataset=dataset,
                state="landed",
                original_name=original_name,
                size_bytes=size_bytes,
                claimed_at=now,
                landed_at=now,
            )
            insert_missing(
                connection,
                deliveries,
                claim_id=claim_id,
                dataset=dataset,
                content_sha256=content_sha256,
                kept_as=choose_name(_names(connection, dataset)),
                **(_shared(connection, dataset, content_sha256) if may_share else {}),
                **(_returned(*refusal) if refusal else {}),
            )
            return _known(connection, claim_id)

    def renew(self, claim_id: str, *, size_bytes: int, content_sha256: str) -> Delivery:
        """Record that a file had not been whole, and what it holds now."""
        with self._transaction() as connection:
            mine = update(claims).where(claims.c.claim_id == claim_id)
            connection.execute(mine.values(size_bytes=size_bytes))
            _change(connection, claim_id, content_sha256=content_sha256)
            return _known(connection, claim_id)

    def find(self, claim_id: str) -> Delivery | None:
        """Return what is known of a file that came through the intake; None of others."""
        with self._transaction() as connection:
            return _find(connection, claim_id)

    def sharing(self, run_id: str) -> list[Delivery]:
        """Return the files that share a run, the one that it began with first."""
        with self._transaction() as connection:
            rows = connection.execute(_chosen().where(_run_id == run_id)).all()
        return sorted(map(_delivery, rows), key=lambda one: (bool(one.same_as), one.taken_at))

    def accept(self, run_id: str) -> None:
        """Record that a file honours its contract, with those that share its run."""
        self._settle(run_id, {"verdict": "accepted"})

    def give_back(self, run_id: str, reason: str, reason_ko: str) -> None:
        """Record why a file cannot be used, with those that share its run."""
        self._settle(run_id, _returned(reason, reason_ko))

    def give_back_alone(self, claim_id: str, reason: str, reason_ko: str) -> Delivery:
        """Record why a file cannot share a run after all; from now on it has none."""
        with self._transaction() as connection:
            _change(connection, claim_id, same_as=None, **_returned(reason, reason_ko))
            return _known(connection, claim_id)

    def untold(self) -> list[Delivery]:
        """Return the files whose receipt does not say yet how they stand."""
        is_untold = deliveries.c.told != _standing
        kept = deliveries.c.kept_as.is_not(None)
        with self._transaction() as connection:
            return [_delivery(row) for row in connection.execute(_chosen().where(is_untold, kept))]

    def mark_told(self, told: Delivery) -> None:
        """Record that the receipt of a file says how it stands."""
        with self._transaction() as connection:
            _change(connection, told.claim_id, told=told.standing)

    def kept_without_run(self) -> list[Delivery]:
        """Return the files that were returned unopened and not destroyed yet."""
        kept = deliveries.c.kept_as.is_not(None) & deliveries.c.verdict.is_not(None)
        with self._transaction() as connection:
            rows = connection.execute(_chosen().where(kept, runs.c.run_id.is_(None))).all()
        return [_delivery(row) for row in rows]

    def forget(self, claim_id: str) -> None:
        """Record that a file was destroyed, and forget its names and its content."""
        with self._transaction() as connection:
            mine = update(claims).where(claims.c.claim_id == claim_id)
            connection.execute(mine.values(state="destroyed", original_name=None))
            _change(connection, claim_id, kept_as=None, content_sha256=None)

    def _settle(self, run_id: str, verdict: dict[str, str | None]) -> None:
        """Record a verdict; the first stands, because the file has moved by it."""
        with self._transaction() as connection:
            dataset = select(deliveries.c.dataset).where(deliveries.c.claim_id == run_id)
            leases.lock(connection, str(connection.scalar(dataset)))  # none joins meanwhile
            undecided = update(deliveries).where(_run_id == run_id, deliveries.c.verdict.is_(None))
            connection.execute(undecided.values(**verdict))

    def _transaction(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine)


def _chosen() -> Select[Any]:
    """Select files, each with its claim and with the run that decides about it."""
    return (
        select(deliveries, claims.c.size_bytes, claims.c.claimed_at, _standing.label("standing"))
        .join(claims, claims.c.claim_id == deliveries.c.claim_id)
        .join(runs, runs.c.run_id == _run_id, isouter=True)
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        claim_id=row.claim_id,
        dataset=row.dataset,
        size_bytes=row.size_bytes,
        taken_at=row.claimed_at,
        kept_as=row.kept_as or "",
        same_as=row.same_as or "",
        verdict=row.verdict or "",
        reason=row.reason or "",
        reason_ko=row.reason_ko or "",
        standing=row.standing,
        told=row.told,
    )


def _find(connection: Connection, claim_id: str) -> Delivery | None:
    mine = _chosen().where(deliveries.c.claim_id == claim_id)
    row = connection.execute(mine).one_or_none()
    return _delivery(row) if row else None


def _known(connection: Connection, claim_id: str) -> Delivery:
    return _delivery(connection.execute(_chosen().where(deliveries.c.claim_id == claim_id)).one())


def _names(connection: Connection, dataset: str) -> set[str]:
    kept = (deliveries.c.dataset == dataset) & deliveries.c.kept_as.is_not(None)
    return set(connection.scalars(select(deliveries.c.kept_as).where(kept)))


def _shared(
    connection: Connection, dataset: str, content_sha256: str | None
) -> dict[str, str | None]:
    """Return the claim of the same content whose run is under way, and its verdict."""
    same = (
        _chosen()
        .where(
            deliveries.c.dataset == dataset,
            deliveries.c.content_sha256 == content_sha256,
            deliveries.c.same_as.is_(None),
            or_(deliveries.c.verdict.is_(None), deliveries.c.verdict == "accepted"),
            or_(runs.c.run_id.is_(None), runs.c.status.in_(UNDER_WAY)),
        )
        .order_by(claims.c.claimed_at)
        .limit(1)
    )
    row = connection.execute(same).one_or_none() if content_sha256 else None
    return {"same_as": row.claim_id, "verdict": row.verdict} if row else {}


def _returned(reason: str, reason_ko: str) -> dict[str, str | None]:
    return {"verdict": "returned", "reason": reason, "reason_ko": reason_ko}


def _change(connection: Connection, claim_id: str, **values: str | None) -> None:
    mine = update(deliveries).where(deliveries.c.claim_id == claim_id)
    connection.execute(mine.values(**values))
