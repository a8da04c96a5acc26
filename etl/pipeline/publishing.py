"""Step 6: switch to the certified files, trusting nothing that a state claims; or say why not."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import Any

from etl.certify.certificate import read_certificate
from etl.contract.model import Contract
from etl.errors import (
    ApprovalRefusedError,
    DisclosureRiskError,
    EtlError,
    ReleaseHeldError,
)
from etl.ledger.book import Release
from etl.pipeline.exporting import export, release_files
from etl.pipeline.keys import identity
from etl.pipeline.workbench import Workbench
from etl.publish.ckan import Catalogue
from etl.publish.record import Distribution
from etl.publish.releasing import Release as CatalogueRelease
from etl.publish.releasing import publish_release
from etl.states import (
    Certified,
    Published,
)

LOG = logging.getLogger("madang")


def publish(bench: Workbench, certified: Certified, approved_by: str = "") -> Published:
    """Switch to the certified files, trusting nothing that the state claims.

    Args:
        bench: What the steps work on.
        certified: What `certify` returned, or somebody pretends that it did.
        approved_by: Account of the privacy officer, where an approval was given just now.

    Raises:
        ApprovalRefusedError: The contract asks for an approval that was not given.
        DisclosureRiskError: Certificate or files are not what was signed.
    """
    dataset, run_id = certified.dataset, certified.run_id
    contract = bench.contract(certified)
    if certified.status == "unchanged":
        return _unchanged(bench, contract, certified)
    if done := _finished(bench, certified):
        bench.ledger.release_lease(dataset, run_id)  # which a repeated certify took again
        return _published(bench, certified, done)
    with bench.step(dataset, run_id, "publish") as count:
        content = _verify_certified(bench, contract, certified)
        _require_approval(bench, contract, certified, approved_by)
        bench.ledger.open_run(run_id, dataset)
        bench.ledger.wait_for_lease(dataset, run_id, bench.patience)
        with bench.ledger.keeping_lease(dataset, run_id):
            bench.ledger.confirm_release(dataset, run_id)
            _switch(bench, contract, certified, content)
            release = bench.ledger.mark_live(dataset, run_id)
        bench.ledger.finish_run(run_id, "published")
        count.rows = certified.rows
    return _published(bench, certified, release)


def refuse(bench: Workbench, certified: Certified, refused_by: str, reason: str = "") -> None:
    """Record that the privacy officer refused; the run ends, the live release stays."""
    bench.ledger.record_decision(
        certified.run_id,
        certified.certificate_sha256,
        "refused",
        by=refused_by,
        reason=reason,
    )
    bench.ledger.finish_run(
        certified.run_id,
        "refused",
        reason="The privacy officer refused the release.",
        owner=ApprovalRefusedError.owner,
    )


def fail(bench: Workbench, dataset: str, run_id: str, error: EtlError | None = None) -> None:
    """Record how a run ended that did not reach its end; its lease is given back."""
    run = bench.ledger.run(run_id)
    if run is None or run.dataset != dataset:
        return
    is_held = isinstance(error, ReleaseHeldError | ApprovalRefusedError)
    status = "held" if is_held else "failed"
    bench.ledger.finish_run(
        run_id,
        status,
        reason=error.message if error else "The process ended before the step did.",
        owner=error.owner if error else EtlError.owner,
    )
    LOG.warning("run=%s dataset=%s status=%s", run_id, dataset, status)


def _verify_certified(bench: Workbench, contract: Contract, certified: Certified) -> dict[str, Any]:
    """Check signature, hashes and ledger before anything is shown.

    Raises:
        DisclosureRiskError: Something is not what was certified.
    """
    prefix = f"certified/{contract.name}/{certified.run_id}"
    recorded = bench.ledger.release_of(certified.run_id)
    key = f"{prefix}/certificate.json"
    if recorded is None or not bench.store.exists(key):
        raise _not_certified(contract, "there is no certificate of this run")
    text = bench.store.read_bytes(key)
    sha256 = hashlib.sha256(text).hexdigest()
    if {sha256} != {certified.certificate_sha256, recorded.certificate_sha256}:
        raise _not_certified(contract, "the certificate is not the recorded one")
    content = read_certificate(text, trusted=bench.trusted_key())
    named = (content["dataset"], content["release"], content["contract"]["sha256"])
    if named != (contract.name, recorded.release, contract.sha256):
        raise _not_certified(contract, "the certificate speaks of another release")
    facts = bench.file_facts(f"restricted/{contract.name}/{certified.run_id}/converted")
    for entry in content["files"]:
        if facts[entry["name"]].sha256 != entry["sha256"]:
            raise _not_certified(contract, f"{entry['name']} is not the certified file")
    return content


def _require_approval(
    bench: Workbench, contract: Contract, certified: Certified, approved_by: str
) -> None:
    if contract.approval == "none":
        return
    if approved_by == bench.settings.officer:
        bench.ledger.record_decision(
            certified.run_id, certified.certificate_sha256, "approved", by=approved_by
        )
    decision = bench.ledger.approval_for(certified.run_id, certified.certificate_sha256)
    if decision is None or decision.verdict != "approved":
        raise ApprovalRefusedError(
            f"{contract.name}: release {certified.release} needs the approval of the privacy"
            " officer. Files and certificate are written, nothing was published; the live"
            " release stays. Drop the file into the intake folder to ask in Airflow.",
            dataset=contract.name,
            release=certified.release,
        )


def _switch(
    bench: Workbench, contract: Contract, certified: Certified, content: dict[str, Any]
) -> None:
    if bench.folder is not None:
        export(bench, replace(certified, release=content["release"]))
        return
    if contract.privacy.tiers is not None:
        LOG.warning(
            "run=%s dataset=%s tier=agency certified, kept in the restricted zone: the"
            " catalogue has no place for agency tables; use --to for their files",
            certified.run_id, contract.name,
        )  # fmt: skip
    contract = contract.at_levels(content["privacy"].get("levels", {}))
    with release_files(bench, certified) as files:
        token = bench.settings.read_secret("catalogue-token").decode()
        url = bench.settings.catalogue_url
        publish_release(
            Catalogue(url, token),
            Catalogue(url),
            CatalogueRelease(
                contract=contract,
                organisation=bench.organisation(contract),
                name=content["release"],
                reference_date=content["reference_date"] or "",
                rows=content["digest"]["rows"],
                digest=content["digest"]["total"],
                files=files,
                distributions=tuple(
                    Distribution(entry["name"], entry["sha256"], entry["size_bytes"])
                    for entry in content["files"]
                    if entry["name"] in ("data.parquet", "data.csv")
                ),
                quality=content.get("quality") or {},
            ),
        )


def _finished(bench: Workbench, certified: Certified) -> Release | None:
    """Return the release of a run that was published whole before."""
    run = bench.ledger.run(certified.run_id)
    release = bench.ledger.release_of(certified.run_id)
    is_same = release and release.certificate_sha256 == certified.certificate_sha256
    return release if is_same and run and run.status == "published" else None


def _unchanged(bench: Workbench, contract: Contract, certified: Certified) -> Published:
    run = bench.ledger.run(certified.run_id)
    if run is None or run.status != "unchanged":
        raise _not_certified(contract, "the ledger does not say that nothing changed")
    return Published(
        **identity(certified, certified.key, certified.rows),
        release=certified.release,
        previous=certified.release,
        status="unchanged",
        url=bench.page(certified.dataset),
    )


def _published(bench: Workbench, certified: Certified, release: Release) -> Published:
    return Published(
        **identity(certified, certified.key, certified.rows),
        release=release.release,
        previous=release.previous or "",
        status="published",
        url=bench.page(certified.dataset),
    )


def mend_search(bench: Workbench) -> int:
    """Bring the catalogue's search index to what its records say; return the differences.

    A crash between record and index, or a search server that hung, can leave a record
    unfindable or a withdrawn text findable.
    """
    token = bench.settings.read_secret("catalogue-token").decode()
    found = Catalogue(bench.settings.catalogue_url, token).call("madang_drift", {"repair": True})
    return sum(len(found[kind]) for kind in ("missing", "stale", "orphan"))


def _not_certified(contract: Contract, why: str) -> DisclosureRiskError:
    return DisclosureRiskError(
        f"{contract.name}: {why}. Nothing was published; the live release stays. Start a new run"
        " from the supplied file, and find out who wrote to the store.",
        dataset=contract.name,
    )
