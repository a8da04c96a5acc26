"""Step 1: the bytes of a file first, then its rows as text."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from etl.certify.measuring import (
    measure_file,
)
from etl.contract.loading import find_contract_file, parse_contract
from etl.contract.model import Contract
from etl.errors import (
    SourceError,
    StoreError,
)
from etl.extract.reading import Files, Reading
from etl.intake.claim import Claim
from etl.pipeline.correcting import read_file
from etl.pipeline.keys import bytes_key
from etl.pipeline.taking import require_taken
from etl.pipeline.workbench import Workbench, unknown_run
from etl.states import (
    Landed,
)

SEMANTICS = {"extract": 2, "validate": 2, "anonymise": 2, "convert": 1}
"""Raised by hand when a step's results change: the same bytes then make a new release."""


def extract_claim(bench: Workbench, dataset: str, claim_id: str) -> Landed:
    """Land the file of a claim: its bytes first, then the claim is closed, then its rows."""
    contract = _begin(bench, dataset, claim_id)
    with bench.step(contract.name, claim_id, "extract") as count:
        require_taken(bench, Claim(dataset, claim_id))
        landed = _land_rows(bench, contract, claim_id)
        count.rows = landed.rows
    return landed


def extract_file(bench: Workbench, dataset: str, run_id: str, file: Path) -> Landed:
    """Land a file that was named on the command line; it stays where it is."""
    contract = _begin(bench, dataset, run_id)
    with bench.step(dataset, run_id, "extract") as count:
        _land_bytes(bench, dataset, run_id, file)
        bench.ledger.record_landed(run_id)
        landed = _land_rows(bench, contract, run_id)
        count.rows = landed.rows
    return landed


def _begin(bench: Workbench, dataset: str, run_id: str) -> Contract:
    """Open the run, and give it the contract that it will keep."""
    file = find_contract_file(bench.settings.schemas, dataset)
    contract, text = _read_contract(file)  # once: the file may change meanwhile
    bench.ledger.store_contract(
        contract.sha256, dataset=dataset, version=contract.version, text=text
    )
    run = bench.ledger.open_run(run_id, dataset, contract.sha256)
    if run.dataset != dataset:
        raise unknown_run(dataset)
    return bench.contract_of(dataset, run.contract_sha256 or contract.sha256)


def _land_bytes(bench: Workbench, dataset: str, run_id: str, file: Path) -> None:
    size = _readable_size(dataset, file)
    bench.ledger.record_claim(run_id, dataset, original_name=file.name, size_bytes=size)
    bench.store.put_file(file, bytes_key(dataset, run_id))


def _land_rows(bench: Workbench, contract: Contract, run_id: str) -> Landed:
    prefix = f"landing/{contract.name}/{run_id}/landed"
    if done := bench.store.open_manifest(prefix, Landed):
        return done
    with (
        bench.store.local_path(bytes_key(contract.name, run_id)) as source,
        bench.store.writing(f"{prefix}/rows.parquet") as rows,
        bench.store.writing(f"{prefix}/totals.parquet") as totals,
        bench.store.writing(f"{prefix}/ragged.parquet") as ragged,
    ):
        landed_sha256 = measure_file(source).sha256
        run_key = _run_key(bench, contract, landed_sha256)
        reading = read_file(bench, contract, source, Files(rows, totals, ragged), run_key)
    bench.write_json(f"{prefix}/reading.json", reading.document())
    bench.ledger.describe_run(run_id, landed_sha256=landed_sha256, run_key=run_key)
    landed = _landed(contract, run_id, prefix, reading)
    bench.ledger.record_books(
        run_id,
        file_records=landed.records,
        header=landed.header,
        data=landed.data,
        totals=landed.totals,
        notes=landed.notes,
        blank=landed.blank,
        ragged=landed.ragged,
    )
    bench.store.write_manifest(prefix, landed)
    return landed


def _run_key(bench: Workbench, contract: Contract, landed_sha256: str) -> str:
    """Return what decides whether a run would publish what is live; stays in the ledger."""
    suites = {use.suite: _suite_sha256(bench, use.suite) for use in contract.expectations}
    lists = {name: listed.sha256 for name, listed in bench.code_lists(contract).items()}
    codes = {name: codes.sha256 for name, codes in bench.code_sets(contract).items()}
    parts = [landed_sha256, contract.sha256, suites, lists, codes, SEMANTICS]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _suite_sha256(bench: Workbench, name: str) -> str:
    file = bench.settings.expectations / f"{name}.json"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "absent"


def _landed(contract: Contract, run_id: str, prefix: str, reading: Reading) -> Landed:
    counts = reading.records
    return Landed(
        dataset=contract.name,
        run_id=run_id,
        contract_sha256=contract.sha256,
        key=prefix,
        rows=counts.data,
        encoding=reading.encoding or "",
        records=counts.total,
        header=counts.header,
        data=counts.data,
        totals=counts.totals,
        notes=counts.notes,
        blank=counts.blank,
        ragged=counts.ragged,
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
