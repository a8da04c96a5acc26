"""Durations of contracts as Polars spells them."""

from __future__ import annotations

_UNITS = {"D": "d", "W": "w", "M": "mo", "Y": "y"}


def offset_of(duration: str) -> str:
    """Return an ISO 8601 duration as Polars spells offsets.

    Examples:
        >>> offset_of("P18M")
        '18mo'
    """
    return f"{duration[1:-1]}{_UNITS[duration[-1]]}"
