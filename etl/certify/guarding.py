"""Hold a release that changes more than its contract allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.contract.model import Contract
from etl.errors import ReleaseHeldError


def require_guards(
    contract: Contract, measured: Mapping[str, Any], live: Mapping[str, Any] | None
) -> None:
    """Compare a new table with the live one.

    Args:
        contract: Its `guards` name the largest changes.
        measured: `rows`, and `nulls` by column.
        live: The same of the live release; None when there is none.

    Raises:
        ReleaseHeldError: Rows changed by a larger share than `guards.rows`, or the share of
            missing values of a column rose by more than `guards.nulls`.
    """
    guards = contract.guards
    if guards is None or live is None:
        return
    rows, before = int(measured["rows"]), int(live["rows"])
    if guards.rows is not None and abs(rows - before) > guards.rows * before:
        raise _held(contract, f"{before} rows would become {rows}", f"{guards.rows:.0%} of change")
    if guards.nulls is None:
        return
    for column, nulls in measured["nulls"].items():
        rise = _share(nulls, rows) - _share(live["nulls"].get(column, 0), before)
        if rise > guards.nulls:
            raise _held(
                contract, f"missing values of {column} rise by {rise:.0%}", f"{guards.nulls:.0%}"
            )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _held(contract: Contract, what: str, allowed: str) -> ReleaseHeldError:
    return ReleaseHeldError(
        f"{contract.name}: {what}; the contract allows {allowed}. The release is held; the live"
        " one stays. See that the export is whole, or raise the limit in the contract.",
        dataset=contract.name,
    )
