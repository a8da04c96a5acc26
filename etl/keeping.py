"""Destroy restricted copies whose retention has ended; the ledger records it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from etl.contract.loading import find_contract
from etl.errors import EtlError
from etl.ledger.records import Run
from etl.pipeline.delivering import destroy
from etl.pipeline.steps import Pipeline

SILENCE = timedelta(days=7)  # no step takes as long; who waits for an approval is not running
_DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}

ZONES = {
    "landing": ("landing/{dataset}/{run_id}",),
    "quarantine": (
        "restricted/{dataset}/{run_id}/validated",
        "restricted/{dataset}/{run_id}/anonymised",
    ),
}
NEVER_SHOWN = ("restricted/{dataset}/{run_id}/converted",)
"""Files that nobody else has, unless the run was published; a gate may have refused them."""


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
    """Destroy what ended runs no longer may keep, in the store and in the intake folders.

    Each run is held to the contract that it used. Published files and certificates stay, and
    so does what an unfinished run needs; a run that nobody works at any more is ended first.
    Repeating it does nothing twice. What cannot be destroyed keeps nothing else.

    Args:
        pipeline: Its store and ledger.
        now: The present moment.

    Raises:
        EtlError: Some copies could not be destroyed; every other that is due was.
    """
    pipeline.ledger.end_silent_runs(now - SILENCE)
    destroyed, problems = [], []
    for zone in ZONES:
        for run in pipeline.ledger.kept_runs(zone):
            try:
                if _is_due(pipeline, run, zone, now):
                    destroyed.append(_destroy(pipeline, run, zone))
            except EtlError as problem:
                problems.append(problem)
    for unopened in pipeline.ledger.deliveries.kept_without_run():
        try:
            contract = find_contract(pipeline.settings.schemas, unopened.dataset)
            if unopened.taken_at + parse_duration(contract.retention.landing) <= now:
                destroy(pipeline, unopened)
                destroyed.append(Destroyed(unopened.dataset, unopened.claim_id, "landing"))
        except EtlError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    return destroyed


def _is_due(pipeline: Pipeline, run: Run, zone: str, now: datetime) -> bool:
    if run.ended_at is None or run.contract_sha256 is None:
        return False
    retention = pipeline.contract_of(run.dataset, run.contract_sha256).retention
    kept_for = retention.landing if zone == "landing" else retention.quarantine
    return run.ended_at + parse_duration(kept_for) <= now


def _destroy(pipeline: Pipeline, run: Run, zone: str) -> Destroyed:
    is_kept_back = zone == "quarantine" and run.status != "published"
    for prefix in (*ZONES[zone], *(NEVER_SHOWN if is_kept_back else ())):
        pipeline.store.delete(prefix.format(dataset=run.dataset, run_id=run.run_id))
    if zone == "landing":
        for supplied in pipeline.ledger.deliveries.sharing(run.run_id):
            destroy(pipeline, supplied)
    pipeline.ledger.record_destruction(run.run_id, zone)
    return Destroyed(run.dataset, run.run_id, zone)
