"""What every step of the pipeline works on and with."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from etl.certify.certificate import load_signing_key, public_bytes
from etl.certify.measuring import (
    FileFacts,
    measure_file,
    verifier,
)
from etl.contract.codelists import CodeSet, read_code_sets
from etl.contract.hierarchies import CodeList, read_code_lists
from etl.contract.loading import parse_contract
from etl.contract.model import Contract
from etl.contract.organisations import organisation_title
from etl.contract.vocabulary import Label, TierName
from etl.errors import (
    StoreError,
)
from etl.ledger.book import Ledger
from etl.pipeline.keys import plan_key
from etl.settings import Settings
from etl.states import (
    Converted,
    Reference,
)
from etl.store import Store
from etl.validate.reading import read_suites
from etl.validate.suites import Suite

LOG = logging.getLogger("madang")

PUBLISHED_FILES = ("data.parquet", "data.csv", "dictionary.csv")
WORKER_PATIENCE = timedelta(seconds=10)
"""How long a task waits for another run's lease; then it is tried again, and frees its worker."""

TERMINAL_PATIENCE = timedelta(minutes=20)
"""How long a command waits, which nobody tries again."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """What the steps work on.

    Attributes:
        settings: Where things are.
        ledger: What was done and decided.
        store: Where the steps leave their results.
        folder: Where releases go instead of a catalogue; None means the catalogue.
        patience: How long to wait while another run of the dataset switches.
        asks: Whether somebody will be asked for the approval; a run that nobody is asked about
            must not take the place of one that waits.
        seconds: When to stop a search of levels; None means when the best is proven.
        compares: Whether what is made is held to what was public before: rows, levels, people;
            not so for a file that somebody anonymises by hand.
    """

    settings: Settings
    ledger: Ledger
    store: Store
    folder: Path | None = None
    patience: timedelta = WORKER_PATIENCE
    asks: bool = True
    seconds: float | None = None
    compares: bool = True

    def contract_of(self, dataset: str, sha256: str) -> Contract:
        """Return the contract that a run used, from the ledger."""
        organisation, _, name = dataset.partition("-")
        text = self.ledger.contract_text(sha256)
        return parse_contract(text.encode(), organisation=organisation, dataset=name)

    def contract(self, state: Reference) -> Contract:
        """Return the contract of a run; the ledger, not the state, says which one."""
        run = self.ledger.run(state.run_id)
        if run is None or (run.dataset, run.contract_sha256) != (
            state.dataset,
            state.contract_sha256,
        ):
            raise unknown_run(state.dataset)
        return self.contract_of(state.dataset, state.contract_sha256)

    def day_of(self, run_id: str, contract: Contract) -> date:
        """Return the day on which a run began, so that repeating a step changes no byte."""
        run = self.ledger.run(run_id)
        if run is None:
            raise unknown_run(contract.name)
        return run.started_at.astimezone(ZoneInfo(contract.timezone)).date()

    def code_lists(self, contract: Contract) -> dict[str, CodeList]:
        """Return the code lists that levels are taken from."""
        return read_code_lists(self.settings.schemas, contract.hierarchy_tables)

    def code_sets(self, contract: Contract) -> dict[str, CodeSet]:
        """Return the code lists that say which values are allowed."""
        return read_code_sets(self.settings.schemas, contract.codelists)

    def plans(self, state: Reference) -> dict[str, Any]:
        """Return how each tier's table was made; it counts what was left out."""
        return dict(self.read_json(plan_key(state)))

    def at_tier(self, contract: Contract, tier: TierName, state: Reference) -> Contract:
        """Return the contract of a tier's table, its levels fixed."""
        plans = self.plans(state)
        return contract.at_levels(plans[tier]["levels"], tier) if plans else contract

    def suites(self) -> dict[str, Suite]:
        """Return the shared suites by name."""
        return read_suites(self.settings.expectations)

    def converted_tiers(self, converted: Converted) -> dict[TierName, Converted]:
        """Return what was written for each tier."""
        agency = self.store.open_manifest(f"{converted.key}/agency", Converted)
        return {"public": converted} if agency is None else {"public": converted, "agency": agency}

    def site(self) -> str:
        """Return the address of the catalogue; empty without one."""
        return "" if self.folder is not None else self.settings.catalogue_url

    def page(self, dataset: str) -> str:
        """Return the address of a dataset's page; empty without a catalogue."""
        return f"{self.site()}/dataset/{dataset}" if self.site() else ""

    def organisation(self, contract: Contract) -> Label:
        """Return what the supplying organisation is called."""
        return organisation_title(self.settings.schemas, contract.organisation)

    def trusted_key(self) -> bytes:
        """Return the public key that certificates are held to."""
        return public_bytes(load_signing_key(self.settings.read_secret("signing-key.pem")))

    @contextmanager
    def opened(self, prefix: str) -> Iterator[dict[str, Path]]:
        """Lend the three data files of a release as local paths."""
        first, second, third = (f"{prefix}/{name}" for name in PUBLISHED_FILES)
        with (
            self.store.local_path(first) as parquet,
            self.store.local_path(second) as csv,
            self.store.local_path(third) as dictionary,
        ):
            yield dict(zip(PUBLISHED_FILES, (parquet, csv, dictionary), strict=True))

    def file_facts(self, prefix: str) -> dict[str, FileFacts]:
        """Measure the three data files of a release."""
        with self.opened(prefix) as files:
            return {name: measure_file(path) for name, path in files.items()}

    @contextmanager
    def verifier(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection to the engine that measures what another wrote."""
        with (
            tempfile.TemporaryDirectory(prefix="madang-") as folder,
            verifier(Path(folder)) as connection,
        ):
            yield connection

    def sink(self, table: pl.LazyFrame, key: str) -> None:
        """Write a table, shown whole or not at all."""
        with self.store.writing(key) as path:
            table.sink_parquet(path, compression="zstd", maintain_order=True)

    def write_json(self, key: str, content: object) -> None:
        """Write a document, the same bytes for the same content."""
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        self.store.write_bytes(key, text.encode())

    def read_json(self, key: str) -> Any:
        """Read a document that `write_json` wrote."""
        return json.loads(self.store.read_bytes(key))

    @contextmanager
    def step(self, dataset: str, run_id: str, step: str) -> Iterator[Any]:
        """Measure a step in the ledger, and log one line of it."""
        with self.ledger.step(run_id, step) as count:
            yield count
        LOG.info("run=%s dataset=%s step=%s rows=%s", run_id, dataset, step, count.rows)


def unknown_run(dataset: str) -> StoreError:
    """Return the error for a run that the ledger does not know."""
    return StoreError(
        f"{dataset}: the ledger knows no such run. Nothing was done; the live release stays."
        " Drop the file again.",
        dataset=dataset,
    )
