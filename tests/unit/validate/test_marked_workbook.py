from __future__ import annotations

import html
import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from etl.returned import RESULT_SHEET, Mark, find_mark
from etl.validate.marked_workbook import mark_workbook
from etl.validate.places import Places
from tests.unit.validate.tables import CANARY, TODAY, contract_of, landed, report_on

CONTRACT = contract_of(
    {"name": "lot", "title": {"ko": "번호"}},
    {
        "name": "keeper",
        "title": {"ko": "관리인"},
        "role": "direct-identifier",
        "constraints": {"pattern": "[가-힣]+"},
    },
    {"name": "spaces", "title": {"ko": "면수"}, "type": "integer", "constraints": {"minimum": 1}},
    primaryKey=["lot"],
    ignored_fields=["내부 메모"],
)
PLACES = Places({"lot": 2, "keeper": 1, "spaces": 4}, sheet="현황", header_rows=(3, 4))
RUN = "a" * 32


def supplied(path):
    """A workbook as departments keep them: title, merged heading, a formula, a total, a note."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "현황"
    for line in (
        ["주차장 현황"],
        [],
        ["관리인", "번호", "내부 메모", "규모"],
        [None, None, None, "면수"],
        ["홍길동", "=1+1", "비밀", 0],
        ["kim", "나", None, 12],
        ["이영희", "나", "비밀", 7.5],
        ["계", None, None, "=SUM(D5:D7)"],
        ["문의 010-1234-5678"],
    ):
        sheet.append(line)
    sheet["B5"].data_type = "s"
    sheet["D3"].font = Font(bold=True)
    for name in ("B5", "C6", "D6", "D8"):
        sheet[name].fill = PatternFill("solid", fgColor="00FF00")
    sheet["B6"].comment = Comment(CANARY, CANARY)
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("A8:C8")
    sheet.column_dimensions["A"].width = 33
    sheet.freeze_panes = "A5"
    workbook.create_sheet("다른 표")["A1"] = CANARY
    workbook.properties.creator = CANARY
    workbook.save(path)
    return path


def rows_of():
    rows = landed(
        lot=["=1+1", "나", "나"], keeper=["홍길동", "kim", "이영희"], spaces=["0", "12", "7.5"]
    )
    return rows.with_columns(_row=rows.collect()["_row"] + 3)


def marked(tmp_path, contract=CONTRACT, **how) -> bytes | None:
    report = report_on(rows_of(), contract, places=how.pop("places", PLACES))
    return mark_workbook(supplied(tmp_path / "supplied"), report, rows_of(), RUN, TODAY, **how)


def sheet_of(content: bytes):
    return load_workbook(io.BytesIO(content))["현황"]


def test_the_commented_cells_are_exactly_the_failing_cells(tmp_path):
    sheet = sheet_of(marked(tmp_path))

    commented = {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment}
    assert commented == {"D5", "A6", "B6", "B7", "D7"}
    assert "허용된 범위를 벗어납니다" in sheet["D5"].comment.text
    assert sheet["D5"].fill.fgColor.rgb == "00FFC7CE"


def test_every_landed_cell_stands_where_it_stood_as_text(tmp_path):
    sheet = sheet_of(marked(tmp_path))

    shown = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3, max_row=7)]
    assert shown == [
        ["관리인", "번호", "내부 메모", "규모"],
        [None, None, None, "면수"],
        ["▒▒▒", "=1+1", "▒▒", "0"],
        ["▒▒▒", "나", None, "12"],
        ["▒▒▒", "나", "▒▒", "7.5"],
    ]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}


def test_it_looks_as_it_looked(tmp_path):
    sheet = sheet_of(marked(tmp_path))

    assert sheet["D3"].font.bold
    for name in ("B5", "C6", "D6", "D8"):
        assert sheet[name].fill.fgColor.rgb == "0000FF00"
    assert sheet["B5"].quotePrefix
    assert sheet.column_dimensions["A"].width == 33
    assert sheet.freeze_panes == "A5"
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A3:A4"]


def test_nothing_that_nobody_checked_comes_along(tmp_path):
    content = marked(tmp_path)

    assert load_workbook(io.BytesIO(content)).sheetnames == [RESULT_SHEET, "현황"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [html.unescape(archive.read(name).decode()) for name in archive.namelist()]
    assert not any(CANARY in part or "1234-5678" in part for part in parts)
    assert sheet_of(content)["A9"].value == "문▒ ▒▒▒-▒▒▒▒-▒▒▒▒"


def test_it_carries_the_run_and_the_sheet(tmp_path):
    (tmp_path / "b.xlsx").write_bytes(marked(tmp_path))

    assert find_mark(tmp_path / "b.xlsx") == Mark("test-yard", RUN, "whole", sheet="현황")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param({"primaryKey": ["lot"]}, "표 전체를 새로 낸 것으로", id="its rows are known"),
        pytest.param({"primaryKey": []}, "원래 파일을 고쳐", id="no key"),
        pytest.param({"primaryKey": ["keeper"]}, "원래 파일을 고쳐", id="a masked key"),
    ],
)
def test_it_says_whether_it_can_be_handed_in(tmp_path, keys, told):
    contract = contract_of(*(f.model_dump(by_alias=True) for f in CONTRACT.fields), **keys)
    content = marked(tmp_path, contract)

    first = load_workbook(io.BytesIO(content))[RESULT_SHEET]
    assert told in "".join(str(cell.value) for row in first.iter_rows() for cell in row)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"most_rows": 1}, id="more failing rows than are marked"),
        pytest.param({"places": Places(PLACES.positions, "없는 표")}, id="no such sheet"),
    ],
)  # fmt: skip
def test_what_cannot_be_marked_whole_is_not_marked(tmp_path, how):
    assert marked(tmp_path, **how) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", "가,나".encode("cp949")])
def test_what_is_no_workbook_is_not_marked(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    report = report_on(rows_of(), CONTRACT, places=PLACES)

    assert mark_workbook(tmp_path / "a", report, rows_of(), RUN, TODAY) is None


def test_a_clean_workbook_is_not_sent_back(tmp_path):
    rows = landed(lot=["1"], keeper=["홍길동"], spaces=["1"])
    report = report_on(rows, CONTRACT, places=PLACES)

    assert mark_workbook(supplied(tmp_path / "supplied"), report, rows, RUN, TODAY) is None


def test_dates_and_truth_around_the_table_are_written_as_text(tmp_path):
    workbook = load_workbook(supplied(tmp_path / "a.xlsx"))
    workbook["현황"]["D1"] = date(2026, 11, 1)
    workbook["현황"]["C1"] = True
    workbook["현황"]["B1"] = 1.5
    workbook.save(tmp_path / "b.xlsx")
    report = report_on(rows_of(), CONTRACT, places=PLACES)

    sheet = sheet_of(mark_workbook(tmp_path / "b.xlsx", report, rows_of(), RUN, TODAY))

    assert [sheet[name].value for name in ("B1", "C1", "D1")] == [
        "1.5",
        "TRUE",
        "2026-11-01T00:00:00",
    ]
