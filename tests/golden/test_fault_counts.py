"""Every contract's real file is told apart exactly as looking at it says."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
import yaml

from etl.contract.loading import contract_files, dataset_name
from etl.running import folder_pipeline, run_file
from etl.settings import load

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"
EXPECTED = yaml.safe_load(Path(__file__).with_name("fault_counts.yaml").read_text("utf-8"))
GROUPED = ["field", "rule", "reason", "severity"]


def test_every_contract_has_a_real_file():
    contracts = {dataset_name(file) for file in contract_files(ROOT / "schemas")}

    assert contracts == set(EXPECTED)
    assert len({name.partition("-")[0] for name in EXPECTED}) >= 6


def test_every_count_is_explained():
    issues = [issue for entry in EXPECTED.values() for issue in entry["issues"]]

    assert len(issues) > 10, "too few counts: this test would prove little"
    assert [issue for issue in issues if not issue["why"]] == []


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="real files are absent: set MADANG_SAMPLES to their folder"
)
@pytest.mark.parametrize("dataset", EXPECTED)
def test_a_real_file_fails_where_it_is_wrong_and_nowhere_else(dataset, tmp_path):
    expected = EXPECTED[dataset]
    settings = load().replace(schemas=ROOT / "schemas", expectations=ROOT / "expectations")
    pipeline = folder_pipeline(settings, tmp_path)

    report = run_file(pipeline, dataset, SAMPLES / expected["file"])

    told = report.as_json()
    assert told["file"]["data"] == expected["data"]
    assert told["validation"]["quarantined"] == expected["quarantined"]
    assert issues_of(pipeline, report.states["validate"].key) == {
        (issue["field"], issue["rule"], issue.get("reason"), issue["severity"]): issue["count"]
        for issue in expected["issues"]
    }


def issues_of(pipeline, key: str) -> dict[tuple[str, str, str | None, str], int]:
    with pipeline.store.local_path(f"{key}/issues.parquet") as issues:
        counted = pl.read_parquet(issues).group_by(GROUPED).len()
        return {row[:4]: row[4] for row in counted.iter_rows()}
