"""Values that must stand in another dataset are looked up in what that one has live."""

from __future__ import annotations

import polars as pl
import pytest

from etl.errors import ReleaseHeldError
from etl.running import run_file
from tests.integration.yard import PARKS, Yard, parks

GATES = "city-gates"
CONTRACT = """
format: 1
version: 1
title: {ko: 출입문}
description: {ko: 시험}
steward: 공원과
licence: kogl-1
theme: environment
frequency: P1M
source: {folder: {files: "*.csv"}}
disclosure: {level: public}
primaryKey: [gate]
foreignKeys:
  - {fields: [park], reference: {resource: city-parks, fields: [park_id]}}
  - {fields: [beside], reference: {resource: city-gates, fields: [gate]}, severity: warning}
fields:
  - {name: gate, title: {ko: 문}, type: string, role: open}
  - {name: park, title: {ko: 공원}, type: string, role: open}
  - {name: beside, title: {ko: 옆문}, type: string, role: open}
thresholds: {quarantine: 60%}
privacy: {unit: none}
approval: none
"""
ROWS = [("가", "P-1", ""), ("나", "P-2", "가"), ("다", "P-31", "하"), ("라", "", "")]


@pytest.fixture
def yard(tmp_path):
    yard = Yard(tmp_path)
    yard.write_contract(GATES, CONTRACT)
    return yard


def run_gates(yard: Yard):
    file = yard.supply(ROWS, "gates.csv", header=("문", "공원", "옆문"))
    return run_file(yard.pipeline(), GATES, file)


def gates(yard: Yard, report) -> list[str]:
    release = yard.read_release(GATES, report.as_json()["release"])
    return pl.read_parquet(release["data.parquet"])["gate"].to_list()


def test_a_row_whose_value_the_other_dataset_lacks_goes_to_quarantine(yard):
    yard.run(parks(30))

    report = run_gates(yard)

    assert report.status == "published"
    assert gates(yard, report) == ["가", "나", "라"]
    issues = yard.pipeline().store
    with issues.local_path(f"restricted/{GATES}/{report.run_id}/validated/issues.parquet") as file:
        told = pl.read_parquet(file).select("_row", "field", "rule", "severity").rows()
    assert told == [
        (4, "park", "foreignKey", "critical"),
        (4, "beside", "foreignKey", "warning"),
    ]


def test_the_same_file_makes_a_new_release_once_the_other_dataset_has_grown(yard):
    yard.run(parks(30))
    run_gates(yard)
    same = run_gates(yard)
    yard.run(parks(31))

    grown = run_gates(yard)

    assert (same.status, grown.status) == ("unchanged", "published")
    assert gates(yard, grown) == ["가", "나", "다", "라"]


def test_a_dataset_that_was_never_published_counts_by_what_was_validated(yard):
    contract = (yard.folder / "schemas/city/parks.yaml").read_text()
    yard.write_contract(PARKS, contract.replace("approval: none", "approval: privacy-officer"))
    assert yard.run(parks(30)).status == "held"

    assert run_gates(yard).status == "published"


def test_without_any_rows_to_compare_with_the_file_is_held_and_can_be_run_again(yard):
    held = run_gates(yard)

    assert (held.status, held.exit_code) == ("held", 10)
    assert isinstance(held.error, ReleaseHeldError)
    assert "city-parks has no rows with park_id" in held.error.message

    yard.run(parks(30))
    landed = held.states["extract"]
    assert yard.pipeline().validate(landed).accepted == 3
