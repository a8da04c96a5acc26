"""The total rows of a supplied file are a checksum that the department is told about."""

from __future__ import annotations

import polars as pl
import pytest

from tests.integration.yard import PARKS, PARKS_CONTRACT, Yard, parks


@pytest.fixture
def yard(tmp_path):
    yard = Yard(tmp_path, gx_max_rows=0)
    yard.write_contract(PARKS, f"{PARKS_CONTRACT}rules:\n  - total: [area]\n")
    return yard


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        pytest.param("480.0", [], id="the sum of 1.5 to 30.5"),
        pytest.param("481.0", [(32, "area", "total", "warning")], id="another sum"),
    ],
)
def test_a_total_row_that_contradicts_the_data_is_a_warning_in_the_issue_log(yard, stated, told):
    rows = [*parks(30), ("합계", "", stated, "", "")]

    report = yard.run(rows)

    assert report.status == "published", report.error
    assert report.as_json()["file"]["totals"] == 1
    store = yard.pipeline().store
    with store.local_path(f"restricted/{PARKS}/{report.run_id}/validated/issues.parquet") as file:
        issues = pl.read_parquet(file).select("_row", "field", "rule", "severity").rows()
    assert issues == told
