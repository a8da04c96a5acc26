"""Hold a release that changes more than its contract allows."""

from __future__ import annotations

from collections.abc import Iterator

from etl.certify.comparing import ColumnChange, Comparison
from etl.contract.changes import find_changes, is_break_announced
from etl.contract.model import Contract, Guards
from etl.errors import ReleaseHeldError

MOST_ROWS_LOST = 0.25
"""Where a contract names no `guards.rows`; an export that lost more is taken for truncated."""


def find_violations(contract: Contract, found: Comparison) -> tuple[str, ...]:
    """Say which guards a new table runs into.

    An empty table never replaces one with rows, whatever the contract allows.

    Args:
        contract: Its `guards` name the largest changes.
        found: How the new table differs from the live one.

    Returns:
        One plain sentence per violation: names and counts. The same comparison gives the same
        sentences.
    """
    guards = contract.guards or Guards()
    return (
        *_row_violations(guards, found),
        *_key_violations(guards, found),
        *(told for column in found.columns for told in _column_violations(guards, found, column)),
    )


def require_guards(contract: Contract, violations: tuple[str, ...], run_id: str) -> None:
    """Let nothing pass that a guard holds.

    Raises:
        ReleaseHeldError: There are violations.
    """
    if violations:
        raise ReleaseHeldError(
            f"{contract.name}: {'; '.join(violations)}. The release is held; the live one stays."
            " See that the export is whole and drop it again; or release it as it is with"
            f' `madang publish {contract.name} --run {run_id} --reason "…"`.',
            dataset=contract.name,
            violations=len(violations),
        )


def require_announced(before: Contract, after: Contract) -> None:
    """Let no breaking change of the contract pass that its version does not announce.

    Raises:
        ReleaseHeldError: A change can stop programs that read the table, and `version` is not
            higher than the live release's.
    """
    if is_break_announced(before, after):
        return
    broken = [change for change in find_changes(before, after) if change.kind == "breaking"]
    told = "; ".join(f"{change.place} {change.what}" for change in broken)
    raise ReleaseHeldError(
        f"{after.name}: {told}. That can stop programs which read the live release, and the"
        f" contract's version is still {after.version}. The release is held; the live one stays."
        " Raise `version` in the contract, or take the change back, and drop the file again.",
        dataset=after.name,
        changes=len(broken),
    )


def _row_violations(guards: Guards, found: Comparison) -> Iterator[str]:
    rows, before = found.rows, found.rows_before
    told = f"{before:,} rows would become {rows:,}"
    if rows == 0 and before > 0:
        yield f"{told}; an empty table never replaces another"
    elif guards.rows is None:
        if before - rows > MOST_ROWS_LOST * before:
            yield f"{told}; at most {MOST_ROWS_LOST:.0%} may go where the contract says nothing"
    elif abs(rows - before) > guards.rows * before:
        yield f"{told}; the contract allows {guards.rows:.0%} of change"


def _key_violations(guards: Guards, found: Comparison) -> Iterator[str]:
    removed, limit = found.removed_keys, guards.removed_keys
    if limit is None or removed is None:
        return
    if removed > limit * found.rows_before:
        yield (
            f"{removed:,} of {found.rows_before:,} keys would be gone; the contract allows"
            f" {limit:.0%}"
        )


def _column_violations(guards: Guards, found: Comparison, column: ColumnChange) -> Iterator[str]:
    rise = _share(column.nulls, found.rows) - _share(column.nulls_before, found.rows_before)
    if guards.nulls is not None and rise > guards.nulls:
        yield (
            f"missing values of {column.name} rise by {rise:.0%}; the contract allows"
            f" {guards.nulls:.0%}"
        )
    after, before = column.distinct or 0, column.distinct_before or 0
    if guards.distinct is not None and before and abs(after - before) > guards.distinct * before:
        yield (
            f"{before:,} different values of {column.name} would become {after:,}; the contract"
            f" allows {guards.distinct:.0%} of change"
        )
    outside = _share(column.outside, found.rows)
    if guards.range is not None and outside > guards.range:
        yield (
            f"{column.outside:,} values of {column.name} lie outside the live range; the contract"
            f" allows {guards.range:.0%} of the rows"
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
