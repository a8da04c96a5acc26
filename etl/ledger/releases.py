"""Which release is live: named once, switched once, and only over what it was certified for.

Every function works in the caller's transaction; those that write want the lease of the
dataset confirmed first, so that two processes take turns.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from etl.errors import ReleaseHeldError, StoreError
from etl.ledger.database import insert_missing
from etl.ledger.tables import releases


def allocate(connection: Connection, run: Row[Any], day: date, now: datetime) -> str:
    """Name the release of a run, again the same; it is to replace what is live now."""
    live = find_live(connection, run.dataset)
    insert_missing(
        connection,
        releases,
        dataset=run.dataset,
        release=_next_name(connection, run.dataset, day),
        run_id=run.run_id,
        run_key=run.run_key,
        reference_date=run.reference_date,
        state="prepared",
        created_at=now,
    )
    change_prepared(connection, run.run_id, previous=live.release if live else None)
    return str(get_one(connection, run.run_id).release)


def find_live(connection: Connection, dataset: str) -> Row[Any] | None:
    """Return the live release of a dataset."""
    live = and_(releases.c.dataset == dataset, releases.c.state == "live")
    return connection.execute(select(releases).where(live)).one_or_none()


def get_one(connection: Connection, run_id: str) -> Row[Any]:
    """Return the release of a run.

    Raises:
        StoreError: It has none.
    """
    row = connection.execute(select(releases).where(releases.c.run_id == run_id)).one_or_none()
    if row is None:
        raise StoreError(
            "The ledger knows no release of this run. Nothing was published. Drop the file again."
        )
    return row


def confirm(connection: Connection, run_id: str) -> Row[Any]:
    """Return the release of a run, if it is live or what it is to replace still is.

    Raises:
        ReleaseHeldError: Another release went live after this one was certified.
    """
    mine = get_one(connection, run_id)
    live = find_live(connection, mine.dataset)
    is_live = live is not None and live.run_id == run_id
    is_due = mine.state == "prepared" and mine.previous == (live.release if live else None)
    if not is_live and not is_due:
        raise ReleaseHeldError(
            f"{mine.dataset}: release {mine.release} was certified against another release than"
            " the live one, or was ended since. Nothing was published; the live release stays."
            " Drop the file again.",
            dataset=mine.dataset,
        )
    return mine


def switch(connection: Connection, run_id: str, now: datetime) -> Row[Any]:
    """Let a confirmed release be live and the one before replaced; again the same."""
    mine = confirm(connection, run_id)
    if mine.state == "prepared":
        live = and_(releases.c.dataset == mine.dataset, releases.c.state == "live")
        connection.execute(update(releases).where(live).values(state="replaced"))
        change_prepared(connection, run_id, state="live", live_at=now)
    return get_one(connection, run_id)


def change_prepared(connection: Connection, run_id: str, **values: object) -> None:
    """Change the release of a run; once it left that state, it stays as it is."""
    prepared = and_(releases.c.run_id == run_id, releases.c.state == "prepared")
    connection.execute(update(releases).where(prepared).values(**values))


def _next_name(connection: Connection, dataset: str, day: date) -> str:
    prefix = f"{day:%Y%m%d}-"
    same_day = and_(releases.c.dataset == dataset, releases.c.release.startswith(prefix))
    taken = connection.scalars(select(releases.c.release).where(same_day)).all()
    last = max((int(name.removeprefix(prefix)) for name in taken), default=0)
    return f"{prefix}{last + 1}"
