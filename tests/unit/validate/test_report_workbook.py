from __future__ import annotations

import io
import re

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from etl.returned import RESULT_SHEET, ROWS_SHEET, Mark, find_mark
from etl.validate.report_workbook import render_workbook
from tests.unit.validate.tables import CANARY, TODAY, contract_of, landed, report_on

CONTRACT = contract_of(
    {
        "name": "lot",
        "title": {"ko": "주차장번호", "en": "Lot"},
        "constraints": {"required": True},
    },
    {"name": "keeper", "title": {"ko": "관리인"}, "role": "direct-identifier",
     "constraints": {"pattern": "[가-힣]+"}},
    {"name": "spaces", "title": {"ko": "면수"}, "type": "integer", "constraints": {"minimum": 1}},
    primaryKey=["lot"],
    thresholds={"quarantine": "60%"},
)  # fmt: skip
ROWS = landed(
    lot=["=1+1", "-2", "나", "나", "다", "@SUM(A1)"],
    keeper=["홍길동", "kim 710101-1234567", "김철수", "이영희", "박민수", "최"],
    spaces=["x", "10", "3", "4", "0", "6"],
)
RUN = "a" * 32
FAILING = {
    (2, "spaces"), (3, "keeper"), (4, "lot"), (5, "lot"), (6, "spaces"),
}  # fmt: skip


def written(rows=ROWS, contract=CONTRACT, ragged=(), most_rows=100) -> bytes:
    return render_workbook(report_on(rows, contract, ragged), rows, RUN, TODAY, most_rows)


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def rows_of(content: bytes) -> list[tuple[object, ...]]:
    return list(opened(content)[ROWS_SHEET].iter_rows(values_only=True))


def commented(sheet: Worksheet) -> set[tuple[int, str]]:
    fields = {"주차장번호": "lot", "관리인": "keeper", "면수": "spaces"}
    names = [fields.get(str(cell.value), "") for cell in sheet[1]]
    return {
        (int(str(row[0].value)), names[cell.column - 1])
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if cell.comment
    }


def korean_part(content: bytes) -> list[tuple[object, ...]]:
    lines = list(opened(content)[RESULT_SHEET].iter_rows(values_only=True))
    return lines[: next(n for n, line in enumerate(lines) if "result of" in str(line[0]))]


def test_the_failing_rows_stand_whole_with_the_numbers_that_they_had():
    assert rows_of(written()) == [
        ("행", "주차장번호", "관리인", "면수"),
        ("2", "=1+1", "▒▒▒", "x"),
        ("3", "-2", "k▒▒ ▒▒▒▒▒▒-▒▒▒▒▒▒▒", "10"),
        ("4", "나", "▒▒▒", "3"),
        ("5", "나", "▒▒▒", "4"),
        ("6", "다", "▒▒▒", "0"),
    ]


def test_the_commented_cells_are_exactly_the_failing_cells():
    sheet = opened(written())[ROWS_SHEET]

    assert commented(sheet) == FAILING
    coloured = {
        c.coordinate for r in sheet.iter_rows(min_row=2, min_col=2) for c in r if c.fill.fill_type
    }
    assert coloured == {c.coordinate for r in sheet.iter_rows(min_row=2) for c in r if c.comment}


def test_a_comment_says_fault_and_remedy_first_in_korean():
    sheet = opened(written())[ROWS_SHEET]

    assert sheet["D2"].comment.text.splitlines() == [
        "정수가 아닙니다",
        "고치는 법: 단위 없이 숫자만 적으십시오. 예: 1200",
        "It is no whole number.",
        "Remedy: Write digits only, without units, as 1200",
    ]


def test_every_cell_is_text_and_none_a_formula():
    for sheet in opened(written()):
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"}
        assert {cell.number_format for cell in cells} == {"@"}
        like_formulas = [cell for cell in cells if str(cell.value)[0] in "=+-@"]
        assert all(cell.quotePrefix for cell in like_formulas)


@pytest.mark.parametrize("text", ["#N/A", "=HYPERLINK(0)", "+82", "\tx", "1e5", "2026-01-01"])
def test_no_text_becomes_anything_else(text):
    rows = landed(lot=[text], keeper=["가"], spaces=["x"])

    assert rows_of(written(rows))[1][1] == text


def test_the_first_sheet_says_what_where_how_to_mend_and_how_many():
    workbook = opened(written(ragged=[9]))

    assert workbook.sheetnames == [RESULT_SHEET, ROWS_SHEET]
    assert (
        "A", "주차장번호", "다른 행과 값이 겹칩니다",
        "같은 행은 하나만 남기고, 다른 행이면 값을 바로잡으십시오",
        "2", "4, 5", "오류 (행이 빠짐)", "제공 부서",
    ) in korean_part(written(ragged=[9]))  # fmt: skip


def test_the_korean_part_holds_no_latin_word():
    texts = [str(cell) for line in korean_part(written(ragged=[9])) for cell in line if cell]

    assert len(texts) > 10
    assert not [text for text in texts if re.search(r"[A-Za-z]{2,}", text)]


def test_a_ragged_row_is_offered_by_its_number_to_be_written_anew():
    sheet = opened(written(ragged=[4_000]))[ROWS_SHEET]

    assert [cell.value for cell in sheet[sheet.max_row]] == ["4000", None, None, None]
    assert "칸 수가 맞지 않거나" in sheet.cell(sheet.max_row, 1).comment.text


def test_a_personal_cell_is_nowhere_in_the_workbook():
    rows = landed(lot=["1", "2"], keeper=[CANARY, f"{CANARY}!"], spaces=["0", "0"])

    content = written(rows)

    assert CANARY not in "".join(
        str(cell.value) + (cell.comment.text if cell.comment else "")
        for sheet in opened(content)
        for row in sheet.iter_rows()
        for cell in row
    )


def test_too_many_rows_are_cut_errors_first_and_it_says_so(tmp_path):
    contract = contract_of(
        {"name": "a", "constraints": {"enum": ["1"]}}, {"name": "b", "type": "integer"}
    )
    rows = landed(a=["1", "1", "x", "x"], b=["1", "q", "1", "1"])
    content = written(rows, contract, most_rows=2)
    (tmp_path / "a.xlsx").write_bytes(content)

    assert [row[0] for row in rows_of(content)] == ["행", "3", "4"]
    assert "전체 3건 가운데 2건만" in str(korean_part(content))
    mark = find_mark(tmp_path / "a.xlsx")
    assert mark == Mark("test-yard", RUN, "rows", is_cut=True)


def test_a_dataset_without_a_key_is_told_to_hand_in_its_own_file():
    contract = contract_of({"name": "a", "constraints": {"enum": ["1"]}})
    content = written(landed(a=["x"]), contract)

    assert "원래 파일을 고쳐" in str(korean_part(content))
    assert "그대로 접수 폴더에" not in str(korean_part(content))


def test_a_clean_file_gets_the_result_alone():
    content = written(landed(lot=["1"], keeper=["가"], spaces=["1"]))

    assert opened(content).sheetnames == [RESULT_SHEET]
    assert "바로잡을 것이 없습니다." in str(korean_part(content))


def test_control_characters_do_not_break_the_workbook():
    rows = landed(lot=["a\x00\x1fb\r\nc"], keeper=["가"], spaces=["x"])

    assert rows_of(written(rows))[1][1] == "a\ufffd\ufffdb\nc"


def test_the_same_table_gives_the_same_bytes_at_any_time(monkeypatch):
    first = written()
    monkeypatch.setattr("time.time", lambda: 4e9)

    assert written() == first
