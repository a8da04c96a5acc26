"""The six steps on real parts: the only place that builds adapters from settings.

Each step opens what the step before left, works on local paths, and shows its result by one
manifest, written last. A step that finds its manifest returns it: running again gives the
same. Errors pass through untouched; whoever drives the steps (Airflow, the command line)
says how a run ended, with `fail`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from etl import intake
from etl.anonymise.anonymising import anonymise_tiers
from etl.certify.anonymity import check_anonymity, measure_anonymity, tell_anonymity
from etl.certify.certificate import load_signing_key, public_bytes, read_certificate, sign
from etl.certify.certifying import Check, check_release, require_all, write_content
from etl.certify.guarding import require_guards
from etl.certify.measuring import (
    FileFacts,
    TableFacts,
    measure_file,
    measure_table,
    verifier,
)
from etl.certify.officer_page import render_officer_page
from etl.certify.scanning import Finding, scan_personal
from etl.contract.hierarchies import FOLDER as HIERARCHIES
from etl.contract.hierarchies import CodeList, read_code_lists
from etl.contract.loading import find_contract_file, parse_contract
from etl.contract.model import Contract, Label, TierName
from etl.contract.organisations import organisation_title
from etl.convert.writing import write_csv, write_dictionary, write_parquet
from etl.digest import digest_parquet, published_columns
from etl.errors import (
    ApprovalRefusedError,
    DisclosureRiskError,
    EtlError,
    ReleaseHeldError,
    SourceError,
    StoreError,
)
from etl.extract.reading import Reading, read_delimited
from etl.ledger import leases
from etl.ledger.book import Ledger, Release, utc_now
from etl.publish.ckan import Catalogue
from etl.publish.folder import export_release
from etl.publish.record import Distribution, write_jsonld
from etl.publish.releasing import Release as CatalogueRelease
from etl.publish.releasing import publish_release, shown_release
from etl.settings import Settings, load
from etl.states import (
    Anonymised,
    Certified,
    Converted,
    Landed,
    Published,
    Reference,
    Validated,
)
from etl.store import Store
from etl.validate.checking import check_table, require_quality
from etl.validate.reading import read_suites
from etl.validate.reporting import render_report
from etl.validate.suites import Suite

LOG = logging.getLogger("madang")

SEMANTICS = {"extract": 1, "validate": 1, "anonymise": 2, "convert": 1}
"""Raised by hand when a step's results change: the same bytes then make a new release."""

PUBLISHED_FILES = ("data.parquet", "data.csv", "dictionary.csv")
WORKER_PATIENCE = timedelta(seconds=10)
"""How long a task waits for another run's lease; then it is tried again, and frees its worker."""

TERMINAL_PATIENCE = timedelta(minutes=20)
"""How long a command waits, which nobody tries again."""


_FOREIGN = (
    "{}: a file of the agency table is not the certified one. Nothing was written to the folder."
    " Start a new run from the supplied file, and find out who wrote to the store."
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


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps with what they work on.

    Attributes:
        settings: Where things are.
        ledger: What was done and decided.
        store: Where the steps leave their results.
        folder: Where releases go instead of a catalogue; None means the catalogue.
        patience: How long to wait while another run of the dataset switches.
        asks: Whether somebody will be asked for the approval; a run that nobody is asked about
            must not take the place of one that waits.
        seconds: When to stop a search of levels; None means when the best is proven.
    """

    settings: Settings
    ledger: Ledger
    store: Store
    folder: Path | None = None
    patience: timedelta = WORKER_PATIENCE
    asks: bool = True
    seconds: float | None = None

    # Step 1

    def extract_claim(self, dataset: str, claim_id: str) -> Landed:
        """Land the file of a claim: its bytes first, then the claim is closed, then its rows."""
        contract = self._begin(dataset, claim_id)
        claim = intake.Claim(dataset, claim_id)
        with self._step(contract.name, claim_id, "extract") as count:
            if not self.store.exists(_bytes_key(dataset, claim_id)):
                file = intake.claimed_file(self.settings.intake, claim)
                self._land_bytes(dataset, claim_id, file)
            self.ledger.record_landed(claim_id)
            intake.close_claim(self.settings.intake, claim)
            landed = self._land_rows(contract, claim_id)
            count.rows = landed.rows
        return landed

    def extract_file(self, dataset: str, run_id: str, file: Path) -> Landed:
        """Land a file that was named on the command line; it stays where it is."""
        contract = self._begin(dataset, run_id)
        with self._step(dataset, run_id, "extract") as count:
            self._land_bytes(dataset, run_id, file)
            self.ledger.record_landed(run_id)
            landed = self._land_rows(contract, run_id)
            count.rows = landed.rows
        return landed

    # Step 2

    def validate(self, landed: Landed) -> Validated:
        """Keep the rows that honour the contract, the others with rule and address."""
        prefix = _prefix(landed, "validated")
        if done := self.store.open_manifest(prefix, Validated):
            return done
        contract = self._contract(landed)
        with self._step(landed.dataset, landed.run_id, "validate") as count:
            with self.store.local_path(f"{landed.key}/rows.parquet") as rows:
                checked = check_table(
                    pl.scan_parquet(rows, glob=False),
                    contract,
                    self._suites(),
                    self.settings.gx_max_rows,
                )
                self._sink(checked.issues, f"{prefix}/issues.parquet")
                self._sink(checked.quarantined, f"{prefix}/quarantine.parquet")
                report = render_report(checked, contract, self._ragged_rows(landed))
                self.store.write_bytes(f"{prefix}/report.html", report)
                require_quality(checked, landed.ragged, contract)
                self._sink(checked.accepted, f"{prefix}/rows.parquet")
            verdict = {
                "judged_by": checked.judged_by,
                "counts": [asdict(count) for count in checked.counts],
            }
            self._write_json(f"{prefix}/verdict.json", verdict)
            quarantined = checked.quarantined_rows + landed.ragged
            validated = Validated(
                **_reference(landed, prefix, checked.accepted_rows),
                accepted=checked.accepted_rows,
                quarantined=quarantined,
                reference_date=checked.reference_date,
            )
            self.ledger.record_books(
                landed.run_id, accepted=validated.accepted, quarantined=quarantined
            )
            self.ledger.describe_run(landed.run_id, reference_date=validated.reference_date or None)
            count.rows = validated.rows
            self.store.write_manifest(prefix, validated)
        return validated

    # Step 3

    def anonymise(self, validated: Validated) -> Anonymised:
        """Drop, generalise and suppress, so that only what was declared leaves."""
        prefix = _prefix(validated, "anonymised")
        if done := self.store.open_manifest(prefix, Anonymised):
            return done
        contract = self._contract(validated)
        with self._step(validated.dataset, validated.run_id, "anonymise") as count:
            with self.store.local_path(f"{validated.key}/rows.parquet") as rows:
                made = anonymise_tiers(
                    pl.scan_parquet(rows, glob=False),
                    contract,
                    self._code_lists(contract),
                    self.seconds,
                )
                for tier, table in made.tables.items():
                    self._sink(table, f"{prefix}/{tier}.parquet")
                for tier, table in made.units.items():
                    self._sink(table, f"{prefix}/{tier}-units.parquet")
            plans = {tier: asdict(plan) for tier, plan in made.plans.items()}
            self._write_json(_plan_key(validated), plans)
            with self.store.local_path(f"{prefix}/public.parquet") as public:
                published = pl.scan_parquet(public, glob=False).select(pl.len()).collect().item()
            anonymised = Anonymised(
                **_reference(validated, prefix, published),
                accepted=validated.accepted,
                suppressed=validated.accepted - published,
                held_back=0,
                reference_date=validated.reference_date,
            )
            self.ledger.record_books(
                validated.run_id,
                published=published,
                suppressed=anonymised.suppressed,
                held_back=anonymised.held_back,
            )
            count.rows = published
            self.store.write_manifest(prefix, anonymised)
        return anonymised

    # Step 4

    def convert(self, anonymised: Anonymised) -> Converted:
        """Write the files that the catalogue would serve."""
        prefix = _prefix(anonymised, "converted")
        if done := self.store.open_manifest(prefix, Converted):
            return done
        contract = self._contract(anonymised)
        with self._step(anonymised.dataset, anonymised.run_id, "convert") as count:
            plans = self._plans(anonymised)
            if agency := plans.get("agency"):
                finer = replace(
                    anonymised,
                    rows=agency["rows"] - agency["suppressed"],
                    suppressed=agency["suppressed"],
                )
                self._convert_tier(contract, "agency", finer, f"{prefix}/agency")
            converted = self._convert_tier(contract, "public", anonymised, prefix)
            count.rows = converted.rows
        return converted

    def converted_tiers(self, converted: Converted) -> dict[TierName, Converted]:
        """Return what was written for each tier."""
        agency = self.store.open_manifest(f"{converted.key}/agency", Converted)
        return {"public": converted} if agency is None else {"public": converted, "agency": agency}

    def plan_of(self, state: Reference) -> dict[str, Any]:
        """Return how each tier's table was made; it counts what was left out."""
        return self._plans(state)

    # Step 5

    def certify(self, converted: Converted) -> Certified:
        """Measure the written files with another engine; sign, or let nothing pass.

        From here to the switch the run holds the dataset's lease.

        Raises:
            LeaseBusyError: Another run of the dataset is between certify and switch.
            ReleaseHeldError: The data are older than what is live, or change too much.
            DisclosureRiskError: They would reveal more than the contract allows.
        """
        dataset, run_id = converted.dataset, converted.run_id
        contract = self._contract(converted)
        self.ledger.open_run(run_id, dataset)
        with self._step(dataset, run_id, "certify") as count:
            self.ledger.wait_for_lease(dataset, run_id, self.patience)
            with self.ledger.keeping_lease(dataset, run_id):
                certified = self._certify(contract, converted)
            count.rows = certified.rows
            self._hand_over(certified)
        return certified

    # Step 6

    def publish(self, certified: Certified, approved_by: str = "") -> Published:
        """Switch to the certified files, trusting nothing that the state claims.

        Args:
            certified: What `certify` returned, or somebody pretends that it did.
            approved_by: Account of the privacy officer, where an approval was given just now.

        Raises:
            ApprovalRefusedError: The contract asks for an approval that was not given.
            DisclosureRiskError: Certificate or files are not what was signed.
        """
        dataset, run_id = certified.dataset, certified.run_id
        contract = self._contract(certified)
        if certified.status == "unchanged":
            return self._unchanged(contract, certified)
        if done := self._finished(certified):
            self.ledger.release_lease(dataset, run_id)  # which a repeated certify took again
            return self._published(certified, done)
        with self._step(dataset, run_id, "publish") as count:
            content = self._verify_certified(contract, certified)
            self._require_approval(contract, certified, approved_by)
            self.ledger.open_run(run_id, dataset)
            self.ledger.wait_for_lease(dataset, run_id, self.patience)
            with self.ledger.keeping_lease(dataset, run_id):
                self.ledger.confirm_release(dataset, run_id)
                self._switch(contract, certified, content)
                release = self.ledger.mark_live(dataset, run_id)
            self.ledger.finish_run(run_id, "published")
            count.rows = certified.rows
        return self._published(certified, release)

    def refuse(self, certified: Certified, refused_by: str, reason: str = "") -> None:
        """Record that the privacy officer refused; the run ends, the live release stays."""
        self.ledger.record_decision(
            certified.run_id,
            certified.certificate_sha256,
            "refused",
            by=refused_by,
            reason=reason,
        )
        self.ledger.finish_run(
            certified.run_id,
            "refused",
            reason="The privacy officer refused the release.",
            owner=ApprovalRefusedError.owner,
        )

    def fail(self, dataset: str, run_id: str, error: EtlError | None = None) -> None:
        """Record how a run ended that did not reach its end; its lease is given back."""
        run = self.ledger.run(run_id)
        if run is None or run.dataset != dataset:
            return
        is_held = isinstance(error, ReleaseHeldError | ApprovalRefusedError)
        status = "held" if is_held else "failed"
        self.ledger.finish_run(
            run_id,
            status,
            reason=error.message if error else "The process ended before the step did.",
            owner=error.owner if error else EtlError.owner,
        )
        LOG.warning("run=%s dataset=%s status=%s", run_id, dataset, status)

    # What a run starts from

    def _begin(self, dataset: str, run_id: str) -> Contract:
        """Open the run, and give it the contract that it will keep."""
        file = find_contract_file(self.settings.schemas, dataset)
        contract, text = _read_contract(file)  # once: the file may change meanwhile
        self.ledger.store_contract(
            contract.sha256, dataset=dataset, version=contract.version, text=text
        )
        run = self.ledger.open_run(run_id, dataset, contract.sha256)
        if run.dataset != dataset:
            raise _unknown_run(dataset)
        return self.contract_of(dataset, run.contract_sha256 or contract.sha256)

    def _contract(self, state: Reference) -> Contract:
        run = self.ledger.run(state.run_id)
        if run is None or (run.dataset, run.contract_sha256) != (
            state.dataset,
            state.contract_sha256,
        ):
            raise _unknown_run(state.dataset)
        return self.contract_of(state.dataset, state.contract_sha256)

    def contract_of(self, dataset: str, sha256: str) -> Contract:
        """Return the contract that a run used, from the ledger."""
        organisation, _, name = dataset.partition("-")
        text = self.ledger.contract_text(sha256)
        return parse_contract(text.encode(), organisation=organisation, dataset=name)

    def _land_bytes(self, dataset: str, run_id: str, file: Path) -> None:
        size = _readable_size(dataset, file)
        self.ledger.record_claim(run_id, dataset, original_name=file.name, size_bytes=size)
        self.store.put_file(file, _bytes_key(dataset, run_id))

    def _land_rows(self, contract: Contract, run_id: str) -> Landed:
        prefix = f"landing/{contract.name}/{run_id}/landed"
        if done := self.store.open_manifest(prefix, Landed):
            return done
        with (
            self.store.local_path(_bytes_key(contract.name, run_id)) as source,
            self.store.writing(f"{prefix}/rows.parquet") as rows,
            self.store.writing(f"{prefix}/ragged.parquet") as ragged,
        ):
            reading = read_delimited(source, contract, rows, ragged)
            landed_sha256 = measure_file(source).sha256
        self._write_json(f"{prefix}/decisions.json", [asdict(d) for d in reading.decisions])
        self.ledger.describe_run(
            run_id, landed_sha256=landed_sha256, run_key=self._run_key(contract, landed_sha256)
        )
        landed = _landed(contract, run_id, prefix, reading)
        self.ledger.record_books(
            run_id,
            file_records=landed.records,
            header=landed.header,
            data=landed.data,
            totals=landed.totals,
            notes=landed.notes,
            blank=landed.blank,
            ragged=landed.ragged,
        )
        self.store.write_manifest(prefix, landed)
        return landed

    def _run_key(self, contract: Contract, landed_sha256: str) -> str:
        """Return what decides whether a run would publish what is live; stays in the ledger."""
        suites = {name: self._suite_sha256(name) for name in contract.expectations}
        lists = {name: listed.sha256 for name, listed in self._code_lists(contract).items()}
        parts = [landed_sha256, contract.sha256, suites, lists, SEMANTICS]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _suite_sha256(self, name: str) -> str:
        file = self.settings.expectations / f"{name}.json"
        return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "absent"

    def _suites(self) -> dict[str, Suite]:
        return read_suites(self.settings.expectations)

    def _ragged_rows(self, landed: Landed) -> list[int]:
        with self.store.local_path(f"{landed.key}/ragged.parquet") as ragged:
            return pl.read_parquet(ragged, columns=["_row"], glob=False)["_row"].to_list()

    # What the tiers are made of

    def _code_lists(self, contract: Contract) -> dict[str, CodeList]:
        return read_code_lists(self.settings.schemas, contract.hierarchy_tables)

    def _plans(self, state: Reference) -> dict[str, Any]:
        return dict(self._read_json(_plan_key(state)))

    def _at_tier(self, contract: Contract, tier: TierName, state: Reference) -> Contract:
        """Return the contract of a tier's table, its levels fixed."""
        plans = self._plans(state)
        return contract.at_levels(plans[tier]["levels"], tier) if plans else contract

    def _convert_tier(
        self, declared: Contract, tier: TierName, anonymised: Anonymised, prefix: str
    ) -> Converted:
        contract = self._at_tier(declared, tier, anonymised)
        with (
            self.store.local_path(f"{anonymised.key}/{tier}.parquet") as table,
            self.store.writing(f"{prefix}/data.parquet") as parquet,
        ):
            write_parquet(pl.scan_parquet(table, glob=False), contract, parquet)
        with self.store.local_path(f"{prefix}/data.parquet") as parquet:
            with self.store.writing(f"{prefix}/data.csv") as csv:
                write_csv(parquet, contract, csv)
            with self._verifier() as connection:
                digest = digest_parquet(connection, parquet, published_columns(contract))
        with self.store.writing(f"{prefix}/dictionary.csv") as dictionary:
            write_dictionary(contract, dictionary)
        facts = self._file_facts(prefix)
        converted = Converted(
            **_reference(anonymised, prefix, anonymised.rows),
            accepted=anonymised.accepted,
            suppressed=anonymised.suppressed,
            held_back=anonymised.held_back,
            reference_date=anonymised.reference_date,
            digest=str(digest.total),
            parquet_sha256=facts["data.parquet"].sha256,
            csv_sha256=facts["data.csv"].sha256,
            dictionary_sha256=facts["dictionary.csv"].sha256,
        )
        self.store.write_manifest(prefix, converted)
        return converted

    # What certifying is made of

    def _certify(self, contract: Contract, converted: Converted) -> Certified:
        prefix = f"certified/{converted.dataset}/{converted.run_id}"
        live = self.ledger.live_release(converted.dataset)
        done = self.store.open_manifest(prefix, Certified)
        if done and self._still_stands(done, live):
            return done
        run = self.ledger.run(converted.run_id)
        run_key = run.run_key if run else None
        if live is not None and live.run_key == run_key and self._is_shown(live):
            certified = self._certified(contract, converted, prefix, live.release, "unchanged")
        else:
            self._require_order(contract, converted, live, run_key or "")
            certified = self._measure_and_sign(contract, converted, prefix, live)
        self.store.write_manifest(prefix, certified)
        return certified

    def _still_stands(self, done: Certified, live: Release | None) -> bool:
        """Tell whether what was certified before still follows the live release."""
        name = live.release if live else None
        if done.status == "unchanged":
            return done.release == name
        mine = self.ledger.release_of(done.run_id)
        return mine is not None and (name in (mine.previous, mine.release))

    def _is_shown(self, live: Release) -> bool:
        """Tell whether visitors get what the ledger calls live.

        They do not when a run was killed between the flip and the ledger's entry.
        """
        if self.folder is not None:
            return True
        visitor = Catalogue(self.settings.catalogue_url)
        return shown_release(visitor, live.dataset) == live.release

    def _require_order(
        self, contract: Contract, converted: Converted, live: Release | None, run_key: str
    ) -> None:
        if self.ledger.barred_reason(contract.name, run_key) is not None:
            raise ReleaseHeldError(
                f"{contract.name}: these data were retracted and are barred. Nothing was"
                " published. Lift the bar with a reason first.",
                dataset=contract.name,
            )
        if live is None or not live.reference_date or not converted.reference_date:
            return
        if converted.reference_date < live.reference_date:
            raise ReleaseHeldError(
                f"{contract.name}: the data speak for {converted.reference_date}, the live"
                f" release {live.release} for {live.reference_date}. The older data are held;"
                " the live release stays. Drop the newest file if it should replace them.",
                dataset=contract.name,
            )

    def _measure_and_sign(
        self, contract: Contract, converted: Converted, prefix: str, live: Release | None
    ) -> Certified:
        now = utc_now()
        day = now.astimezone(ZoneInfo(contract.timezone)).date()
        tiers = [
            self._measure(contract, tier, state, day)
            for tier, state in self.converted_tiers(converted).items()
        ]
        public = tiers[0]
        measures = {"rows": public.table.rows, "nulls": public.table.nulls}
        require_guards(contract, measures, self._measures_of(live))
        release = self.ledger.allocate_release(contract.name, converted.run_id, day)
        certificates = [self._sign(tier, release, prefix, now) for tier in tiers]
        self._write_json(f"restricted/{contract.name}/{converted.run_id}/measures.json", measures)
        if contract.privacy.k is not None:
            checks = {tier.tier: tier.checks for tier in tiers}
            page = render_officer_page(contract, release, self._plans(converted), checks)
            self.store.write_bytes(_officer_key(converted), page)
        sha256 = hashlib.sha256(certificates[0]).hexdigest()
        self.ledger.record_certificate(converted.run_id, sha256, str(public.table.parquet.total))
        return self._certified(
            contract, converted, prefix, release, "certified", sha256,
            public.anonymity.get("k", {}).get("achieved", 0),
        )  # fmt: skip

    def _measure(
        self, declared: Contract, tier: TierName, converted: Converted, day: date
    ) -> _Measured:
        """Measure the files of one tier; refuse the release where a check does not hold."""
        contract = self._at_tier(declared, tier, converted)
        columns = published_columns(contract)
        with self._opened(converted.key) as files, self._verifier() as connection:
            parquet, csv = files["data.parquet"], files["data.csv"]
            facts = {name: measure_file(path) for name, path in files.items()}
            table = measure_table(connection, parquet, csv, columns, contract.quasi_identifiers)
            findings = scan_personal(connection, parquet, contract, day)
            checks = check_release(contract, converted, table, facts, findings)
            anonymity: dict[str, Any] = {}
            if plan := self._plans(converted).get(tier):
                with self._units(declared, tier, converted) as units:
                    measured = measure_anonymity(
                        connection, parquet, contract, self.settings.schemas / HIERARCHIES, units
                    )
                checks += check_anonymity(declared, contract, plan["levels"], tier, measured)
                anonymity = tell_anonymity(declared, contract, tier, measured, plan)
        require_all(contract, checks)
        return _Measured(contract, converted, tier, facts, table, findings, checks, anonymity)

    @contextmanager
    def _units(
        self, contract: Contract, tier: TierName, converted: Converted
    ) -> Iterator[Path | None]:
        """Lend the restricted table with the key of units beside, where units are counted."""
        if contract.unit_key is None:
            yield None
            return
        with self.store.local_path(
            f"{_prefix(converted, 'anonymised')}/{tier}-units.parquet"
        ) as units:
            yield units

    def _sign(self, measured: _Measured, release: str, prefix: str, now: datetime) -> bytes:
        """Write the certificate and the record of one tier."""
        contract, converted = measured.contract, measured.converted
        verdict = self._read_json(f"{_prefix(converted, 'validated')}/verdict.json")
        content = write_content(
            contract, converted, release, measured.table, measured.files, measured.findings,
            measured.checks, judged_by=verdict["judged_by"],
            quarantined=self._quarantined(converted.run_id), verifier_version=duckdb.__version__,
            now=now, anonymity=measured.anonymity,
        )  # fmt: skip
        certificate = sign(content, load_signing_key(self.settings.read_secret("signing-key.pem")))
        folder = prefix if measured.tier == "public" else f"{prefix}/{measured.tier}"
        self.store.write_bytes(f"{folder}/certificate.json", certificate)
        return certificate

    def _certified(
        self,
        contract: Contract,
        converted: Converted,
        prefix: str,
        release: str,
        status: str,
        certificate_sha256: str = "",
        k_achieved: int = 0,
    ) -> Certified:
        return Certified(
            **_reference(converted, prefix, converted.rows),
            release=release,
            status=status,
            approval=contract.approval,
            certificate_sha256=certificate_sha256,
            suppressed=converted.suppressed,
            k_required=contract.privacy.k or 0,
            k_achieved=k_achieved,
        )

    def _hand_over(self, certified: Certified) -> None:
        """Leave the lease to the next task, to the officer, or to others."""
        dataset, run_id = certified.dataset, certified.run_id
        if certified.status == "unchanged":
            self.ledger.finish_run(run_id, "unchanged")
        elif certified.approval == "none" or not self.asks:
            self.ledger.heartbeat(dataset, run_id, leases.HAND_OVER)
        else:
            self.ledger.hold_for_approval(dataset, run_id)

    def _measures_of(self, live: Release | None) -> dict[str, Any] | None:
        if live is None:
            return None
        key = f"restricted/{live.dataset}/{live.run_id}/measures.json"
        return dict(self._read_json(key)) if self.store.exists(key) else None

    def _quarantined(self, run_id: str) -> int:
        return self.ledger.books(run_id)["quarantined"] or 0

    # What publishing is made of

    def _verify_certified(self, contract: Contract, certified: Certified) -> dict[str, Any]:
        """Check signature, hashes and ledger before anything is shown.

        Raises:
            DisclosureRiskError: Something is not what was certified.
        """
        prefix = f"certified/{contract.name}/{certified.run_id}"
        recorded = self.ledger.release_of(certified.run_id)
        key = f"{prefix}/certificate.json"
        if recorded is None or not self.store.exists(key):
            raise _not_certified(contract, "there is no certificate of this run")
        text = self.store.read_bytes(key)
        sha256 = hashlib.sha256(text).hexdigest()
        if {sha256} != {certified.certificate_sha256, recorded.certificate_sha256}:
            raise _not_certified(contract, "the certificate is not the recorded one")
        content = read_certificate(text, trusted=self._trusted_key())
        named = (content["dataset"], content["release"], content["contract"]["sha256"])
        if named != (contract.name, recorded.release, contract.sha256):
            raise _not_certified(contract, "the certificate speaks of another release")
        facts = self._file_facts(f"restricted/{contract.name}/{certified.run_id}/converted")
        for entry in content["files"]:
            if facts[entry["name"]].sha256 != entry["sha256"]:
                raise _not_certified(contract, f"{entry['name']} is not the certified file")
        return content

    def _require_approval(self, contract: Contract, certified: Certified, approved_by: str) -> None:
        if contract.approval == "none":
            return
        if approved_by == self.settings.officer:
            self.ledger.record_decision(
                certified.run_id, certified.certificate_sha256, "approved", by=approved_by
            )
        decision = self.ledger.approval_for(certified.run_id, certified.certificate_sha256)
        if decision is None or decision.verdict != "approved":
            raise ApprovalRefusedError(
                f"{contract.name}: release {certified.release} needs the approval of the privacy"
                " officer. Files and certificate are written, nothing was published; the live"
                " release stays. Drop the file into the intake folder to ask in Airflow.",
                dataset=contract.name,
                release=certified.release,
            )

    def _switch(self, contract: Contract, certified: Certified, content: dict[str, Any]) -> None:
        if self.folder is not None:
            self.export(replace(certified, release=content["release"]))
            return
        if contract.privacy.tiers is not None:
            LOG.warning(
                "run=%s dataset=%s tier=agency certified, kept in the restricted zone: the"
                " catalogue has no place for agency tables; use --to for their files",
                certified.run_id, contract.name,
            )  # fmt: skip
        contract = contract.at_levels(content["privacy"].get("levels", {}))
        with self._release_files(certified) as files:
            token = self.settings.read_secret("catalogue-token").decode()
            url = self.settings.catalogue_url
            publish_release(
                Catalogue(url, token),
                Catalogue(url),
                CatalogueRelease(
                    contract=contract,
                    organisation=self._organisation(contract),
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
                ),
            )

    def export(self, certified: Certified) -> Path | None:
        """Write the release's files below the folder; None when there is no folder."""
        if self.folder is None:
            return None
        with ExitStack() as lent:
            parts = {"public": lent.enter_context(self._release_files(certified))}
            if self.store.exists(f"{_signed_prefix(certified)}/agency/certificate.json"):
                parts["agency"] = lent.enter_context(self._release_files(certified, "agency"))
                self._verify_files(certified, parts["agency"])
            parts["report"] = {
                name: lent.enter_context(self.store.local_path(key))
                for name, key in self._report_keys(certified).items()
                if self.store.exists(key)
            }
            return export_release(self.folder, certified.dataset, certified.release, parts)

    def _report_keys(self, certified: Certified) -> dict[str, str]:
        return {
            "report.html": f"{_prefix(certified, 'validated')}/report.html",
            "privacy.html": _officer_key(certified),
        }

    def _verify_files(self, certified: Certified, files: dict[str, Path]) -> None:
        """Check signature and hashes of a tier that the ledger's certificate does not cover."""
        content = read_certificate(
            files["certificate.json"].read_bytes(), trusted=self._trusted_key()
        )
        if (content["dataset"], content["release"]) != (certified.dataset, certified.release):
            raise DisclosureRiskError(_FOREIGN.format(certified.dataset), dataset=certified.dataset)
        for entry in content["files"]:
            if measure_file(files[entry["name"]]).sha256 != entry["sha256"]:
                raise DisclosureRiskError(
                    _FOREIGN.format(certified.dataset), dataset=certified.dataset
                )

    @contextmanager
    def _release_files(
        self, certified: Certified, tier: TierName = "public"
    ) -> Iterator[dict[str, Path]]:
        below = "" if tier == "public" else f"/{tier}"
        written = f"{_prefix(certified, 'converted')}{below}"
        signed = f"{_signed_prefix(certified)}{below}"
        with (
            self._opened(written) as files,
            self.store.local_path(f"{signed}/certificate.json") as certificate,
            tempfile.TemporaryDirectory(prefix="madang-") as folder,
        ):
            record = Path(folder) / "record.jsonld"
            record.write_bytes(self._record(certified, tier, certificate.read_bytes()))
            yield {**files, "certificate.json": certificate, "record.jsonld": record}

    def _record(self, certified: Certified, tier: TierName, certificate: bytes) -> bytes:
        """Return the record of a tier, written anew from what its certificate says."""
        content = read_certificate(certificate, trusted=self._trusted_key())
        contract = self._contract(certified).at_levels(content["privacy"].get("levels", {}))
        site = self._site() if tier == "public" else ""
        return write_jsonld(contract, content, self._organisation(contract), site)

    def _finished(self, certified: Certified) -> Release | None:
        """Return the release of a run that was published whole before."""
        run = self.ledger.run(certified.run_id)
        release = self.ledger.release_of(certified.run_id)
        is_same = release and release.certificate_sha256 == certified.certificate_sha256
        return release if is_same and run and run.status == "published" else None

    def _unchanged(self, contract: Contract, certified: Certified) -> Published:
        run = self.ledger.run(certified.run_id)
        if run is None or run.status != "unchanged":
            raise _not_certified(contract, "the ledger does not say that nothing changed")
        return Published(
            **_reference(certified, certified.key, certified.rows),
            release=certified.release,
            previous=certified.release,
            status="unchanged",
            url=self._page(certified.dataset),
        )

    def _published(self, certified: Certified, release: Release) -> Published:
        return Published(
            **_reference(certified, certified.key, certified.rows),
            release=release.release,
            previous=release.previous or "",
            status="published",
            url=self._page(certified.dataset),
        )

    def mend_search(self) -> int:
        """Bring the catalogue's search index to what its records say; return the differences.

        A crash between record and index, or a search server that hung, can leave a record
        unfindable or a withdrawn text findable.
        """
        token = self.settings.read_secret("catalogue-token").decode()
        found = Catalogue(self.settings.catalogue_url, token).call("madang_drift", {"repair": True})
        return sum(len(found[kind]) for kind in ("missing", "stale", "orphan"))

    # Small things

    def _site(self) -> str:
        return "" if self.folder is not None else self.settings.catalogue_url

    def _page(self, dataset: str) -> str:
        return f"{self._site()}/dataset/{dataset}" if self._site() else ""

    def _organisation(self, contract: Contract) -> Label:
        return organisation_title(self.settings.schemas, contract.organisation)

    def _trusted_key(self) -> bytes:
        return public_bytes(load_signing_key(self.settings.read_secret("signing-key.pem")))

    @contextmanager
    def _opened(self, prefix: str) -> Iterator[dict[str, Path]]:
        """Lend the three data files of a release as local paths."""
        first, second, third = (f"{prefix}/{name}" for name in PUBLISHED_FILES)
        with (
            self.store.local_path(first) as parquet,
            self.store.local_path(second) as csv,
            self.store.local_path(third) as dictionary,
        ):
            yield dict(zip(PUBLISHED_FILES, (parquet, csv, dictionary), strict=True))

    def _file_facts(self, prefix: str) -> dict[str, FileFacts]:
        with self._opened(prefix) as files:
            return {name: measure_file(path) for name, path in files.items()}

    @contextmanager
    def _verifier(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with (
            tempfile.TemporaryDirectory(prefix="madang-") as folder,
            verifier(Path(folder)) as connection,
        ):
            yield connection

    def _sink(self, table: pl.LazyFrame, key: str) -> None:
        with self.store.writing(key) as path:
            table.sink_parquet(path, compression="zstd", maintain_order=True)

    def _write_json(self, key: str, content: object) -> None:
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        self.store.write_bytes(key, text.encode())

    def _read_json(self, key: str) -> Any:
        return json.loads(self.store.read_bytes(key))

    @contextmanager
    def _step(self, dataset: str, run_id: str, step: str) -> Iterator[Any]:
        """Measure a step in the ledger, and log one line of it."""
        with self.ledger.step(run_id, step) as count:
            yield count
        LOG.info("run=%s dataset=%s step=%s rows=%s", run_id, dataset, step, count.rows)


def _landed(contract: Contract, run_id: str, prefix: str, reading: Reading) -> Landed:
    return Landed(
        dataset=contract.name,
        run_id=run_id,
        contract_sha256=contract.sha256,
        key=prefix,
        rows=reading.data,
        encoding=reading.encoding,
        records=reading.records,
        header=reading.header,
        data=reading.data,
        totals=reading.totals,
        notes=reading.notes,
        blank=reading.blank,
        ragged=reading.ragged,
    )


def _readable_size(dataset: str, file: Path) -> int:
    """Return a supplied file's size, once it can be read; its name is not told."""
    try:
        with file.open("rb") as stream:
            return os.fstat(stream.fileno()).st_size
    except OSError as problem:
        raise SourceError(
            f"{dataset}: the supplied file cannot be read ({problem.strerror}). Nothing was"
            " landed; the live release stays. Let the pipeline's account read it, then run again.",
            dataset=dataset,
        ) from None


def _bytes_key(dataset: str, run_id: str) -> str:
    return f"landing/{dataset}/{run_id}/supplied"


def _plan_key(state: Reference) -> str:
    return f"restricted/{state.dataset}/{state.run_id}/plan.json"


def _officer_key(state: Reference) -> str:
    return f"restricted/{state.dataset}/{state.run_id}/privacy.html"


def _signed_prefix(state: Reference) -> str:
    return f"certified/{state.dataset}/{state.run_id}"


def _prefix(state: Reference, step: str) -> str:
    return f"restricted/{state.dataset}/{state.run_id}/{step}"


def _reference(state: Reference, key: str, rows: int) -> dict[str, Any]:
    return {
        "dataset": state.dataset,
        "run_id": state.run_id,
        "contract_sha256": state.contract_sha256,
        "key": key,
        "rows": rows,
    }


def _read_contract(file: Path) -> tuple[Contract, str]:
    """Read a contract and the very text that it was read from."""
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise StoreError(
            f"{file.parent.name}/{file.name}: cannot be read ({problem.strerror}). Nothing was"
            " done. Let the pipeline's user read the contract."
        ) from None
    contract = parse_contract(content, organisation=file.parent.name, dataset=file.stem)
    return contract, content.decode("utf-8")


def _unknown_run(dataset: str) -> StoreError:
    return StoreError(
        f"{dataset}: the ledger knows no such run. Nothing was done; the live release stays."
        " Drop the file again.",
        dataset=dataset,
    )


def _not_certified(contract: Contract, why: str) -> DisclosureRiskError:
    return DisclosureRiskError(
        f"{contract.name}: {why}. Nothing was published; the live release stays. Start a new run"
        " from the supplied file, and find out who wrote to the store.",
        dataset=contract.name,
    )


@lru_cache(maxsize=1)
def standing() -> Pipeline:
    """Return the pipeline of this installation, built from its settings once per process."""
    settings = load()
    return Pipeline(settings, Ledger(settings.ledger), Store(settings.store))


def extract_claim(dataset: str, claim_id: str) -> Landed:
    """See `Pipeline.extract_claim`."""
    return standing().extract_claim(dataset, claim_id)


def validate(landed: Landed) -> Validated:
    """See `Pipeline.validate`."""
    return standing().validate(landed)


def anonymise(validated: Validated) -> Anonymised:
    """See `Pipeline.anonymise`."""
    return standing().anonymise(validated)


def convert(anonymised: Anonymised) -> Converted:
    """See `Pipeline.convert`."""
    return standing().convert(anonymised)


def certify(converted: Converted) -> Certified:
    """See `Pipeline.certify`."""
    return standing().certify(converted)


def publish(certified: Certified, approved_by: str = "") -> Published:
    """See `Pipeline.publish`."""
    return standing().publish(certified, approved_by)


def refuse(certified: Certified, refused_by: str) -> None:
    """See `Pipeline.refuse`."""
    standing().refuse(certified, refused_by)


def fail(dataset: str, run_id: str, error: EtlError | None = None) -> None:
    """See `Pipeline.fail`."""
    standing().fail(dataset, run_id, error)
