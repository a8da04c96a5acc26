"""Step 2: good rows typed, bad rows kept aside, the department told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import polars as pl

from etl.pipeline.keys import identity, step_key
from etl.pipeline.referencing import referenced_rows
from etl.pipeline.telling import write_report
from etl.pipeline.workbench import Workbench
from etl.states import (
    Landed,
    Validated,
)
from etl.validate.checking import check_table, require_quality


def validate(bench: Workbench, landed: Landed) -> Validated:
    """Keep the rows that honour the contract, the others with rule and address."""
    prefix = step_key(landed, "validated")
    if done := bench.store.open_manifest(prefix, Validated):
        return done
    contract = bench.contract(landed)
    with bench.step(landed.dataset, landed.run_id, "validate") as count:
        with (
            bench.store.local_path(f"{landed.key}/rows.parquet") as rows,
            referenced_rows(bench, contract, landed) as references,
            _totals(bench, landed) as totals,
        ):
            checked = check_table(
                pl.scan_parquet(rows, glob=False),
                contract,
                bench.suites(),
                bench.settings.gx_max_rows,
                units=_units(bench, landed),
                codelists=bench.code_sets(contract),
                references=references,
                totals=totals,
            )
            bench.write_json(f"{prefix}/quality.json", checked.quality.as_json())
            bench.sink(checked.quarantined, f"{prefix}/quarantine.parquet")
            write_report(bench, landed, contract, checked)
            require_quality(checked, landed.ragged, contract)
            bench.sink(checked.accepted, f"{prefix}/rows.parquet")
        verdict = {
            "judged_by": checked.judged_by,
            "counts": [asdict(count) for count in checked.counts],
        }
        bench.write_json(f"{prefix}/verdict.json", verdict)
        quarantined = checked.quarantined_rows + landed.ragged
        validated = Validated(
            **identity(landed, prefix, checked.accepted_rows),
            accepted=checked.accepted_rows,
            quarantined=quarantined,
            reference_date=checked.reference_date,
        )
        bench.ledger.record_books(
            landed.run_id, accepted=validated.accepted, quarantined=quarantined
        )
        bench.ledger.describe_run(landed.run_id, reference_date=validated.reference_date or None)
        count.rows = validated.rows
        bench.store.write_manifest(prefix, validated)
    return validated


def _units(bench: Workbench, landed: Landed) -> dict[str, str]:
    """Return the unit that the file states for a field, where it states one."""
    columns = bench.read_json(f"{landed.key}/reading.json")["columns"]
    return {column["field"]: column["unit"] for column in columns
            if column["field"] and column["unit"]}  # fmt: skip


@contextmanager
def _totals(bench: Workbench, landed: Landed) -> Iterator[pl.LazyFrame | None]:
    """Lend the total rows of the source, where extraction kept any."""
    key = f"{landed.key}/totals.parquet"
    if not (landed.totals and bench.store.exists(key)):
        yield None
        return
    with bench.store.local_path(key) as totals:
        yield pl.scan_parquet(totals, glob=False)
