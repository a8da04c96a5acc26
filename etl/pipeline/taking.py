"""Before step 1: take what departments dropped, and answer with a receipt.

The receipt is the acknowledgement, so it is written last: first the bytes are in the store,
on disk and hashed, and the ledger knows them.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.contract.model import Contract
from etl.errors import EtlError, SourceFormatError
from etl.intake.claim import (
    Claim,
    claim_complete_files,
    claimed_file,
    close_claim,
    copy_supplied,
    open_claims,
)
from etl.intake.delivery import names_in_use
from etl.intake.folders import explaining, make_folders, remove_leftovers
from etl.intake.limits import Limits, find_refusal
from etl.intake.names import free_name, readable_name, safe_name
from etl.intake.sentences import STILL_WRITTEN
from etl.ledger.deliveries import Delivery
from etl.pipeline.delivering import deliver, finish_deliveries, give_back_alone, has_grown, tell
from etl.pipeline.keys import bytes_key
from etl.pipeline.workbench import Workbench

LEFTOVER_SECONDS = 3600
LOG = logging.getLogger("madang")


def collect_files(
    bench: Workbench, contracts: Iterable[Contract]
) -> tuple[list[Claim], EtlError | None]:
    """Take every complete file, and mend what a crash left of earlier ones.

    Files and claims of datasets that are not given stay where they are. What cannot be taken
    keeps no other waiting; it is tried again the next time.

    Returns:
        The claims that need a run, in the order the files came, and the first problem.
    """
    intake, problems = bench.settings.intake, list[EtlError]()
    expected = {one.name: one.source.folder.files for one in contracts if one.source.folder}
    make_folders(intake, expected)
    remove_leftovers(intake, expected, time.time_ns() - LEFTOVER_SECONDS * 10**9)
    with _keeping(problems):
        claim_complete_files(intake, expected, bench.settings.intake_quiet_seconds)
    wanted, earlier = [], Counter[str]()
    for claim in open_claims(intake):
        with _keeping(problems):
            if claim.dataset in expected and _take(bench, claim, earlier[claim.dataset]):
                wanted.append(claim)
        earlier[claim.dataset] += 1
    with _keeping(problems):
        finish_deliveries(bench)
    return wanted, problems[0] if problems else None


def require_taken(bench: Workbench, claim: Claim) -> None:
    """Make sure that the bytes of a claim are landed and whole, then close it.

    Raises:
        SourceError: There is no such claim.
        SourceFormatError: The file may not be opened.
        StoreError: It cannot be landed.
    """
    is_landed = bench.store.exists(bytes_key(claim.dataset, claim.claim_id))
    if claim.folder(bench.settings.intake).exists() or not is_landed:
        known = _take_whole(bench, claim)
        if known.verdict:
            raise SourceFormatError(
                f"{claim.dataset}: {known.reason} Nothing was landed; the live release stays.",
                dataset=claim.dataset,
            )
        close_claim(bench.settings.intake, claim)


def require_whole(bench: Workbench, dataset: str, run_id: str) -> None:
    """Refuse a file that its sender went on writing to after it was taken.

    Raises:
        SourceFormatError: Its size is another than that of what was landed.
    """
    known = bench.ledger.deliveries.find(run_id)
    if known and has_grown(bench, known):
        raise SourceFormatError(
            f"{dataset}: {STILL_WRITTEN.en} It was returned; the live release stays.",
            dataset=dataset,
        )


def _take(bench: Workbench, claim: Claim, earlier_files: int) -> bool:
    """Take one claim, and tell whether it needs a run."""
    known = bench.ledger.deliveries.find(claim.claim_id) or _receive(
        bench, claim, earlier_files, may_share=True
    )
    if known.same_as:
        bench.store.delete(f"landing/{claim.dataset}/{claim.claim_id}")
        close_claim(bench.settings.intake, claim)
    tell(bench, deliver(bench, known))
    return not (known.same_as or known.verdict)


def _take_whole(bench: Workbench, claim: Claim) -> Delivery:
    """Take a claim whose own run has begun; its bytes once more, should it have grown."""
    known = bench.ledger.deliveries.find(claim.claim_id)
    if known is None:
        return _receive(bench, claim, earlier_files=0, may_share=False)
    if _size(claimed_file(bench.settings.intake, claim)) == known.size_bytes:
        return known
    size_bytes, sha256 = _land(bench, claim)
    for other in bench.ledger.deliveries.sharing(claim.claim_id)[1:]:  # of the half that was there
        tell(bench, give_back_alone(bench, other))
    return bench.ledger.deliveries.renew(
        claim.claim_id, size_bytes=size_bytes, content_sha256=sha256
    )


def _receive(bench: Workbench, claim: Claim, earlier_files: int, *, may_share: bool) -> Delivery:
    settings = bench.settings
    file = claimed_file(settings.intake, claim)
    name = readable_name(file.name)
    limits = Limits(settings.intake_max_bytes, settings.intake_max_files)
    with explaining():
        status = file.lstat()
    refusal = find_refusal(name, status, earlier_files, limits)
    size_bytes, sha256 = (status.st_size, None) if refusal else _land(bench, claim)
    in_folder = names_in_use(settings.intake, claim.dataset)
    return bench.ledger.deliveries.record(
        claim.claim_id,
        claim.dataset,
        original_name=name,
        size_bytes=size_bytes,
        content_sha256=sha256,
        choose_name=lambda kept: free_name(safe_name(file.name), in_folder.union(kept)),
        may_share=may_share,
        refusal=(refusal.en, refusal.ko) if refusal else None,
    )


def _land(bench: Workbench, claim: Claim) -> tuple[int, str]:
    file = claimed_file(bench.settings.intake, claim)
    with bench.store.writing(bytes_key(claim.dataset, claim.claim_id)) as copy:
        return copy_supplied(file, copy)


def _size(file: Path) -> int:
    with explaining():
        return file.lstat().st_size


@contextmanager
def _keeping(problems: list[EtlError]) -> Iterator[None]:
    try:
        yield
    except EtlError as problem:
        LOG.warning("intake problem=%s", problem)
        problems.append(problem)
