"""What the certificate says of a release's quality: the figures of validation, and its age.

Counts of people below k are left out, and so are rates that would give one away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from etl.contract.durations import day_after
from etl.contract.model import Contract

GRACE = timedelta(days=7)
"""How long after its due day data still count as timely."""

_COUNTED = ("critical", "warning")


def tell_quality(
    contract: Contract, figures: Mapping[str, Any], reference_date: str, day: date
) -> dict[str, Any]:
    """Return the figures that go into the certificate.

    Args:
        contract: Says what is published, and whether rows are about people.
        figures: What validation measured: `Quality.as_json`.
        reference_date: ISO date that the data speak for; empty when there is none.
        day: The day of the certificate.

    Returns:
        The rates of errors, completeness and uniqueness, timeliness, and per rule and field what
        was asked and what failed; of rows about people only rates that hide no small count.
    """
    told = {
        "error_rate": figures["error_rate"],
        "completeness": figures["completeness"],
        "uniqueness": figures["uniqueness"],
        "timeliness": _timeliness(contract, reference_date, day),
    }
    if contract.privacy.k is not None:
        return told | _without_small_counts(contract.privacy.k, figures)
    published = {field.name for field in contract.published_fields}
    return told | {
        "rows": figures["rows"],
        "rules": [
            {key: rule[key] for key in ("fields", "rule", "severity", "asked", "errors")}
            for rule in figures["rules"]
            if set(rule["fields"]) <= published
        ],
        "fields": [field for field in figures["fields"] if field["field"] in published],
    }


def _timeliness(contract: Contract, reference_date: str, day: date) -> dict[str, Any] | None:
    if not reference_date:
        return None
    stated = date.fromisoformat(reference_date)
    due = day_after(stated, contract.frequency)
    return {
        "age_days": (day - stated).days,
        "due": str(due),
        "is_timely": day <= min(due, date.max - GRACE) + GRACE,
    }


def _without_small_counts(k: int, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rates of rows about people that have to be hidden, as nulls."""
    wrong = sum(r["errors"] for r in figures["rules"] if r["severity"] in _COUNTED)
    repeated = sum(r["errors"] for r in figures["rules"] if r["is_unique"])
    missing = sum(figures["rows"] - field["filled"] for field in figures["fields"])
    counts = {"error_rate": wrong, "uniqueness": repeated, "completeness": missing}
    return {name: None for name, count in counts.items() if 0 < count < k}
