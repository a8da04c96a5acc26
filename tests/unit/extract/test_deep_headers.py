"""A header of several rows is found however few rows of data stand below it."""

from __future__ import annotations

import csv
import io

import pytest

from etl.extract.inspecting import inspect_file

HEADER = [
    ["대여소\n번호", "보관소명", "소재지", "", "설치\n시기", "설치형태", "", "방식"],
    ["", "", "", "", "", "LCD", "QR", ""],
    ["", "", "자치구", "주소", "", "", "", ""],
    ["", "", "", "", "", "거치\n대수", "거치\n대수", ""],
]


@pytest.mark.parametrize("rows", range(2, 9))
def test_four_rows_of_names_are_read_as_one_header(rows, tmp_path):
    data = [
        [f"0010{n}", f"역 {n}번 출구 앞", "마당구", f"마당로 {n}", "2022-05-03", "", "15", "QR"]
        for n in range(rows)
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([*HEADER, *data])
    file = tmp_path / "stations.csv"
    file.write_text(text.getvalue(), encoding="utf-8", newline="")

    found = inspect_file(file, tmp_path / "landed.parquet").document()

    assert (found["status"], found["header_rows"]) == ("read", [1, 2, 3, 4])
    assert found["records"]["data"] == rows
    assert found["columns"][5]["name"] == "설치형태_LCD_거치 대수"
