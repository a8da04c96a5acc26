"""The contracts fit the files that public bodies really published."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from etl.anonymise.anonymising import anonymise_tiers
from etl.contract.codelists import read_code_set, read_code_sets
from etl.contract.loading import find_contract
from etl.extract.reading import Files, read_supplied
from etl.personal.scanning import ColumnFinding, scan_columns
from etl.validate.checking import check_table, require_quality
from etl.validate.reading import read_suites
from tests.unit.validate.tables import contract_of, landed

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 25)
SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"

CASES = [
    pytest.param("traffic-car_parks", "std_parking_nationwide.csv", 14_651, 413, 0, id="car parks"),
    pytest.param("parks-city_parks", "std_parks_nationwide.csv", 18_304, 247, 0, id="city parks"),
    pytest.param(
        "employment-disabled_employment",
        "kead_disabled_employment_microdata_2020.csv",
        31_646,
        0,
        563,
        id="employment of disabled people",
    ),
]

needs_real_files = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="real files are absent: set MADANG_SAMPLES to their folder"
)


@needs_real_files
@pytest.mark.parametrize(("dataset", "name", "rows", "bad", "suppressed"), CASES)
def test_a_real_file_passes_with_every_row_accounted_for(
    dataset, name, rows, bad, suppressed, tmp_path
):
    contract = find_contract(ROOT / "schemas", dataset)

    checked, reading = checked_file(SAMPLES / name, contract, tmp_path)
    published = anonymise_tiers(checked.accepted, contract).tables["public"].collect()

    require_quality(checked, reading.records.ragged, contract)
    assert checked.rows == rows
    assert checked.quarantined_rows == bad
    assert checked.accepted_rows - published.height == suppressed


@needs_real_files
@pytest.mark.parametrize(("dataset", "name"), [case.values[:2] for case in CASES])
def test_nothing_personal_is_published_but_the_places_of_facilities(dataset, name, tmp_path):
    contract = find_contract(ROOT / "schemas", dataset)

    checked, _ = checked_file(SAMPLES / name, contract, tmp_path)
    found = scan_columns(anonymise_tiers(checked.accepted, contract).tables["public"], TODAY)

    declared = {field.name for field in contract.fields if field.declared_personal}
    assert {(finding.column, finding.kind) for finding in found} == {
        (column, "coordinates") for column in declared
    }


@needs_real_files
def test_the_columns_of_published_files_hold_no_wrong_hit():
    """Coordinates apart: they are places of facilities, and truly there."""
    columns, found = 0, []
    for file in sorted(SAMPLES.glob("*.csv")):
        table = text_table(file)
        columns += table.width
        found += [
            (file.name, finding)
            for finding in scan_columns(table.lazy(), TODAY)
            if finding.kind != "coordinates"
        ]

    assert columns > 600, "too few columns: this test would prove little"
    assert found == []


@needs_real_files
def test_longitudes_that_were_typed_as_areas_are_found():
    parks = text_table(SAMPLES / "std_parks_nationwide.csv")
    [area] = [column for column in parks.columns if parks[column][0] == "공원면적"]

    found = scan_columns(parks.select(area).lazy(), TODAY)

    assert found == [ColumnFinding(area, "coordinates", parks.height, 6)]


@needs_real_files
@pytest.mark.parametrize(
    ("dataset", "name", "outside"),
    [
        pytest.param("traffic-car_parks", "std_parking_nationwide.csv", 2, id="car parks"),
        pytest.param("parks-city_parks", "std_parks_nationwide.csv", 20, id="city parks"),
    ],
)
def test_the_boxes_of_provinces_hold_all_but_misplaced_places(dataset, name, outside, tmp_path):
    """Looked at one by one: all of these lie in another province, or in the sea."""
    checked, _ = checked_file(SAMPLES / name, find_contract(ROOT / "schemas", dataset), tmp_path)
    province = pl.coalesce("road_address", "lot_address").str.split(" ").list.first()
    places = checked.accepted.select(
        province.alias("label"), pl.col("latitude", "longitude").cast(pl.Float64)
    )
    codes = read_code_set(ROOT / "schemas", "sido").codes
    sides = pl.LazyFrame([{"label": code.label, **code.others} for code in codes])
    south, west, north, east = (
        pl.col(side).cast(pl.Float64) for side in ("south", "west", "north", "east")
    )
    is_inside = pl.col("latitude").is_between(south, north)
    is_inside &= pl.col("longitude").is_between(west, east)

    judged = places.drop_nulls().join(sides, on="label").select(is_inside).collect().to_series()

    assert judged.len() > 9_000
    assert (~judged).sum() == outside


@needs_real_files
def test_the_sources_of_money_of_a_real_budget_add_up_in_every_row():
    parts = ["national_amt", "sido_amt", "sigungu_amt", "other_amt"]
    budget = "budget_cash_amt"
    contract = contract_of(
        *({"name": name, "type": "integer"} for name in (*parts, budget)),
        expectations=[{"suite": "money_split", "parameters": {"parts": parts, "total": budget}}],
    )
    file = SAMPLES / "derived_lofin_QWGJK_spending_2026.csv"
    table = pl.read_csv(file, infer_schema=False).select(*parts, budget).fill_null("")
    rows = landed(**table.to_dict(as_series=False))

    checked = check_table(rows, contract, read_suites(ROOT / "expectations"), 2_000_000)

    assert (checked.judged_by, checked.rows, checked.counts) == ("great_expectations", 1645, ())
    [split] = [rule for rule in checked.quality.rules if rule.rule == "money_split.sum"]
    assert split.asked == 1645, "a rule that nobody is asked proves nothing"


def checked_file(file: Path, contract, folder: Path):
    rows = folder / "rows.parquet"
    reading = read_supplied(file, contract, Files.within(folder))
    suites = read_suites(ROOT / "expectations")
    codelists = read_code_sets(ROOT / "schemas", contract.codelists)
    table = pl.scan_parquet(rows)
    checked = check_table(table, contract, suites, gx_max_rows=2_000_000, codelists=codelists)
    return checked, reading


def text_table(file: Path) -> pl.DataFrame:
    """Every record of a file, the header too, padded to the widest."""
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949")
    records = list(csv.reader(text.splitlines(keepends=True)))
    width = max(map(len, records))
    return pl.DataFrame(
        [[*record, *[None] * (width - len(record))] for record in records],
        schema=[f"column_{number}" for number in range(width)],
        orient="row",
        infer_schema_length=None,
    )
