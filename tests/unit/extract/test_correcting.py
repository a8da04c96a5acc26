"""Whose rows stand in a corrected table, and that no mask ever does."""

from __future__ import annotations

import polars as pl
import pytest

from etl.errors import SourceFormatError
from etl.extract.correcting import Composed, compose_rows, require_no_mask
from etl.extract.returned_rows import read_returned
from tests.unit.validate.tables import CANARY, TODAY, contract_of, landed

CONTRACT = contract_of(
    {"name": "lot", "title": {"ko": "번호"}, "aliases": ["관리번호"]},
    {"name": "keeper", "title": {"ko": "관리인"}, "role": "direct-identifier"},
    {"name": "note", "title": {"ko": "비고"}},
    primaryKey=["lot"],
)
BASE = landed(
    lot=["가", "나", "나", "다", ""],
    keeper=["홍길동", "김철수", "이영희", "710101-1234567", "최"],
    note=["", "x\r\ny", "2", "010-1234-5678", "5"],
)
RAGGED = pl.LazyFrame(
    {"_row": [9, 11], "text": ["a,b", "c,d"]}, schema={"_row": pl.Int64, "text": pl.String}
)
HEADER = ("행", "번호", "관리인", "비고")


def sheet(*rows: tuple[str, ...], header=HEADER) -> pl.DataFrame:
    lines = [header, *rows]
    cells = {f"c{n + 1}": [line[n] for line in lines] for n in range(len(header))}
    return pl.DataFrame({"_row": range(1, len(lines) + 1), **cells})


def composed(*rows: tuple[str, ...], is_cut=False, header=HEADER) -> Composed:
    returned = read_returned(sheet(*rows, header=header), CONTRACT)
    return compose_rows(BASE, RAGGED, returned, CONTRACT, TODAY, is_cut=is_cut)


def lots(table: Composed) -> list[tuple[object, ...]]:
    return table.rows.select("_row", "lot", "note").collect().rows()


UNTOUCHED = [(2, "가", ""), (3, "나", "x\r\ny"), (4, "나", "2"), (5, "다", "010-1234-5678")]


def test_a_corrected_row_takes_the_place_of_the_one_with_its_number():
    table = composed(("6", "라", "▒", "5"))

    assert lots(table) == [*UNTOUCHED, (6, "라", "5")]
    assert (table.replaced, table.added) == (1, 0)


def test_rows_that_were_not_returned_stay():
    assert lots(composed(("2", "가", "▒▒▒", "새로")))[1:] == [*UNTOUCHED[1:], (6, "", "5")]


def test_a_cell_that_comes_back_as_it_was_shown_is_the_supplied_one():
    table = composed(("3", "나-1", "▒▒▒", "x\ny"), ("5", "다", "7▒▒▒▒▒-▒▒▒▒▒▒▒", "0▒▒-▒▒▒▒-▒▒▒▒"))

    rows = {row[0]: row[1:] for row in table.rows.collect().iter_rows()}
    assert rows[3] == ("나-1", "김철수", "x\r\ny")
    assert rows[5] == ("다", "710101-1234567", "010-1234-5678")


def test_a_masked_cell_that_is_written_anew_is_the_new_one():
    table = composed(("5", "다", "박민수", "0▒▒-▒▒▒▒-▒▒▒▒"))

    assert table.rows.filter(_row=5).collect()["keeper"].to_list() == ["박민수"]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        pytest.param(("5", "다", "7▒▒▒▒▒-▒▒▒▒▒▒8", ""), "C2", id="a mask that was written into"),
        pytest.param(("2", "가", "▒▒", ""), "C2", id="the mask of another cell"),
        pytest.param(("", "마", "▒▒▒", ""), "C2", id="a mask in a new row"),
        pytest.param(("2", "가", "▒▒▒", "▒"), "D2", id="a mask in an open column"),
    ],
)
def test_a_mask_that_stands_for_no_supplied_cell_is_refused_by_its_place(row, place):
    with pytest.raises(SourceFormatError, match=rf"1 cells .* hidden by ▒ .*: {place}\. Nothing"):
        composed(row)


def test_of_rows_that_repeat_each_other_those_that_came_back_stay():
    table = composed(("3", "나", "▒▒▒", "남김"))

    assert lots(table) == [UNTOUCHED[0], (3, "나", "남김"), UNTOUCHED[3], (6, "", "5")]
    assert table.replaced == 2


def test_where_not_all_failing_rows_were_shown_no_row_goes_for_its_key_alone():
    table = composed(("3", "나", "▒▒▒", "남김"), is_cut=True)

    assert [row[0] for row in lots(table)] == [2, 3, 4, 5, 6]


def test_a_key_that_is_changed_to_one_that_stays_repeats_it_and_is_judged_later():
    table = composed(("6", "가", "▒", "5"))

    assert [row[:2] for row in lots(table) if row[1] == "가"] == [(2, "가"), (6, "가")]


def test_a_row_without_a_number_is_added_after_the_last_record():
    table = composed(("", "바", "박", "새 행"))

    assert lots(table)[-1] == (12, "바", "새 행")
    assert (table.replaced, table.added) == (0, 1)


def test_a_row_without_a_number_takes_the_place_of_those_with_its_key():
    table = composed(("", " 나 ", "박", "하나로"))

    assert lots(table) == [UNTOUCHED[0], UNTOUCHED[3], (6, "", "5"), (12, " 나 ", "하나로")]


def test_a_missing_key_is_like_no_other():
    table = composed(("", "", "박", "새 행"))

    assert (6, "", "5") in lots(table)


def test_a_ragged_record_that_is_written_anew_becomes_a_row():
    table = composed(("9", "자", "정", "고침"), ("11", "", "", ""))

    assert (9, "자", "고침") in lots(table)
    assert table.ragged.collect()["_row"].to_list() == [11]
    assert table.rows.collect().height + table.ragged.collect().height == 7


def test_empty_lines_of_the_sheet_are_no_rows():
    assert lots(composed(("", " ", "", ""))) == [*UNTOUCHED, (6, "", "5")]


def test_columns_are_known_by_their_headers_in_any_order():
    table = composed(("박", "7", "2", "가"), header=("관리인", "비고", "행", "관리번호"))

    assert table.rows.filter(_row=2).collect().row(0) == (2, "가", "박", "7")


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        pytest.param([("2", "가", "a")], HEADER[:3], "columns are missing: 비고", id="missing"),
        pytest.param([("가", "a", "b")], HEADER[1:], "columns are missing: 행", id="no numbers"),
        pytest.param(
            [("2", "가", "a", "b", "c")], (*HEADER, CANARY), "unknown or repeated: E", id="unknown"
        ),
        pytest.param(
            [("2", "가", "a", "b", "c")], (*HEADER, "비고"), "unknown or repeated: E", id="repeated"
        ),
        pytest.param([(CANARY, "가", "a", "b")], HEADER, r"is no number \(rows 2", id="no number"),
        pytest.param(
            [("2", "가", "a", "b"), ("2", "나", "a", "b")],
            HEADER,
            r"stands in several rows \(rows 2, 3",
            id="a number twice",
        ),
        pytest.param(
            [("77", "가", "a", "b")],
            HEADER,
            r"no row that was supplied \(rows 2",
            id="a foreign one",
        ),
    ],
)
def test_a_workbook_that_cannot_be_trusted_is_refused_without_its_cells(rows, header, told):
    with pytest.raises(SourceFormatError, match=told) as caught:
        composed(*rows, header=header)

    assert CANARY not in caught.value.message
    assert "Nothing was published" in caught.value.message


def test_an_empty_sheet_lacks_its_columns():
    with pytest.raises(SourceFormatError, match="columns are missing"):
        read_returned(pl.DataFrame(schema={"_row": pl.Int64}), CONTRACT)


@pytest.mark.parametrize(
    ("cell", "is_refused"),
    [
        pytest.param("▒▒▒", True, id="a mask"),
        pytest.param("7▒▒▒▒▒-▒▒▒▒▒▒▒", True, id="a long mask"),
        pytest.param("홍**", False, id="what the department masked itself"),
        pytest.param("A▒B", False, id="a text with that sign"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_no_file_at_all_lands_a_mask(cell, is_refused):
    rows = landed(lot=["가"], keeper=[cell], note=[""])

    if not is_refused:
        require_no_mask(rows, CONTRACT)
        return
    with pytest.raises(SourceFormatError, match="1 cells of keeper are hidden"):
        require_no_mask(rows, CONTRACT)
