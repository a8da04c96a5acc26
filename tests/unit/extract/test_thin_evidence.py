"""Where names are told from data by little: what is read, and what is asked."""

from __future__ import annotations

import polars as pl
import pytest

from etl.extract.inspecting import inspect_file


@pytest.fixture
def inspect(tmp_path):
    def _inspect(text: str):
        file = tmp_path / "supplied.csv"
        file.write_text(text, encoding="utf-8", newline="")
        return inspect_file(file, tmp_path / "landed.parquet")

    return _inspect


@pytest.mark.parametrize(
    ("text", "names", "ragged"),
    [
        pytest.param("field1,field2\nhello,goodbye\nhello2,goodbye2\n", ["field1", "field2"], 0,
                     id="names that are numbered"),
        pytest.param("구분,1,2,3\n가,5,6,7\n나,8,9,10\n", ["구분", "1", "2", "3"], 0,
                     id="running numbers beside a word"),
        pytest.param("id,name,,name\n1,가\n1,나\n2,다,1,2,3\n", ["id", "name", "name_2"], 3,
                     id="names above records of other widths"),
        pytest.param("코드\n" * 2 + "01\n02\n", ["코드"], 0, id="names that are exported twice"),
    ],
)  # fmt: skip
def test_names_are_read(inspect, text, names, ragged):
    reading = inspect(text).reading

    assert [column.name for column in reading.columns if column.kept] == names
    assert reading.records.ragged == ragged


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1,2,3\n4,5,6\n", id="numbers above numbers, though they run"),
        pytest.param("가\n" * 100, id="one row again and again"),
    ],
)
def test_rows_that_may_be_data_are_asked_about(inspect, text):
    inspection = inspect(text)

    assert (inspection.status, inspection.question.contract_lines) == (
        "question",
        "layout:\n  header: none",
    )


def test_no_header_takes_a_name_of_the_landed_table(inspect, tmp_path):
    reading = inspect("_row,_role\n가,나\n다,라\n").reading

    assert [column.name for column in reading.columns] == ["_row_2", "_role_2"]
    assert pl.read_parquet(tmp_path / "landed.parquet")["_role_2"].to_list() == ["나", "라"]


def test_a_control_character_in_a_header_does_no_harm(inspect):
    reading = inspect('"공\x01원",구\n가,나\n다,라\n').reading

    assert [column.name for column in reading.columns] == ["공원", "구"]


def test_ten_thousand_equal_names_take_no_time(inspect):
    header = ",".join(["구"] * 10_000)

    reading = inspect(f"{header}\n{header.replace('구', '1')}\n").reading

    assert reading.columns[-1].name == "구_10000"


def test_a_text_wider_than_any_sheet_is_refused(inspect):
    inspection = inspect(",".join(["구"] * 20_000) + "\n" + ",".join(["1"] * 20_000) + "\n")

    assert inspection.status == "refused"
    assert "has 20,000 columns; the limit is 16,384 (MADANG_MAX_COLUMNS)" in inspection.reason


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("\n\ufeff", "read", id="a mark of byte order alone, on the second line"),
        pytest.param("\t\u2028a,\n", "question", id="no cut of the text is any good"),
    ],
)
def test_hardly_anything_is_answered_too(inspect, text, status):
    assert inspect(text).status == status
