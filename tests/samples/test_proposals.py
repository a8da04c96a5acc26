"""A proposed contract, its roles filled in, reads the file to the table it was proposed from."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from etl.contract.loading import InvalidContractError, parse_contract
from etl.contract.model import Contract
from etl.extract.reading import Files, Reading, read_supplied
from etl.proposing.proposing import propose_for_file
from etl.validate.casting import cast_rows, readable

SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"
TODAY = date(2026, 11, 25)

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="REAL FILES ARE ABSENT: set MADANG_SAMPLES to their folder"
)

FILES = [
    pytest.param("std_parking_nationwide.csv", id="33 columns in CP949"),
    pytest.param("jinju_cctv_2025.csv", id="CRLF"),
    pytest.param("jeju_heat_shelters_20150931.csv", id="CR"),
    pytest.param("subway_fee_thousands.csv", id="codes and thousands"),
    pytest.param("kma_seoul_temperature_banner.csv", id="tabs in front, and units"),
    pytest.param("derived_openfiscal_budget2023.csv", id="units of thousands"),
    pytest.param("std_libraries_2016.csv", id="broken quotes"),
    pytest.param("highway_2020.csv", id="title, unit line, two rows of headers, footnote"),
    pytest.param("seoul_bike_stations_2206.csv", id="four rows of headers"),
    pytest.param("seoul_streetlights_summary.csv", id="three rows of headers, and a total"),
    pytest.param("kosis_population_raw_merged.xlsx", id="a workbook with merged cells"),
    pytest.param("cheonan_private_parking.xlsx", id="a workbook with times"),
    pytest.param("opinet_gas_station_title_rows.xls", id="an old workbook"),
    pytest.param("welfare_facility_list_2022.xls", id="a page called .xls"),
]


@pytest.fixture
def proposed(request, tmp_path) -> tuple[Path, str, pl.DataFrame]:
    file, proposal, landed = SAMPLES / request.param, tmp_path / "a.yaml", tmp_path / "landed"
    propose_for_file(file, proposal, landed, TODAY)
    return file, proposal.read_text(encoding="utf-8"), pl.read_parquet(landed)


def contract_of(text: str) -> Contract:
    return parse_contract(text.encode(), organisation="city", dataset="proposed")


def read_under(contract: Contract, file: Path, folder: Path) -> tuple[Reading, pl.DataFrame]:
    to = Files(rows=folder / "rows", totals=folder / "totals", ragged=folder / "ragged")
    reading = read_supplied(file, contract, to)
    return reading, pl.read_parquet(to.rows)


@pytest.mark.parametrize("proposed", FILES, indirect=True)
def test_the_file_is_read_to_the_same_table(proposed, tmp_path):
    file, text, landed = proposed
    contract = contract_of(text.replace("role: undecided", "role: open"))

    _, rows = read_under(contract, file, tmp_path)

    data = landed.filter(pl.col("_role") == "data").drop("_sheet", "_role", "_text", strict=False)
    assert rows.height > 0
    assert [field.title.ko for field in contract.fields] == data.columns[1:]
    assert rows.rows() == data.rows()


@pytest.mark.parametrize("proposed", FILES, indirect=True)
def test_every_cell_casts_under_the_proposed_types(proposed, tmp_path):
    file, text, _ = proposed
    contract = contract_of(text.replace("role: undecided", "role: open"))
    reading, rows = read_under(contract, file, tmp_path)
    units = {column.field: column.unit for column in reading.columns if column.unit}

    cast = cast_rows(rows.lazy(), contract, units).collect()

    unread = {
        field.name: (~cast[readable(field.name)]).sum()
        for field in contract.fields
        if (~cast[readable(field.name)]).any()
    }
    assert unread == {}


@pytest.mark.parametrize("proposed", FILES[:1], indirect=True)
def test_no_proposal_is_used_before_its_roles_are_decided(proposed):
    _, text, _ = proposed

    with pytest.raises(InvalidContractError) as caught:
        contract_of(text)

    assert len(caught.value.complaints) == 33
    assert all(complaint.field.endswith(".role") for complaint in caught.value.complaints)
