"""Real files go back with exactly their failing cells marked."""

from __future__ import annotations

import io
import os
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from etl.contract.loading import find_contract
from etl.contract.model import Contract
from etl.extract.reading import Files, read_supplied
from etl.returned import ROWS_SHEET
from etl.validate.checking import check_table
from etl.validate.issues import log_issues
from etl.validate.marked_workbook import mark_workbook
from etl.validate.places import Places
from etl.validate.reading import read_suites
from etl.validate.report_workbook import render_workbook
from etl.validate.reporting import Report
from tests.unit.validate.tables import TODAY

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"
RUN = "a" * 32

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="real files are absent: set MADANG_SAMPLES to their folder"
)


def told(name: str, contract: Contract, folder: Path) -> tuple[Report, pl.LazyFrame]:
    """Read and check a real file, as the pipeline does."""
    reading = read_supplied(SAMPLES / name, contract, Files.within(folder))
    rows = pl.scan_parquet(folder / "rows.parquet")
    checked = check_table(rows, contract, read_suites(ROOT / "expectations"), gx_max_rows=0)
    positions = {column.field: column.position for column in reading.columns if column.field}
    places = Places(positions, reading.sheet, reading.header_rows)
    log = log_issues(checked, rows, contract, places, TODAY).collect().lazy()
    return Report.build(checked, contract, log, places), rows


def failing_cells(report: Report) -> set[tuple[int, str]]:
    """Return row and field of every failing cell, from what the judges said."""
    issues = report.checked.issues.select("_row", "field").collect().iter_rows()
    return {(row, name) for row, fields in issues for name in fields.split(", ")}


def commented(sheet: Worksheet) -> set[str]:
    return {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment}


def test_a_real_workbook_comes_back_with_exactly_its_failing_cells_commented(tmp_path):
    car_parks = find_contract(ROOT / "schemas", "traffic-car_parks")
    absent = {"provider_code", "provider_name"}
    private = car_parks.model_copy(
        update={
            "fields": tuple(f for f in car_parks.fields if f.name not in absent),
            "primary_key": ("parking_id",),
            "ignored_fields": (*car_parks.ignored_fields, "장애인전용주차구역보유여부"),
        }
    )
    report, rows = told("cheonan_private_parking.xlsx", private, tmp_path)

    content = mark_workbook(SAMPLES / "cheonan_private_parking.xlsx", report, rows, RUN, TODAY)

    sheet = load_workbook(io.BytesIO(content))["Sheet1"]
    columns = report.places.positions
    failing = {f"{get_column_letter(columns[name])}{row}" for row, name in failing_cells(report)}
    assert commented(sheet) == failing
    assert len(failing) > 67, "no number in any row, and more: else this test would prove little"
    assert [cell.value for cell in sheet[2]][:3] == [None, "천안역주차장", "민영"]
    values = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in values} == {"s"}


def test_a_real_cp949_table_comes_back_as_rows_with_exactly_its_failing_cells_commented(tmp_path):
    contract = find_contract(ROOT / "schemas", "parks-city_parks")
    report, rows = told("std_parks_nationwide.csv", contract, tmp_path)

    sheet = load_workbook(io.BytesIO(render_workbook(report, rows, RUN, TODAY)))[ROWS_SHEET]

    names = {field.title.ko: field.name for field in contract.fields}
    header = [names.get(str(cell.value)) for cell in sheet[1]]
    found = {
        (int(str(row[0].value)), header[cell.column - 1])
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if cell.comment
    }
    assert found == failing_cells(report)
    assert len(found) == 491
    assert sheet.max_row - 1 == 249
