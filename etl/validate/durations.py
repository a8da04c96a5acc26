"""Calendar durations of contracts, as `P18M`."""

from __future__ import annotations

from datetime import date

import polars as pl

_UNITS = {"D": "d", "W": "w", "M": "mo", "Y": "y"}


def offset_of(duration: str) -> str:
    """Return an ISO 8601 duration as Polars spells offsets.

    Examples:
        >>> offset_of("P18M")
        '18mo'
    """
    return f"{duration[1:-1]}{_UNITS[duration[-1]]}"


def day_before(day: date, duration: str) -> date:
    """Return the day that lies a duration before another; the last of a month at most.

    Examples:
        >>> day_before(date(2024, 3, 31), "P1M")
        datetime.date(2024, 2, 29)
    """
    moved = pl.select(pl.lit(day).dt.offset_by(f"-{offset_of(duration)}")).item()
    return date.fromisoformat(str(moved))
