"""Destroy restricted copies whose retention has ended; the ledger records it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from etl.pipeline import Pipeline

_DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}

ZONES = {
    "landing": ("landing/{dataset}/{run_id}",),
    "quarantine": (
        "restricted/{dataset}/{run_id}/validated",
        "restricted/{dataset}/{run_id}/anonymised",
    ),
}


@dataclass(frozen=True, slots=True)
class Destroyed:
    """Restricted copies of one run that are gone.

    Attributes:
        dataset: Name of the dataset.
        run_id: The run.
        zone: `landing` or `quarantine`.
    """

    dataset: str
    run_id: str
    zone: str


def parse_duration(text: str) -> timedelta:
    """Return the length of a contract's ISO 8601 duration, a month being 30 days.

    Examples:
        >>> parse_duration("P3M").days
        90
    """
    return timedelta(days=int(text[1:-1]) * _DAYS[text[-1]])


def destroy_due(pipeline: Pipeline, now: datetime) -> list[Destroyed]:
    """Destroy what ended runs no longer may keep.

    Each run is held to the contract that it used. Published files and certificates stay, and
    so does what an unfinished run needs. Repeating it does nothing twice.

    Args:
        pipeline: Its store and ledger.
        now: The present moment.
    """
    destroyed = []
    for zone, prefixes in ZONES.items():
        for run in pipeline.ledger.kept_runs(zone):
            if run.ended_at is None or run.contract_sha256 is None:
                continue
            retention = pipeline.contract_of(run.dataset, run.contract_sha256).retention
            kept_for = retention.landing if zone == "landing" else retention.quarantine
            if run.ended_at + parse_duration(kept_for) > now:
                continue
            for prefix in prefixes:
                pipeline.store.delete(prefix.format(dataset=run.dataset, run_id=run.run_id))
            pipeline.ledger.record_destruction(run.run_id, zone)
            destroyed.append(Destroyed(run.dataset, run.run_id, zone))
    return destroyed
