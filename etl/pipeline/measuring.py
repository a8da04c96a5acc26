"""Step 5's measurements: written files, tier by tier, and the certificates that say what held."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from etl.certify.anonymity import check_anonymity, measure_anonymity, tell_anonymity
from etl.certify.certificate import load_signing_key, sign
from etl.certify.certifying import (
    Check,
    check_release,
    planned_rows_check,
    require_all,
    write_content,
)
from etl.certify.measuring import (
    FileFacts,
    TableFacts,
    measure_file,
    measure_table,
)
from etl.certify.officer_page import render_officer_page
from etl.certify.quality import tell_quality
from etl.certify.scanning import Finding, scan_personal
from etl.contract.hierarchies import FOLDER as HIERARCHIES
from etl.contract.model import Contract
from etl.contract.vocabulary import TierName
from etl.digest import published_columns
from etl.ledger.book import Release, utc_now
from etl.pipeline.earlier import coarsening_check, difference_checks, require_difference
from etl.pipeline.guarding import hold_to_live
from etl.pipeline.keys import identity, officer_key, step_key
from etl.pipeline.workbench import Workbench
from etl.states import (
    Certified,
    Converted,
)


@dataclass(frozen=True, slots=True)
class _Measured:
    """One tier's files with what was measured of them."""

    contract: Contract
    converted: Converted
    tier: TierName
    files: dict[str, FileFacts]
    table: TableFacts
    findings: list[Finding]
    checks: list[Check]
    anonymity: dict[str, Any]


def measure_and_sign(
    bench: Workbench, contract: Contract, converted: Converted, prefix: str, live: Release | None
) -> Certified:
    """Measure the files of every tier, hold them to guards and gates, then sign."""
    now = utc_now()
    day = now.astimezone(ZoneInfo(contract.timezone)).date()
    tiers = [
        _measure(bench, contract, tier, state, day)
        for tier, state in bench.converted_tiers(converted).items()
    ]
    public = tiers[0]
    if bench.compares:
        hold_to_live(bench, contract, converted, live)
    public.checks.extend(coarsening_check(bench, contract, converted))
    require_all(contract, public.checks)
    differing = list(difference_checks(bench, contract, converted))
    require_difference(contract, differing)
    public.checks.extend(differing)
    release = bench.ledger.allocate_release(contract.name, converted.run_id, day)
    certificates = [_sign(bench, tier, release, prefix, now) for tier in tiers]
    if contract.privacy.k is not None:
        checks = {tier.tier: tier.checks for tier in tiers}
        page = render_officer_page(contract, release, bench.plans(converted), checks)
        bench.store.write_bytes(officer_key(converted), page)
    sha256 = hashlib.sha256(certificates[0]).hexdigest()
    bench.ledger.record_certificate(converted.run_id, sha256, str(public.table.parquet.total))
    return certified_state(contract, converted, prefix, release, "certified", sha256,
        public.anonymity.get("k", {}).get("achieved", 0),
    )  # fmt: skip


def _measure(
    bench: Workbench, declared: Contract, tier: TierName, converted: Converted, day: date
) -> _Measured:
    """Measure the files of one tier; refuse the release where a check does not hold."""
    contract = bench.at_tier(declared, tier, converted)
    columns = published_columns(contract)
    with bench.opened(converted.key) as files, bench.verifier() as connection:
        parquet, csv = files["data.parquet"], files["data.csv"]
        facts = {name: measure_file(path) for name, path in files.items()}
        table = measure_table(connection, parquet, csv, columns, contract.quasi_identifiers)
        findings = scan_personal(connection, parquet, contract, day)
        checks = check_release(contract, converted, table, facts, findings)
        anonymity: dict[str, Any] = {}
        if plan := bench.plans(converted).get(tier):
            with _units(bench, declared, tier, converted) as units:
                measured = measure_anonymity(
                    connection, parquet, contract, bench.settings.schemas / HIERARCHIES, units
                )
            checks += check_anonymity(declared, contract, plan["levels"], tier, measured)
            checks.append(planned_rows_check(plan, converted))
            anonymity = tell_anonymity(declared, contract, tier, measured, plan)
    require_all(contract, checks)
    return _Measured(contract, converted, tier, facts, table, findings, checks, anonymity)


@contextmanager
def _units(
    bench: Workbench, contract: Contract, tier: TierName, converted: Converted
) -> Iterator[Path | None]:
    """Lend the restricted table with the key of units beside, where units are counted."""
    if contract.unit_key is None:
        yield None
        return
    with bench.store.local_path(
        f"{step_key(converted, 'anonymised')}/{tier}-units.parquet"
    ) as units:
        yield units


def _sign(bench: Workbench, measured: _Measured, release: str, prefix: str, now: datetime) -> bytes:
    """Write the certificate and the record of one tier."""
    contract, converted = measured.contract, measured.converted
    validated = step_key(converted, "validated")
    verdict = bench.read_json(f"{validated}/verdict.json")
    figures = bench.read_json(f"{validated}/quality.json")
    day = now.astimezone(ZoneInfo(contract.timezone)).date()
    content = write_content(
        contract, converted, release, measured.table, measured.files, measured.findings,
        measured.checks, judged_by=verdict["judged_by"],
        quarantined=_quarantined(bench, converted.run_id), verifier_version=duckdb.__version__,
        now=now, anonymity=measured.anonymity,
        quality=tell_quality(contract, figures, converted.reference_date, day),
    )  # fmt: skip
    certificate = sign(content, load_signing_key(bench.settings.read_secret("signing-key.pem")))
    folder = prefix if measured.tier == "public" else f"{prefix}/{measured.tier}"
    bench.store.write_bytes(f"{folder}/certificate.json", certificate)
    return certificate


def _quarantined(bench: Workbench, run_id: str) -> int:
    return bench.ledger.books(run_id)["quarantined"] or 0


def certified_state(
    contract: Contract,
    converted: Converted,
    prefix: str,
    release: str,
    status: str,
    certificate_sha256: str = "",
    k_achieved: int = 0,
) -> Certified:
    """Return what certify hands to publish."""
    return Certified(
        **identity(converted, prefix, converted.rows),
        release=release,
        status=status,
        approval=contract.approval,
        certificate_sha256=certificate_sha256,
        suppressed=converted.suppressed,
        k_required=contract.privacy.k or 0,
        k_achieved=k_achieved,
    )
