"""Real files go the whole way; what came out is measured from outside, with other tools."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from etl.checking import verify_published
from etl.extract.layout import normalise_header
from etl.extract.reading import Files, read_supplied
from etl.running import folder_pipeline, run_file
from etl.settings import load
from tests.unit.validate.tables import contract_of

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"
CAR_PARKS, CITY_PARKS = "traffic-car_parks", "parks-city_parks"
EMPLOYMENT = "employment-disabled_employment"
FILES = {
    CAR_PARKS: "std_parking_nationwide.csv",
    CITY_PARKS: "std_parks_nationwide.csv",
    EMPLOYMENT: "kead_disabled_employment_microdata_2020.csv",
}

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="REAL FILES ARE ABSENT: set MADANG_SAMPLES to their folder"
)
every_file = pytest.mark.parametrize("dataset", FILES)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Take the three files the whole way, once."""
    folder = tmp_path_factory.mktemp("real")
    nowhere = {"MADANG_STATE": str(folder / "state"), "MADANG_ENV_FILE": str(folder / "none")}
    pipeline = folder_pipeline(load(nowhere), folder / "out")
    return pipeline, {name: run_file(pipeline, name, SAMPLES / FILES[name]) for name in FILES}


def public(runs, dataset) -> Path:
    pipeline, reports = runs
    return pipeline.folder / dataset / reports[dataset].as_json()["release"] / "public"


def test_two_go_live_and_one_waits_for_the_officer(runs):
    endings = {name: (report.status, report.exit_code) for name, report in runs[1].items()}

    assert endings == {
        CAR_PARKS: ("published", 0),
        CITY_PARKS: ("published", 0),
        EMPLOYMENT: ("held", 30),
    }


@every_file
def test_the_books_balance(runs, dataset):
    told = runs[1][dataset].as_json()
    file, validation, tier = told["file"], told["validation"], told["tiers"][0]

    lines = (SAMPLES / FILES[dataset]).read_bytes().count(b"\n")
    assert file["records"] == sum(file[key] for key in file if key != "records")
    assert file["records"] <= lines + 1
    assert file["data"] + file["ragged"] == validation["accepted"] + validation["quarantined"]
    assert validation["accepted"] == tier["published"] + tier["suppressed"] + tier["held_back"]
    assert validation["quarantined"] <= 0.05 * file["data"]


@every_file
def test_parquet_csv_and_certificate_say_the_same(runs, dataset):
    folder = public(runs, dataset)
    certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    parquet = pd.read_parquet(folder / "data.parquet")
    text = pd.read_csv(folder / "data.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")

    assert len(parquet) == len(text) == certificate["rows"]["published"] > 10_000
    assert list(parquet.columns) == list(text.columns)
    assert list(text.columns) == [field["name"] for field in certificate["fields"]]
    for entry in certificate["files"]:
        content = (folder / entry["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    for name in ("data.parquet", "data.csv"):
        signed = (folder / "certificate.json").read_bytes()
        assert all(check.holds for check in verify_published(folder / name, signed, None))


@every_file
def test_the_digest_is_that_of_the_csv_reckoned_by_hand(runs, dataset):
    folder = public(runs, dataset)
    certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    is_text = [field["type"] in ("string", "yearmonth") for field in certificate["fields"]]
    table = pd.read_csv(folder / "data.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")

    total = 0
    for row in table.itertuples(index=False):
        cells = [
            '"' + cell.replace('"', '""') + '"' if quoted and cell else cell
            for cell, quoted in zip(row, is_text, strict=True)
        ]
        record = ",".join(cells).encode()
        total += int.from_bytes(hashlib.sha256(record).digest()[:8], "big")

    assert str(total % 2**64) == certificate["digest"]["total"]


@pytest.fixture
def people(runs):
    return pd.read_parquet(public(runs, EMPLOYMENT) / "data.parquet")


def test_no_group_of_people_is_smaller_than_ten(people):
    sizes = people.groupby(list(people.columns), dropna=False).size()

    assert sizes.min() >= 10
    assert sizes.sum() == len(people)


def test_another_engine_counts_the_same_groups(runs, people):
    file = public(runs, EMPLOYMENT) / "data.parquet"
    columns = ", ".join(people.columns)

    [(smallest, groups)] = duckdb.sql(
        f"SELECT min(n), count(*) FROM (SELECT count(*) AS n FROM '{file}' GROUP BY {columns})"
    ).fetchall()

    assert smallest == people.groupby(list(people.columns), dropna=False).size().min() >= 10
    assert groups > 100


def test_at_most_two_in_a_hundred_are_missing(people):
    source = pd.read_csv(SAMPLES / FILES[EMPLOYMENT], encoding="cp949", dtype=str)

    assert len(people) >= 0.98 * len(source)


def test_the_kind_of_disability_is_there_and_the_person_is_not(people):
    source = pd.read_csv(SAMPLES / FILES[EMPLOYMENT], encoding="cp949", dtype=str)

    published, supplied = Counter(people["disability_type"]), Counter(source["장애유형"])
    assert set(published) <= set(supplied)
    assert all(published[kind] <= supplied[kind] for kind in supplied)
    assert len(published) >= 10
    assert set(people["severity"]) == {"중증", "경증"}
    assert people["age"].str.fullmatch(r"\d+-\d+|>=80").all()
    assert "row_number" not in people.columns
    assert set(people["work_region"]) == set(people["occupation"]) == {"*"}
    assert people["employed_on"].astype(str).str.fullmatch(r"2020(-Q\d|-\d\d)?").all()


def test_no_column_counts_the_rows_of_the_source(people):
    assert not any(people[column].is_unique for column in people.columns)


def test_codes_keep_their_zeros_and_places_their_decimals(runs):
    folder = public(runs, CAR_PARKS)
    source = pd.read_csv(
        SAMPLES / FILES[CAR_PARKS], encoding="cp949", dtype=str, keep_default_na=False
    )
    table = pd.read_parquet(folder / "data.parquet")

    assert set(table["parking_id"]) <= set(source["주차장관리번호"].str.strip())
    assert not table.duplicated(["parking_id", "provider_code"]).any()
    assert table["latitude"].dropna().map(lambda value: -value.as_tuple().exponent).eq(10).all()


def test_every_real_csv_is_read_as_by_the_standard_library(tmp_path):
    read = [file.name for file in sorted(SAMPLES.glob("*.csv")) if is_read_alike(file, tmp_path)]

    assert len(read) > 30, "too few files: this test would prove little"


def is_read_alike(file: Path, folder: Path) -> bool:
    """Compare all cells; files whose first record is no header are passed over."""
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949")
    records = list(csv.reader(io.StringIO(text, newline="")))
    headers = [normalise_header(cell) for cell in records[0]]
    if len(set(headers)) < len(headers) or not all(headers):
        return False
    titles = [{"name": f"c{n}", "title": {"ko": title}} for n, title in enumerate(headers)]
    files = Files.within(folder)
    read_supplied(file, contract_of(*titles), files)
    aside = set(pl.read_parquet(files.ragged)["_row"])
    landed = pl.concat([pl.read_parquet(files.rows), pl.read_parquet(files.totals)]).sort("_row")
    expected = [
        (number, *cells)
        for number, cells in enumerate(records[1:], start=2)
        if "".join(cells).strip() and number not in aside
    ]
    assert landed.rows() == expected, file.name
    assert all(len(records[number - 1]) != len(headers) for number in aside), file.name
    return True
