"""Beside the steps: what a department is told, and where its file ends.

The verdict is entered into the ledger first; the file, its report and its receipt follow
from it. So whatever a crash leaves undone, `finish_deliveries` does later, and once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from etl.contract.loading import find_contract_file, load_contract
from etl.contract.model import Contract
from etl.errors import EtlError, SourceFormatError
from etl.intake import delivery
from etl.intake.claim import Claim, landed_claims, landed_file
from etl.intake.folders import explaining
from etl.intake.reasons import korean_reason
from etl.intake.receipt import Receipt, render_receipt, render_refusal
from etl.intake.sentences import NOW, STILL_WRITTEN, Sentence
from etl.ledger.deliveries import Delivery
from etl.pipeline.workbench import Workbench

LOG = logging.getLogger("madang")


@contextmanager
def answering(bench: Workbench, run_id: str, *, accepts: bool) -> Iterator[None]:
    """Return the file when the block ends in a fault of its department; else let it pass.

    Nothing happens to a file that did not come through the intake.

    Args:
        bench: What the steps work on.
        run_id: The run of the file.
        accepts: Whether the file is accepted when the block ends well.
    """
    try:
        yield
    except EtlError as error:
        if error.owner == SourceFormatError.owner and bench.ledger.deliveries.find(run_id):
            bench.ledger.deliveries.give_back(run_id, error.message, _reason_ko(error))
            answer(bench, run_id)
        raise
    if accepts and bench.ledger.deliveries.find(run_id):
        bench.ledger.deliveries.accept(run_id)
        answer(bench, run_id)


def answer(bench: Workbench, run_id: str) -> None:
    """Deliver the files of a run as far as their verdict is known, and tell how they stand.

    What the intake's disk does not take now is left to `finish_deliveries`.
    """
    for known in bench.ledger.deliveries.sharing(run_id):
        try:
            tell(bench, deliver(bench, known))
        except EtlError as problem:
            LOG.warning("run=%s dataset=%s delivery=later %s", run_id, known.dataset, problem)


def finish_deliveries(bench: Workbench) -> None:
    """Do what a crash left undone: files that wait after their verdict, receipts of before.

    Raises:
        EtlError: Something could not be done; everything else was.
    """
    waiting = [
        bench.ledger.deliveries.find(c.claim_id) for c in landed_claims(bench.settings.intake)
    ]
    problems = []
    for known in [one for one in waiting if one] + bench.ledger.deliveries.untold():
        try:
            tell(bench, deliver(bench, known))
        except EtlError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


def deliver(bench: Workbench, known: Delivery) -> Delivery:
    """Move a file to where its verdict says, with its reports; again changes nothing.

    Returns:
        How the file stands; otherwise than before where it cannot share a run after all.
    """
    if known.same_as and known.verdict and has_grown(bench, known):
        return give_back_alone(bench, known)
    if known.verdict and known.kept_as:
        claim = Claim(known.dataset, known.claim_id)
        verdict = cast("delivery.Verdict", known.verdict)
        delivery.deliver(
            bench.settings.intake, claim, known.kept_as, verdict, partial(_reports, bench, known)
        )
    return known


def has_grown(bench: Workbench, known: Delivery) -> bool:
    """Tell whether a file that waits for its verdict is not the one that was landed."""
    file = landed_file(bench.settings.intake, Claim(known.dataset, known.claim_id))
    with explaining():
        return file is not None and file.lstat().st_size != known.size_bytes


def give_back_alone(bench: Workbench, known: Delivery) -> Delivery:
    """Return a file that shared a run whose content it turned out not to have."""
    deliveries = bench.ledger.deliveries
    alone = deliveries.give_back_alone(known.claim_id, STILL_WRITTEN.en, STILL_WRITTEN.ko)
    return deliver(bench, alone)


def tell(bench: Workbench, known: Delivery) -> None:
    """Write the receipt of a file, unless it says already how the file stands."""
    if known.told == known.standing or not known.kept_as:
        return
    receipt = render_receipt(_receipt(bench, known, _contract(bench, known)))
    delivery.write_receipt(bench.settings.intake, known.dataset, known.kept_as, receipt)
    bench.ledger.deliveries.mark_told(known)


def destroy(bench: Workbench, known: Delivery) -> None:
    """Destroy a supplied file wherever it lies, with its report and receipt."""
    if known.kept_as:
        claim = Claim(known.dataset, known.claim_id)
        delivery.destroy_delivered(bench.settings.intake, claim, known.kept_as)
    bench.store.delete(f"landing/{known.dataset}/{known.claim_id}")
    bench.ledger.deliveries.forget(known.claim_id)


def _reason_ko(error: EtlError) -> str:
    kind, status, lines = (
        str(error.facts.get(fact) or "") for fact in ("kind", "status", "contract_lines")
    )
    return korean_reason(kind, status, lines, error.summary_ko)


def _receipt(bench: Workbench, known: Delivery, contract: Contract) -> Receipt:
    zone = ZoneInfo(contract.timezone)
    stage = stage_of(known)
    release = bench.ledger.release_of(known.run_id) if stage == "published" else None
    first = bench.ledger.deliveries.find(known.same_as) if known.same_as else None
    return Receipt(
        number=known.claim_id,
        name=known.kept_as,
        dataset=known.dataset,
        title=contract.title.ko,
        taken_at=known.taken_at.astimezone(zone),
        timezone=contract.timezone,
        size_bytes=known.size_bytes,
        stage=stage,
        same_as=(first.claim_id, first.taken_at.astimezone(zone)) if first else None,
        reason=Sentence(known.reason_ko, known.reason) if known.verdict == "returned" else None,
        release=release.release if release else "",
        page=bench.page(known.dataset),
    )


def stage_of(known: Delivery) -> str:
    """Return which sentence tells how a file stands."""
    verdict, _, ending = known.standing.partition("/")
    if verdict == "accepted":
        return ending if ending in NOW else "accepted"
    return "returned" if verdict else ("delayed" if ending else "taken")


def _reports(bench: Workbench, known: Delivery) -> dict[str, bytes]:
    """Return what validation wrote for the department, else a page with the reason."""
    prefix = f"restricted/{known.dataset}/{known.run_id}/validated"
    keys = {ending: f"{prefix}/{ending[1:]}" for ending in delivery.REPORTS}
    found = {
        ending: bench.store.read_bytes(key)
        for ending, key in keys.items()
        if bench.store.exists(key)
    }
    if known.verdict == "accepted" or ".report.html" in found:
        return found
    title = _contract(bench, known).title.ko
    page = render_refusal(known.kept_as, title, Sentence(known.reason_ko, known.reason))
    return {".report.html": page}


def _contract(bench: Workbench, known: Delivery) -> Contract:
    """Return the contract of a file's run, or the present one before there is a run."""
    run = bench.ledger.run(known.run_id)
    if run and run.contract_sha256:
        return bench.contract_of(known.dataset, run.contract_sha256)
    return load_contract(find_contract_file(bench.settings.schemas, known.dataset))
