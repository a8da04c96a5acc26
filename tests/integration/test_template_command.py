"""`madang template`: the workbook is written once, and what is filled in is never replaced."""

from __future__ import annotations

import json

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from etl.cli.main import app
from tests.integration.yard import PARK_HEADER, PARKS, Yard


@pytest.fixture
def madang(tmp_path, monkeypatch):
    for name, value in Yard(tmp_path).environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["template", *words])


def test_it_writes_the_columns_of_the_contract(madang, tmp_path):
    result = madang(PARKS, "--to", "parks.xlsx", "--json")

    told = json.loads(result.stdout)
    assert told == {"dataset": PARKS, "path": "parks.xlsx", "columns": list(PARK_HEADER)}
    header = [cell.value for cell in load_workbook(tmp_path / "parks.xlsx").worksheets[0][1]]
    assert header == list(PARK_HEADER)


def test_unless_told_otherwise_it_is_named_like_the_dataset(madang, tmp_path):
    assert madang(PARKS).exit_code == 0
    assert (tmp_path / f"{PARKS}.xlsx").exists()


def test_a_file_that_is_there_is_never_replaced(madang, tmp_path):
    (tmp_path / "filled.xlsx").write_bytes(b"filled in")

    result = madang(PARKS, "--to", "filled.xlsx")

    assert result.exit_code == 2
    assert (tmp_path / "filled.xlsx").read_bytes() == b"filled in"


def test_an_unknown_dataset_is_the_stewards(madang, tmp_path):
    result = madang("city-nothing")

    assert result.exit_code == 10
    assert not (tmp_path / "city-nothing.xlsx").exists()
