"""The rows of other datasets that foreign keys point to.

Which release a run was held against is decided once and becomes part of its run key, so that
the same file may make a new release once the other dataset has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from etl.contract.model import Contract
from etl.errors import ReleaseHeldError
from etl.pipeline.keys import step_key
from etl.pipeline.workbench import Workbench
from etl.states import Landed


@contextmanager
def referenced_rows(
    bench: Workbench, contract: Contract, landed: Landed
) -> Iterator[dict[str, pl.LazyFrame]]:
    """Lend the rows of every dataset that the contract's foreign keys name, but its own.

    They are those of the live release, as published where the fields are, else as validated;
    of a dataset that was never published, those of its latest validated run.

    Raises:
        ReleaseHeldError: A dataset has no such rows.
    """
    wanted = _wanted(contract)
    pinned = _pinned(bench, contract, landed, wanted) if wanted else {}
    with _opened(bench, pinned) as frames:
        yield frames


def _wanted(contract: Contract) -> dict[str, set[str]]:
    """Return the fields that are needed of each dataset."""
    wanted: dict[str, set[str]] = {}
    for key in contract.foreign_keys:
        if key.reference.resource != contract.name:
            wanted.setdefault(key.reference.resource, set()).update(key.reference.fields)
    return wanted


def _pinned(
    bench: Workbench, contract: Contract, landed: Landed, wanted: dict[str, set[str]]
) -> dict[str, str]:
    """Return the store's key of each dataset's rows, and let the run key name them."""
    key = f"{step_key(landed, 'validated')}/references.json"
    if not bench.store.exists(key):
        run = bench.ledger.run(landed.run_id)
        base = run.run_key if run else None
        sources = {name: _source(bench, contract, name, wanted[name]) for name in sorted(wanted)}
        bench.write_json(key, {"run_key": base, "sources": sources})
    content = bench.read_json(key)
    text = json.dumps(content, sort_keys=True)
    run_key = hashlib.sha256(text.encode()).hexdigest()
    bench.ledger.describe_run(landed.run_id, run_key=run_key)
    return dict(content["sources"])


def _source(bench: Workbench, contract: Contract, dataset: str, fields: set[str]) -> str:
    live = bench.ledger.live_release(dataset)
    runs = [live.run_id] if live else bench.ledger.validated_runs(dataset)
    for run_id in runs:
        prefix = f"restricted/{dataset}/{run_id}"
        for key in (f"{prefix}/converted/data.parquet", f"{prefix}/validated/rows.parquet"):
            if bench.store.exists(key) and fields <= _plain_fields(bench, dataset, run_id, key):
                return key
    raise ReleaseHeldError(
        f"{contract.name}: foreignKeys: {dataset} has no rows with {', '.join(sorted(fields))} to"
        " compare with. Nothing was validated; the live release stays. Publish that dataset"
        " first, then run this file again; or take the key out of the contract.",
        dataset=contract.name,
    )


def _plain_fields(bench: Workbench, dataset: str, run_id: str, key: str) -> set[str]:
    """Return the columns of a run's table whose values are those that were supplied."""
    run = bench.ledger.run(run_id)
    if run is None or run.contract_sha256 is None:
        return set()
    contract = bench.contract_of(dataset, run.contract_sha256)
    is_published = "/converted/" in key
    return {
        field.name
        for field in (contract.published_fields if is_published else contract.fields)
        if not (is_published and field.role == "quasi-identifier")
    }


@contextmanager
def _opened(bench: Workbench, pinned: dict[str, str]) -> Iterator[dict[str, pl.LazyFrame]]:
    if not pinned:
        yield {}
        return
    (dataset, key), *others = pinned.items()
    with bench.store.local_path(key) as rows, _opened(bench, dict(others)) as frames:
        yield {dataset: pl.scan_parquet(rows, glob=False), **frames}
