"""Calendar durations of contracts, as `P18M`."""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def day_after(day: date, duration: str) -> date:
    """Return the day that lies a duration after another; the last of a month at most.

    Examples:
        >>> day_after(date(2024, 1, 31), "P1M")
        datetime.date(2024, 2, 29)
    """
    return _moved(day, int(duration[1:-1]), duration[-1])


def day_before(day: date, duration: str) -> date:
    """Return the day that lies a duration before another, the first of the calendar at least.

    Examples:
        >>> day_before(date(2024, 3, 31), "P1M")
        datetime.date(2024, 2, 29)
    """
    return _moved(day, -int(duration[1:-1]), duration[-1])


def _moved(day: date, count: int, unit: str) -> date:
    try:
        if unit in "DW":
            return day + timedelta(days=count * (7 if unit == "W" else 1))
        years, month = divmod(day.month - 1 + count * (12 if unit == "Y" else 1), 12)
        year = day.year + years
        last = calendar.monthrange(year, month + 1)[1] if 1 <= year <= date.max.year else 1
        return date(year, month + 1, min(day.day, last))
    except (OverflowError, ValueError):
        return date.min if count < 0 else date.max
