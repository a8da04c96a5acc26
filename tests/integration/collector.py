"""Collect, and take each claim up to its verdict, as Airflow would; or die in the middle.

As a program it is called with the yard's folder and the place to die at, or with `for ever`.
"""

from __future__ import annotations

import itertools
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from etl.contract.loading import load_contracts
from etl.errors import EtlError
from etl.intake.claim import landed_claims, open_claims
from etl.pipeline.steps import Pipeline
from tests.integration.yard import Yard

PLACES = {
    "claim, before the rename": ("etl.intake.claim._remove_marker", 1),
    "claim, after the rename": ("etl.intake.claim.os.utime", 1),
    "take, amid the copy": ("etl.intake.claim._blocks", 1),
    "take, before the ledger knows": ("etl.ledger.deliveries.Deliveries.record", 1),
    "take, before the receipt": ("etl.intake.delivery.write_receipt", 1),
    "take, amid the receipt": ("etl.intake.delivery.os.fchmod", 1),
    "take, after the receipt": ("etl.ledger.deliveries.Deliveries.mark_told", 1),
    "run, before the claim is closed": ("etl.pipeline.taking.close_claim", 1),
    "run, after the claim is closed": ("etl.pipeline.landing._land_rows", 1),
    "verdict, before it is known": ("etl.ledger.deliveries.Deliveries._settle", 1),
    "verdict, before the delivery": ("etl.intake.delivery.deliver", 1),
    "delivery, before the report": ("etl.intake.delivery._write", 2),
    "delivery, before the move": ("etl.intake.delivery.free_name", 1),
    "delivery, after the move": ("etl.intake.delivery._clear", 1),
    "verdict, before it is told": ("etl.intake.delivery.write_receipt", 2),
}


def die(*_: Any, **__: Any) -> None:
    """End without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(place: str) -> None:
    """Put death in the place of a function, at one of its calls."""
    path, call = PLACES[place]
    holder, _, name = path.rpartition(".")
    found = pkgutil.resolve_name(holder)
    setattr(found, name, _at_call(call, getattr(found, name)))


def _at_call(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    calls = itertools.count(1)

    def mortal(*arguments: Any, **named: Any) -> Any:
        if next(calls) == number:
            die()
        return function(*arguments, **named)

    return mortal


def collect_once(pipeline: Pipeline) -> int:
    """Take what waits, each claim up to its verdict; return how many runs were wanted."""
    contracts, _ = load_contracts(pipeline.settings.schemas)
    claims, _ = pipeline.collect_files(contracts)
    for claim in claims:
        judge(pipeline, claim.dataset, claim.claim_id)
    return len(claims)


def judge(pipeline: Pipeline, dataset: str, claim_id: str) -> None:
    """Extract and validate; say how it failed, as the task's callback does."""
    try:
        pipeline.validate(pipeline.extract_claim(dataset, claim_id))
    except EtlError as error:
        pipeline.fail(dataset, claim_id, error)


def resume(pipeline: Pipeline) -> None:
    """Go on with what was begun, as Airflow tries the killed task of a run again."""
    intake = pipeline.settings.intake
    for claim in [*open_claims(intake), *landed_claims(intake)]:
        run = pipeline.ledger.run(claim.claim_id)
        if run and run.status == "running":
            judge(pipeline, claim.dataset, claim.claim_id)


if __name__ == "__main__":
    yard, place = Yard(Path(sys.argv[1]), gx_max_rows=0), sys.argv[2]
    if place != "for ever":
        die_at(place)
        collect_once(yard.pipeline())
    while place == "for ever":
        with suppress(EtlError):
            resume(yard.pipeline())
            collect_once(yard.pipeline())
        time.sleep(0.1)
