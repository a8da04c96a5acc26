"""Every sample file is read as a person read it before: see `expected.yaml`."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
import yaml

from etl.extract.inspecting import Inspection, inspect_file

SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent"))
EXPECTED = yaml.safe_load(Path(__file__).with_name("expected.yaml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(
    not (SAMPLES / "nasty-csv").is_dir(),
    reason="SAMPLE FILES ARE ABSENT: set MADANG_SAMPLES to their folder",
)


def is_among(value: object, expected: object) -> bool:
    """Say whether a value is the expected one, or one of several that are all right."""
    if expected == "*":
        return True
    return value in expected if isinstance(expected, list) else value == expected


def test_every_sample_file_has_its_row():
    files = [file for folder in ("real-data", "nasty-csv") for file in (SAMPLES / folder).iterdir()]

    names = {str(file.relative_to(SAMPLES)) for file in files if file.name != "manifest.tsv"}

    assert names == set(EXPECTED)


@pytest.fixture
def inspected(request, tmp_path) -> tuple[Inspection, Path]:
    landed = tmp_path / "landed.parquet"
    return inspect_file(SAMPLES / request.param, landed), landed


READ = [name for name, row in EXPECTED.items() if row["status"] == "read"]
STOPPED = [name for name, row in EXPECTED.items() if row["status"] != "read"]


@pytest.mark.parametrize("inspected", READ, indirect=True)
def test_a_file_is_read_as_a_person_reads_it(inspected, request):
    inspection, landed = inspected
    expected = EXPECTED[request.node.callspec.params["inspected"]]

    document = inspection.document()

    assert (document["status"], document["reason"]) == ("read", document["reason"])
    differing = {
        key: (document[key], expected[key])
        for key in ("kind", "encoding", "delimiter", "sheet")
        if not is_among(document[key], expected[key])
    }
    kept = [column for column in document["columns"] if column["kept"]]
    units = {column["name"]: column["unit"] for column in kept if column["unit"]}
    assert differing == {}
    assert document["header_rows"] == expected["header_rows"]
    assert document["records"] == expected["records"]
    assert [column["name"] for column in kept] == expected["columns"]
    assert units == expected["units"]
    assert cells_of(landed, expected) == expected.get("cells", [])


@pytest.mark.parametrize("inspected", STOPPED, indirect=True)
def test_what_cannot_be_read_says_why(inspected, request):
    inspection, _ = inspected
    expected = EXPECTED[request.node.callspec.params["inspected"]]

    document = inspection.document()

    assert document["status"] == expected["status"]
    assert is_among(document["kind"], expected["kind"])
    reason = document["reason"].casefold()
    assert [word for word in expected["reason"] if word.casefold() not in reason] == []
    lines = (document["question"] or {}).get("contract_lines") or ""
    assert [line for line in expected.get("contract_lines", []) if line not in str(lines)] == []


def cells_of(landed: Path, expected: dict[str, list[list[object]]]) -> list[list[object]]:
    """Return what stands in the cells that are looked at, in the same form."""
    table = pl.read_parquet(landed)
    found = []
    for row, column, _ in expected.get("cells", []):
        record = table.row(by_predicate=pl.col("_row") == row, named=True)
        found.append([row, column, record[column]])
    return found
