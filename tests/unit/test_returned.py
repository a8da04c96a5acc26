from __future__ import annotations

import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from etl.returned import Mark, find_mark, put_mark

MARK = Mark("parks-city_parks", "f" * 32, "rows", is_cut=True)


def marked(path, mark=MARK):
    workbook = Workbook()
    put_mark(workbook, mark)
    workbook.save(path)
    return path


@pytest.mark.parametrize(
    "mark", [MARK, Mark("a-b", "0" * 32, "whole", sheet="현황")], ids=["rows", "whole"]
)
def test_a_mark_is_found_again(tmp_path, mark):
    assert find_mark(marked(tmp_path / "a.xlsx", mark)) == mark


def test_a_mark_survives_another_program_that_saves_the_workbook(tmp_path):
    file = marked(tmp_path / "a.xlsx")
    workbook = load_workbook(file)
    workbook.active["A1"] = "corrected"
    workbook.save(file)

    assert find_mark(file) == MARK


def test_the_mark_stands_in_no_cell(tmp_path):
    workbook = load_workbook(marked(tmp_path / "a.xlsx"))

    assert [cell.value for row in workbook.active.iter_rows() for cell in row] == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param("가,나\n1,2\n".encode("cp949"), id="text"),
        pytest.param(b"PK\x03\x04 no archive", id="a broken archive"),
    ],
)
def test_whatever_is_no_marked_workbook_has_no_mark(tmp_path, content):
    file = tmp_path / "a"
    file.write_bytes(content)

    assert find_mark(file) is None


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"<no xml", id="no XML"),
        pytest.param(b"<Properties/>", id="no property"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><Properties>&e;</Properties>',
            id="a foreign entity",
        ),
    ],
)
def test_strange_properties_are_no_mark(tmp_path, part):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("docProps/custom.xml", part)

    assert find_mark(tmp_path / "a.xlsx") is None
