"""Who may switch a dataset: one run at a time, from certify to the switch.

A working holder proves by heartbeats that it lives, and loses the lease a minute after the
last one. A holder that waits for an approval lends the lease to whoever comes; the newer
run supersedes it once it waits itself, is published, or finds its data live already, but
not when it fails.

Every function locks the dataset's row first, so that two processes take turns.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, and_, select, update

from etl.errors import LeaseBusyError, ReleaseHeldError, StoreError
from etl.ledger.database import insert_missing
from etl.ledger.tables import decisions, leases, releases, runs

LEASE = timedelta(seconds=60)
HAND_OVER = timedelta(seconds=300)  # between two tasks no process lives to send heartbeats


def lock(connection: Connection, dataset: str) -> Row[tuple[str, str, str, datetime, datetime]]:
    """Return the lease of a dataset, locked until the transaction ends."""
    insert_missing(connection, leases, dataset=dataset)
    chosen = select(leases).where(leases.c.dataset == dataset).with_for_update()
    return connection.execute(chosen).one()


def acquire(connection: Connection, dataset: str, run_id: str, now: datetime) -> None:
    """Give the lease to a run, which may hold it already.

    Raises:
        LeaseBusyError: Another run is at work.
        ReleaseHeldError: A newer run took this one's place, or waits with newer data.
    """
    lease = lock(connection, dataset)
    _refuse_overtaken(connection, dataset, run_id)
    if lease.holder not in (None, run_id) and lease.state == "working" and lease.expires > now:
        raise LeaseBusyError(
            f"{dataset}: another run is between certify and publish. Nothing was changed."
            " Wait for it to end, then run again.",
            dataset=dataset,
        )
    _write(connection, dataset, holder=run_id, state="working", heartbeat=now, expires=now + LEASE)


def keep(
    connection: Connection, dataset: str, run_id: str, now: datetime, lasting: timedelta
) -> None:
    """Prolong the lease of the run that holds it.

    Raises:
        LeaseBusyError: The run holds it no longer.
    """
    confirm(connection, dataset, run_id)
    _write(connection, dataset, heartbeat=now, expires=now + lasting)


def confirm(connection: Connection, dataset: str, run_id: str) -> None:
    """Make sure that a run holds the lease, until the transaction ends.

    Raises:
        LeaseBusyError: It does not.
    """
    if lock(connection, dataset).holder != run_id:
        raise LeaseBusyError(
            f"{dataset}: this run was silent for too long and another took its turn. The live"
            " release was left as it is. Run again.",
            dataset=dataset,
        )


def wait(connection: Connection, dataset: str, run_id: str, now: datetime) -> None:
    """Let the holder wait for an approval, instead of any run that waited before.

    Nobody needs to approve again what is published: such a run only gives the lease back.
    """
    confirm(connection, dataset, run_id)
    if connection.scalar(select(runs.c.status).where(runs.c.run_id == run_id)) == "published":
        release(connection, dataset, run_id)
        return
    _write(connection, dataset, state="waiting", heartbeat=now)
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(status="waiting"))
    supersede(connection, dataset, run_id, now)


def release(connection: Connection, dataset: str, run_id: str) -> None:
    """Give the lease back, if the run holds it."""
    if lock(connection, dataset).holder == run_id:
        _write(connection, dataset, holder=None, state=None, heartbeat=None, expires=None)


def supersede(connection: Connection, dataset: str, run_id: str, now: datetime) -> None:
    """End every other run of the dataset that waits for an approval, and record why."""
    waiting = (
        select(runs.c.run_id, releases.c.certificate_sha256)
        .join(releases, releases.c.run_id == runs.c.run_id)
        .where(runs.c.dataset == dataset, runs.c.status == "waiting", runs.c.run_id != run_id)
    )
    for older in connection.execute(waiting).all():
        insert_missing(
            connection,
            decisions,
            run_id=older.run_id,
            certificate_sha256=older.certificate_sha256 or "",
            verdict="superseded",
            decided_by=f"run {run_id}",
            decided_at=now,
            reason="A newer file arrived before the approval.",
        )
        chosen = update(runs).where(runs.c.run_id == older.run_id)
        reason = f"Superseded by run {run_id}."
        connection.execute(chosen.values(status="superseded", ended_at=now, reason=reason))
        prepared = and_(releases.c.run_id == older.run_id, releases.c.state == "prepared")
        connection.execute(update(releases).where(prepared).values(state="superseded"))


def _refuse_overtaken(connection: Connection, dataset: str, run_id: str) -> None:
    mine = connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()
    if mine is None:
        raise StoreError(
            f"{dataset}: the ledger does not know run {run_id}. Nothing was changed."
            " Drop the file again.",
            dataset=dataset,
        )
    if mine.status in ("superseded", "refused"):
        raise ReleaseHeldError(
            f"{dataset}: run {run_id} was {mine.status} and cannot go on. Nothing was changed;"
            " the live release stays. Drop the file again if it should be published after all.",
            dataset=dataset,
        )
    waiting = and_(runs.c.dataset == dataset, runs.c.status == "waiting")
    newer = and_(runs.c.run_id != run_id, runs.c.reference_date > (mine.reference_date or "9"))
    if connection.execute(select(runs.c.run_id).where(waiting, newer)).first():
        raise ReleaseHeldError(
            f"{dataset}: a release with a later reference date waits for approval. Nothing was"
            " changed. Run this file again once that one is decided.",
            dataset=dataset,
        )


def _write(connection: Connection, dataset: str, **values: object) -> None:
    connection.execute(update(leases).where(leases.c.dataset == dataset).values(**values))
