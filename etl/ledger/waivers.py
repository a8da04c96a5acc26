"""Which guards an operator let a run pass, with the reason.

A waiver covers exactly the violations that the operator saw: what a later look finds beyond
them is held again. Every function works in the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from etl.ledger.records import Waiver
from etl.ledger.tables import waivers


def record_waiver(
    connection: Connection,
    run_id: str,
    violations: Sequence[str],
    *,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    """Enter that an operator lets these violations pass."""
    connection.execute(
        insert(waivers).values(
            run_id=run_id,
            violations=_text(violations),
            waived_by=by,
            waived_at=now,
            reason=reason,
        )
    )


def find_waivers(connection: Connection, run_id: str) -> list[Waiver]:
    """Return the waivers of a run, the oldest first."""
    chosen = select(waivers).where(waivers.c.run_id == run_id).order_by(waivers.c.number)
    return [
        Waiver(
            violations=tuple(json.loads(row.violations)),
            waived_by=row.waived_by,
            waived_at=row.waived_at,
            reason=row.reason,
        )
        for row in connection.execute(chosen).all()
    ]


def _text(violations: Sequence[str]) -> str:
    return json.dumps(list(violations), ensure_ascii=False)
