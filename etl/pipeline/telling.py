"""What the validate step tells the department: issue log, page and workbook."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from etl.contract.model import Contract
from etl.ledger.records import Run
from etl.pipeline.keys import step_key
from etl.pipeline.workbench import Workbench, unknown_run
from etl.states import Landed
from etl.validate.checking import Checked
from etl.validate.issues import log_issues
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
    places = Places.in_order(contract)
    today = landed_on(bench, landed, contract)
    with bench.store.local_path(f"{landed.key}/rows.parquet") as file:
        rows = pl.scan_parquet(file, glob=False)
        bench.sink(log_issues(checked, rows, contract, places, today), f"{prefix}/issues.parquet")
        with bench.store.local_path(f"{prefix}/issues.parquet") as issues:
            log = pl.scan_parquet(issues, glob=False)
            report = Report.build(checked, contract, log, places, _ragged_rows(bench, landed))
            bench.store.write_bytes(f"{prefix}/report.html", render_page(report))
            workbook = render_workbook(report, rows, landed.run_id, today)
            bench.store.write_bytes(f"{prefix}/report.xlsx", workbook)


def landed_on(bench: Workbench, landed: Landed, contract: Contract) -> date:
    """Return the day on which a run began, so that repeating a step changes no byte."""
    run: Run | None = bench.ledger.run(landed.run_id)
    if run is None:
        raise unknown_run(landed.dataset)
    return run.started_at.astimezone(ZoneInfo(contract.timezone)).date()


def _ragged_rows(bench: Workbench, landed: Landed) -> list[int]:
    with bench.store.local_path(f"{landed.key}/ragged.parquet") as ragged:
        return pl.read_parquet(ragged, columns=["_row"], glob=False)["_row"].to_list()
