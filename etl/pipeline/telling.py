"""What the validate step tells the department: issue log, page and workbook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from etl.contract.model import Contract
from etl.pipeline.keys import bytes_key, step_key
from etl.pipeline.workbench import Workbench
from etl.states import Landed
from etl.validate.checking import Checked
from etl.validate.issues import log_issues
from etl.validate.marked_workbook import mark_workbook
from etl.validate.places import Places
from etl.validate.report_page import render_page
from etl.validate.report_workbook import render_workbook
from etl.validate.reporting import Report


def write_report(bench: Workbench, landed: Landed, contract: Contract, checked: Checked) -> None:
    """Write `issues.parquet`, `report.html` and `report.xlsx`, whatever becomes of the file.

    Personal cells are masked in all three; cells of open fields are shown in the log and in the
    workbook, which belongs to the department that supplied them.
    """
    prefix = step_key(landed, "validated")
    document = bench.read_json(f"{landed.key}/reading.json")
    places = _places(document, contract)
    today = bench.day_of(landed.run_id, contract)
    with bench.store.local_path(f"{landed.key}/rows.parquet") as file:
        rows = pl.scan_parquet(file, glob=False)
        with _with_totals(bench, landed, rows) as every:
            log = log_issues(checked, every, contract, places, today)
            bench.sink(log, f"{prefix}/issues.parquet")
        with bench.store.local_path(f"{prefix}/issues.parquet") as issues:
            log = pl.scan_parquet(issues, glob=False)
            report = Report.build(checked, contract, log, places, _ragged_rows(bench, landed))
            bench.store.write_bytes(f"{prefix}/report.html", render_page(report))
            workbook = _workbook(bench, landed, report, rows, document["kind"])
            bench.store.write_bytes(f"{prefix}/report.xlsx", workbook)


@contextmanager
def _with_totals(bench: Workbench, landed: Landed, rows: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    """Lend the landed rows with the total rows of the source, whose sums may be at fault."""
    with bench.store.local_path(f"{landed.key}/totals.parquet") as totals:
        yield pl.concat([rows, pl.scan_parquet(totals, glob=False)])


def _places(document: dict[str, Any], contract: Contract) -> Places:
    """Return where the supplied file has the contract's columns."""
    positions = {column["field"]: column["position"] for column in document["columns"]}
    return Places(
        {field.name: positions[field.name] for field in contract.fields},
        document["sheet"],
        tuple(document["header_rows"]),
    )


def _workbook(
    bench: Workbench, landed: Landed, report: Report, rows: pl.LazyFrame, kind: str
) -> bytes:
    """Mark the department's own workbook; where that cannot be, write its rows into a new one."""
    today = bench.day_of(landed.run_id, report.contract)
    own = None
    if kind == "xlsx":
        with bench.store.local_path(bytes_key(landed.dataset, landed.run_id)) as file:
            own = mark_workbook(file, report, rows, landed.run_id, today)
    return own or render_workbook(report, rows, landed.run_id, today)


def _ragged_rows(bench: Workbench, landed: Landed) -> list[int]:
    with bench.store.local_path(f"{landed.key}/ragged.parquet") as ragged:
        return pl.read_parquet(ragged, columns=["_row"], glob=False)["_row"].to_list()
