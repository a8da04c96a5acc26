"""What goes back to the department, on the whole way: also when its file is refused."""

from __future__ import annotations

import html
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from etl.pipeline.steps import Pipeline
from tests.integration.yard import CANARY, JOBS, JOBS_CONTRACT, Yard, jobs, park, parks


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path, gx_max_rows=0)


def kept(pipeline: Pipeline, report, name: str) -> bytes:
    return pipeline.store.read_bytes(
        f"restricted/{report.dataset}/{report.run_id}/validated/{name}"
    )


def content_of(file: bytes) -> str:
    """Return all that a file says, a workbook's or Parquet's unpacked."""
    if file[:4] == b"PAR1":
        return str(pl.read_parquet(io.BytesIO(file)).to_dict(as_series=False))
    if file[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            parts = [archive.read(name).decode() for name in archive.namelist()]
        return html.unescape("".join(parts))
    return file.decode(errors="replace") + file.decode("cp949", errors="replace")


def files_with(folder: Path, text: str) -> list[str]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [
        str(path.relative_to(folder)) for path in found if text in content_of(path.read_bytes())
    ]


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        pytest.param(1, "published", id="accepted"),
        pytest.param(20, "refused", id="refused by its quality"),
    ],
)
def test_page_workbook_and_log_are_there_whatever_becomes_of_the_file(yard, bad, status):
    rows = [park(n, area="-1" if n <= bad else "1") for n in range(1, 31)]

    report = yard.run(rows)

    assert report.status == status
    log = pl.read_parquet(io.BytesIO(kept(yard.pipeline(), report, "issues.parquet")))
    assert log.select("_row", "column", "rule", "value").row(0) == (2, "C", "minimum", "-1")
    assert log.height == bad
    assert kept(yard.pipeline(), report, "report.html").startswith(b"<!DOCTYPE html>")
    assert "허용된 범위를" in content_of(kept(yard.pipeline(), report, "report.xlsx"))


def test_a_released_file_has_both_reports_beside_it(yard):
    report = yard.run(parks())

    beside = yard.out / report.dataset / report.as_json()["release"] / "report"
    assert {"report.html", "report.xlsx"} <= {path.name for path in beside.iterdir()}


def test_a_personal_cell_that_fails_is_nowhere_but_in_the_landed_rows_and_in_quarantine(yard):
    plain = "role: direct-identifier}"
    assert plain in JOBS_CONTRACT
    checked = "role: direct-identifier, constraints: {pattern: '사람[0-9]+|홀로'}}"
    yard.write_contract(JOBS, JOBS_CONTRACT.replace(plain, checked))
    rows = [(CANARY, "35", "북동", "직종1"), *jobs()[1:]]

    report = yard.run(rows, dataset=JOBS)

    assert report.as_json()["validation"]["quarantined"] == 1
    assert {Path(name).name for name in files_with(yard.out, CANARY)} == {
        "supplied",
        "rows.parquet",
        "quarantine.parquet",
    }


def test_an_open_cell_that_fails_is_shown_to_its_department_alone(yard):
    rows = [park(1, park_id=CANARY), *parks()[1:]]

    report = yard.run(rows)

    assert report.status == "published"
    shown = {
        path
        for path in files_with(yard.out, CANARY)
        if not path.startswith((".madang/store/landing", ".madang/store/restricted"))
    }
    assert {Path(path).name for path in shown} == {"report.xlsx"}
    assert all("/report/" in path for path in shown)
